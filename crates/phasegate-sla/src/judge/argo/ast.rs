//! The syntax tree of a condition.

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Array(Vec<Node>),
    Binary {
        operator: Operator,
        left: Box<Node>,
        right: Box<Node>,
    },
    Bool(bool),
    Builtin {
        name: String,
        arguments: Vec<Node>,
    },
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
    Float(f64),
    Identifier(String),
    Integer(i64),
    /// `let name = value; body`.
    Let {
        name: String,
        value: Box<Node>,
        body: Box<Node>,
    },
    Map(Vec<(String, Node)>),
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
