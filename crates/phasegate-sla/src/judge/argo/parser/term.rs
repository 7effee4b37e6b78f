//! The parts between operators: literals, names, calls, predicates, chains of members.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::super::ast::{Builtin, Form, Node, Place, Unary};
use super::super::lexer::Token;
use super::super::{ConditionError, outside, signature};
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
                return self.postfix(Form::Unary { operator, operand }.into());
            }
            if self.predicates > 0 && (text == "#" || text == ".") {
                return self.pointer(text == "#");
            }
            if self.accept_operator("::") {
                let Token::Identifier(name) = self.advance() else {
                    return unexpected();
                };
                let node = self.call(name, Vec::new())?;
                return self.postfix(node);
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
        self.postfix(Form::Pointer(name).into())
    }

    fn atom(&mut self) -> Parsed {
        let form = match self.advance() {
            Token::Identifier(name) => match name.as_str() {
                "true" => return Ok(Form::Bool(true).into()),
                "false" => return Ok(Form::Bool(false).into()),
                "nil" => return Ok(Form::Nil.into()),
                _ if outside::refusal(&name).is_some_and(|_| self.is_meant(&name)) => {
                    return outside::refusal(&name).map_or_else(unexpected, Err);
                }
                _ if self.current().is_bracket('(') => {
                    let node = self.call(name, Vec::new())?;
                    return self.postfix(node);
                }
                _ => Form::Identifier(name),
            },
            Token::Number(text) => return number(&text),
            Token::Bytes(bytes) => Form::Bytes(bytes),
            Token::Text(text) => Form::Text(text),
            Token::Bracket('[') => Form::Array(self.list(']')?),
            Token::Bracket('{') => self.map()?,
            Token::Bracket(_) | Token::End | Token::Operator(_) => return unexpected(),
        };
        self.postfix(form.into())
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

    fn map(&mut self) -> Result<Form, ConditionError> {
        let mut pairs = Vec::new();
        while !self.accept_bracket('}') {
            if !pairs.is_empty() {
                self.expect_operator(",")?;
                if self.accept_bracket('}') {
                    break;
                }
            }
            let key = if self.current().is_bracket('(') {
                self.expression(0)?
            } else {
                match self.advance() {
                    Token::Identifier(key) | Token::Number(key) | Token::Text(key) => {
                        Form::Text(key).into()
                    }
                    Token::Bracket(_) | Token::Bytes(_) | Token::End | Token::Operator(_) => {
                        return unexpected();
                    }
                }
            };
            self.expect_operator(":")?;
            pairs.push((key, self.expression(0)?));
        }
        Ok(Form::Map(pairs))
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
        let place = Place(self.at);
        if let Some(takes) = signature::predicate_arguments(&name) {
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
            return Ok(builtin_call(name, arguments, place));
        }
        self.expect_bracket('(')?;
        arguments.extend(self.list(')')?);
        if signature::is_builtin(&name) {
            Ok(builtin_call(name, arguments, place))
        } else {
            let callee = Box::new(Form::Identifier(name).into());
            Ok(Form::Call { callee, arguments }.into())
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
                node = self.member(node, Form::Text(property).into(), optional)?;
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
        let (base, chained) = match base.form {
            Form::Chain(inner) => (inner, true),
            form => (Box::new(form.into()), false),
        };
        let mut node = Node::from(Form::Member {
            base,
            property: Box::new(property),
            optional,
        });
        if self.accept_bracket('(') {
            node = Node::from(Form::Call {
                callee: Box::new(node),
                arguments: self.list(')')?,
            });
        }
        Ok(if chained || optional {
            Form::Chain(Box::new(node)).into()
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
            Node::from(Form::Slice {
                base: Box::new(base),
                from,
                to,
            })
        } else {
            let property = from.ok_or(ConditionError::syntax("empty index"))?;
            let member = Node::from(Form::Member {
                base: Box::new(base),
                property,
                optional,
            });
            if optional {
                Form::Chain(Box::new(member)).into()
            } else {
                member
            }
        };
        self.expect_bracket(']')?;
        Ok(node)
    }
}

fn builtin_call(name: String, arguments: Vec<Node>, place: Place) -> Node {
    Node::from(Form::Builtin(Builtin {
        name,
        arguments,
        map: None,
        throws: false,
        place,
    }))
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
            .map(|number| Form::Integer(number).into())
            .ok_or(bad);
    }
    if text.contains(['.', 'e', 'E']) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Form::Float(value).into()),
            _ => Err(bad),
        };
    }
    match text.parse() {
        Ok(number) => Ok(Form::Integer(number).into()),
        Err(_) => Err(bad),
    }
}
