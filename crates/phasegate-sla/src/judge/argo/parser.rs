//! Reads a condition: operator precedence, chains of members, predicates, pipes.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::ConditionError;
use super::ast::{Node, Operator, Unary};
use super::builtin;
use super::lexer::{Token, tokens};
use super::outside;

/// Nesting beyond which a condition is refused: far above any sensible one, far below the stack.
const MAX_DEPTH: u32 = 100;
/// Operators, members and calls in all: each may lay one more node around all before it, and the tree is
/// walked by recursion.
const MAX_WRAPS: u32 = 500;

/// The tree of `text`.
pub(super) fn parse(text: &str) -> Result<Node, ConditionError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
        wraps: 0,
        predicates: 0,
    };
    let node = parser.sequence()?;
    match parser.current() {
        Token::End => Ok(node),
        _ => Err(ConditionError::syntax("unexpected token")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    wraps: u32,
    /// How many predicates enclose this place: `#` and `.field` mean something only there.
    predicates: u32,
}

type Parsed = Result<Node, ConditionError>;

impl Parser {
    fn current(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn following(&self) -> &Token {
        self.tokens.get(self.at + 1).unwrap_or(&Token::End)
    }

    fn advance(&mut self) -> Token {
        let token = self.current().clone();
        self.at += 1;
        token
    }

    fn accept_operator(&mut self, text: &str) -> bool {
        let found = self.current().is_operator(text);
        self.at += usize::from(found);
        found
    }

    fn accept_bracket(&mut self, bracket: char) -> bool {
        let found = self.current().is_bracket(bracket);
        self.at += usize::from(found);
        found
    }

    fn expect_operator(&mut self, text: &str) -> Result<(), ConditionError> {
        if self.accept_operator(text) {
            Ok(())
        } else {
            unexpected()
        }
    }

    fn expect_bracket(&mut self, bracket: char) -> Result<(), ConditionError> {
        if self.accept_bracket(bracket) {
            Ok(())
        } else {
            unexpected()
        }
    }

    /// Expressions with `;` between them: the last one counts.
    fn sequence(&mut self) -> Parsed {
        let only = self.expression(0)?;
        if !self.current().is_operator(";") {
            return Ok(only);
        }
        let mut nodes = vec![only];
        while self.accept_operator(";") {
            if matches!(self.current(), Token::End) || self.current().is_bracket('}') {
                break;
            }
            nodes.push(self.expression(0)?);
        }
        Ok(Node::Sequence(nodes))
    }

    /// `let name = value; body`; the word is read already.
    fn declaration(&mut self) -> Parsed {
        let Token::Identifier(name) = self.advance() else {
            return unexpected();
        };
        self.expect_operator("=")?;
        let value = Box::new(self.expression(0)?);
        self.expect_operator(";")?;
        let body = Box::new(self.sequence()?);
        Ok(Node::Let { name, value, body })
    }

    /// `if condition { .. } else { .. }`; the word is read already.
    fn branches(&mut self) -> Parsed {
        let condition = Box::new(self.expression(0)?);
        let then = Box::new(self.block()?);
        self.expect_operator("else")?;
        let otherwise = if self.current().is_operator("if") {
            self.expression(0)?
        } else {
            self.block()?
        };
        Ok(Node::Conditional {
            condition,
            then,
            otherwise: Box::new(otherwise),
        })
    }

    fn block(&mut self) -> Parsed {
        self.expect_bracket('{')?;
        let node = self.sequence()?;
        self.expect_bracket('}')?;
        Ok(node)
    }

    fn wrap(&mut self) -> Result<(), ConditionError> {
        self.wraps += 1;
        if self.wraps > MAX_WRAPS {
            return Err(ConditionError::syntax("too many operators"));
        }
        Ok(())
    }

    fn expression(&mut self, precedence: u32) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ConditionError::syntax("nested too deeply"));
        }
        let declares = precedence == 0 && self.accept_operator("let");
        let branches = precedence == 0 && self.accept_operator("if");
        let node = match (declares, branches) {
            (true, _) => self.declaration(),
            (false, true) => self.branches(),
            (false, false) => self.binary(precedence),
        };
        self.depth -= 1;
        let node = node?;
        if precedence == 0 && !declares && !branches {
            self.conditional(node)
        } else {
            Ok(node)
        }
    }

    fn binary(&mut self, precedence: u32) -> Parsed {
        let mut left = self.primary()?;
        let mut after_coalesce = false;
        while let Token::Operator(text) = self.current().clone() {
            if text == "|" {
                if precedence > 0 {
                    break;
                }
                self.wrap()?;
                self.at += 1;
                left = self.pipe(left)?;
                after_coalesce = false;
                continue;
            }
            let negated = text == "not";
            let text = match (negated, self.following()) {
                (false, _) => text,
                (true, Token::Operator(next)) if may_be_negated(next) => next.clone(),
                (true, _) => return unexpected(),
            };
            let Some((operator, binds, to_the_right)) = Operator::parse(&text) else {
                break;
            };
            if binds < precedence {
                break;
            }
            self.wrap()?;
            self.at += 1 + usize::from(negated);
            if after_coalesce && operator != Operator::Coalesce {
                return Err(ConditionError::syntax("?? mixed with another operator"));
            }
            if operator.is_ordering() {
                left = self.ordering(left, operator, binds)?;
            } else {
                let right = self.expression(if to_the_right { binds } else { binds + 1 })?;
                left = binary(operator, left, right);
                if negated {
                    left = Node::Unary {
                        operator: Unary::Not,
                        operand: Box::new(left),
                    };
                }
            }
            after_coalesce = operator == Operator::Coalesce;
        }
        Ok(left)
    }

    /// `a < b < c` is `a < b && b < c`.
    fn ordering(&mut self, left: Node, operator: Operator, binds: u32) -> Parsed {
        let (mut left, mut operator, mut all) = (left, operator, None);
        loop {
            self.wrap()?;
            let right = self.expression(binds + 1)?;
            let comparison = binary(operator, left, right.clone());
            all = Some(match all {
                None => comparison,
                Some(earlier) => binary(Operator::And, earlier, comparison),
            });
            left = right;
            let Token::Operator(text) = self.current() else {
                break;
            };
            match Operator::parse(text) {
                Some((next, _, _)) if next.is_ordering() => operator = next,
                _ => break,
            }
            self.at += 1;
        }
        all.ok_or(ConditionError::syntax("unexpected token"))
    }

    fn conditional(&mut self, node: Node) -> Parsed {
        let mut node = node;
        while self.accept_operator("?") {
            self.wrap()?;
            let (then, otherwise) = if self.accept_operator(":") {
                (node.clone(), self.expression(0)?)
            } else {
                let then = self.expression(0)?;
                self.expect_operator(":")?;
                (then, self.expression(0)?)
            };
            node = Node::Conditional {
                condition: Box::new(node),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            };
        }
        Ok(node)
    }

    fn primary(&mut self) -> Parsed {
        if let Token::Operator(text) = self.current().clone() {
            let unary = match text.as_str() {
                "-" => Some((Unary::Minus, 90)),
                "+" => Some((Unary::Plus, 90)),
                "!" | "not" => Some((Unary::Not, 50)),
                _ => None,
            };
            if let Some((operator, binds)) = unary {
                self.at += 1;
                let operand = Box::new(self.expression(binds)?);
                return self.postfix(Node::Unary { operator, operand });
            }
            if self.predicates > 0 && (text == "#" || text == ".") {
                return self.pointer(text == "#");
            }
            return unexpected();
        }
        if self.accept_bracket('(') {
            let inner = self.sequence()?;
            self.expect_bracket(')')?;
            return self.postfix(inner);
        }
        self.atom()
    }

    fn pointer(&mut self, hash: bool) -> Parsed {
        let mut name = String::new();
        if hash {
            self.at += 1;
            if let Token::Identifier(found) = self.current() {
                name.clone_from(found);
                self.at += 1;
            }
        }
        self.postfix(Node::Pointer(name))
    }

    fn atom(&mut self) -> Parsed {
        let node = match self.advance() {
            Token::Identifier(name) => match name.as_str() {
                "true" => return Ok(Node::Bool(true)),
                "false" => return Ok(Node::Bool(false)),
                "nil" => return Ok(Node::Nil),
                _ if outside::refusal(&name).is_some_and(|_| self.is_meant(&name)) => {
                    return outside::refusal(&name).map_or_else(unexpected, Err);
                }
                _ if self.current().is_bracket('(') => self.call(name, Vec::new())?,
                _ => Node::Identifier(name),
            },
            Token::Number(text) => return number(&text),
            Token::Text(text) => Node::Text(text),
            Token::Bracket('[') => Node::Array(self.list(']')?),
            Token::Bracket('{') => self.map()?,
            Token::Bracket(_) | Token::End | Token::Operator(_) => return unexpected(),
        };
        self.postfix(node)
    }

    /// Expressions up to a closing bracket; a comma may stand at the end.
    fn list(&mut self, close: char) -> Result<Vec<Node>, ConditionError> {
        let mut nodes = Vec::new();
        while !self.accept_bracket(close) {
            if !nodes.is_empty() {
                self.expect_operator(",")?;
                if self.accept_bracket(close) {
                    break;
                }
            }
            nodes.push(self.expression(0)?);
        }
        Ok(nodes)
    }

    fn map(&mut self) -> Parsed {
        let mut pairs = Vec::new();
        while !self.accept_bracket('}') {
            if !pairs.is_empty() {
                self.expect_operator(",")?;
                if self.accept_bracket('}') {
                    break;
                }
            }
            let key = match self.advance() {
                Token::Identifier(key) | Token::Number(key) | Token::Text(key) => key,
                Token::Bracket(_) | Token::End | Token::Operator(_) => return unexpected(),
            };
            self.expect_operator(":")?;
            pairs.push((key, self.expression(0)?));
        }
        Ok(Node::Map(pairs))
    }

    /// Is a name that is left out used as what it stands for, and not as that of a variable?
    fn is_meant(&self, name: &str) -> bool {
        name.starts_with('$') || self.current().is_bracket('(')
    }

    /// What follows `|`: a call whose first argument is the value on the left.
    fn pipe(&mut self, left: Node) -> Parsed {
        match self.advance() {
            Token::Identifier(name) => {
                if let Some(refusal) = outside::refusal(&name) {
                    return Err(refusal);
                }
                let node = self.call(name, vec![left])?;
                self.postfix(node)
            }
            _ => unexpected(),
        }
    }

    fn call(&mut self, name: String, given: Vec<Node>) -> Parsed {
        let mut arguments = given;
        if let Some(takes) = builtin::predicate_arguments(&name) {
            self.expect_bracket('(')?;
            for (position, argument) in takes.iter().skip(arguments.len()).enumerate() {
                if self.current().is_bracket(')') {
                    if argument.optional {
                        break;
                    }
                    return Err(ConditionError::syntax("too few arguments"));
                }
                if position > 0 {
                    self.expect_operator(",")?;
                }
                arguments.push(if argument.predicate {
                    self.predicate()?
                } else {
                    self.expression(0)?
                });
            }
            let _ = self.accept_operator(",");
            self.expect_bracket(')')?;
            return Ok(Node::Builtin { name, arguments });
        }
        self.expect_bracket('(')?;
        arguments.extend(self.list(')')?);
        if builtin::is_builtin(&name) {
            Ok(Node::Builtin { name, arguments })
        } else {
            Ok(Node::Call {
                callee: Box::new(Node::Identifier(name)),
                arguments,
            })
        }
    }

    fn predicate(&mut self) -> Parsed {
        let braces = self.accept_bracket('{');
        self.predicates += 1;
        let node = if braces {
            self.sequence()
        } else {
            self.expression(0)
        };
        self.predicates -= 1;
        let node = node?;
        if braces {
            self.expect_bracket('}')?;
        }
        Ok(node)
    }

    fn postfix(&mut self, node: Node) -> Parsed {
        let mut node = node;
        loop {
            let optional = self.current().is_operator("?.");
            if optional || self.current().is_operator(".") {
                self.at += 1;
                if optional && self.accept_bracket('[') {
                    node = self.index(node, true)?;
                    continue;
                }
                self.wrap()?;
                let property = match self.advance() {
                    Token::Identifier(name) => name,
                    Token::Operator(name) if name.chars().all(char::is_alphabetic) => name,
                    _ => return unexpected(),
                };
                node = self.member(node, Node::Text(property), optional)?;
            } else if self.accept_bracket('[') {
                self.wrap()?;
                node = self.index(node, false)?;
            } else {
                return Ok(node);
            }
        }
    }

    /// A member by name, called if a bracket follows; stays inside the chain it belongs to.
    fn member(&mut self, base: Node, property: Node, optional: bool) -> Parsed {
        let (base, chained) = match base {
            Node::Chain(inner) => (*inner, true),
            other => (other, false),
        };
        let mut node = Node::Member {
            base: Box::new(base),
            property: Box::new(property),
            optional,
        };
        if self.accept_bracket('(') {
            node = Node::Call {
                callee: Box::new(node),
                arguments: self.list(')')?,
            };
        }
        Ok(if chained || optional {
            Node::Chain(Box::new(node))
        } else {
            node
        })
    }

    /// An index or slice; the opening bracket is read already.
    fn index(&mut self, base: Node, optional: bool) -> Parsed {
        let from = if self.current().is_operator(":") {
            None
        } else {
            Some(Box::new(self.expression(0)?))
        };
        let node = if self.accept_operator(":") {
            let to = if self.current().is_bracket(']') {
                None
            } else {
                Some(Box::new(self.expression(0)?))
            };
            Node::Slice {
                base: Box::new(base),
                from,
                to,
            }
        } else {
            let property = from.ok_or(ConditionError::syntax("empty index"))?;
            let member = Node::Member {
                base: Box::new(base),
                property,
                optional,
            };
            if optional {
                Node::Chain(Box::new(member))
            } else {
                member
            }
        };
        self.expect_bracket(']')?;
        Ok(node)
    }
}

fn unexpected<T>() -> Result<T, ConditionError> {
    Err(ConditionError::syntax("unexpected token"))
}

fn binary(operator: Operator, left: Node, right: Node) -> Node {
    Node::Binary {
        operator,
        left: Box::new(left),
        right: Box::new(right),
    }
}

fn may_be_negated(operator: &str) -> bool {
    matches!(
        operator,
        "contains" | "matches" | "startsWith" | "endsWith" | "in"
    )
}

fn number(text: &str) -> Parsed {
    let text = text.replace('_', "");
    let bad = ConditionError::syntax("bad number");
    let radix = match text.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 10,
    };
    if radix != 10 {
        let digits = text.get(2..).unwrap_or("");
        return i64::from_str_radix(digits, radix)
            .ok()
            .map(Node::Integer)
            .ok_or(bad);
    }
    if text.contains(['.', 'e', 'E']) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Node::Float(value)),
            _ => Err(bad),
        };
    }
    text.parse().ok().map(Node::Integer).ok_or(bad)
}
