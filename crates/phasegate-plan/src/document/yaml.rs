//! YAML (and so JSON) from parse events into the tree, within limits. The parser stays in here and in
//! the hints.

use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, Span};

use super::yaml_hints::{Hint, hint};
use super::{Entry, Extent, Kind, Limits, Node, READER_FAULTS_MAX, Source, Text, fault};
use crate::fault::{Code, Fault};

/// Reads the one document of a source; faults go to the list. `None` if there is no tree.
pub(super) fn read(source: &mut Source, limits: Limits, faults: &mut Vec<Fault>) -> Option<Node> {
    let text = &*source.shared();
    let mut builder = Builder {
        source,
        limits,
        faults,
        frames: Vec::new(),
        items: Vec::new(),
        entries: Vec::new(),
        anchors: BTreeMap::new(),
        root: None,
        documents: 0,
        values: 0,
        aliases: 0,
        expanded: 0,
        expanded_bytes: 0,
    };
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.emit_unresolved_aliases = true;
    // One more than ours, so that ours is met first and gives the message.
    options.flow_nesting_limit = limits.depth_max + 1;
    options.block_nesting_limit = limits.depth_max + 1;
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((event, span)) => {
                if builder.event(event, extent(span, text)).is_err() {
                    return None;
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len());
                if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                    let message = format!("nested more than {} deep", limits.depth_max);
                    builder.report(Code::TooDeep, Extent::new(at, at), &message);
                    return None;
                }
                let Hint { at, message, help } = hint(error.kind(), error.info(), text, at);
                let found = fault(builder.source, Code::Syntax, at, &message);
                let help = help.or(found.help);
                builder.faults.push(Fault { help, ..found });
                return None;
            }
        }
    }
    let root = builder.root.take();
    if root
        .as_ref()
        .is_none_or(|root| root.is_null(builder.source))
    {
        builder.report(
            Code::EmptyDocument,
            Extent::new(0, 0),
            "there is nothing in this document",
        );
        return None;
    }
    root
}

fn extent(span: Span, text: &str) -> Extent {
    let range = span.byte_range().unwrap_or(text.len()..text.len());
    Extent::new(range.start, range.end)
}

/// Where the tag of a value stands: before it, with an anchor between the two perhaps.
fn tag_before(text: &str, value: Extent) -> Extent {
    let start = usize::try_from(value.start).unwrap_or(usize::MAX);
    if text.get(start..).is_some_and(|rest| rest.starts_with('!')) {
        let end = text
            .get(start..)
            .and_then(|rest| rest.find([' ', '\n', '\r', ',']));
        return end.map_or(value, |len| Extent::new(start, start + len));
    }
    let mut before = text.get(..start).unwrap_or_default();
    // A tag and an anchor, in either order.
    for _ in 0..2 {
        before = before.trim_end();
        let begin = before.rfind([' ', '\t', '\n', '\r', '[', '{', ',']);
        let begin = begin.map_or(0, |at| at + 1);
        let word = before.get(begin..).unwrap_or_default();
        if word.starts_with('!') {
            return Extent::new(begin, begin + word.len());
        }
        before = before.get(..begin).unwrap_or_default();
    }
    value
}

/// Reading stops: a limit was hit, and going on would use up what the limit is there to save.
struct Stop;

enum Frame {
    List {
        anchor: usize,
        start: u32,
        /// Where its items begin among those of all lists that are open.
        first: usize,
    },
    Map {
        anchor: usize,
        start: u32,
        /// Where its entries begin among those of all maps that are open.
        first: usize,
        key: Option<(Text, Extent)>,
    },
}

struct Builder<'a> {
    source: &'a mut Source,
    limits: Limits,
    faults: &'a mut Vec<Fault>,
    frames: Vec<Frame>,
    /// The items of the lists that are open, and the entries of the maps.
    items: Vec<Node>,
    entries: Vec<Entry>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    documents: usize,
    values: usize,
    aliases: usize,
    expanded: usize,
    expanded_bytes: usize,
}

