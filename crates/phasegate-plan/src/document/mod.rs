//! Documents as read: one tree of raw scalars with places, whatever the format. What the tree means
//! is for the forms; nothing here knows a plan.

mod format;
mod json;
mod json_plain;
mod limits;
mod marks;
mod node;
pub(crate) mod pointer;
mod source;
mod toml;
mod toml_cost;
mod tree;
mod yaml;
mod yaml_hints;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

pub use format::Format;
use format::{comment_in_json, is_utf16};
pub use limits::Limits;
pub(crate) use node::{Entry, Extent, Kind, Node, Text};
pub(crate) use source::Source;
pub(crate) use tree::{Entries, Items, Tree};

use crate::fault::{Code, Fault, Severity};

/// So many faults of reading are told of one document, then reading stops: each holds a line of text, and
/// a hostile document has one for every few bytes.
const READER_FAULTS_MAX: usize = 1_000;

/// SHA-256 of a document's bytes: what approvals and the first record are bound to.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A document as read, with the place of everything in it, and with the faults found so far.
/// Reading never fails: faults come out together when the document is checked.
///
/// ```
/// use phasegate_plan::PlanDocument;
/// let document = PlanDocument::read("plan.yaml", b"format: phasegate-plan/1\nid: first\n");
/// assert_eq!(document.name(), "plan.yaml");
/// ```
#[derive(Clone, Debug)]
pub struct PlanDocument {
    source: Arc<Source>,
    bytes: Arc<[u8]>,
    format: Format,
    root: Option<Node>,
    faults: Vec<Fault>,
}

impl PlanDocument {
    /// Reads bytes in the format that the name's ending tells: `.toml` is TOML, `.json` is JSON,
    /// all else is YAML.
    pub fn read(name: &str, bytes: &[u8]) -> Self {
        Self::read_with(name, bytes, Format::of_name(name), Limits::default())
    }

    /// Reads bytes in a given format, within given limits.
    pub fn read_with(name: &str, bytes: &[u8], format: Format, limits: Limits) -> Self {
        let mut faults = Vec::new();
        let over = bytes.len() > limits.bytes_max;
        let wide = !over && is_utf16(bytes);
        let text = if over || wide {
            Ok("")
        } else {
            std::str::from_utf8(bytes)
        };
        let mut source = match text {
            Ok(text) => Source::new(name, text),
            Err(error) => {
                let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let source = Source::new(name, &String::from_utf8_lossy(good));
                let at = Extent::new(good.len(), good.len());
                let mut found = fault(&source, Code::NotUtf8, at, "this byte is not UTF-8");
                found.help = Some("save the document as UTF-8".to_owned());
                faults.push(found);
                source
            }
        };
        if over {
            let message = format!(
                "the document has {} bytes, the limit is {}",
                bytes.len(),
                limits.bytes_max
            );
            faults.push(fault(&source, Code::TooLarge, Extent::new(0, 0), &message));
        }
        if wide {
            let start = Extent::new(0, 0);
            let mut found = fault(&source, Code::NotUtf8, start, "the document is UTF-16");
            found.help = Some("save it as UTF-8".to_owned());
            faults.push(found);
        }
        let clean = format == Format::Json && faults.is_empty();
        let plain = clean.then(|| json_plain::read(&mut source, limits));
        let plain = plain.flatten();
        if format == Format::Json
            && plain.is_none()
            && let Some(at) = comment_in_json(source.text())
        {
            let mut found = fault(&source, Code::Syntax, at, "JSON has no comments");
            let help = "remove it, or write the plan in YAML, where a comment begins with '#'";
            found.help = Some(help.to_owned());
            faults.push(found);
        }
        let root = match format {
            _ if plain.is_some() => plain,
            _ if !faults.is_empty() => None,
            Format::Yaml => yaml::read(&mut source, limits, &mut faults),
            Format::Json => json::read(&mut source, limits, &mut faults),
            Format::Toml => toml::read(&mut source, limits, &mut faults),
        };
        Self {
            bytes: match source.shared() {
                _ if over => Arc::from([]),
                read if *read.as_bytes() == *bytes => read.into(),
                // What is not UTF-8 is not in the text.
                _ => Arc::from(bytes),
            },
            source: Arc::new(source),
            format,
            root,
            faults,
        }
    }

