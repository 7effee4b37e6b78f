//! What fits into a function, and what is known of what it gives.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::super::ConditionError;
use super::super::ast::{Form, Node, Operator};
use super::super::kind::{ENVIRONMENT, Kind};
use super::super::signature;
use super::tree::{Checked, Checker, misfit};

impl Checker<'_> {
    pub(super) fn call(&mut self, callee: &mut Node, arguments: &mut [Node]) -> Checked {
        let name = match self.check(callee)? {
            // Then the arguments are not looked at.
            kind if kind.is_unknown() => return Ok(Kind::Unknown),
            Kind::Function(name) => name,
            _ => return Err(ConditionError::kind("not callable")),
        };
        if ENVIRONMENT.contains(&name) {
            self.environment(name, arguments)
        } else {
            self.plain(name, arguments)
        }
    }

    fn environment(&mut self, name: &str, arguments: &mut [Node]) -> Checked {
        let wanted = if name == "default" { 2 } else { 1 };
        if arguments.len() != wanted {
            return Err(ConditionError::kind("wrong number of arguments"));
        }
        for argument in arguments {
            let kind = self.check(argument)?;
            if !matches!(name, "isNaN" | "isInf") {
                continue;
            }
            if kind.is_integer() {
                make_fraction(argument);
            } else if kind != Kind::Float && !kind.is_unknown() {
                return Err(ConditionError::kind("argument is not a number"));
            }
        }
        Ok(match name {
            "asInt" => Kind::Long,
            "asFloat" => Kind::Float,
            "default" => Kind::Any,
            _ => Kind::Bool,
        })
    }

    fn plain(&mut self, name: &str, arguments: &mut [Node]) -> Checked {
        let mut kinds = Vec::with_capacity(arguments.len());
        for argument in arguments {
            kinds.push(self.check(argument)?);
        }
        match (name, kinds.as_slice()) {
            ("get", [base, _]) if base.is_unknown() => Ok(Kind::Unknown),
            ("get", [Kind::Map, key]) if *key == Kind::Text || key.is_unknown() => Ok(Kind::Any),
            ("get", [base, key]) if base.is_list() && (key.is_integer() || key.is_unknown()) => {
                Ok(base.element())
            }
            ("get", _) => Err(ConditionError::kind("an argument does not fit")),
            _ => signature::check(name, &kinds),
        }
    }

    pub(super) fn builtin(&mut self, name: &str, arguments: &mut [Node]) -> Checked {
        if signature::predicate_arguments(name).is_none() {
            return self.plain(name, arguments);
        }
        let Some((list, rest)) = arguments.split_first_mut() else {
            return misfit();
        };
        let list = self.check(list)?;
        if !list.is_list() && !list.is_unknown() {
            return Err(ConditionError::kind("takes only a list"));
        }
        let mut rest = rest.iter_mut();
        let predicate = match rest.next() {
            None => None,
            Some(predicate) => {
                let (index, accumulator) = (matches!(name, "map" | "reduce"), name == "reduce");
                self.scopes.push((list.clone(), index, accumulator));
                let kind = self.check(predicate);
                self.scopes.pop();
                Some(kind?)
            }
        };
        if let Some(initial) = rest.next() {
            self.check(initial)?;
        }
        over_list(name, &list, predicate)
    }
}

fn over_list(name: &str, list: &Kind, predicate: Option<Kind>) -> Checked {
    let is_test = !matches!(name, "map" | "reduce" | "sum");
    match &predicate {
        Some(Kind::Nil) => return Err(ConditionError::kind("predicate gives nothing")),
        Some(kind) if is_test && *kind != Kind::Bool && !kind.is_unknown() => {
            return Err(ConditionError::kind("predicate is neither true nor false"));
        }
        _ => {}
    }
    Ok(match (name, predicate) {
        ("all" | "none" | "any" | "one", _) => Kind::Bool,
        ("filter", _) if list.is_unknown() => Kind::list(),
        ("filter", _) => Kind::List(Box::new(list.element())),
        ("map", Some(kind)) => Kind::List(Box::new(kind)),
        ("count" | "findIndex" | "findLastIndex", _) => Kind::Integer,
        ("sum", Some(kind)) => kind.erased(),
        ("reduce", Some(kind)) => kind,
        _ => list.element(),
    })
}

/// Where a fraction is wanted, the whole numbers of a literal, sum or product become fractions.
fn make_fraction(node: &mut Node) {
    match &mut node.form {
        Form::Integer(number) => {
            node.form = Form::Float(*number as f64);
            node.kind = Kind::Float;
        }
        Form::Unary { operand, .. } => make_fraction(operand),
        Form::Binary {
            operator: Operator::Add | Operator::Subtract | Operator::Multiply,
            left,
            right,
        } => {
            make_fraction(left);
            make_fraction(right);
        }
        _ => {}
    }
}
