//! The syntax tree of a condition. The check writes into each node what is known of its value.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::item::Item;
use super::kind::Kind;

/// Nodes that parsing or optimising may copy in all: a copy within a copy doubles them.
pub(super) const COPIED_MAX: usize = 10_000;

/// A node, and what the check knows of its value: nothing, where it has not looked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) form: Form,
    pub(super) kind: Kind,
}

impl Node {
    /// Both one below the other, without kinds.
    pub(super) fn binary(operator: Operator, left: Self, right: Self) -> Self {
        Self::from(Form::Binary {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        })
    }

    /// The nodes below it, but for what a loop makes of its elements.
    pub(super) fn children(&mut self) -> Vec<&mut Self> {
        match &mut self.form {
            Form::Array(nodes) | Form::Sequence(nodes) => nodes.iter_mut().collect(),
            Form::Binary { left, right, .. } => vec![left, right],
            Form::Builtin(call) => call.arguments.iter_mut().collect(),
            Form::Call { callee, arguments } => {
                std::iter::once(&mut **callee).chain(arguments).collect()
            }
            Form::Chain(inner) | Form::Unary { operand: inner, .. } => vec![inner],
            Form::Conditional {
                condition,
                then,
                otherwise,
            } => vec![condition, then, otherwise],
            Form::Let { value, body, .. } => vec![value, body],
            Form::Map(pairs) => pairs
                .iter_mut()
                .flat_map(|(key, value)| [key, value])
                .collect(),
            Form::Member { base, property, .. } => vec![base, property],
            Form::Slice { base, from, to } => {
                let ends = [from, to].into_iter().flatten().map(|end| &mut **end);
                std::iter::once(&mut **base).chain(ends).collect()
            }
            Form::Bool(_)
            | Form::Bytes(_)
            | Form::Constant(_)
            | Form::Float(_)
            | Form::Identifier(_)
            | Form::Integer(_)
            | Form::Nil
            | Form::Pointer(_)
            | Form::Text(_) => Vec::new(),
        }
    }

    /// How many nodes it has, with itself.
    pub(super) fn size(&mut self) -> usize {
        let below: usize = self.children().into_iter().map(Self::size).sum();
        1 + below
    }

    /// The whole number that it is.
    pub(super) const fn integer(&self) -> Option<i64> {
        match self.form {
            Form::Integer(number) => Some(number),
            _ => None,
        }
    }
}

impl From<Form> for Node {
    fn from(form: Form) -> Self {
        let kind = Kind::Unknown;
        Self { form, kind }
    }
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Array(Vec<Node>),
    Binary {
        operator: Operator,
        left: Box<Node>,
        right: Box<Node>,
    },
    Bool(bool),
    Builtin(Builtin),
    /// `b"abc"`.
    Bytes(Vec<u8>),
    Call {
        callee: Box<Node>,
        arguments: Vec<Node>,
    },
    /// An optional chain: ends as nil as soon as one of its optional members has a nil base.
    Chain(Box<Node>),
    Conditional {
        condition: Box<Node>,
        then: Box<Node>,
        otherwise: Box<Node>,
    },
    /// A value that is known before the run.
    Constant(Item),
    Float(f64),
    Identifier(String),
    Integer(i64),
    /// `let name = value; body`.
    Let {
        name: String,
        value: Box<Node>,
        body: Box<Node>,
    },
    Map(Vec<(Node, Node)>),
    Member {
        base: Box<Node>,
        property: Box<Node>,
        optional: bool,
    },
    Nil,
    /// `#` (empty name), `#index`, `#acc`.
    Pointer(String),
    /// `a; b; c`: all are run, the last one counts.
    Sequence(Vec<Node>),
    Slice {
        base: Box<Node>,
        from: Option<Box<Node>>,
        to: Option<Box<Node>>,
    },
    Text(String),
    Unary {
        operator: Unary,
        operand: Box<Node>,
    },
}

/// A call of a function of the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Builtin {
    pub(super) name: String,
    pub(super) arguments: Vec<Node>,
    /// What `filter`, `find` and `findLast` make of what they keep.
    pub(super) map: Option<Box<Node>>,
    /// Finding nothing is an error.
    pub(super) throws: bool,
    pub(super) place: Place,
}

/// Where a call stands. In `a < b < c` the middle is one node with two parents; what is noted of it for the
/// sake of one holds for the other. Where two trees are the same, it does not matter where they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(pub(super) usize);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unary {
    Minus,
    Not,
    Plus,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operator {
    Add,
    And,
    Coalesce,
    Contains,
    Divide,
    EndsWith,
    Equal,
    Greater,
    GreaterOrEqual,
    In,
    Less,
    LessOrEqual,
    Matches,
    Multiply,
    NotEqual,
    Or,
    Power,
    Range,
    Remainder,
    StartsWith,
    Subtract,
}

impl Operator {
    /// The operator, its precedence, and whether it binds to the right.
    pub(super) fn parse(text: &str) -> Option<(Self, u32, bool)> {
        Some(match text {
            "or" | "||" => (Self::Or, 10, false),
            "and" | "&&" => (Self::And, 15, false),
            "==" => (Self::Equal, 20, false),
            "!=" => (Self::NotEqual, 20, false),
            "<" => (Self::Less, 20, false),
            ">" => (Self::Greater, 20, false),
            "<=" => (Self::LessOrEqual, 20, false),
            ">=" => (Self::GreaterOrEqual, 20, false),
            "in" => (Self::In, 20, false),
            "matches" => (Self::Matches, 20, false),
            "contains" => (Self::Contains, 20, false),
            "startsWith" => (Self::StartsWith, 20, false),
            "endsWith" => (Self::EndsWith, 20, false),
            ".." => (Self::Range, 25, false),
            "+" => (Self::Add, 30, false),
            "-" => (Self::Subtract, 30, false),
            "*" => (Self::Multiply, 60, false),
            "/" => (Self::Divide, 60, false),
            "%" => (Self::Remainder, 60, false),
            "**" | "^" => (Self::Power, 100, true),
            "??" => (Self::Coalesce, 500, false),
            _ => return None,
        })
    }

    /// `<`, `>`, `<=` or `>=`: these chain, `1 < x < 3`.
    pub(super) const fn is_ordering(self) -> bool {
        matches!(
            self,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual
        )
    }
}
