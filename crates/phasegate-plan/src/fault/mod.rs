//! Faults: what is wrong with a document, where, and how to mend it. Finding them is for the reader
//! and the checks; here they are named, placed and shown.

mod code;
mod list;
mod render;

use std::fmt;

use serde::Serialize;

pub use code::{Code, Severity, UnknownCode};
pub use list::code_list;

/// Where in a document something stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// The document's name, as it was given to the reader.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte in the document.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
    /// The line itself, at most 200 characters of it.
    pub snippet: String,
    /// The column of the snippet's first character: above 1 in lines that are longer than is shown.
    pub snippet_column: u32,
    /// How many characters of the line are meant, 1 to 200.
    pub width: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong. Displays as a single line; [`Fault::render`] shows the source line too.
/// Both write out what would steer a terminal or turn the reading order; `message` and the JSON form
/// hold the text as it is.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// What kind of fault: stable across versions.
    pub code: Code,
    /// An error keeps the plan from being carried out, a warning does not.
    pub severity: Severity,
    /// The place, unless the document as a whole is meant and has no text.
    pub place: Option<Place>,
    /// A JSON pointer to the place in the document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}: ", render::escaped(&place.to_string()))?;
        }
        let message = render::escaped(&self.message);
        write!(f, "{}[{}]: {message}", self.severity, self.code)
    }
}

/// So many faults are kept of one document: nobody reads more, and hostile documents have millions.
pub(crate) const FAULTS_MAX: usize = 2_000;

/// All faults of a document, in the order of their places; of hostile documents the first few
/// thousand.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Faults {
    list: Vec<Fault>,
}

impl Faults {
    pub(crate) fn new(mut list: Vec<Fault>) -> Self {
        list.sort_by(|a, b| order(a).cmp(&order(b)));
        // What an alias repeats stands in the document once.
        list.dedup_by(|a, b| {
            let same = (a.code, &a.message) == (b.code, &b.message);
            let there = match (&a.place, &b.place) {
                (Some(a), Some(b)) => (&a.file, a.start, a.end) == (&b.file, b.start, b.end),
                (None, None) => a.pointer == b.pointer,
                (_, _) => false,
            };
            same && there
        });
        Self { list }
    }

    /// Is there none at all?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are, warnings included.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Is there one that keeps the plan from being carried out?
    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|fault| fault.severity == Severity::Error)
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.list.iter()
    }

    /// These and others as one list, such as those of a bindings document and of a plan.
    ///
    /// ```
    /// use phasegate_plan::{Catalog, PlanDocument, check};
    /// let bindings = Catalog::read("bindings.yaml", b"");
    /// let plan = check(&PlanDocument::read("plan.yaml", b""), None);
    /// assert_eq!(bindings.faults.and(plan.faults).len(), 2);
    /// ```
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.list.extend(others.list);
        Self::new(self.list)
    }

    /// Those of one kind.
    pub fn of(&self, code: Code) -> impl Iterator<Item = &Fault> {
        self.list.iter().filter(move |fault| fault.code == code)
    }
}

/// By place, then by code and message; what has no place comes first.
fn order(fault: &Fault) -> (Option<&str>, Option<u32>, Code, &str) {
    let place = fault.place.as_ref();
    (
        place.map(|place| place.file.as_str()),
        place.map(|place| place.start),
        fault.code,
        &fault.message,
    )
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
