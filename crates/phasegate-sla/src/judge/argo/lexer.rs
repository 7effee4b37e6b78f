//! Splits a condition into tokens.

use super::ConditionError;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Bracket(char),
    /// `b"abc"`.
    Bytes(Vec<u8>),
    End,
    Identifier(String),
    Number(String),
    Operator(String),
    Text(String),
}

impl Token {
    pub(super) fn is_operator(&self, text: &str) -> bool {
        matches!(self, Self::Operator(operator) if operator == text)
    }

    pub(super) fn is_bracket(&self, bracket: char) -> bool {
        matches!(self, Self::Bracket(found) if *found == bracket)
    }
}

/// All tokens of `text`, the last one [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ConditionError> {
    let mut lexer = Lexer {
        rest: text,
        found: Vec::new(),
    };
    while lexer.token()? {}
    lexer.found.push(Token::End);
    Ok(lexer.found)
}

struct Lexer<'a> {
    rest: &'a str,
    found: Vec<Token>,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn accept(&mut self, any_of: &str) -> Option<char> {
        self.peek()
            .filter(|c| any_of.contains(*c))
            .and_then(|_| self.next())
    }

    fn word(&mut self, part: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|c| !part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn operator(&mut self, text: impl Into<String>) {
        self.found.push(Token::Operator(text.into()));
    }

    /// One token, or the white space or comment before it; false at the end.
    fn token(&mut self) -> Result<bool, ConditionError> {
        let Some(first) = self.peek() else {
            return Ok(false);
        };
        if let Some(bytes) = self.bytes_literal()? {
            self.found.push(Token::Bytes(bytes));
            return Ok(true);
        }
        if is_alphabetic(first) {
            self.identifier();
            return Ok(true);
        }
        if first.is_ascii_digit() {
            self.number()?;
            return Ok(true);
        }
        let _ = self.next();
        match first {
            c if c.is_whitespace() => {}
            '\'' | '"' => {
                let text = self.quoted(first)?;
                self.found.push(Token::Text(text));
            }
            '`' => {
                let text = self.raw()?;
                self.found.push(Token::Text(text));
            }
            '(' | '[' | '{' | ')' | ']' | '}' => self.found.push(Token::Bracket(first)),
            '?' => {
                let second = self.accept(".?");
                self.operator(joined(first, second));
            }
            '/' => self.slash()?,
            '#' => {
                let _ = self.accept("#");
                self.operator("#");
                let name = self.word(is_alphanumeric);
                if !name.is_empty() {
                    self.found.push(Token::Identifier(name));
                }
            }
            '|' => {
                let second = self.accept("|");
                self.operator(joined(first, second));
            }
            ':' => {
                let second = self.accept(":");
                self.operator(joined(first, second));
            }
            ',' | ';' | '%' | '+' | '-' | '^' => self.operator(first),
            '&' | '!' | '=' | '*' | '<' | '>' => {
                let second = self.accept("&=*");
                self.operator(joined(first, second));
            }
            '.' if self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                let fraction = self.word(|c| c.is_ascii_digit() || c == '_');
                let exponent = self.exponent();
                self.push_number(format!("0.{fraction}{exponent}"))?;
            }
            '.' => {
                let second = self.accept(".");
                self.operator(joined(first, second));
            }
            _ => return Err(ConditionError::syntax("unrecognised character")),
        }
        Ok(true)
    }

    fn identifier(&mut self) {
        let word = self.word(is_alphanumeric);
        match word.as_str() {
            "not" | "in" | "or" | "and" | "matches" | "contains" | "startsWith" | "endsWith"
            | "let" | "if" | "else" => self.operator(word),
            _ => self.found.push(Token::Identifier(word)),
        }
    }

    fn number(&mut self) -> Result<(), ConditionError> {
        let prefix = self.rest.get(..2).unwrap_or("").to_ascii_lowercase();
        let mut text = match prefix.as_str() {
            "0x" | "0o" | "0b" => {
                self.rest = self.rest.get(2..).unwrap_or("");
                let digits = match prefix.as_str() {
                    "0x" => self.word(|c| c.is_ascii_hexdigit() || c == '_'),
                    "0o" => self.word(|c| ('0'..='7').contains(&c) || c == '_'),
                    _ => self.word(|c| c == '0' || c == '1' || c == '_'),
                };
                return self.push_number(format!("{prefix}{digits}"));
            }
            _ => self.word(|c| c.is_ascii_digit() || c == '_'),
        };
        // `1..2` is a range, not two fractions.
        if self.rest.starts_with('.') && !self.rest.starts_with("..") {
            let _ = self.next();
            text.push('.');
            text += &self.word(|c| c.is_ascii_digit() || c == '_');
        }
        text += &self.exponent();
        self.push_number(text)
    }

    fn exponent(&mut self) -> String {
        let mut text = String::new();
        if let Some(e) = self.accept("eE") {
            text.push(e);
            text.extend(self.accept("+-"));
            text += &self.word(|c| c.is_ascii_digit() || c == '_');
        }
        text
    }

    fn push_number(&mut self, text: String) -> Result<(), ConditionError> {
        if self.peek().is_some_and(is_alphanumeric) {
            return Err(ConditionError::syntax("bad number"));
        }
        self.found.push(Token::Number(text));
        Ok(())
    }

    fn slash(&mut self) -> Result<(), ConditionError> {
        if self.accept("/").is_some() {
            let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
            self.rest = self.rest.get(end..).unwrap_or("");
        } else if self.accept("*").is_some() {
            let end = self
                .rest
                .find("*/")
                .ok_or(ConditionError::syntax("unclosed comment"))?;
            self.rest = self.rest.get(end + 2..).unwrap_or("");
        } else {
            self.operator("/");
        }
        Ok(())
    }

    /// A text between backticks: nothing is escaped, and two of them are one.
    fn raw(&mut self) -> Result<String, ConditionError> {
        let mut text = String::new();
        loop {
            match self.next() {
                Some('`') if self.accept("`").is_some() => text.push('`'),
                Some('`') => return Ok(text),
                Some(c) => text.push(c),
                None => return Err(ConditionError::syntax("unclosed text")),
            }
        }
    }

    /// The inside of a quoted text, escapes resolved.
    fn quoted(&mut self, quote: char) -> Result<String, ConditionError> {
        let mut text = String::new();
        while let Some((c, _)) = self.part(quote)? {
            text.push(c);
        }
        Ok(text)
    }

    /// `b"abc"`, if it stands here: escapes above ASCII are bytes, and there are none of Unicode.
    fn bytes_literal(&mut self) -> Result<Option<Vec<u8>>, ConditionError> {
        let mut ahead = self.rest.chars();
        let (Some('b' | 'B'), Some(quote @ ('"' | '\''))) = (ahead.next(), ahead.next()) else {
            return Ok(None);
        };
        self.rest = ahead.as_str();
        let mut bytes = Vec::new();
        while let Some((c, escaped)) = self.part(quote)? {
            match (escaped, u8::try_from(u32::from(c))) {
                (Some('u' | 'U'), _) => return Err(ConditionError::syntax("bad escape")),
                (Some(_), Ok(byte)) => bytes.push(byte),
                (Some(_), Err(_)) | (None, _) => {
                    bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        Ok(Some(bytes))
    }

    /// A character of a quoted text and, if it was escaped, the letter behind the backslash; none at the
    /// closing quote.
    fn part(&mut self, quote: char) -> Result<Option<(char, Option<char>)>, ConditionError> {
        let unclosed = ConditionError::syntax("unclosed text");
        match self.next().ok_or(unclosed.clone())? {
            c if c == quote => Ok(None),
            '\n' => Err(unclosed),
            '\\' => {
                let escaped = self.next().ok_or(unclosed)?;
                let c = match escaped {
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\u{b}',
                    '\\' => escaped,
                    _ if escaped == quote => escaped,
                    '0'..='3' => self.octal(escaped)?,
                    'x' => self.hex(2)?,
                    'u' if self.accept("{").is_some() => self.braced()?,
                    'u' => self.hex(4)?,
                    'U' => self.hex(8)?,
                    _ => return Err(ConditionError::syntax("unknown escape")),
                };
                Ok(Some((c, Some(escaped))))
            }
            c => Ok(Some((c, None))),
        }
    }

    /// Three octal digits, of which the first is read.
    fn octal(&mut self, first: char) -> Result<char, ConditionError> {
        let mut code = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let digit = self.next().and_then(|c| c.to_digit(8));
            code = code * 8 + digit.ok_or(ConditionError::syntax("bad escape"))?;
        }
        char::from_u32(code).ok_or(ConditionError::syntax("bad escape"))
    }

    /// Up to six hexadecimal digits and a closing brace.
    fn braced(&mut self) -> Result<char, ConditionError> {
        let digits = self
            .rest
            .find('}')
            .filter(|digits| (1..=6).contains(digits));
        let code = self.hex(digits.ok_or(ConditionError::syntax("bad escape"))?)?;
        let _ = self.next();
        Ok(code)
    }

    fn hex(&mut self, digits: usize) -> Result<char, ConditionError> {
        let bad = ConditionError::syntax("bad escape");
        let text = self.rest.get(..digits).ok_or(bad.clone())?;
        let is_hex = text.chars().all(|c| c.is_ascii_hexdigit());
        let code = u32::from_str_radix(text, 16).ok().filter(|_| is_hex);
        self.rest = self.rest.get(digits..).unwrap_or("");
        match code.ok_or(bad.clone())? {
            // Half a pair of UTF-16 is no character.
            0xD800..=0xDFFF => Ok(char::REPLACEMENT_CHARACTER),
            code => char::from_u32(code).ok_or(bad),
        }
    }
}

fn joined(first: char, second: Option<char>) -> String {
    std::iter::once(first).chain(second).collect()
}

fn is_alphabetic(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphabetic()
}

fn is_alphanumeric(c: char) -> bool {
    is_alphabetic(c) || c.is_numeric()
}
