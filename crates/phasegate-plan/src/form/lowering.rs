//! The context of reading: where we are, what is wrong so far.

use std::fmt::Display;
use std::str::FromStr;

use super::{Flat, Form, Unread};
use crate::document::pointer::{push_index, push_key};
use crate::document::{Entry, Extent, Kind, Node, Source};
use crate::fault::{Code, FAULTS_MAX, Fault};

/// So many comparisons of criteria, facts and the like are read: each takes a kilobyte and more. Ten thousand
/// phases with ten each have as many.
const COMPARISONS_MAX: usize = 100_000;

/// So many items of one list, or entries of one map, are read. Ten thousand phases are a fifth of it.
const ITEMS_MAX: usize = 50_000;

/// A level of the way to a value.
enum Segment<'s> {
    Key(&'s str),
    Index(usize),
}

/// Reads types from nodes and collects every fault on the way.
pub(crate) struct Lowering<'s> {
    source: &'s Source,
    faults: Vec<Fault>,
    /// The way to where we are.
    path: Vec<Segment<'s>>,
    unread: Unread,
    comparisons: usize,
    /// Nothing more is read: the list of faults is full, or a limit was hit.
    stopped: bool,
}

impl<'s> Lowering<'s> {
    pub(crate) fn new(source: &'s Source) -> Self {
        Self {
            source,
            faults: Vec::new(),
            path: Vec::new(),
            unread: Unread::default(),
            comparisons: 0,
            stopped: false,
        }
    }

    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }

    /// The key of an entry.
    pub(crate) fn key(&self, entry: &Entry) -> &'s str {
        entry.key.of(self.source)
    }

    /// Was something left out because there are too many faults, or too much of something?
    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped
    }

    /// `None`, and nothing more is read, if there is an item beyond the limit.
    fn few(&mut self, beyond: Option<Extent>) -> Option<()> {
        let Some(at) = beyond else {
            return Some(());
        };
        self.stop(at, || format!("more than {ITEMS_MAX} items in one place"));
        None
    }

    /// Reads nothing more, and says so once.
    fn stop(&mut self, at: Extent, message: impl FnOnce() -> String) {
        if !self.stopped {
            let help = "split the plan; nothing was read from here on, and what it means was not looked at";
            self.report(Code::TooManyValues, at, message(), Some(help.to_owned()));
            self.stopped = true;
        }
    }

    /// The entries of a map whose keys are free.
    pub(crate) fn free_entries(&mut self, node: &Node, wanted: &str) -> Option<&'s [Entry]> {
        let entries = self.entries(node, wanted)?;
        self.few(entries.get(ITEMS_MAX).map(|entry| entry.key_at))?;
        Some(entries)
    }

    /// Counts what a criterion or a fact compares; `false` if there is too much to keep it.
    pub(crate) fn may_keep(&mut self, comparisons: usize, at: Extent) -> bool {
        self.comparisons = self.comparisons.saturating_add(comparisons);
        let fits = self.comparisons <= COMPARISONS_MAX;
        if !fits {
            let message =
                || format!("more than {COMPARISONS_MAX} comparisons in criteria and facts");
            self.stop(at, message);
        }
        fits
    }

    /// The faults, and what could not be read.
    pub(crate) fn finish(self) -> (Vec<Fault>, Unread) {
        (self.faults, self.unread)
    }

    /// The JSON pointer to where we are.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.path {
            match *segment {
                Segment::Key(key) => push_key(&mut pointer, key),
                Segment::Index(index) => push_index(&mut pointer, index),
            }
        }
        pointer
    }

    pub(crate) fn report(
        &mut self,
        code: Code,
        at: Extent,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        if self.faults.len() >= FAULTS_MAX {
            self.stopped = true;
            return;
        }
        let pointer = self.pointer();
        self.faults.push(Fault {
            code,
            severity: code.severity(),
            place: Some(self.source.place(at)),
            pointer,
            message: message.into(),
            help,
        });
    }

    /// Does something one level down.
    pub(crate) fn under<T>(&mut self, key: &'s str, f: impl FnOnce(&mut Self) -> T) -> T {
        self.below(Segment::Key(key), f)
    }

    fn at_index<T>(&mut self, index: usize, f: impl FnOnce(&mut Self) -> T) -> T {
        self.below(Segment::Index(index), f)
    }

    fn below<T>(&mut self, segment: Segment<'s>, f: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment);
        let result = f(self);
        self.path.pop();
        result
    }

    /// The text of a scalar, or a fault that says what is wanted.
    pub(crate) fn text(&mut self, node: &Node, wanted: &str) -> Option<&'s str> {
        match node.kind {
            Kind::Scalar { .. } if node.is_null(self.source) => {
                self.empty(node, wanted);
                None
            }
            Kind::Scalar { text, .. } => Some(text.of(self.source)),
            Kind::List(_) => self.wrong_shape(node, wanted, "a list"),
            Kind::Map(_) => self.wrong_shape(node, wanted, "a map"),
        }
    }

    fn wrong_shape<T>(&mut self, node: &Node, wanted: &str, found: &str) -> Option<T> {
        let message = format!("{wanted} is wanted here, this is {found}");
        let help = format!("write {wanted} in its place");
        self.report(Code::WrongShape, node.at, message, Some(help));
        None
    }

    /// A key with nothing behind it.
    fn empty(&mut self, node: &Node, wanted: &str) {
        let message = format!("there is nothing here; {wanted} is wanted");
        let help = Some("write it behind the key, or leave the key out".to_owned());
        self.report(Code::EmptyValue, node.at, message, help);
    }

    /// A scalar that is parsed.
    pub(crate) fn parsed<T>(&mut self, node: &Node, wanted: &str, code: Code) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(node, wanted)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let help = super::mend::mend(text, |text| text.parse::<T>().is_ok());
                let help = help.unwrap_or_else(|| format!("write {wanted}"));
                self.report(code, node.at, format!("{error}"), Some(help));
                None
            }
        }
    }

    /// The part of a scalar that a range of its text stands for, where the text is as written.
    pub(crate) fn within(&self, node: &Node, range: std::ops::Range<usize>) -> Extent {
        let Kind::Scalar { text, .. } = &node.kind else {
            return node.at;
        };
        let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let (start, end) = (index(node.at.start), index(node.at.end));
        let written = self.source.text().get(start..end).unwrap_or_default();
        let Some(offset) = written
            .find(text.of(self.source))
            .filter(|offset| *offset <= 1)
        else {
            return node.at;
        };
        Extent::new(start + offset + range.start, start + offset + range.end)
    }

    /// The entries of a map, or a fault that says what is wanted.
    pub(crate) fn entries(&mut self, node: &Node, wanted: &str) -> Option<&'s [Entry]> {
        match node.kind {
            Kind::Map(map) => Some(self.source.entries(map)),
            Kind::Scalar { .. } if node.is_null(self.source) => {
                self.empty(node, wanted);
                None
            }
            Kind::Scalar { .. } => self.wrong_shape(node, wanted, "text"),
            Kind::List(_) => self.wrong_shape(node, wanted, "a list"),
        }
    }

    /// A field that must be there, and stands here if it is.
    pub(crate) fn need<T: Form>(
        &mut self,
        found: Option<&Entry>,
        entries: &[Entry],
        around: &Node,
        field: &str,
    ) -> Option<T> {
        if let Some(entry) = found {
            let value = self.under(self.key(entry), |cx| cx.filled(&entry.value));
            return value.or_else(|| self.stand_in(field));
        }
        let key = kebab(field);
        let head = entries.first().map_or(around.at, |entry| entry.key_at);
        let value = T::example().unwrap_or("...");
        let help = format!("add '{key}: {value}'");
        self.report(Code::MissingKey, head, missing(&key), Some(help));
        self.stand_in(field)
    }

    /// What stands for a field that must be there, if anything can.
    fn stand_in<T: Form>(&mut self, field: &str) -> Option<T> {
        if self.stopped {
            return None;
        }
        let value = T::stand_in(self.faults.len())?;
        let record = self.pointer();
        if T::is_name() {
            // The name of an item; elsewhere a name refers to something, and to what nobody knows.
            let (list, item) = record.rsplit_once('/')?;
            if field != "id" || item.parse::<usize>().is_err() {
                return None;
            }
            self.unread.nameless(list);
        }
        self.unread.part(format!("{record}/{}", kebab(field)));
        Some(value)
    }

    /// A value that says something.
    pub(crate) fn filled<T: Form>(&mut self, node: &Node) -> Option<T> {
        let value = T::read(node, self)?;
        if value.is_blank() {
            self.empty(node, "some text");
        }
        Some(value)
    }

    /// A field that may be there.
    pub(crate) fn may<T: Form>(&mut self, found: Option<&Entry>) -> Option<T> {
        let entry = found?;
        self.under(self.key(entry), |cx| {
            let value = T::read(&entry.value, cx);
            if value.is_none() {
                cx.drop_here();
            }
            value
        })
    }

    /// Remembers that what stands here was written and could not be read.
    pub(super) fn drop_here(&mut self) {
        let pointer = self.pointer();
        self.unread.part(pointer);
    }

    /// Remembers that something under this key could not be read, and that nobody knows what it is called.
    pub(super) fn lose_a_name(&mut self) {
        let here = self.pointer();
        self.unread.part(here);
    }

    /// A field with any number of things in it.
    pub(crate) fn list<T: Form>(&mut self, found: Option<&Entry>) -> Vec<T> {
        let Some(entry) = found else {
            return Vec::new();
        };
        self.under(self.key(entry), |cx| {
            let items = cx.items(&entry.value);
            if items.is_none() {
                cx.drop_here();
            }
            items.unwrap_or_default()
        })
    }

    /// The items of a list; those that cannot be read are left out.
    pub(crate) fn items<T: Form>(&mut self, node: &Node) -> Option<Vec<T>> {
        match node.kind {
            Kind::List(list) => {
                let list = self.source.items(list);
                self.few(list.get(ITEMS_MAX).map(|item| item.at))?;
                let mut items = Vec::with_capacity(list.len());
                for (index, item) in list.iter().enumerate() {
                    if self.stopped {
                        self.drop_here();
                        break;
                    }
                    match self.at_index(index, |cx| T::read(item, cx)) {
                        Some(item) => items.push(item),
                        None => {
                            let list = self.pointer();
                            self.unread.item(list, index, item, self.source);
                        }
                    }
                }
                Some(items)
            }
            Kind::Scalar { .. } if node.is_null(self.source) => {
                self.empty(node, "a list");
                None
            }
            Kind::Scalar { .. } => {
                let help = Some("write it as '- ...' on a line of its own".to_owned());
                let message = "a list is wanted here, this is text";
                self.report(Code::WrongShape, node.at, message, help);
                None
            }
            Kind::Map(_) => {
                let help = Some("put '- ' in front of the first key".to_owned());
                let message = "a list is wanted here, this is a map";
                self.report(Code::WrongShape, node.at, message, help);
                None
            }
        }
    }

    /// A flat choice: exactly one of its keys.
    pub(crate) fn flat<T: Flat>(&mut self, entries: &[Entry], around: &Node) -> Option<T> {
        let source = self.source;
        let is_one = |entry: &&Entry| T::KEYS.contains(&entry.key.of(source));
        let mut found = entries.iter().filter(is_one);
        match (found.next(), found.next()) {
            (Some(entry), None) => T::read_flat(entry, self),
            (None, _) => {
                let head = entries.first().map_or(around.at, |entry| entry.key_at);
                let help = format!("add one of {}", T::KEYS.join(", "));
                self.report(Code::NotOneAction, head, NO_ACTION, Some(help));
                None
            }
            (Some(first), Some(second)) => {
                let message = format!(
                    "'{}' and '{}' cannot stand in one place",
                    self.key(first),
                    self.key(second)
                );
                let help = "make two of it, one after the other".to_owned();
                self.report(Code::NotOneAction, second.key_at, message, Some(help));
                None
            }
        }
    }

    /// Reports keys that the model does not have.
    pub(crate) fn unknown_keys(&mut self, entries: &[Entry], fields: &[&str], flat: &[&str]) {
        for entry in entries {
            let key = self.key(entry);
            if fields.contains(&snake(key, &mut [0; _])) || flat.contains(&key) {
                continue;
            }
            if self.faults.len() >= FAULTS_MAX {
                return;
            }
            let keys: Vec<String> = fields
                .iter()
                .filter(|field| !field.is_empty())
                .map(|field| kebab(field))
                .chain(flat.iter().map(|key| (*key).to_owned()))
                .collect();
            let near = closest(key, keys.iter().map(String::as_str));
            let help = match near {
                _ if key == "<<" => {
                    "maps are not merged here: write the keys out, or use an alias for a whole value"
                        .to_owned()
                }
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("the keys here are {}", keys.join(", ")),
            };
            // What was meant is not missing.
            let meant = near.unwrap_or(key);
            let mut place = self.pointer();
            push_key(&mut place, meant);
            self.unread.part(place);
            self.is_not_missing(meant, flat);
            let message = format!("there is no key '{key}' here");
            self.report(Code::UnknownKey, entry.key_at, message, Some(help));
        }
    }
}

