//! What all checks share: the draft, the document for places, and the faults so far.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use phasegate_core::{PersonId, RoleId};
use phasegate_criterion::{KpiRegistry, Purpose};

use super::{dependencies, levelled, order};
use crate::document::PlanDocument;
use crate::document::pointer::{push_index, push_key};
use crate::fault::{Code, FAULTS_MAX, Fault, Severity};
use crate::form::Unread;
use crate::model::{PlanDraft, PlanRole};

/// A place in the model, as a chain back to the root: costs nothing until a fault needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    segment: Segment<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Segment<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl At<'static> {
    pub(crate) const ROOT: Self = At {
        parent: None,
        segment: Segment::Root,
    };
}

impl At<'_> {
    pub(crate) fn key<'b>(&'b self, key: &'b str) -> At<'b> {
        At {
            parent: Some(self),
            segment: Segment::Key(key),
        }
    }

    pub(crate) fn index(&self, index: usize) -> At<'_> {
        At {
            parent: Some(self),
            segment: Segment::Index(index),
        }
    }

    /// Is it the criterion of a trigger, or of a procedure that is taken by itself?
    pub(super) fn is_trigger(&self) -> bool {
        let list = self.parent.and_then(|item| item.parent);
        list.is_some_and(|list| match list.segment {
            Segment::Key("triggers") => true,
            Segment::Key("criteria") => list.is_of_procedure(),
            Segment::Root | Segment::Key(_) | Segment::Index(_) => false,
        })
    }

    /// Does it stand in a procedure itself, not in its way back?
    fn is_of_procedure(&self) -> bool {
        let owners = self.parent.and_then(|owner| owner.parent);
        owners.is_some_and(|list| matches!(list.segment, Segment::Key("procedures")))
    }

    /// What the criterion at this place is used for; `None` where it only tells.
    pub(super) fn purpose(&self) -> Option<Purpose> {
        if self.is_trigger() {
            return Some(Purpose::Rollback);
        }
        let list = self.parent?;
        match (self.segment, list.segment) {
            (_, Segment::Key("abort-when")) => Some(Purpose::Rollback),
            _ => self.in_conjunction().map(|_| Purpose::Pass),
        }
    }

    /// The number of a criterion in a list of which each must hold; `None` for those that stand alone and
    /// where one of them is enough.
    pub(super) fn in_conjunction(&self) -> Option<usize> {
        let item = match self.segment {
            Segment::Key("criterion") => self.parent?,
            Segment::Root | Segment::Key(_) | Segment::Index(_) => self,
        };
        let Segment::Index(number) = item.segment else {
            return None;
        };
        let list = item.parent?;
        let together = matches!(list.segment, Segment::Key("criteria" | "validation"));
        (together && !list.is_of_procedure()).then_some(number)
    }
}

/// A JSON pointer.
impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pointer())
    }
}

impl At<'_> {
    /// As a JSON pointer.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::with_capacity(64);
        self.push_to(&mut pointer);
        pointer
    }

    fn push_to(&self, pointer: &mut String) {
        if let Some(parent) = self.parent {
            parent.push_to(pointer);
        }
        match self.segment {
            Segment::Root => {}
            Segment::Key(key) => push_key(pointer, key),
            Segment::Index(index) => push_index(pointer, index),
        }
    }
}

/// A role, and who has it: somebody who is named twice has one voice.
#[derive(Clone, Debug)]
pub(super) struct Staff<'d> {
    pub(super) role: &'d PlanRole,
    /// The number of the role in its list.
    pub(super) index: usize,
    pub(super) people: BTreeSet<&'d PersonId>,
}

/// The roles of a plan; of two with one id, the second.
fn staff(draft: &PlanDraft) -> BTreeMap<&RoleId, Staff<'_>> {
    let roles = draft.roles.iter().enumerate();
    roles
        .map(|(index, role)| {
            let people = role.members.iter().collect();
            let staff = Staff {
                role,
                index,
                people,
            };
            (&role.id, staff)
        })
        .collect()
}

/// The draft under check.
pub(crate) struct Scope<'d> {
    pub(crate) draft: &'d PlanDraft,
    document: &'d PlanDocument,
    unread: Unread,
    roles: BTreeMap<&'d RoleId, Staff<'d>>,
    before: Arc<[Vec<usize>]>,
    order: Arc<[usize]>,
    registry: Arc<KpiRegistry>,
    /// How many days and people may still be looked at.
    looks: Cell<usize>,
    faults: Vec<Fault>,
    errors: usize,
    warned: BTreeSet<Code>,
}

/// So many days of windows and people of gates are looked at one by one: ten thousand phases of three months
/// need a third of it. Where a document asks for more, nothing is said about the rest.
const LOOKS_MAX: usize = 3_000_000;

impl<'d> Scope<'d> {
    pub(crate) fn new(draft: &'d PlanDraft, document: &'d PlanDocument, unread: Unread) -> Self {
        let before = dependencies(draft);
        Self {
            draft,
            document,
            unread,
            roles: staff(draft),
            order: order(&before).into(),
            before: before.into(),
            registry: Arc::new(draft.kpi_registry()),
            looks: Cell::new(LOOKS_MAX),
            faults: Vec::new(),
            errors: 0,
            warned: BTreeSet::new(),
        }
    }

    pub(crate) fn finish(self) -> Vec<Fault> {
        self.faults
    }

