//! The catalog: the bindings document, which says which adapter each of a plan's names is, what it
//! can do, and which commands there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use phasegate_core::{BindingId, Capability, Role, Span};

use crate::check::{levelled, read};
use crate::document::{Digest, Format, PlanDocument};
use crate::fault::{Code, FAULTS_MAX, Fault, Faults};
use crate::form::{Form as _, Unread, record, words};
use crate::print::{PrintError, print};
use crate::value::Value;

/// The binding that is always there: what the engine itself measures. No document may define it.
pub const RESERVED_BINDING: &str = "engine";

words! {
    /// The format of a bindings document.
    pub enum CatalogFormat {
        /// The first.
        V1 = "phasegate-bindings/1",
    }
}

record! {
    /// A command that plans may choose by its name.
    pub struct NamedCommand {
        /// The program and its arguments. No shell sees them.
        list argv: String,
        /// How long it may take.
        may timeout: Span,
        /// May it be run twice without harm?
        or idempotent: bool = false,
    }
}

record! {
    /// What a name in a plan stands for.
    pub struct Binding {
        /// Which adapter: a name that the embedding tool knows.
        need adapter: String,
        /// What it is for.
        list roles: Role,
        /// What it can do.
        list capabilities: Capability,
        /// How late its data are: nothing newer is taken for complete.
        or source_lag: Span = Span::ZERO,
        /// The adapter's own configuration, opaque to all but the adapter.
        or config: Value = Value::Null,
        /// Commands by name.
        or commands: BTreeMap<String, NamedCommand> = BTreeMap::new(),
    }
}

record! {
    /// A bindings document as it is written.
    pub struct CatalogDraft {
        /// The format.
        need format: CatalogFormat,
        /// What each name stands for.
        or bindings: BTreeMap<BindingId, Binding> = BTreeMap::new(),
    }
}

/// A checked bindings document.
///
/// ```
/// use phasegate_plan::Catalog;
/// let checked = Catalog::read("bindings.yaml", b"
/// format: phasegate-bindings/1
/// bindings:
///   edge:
///     adapter: in-process-router
///     roles: [traffic-router]
///     capabilities: [weights, read-back]
///     config: {listen: '127.0.0.1:0'}
/// ");
/// let catalog = checked.catalog.expect("no fault");
/// let edge = catalog.binding(&"edge".parse()?).expect("bound");
/// assert_eq!(edge.adapter, "in-process-router");
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    draft: Arc<CatalogDraft>,
    document: Arc<PlanDocument>,
    /// What of the document is not in the draft.
    unread: Arc<Unread>,
}

/// A bindings document with what was found in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckedCatalog {
    /// The catalog, if nothing is wrong with it.
    pub catalog: Option<Catalog>,
    /// What could be read of it, where something is wrong too: to hold a plan against, so that the faults of both
    /// documents come at once. It says nothing of what could not be read.
    ///
    /// ```
    /// use phasegate_plan::Catalog;
    /// let checked = Catalog::read("bindings.yaml", b"
    /// format: phasegate-bindings/1
    /// bindings:
    ///   edge: {adapter: haproxy, roles: [traffic-rooter]}
    ///   mail: {adapter: smtp, roles: [notifier]}
    /// ");
    /// assert!(checked.catalog.is_none());
    /// let readable = checked.readable.expect("a part of it");
    /// assert_eq!(readable.bindings().len(), 2);
    /// ```
    pub readable: Option<Catalog>,
    /// Everything that was found.
    pub faults: Faults,
}

impl Catalog {
    /// Reads and checks a bindings document in the format that the name's ending tells.
    pub fn read(name: &str, bytes: &[u8]) -> CheckedCatalog {
        Self::check(&PlanDocument::read(name, bytes))
    }

