//! Reads a condition: operator precedence, chains of members, predicates, pipes.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

mod term;

use super::ConditionError;
use super::ast::{COPIED_MAX, Form, Node, Operator, Unary};
use super::lexer::{Token, tokens};

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
        copied: 0,
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
    /// Nodes that stand in two places.
    copied: usize,
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
            if matches!(self.current(), Token::End) {
                break;
            }
            nodes.push(self.expression(0)?);
        }
        Ok(Form::Sequence(nodes).into())
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
        Ok(Form::Let { name, value, body }.into())
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
        let otherwise = Box::new(otherwise);
        Ok(Form::Conditional {
            condition,
            then,
            otherwise,
        }
        .into())
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

    fn copy(&mut self, node: &mut Node) -> Parsed {
        self.copied += node.size();
        if self.copied > COPIED_MAX {
            return Err(ConditionError::syntax("too much stands in two places"));
        }
        Ok(node.clone())
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
                left = Node::binary(operator, left, right);
                if negated {
                    left = Node::from(Form::Unary {
                        operator: Unary::Not,
                        operand: Box::new(left),
                    });
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
            let mut right = self.expression(binds + 1)?;
            let comparison = Node::binary(operator, left, self.copy(&mut right)?);
            all = Some(match all {
                None => comparison,
                Some(earlier) => Node::binary(Operator::And, earlier, comparison),
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
                (self.copy(&mut node)?, self.expression(0)?)
            } else {
                let then = self.expression(0)?;
                self.expect_operator(":")?;
                (then, self.expression(0)?)
            };
            node = Node::from(Form::Conditional {
                condition: Box::new(node),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            });
        }
        Ok(node)
    }
}

fn unexpected<T>() -> Result<T, ConditionError> {
    Err(ConditionError::syntax("unexpected token"))
}

fn may_be_negated(operator: &str) -> bool {
    matches!(
        operator,
        "contains" | "matches" | "startsWith" | "endsWith" | "in"
    )
}