impl Lowering<'_> {
    /// Takes back that this key is missing here: it is mistyped, and that is one fault.
    fn is_not_missing(&mut self, key: &str, flat: &[&str]) {
        let (here, missing) = (self.pointer(), missing(key));
        let is_action = flat.contains(&key);
        self.faults.retain(|fault| {
            let is_missing = fault.code == Code::MissingKey && fault.message == missing;
            let is_open = fault.code == Code::NotOneAction && fault.message == NO_ACTION;
            let is_it = is_missing || is_open && is_action;
            !(is_it && fault.pointer == here)
        });
    }
}

fn missing(key: &str) -> String {
    format!("'{key}' is missing")
}

const NO_ACTION: &str = "nothing says what is to be done here";

/// The longest name of a field, in bytes, and more.
const FIELD_LEN_MAX: usize = 40;

/// A key as the Rust name that it stands for, `no-go` as `no_go`; `-`, which is none, if it stands for none.
pub(crate) fn snake<'k>(key: &'k str, buffer: &'k mut [u8; FIELD_LEN_MAX]) -> &'k str {
    if key.bytes().all(|byte| byte.is_ascii_lowercase()) && !key.is_empty() {
        return key;
    }
    let Some(name) = buffer.get_mut(..key.len()).filter(|name| !name.is_empty()) else {
        return "-";
    };
    for (place, byte) in name.iter_mut().zip(key.bytes()) {
        *place = match byte {
            b'-' => b'_',
            b'_' => return "-",
            other => other,
        };
    }
    std::str::from_utf8(name).unwrap_or("-")
}

