//! How a type of the model is read from the tree, printed and described as a schema: one definition
//! for all three, so that they cannot drift apart. The model itself is not here.

pub(crate) mod given;
pub(crate) mod lowering;
pub(crate) mod mend;
pub(crate) mod record;
pub(crate) mod scalars;
pub(crate) mod schema;
pub(crate) mod unread;
pub(crate) mod words;

pub(crate) use given::Slips;
pub(crate) use lowering::{Lowering, closest};
pub(crate) use record::{
    actions, constructor, field_type, record, record_read, record_write, setters,
};
pub(crate) use schema::Schema;
pub(crate) use unread::{Unread, ids_in, stands_in};
pub(crate) use words::{
    choice, choice_make, choice_read, choice_schema, choice_write, word_given, words,
};

use crate::document::{Entry, Node};
use crate::value::Value;

/// A type that a document can hold.
pub(crate) trait Form: Sized {
    /// Reads it. Faults go to the context; `None` means that there was at least one.
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self>;
    /// As a value that reads back as the same.
    fn write(&self) -> Value;
    /// Is it text that says nothing, where something must be said?
    fn is_blank(&self) -> bool {
        false
    }
    /// What is written for it, where only one thing can be.
    fn example() -> Option<&'static str> {
        None
    }
    /// Is it a name, by which one thing refers to another?
    fn is_name() -> bool {
        false
    }
    /// What stands for it where it must be there and is not, so that what stands around it is looked at all the same.
    /// No plan is made of a document that lacks something. `number` makes it another one each time.
    fn stand_in(_number: usize) -> Option<Self> {
        None
    }
    /// What editors are told.
    fn schema(schema: &mut Schema) -> Value;
}

/// A choice whose key stands among the keys of the record around it.
pub(crate) trait Flat: Sized {
    /// The keys, one per variant.
    const KEYS: &'static [&'static str];
    /// Reads the one that stands here; `None` too if the key is none of them.
    fn read_flat(entry: &Entry, cx: &mut Lowering<'_>) -> Option<Self>;
    /// Its key and its value.
    fn write_flat(&self) -> (String, Value);
    /// The schema of each key.
    fn schema_flat(schema: &mut Schema) -> Vec<(String, Value)>;
}