    /// A role of the plan, with its people.
    pub(super) fn staff(&self, id: &RoleId) -> Option<&Staff<'d>> {
        self.roles.get(id)
    }

    /// May so many more days or people be looked at?
    pub(super) fn affords(&self, count: usize) -> bool {
        let left = self.looks.get();
        self.looks.set(left.saturating_sub(count));
        left >= count
    }

    /// Which phases each of them waits for.
    pub(super) fn before(&self) -> Arc<[Vec<usize>]> {
        Arc::clone(&self.before)
    }

    /// An order in which each phase comes after those it waits for; those in circles are left out.
    pub(super) fn order(&self) -> Arc<[usize]> {
        Arc::clone(&self.order)
    }

    /// The KPIs, as the criterion language declares them.
    pub(super) fn registry(&self) -> Arc<KpiRegistry> {
        Arc::clone(&self.registry)
    }

    pub(super) fn document(&self) -> &'d PlanDocument {
        self.document
    }

    /// Are there so many errors that no more faults are kept?
    pub(super) fn is_full(&self) -> bool {
        self.errors >= FAULTS_MAX
    }

    /// Is a fault kept? Of many warnings the first of each code is: another level may make an error of it.
    pub(super) fn keeps(&self, code: Code, severity: Severity) -> bool {
        let warnings = self.faults.len() - self.errors;
        match severity {
            Severity::Error => !self.is_full(),
            Severity::Warning => warnings < FAULTS_MAX || !self.warned.contains(&code),
        }
    }

    pub(super) fn push(&mut self, mut fault: Fault) {
        if !self.keeps(fault.code, fault.severity) {
            return;
        }
        if !self.unread.is_empty() {
            fault.message = crate::form::unread::without_stand_ins(&fault.message);
        }
        match fault.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => drop(self.warned.insert(fault.code)),
        }
        self.faults.push(fault);
    }

    /// Does this name something under a key of the plan that could not be read, or may it? Then who names
    /// it is not wrong.
    pub(crate) fn may_name(&self, key: &str, id: &str) -> bool {
        self.may_name_in(At::ROOT.key(key), id)
    }

    /// The same of a list somewhere in the plan.
    pub(super) fn may_name_in(&self, list: At<'_>, id: &str) -> bool {
        !self.unread.is_empty() && self.unread.may_name(&self.written(&list.pointer()), id)
    }

    /// Does a text name something that could not be read, or may it name one of a list of the plan that could not?
    pub(super) fn may_name_within(&self, list: &str, text: &str) -> bool {
        self.unread.is_named_in(text) || self.may_name(list, "")
    }

    /// Could something under one of these keys not be read? Then it is not missing, and what would follow
    /// from that is no fault of its own.
    pub(super) fn is_unread(&self, here: At<'_>, keys: &[&str]) -> bool {
        if self.unread.is_empty() {
            return false;
        }
        let record = self.written(&here.pointer());
        let mut keys = keys.iter();
        keys.any(|key| self.unread.is_within(&format!("{record}/{key}")))
    }

    /// Could some item of a list not be read?
    pub(super) fn lost_items(&self, list: At<'_>) -> bool {
        !self.unread.is_empty() && self.unread.has_lost(&self.written(&list.pointer()))
    }

    /// Is everything that was written in the draft?
    pub(super) fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }

    /// Could the phase written before this one not be read?
    pub(super) fn is_unread_before(&self, phase: usize) -> bool {
        if self.unread.is_empty() {
            return false;
        }
        let written = self.written(&At::ROOT.key("phases").index(phase).pointer());
        let index = written
            .rsplit('/')
            .next()
            .and_then(|text| text.parse::<usize>().ok());
        let before = index.and_then(|index| index.checked_sub(1));
        before.is_some_and(|index| self.unread.is_item("/phases", index))
    }

    /// The pointer into the document for one into the model: items that could not be read stand in the
    /// document and not in the model.
    pub(super) fn written(&self, pointer: &str) -> String {
        self.unread.written(pointer)
    }

    /// A fault with another severity than its code's own.
    pub(super) fn report_as(
        &mut self,
        code: Code,
        severity: Severity,
        at: &dyn fmt::Display,
        message: &str,
        help: &str,
    ) {
        self.tell((code, severity), at, None, message, help);
    }

    /// The same about a word in a text, which is what is underlined where it stands there once.
    pub(super) fn report_word(
        &mut self,
        level: (Code, Severity),
        at: &dyn fmt::Display,
        word: &str,
        message: &str,
        help: &str,
    ) {
        self.tell(level, at, Some(word), message, help);
    }

    fn tell(
        &mut self,
        (code, severity): (Code, Severity),
        at: &dyn fmt::Display,
        word: Option<&str>,
        message: &str,
        help: &str,
    ) {
        if !self.keeps(code, severity) {
            return;
        }
        let pointer = self.written(&at.to_string());
        let mut fault = levelled(self.document, code, pointer, message.to_owned(), help);
        fault.severity = severity;
        let source = self.document.source();
        let within = |word| {
            let text = self
                .document
                .root()?
                .nearest(&fault.pointer, self.document.source());
            source.word(text, word)
        };
        if let Some(at) = word.and_then(within) {
            fault.place = Some(source.place(at));
        }
        self.push(fault);
    }

    pub(crate) fn report(
        &mut self,
        code: Code,
        at: At<'_>,
        message: impl Into<String>,
        help: &str,
    ) {
        if self.keeps(code, code.severity()) {
            let fault = levelled(
                self.document,
                code,
                self.written(&at.pointer()),
                message.into(),
                help,
            );
            self.push(fault);
        }
    }
}