/// A Rust name as a key.
pub(crate) fn kebab(field: &str) -> String {
    field.replace('_', "-")
}

/// So many choices are compared with a slip; a hint is not worth more.
const CHOICES_MAX: usize = 200;

/// The likeliest meant word, if one is near enough to be worth a hint.
pub(crate) fn closest<'a>(
    word: &str,
    choices: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A longer word than any of ours is not worth the comparison.
    if word.len() > 80 {
        return None;
    }
    let word: Vec<char> = word.chars().collect();
    let limit = (word.len() / 3).clamp(1, 3);
    let near = |choice| {
        if swapped(&word, choice) {
            return Some((1, choice));
        }
        Some((distance(&word, choice, limit)?, choice))
    };
    choices
        .into_iter()
        .take(CHOICES_MAX)
        .filter_map(near)
        .min()
        .map(|(_, choice)| choice)
}

/// Is it the other word with two letters that stand side by side in each other's place?
fn swapped(a: &[char], b: &str) -> bool {
    if b.len() < a.len() {
        return false;
    }
    let mut differ = a
        .iter()
        .zip(b.chars())
        .enumerate()
        .filter(|(_, (a, b))| *a != b);
    let pair = (differ.next(), differ.next(), differ.next());
    let (Some((at, (one, other))), Some((next, (mine, its))), None) = pair else {
        return false;
    };
    next == at + 1 && *one == its && other == *mine && b.chars().count() == a.len()
}

