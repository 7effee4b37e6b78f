//! Walks the tree and writes what is known into each node.

use super::super::ConditionError;
use super::super::ast::{Form, Node, Unary};
use super::super::kind::{ENVIRONMENT, Kind};
use super::super::{outside, signature};

pub(super) type Checked = Result<Kind, ConditionError>;

pub(super) fn misfit() -> Checked {
    Err(ConditionError::kind(
        "an operator does not fit its operands",
    ))
}

/// Any function, of the environment or of the language.
fn function(name: &str) -> Option<&'static str> {
    let mut environment = ENVIRONMENT.into_iter();
    environment
        .find(|known| *known == name)
        .or_else(|| signature::builtin(name))
}

/// Checks a condition on a `result` of a kind.
pub(in super::super) struct Checker<'a> {
    result: &'a Kind,
    /// The kinds of the lists of the enclosing predicates, and whether these know `#index` and `#acc`.
    pub(super) scopes: Vec<(Kind, bool, bool)>,
    /// The kinds of what `let` has named, innermost last.
    variables: Vec<(String, Kind)>,
}

impl<'a> Checker<'a> {
    pub(in super::super) const fn new(result: &'a Kind) -> Self {
        Self {
            result,
            scopes: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// Checks a node and all below it, but for what expr does not look at.
    pub(in super::super) fn check(&mut self, node: &mut Node) -> Checked {
        node.kind = self.kind(&mut node.form)?;
        Ok(node.kind.clone())
    }

    fn kind(&mut self, form: &mut Form) -> Checked {
        match form {
            Form::Array(nodes) => self.array(nodes),
            Form::Binary {
                operator,
                left,
                right,
            } => self.binary(*operator, left, right),
            Form::Bool(_) => Ok(Kind::Bool),
            Form::Builtin(call) => self.builtin(&call.name, &mut call.arguments),
            Form::Bytes(_) => Ok(Kind::Bytes),
            Form::Call { callee, arguments } => self.call(callee, arguments),
            Form::Chain(inner) => self.check(inner),
            Form::Conditional {
                condition,
                then,
                otherwise,
            } => self.conditional(condition, then, otherwise),
            Form::Constant(_) => Ok(Kind::Unknown),
            Form::Float(_) => Ok(Kind::Float),
            Form::Identifier(name) => self.name(name),
            Form::Integer(_) => Ok(Kind::Integer),
            Form::Let { name, value, body } => self.declaration(name, value, body),
            Form::Map(pairs) => {
                for (key, value) in pairs {
                    self.check(key)?;
                    self.check(value)?;
                }
                Ok(Kind::Map)
            }
            Form::Member { base, property, .. } => self.member(base, property),
            Form::Nil => Ok(Kind::Nil),
            Form::Pointer(name) => self.pointer(name),
            Form::Sequence(nodes) => {
                let mut last = Kind::Unknown;
                for node in nodes {
                    last = self.check(node)?;
                }
                Ok(last)
            }
            Form::Slice { base, from, to } => {
                let ends = [from, to].into_iter().flatten();
                self.slice(base, ends.map(|end| &mut **end))
            }
            Form::Text(_) => Ok(Kind::Text),
            Form::Unary { operator, operand } => self.unary(*operator, operand),
        }
    }

    /// A name may be given once, and not to what has one.
    fn declaration(&mut self, name: &str, value: &mut Node, body: &mut Node) -> Checked {
        let taken = name == "result"
            || function(name).is_some()
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
        if name == "result" {
            return Ok(self.result.clone());
        }
        let kind = function(name).map(Kind::Function);
        kind.ok_or(ConditionError::kind("unknown name"))
    }

    /// Literals of one make are a list of what the last of them is.
    fn array(&mut self, nodes: &mut [Node]) -> Checked {
        let mut element: Option<Kind> = None;
        let mut uniform = true;
        for node in nodes {
            let kind = self.check(node)?;
            uniform &= element.is_none_or(|earlier| earlier.same_make(&kind));
            element = Some(kind);
        }
        Ok(if uniform {
            Kind::List(Box::new(element.unwrap_or(Kind::Unknown)))
        } else {
            Kind::list()
        })
    }

    fn unary(&mut self, operator: Unary, operand: &mut Node) -> Checked {
        let kind = self.check(operand)?;
        match operator {
            Unary::Not if kind == Kind::Bool || kind.is_unknown() => Ok(Kind::Bool),
            Unary::Minus | Unary::Plus if kind.is_number() => Ok(kind),
            Unary::Minus | Unary::Plus if kind.is_unknown() => Ok(Kind::Unknown),
            Unary::Minus | Unary::Not | Unary::Plus => misfit(),
        }
    }

    fn member(&mut self, base: &mut Node, property: &mut Node) -> Checked {
        let base = self.check(base)?;
        let key = self.check(property)?;
        if base.is_unknown() {
            return Ok(Kind::Unknown);
        }
        let fits = if base == Kind::Map {
            key == Kind::Text || key.is_unknown()
        } else {
            base.is_list() && (key.is_integer() || key.is_unknown())
        };
        if fits {
            Ok(base.element())
        } else {
            Err(ConditionError::kind("no such member"))
        }
    }

    /// The ends of a part of what nothing is known of are not looked at.
    fn slice<'n>(&mut self, base: &mut Node, ends: impl Iterator<Item = &'n mut Node>) -> Checked {
        let kind = self.check(base)?;
        if kind.is_unknown() {
            return Ok(Kind::Unknown);
        }
        if !kind.is_list() && kind != Kind::Text {
            return Err(ConditionError::kind("cannot be sliced"));
        }
        for end in ends {
            let end = self.check(end)?;
            if !end.is_integer() && !end.is_unknown() {
                return Err(ConditionError::kind("slice end is no whole number"));
            }
        }
        Ok(kind)
    }

    fn conditional(
        &mut self,
        condition: &mut Node,
        then: &mut Node,
        otherwise: &mut Node,
    ) -> Checked {
        let condition = self.check(condition)?;
        if condition != Kind::Bool && !condition.is_unknown() {
            return Err(ConditionError::kind("condition is neither true nor false"));
        }
        let (then, otherwise) = (self.check(then)?, self.check(otherwise)?);
        Ok(match (then, otherwise) {
            (Kind::Nil, other) | (other, Kind::Nil) => other,
            (then, otherwise) if !then.assignable_to(&otherwise) => Kind::Unknown,
            (then, otherwise) if then.is_list() && otherwise.is_list() => {
                let (one, other) = (then.element(), otherwise.element());
                if one.assignable_to(&other) && other.assignable_to(&one) {
                    then
                } else {
                    Kind::list()
                }
            }
            (then, _) => then,
        })
    }

    fn pointer(&self, name: &str) -> Checked {
        let Some((list, has_index, has_accumulator)) = self.scopes.last() else {
            return Err(ConditionError::kind("# outside a predicate"));
        };
        match name {
            "" => Ok(list.element()),
            "index" if *has_index => Ok(Kind::Integer),
            "acc" if *has_accumulator => Ok(Kind::Unknown),
            _ => Err(ConditionError::kind("unknown pointer")),
        }
    }
}
