//! The steps that the machine knows.

use super::super::ast::Operator;
use super::super::item::Item;
use super::super::pattern::Pattern;

/// One step. Most take their operands from a stack and leave their outcome there.
#[derive(Clone, Debug)]
pub(in super::super) enum Step {
    /// So many values, and their number above them, become a list.
    Array,
    /// A loop over a list begins.
    Begin,
    Binary(Operator),
    Builtin(String, usize),
    /// The function lies above so many arguments. If its kind is known, none of them may be nil.
    Call {
        arguments: usize,
        known: bool,
    },
    DecrementIndex,
    End,
    EqualIntegers,
    EqualTexts,
    Fetch,
    GetAccumulator,
    GetCount,
    GetIndex,
    GetLength,
    IncrementCount,
    IncrementIndex,
    Jump(usize),
    JumpIfEnd(usize),
    JumpIfFalse(usize),
    JumpIfNil(usize),
    JumpIfNotNil(usize),
    JumpIfTrue(usize),
    Length,
    LoadResult,
    LoadVariable(usize),
    Map,
    Matches(Pattern),
    Negate,
    Not,
    Pointer,
    Pop,
    Push(Item),
    SetAccumulator,
    SetIndex,
    Slice,
    Store(usize),
    Throw(&'static str),
}

/// The steps of a condition, and how many variables they use.
pub(in super::super) struct Program {
    pub(in super::super) steps: Vec<Step>,
    pub(in super::super) variables: usize,
}
