//! The machine: a stack, the loops that it is in, and how much it may do.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::sync::Arc;

use super::super::ConditionError;
use super::super::compile::{Program, Step};
use super::super::item::Item;
use super::super::operate;
use super::super::pattern::Pattern;

/// Work after which a run is stopped, in steps: predicates inside predicates can multiply. What walks a value
/// counts as the value weighs.
const WORK_MAX: u64 = 10_000_000;
/// Elements of all lists that a run makes: expr's budget of memory.
const MEMORY_MAX: u64 = 1_000_000;

pub(super) type Outcome<T = ()> = Result<T, ConditionError>;

pub(in super::super) fn failed<T>(what: &'static str) -> Outcome<T> {
    Err(ConditionError::value(what))
}

/// The truth value of a condition on a result.
pub(in super::super) fn truth(program: &Program, result: &Item) -> Outcome<bool> {
    let mut machine = Machine {
        result,
        stack: Vec::new(),
        scopes: Vec::new(),
        variables: vec![Item::Nil; program.variables],
        pattern: None,
        work: 0,
        memory: 0,
    };
    let mut next = 0;
    while let Some(step) = program.steps.get(next) {
        machine.charge(1)?;
        next = match machine.step(step)? {
            Next::Jump(target) => target,
            Next::Step => next + 1,
        };
    }
    match machine.stack.pop() {
        Some(Item::Bool(holds)) => Ok(holds),
        _ => failed("neither true nor false"),
    }
}

enum Next {
    Jump(usize),
    Step,
}

/// A loop over a list, the bytes of a text, or an object, of which only the number of entries can be told.
struct Scope {
    list: Item,
    length: i64,
    index: i64,
    count: i64,
    accumulator: Item,
}

pub(super) struct Machine<'a> {
    result: &'a Item,
    stack: Vec<Item>,
    scopes: Vec<Scope>,
    variables: Vec<Item>,
    /// The last pattern that was computed.
    pub(super) pattern: Option<(Arc<[u8]>, Pattern)>,
    work: u64,
    memory: u64,
}

