//! Runs a checked condition on a result.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::collections::BTreeMap;

use super::ConditionError;
use super::ast::{Node, Operator, Unary};
use super::builtin;
use super::check::{is_environment_function, is_function};
use super::fold::{folded, is_whole, is_whole_literal};
use super::operate::{arithmetic, contained, fetch, ordered, range, text_test};
use super::value::Value;

/// Steps after which an evaluation is stopped: predicates inside predicates can multiply.
const MAX_STEPS: u32 = 1_000_000;

/// The truth value of a condition on a result.
pub(super) fn truth(root: &Node, result: &Value) -> Result<bool, ConditionError> {
    let mut run = Run {
        result,
        scopes: Vec::new(),
        variables: Vec::new(),
        left_behind: None,
        steps: 0,
    };
    match run.value(root) {
        Ok(Value::Bool(holds)) => Ok(holds),
        Ok(_) => Err(ConditionError::value("neither true nor false")),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::ChainEnded) => Err(ConditionError::value("chain outside a chain")),
    }
}

/// Why the evaluation of a node stops early.
pub(super) enum Stop {
    ChainEnded,
    Error(ConditionError),
}

impl From<ConditionError> for Stop {
    fn from(error: ConditionError) -> Self {
        Self::Error(error)
    }
}

pub(super) fn failed<T>(what: &'static str) -> Result<T, Stop> {
    Err(Stop::Error(ConditionError::value(what)))
}

/// What `#`, `#index` and `#acc` are inside a predicate.
struct Scope {
    element: Value,
    index: i64,
    accumulator: Value,
}

struct Run<'a> {
    result: &'a Value,
    scopes: Vec<Scope>,
    /// What `let` has named, innermost last.
    variables: Vec<(String, Value)>,
    /// What expr's `findLast` and `findLastIndex` leave on its stack, below their own outcome: the truth of
    /// the last predicate. Whoever takes several values from the stack takes it for one of them.
    left_behind: Option<Value>,
    steps: u32,
}

pub(super) type Outcome = Result<Value, Stop>;

