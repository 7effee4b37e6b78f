//! What a condition computes with.

use std::collections::BTreeMap;

/// A value: a metric's result, or what an expression makes of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A list.
    Array(Vec<Value>),
    /// True or false.
    Bool(bool),
    /// A number with a fraction; all numbers of a JSON answer are of this kind.
    Float(f64),
    /// A whole number: a literal, a length, a count.
    Integer(i64),
    /// An object.
    Map(BTreeMap<String, Value>),
    /// Nothing.
    Nil,
    /// Text.
    Text(String),
    /// A list of one kind of values only, which is no list of anything even where it is empty: two of
    /// different kinds are never equal.
    Uniform {
        /// Of what.
        of: Element,
        /// The elements, all of that kind.
        values: Vec<Value>,
    },
}

/// What a uniform list is of, and where it comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these three")]
pub enum Element {
    /// Numbers: a metric's list of them.
    Float,
    /// Whole numbers: a range.
    Integer,
    /// Texts: the parts of one.
    Text,
}

impl Value {
    /// The elements of a list of either kind.
    pub(super) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::Array(values) | Self::Uniform { values, .. } => Some(values),
            Self::Bool(_)
            | Self::Float(_)
            | Self::Integer(_)
            | Self::Map(_)
            | Self::Nil
            | Self::Text(_) => None,
        }
    }

    /// The number as a fraction.
    pub(super) const fn number(&self) -> Option<f64> {
        match self {
            Self::Float(x) => Some(*x),
            Self::Integer(x) => Some(*x as f64),
            Self::Array(_)
            | Self::Bool(_)
            | Self::Map(_)
            | Self::Nil
            | Self::Text(_)
            | Self::Uniform { .. } => None,
        }
    }

    /// The number cut to a whole one, as Go converts on its usual machines: what does not fit, NaN
    /// included, becomes the least whole number.
    pub(super) fn whole(&self) -> Option<i64> {
        /// 2⁶³.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        match self {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "cutting is what the format does"
            )]
            Self::Float(x) if (-LIMIT..LIMIT).contains(x) => Some(*x as i64),
            Self::Float(_) => Some(i64::MIN),
            Self::Integer(x) => Some(*x),
            Self::Array(_)
            | Self::Bool(_)
            | Self::Map(_)
            | Self::Nil
            | Self::Text(_)
            | Self::Uniform { .. } => None,
        }
    }

    /// Equality across number kinds; lists element by element.
    #[expect(clippy::float_cmp, reason = "the format compares numbers for identity")]
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Uniform { of, .. }, Self::Uniform { of: other, .. }) if of != other => false,
            (
                Self::Array(left) | Self::Uniform { values: left, .. },
                Self::Array(right) | Self::Uniform { values: right, .. },
            ) => left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.equals(b)),
            (Self::Integer(left), Self::Integer(right)) => left == right,
            (Self::Float(_) | Self::Integer(_), Self::Float(_) | Self::Integer(_)) => {
                matches!((self.number(), other.number()), (Some(a), Some(b)) if a == b)
            }
            (left, right) => left == right,
        }
    }

    /// The order of two numbers or two texts; none for anything else, and none for NaN.
    pub(super) fn order(&self, other: &Self) -> Option<Option<std::cmp::Ordering>> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(Some(left.cmp(right))),
            (Self::Integer(left), Self::Integer(right)) => Some(Some(left.cmp(right))),
            _ => Some(self.number()?.partial_cmp(&other.number()?)),
        }
    }

    /// As Go prints it with `%v`.
    pub(super) fn print(&self) -> String {
        match self {
            Self::Array(values) | Self::Uniform { values, .. } => {
                let inside: Vec<String> = values.iter().map(Self::print).collect();
                format!("[{}]", inside.join(" "))
            }
            Self::Bool(value) => value.to_string(),
            Self::Float(value) => print_float(*value),
            Self::Integer(value) => value.to_string(),
            Self::Map(values) => {
                let inside: Vec<String> = values
                    .iter()
                    .map(|(key, value)| format!("{key}:{}", value.print()))
                    .collect();
                format!("map[{}]", inside.join(" "))
            }
            Self::Nil => "<nil>".to_owned(),
            Self::Text(value) => value.clone(),
        }
    }
}

/// Shortest digits; an exponent of two digits outside 10⁻⁴ … 10²¹.
fn print_float(x: f64) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if x == 0.0 || (1e-4..1e21).contains(&x.abs()) {
        return x.to_string();
    }
    let text = format!("{x:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent
                .strip_prefix('-')
                .map_or(('+', exponent), |e| ('-', e));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}
