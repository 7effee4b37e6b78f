//! Conditions: parsed once, then evaluated on results.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::collections::BTreeMap;

use super::ast::{Node, Operator, Unary};
use super::builtin;
use super::check::{Checker, is_environment_function};
use super::measure::MetricResult;
use super::parser::parse;
use super::pattern;
use super::value::Value;

/// Conditions longer than this are refused, in bytes.
const MAX_LENGTH: usize = 16 * 1024;
/// Steps after which an evaluation is stopped: predicates inside predicates can multiply.
const MAX_STEPS: u32 = 1_000_000;
/// Elements that a range may have.
const MAX_RANGE: i64 = 100_000;

/// Why a condition has no truth value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// The static check refuses it on this kind of result.
    #[error("condition does not fit the result: {what}")]
    Kind {
        /// What does not fit.
        what: &'static str,
    },
    /// It cannot be read, or lies outside the supported language.
    #[error("condition cannot be read: {what}")]
    Syntax {
        /// What is wrong.
        what: &'static str,
    },
    /// It failed while it ran.
    #[error("condition failed on the result: {what}")]
    Value {
        /// What failed.
        what: &'static str,
    },
}

impl ConditionError {
    pub(super) const fn kind(what: &'static str) -> Self {
        Self::Kind { what }
    }

    pub(super) const fn syntax(what: &'static str) -> Self {
        Self::Syntax { what }
    }

    pub(super) const fn value(what: &'static str) -> Self {
        Self::Value { what }
    }
}

/// A parsed condition.
///
/// ```
/// use phasegate_sla::judge::argo::{Condition, MetricResult};
/// let condition = Condition::parse("len(result) > 0 && all(result, # < 0.05)")?;
/// assert_eq!(condition.holds(&MetricResult::Numbers(vec![0.01, 0.02])), Ok(true));
/// assert_eq!(condition.holds(&MetricResult::Numbers(vec![0.01, 0.07])), Ok(false));
/// assert!(condition.holds(&MetricResult::Number(0.01)).is_err());
/// # Ok::<(), phasegate_sla::judge::argo::ConditionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    root: Node,
}

impl Condition {
    /// Reads a condition. Parsing never panics and is bounded in length and nesting.
    ///
    /// # Errors
    /// When it is not a condition of the supported language.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        if text.len() > MAX_LENGTH {
            return Err(ConditionError::syntax("too long"));
        }
        Ok(Self { root: parse(text)? })
    }

    /// Whether it holds for a result.
    ///
    /// # Errors
    /// When it does not fit the kind of the result, fails while it runs, or is neither true nor
    /// false.
    pub fn holds(&self, result: &MetricResult) -> Result<bool, ConditionError> {
        let kind = result.kind();
        Checker {
            result: &kind,
            scopes: Vec::new(),
        }
        .check(&self.root)?;
        let result = result.value();
        let mut run = Run {
            result: &result,
            scopes: Vec::new(),
            steps: 0,
        };
        match run.value(&self.root) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(_) => Err(ConditionError::value("neither true nor false")),
            Err(Stop::Error(error)) => Err(error),
            Err(Stop::ChainEnded) => Err(ConditionError::value("chain outside a chain")),
        }
    }
}

/// Why the evaluation of a node stops early.
enum Stop {
    ChainEnded,
    Error(ConditionError),
}

impl From<ConditionError> for Stop {
    fn from(error: ConditionError) -> Self {
        Self::Error(error)
    }
}

fn failed<T>(what: &'static str) -> Result<T, Stop> {
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
    steps: u32,
}

