//! The parts between operators: literals, names, calls, predicates, chains of members.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::super::ast::{Node, Unary};
use super::super::lexer::Token;
use super::super::{ConditionError, builtin, outside};
use super::{Parsed, Parser, unexpected};

impl Parser {
    pub(super) fn primary(&mut self) -> Parsed {
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
            Token::Bytes(bytes) => Node::Array(
                bytes
                    .into_iter()
                    .map(|byte| Node::Integer(i64::from(byte)))
                    .collect(),
            ),
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
                Token::Bracket(_) | Token::Bytes(_) | Token::End | Token::Operator(_) => {
                    return unexpected();
                }
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
    pub(super) fn pipe(&mut self, left: Node) -> Parsed {
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
