//! TOML into the tree, within limits. The parser stays in here.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::toml_cost::{Refused, weigh};
use super::{Entry, Extent, Kind, Limits, Node, READER_FAULTS_MAX, Source, fault};
use crate::fault::{Code, Fault};

/// Reads a TOML source; faults go to the list. `None` if there is no tree.
pub(super) fn read(source: &mut Source, limits: Limits, faults: &mut Vec<Fault>) -> Option<Node> {
    let text = &*source.shared();
    match weigh(text, limits) {
        Err(Refused::Deep(start)) => {
            let at = Extent::new(start, start + 1);
            let message = format!("nested more than {} deep", limits.depth_max);
            faults.push(fault(source, Code::TooDeep, at, &message));
            return None;
        }
        Err(Refused::Many(message, start)) => {
            let at = Extent::new(start, start);
            faults.push(fault(source, Code::TooManyValues, at, &message));
            return None;
        }
        // One error or a few: the reader tells each. Many: it would keep a copy for each of millions.
        Err(Refused::Syntax {
            message,
            at,
            errors,
        }) if errors > READER_FAULTS_MAX => {
            let at = at.map_or(Extent::new(0, 0), |at| Extent::new(at.start(), at.end()));
            let message = format!("{message}; the document has {errors} errors like this");
            faults.push(fault(source, Code::Syntax, at, &message));
            return None;
        }
        Err(Refused::Syntax { .. }) | Ok(()) => {}
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    faults.extend((independent(&errors, text).into_iter()).map(|error| told(source, error)));
    if !errors.is_empty() {
        return None;
    }
    let mut builder = Builder {
        source,
        limits,
        faults,
        values: 0,
    };
    let span = table.span();
    let is_empty = table.get_ref().is_empty();
    let kind = builder.table(table.into_inner(), 1)?;
    if is_empty {
        let message = "there is nothing in this document";
        faults.push(fault(
            source,
            Code::EmptyDocument,
            Extent::new(0, 0),
            message,
        ));
        return None;
    }
    Some(Node {
        kind,
        at: Extent::new(span.start, span.end),
    })
}

/// The errors that each stand for a slip. Behind the first one the parser guesses how it goes on, and what it does not
/// understand then is no slip: nothing else is told, unless all of them are keys that stand twice. What stands in a table
/// that is there a second time then stands twice too.
fn independent<'e>(errors: &'e [Error], text: &str) -> Vec<&'e Error> {
    let twice = |error: &Error| error.message().contains("duplicate key");
    if !errors.iter().all(twice) {
        return errors.iter().take(1).collect();
    }
    let mut told = Vec::new();
    let mut table_end = 0;
    for error in errors.iter().take(READER_FAULTS_MAX) {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        if at < table_end {
            continue;
        }
        if line.trim_start().starts_with('[') {
            let rest = text.get(at..).unwrap_or_default();
            table_end = rest.find("\n[").map_or(text.len(), |next| at + next);
        }
        told.push(error);
    }
    told
}

/// What is wrong, as the parser tells it.
fn told(source: &Source, error: &Error) -> Fault {
    let range = error.span().unwrap_or(0..0);
    let at = Extent::new(range.start, range.end);
    let syntax =
        "texts stand in quotes and items are parted by commas; what comes behind was not looked at";
    // The parser has no kinds of errors, only words.
    let (code, message, help) = match error.message() {
        message if message.contains("recursion") => (Code::TooDeep, message.to_owned(), None),
        message if message.contains("duplicate key") => {
            let message = format!(
                "the key '{}' stands here a second time",
                shortened(source.slice(at))
            );
            let help = "remove one of the two, or join them; each item of a list of tables begins with [[two]] brackets";
            (Code::DuplicateKey, message, Some(help))
        }
        message => (Code::Syntax, message.to_owned(), Some(syntax)),
    };
    let found = fault(source, code, at, &message);
    Fault {
        help: help.map(str::to_owned).or(found.help),
        ..found
    }
}

/// A key as it is shown.
fn shortened(key: &str) -> String {
    let key = key.trim_matches(['[', ']', ' ', '"', '\'']);
    key.chars().take(80).collect()
}

struct Builder<'a> {
    source: &'a mut Source,
    limits: Limits,
    faults: &'a mut Vec<Fault>,
    values: usize,
}

impl Builder<'_> {
    fn stop<T>(&mut self, code: Code, at: Extent, message: &str) -> Option<T> {
        self.faults.push(fault(self.source, code, at, message));
        None
    }

    fn table(&mut self, table: DeTable<'_>, depth: usize) -> Option<Kind> {
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let key_at = Extent::new(key.span().start, key.span().end);
            entries.push(Entry {
                key: self.source.keep(key.get_ref(), key_at),
                key_at,
                value: self.value(value, depth)?,
            });
        }
        // Tables come sorted by name; people wrote them in another order.
        entries.sort_by_key(|entry| entry.key_at.start);
        Some(Kind::Map(self.source.tree_mut().map(&entries)))
    }

    fn scalar(&mut self, text: &str, bare: bool, at: Extent) -> Option<Kind> {
        if let Some(message) = self.limits.refuse_text(text) {
            return self.stop(Code::TextTooLong, at, &message);
        }
        Some(self.kept(text, bare, at))
    }

    fn kept(&mut self, text: &str, bare: bool, at: Extent) -> Kind {
        let text = self.source.keep(text, if bare { at } else { at.inner() });
        Kind::Scalar { text, bare }
    }

    fn value(&mut self, value: Spanned<DeValue<'_>>, depth: usize) -> Option<Node> {
        let span = value.span();
        let at = Extent::new(span.start, span.end);
        self.values += 1;
        if self.values > self.limits.values_max {
            let message = format!("more than {} values", self.limits.values_max);
            return self.stop(Code::TooManyValues, at, &message);
        }
        if depth >= self.limits.depth_max {
            let message = format!("nested more than {} deep", self.limits.depth_max);
            return self.stop(Code::TooDeep, at, &message);
        }
        let kind = match value.into_inner() {
            DeValue::String(text) => self.scalar(&text, false, at)?,
            DeValue::Integer(number) if number.radix() == 10 => {
                self.scalar(&number.as_str().replace('_', ""), true, at)?
            }
            DeValue::Integer(number) => {
                match i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()) {
                    Ok(number) => self.kept(&number.to_string(), true, at),
                    Err(_) => {
                        return self.stop(Code::InvalidNumber, at, "this number is too large");
                    }
                }
            }
            DeValue::Float(number) => self.scalar(&number.as_str().replace('_', ""), true, at)?,
            DeValue::Boolean(truth) => self.kept(if truth { "true" } else { "false" }, true, at),
            DeValue::Datetime(moment) => self.kept(&moment.to_string(), true, at),
            DeValue::Array(array) => {
                let mut list = Vec::with_capacity(array.len());
                for item in array {
                    list.push(self.value(item, depth + 1)?);
                }
                Kind::List(self.source.tree_mut().list(&list))
            }
            DeValue::Table(table) => self.table(table, depth + 1)?,
        };
        Some(Node { kind, at })
    }
}