type Outcome = Result<Value, Stop>;

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
            Node::Identifier(name) if name == "result" => Ok(self.result.clone()),
            Node::Identifier(_) => failed("a function is no value"),
            Node::Integer(value) => Ok(Value::Integer(*value)),
            Node::Map(pairs) => {
                let mut map = BTreeMap::new();
                for (key, node) in pairs {
                    map.insert(key.clone(), self.value(node)?);
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
            Node::Slice { base, from, to } => self.slice(base, from.as_deref(), to.as_deref()),
            Node::Text(text) => Ok(Value::Text(text.clone())),
            Node::Unary { operator, operand } => self.unary(*operator, operand),
        }
    }

    fn values(&mut self, nodes: &[Node]) -> Result<Vec<Value>, Stop> {
        nodes.iter().map(|node| self.value(node)).collect()
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
        let (l, r) = (self.value(left)?, self.value(right)?);
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
            Value::Array(values) => values.len(),
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
            Value::Text(text) => match text.get(range) {
                Some(part) => Ok(Value::Text(part.to_owned())),
                None => failed("slice cuts a character"),
            },
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
            Value::Array(values) => Ok(values),
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
        for (index, element) in places {
            if self.test(predicate, element.clone(), index)? {
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

/// The member of a list, text or map.
pub(super) fn fetch(base: &Value, key: &Value) -> Option<Value> {
    let place = |length: usize| {
        let length = i64::try_from(length).ok()?;
        let index = key.whole()?;
        usize::try_from(if index < 0 { length + index } else { index }).ok()
    };
    match base {
        Value::Array(values) => values.get(place(values.len())?).cloned(),
        Value::Text(text) => text
            .as_bytes()
            .get(place(text.len())?)
            .map(|byte| Value::Integer(i64::from(*byte))),
        Value::Map(map) => match key {
            Value::Text(key) => Some(map.get(key).cloned().unwrap_or(Value::Nil)),
            Value::Nil => Some(map.get("").cloned().unwrap_or(Value::Nil)),
            _ => None,
        },
        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Nil => None,
    }
}

/// The truth value that follows from literals alone, as expr folds it before it runs anything.
fn folded(node: &Node) -> Option<bool> {
    match node {
        Node::Bool(truth) => Some(*truth),
        Node::Unary {
            operator: Unary::Not,
            operand,
        } => folded(operand).map(|truth| !truth),
        Node::Binary {
            operator: operator @ (Operator::And | Operator::Or),
            left,
            right,
        } => {
            let decides = *operator == Operator::Or;
            match (folded(left), folded(right)) {
                (Some(one), _) | (_, Some(one)) if one == decides => Some(decides),
                (Some(_), other) | (other, Some(_)) => other,
                (None, None) => None,
            }
        }
        Node::Binary {
            operator: Operator::Equal,
            left,
            right,
        } => {
            let truths = folded(left).zip(folded(right)).map(|(a, b)| a == b);
            let numbers = || literal(left).zip(literal(right)).map(|(a, b)| a == b);
            match (&**left, &**right) {
                (Node::Text(a), Node::Text(b)) => Some(a == b),
                _ => truths.or_else(numbers),
            }
        }
        _ => None,
    }
}

/// The whole number that literals come to.
fn literal(node: &Node) -> Option<i64> {
    match node {
        Node::Integer(number) => Some(*number),
        Node::Unary {
            operator: Unary::Minus,
            operand,
        } => literal(operand).map(i64::wrapping_neg),
        Node::Unary {
            operator: Unary::Plus,
            operand,
        } => literal(operand),
        Node::Binary {
            operator,
            left,
            right,
        } => {
            let (a, b) = (literal(left)?, literal(right)?);
            match operator {
                Operator::Add => Some(a.wrapping_add(b)),
                Operator::Subtract => Some(a.wrapping_sub(b)),
                Operator::Multiply => Some(a.wrapping_mul(b)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Has it a literal whole number in a sum or product? That becomes a fraction where one is wanted, and
/// makes one of everything it is computed with.
fn is_whole_literal(node: &Node) -> bool {
    match node {
        Node::Integer(_) => true,
        Node::Unary { operand, .. } => is_whole_literal(operand),
        Node::Binary {
            operator,
            left,
            right,
        } => {
            matches!(
                operator,
                Operator::Add | Operator::Subtract | Operator::Multiply
            ) && (is_whole_literal(left) || is_whole_literal(right))
        }
        _ => false,
    }
}

fn ordered(operator: Operator, l: &Value, r: &Value) -> Result<bool, Stop> {
    let Some(order) = l.order(r) else {
        return failed("operands cannot be ordered");
    };
    Ok(order.is_some_and(|order| match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn contained(needle: &Value, list: &Value, source: &Node) -> Result<bool, Stop> {
    match list {
        Value::Nil => Ok(false),
        Value::Array(values) => {
            // A literal list of texts is a set of texts in expr: other needles do not fit into it.
            let of_texts = matches!(source, Node::Array(nodes)
                if !nodes.is_empty() && nodes.iter().all(|node| matches!(node, Node::Text(_))));
            match needle {
                Value::Text(_) => Ok(values.iter().any(|value| value.equals(needle))),
                Value::Nil if of_texts => Ok(values
                    .iter()
                    .any(|value| value == &Value::Text(String::new()))),
                _ if of_texts => failed("needle is no text"),
                _ => Ok(values.iter().any(|value| value.equals(needle))),
            }
        }
        Value::Map(map) => match needle {
            Value::Text(key) => Ok(map.contains_key(key)),
            Value::Nil => Ok(map.contains_key("")),
            _ => failed("needle is no text"),
        },
        _ => failed("in is not defined here"),
    }
}

fn text_test(operator: Operator, l: &Value, r: &Value) -> Result<bool, Stop> {
    match (l, r) {
        (Value::Nil, _) | (_, Value::Nil) => Ok(false),
        (Value::Text(text), Value::Text(other)) => match operator {
            Operator::Contains => Ok(text.contains(other.as_str())),
            Operator::StartsWith => Ok(text.starts_with(other.as_str())),
            Operator::EndsWith => Ok(text.ends_with(other.as_str())),
            _ => match pattern::compile(other) {
                Some(pattern) => Ok(pattern.is_match(text)),
                None => failed("not a regular expression"),
            },
        },
        _ => failed("operand is no text"),
    }
}

fn range(l: &Value, r: &Value) -> Outcome {
    let (Some(from), Some(to)) = (l.whole(), r.whole()) else {
        return failed("range ends are no numbers");
    };
    if to.saturating_sub(from) > MAX_RANGE {
        return failed("range is too long");
    }
    Ok(Value::Array((from..=to).map(Value::Integer).collect()))
}

fn arithmetic(operator: Operator, l: &Value, r: &Value) -> Outcome {
    if let (Operator::Add, Value::Text(left), Value::Text(right)) = (operator, l, r) {
        return Ok(Value::Text(format!("{left}{right}")));
    }
    if let (Value::Integer(a), Value::Integer(b)) = (l, r) {
        match operator {
            Operator::Add => return Ok(Value::Integer(a.wrapping_add(*b))),
            Operator::Subtract => return Ok(Value::Integer(a.wrapping_sub(*b))),
            Operator::Multiply => return Ok(Value::Integer(a.wrapping_mul(*b))),
            Operator::Remainder if *b != 0 => return Ok(Value::Integer(a.wrapping_rem(*b))),
            _ => {}
        }
    }
    let (Some(a), Some(b)) = (l.number(), r.number()) else {
        return failed("operands are no numbers");
    };
    match operator {
        Operator::Add => Ok(Value::Float(a + b)),
        Operator::Subtract => Ok(Value::Float(a - b)),
        Operator::Multiply => Ok(Value::Float(a * b)),
        Operator::Divide => Ok(Value::Float(a / b)),
        Operator::Power => Ok(Value::Float(a.powf(b))),
        _ => failed("operands do not fit"),
    }
}