    /// Checks a bindings document that has been read.
    pub fn check(document: &PlanDocument) -> CheckedCatalog {
        let mut faults = document.faults().to_vec();
        let mut draft: Option<CatalogDraft> = None;
        let mut unread = Unread::default();
        if let Some(root) = document.root() {
            let head = [("format", CatalogFormat::V1.as_str())];
            let found;
            (draft, found, unread) = read(document, root, &head);
            faults.extend(found);
        }
        if let Some(draft) = &draft {
            meaning(draft, document, &mut faults);
        }
        let faults = Faults::new(faults);
        let readable = draft.map(|draft| Self {
            draft: Arc::new(draft),
            document: Arc::new(document.clone()),
            unread: Arc::new(unread),
        });
        let catalog = readable.clone().filter(|_| !faults.has_errors());
        CheckedCatalog {
            catalog,
            readable,
            faults,
        }
    }

    /// Checks a catalog written in Rust. Places in faults refer to its YAML text.
    pub fn from_draft(draft: &CatalogDraft) -> CheckedCatalog {
        let text = draft.to_yaml();
        Self::check(&PlanDocument::read("bindings.yaml", text.as_bytes()))
    }

    /// The name it was read under.
    pub fn name(&self) -> &str {
        self.document.name()
    }

    /// The bytes it was read from.
    pub fn bytes(&self) -> &[u8] {
        self.document.bytes()
    }

    /// The document, for places in it.
    pub(crate) fn document(&self) -> &PlanDocument {
        &self.document
    }

    /// The digest of those bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(self.bytes())
    }

    /// May there be a binding of this name that could not be read?
    pub(crate) fn may_bind(&self, id: &BindingId) -> bool {
        self.unread.may_name("/bindings", id.as_str())
            || self.unread.is_within(&format!("/bindings/{id}"))
    }

    /// Could something under this key of a binding not be read?
    pub(crate) fn is_unread(&self, id: &BindingId, key: &str) -> bool {
        !self.is_whole() && self.unread.is_within(&format!("/bindings/{id}/{key}"))
    }

    /// Was everything that is written in it read?
    pub(crate) fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }

    /// All bindings by name.
    pub fn bindings(&self) -> &BTreeMap<BindingId, Binding> {
        &self.draft.bindings
    }

    /// What a name stands for.
    pub fn binding(&self, id: &BindingId) -> Option<&Binding> {
        self.draft.bindings.get(id)
    }

    /// A command of a binding.
    pub fn command(&self, binding: &BindingId, name: &str) -> Option<&NamedCommand> {
        self.binding(binding)?.commands.get(name)
    }
}

impl CatalogDraft {
    /// As a YAML document.
    pub fn to_yaml(&self) -> String {
        print(&self.write(), Format::Yaml).unwrap_or_default()
    }

    /// As a document in some format.
    ///
    /// # Errors
    /// TOML has no null, which an adapter's configuration may hold.
    pub fn to_text(&self, format: Format) -> Result<String, PrintError> {
        print(&self.write(), format)
    }
}

fn meaning(draft: &CatalogDraft, document: &PlanDocument, faults: &mut Vec<Fault>) {
    let mut report = |code, pointer: String, message: String, help: &str| {
        if faults.len() < FAULTS_MAX {
            faults.push(levelled(document, code, pointer, message, help));
        }
    };
    for (id, binding) in &draft.bindings {
        let here = format!("/bindings/{id}");
        if id.as_str() == RESERVED_BINDING {
            let message = format!("'{RESERVED_BINDING}' is what the engine itself measures");
            let help = "give the binding another name";
            report(Code::ReservedName, here.clone(), message, help);
        }
        for (name, command) in &binding.commands {
            if command.timeout.is_some_and(Span::is_zero) {
                let message = format!("the command '{name}' is given no time at all");
                let help = "write how long it may take, such as 5m, or leave 'timeout' out";
                let at = format!("{here}/commands/{name}/timeout");
                report(Code::ZeroTime, at, message, help);
            }
            if command.argv.is_empty() {
                let message = format!("the command '{name}' has no program to run");
                let help = "add 'argv: [program, argument]'";
                report(
                    Code::EmptyCommand,
                    format!("{here}/commands/{name}"),
                    message,
                    help,
                );
            }
        }
    }
}

/// The reserved binding as an id.
pub(crate) fn reserved() -> BindingId {
    // It is a valid id, so the fallback is never taken; there is no other way to make one here.
    BindingId::new(RESERVED_BINDING)
        .unwrap_or_else(|_| unreachable!("'{RESERVED_BINDING}' is an id"))
}
