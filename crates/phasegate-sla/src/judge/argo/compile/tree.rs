//! Walks the tree and writes the steps of each node.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::super::ConditionError;
use super::super::ast::{Form, Node, Operator, Unary};
use super::super::item::{Item, Of};
use super::super::kind::{ENVIRONMENT, Kind};
use super::super::optimize::Thresholds;
use super::super::pattern;
use super::{Program, Step};

/// The steps of a checked and optimised condition.
///
/// # Errors
/// When literals come to a pattern that is none.
pub(in super::super) fn compile(
    root: &Node,
    thresholds: &Thresholds,
) -> Result<Program, ConditionError> {
    let mut compiler = Compiler {
        steps: Vec::new(),
        variables: 0,
        scopes: Vec::new(),
        chains: Vec::new(),
        thresholds,
    };
    compiler.node(root, Parent::Other)?;
    Ok(Program {
        steps: compiler.steps,
        variables: compiler.variables,
    })
}

/// What a node stands below. `??` looks itself whether a chain came to nothing.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Parent {
    Coalesce,
    Other,
}

pub(super) struct Compiler<'a> {
    pub(super) steps: Vec<Step>,
    variables: usize,
    /// What `let` has named, innermost last, and where it is kept.
    scopes: Vec<(&'a str, usize)>,
    /// The jumps out of the enclosing chains.
    chains: Vec<Vec<usize>>,
    pub(super) thresholds: &'a Thresholds,
}

pub(super) type Compiled = Result<(), ConditionError>;

