//! The static check that comes before a condition is run.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::ConditionError;
use super::ast::{Node, Operator, Unary};
use super::builtin;
use super::outside;
use super::pattern;

/// What is known of a value before the run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Array(Box<Kind>),
    Bool,
    Float,
    Function,
    Integer,
    Map,
    Nil,
    Text,
    Unknown,
}

impl Kind {
    const fn is_number(&self) -> bool {
        matches!(self, Self::Float | Self::Integer)
    }

    fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Array(_), Self::Array(_)) => true,
            (Self::Nil | Self::Unknown, _) | (_, Self::Nil | Self::Unknown) => false,
            (left, right) => left == right,
        }
    }

    fn comparable_to(&self, other: &Self) -> bool {
        matches!(self, Self::Unknown | Self::Nil)
            || matches!(other, Self::Unknown | Self::Nil)
            || self.is_number() && other.is_number()
            || self.same_as(other)
    }
}

/// Both unknown, or one unknown and the other of a kind that fits.
fn may_fit(left: &Kind, right: &Kind, fits: impl Fn(&Kind) -> bool) -> bool {
    match (left, right) {
        (Kind::Unknown, Kind::Unknown) => true,
        (Kind::Unknown, known) | (known, Kind::Unknown) => fits(known),
        _ => false,
    }
}

type Checked = Result<Kind, ConditionError>;

fn misfit() -> Checked {
    Err(ConditionError::kind(
        "an operator does not fit its operands",
    ))
}

/// The functions that the environment offers beside those of the language.
pub(super) fn is_environment_function(name: &str) -> bool {
    matches!(
        name,
        "asInt" | "asFloat" | "isNaN" | "isInf" | "isNil" | "default"
    )
}

/// Any function, of the environment or of the language.
pub(super) fn is_function(name: &str) -> bool {
    is_environment_function(name)
        || builtin::is_builtin(name)
        || builtin::predicate_arguments(name).is_some()
}

/// Checks a condition on a `result` of a kind.
pub(super) struct Checker<'a> {
    result: &'a Kind,
    /// The kinds of `#` in the enclosing predicates, and whether they know `#index` and `#acc`.
    scopes: Vec<(Kind, bool, bool)>,
    /// The kinds of what `let` has named, innermost last.
    variables: Vec<(String, Kind)>,
}