impl Run<'_> {
    fn value(&mut self, node: &Node) -> Outcome {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return failed("too much work");
        }
        match node {
            Node::Array(nodes) => Ok(Value::Array(self.values(nodes)?)),
            Node::Binary {
                operator,
                left,
                right,
            } => self.binary(*operator, left, right),
            Node::Bool(value) => Ok(Value::Bool(*value)),
            Node::Builtin { name, arguments } => self.builtin(name, arguments),
            Node::Call { callee, arguments } => self.call(callee, arguments),
            Node::Chain(inner) => match self.value(inner) {
                Err(Stop::ChainEnded) => Ok(Value::Nil),
                other => other,
            },
            Node::Conditional {
                condition,
                then,
                otherwise,
            } => {
                if self.truth(condition)? {
                    self.value(then)
                } else {
                    self.value(otherwise)
                }
            }
            Node::Float(value) => Ok(Value::Float(*value)),
            Node::Identifier(name) => self.named(name),
            Node::Integer(value) => Ok(Value::Integer(*value)),
            Node::Let { name, value, body } => self.declared(name, value, body),
            Node::Map(pairs) => {
                let mut map = BTreeMap::new();
                for (key, node) in pairs {
                    let value = self.value(node)?;
                    // Of two pairs of one key, the first counts.
                    map.entry(key.clone()).or_insert(value);
                }
                Ok(Value::Map(map))
            }
            Node::Member {
                base,
                property,
                optional,
            } => {
                let base = self.value(base)?;
                if *optional && base == Value::Nil {
                    return Err(Stop::ChainEnded);
                }
                let key = self.value(property)?;
                fetch(&base, &key).map_or_else(|| failed("no such member"), Ok)
            }
            Node::Nil => Ok(Value::Nil),
            Node::Pointer(name) => self.pointer(name),
            Node::Sequence(nodes) => {
                let mut values = self.values(nodes)?;
                Ok(values.pop().unwrap_or(Value::Nil))
            }
            Node::Slice { base, from, to } => self.slice(base, from.as_deref(), to.as_deref()),
            Node::Text(text) => Ok(Value::Text(text.clone())),
            Node::Unary { operator, operand } => self.unary(*operator, operand),
        }
    }

    fn declared(&mut self, name: &str, value: &Node, body: &Node) -> Outcome {
        let value = match value {
            // A function may be given a name, and then cannot be called by it.
            Node::Identifier(function) if is_function(function) => Value::Nil,
            other => self.value(other)?,
        };
        self.variables.push((name.to_owned(), value));
        let outcome = self.value(body);
        self.variables.pop();
        outcome
    }

    fn named(&self, name: &str) -> Outcome {
        let mut inner_first = self.variables.iter().rev();
        match inner_first.find(|(known, _)| known == name) {
            Some((_, value)) => Ok(value.clone()),
            None if name == "result" => Ok(self.result.clone()),
            None => failed("a function is no value"),
        }
    }

    fn values(&mut self, nodes: &[Node]) -> Result<Vec<Value>, Stop> {
        let mut stack = Vec::with_capacity(nodes.len());
        for node in nodes {
            let value = self.value(node)?;
            stack.extend(self.left_behind.take());
            stack.push(value);
        }
        let values = stack.split_off(stack.len() - nodes.len());
        self.left_behind = stack.pop();
        Ok(values)
    }

    /// Two values, the first of which may be replaced by what the second one has left behind.
    fn pair(&mut self, left: &Node, right: &Node) -> Result<(Value, Value), Stop> {
        let l = self.value(left)?;
        let below = self.left_behind.take();
        let r = self.value(right)?;
        Ok(match self.left_behind.take() {
            Some(left_behind) => {
                self.left_behind = Some(l);
                (left_behind, r)
            }
            None => {
                self.left_behind = below;
                (l, r)
            }
        })
    }

    fn truth(&mut self, node: &Node) -> Result<bool, Stop> {
        match self.value(node)? {
            Value::Bool(truth) => Ok(truth),
            _ => failed("neither true nor false"),
        }
    }

    fn unary(&mut self, operator: Unary, operand: &Node) -> Outcome {
        match (operator, self.value(operand)?) {
            (Unary::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
            (Unary::Minus, Value::Float(value)) => Ok(Value::Float(-value)),
            (Unary::Minus, Value::Integer(value)) => Ok(Value::Integer(value.wrapping_neg())),
            (Unary::Plus, value) => Ok(value),
            _ => failed("operator does not fit"),
        }
    }

    fn binary(&mut self, operator: Operator, left: &Node, right: &Node) -> Outcome {
        match operator {
            Operator::And | Operator::Or => {
                // What is known beforehand is decided beforehand, whatever the other side would do.
                let decides = Some(operator == Operator::Or);
                if [left, right]
                    .into_iter()
                    .any(|side| folded(side) == decides)
                {
                    return Ok(Value::Bool(operator == Operator::Or));
                }
                let first = self.truth(left)?;
                if first == (operator == Operator::Or) {
                    return Ok(Value::Bool(first));
                }
                return self.value(right);
            }
            Operator::Coalesce => {
                let first = match self.value(left) {
                    Err(Stop::ChainEnded) => Value::Nil,
                    other => other?,
                };
                return if first == Value::Nil {
                    self.value(right)
                } else {
                    Ok(first)
                };
            }
            _ => {}
        }
        if let Some(counted) = self.counted(operator, left, right)? {
            return Ok(Value::Bool(counted));
        }
        let (l, r) = self.pair(left, right)?;
        if matches!(operator, Operator::Equal | Operator::NotEqual)
            && is_whole(left)
            && is_whole(right)
            && !matches!((&l, &r), (Value::Integer(_), Value::Integer(_)))
        {
            return failed("a whole number was expected");
        }
        match operator {
            Operator::Equal => Ok(Value::Bool(l.equals(&r))),
            Operator::NotEqual => Ok(Value::Bool(!l.equals(&r))),
            Operator::In => contained(&l, &r, right).map(Value::Bool),
            Operator::Matches | Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
                text_test(operator, &l, &r).map(Value::Bool)
            }
            Operator::Range => range(&l, &r),
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => ordered(operator, &l, &r).map(Value::Bool),
            _ => arithmetic(operator, &l, &r),
        }
    }

    /// `count(list, predicate)` against a literal stops as soon as the outcome is certain, so that
    /// an element behind that point cannot fail the condition; as expr does.
    fn counted(
        &mut self,
        operator: Operator,
        left: &Node,
        right: &Node,
    ) -> Result<Option<bool>, Stop> {
        let (Node::Builtin { name, arguments }, Node::Integer(limit)) = (left, right) else {
            return Ok(None);
        };
        // The length of what is filtered is counted.
        let (name, arguments) = match arguments.as_slice() {
            [
                Node::Builtin {
                    name: inner,
                    arguments,
                },
            ] if name == "len" && inner == "filter" => ("count", arguments),
            _ => (name.as_str(), arguments),
        };
        let [list, predicate] = arguments.as_slice() else {
            return Ok(None);
        };
        let (enough, outcome) = match operator {
            Operator::Greater | Operator::LessOrEqual => {
                (limit.saturating_add(1), operator == Operator::Greater)
            }
            Operator::GreaterOrEqual | Operator::Less => {
                (*limit, operator == Operator::GreaterOrEqual)
            }
            _ => return Ok(None),
        };
        let for_any = enough == 1 && outcome;
        if name != "count" || *limit < 0 || (enough <= 1 && !for_any) {
            return Ok(None);
        }
        let mut found = 0;
        for (index, element) in self.list(list)?.into_iter().enumerate() {
            if self.test(predicate, element, index)? {
                found += 1;
                if found >= enough {
                    return Ok(Some(outcome));
                }
            }
        }
        Ok(Some(!outcome))
    }

    fn pointer(&self, name: &str) -> Outcome {
        let Some(scope) = self.scopes.last() else {
            return failed("# outside a predicate");
        };
        Ok(match name {
            "" => scope.element.clone(),
            "index" => Value::Integer(scope.index),
            _ => scope.accumulator.clone(),
        })
    }

    fn slice(&mut self, base: &Node, from: Option<&Node>, to: Option<&Node>) -> Outcome {
        let base = self.value(base)?;
        let length = match &base {
            Value::Array(values) | Value::Uniform { values, .. } => values.len(),
            Value::Text(text) => text.len(),
            _ => return failed("cannot be sliced"),
        };
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let mut end = |node: Option<&Node>, missing: i64| match node {
            None => Ok(missing),
            Some(node) => match self.value(node)?.whole() {
                Some(place) if place < 0 => Ok((length + place).max(0)),
                Some(place) => Ok(place),
                None => failed("slice end is no number"),
            },
        };
        let to = end(to, length)?.min(length);
        let from = end(from, 0)?.min(to);
        let range = usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0);
        match base {
            Value::Array(values) => {
                Ok(Value::Array(values.get(range).unwrap_or_default().to_vec()))
            }
            Value::Uniform { of, values } => {
                let values = values.get(range).unwrap_or_default().to_vec();
                Ok(Value::Uniform { of, values })
            }
            // A part of a character is none.
            Value::Text(text) => Ok(Value::Text(
                text.as_bytes()
                    .get(range)
                    .unwrap_or_default()
                    .utf8_chunks()
                    .flat_map(|chunk| {
                        let cut = chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER);
                        chunk.valid().chars().chain(cut)
                    })
                    .collect(),
            )),
            _ => failed("cannot be sliced"),
        }
    }

    fn call(&mut self, callee: &Node, arguments: &[Node]) -> Outcome {
        let name = match callee {
            Node::Identifier(name) if is_environment_function(name) => name.as_str(),
            other => {
                self.value(other)?;
                return failed("not callable");
            }
        };
        let values = self.values(arguments)?;
        let Some(first) = values.first() else {
            return failed("too few arguments");
        };
        match name {
            "default" => match values.get(1) {
                Some(fallback) if *self.result == Value::Nil => Ok(fallback.clone()),
                _ => Ok(self.result.clone()),
            },
            "isNil" => Ok(Value::Bool(*self.result == Value::Nil)),
            "isNaN" | "isInf" => {
                let literal = arguments.first().is_some_and(is_whole_literal);
                let number = match first {
                    Value::Float(number) => *number,
                    Value::Integer(number) if literal => *number as f64,
                    _ => return failed("argument is not a fraction"),
                };
                let holds = if name == "isNaN" {
                    number.is_nan()
                } else {
                    number.is_infinite()
                };
                Ok(Value::Bool(holds))
            }
            "asInt" => match first {
                Value::Text(text) => match text.parse() {
                    Ok(number) => Ok(Value::Integer(number)),
                    Err(_) => failed("text is no whole number"),
                },
                other => other.whole().map_or_else(
                    || failed("cannot be made a number"),
                    |n| Ok(Value::Integer(n)),
                ),
            },
            _ => {
                let number = match first {
                    Value::Text(text) => builtin::parse_float(text),
                    other => other.number(),
                };
                number.map_or_else(
                    || failed("cannot be made a number"),
                    |n| Ok(Value::Float(n)),
                )
            }
        }
    }

    fn list(&mut self, node: &Node) -> Result<Vec<Value>, Stop> {
        match self.value(node)? {
            Value::Array(values) | Value::Uniform { values, .. } => Ok(values),
            Value::Text(text) => Ok(bytes(&text)),
            // It has a length, and nobody asks for an element.
            Value::Map(map) if map.is_empty() => Ok(Vec::new()),
            _ => failed("not a list"),
        }
    }

    fn with(&mut self, predicate: &Node, scope: Scope) -> Outcome {
        self.scopes.push(scope);
        let value = self.value(predicate);
        self.scopes.pop();
        value
    }

    fn apply(&mut self, predicate: &Node, element: Value, index: usize) -> Outcome {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        self.with(
            predicate,
            Scope {
                element,
                index,
                accumulator: Value::Nil,
            },
        )
    }

    fn test(&mut self, predicate: &Node, element: Value, index: usize) -> Result<bool, Stop> {
        match self.apply(predicate, element, index)? {
            Value::Bool(truth) => Ok(truth),
            _ => failed("predicate is neither true nor false"),
        }
    }

    fn builtin(&mut self, name: &str, arguments: &[Node]) -> Outcome {
        if builtin::predicate_arguments(name).is_none() {
            return Ok(builtin::run(name, &self.values(arguments)?)?);
        }
        let Some((list, rest)) = arguments.split_first() else {
            return failed("no list");
        };
        let values = self.list(list)?;
        let Some(predicate) = rest.first() else {
            return plain(name, values);
        };
        match name {
            "all" => Ok(Value::Bool(!self.exists(predicate, values, false)?)),
            "any" => Ok(Value::Bool(self.exists(predicate, values, true)?)),
            "none" => Ok(Value::Bool(!self.exists(predicate, values, true)?)),
            "one" => Ok(Value::Bool(self.kept(predicate, values)?.len() == 1)),
            "filter" => Ok(Value::Array(self.kept(predicate, values)?)),
            "count" => {
                let kept = self.kept(predicate, values)?.len();
                Ok(Value::Integer(i64::try_from(kept).unwrap_or(i64::MAX)))
            }
            "map" => {
                let mut mapped = Vec::with_capacity(values.len());
                for (index, element) in values.into_iter().enumerate() {
                    mapped.push(self.apply(predicate, element, index)?);
                }
                Ok(Value::Array(mapped))
            }
            "sum" => {
                let mut sum = Value::Integer(0);
                for (index, element) in values.into_iter().enumerate() {
                    let term = self.apply(predicate, element, index)?;
                    sum = arithmetic(Operator::Add, &term, &sum)?;
                }
                Ok(sum)
            }
            "reduce" => self.reduce(predicate, values, rest.get(1)),
            _ => self.find(name, predicate, values),
        }
    }

    /// Whether an element tests as `wanted`; stops at the first.
    fn exists(&mut self, test: &Node, values: Vec<Value>, wanted: bool) -> Result<bool, Stop> {
        for (index, element) in values.into_iter().enumerate() {
            if self.test(test, element, index)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn kept(&mut self, predicate: &Node, values: Vec<Value>) -> Result<Vec<Value>, Stop> {
        let mut kept = Vec::new();
        for (index, element) in values.into_iter().enumerate() {
            if self.test(predicate, element.clone(), index)? {
                kept.push(element);
            }
        }
        Ok(kept)
    }

    fn find(&mut self, name: &str, predicate: &Node, values: Vec<Value>) -> Outcome {
        let mut places: Vec<(usize, Value)> = values.into_iter().enumerate().collect();
        if name.starts_with("findLast") {
            places.reverse();
        }
        let wants_index = name.ends_with("Index");
        let leaves = name.starts_with("findLast");
        self.left_behind = leaves.then_some(Value::Bool(false));
        for (index, element) in places {
            let found = self.test(predicate, element.clone(), index)?;
            if leaves {
                self.left_behind = Some(Value::Bool(found));
            }
            if found {
                return Ok(if wants_index {
                    Value::Integer(i64::try_from(index).unwrap_or(i64::MAX))
                } else {
                    element
                });
            }
        }
        Ok(Value::Nil)
    }

    fn reduce(&mut self, predicate: &Node, values: Vec<Value>, initial: Option<&Node>) -> Outcome {
        let mut elements = values.into_iter().enumerate();
        let mut accumulator = match initial {
            Some(node) => self.value(node)?,
            None => match elements.next() {
                Some((_, first)) => first,
                None => return failed("nothing to reduce"),
            },
        };
        for (index, element) in elements {
            let index = i64::try_from(index).unwrap_or(i64::MAX);
            accumulator = self.with(
                predicate,
                Scope {
                    element,
                    index,
                    accumulator,
                },
            )?;
        }
        Ok(accumulator)
    }
}

/// The bytes of a text, as a loop over it sees them.
fn bytes(text: &str) -> Vec<Value> {
    let bytes = text.bytes().map(|byte| Value::Integer(i64::from(byte)));
    bytes.collect()
}

/// `count` and `sum` without a predicate.
fn plain(name: &str, values: Vec<Value>) -> Outcome {
    if name == "sum" {
        return values.iter().try_fold(Value::Integer(0), |sum, term| {
            arithmetic(Operator::Add, term, &sum)
        });
    }
    let mut count = 0;
    for value in values {
        match value {
            Value::Bool(truth) => count += i64::from(truth),
            _ => return failed("neither true nor false"),
        }
    }
    Ok(Value::Integer(count))
}