impl Machine<'_> {
    pub(super) fn charge(&mut self, work: u64) -> Outcome {
        self.work = self.work.saturating_add(work);
        if self.work > WORK_MAX {
            return failed("too much work");
        }
        Ok(())
    }

    pub(super) fn grow(&mut self, elements: u64) -> Outcome {
        self.memory = self.memory.saturating_add(elements);
        if self.memory >= MEMORY_MAX {
            return failed("too many elements");
        }
        self.charge(elements)
    }

    fn push(&mut self, item: Item) {
        self.stack.push(item);
    }

    pub(super) fn pop(&mut self) -> Outcome<Item> {
        let item = self.stack.pop();
        item.ok_or(ConditionError::value("nothing on the stack"))
    }

    fn top(&self) -> Outcome<&Item> {
        let item = self.stack.last();
        item.ok_or(ConditionError::value("nothing on the stack"))
    }

    fn scope(&mut self) -> Outcome<&mut Scope> {
        let scope = self.scopes.last_mut();
        scope.ok_or(ConditionError::value("# outside a predicate"))
    }

    /// The uppermost values, the last one on top.
    pub(super) fn arguments(&mut self, count: usize) -> Outcome<Vec<Item>> {
        match self.stack.len().checked_sub(count) {
            Some(rest) => Ok(self.stack.split_off(rest)),
            None => failed("nothing on the stack"),
        }
    }

    fn truth(&self) -> Outcome<bool> {
        match self.top()? {
            Item::Bool(truth) => Ok(*truth),
            _ => failed("neither true nor false"),
        }
    }

    fn step(&mut self, step: &Step) -> Outcome<Next> {
        match step {
            Step::Jump(target) => return Ok(Next::Jump(*target)),
            Step::JumpIfEnd(target) => {
                let scope = self.scope()?;
                if scope.index >= scope.length {
                    return Ok(Next::Jump(*target));
                }
            }
            Step::JumpIfFalse(target) if !self.truth()? => return Ok(Next::Jump(*target)),
            Step::JumpIfNil(target) if self.top()?.is_nil() => return Ok(Next::Jump(*target)),
            Step::JumpIfNotNil(target) if !self.top()?.is_nil() => {
                return Ok(Next::Jump(*target));
            }
            Step::JumpIfTrue(target) if self.truth()? => return Ok(Next::Jump(*target)),
            Step::JumpIfFalse(_)
            | Step::JumpIfNil(_)
            | Step::JumpIfNotNil(_)
            | Step::JumpIfTrue(_) => {}
            Step::Begin
            | Step::DecrementIndex
            | Step::End
            | Step::GetAccumulator
            | Step::GetCount
            | Step::GetIndex
            | Step::GetLength
            | Step::IncrementCount
            | Step::IncrementIndex
            | Step::Pointer
            | Step::SetAccumulator
            | Step::SetIndex => self.in_loop(step)?,
            _ => self.on_stack(step)?,
        }
        Ok(Next::Step)
    }

    fn in_loop(&mut self, step: &Step) -> Outcome {
        let item = match step {
            Step::Begin => {
                let list = self.pop()?;
                let length = operate::length(&list)?;
                self.scopes.push(Scope {
                    list,
                    length,
                    index: 0,
                    count: 0,
                    accumulator: Item::Nil,
                });
                return Ok(());
            }
            Step::DecrementIndex => {
                self.scope()?.index -= 1;
                return Ok(());
            }
            Step::End => {
                self.scopes.pop();
                return Ok(());
            }
            Step::GetAccumulator => self.scope()?.accumulator.clone(),
            Step::GetCount => Item::Integer(self.scope()?.count),
            Step::GetIndex => Item::Integer(self.scope()?.index),
            Step::GetLength => Item::Integer(self.scope()?.length),
            Step::IncrementCount => {
                self.scope()?.count += 1;
                return Ok(());
            }
            Step::IncrementIndex => {
                self.scope()?.index += 1;
                return Ok(());
            }
            Step::Pointer => {
                let scope = self.scope()?;
                if matches!(scope.list, Item::Map(_)) {
                    return failed("an object has no elements");
                }
                operate::fetch(&scope.list, &Item::Integer(scope.index))?
            }
            Step::SetAccumulator => {
                let item = self.pop()?;
                self.scope()?.accumulator = item;
                return Ok(());
            }
            _ => {
                let Item::Integer(index) = self.pop()? else {
                    return failed("a place is no whole number");
                };
                self.scope()?.index = index;
                return Ok(());
            }
        };
        self.push(item);
        Ok(())
    }

    fn on_stack(&mut self, step: &Step) -> Outcome {
        let item = match step {
            Step::Array => self.array()?,
            Step::Binary(operator) => {
                let (right, left) = (self.pop()?, self.pop()?);
                self.binary(*operator, &left, &right)?
            }
            Step::Builtin(name, count) => self.builtin(name, *count)?,
            Step::Call { arguments, known } => {
                let function = self.pop()?;
                let arguments = self.arguments(*arguments)?;
                operate::call(&function, &arguments, *known, self.result)?
            }
            Step::EqualIntegers => match (self.pop()?, self.pop()?) {
                (Item::Integer(right), Item::Integer(left)) => Item::Bool(left == right),
                _ => return failed("a whole number was expected"),
            },
            Step::EqualTexts => match (self.pop()?, self.pop()?) {
                (Item::Text(right), Item::Text(left)) => Item::Bool(left == right),
                _ => return failed("a text was expected"),
            },
            Step::Fetch => {
                let (key, base) = (self.pop()?, self.pop()?);
                operate::fetch(&base, &key)?
            }
            Step::Length => Item::Integer(operate::length(self.top()?)?),
            Step::LoadResult => self.result.clone(),
            Step::LoadVariable(place) => self.variables.get(*place).cloned().unwrap_or(Item::Nil),
            Step::Map => self.map()?,
            Step::Matches(pattern) => {
                let item = self.pop()?;
                self.charge(item.weight())?;
                Item::Bool(operate::matches(&item, pattern)?)
            }
            Step::Negate => operate::negated(&self.pop()?)?,
            Step::Not => match self.pop()? {
                Item::Bool(truth) => Item::Bool(!truth),
                _ => return failed("neither true nor false"),
            },
            Step::Pop => {
                self.pop()?;
                return Ok(());
            }
            Step::Push(item) => item.clone(),
            Step::Slice => {
                let (from, to, base) = (self.pop()?, self.pop()?, self.pop()?);
                self.charge(base.weight())?;
                operate::slice(&base, &from, &to)?
            }
            Step::Store(place) => {
                let item = self.pop()?;
                if let Some(variable) = self.variables.get_mut(*place) {
                    *variable = item;
                }
                return Ok(());
            }
            Step::Throw(what) => return failed(what),
            _ => return failed("a step out of place"),
        };
        self.push(item);
        Ok(())
    }
}