impl<'a> Checker<'a> {
    pub(super) const fn new(result: &'a Kind) -> Self {
        Self {
            result,
            scopes: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// A name may be given once, and not to what has one.
    fn declaration(&mut self, name: &str, value: &Node, body: &Node) -> Checked {
        let taken = name == "result"
            || is_function(name)
            || outside::refusal(name).is_some()
            || self.variables.iter().any(|(known, _)| known == name);
        if taken {
            return Err(ConditionError::kind(
                "this name stands for something already",
            ));
        }
        let kind = self.check(value)?;
        self.variables.push((name.to_owned(), kind));
        let kind = self.check(body);
        self.variables.pop();
        kind
    }

    fn name(&self, name: &str) -> Checked {
        let mut inner_first = self.variables.iter().rev();
        if let Some((_, kind)) = inner_first.find(|(known, _)| known == name) {
            return Ok(kind.clone());
        }
        match name {
            "result" => Ok(self.result.clone()),
            other if is_function(other) => Ok(Kind::Function),
            _ => Err(ConditionError::kind("unknown name")),
        }
    }

    pub(super) fn check(&mut self, node: &Node) -> Checked {
        match node {
            Node::Array(nodes) => self.array(nodes),
            Node::Binary {
                operator,
                left,
                right,
            } => self.binary(*operator, left, right),
            Node::Bool(_) => Ok(Kind::Bool),
            Node::Builtin { name, arguments } => self.builtin(name, arguments),
            Node::Call { callee, arguments } => self.call(callee, arguments),
            Node::Chain(inner) => self.check(inner),
            Node::Conditional {
                condition,
                then,
                otherwise,
            } => self.conditional(condition, then, otherwise),
            Node::Float(_) => Ok(Kind::Float),
            Node::Identifier(name) => self.name(name),
            Node::Integer(_) => Ok(Kind::Integer),
            Node::Let { name, value, body } => self.declaration(name, value, body),
            Node::Map(pairs) => {
                for (_, value) in pairs {
                    self.check(value)?;
                }
                Ok(Kind::Map)
            }
            Node::Member { base, property, .. } => self.member(base, property),
            Node::Nil => Ok(Kind::Nil),
            Node::Pointer(name) => self.pointer(name),
            Node::Sequence(nodes) => {
                let mut last = Kind::Nil;
                for node in nodes {
                    last = self.check(node)?;
                }
                Ok(last)
            }
            Node::Slice { base, from, to } => self.slice(base, from.as_deref(), to.as_deref()),
            Node::Text(_) => Ok(Kind::Text),
            Node::Unary { operator, operand } => self.unary(*operator, operand),
        }
    }

    fn array(&mut self, nodes: &[Node]) -> Checked {
        let mut element: Option<Kind> = None;
        for node in nodes {
            let kind = self.check(node)?;
            element = Some(match element {
                None => kind,
                Some(earlier) if earlier.same_as(&kind) => kind,
                Some(_) => Kind::Unknown,
            });
        }
        Ok(Kind::Array(Box::new(element.unwrap_or(Kind::Unknown))))
    }

    fn unary(&mut self, operator: Unary, operand: &Node) -> Checked {
        match (operator, self.check(operand)?) {
            (Unary::Not, Kind::Bool | Kind::Unknown) => Ok(Kind::Bool),
            (Unary::Minus | Unary::Plus, kind @ (Kind::Float | Kind::Integer | Kind::Unknown)) => {
                Ok(kind)
            }
            _ => misfit(),
        }
    }

    fn binary(&mut self, operator: Operator, left: &Node, right: &Node) -> Checked {
        let (l, r) = (self.check(left)?, self.check(right)?);
        let text = |kind: &Kind| matches!(kind, Kind::Text);
        let integer = |kind: &Kind| matches!(kind, Kind::Integer);
        let fits = match operator {
            Operator::Equal | Operator::NotEqual => l.comparable_to(&r),
            Operator::Or | Operator::And => {
                let bool = |kind: &Kind| matches!(kind, Kind::Bool);
                bool(&l) && bool(&r) || may_fit(&l, &r, bool)
            }
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => {
                l.is_number() && r.is_number()
                    || text(&l) && text(&r)
                    || may_fit(&l, &r, |kind| kind.is_number() || text(kind))
            }
            Operator::In => return member_of(&l, &r),
            Operator::Matches => {
                if let Node::Text(pattern) = right
                    && pattern::compile(pattern).is_none()
                {
                    return Err(ConditionError::kind("not a regular expression"));
                }
                text(&l) && text(&r) || may_fit(&l, &r, text)
            }
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
                text(&l) && text(&r) || may_fit(&l, &r, text)
            }
            Operator::Range => {
                return if integer(&l) && integer(&r) || may_fit(&l, &r, integer) {
                    Ok(Kind::Array(Box::new(Kind::Integer)))
                } else {
                    misfit()
                };
            }
            Operator::Coalesce => return Ok(self.either(left, right, (l, r))),
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Remainder
            | Operator::Power => return arithmetic(operator, &l, &r),
        };
        if fits { Ok(Kind::Bool) } else { misfit() }
    }

    /// Is it a list of one kind for the check, as a metric's numbers and the parts of a text are? A range is
    /// one only when it is run.
    fn is_uniform(&self, node: &Node) -> bool {
        let known = |kind: &Kind| matches!(kind, Kind::Array(element) if matches!(**element, Kind::Float | Kind::Text));
        match node {
            Node::Builtin { name, arguments } => match (name.as_str(), arguments.first()) {
                ("split" | "splitAfter", _) => true,
                ("take", Some(list)) => self.is_uniform(list),
                _ => false,
            },
            Node::Identifier(name) => self.name(name).is_ok_and(|kind| known(&kind)),
            Node::Slice { base, .. } => self.is_uniform(base),
            _ => false,
        }
    }

    fn member(&mut self, base: &Node, property: &Node) -> Checked {
        let base = self.check(base)?;
        let key = self.check(property)?;
        match (base, key) {
            (Kind::Unknown, _) => Ok(Kind::Unknown),
            (Kind::Map, Kind::Text | Kind::Unknown) => Ok(Kind::Unknown),
            (Kind::Array(element), Kind::Integer | Kind::Unknown) => Ok(*element),
            _ => Err(ConditionError::kind("no such member")),
        }
    }

    fn slice(&mut self, base: &Node, from: Option<&Node>, to: Option<&Node>) -> Checked {
        let kind = self.check(base)?;
        match kind {
            Kind::Unknown => return Ok(Kind::Unknown),
            Kind::Array(_) | Kind::Text => {}
            _ => return Err(ConditionError::kind("cannot be sliced")),
        }
        for end in [from, to].into_iter().flatten() {
            if !matches!(self.check(end)?, Kind::Integer | Kind::Unknown) {
                return Err(ConditionError::kind("slice end is no whole number"));
            }
        }
        Ok(kind)
    }

    fn conditional(&mut self, condition: &Node, then: &Node, otherwise: &Node) -> Checked {
        if !matches!(self.check(condition)?, Kind::Bool | Kind::Unknown) {
            return Err(ConditionError::kind("condition is neither true nor false"));
        }
        let (l, r) = (self.check(then)?, self.check(otherwise)?);
        let other = r.clone();
        Ok(match (self.either(then, otherwise, (l, r)), other) {
            // Of two lists of anything only what is known of both is known.
            (Kind::Array(one), Kind::Array(other)) if one != other => {
                Kind::Array(Box::new(Kind::Unknown))
            }
            (kind, _) => kind,
        })
    }

    /// What is known of a value that is one of two: lists of one kind are no lists of anything.
    fn either(&self, left: &Node, right: &Node, (l, r): (Kind, Kind)) -> Kind {
        match (l, r) {
            (Kind::Nil, other) | (other, Kind::Nil) => other,
            (Kind::Array(l), Kind::Array(r)) => {
                match (self.is_uniform(left), self.is_uniform(right)) {
                    (false, false) => Kind::Array(l),
                    (true, true) if l == r => Kind::Array(l),
                    _ => Kind::Unknown,
                }
            }
            (left, right) if left.same_as(&right) => left,
            _ => Kind::Unknown,
        }
    }

    fn pointer(&self, name: &str) -> Checked {
        let Some((element, has_index, has_accumulator)) = self.scopes.last() else {
            return Err(ConditionError::kind("# outside a predicate"));
        };
        match name {
            "" => Ok(element.clone()),
            "index" if *has_index => Ok(Kind::Integer),
            "acc" if *has_accumulator => Ok(Kind::Unknown),
            _ => Err(ConditionError::kind("unknown pointer")),
        }
    }

    fn call(&mut self, callee: &Node, arguments: &[Node]) -> Checked {
        let Node::Identifier(name) = callee else {
            return match self.check(callee)? {
                Kind::Unknown => Ok(Kind::Unknown),
                _ => Err(ConditionError::kind("not callable")),
            };
        };
        if !is_environment_function(name) {
            return match self.check(callee)? {
                Kind::Unknown => Ok(Kind::Unknown),
                _ => Err(ConditionError::kind("not callable")),
            };
        }
        let wanted = if name == "default" { 2 } else { 1 };
        if arguments.len() != wanted {
            return Err(ConditionError::kind("wrong number of arguments"));
        }
        for argument in arguments {
            let kind = self.check(argument)?;
            let number = matches!(kind, Kind::Float | Kind::Integer | Kind::Unknown);
            if matches!(name.as_str(), "isNaN" | "isInf") && !number {
                return Err(ConditionError::kind("argument is not a number"));
            }
        }
        Ok(match name.as_str() {
            "asInt" => Kind::Integer,
            "asFloat" => Kind::Float,
            "default" => Kind::Unknown,
            _ => Kind::Bool,
        })
    }

    fn builtin(&mut self, name: &str, arguments: &[Node]) -> Checked {
        if builtin::predicate_arguments(name).is_none() {
            let kinds: Result<Vec<Kind>, _> = arguments
                .iter()
                .map(|argument| match self.check(argument)? {
                    // What is taken of a list of anything is anything, whatever is known of its elements.
                    Kind::Array(_) if name != "get" && !self.is_uniform(argument) => {
                        Ok(Kind::Array(Box::new(Kind::Unknown)))
                    }
                    kind => Ok(kind),
                })
                .collect();
            return builtin::check(name, &kinds?);
        }
        let Some((collection, rest)) = arguments.split_first() else {
            return misfit();
        };
        let collection = self.check(collection)?;
        let element = match &collection {
            Kind::Array(element) => (**element).clone(),
            Kind::Unknown => Kind::Unknown,
            _ => return Err(ConditionError::kind("takes only a list")),
        };
        let predicate = match rest.first() {
            None => None,
            Some(predicate) => {
                let (index, accumulator) = (matches!(name, "map" | "reduce"), name == "reduce");
                self.scopes.push((element.clone(), index, accumulator));
                let kind = self.check(predicate);
                self.scopes.pop();
                Some(kind?)
            }
        };
        if let Some(initial) = rest.get(1) {
            self.check(initial)?;
        }
        over_list(name, collection, element, predicate)
    }
}

fn over_list(name: &str, collection: Kind, element: Kind, predicate: Option<Kind>) -> Checked {
    let is_test = !matches!(name, "map" | "reduce" | "sum");
    match &predicate {
        Some(Kind::Nil) => return Err(ConditionError::kind("predicate gives nothing")),
        Some(kind) if is_test && !matches!(kind, Kind::Bool | Kind::Unknown) => {
            return Err(ConditionError::kind("predicate is neither true nor false"));
        }
        _ => {}
    }
    Ok(match name {
        "all" | "none" | "any" | "one" => Kind::Bool,
        "filter" => Kind::Array(Box::new(match collection {
            Kind::Array(element) => *element,
            _ => Kind::Unknown,
        })),
        "map" => Kind::Array(Box::new(predicate.unwrap_or(Kind::Unknown))),
        "count" | "findIndex" | "findLastIndex" => Kind::Integer,
        "sum" => predicate.unwrap_or(element),
        "reduce" => predicate.unwrap_or(Kind::Unknown),
        _ => element,
    })
}

fn member_of(l: &Kind, r: &Kind) -> Checked {
    let fits = match (l, r) {
        (_, Kind::Unknown) | (Kind::Unknown, Kind::Text | Kind::Map | Kind::Array(_)) => true,
        (Kind::Text, Kind::Map) => true,
        (kind, Kind::Array(element)) => kind.comparable_to(element),
        _ => false,
    };
    if fits { Ok(Kind::Bool) } else { misfit() }
}

fn arithmetic(operator: Operator, l: &Kind, r: &Kind) -> Checked {
    let numbers = l.is_number() && r.is_number();
    let number = |kind: &Kind| kind.is_number();
    let integer = |kind: &Kind| matches!(kind, Kind::Integer);
    match operator {
        Operator::Divide | Operator::Power if numbers || may_fit(l, r, number) => Ok(Kind::Float),
        Operator::Divide | Operator::Power => misfit(),
        Operator::Remainder if integer(l) && integer(r) || may_fit(l, r, integer) => {
            Ok(Kind::Integer)
        }
        Operator::Remainder => misfit(),
        _ if numbers => Ok(if integer(l) && integer(r) {
            Kind::Integer
        } else {
            Kind::Float
        }),
        Operator::Add if matches!((l, r), (Kind::Text, Kind::Text)) => Ok(Kind::Text),
        Operator::Add if may_fit(l, r, |kind| kind.is_number() || matches!(kind, Kind::Text)) => {
            Ok(Kind::Unknown)
        }
        Operator::Subtract | Operator::Multiply if may_fit(l, r, number) => Ok(Kind::Unknown),
        _ => misfit(),
    }
}