/// Edits from one word to the other (Levenshtein); `None` if there are more than a limit. So only a band along the
/// diagonal is looked at, and no longer than something in it is within the limit.
fn distance(a: &[char], b: &str, limit: usize) -> Option<usize> {
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let far = limit + 1;
    // `row[j]`: from what of the first word has been read to the first `j` characters of the second.
    let mut row: Vec<usize> = (0..=b.len()).map(|edits| edits.min(far)).collect();
    for (i, one) in a.iter().enumerate() {
        let (from, to) = (i.saturating_sub(limit), (i + limit + 1).min(b.len()));
        let mut diagonal = row.get(from).copied()?;
        let mut left = if from == 0 { (i + 1).min(far) } else { far };
        *row.get_mut(from)? = left;
        let mut least = left;
        let band = row.get_mut(from + 1..=to).unwrap_or_default();
        for (cell, other) in band.iter_mut().zip(b.get(from..to).unwrap_or_default()) {
            let above = *cell;
            let best = (diagonal + usize::from(one != other))
                .min(above + 1)
                .min(left + 1);
            diagonal = above;
            left = best.min(far);
            *cell = left;
            least = least.min(left);
        }
        if least > limit {
            return None;
        }
    }
    row.last().copied().filter(|edits| *edits <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_up_to_a_limit() {
        for (one, other, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("abcdef", "abcdef", 0),
            ("abcdef", "bcdefa", 2),
            ("gate", "gaet", 2),
            ("abcdefgh", "hgfedcba", 8),
            ("intention", "execution", 5),
        ] {
            let word: Vec<char> = one.chars().collect();
            for limit in 0..10 {
                let wanted = (edits <= limit).then_some(edits);
                assert_eq!(
                    distance(&word, other, limit),
                    wanted,
                    "{one} {other} {limit}"
                );
            }
        }
    }

    #[test]
    fn a_hint_is_given_for_a_slip_and_not_for_another_word() {
        for (word, hint) in [
            ("criterai", Some("criteria")),
            ("evaluate_every", Some("evaluate-every")),
            ("gaet", Some("gate")),
            ("gat", Some("gate")),
            ("banana", None),
        ] {
            let found = closest(word, ["criteria", "evaluate-every", "gate", "steps"]);
            assert_eq!(found, hint, "{word}");
        }
    }
}