impl<'a> Compiler<'a> {
    pub(super) fn emit(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(super) fn push(&mut self, item: Item) {
        self.emit(Step::Push(item));
    }

    /// A jump whose target is not known yet.
    pub(super) fn jump(&mut self, jump: fn(usize) -> Step) -> usize {
        self.emit(jump(usize::MAX));
        self.steps.len() - 1
    }

    /// The jump at that place leads to what comes next.
    pub(super) fn land(&mut self, place: usize) {
        let here = self.steps.len();
        if let Some(
            Step::Jump(target)
            | Step::JumpIfEnd(target)
            | Step::JumpIfFalse(target)
            | Step::JumpIfNil(target)
            | Step::JumpIfNotNil(target)
            | Step::JumpIfTrue(target),
        ) = self.steps.get_mut(place)
        {
            *target = here;
        }
    }

    pub(super) fn each(&mut self, nodes: &'a [Node]) -> Compiled {
        nodes
            .iter()
            .try_for_each(|node| self.node(node, Parent::Other))
    }

    pub(super) fn count(&mut self, count: usize) {
        self.push(Item::Integer(i64::try_from(count).unwrap_or(i64::MAX)));
    }

    pub(super) fn node(&mut self, node: &'a Node, parent: Parent) -> Compiled {
        match &node.form {
            Form::Binary {
                operator,
                left,
                right,
            } => self.binary(*operator, left, right),
            Form::Builtin(call) => self.builtin(call),
            Form::Call { callee, arguments } => {
                self.each(arguments)?;
                self.node(callee, Parent::Other)?;
                let arguments = arguments.len();
                let known = matches!(callee.kind, Kind::Function(_));
                self.emit(Step::Call { arguments, known });
                Ok(())
            }
            Form::Chain(inner) => self.chain(inner, parent),
            Form::Conditional {
                condition,
                then,
                otherwise,
            } => self.conditional(condition, then, otherwise),
            Form::Let { name, value, body } => {
                self.node(value, Parent::Other)?;
                let place = self.variables;
                self.variables += 1;
                self.emit(Step::Store(place));
                self.scopes.push((name, place));
                self.node(body, Parent::Other)?;
                self.scopes.pop();
                Ok(())
            }
            Form::Member {
                base,
                property,
                optional,
            } => self.member(base, property, *optional),
            Form::Sequence(nodes) => {
                for (place, node) in nodes.iter().enumerate() {
                    if place > 0 {
                        self.emit(Step::Pop);
                    }
                    self.node(node, Parent::Other)?;
                }
                Ok(())
            }
            Form::Slice { base, from, to } => self.slice(base, from.as_deref(), to.as_deref()),
            Form::Unary { operator, operand } => {
                self.node(operand, Parent::Other)?;
                match operator {
                    Unary::Minus => self.emit(Step::Negate),
                    Unary::Not => self.emit(Step::Not),
                    Unary::Plus => {}
                }
                Ok(())
            }
            form => self.value(form),
        }
    }

    /// Literals, lists and objects, and what has a name.
    fn value(&mut self, form: &'a Form) -> Compiled {
        match form {
            Form::Array(nodes) => {
                self.each(nodes)?;
                self.count(nodes.len());
                self.emit(Step::Array);
            }
            Form::Bool(truth) => self.push(Item::Bool(*truth)),
            Form::Bytes(bytes) => {
                let bytes = bytes.iter().map(|byte| Item::Byte(*byte)).collect();
                self.push(Item::list(Of::Byte, bytes)?);
            }
            Form::Constant(item) => self.push(item.clone()),
            Form::Float(number) => self.push(Item::Float(*number)),
            Form::Identifier(name) => self.name(name),
            Form::Integer(number) => self.push(Item::Integer(*number)),
            Form::Map(pairs) => {
                for (key, value) in pairs {
                    self.node(key, Parent::Other)?;
                    self.node(value, Parent::Other)?;
                }
                self.count(pairs.len());
                self.emit(Step::Map);
            }
            Form::Pointer(name) => self.emit(match name.as_str() {
                "index" => Step::GetIndex,
                "acc" => Step::GetAccumulator,
                _ => Step::Pointer,
            }),
            Form::Text(text) => self.push(Item::text(text)),
            _ => self.push(Item::Nil),
        }
        Ok(())
    }

    /// The functions of the language are no values: their names stand for nothing.
    fn name(&mut self, name: &str) {
        let mut inner_first = self.scopes.iter().rev();
        let step = match inner_first.find(|(known, _)| *known == name) {
            Some((_, place)) => Step::LoadVariable(*place),
            None if name == "result" => Step::LoadResult,
            None => {
                let mut functions = ENVIRONMENT.into_iter();
                let function = functions.find(|known| *known == name);
                Step::Push(function.map_or(Item::Nil, Item::Function))
            }
        };
        self.emit(step);
    }

    fn binary(&mut self, operator: Operator, left: &'a Node, right: &'a Node) -> Compiled {
        let parent = match operator {
            Operator::Coalesce => Parent::Coalesce,
            _ => Parent::Other,
        };
        self.node(left, parent)?;
        let lazy: Option<fn(usize) -> Step> = match operator {
            Operator::And => Some(Step::JumpIfFalse),
            Operator::Coalesce => Some(Step::JumpIfNotNil),
            Operator::Or => Some(Step::JumpIfTrue),
            _ => None,
        };
        if let Some(jump) = lazy {
            let end = self.jump(jump);
            self.emit(Step::Pop);
            self.node(right, parent)?;
            self.land(end);
            return Ok(());
        }
        if let (Operator::Matches, Form::Text(pattern)) = (operator, &right.form) {
            let pattern = pattern::compile(pattern.as_bytes());
            let pattern = pattern.ok_or(ConditionError::kind("not a regular expression"))?;
            self.emit(Step::Matches(pattern));
            return Ok(());
        }
        self.node(right, parent)?;
        if !matches!(operator, Operator::Equal | Operator::NotEqual) {
            self.emit(Step::Binary(operator));
            return Ok(());
        }
        self.emit(match (&left.kind, &right.kind) {
            (Kind::Integer, Kind::Integer) => Step::EqualIntegers,
            (Kind::Text, Kind::Text) => Step::EqualTexts,
            _ => Step::Binary(Operator::Equal),
        });
        if operator == Operator::NotEqual {
            self.emit(Step::Not);
        }
        Ok(())
    }

    fn chain(&mut self, inner: &'a Node, parent: Parent) -> Compiled {
        self.chains.push(Vec::new());
        self.node(inner, Parent::Other)?;
        for jump in self.chains.pop().unwrap_or_default() {
            self.land(jump);
        }
        if parent != Parent::Coalesce {
            // Go's nil list becomes plain nothing.
            let end = self.jump(Step::JumpIfNotNil);
            self.emit(Step::Pop);
            self.push(Item::Nil);
            self.land(end);
        }
        Ok(())
    }

    fn conditional(&mut self, condition: &'a Node, then: &'a Node, other: &'a Node) -> Compiled {
        self.node(condition, Parent::Other)?;
        let otherwise = self.jump(Step::JumpIfFalse);
        self.emit(Step::Pop);
        self.node(then, Parent::Other)?;
        let end = self.jump(Step::Jump);
        self.land(otherwise);
        self.emit(Step::Pop);
        self.node(other, Parent::Other)?;
        self.land(end);
        Ok(())
    }

    fn member(&mut self, base: &'a Node, property: &'a Node, optional: bool) -> Compiled {
        self.node(base, Parent::Other)?;
        if optional && !self.chains.is_empty() {
            let jump = self.jump(Step::JumpIfNil);
            if let Some(chain) = self.chains.last_mut() {
                chain.push(jump);
            }
        }
        self.node(property, Parent::Other)?;
        self.emit(Step::Fetch);
        Ok(())
    }

    fn slice(&mut self, base: &'a Node, from: Option<&'a Node>, to: Option<&'a Node>) -> Compiled {
        self.node(base, Parent::Other)?;
        match to {
            Some(to) => self.node(to, Parent::Other)?,
            None => self.emit(Step::Length),
        }
        match from {
            Some(from) => self.node(from, Parent::Other)?,
            None => self.count(0),
        }
        self.emit(Step::Slice);
        Ok(())
    }
}
