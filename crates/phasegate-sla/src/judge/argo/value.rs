//! What a metric provider may answer.

use std::collections::BTreeMap;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A list.
    Array(Vec<Value>),
    /// True or false.
    Bool(bool),
    /// A number; all numbers of a JSON answer are of this kind.
    Float(f64),
    /// A number that is known to be whole, of which JSON knows nothing.
    Integer(i64),
    /// An object.
    Map(BTreeMap<String, Value>),
    /// Nothing.
    Nil,
    /// Text.
    Text(String),
}