/// Up to here a scan of the entries is cheaper than a set.
const SMALL_MAP: usize = 16;

impl Builder<'_> {
    fn report(&mut self, code: Code, at: Extent, message: &str) {
        self.faults.push(fault(self.source, code, at, message));
    }

    fn stop(&mut self, code: Code, at: Extent, message: &str) -> Result<(), Stop> {
        self.report(code, at, message);
        Err(Stop)
    }

    fn no_key(&mut self, at: Extent) -> Result<(), Stop> {
        let message = "a key must be text, not a list or a map";
        let mut found = fault(self.source, Code::KeyNotText, at, message);
        found.help =
            Some("quote a text that begins with '{' or '[': \"{{plan}} begins\"".to_owned());
        self.faults.push(found);
        Err(Stop)
    }

    fn event(&mut self, event: Event<'_>, at: Extent) -> Result<(), Stop> {
        if self.faults.len() >= READER_FAULTS_MAX {
            return Err(Stop);
        }
        if let Some(tag) = event.tag()
            && tag.core_suffix().is_none()
            && tag.suffix() != "!"
            && !(tag.handle().is_empty() && tag.suffix().is_empty())
        {
            let at = tag_before(self.source.text(), at);
            self.report(Code::TagNotAllowed, at, "tags are not used here: remove it");
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return self.stop(
                        Code::SeveralDocuments,
                        at,
                        "a second document begins here; one file holds one document",
                    );
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, _) => self.scalar(&text, style, anchor, at),
            Event::SequenceStart(_, anchor, _) => {
                self.deeper(at)?;
                self.frames.push(Frame::List {
                    anchor,
                    start: at.start,
                    first: self.items.len(),
                });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.deeper(at)?;
                self.frames.push(Frame::Map {
                    anchor,
                    start: at.start,
                    first: self.entries.len(),
                    key: None,
                });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(at),
            Event::Alias(id) => self.alias(id, at),
            Event::UnresolvedAlias(name) => {
                let shown: String = name.chars().take(80).collect();
                let message = format!("there is no anchor '&{shown}' before this alias");
                self.report(Code::UnknownAlias, at, &message);
                self.place(nothing(), at, 0)
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Anchor(..) | _ => {
                Ok(())
            }
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        at: Extent,
    ) -> Result<(), Stop> {
        if let Some(message) = self.limits.refuse_text(text) {
            return self.stop(Code::TextTooLong, at, &message);
        }
        let bare = style == ScalarStyle::Plain;
        let text = self.source.keep(text, if bare { at } else { at.inner() });
        self.place(Kind::Scalar { text, bare }, at, anchor)
    }

    fn deeper(&mut self, at: Extent) -> Result<(), Stop> {
        if self.frames.len() >= self.limits.depth_max {
            let message = format!("nested more than {} deep", self.limits.depth_max);
            return self.stop(Code::TooDeep, at, &message);
        }
        if let Some(Frame::Map { key: None, .. }) = self.frames.last() {
            return self.no_key(at);
        }
        Ok(())
    }

    fn close(&mut self, at: Extent) -> Result<(), Stop> {
        match self.frames.pop() {
            Some(Frame::List {
                anchor,
                start,
                first,
            }) => {
                let items = self.items.get(first..).unwrap_or_default();
                let kind = Kind::List(self.source.tree_mut().list(items));
                self.items.truncate(first);
                self.place(kind, Extent { start, end: at.end }, anchor)
            }
            Some(Frame::Map {
                anchor,
                start,
                first,
                ..
            }) => {
                self.duplicates(first);
                let entries = self.entries.get(first..).unwrap_or_default();
                let kind = Kind::Map(self.source.tree_mut().map(entries));
                self.entries.truncate(first);
                self.place(kind, Extent { start, end: at.end }, anchor)
            }
            None => Ok(()),
        }
    }

    /// Keys that stand twice in a map of many: those before [`SMALL_MAP`] have been looked at one by one.
    fn duplicates(&mut self, first: usize) {
        let entries = self.entries.get(first..).unwrap_or_default();
        if entries.len() <= SMALL_MAP {
            return;
        }
        let mut sorted: Vec<(&str, usize)> = (entries.iter().enumerate())
            .map(|(index, entry)| (entry.key.of(self.source), index))
            .collect();
        sorted.sort_unstable();
        let mut found: Vec<usize> = sorted
            .windows(2)
            .filter_map(|pair| match pair {
                [(first, _), (second, index)] if first == second => Some(*index),
                _ => None,
            })
            .filter(|index| *index >= SMALL_MAP)
            .collect();
        found.sort_unstable();
        let left = READER_FAULTS_MAX.saturating_sub(self.faults.len());
        for index in found.into_iter().take(left) {
            if let Some(entry) = entries.get(index) {
                let found = self.twice(entry.key.of(self.source), entry.key_at);
                self.faults.push(found);
            }
        }
    }

    fn twice(&self, key: &str, at: Extent) -> Fault {
        let message = format!("the key '{key}' stands here a second time");
        fault(self.source, Code::DuplicateKey, at, &message)
    }

    fn alias(&mut self, id: usize, at: Extent) -> Result<(), Stop> {
        self.aliases += 1;
        if self.aliases > self.limits.aliases_max {
            let message = format!("more than {} aliases", self.limits.aliases_max);
            return self.stop(Code::TooManyAliases, at, &message);
        }
        let Some(node) = self.anchors.get(&id).copied() else {
            self.report(
                Code::UnknownAlias,
                at,
                "this alias stands inside its own anchor",
            );
            return self.place(nothing(), at, 0);
        };
        self.expanded = self.expanded.saturating_add(node.size(self.source));
        if self.expanded > self.limits.expansion_max {
            let message = format!(
                "aliases expand to more than {} values",
                self.limits.expansion_max
            );
            return self.stop(Code::ExpansionTooLarge, at, &message);
        }
        self.expanded_bytes = self.expanded_bytes.saturating_add(node.bytes(self.source));
        if self.expanded_bytes > self.limits.bytes_max {
            let message = format!(
                "aliases expand to more than {} bytes",
                self.limits.bytes_max
            );
            return self.stop(Code::ExpansionTooLarge, at, &message);
        }
        if self.frames.len() + node.depth(self.source) > self.limits.depth_max {
            let message = format!("nested more than {} deep", self.limits.depth_max);
            return self.stop(Code::TooDeep, at, &message);
        }
        self.place(node.kind, at, 0)
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, kind: Kind, at: Extent, anchor: usize) -> Result<(), Stop> {
        self.values += 1;
        if self.values > self.limits.values_max {
            let message = format!("more than {} values", self.limits.values_max);
            return self.stop(Code::TooManyValues, at, &message);
        }
        let node = Node { kind, at };
        if anchor > 0 {
            self.expanded = self.expanded.saturating_add(node.size(self.source));
            if self.expanded > self.limits.expansion_max {
                return self.stop(Code::ExpansionTooLarge, at, "too much stands under anchors");
            }
            self.anchors.insert(anchor, node);
        }
        match self.frames.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { .. }) => self.items.push(node),
            Some(Frame::Map { first, key, .. }) => match key.take() {
                Some((key, key_at)) => self.entries.push(Entry {
                    key,
                    key_at,
                    value: node,
                }),
                None => {
                    let Kind::Scalar { text, .. } = node.kind else {
                        return self.no_key(at);
                    };
                    *key = Some((text, at));
                    let entries = self.entries.get(*first..).unwrap_or_default();
                    let near = entries.get(..SMALL_MAP).is_none();
                    let shown = text.of(self.source);
                    let is_it = |entry: &Entry| entry.key.of(self.source) == shown;
                    if near && entries.iter().any(is_it) {
                        let found = self.twice(shown, at);
                        self.faults.push(found);
                    }
                }
            },
        }
        Ok(())
    }
}

/// What stands for a value that is not there.
fn nothing() -> Kind {
    let text = Text::Written(Extent::default());
    Kind::Scalar { text, bare: true }
}