    /// The name it was read under.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// The format it was read in.
    pub fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn shared_bytes(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }

    /// The bytes as read; none if there were too many.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// Where each value stands: its line, from 1, and its JSON pointer; outer values come before those
    /// within them. For editors, and for tools that keep notes about a plan beside it.
    pub fn pointers(&self) -> Vec<(u32, String)> {
        let mut found = Vec::new();
        if let Some(root) = &self.root {
            root.pointers("", &self.source, &mut found);
        }
        found
            .into_iter()
            .map(|(at, pointer)| (self.source.place(at).line, pointer))
            .collect()
    }

    /// What the document says, whatever its meaning: for tools that show plans under construction.
    /// `None` if something in it cannot be read at all.
    pub fn draft(&self) -> Option<crate::model::PlanDraft> {
        let mut cx = crate::form::Lowering::new(&self.source);
        let draft = crate::form::Form::read(self.root.as_ref()?, &mut cx);
        let (faults, ..) = cx.finish();
        draft.filter(|_| self.faults.is_empty() && faults.is_empty())
    }

    /// The value that a JSON pointer leads to.
    pub fn value_at(&self, pointer: &str) -> Option<crate::Value> {
        let mut value = self.root.as_ref()?;
        for segment in pointer.split('/').skip(1) {
            let segment = pointer::key(segment);
            value = match value.kind {
                Kind::List(list) => self
                    .source
                    .items(list)
                    .get(segment.parse::<usize>().ok()?)?,
                Kind::Map(map) => {
                    let is_it = |entry: &&Entry| entry.key.of(&self.source) == segment;
                    &self.source.entries(map).iter().find(is_it)?.value
                }
                Kind::Scalar { .. } => return None,
            };
        }
        Some(value.to_value(&self.source))
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    pub(crate) fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

/// A fault of reading, which has no pointer into the model.
pub(crate) fn fault(source: &Source, code: Code, at: Extent, message: &str) -> Fault {
    Fault {
        code,
        severity: Severity::Error,
        place: Some(source.place(at)),
        pointer: String::new(),
        message: message.to_owned(),
        help: (MENDS.iter().find(|(of, _)| *of == code)).map(|(_, help)| (*help).to_owned()),
    }
}

/// What mends a fault of reading, where nothing better is known.
const MENDS: [(Code, &str); 12] = [
    (
        Code::Syntax,
        "look before this place for a bracket or quote that is not closed, and at the blanks that lines begin with",
    ),
    (
        Code::TooLarge,
        "split the plan, or keep long texts in documents that 'references' names",
    ),
    (
        Code::TooDeep,
        "nothing of a plan stands so deep: take levels out",
    ),
    (
        Code::TooManyAliases,
        "write the values out, or give what is shared a name of its own",
    ),
    (
        Code::ExpansionTooLarge,
        "write aliases of small values only, and none of what holds aliases itself",
    ),
    (
        Code::TextTooLong,
        "shorten it, or keep it in a document that 'references' names",
    ),
    (
        Code::DuplicateKey,
        "remove one of the two, or join what stands under them",
    ),
    (
        Code::UnknownAlias,
        "set it with '&name' before, or quote a text that begins with '*'",
    ),
    (
        Code::TagNotAllowed,
        "leave it out, or quote a text that begins with '!'",
    ),
    (
        Code::SeveralDocuments,
        "take out the line '---' before it, or make it a file of its own",
    ),
    (
        Code::TooManyValues,
        "split the plan; nothing was read of it",
    ),
    (
        Code::EmptyDocument,
        "begin with 'format: phasegate-plan/1', an id and a title",
    ),
];
