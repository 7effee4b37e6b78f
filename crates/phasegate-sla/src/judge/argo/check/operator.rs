//! What fits on both sides of an operator.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::super::ConditionError;
use super::super::ast::{Form, Node, Operator};
use super::super::kind::Kind;
use super::super::pattern;
use super::tree::{Checked, Checker, misfit};

fn is_bool(kind: &Kind) -> bool {
    *kind == Kind::Bool
}

fn is_text(kind: &Kind) -> bool {
    *kind == Kind::Text
}

impl Checker<'_> {
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &mut Node,
        right: &mut Node,
    ) -> Checked {
        let (l, r) = (self.check(left)?, self.check(right)?);
        let fits = match operator {
            Operator::Equal | Operator::NotEqual => l.comparable_to(&r),
            Operator::Or | Operator::And => both(&l, &r, is_bool),
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => {
                l.is_number() && r.is_number()
                    || is_text(&l) && is_text(&r)
                    || l.may_fit(&r, |kind| kind.is_number() || is_text(kind))
            }
            Operator::In => return member_of(&l, &r),
            Operator::Matches => {
                if let Form::Text(pattern) = &right.form
                    && pattern::compile(pattern.as_bytes()).is_none()
                {
                    return Err(ConditionError::kind("not a regular expression"));
                }
                both(&l, &r, is_text) || l == Kind::Bytes && is_text(&r)
            }
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => both(&l, &r, is_text),
            Operator::Range => {
                return if both(&l, &r, Kind::is_integer) {
                    Ok(Kind::List(Box::new(Kind::Integer)))
                } else {
                    misfit()
                };
            }
            Operator::Coalesce => {
                return Ok(match (l, r) {
                    (Kind::Nil, other) | (other, Kind::Nil) => other,
                    (l, r) if r.assignable_to(&l) => l,
                    _ => Kind::Unknown,
                });
            }
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Remainder
            | Operator::Power => return arithmetic(operator, &l, &r),
        };
        if fits { Ok(Kind::Bool) } else { misfit() }
    }
}

/// Both fit, or one does and of the other nothing is known.
fn both(left: &Kind, right: &Kind, fits: impl Fn(&Kind) -> bool) -> bool {
    fits(left) && fits(right) || left.may_fit(right, fits)
}

fn member_of(l: &Kind, r: &Kind) -> Checked {
    let fits = match r {
        Kind::Map => l.is_unknown() || is_text(l),
        list if list.is_list() => l.comparable_to(&list.element()),
        other => other.is_unknown() || l.is_unknown() && is_text(other),
    };
    if fits { Ok(Kind::Bool) } else { misfit() }
}

fn arithmetic(operator: Operator, l: &Kind, r: &Kind) -> Checked {
    let numbers = l.is_number() && r.is_number();
    match operator {
        Operator::Divide | Operator::Power if both(l, r, Kind::is_number) => Ok(Kind::Float),
        Operator::Divide | Operator::Power => misfit(),
        Operator::Remainder if both(l, r, Kind::is_integer) => Ok(Kind::Integer),
        Operator::Remainder => misfit(),
        _ if numbers && l.is_integer() && r.is_integer() => Ok(Kind::Integer),
        _ if numbers => Ok(Kind::Float),
        Operator::Add if is_text(l) && is_text(r) => Ok(Kind::Text),
        Operator::Add if l.may_fit(r, |kind| kind.is_number() || is_text(kind)) => {
            Ok(Kind::Unknown)
        }
        Operator::Subtract | Operator::Multiply if l.may_fit(r, Kind::is_number) => {
            Ok(Kind::Unknown)
        }
        _ => misfit(),
    }
}
