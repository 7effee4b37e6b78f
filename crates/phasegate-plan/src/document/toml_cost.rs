//! What reading a TOML document would cost, counted before it is read: the reader makes a table for each
//! part of a dotted key and keeps every error, and neither can be stopped half-way.
//!
//! Cost: one pass over the bytes and one over at most [`TOKENS_MAX`] tokens; nothing else is kept.

use toml_parser::decoder::Encoding;
use toml_parser::lexer::TokenKind;
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, ParseError, Source, Span};

use super::Limits;

/// Tokens without blanks: a plan of 8 MiB in the densest writing has fewer; a token takes 24 bytes.
const TOKENS_MAX: usize = 4_000_000;
/// Tables: each takes about 1 100 bytes in the reader, so these 220 MiB. Ten thousand phases have half.
const TABLES_MAX: usize = 200_000;

/// Why a document is not read.
pub(super) enum Refused {
    /// Brackets within brackets, more than may be; where the limit was met. The reader goes down with each.
    Deep(usize),
    /// More tokens, values or tables than this; where the limit was met.
    Many(String, usize),
    /// It is not TOML: the first error, its stretch of bytes, and how many there are.
    Syntax {
        message: String,
        at: Option<Span>,
        errors: usize,
    },
}

/// Counts what a document holds. `Err` if reading it is in vain or would cost too much.
pub(super) fn weigh(text: &str, limits: Limits) -> Result<(), Refused> {
    let source = Source::new(text);
    let mut tokens = Vec::new();
    let mut depth: usize = 0;
    for token in source.lex() {
        let kind = token.kind();
        let is = |kinds: [TokenKind; 2]| kinds.contains(&kind);
        if is([TokenKind::LeftSquareBracket, TokenKind::LeftCurlyBracket]) {
            depth += 1;
        }
        if is([TokenKind::RightSquareBracket, TokenKind::RightCurlyBracket]) {
            depth = depth.saturating_sub(1);
        }
        if depth > limits.depth_max {
            return Err(Refused::Deep(token.span().start()));
        }
        if tokens.len() >= TOKENS_MAX {
            let message = format!("more than {TOKENS_MAX} words and signs");
            return Err(Refused::Many(message, token.span().start()));
        }
        tokens.push(token);
    }
    let mut weight = Weight {
        values_max: limits.values_max,
        values: 0,
        tables: 0,
        over: None,
    };
    let mut first: Option<ParseError> = None;
    let mut errors = 0;
    let mut sink = |error: ParseError| {
        errors += 1;
        first.get_or_insert(error);
    };
    parse_document(&tokens, &mut weight, &mut sink);
    if let Some((message, at)) = weight.over {
        return Err(Refused::Many(message, at));
    }
    first.map_or(Ok(()), |error| {
        Err(Refused::Syntax {
            message: error.description().to_owned(),
            at: error.unexpected().or(error.context()),
            errors,
        })
    })
}

struct Weight {
    values_max: usize,
    values: usize,
    tables: usize,
    over: Option<(String, usize)>,
}

impl Weight {
    fn value(&mut self, span: Span) {
        self.values += 1;
        if self.values > self.values_max && self.over.is_none() {
            let message = format!("more than {} values", self.values_max);
            self.over = Some((message, span.start()));
        }
    }

    fn table(&mut self, span: Span) {
        self.tables += 1;
        if self.tables > TABLES_MAX && self.over.is_none() {
            let message = format!("more than {TABLES_MAX} tables");
            self.over = Some((message, span.start()));
        }
        self.value(span);
    }
}

impl EventReceiver for Weight {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.table(span);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.table(span);
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.table(span);
        true
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.value(span);
        true
    }

    fn simple_key(&mut self, span: Span, _: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.value(span);
    }

    // A part of a dotted key before the last may make a table.
    fn key_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.table(span);
    }

    fn scalar(&mut self, span: Span, _: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.value(span);
    }
}
