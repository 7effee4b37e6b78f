//! What all checks share: the draft, the document for places, and the faults so far.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use phasegate_core::RoleId;

use super::levelled;
use crate::document::PlanDocument;
use crate::fault::{Code, FAULTS_MAX, Fault};
use crate::form::Dropped;
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
}

/// A JSON pointer.
impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        match self.segment {
            Segment::Root => Ok(()),
            Segment::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Index(index) => write!(f, "/{index}"),
        }
    }
}

/// The draft under check.
pub(crate) struct Scope<'d> {
    pub(crate) draft: &'d PlanDraft,
    document: &'d PlanDocument,
    lost: BTreeSet<String>,
    dropped: Dropped,
    roles: BTreeMap<&'d RoleId, &'d PlanRole>,
    faults: Vec<Fault>,
}

impl<'d> Scope<'d> {
    pub(crate) fn new(
        draft: &'d PlanDraft,
        document: &'d PlanDocument,
        lost: BTreeSet<String>,
        dropped: Dropped,
    ) -> Self {
        Self {
            draft,
            document,
            lost,
            dropped,
            roles: draft.roles.iter().map(|role| (&role.id, role)).collect(),
            faults: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> Vec<Fault> {
        self.faults
    }

    /// A role of the plan.
    pub(super) fn role(&self, id: &RoleId) -> Option<&'d PlanRole> {
        self.roles.get(id).copied()
    }

    pub(super) fn document(&self) -> &'d PlanDocument {
        self.document
    }

    /// Are there so many faults that no more are kept?
    pub(super) fn is_full(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    pub(super) fn push(&mut self, fault: Fault) {
        if !self.is_full() {
            self.faults.push(fault);
        }
    }

    /// Was there something of this name that could not be read? Then who names it is not wrong.
    pub(crate) fn is_lost(&self, id: &str) -> bool {
        self.lost.contains(id)
    }

    /// The pointer into the document for one into the model: items that could not be read stand in the
    /// document and not in the model.
    pub(super) fn written(&self, pointer: &str) -> String {
        if self.dropped.is_empty() {
            return pointer.to_owned();
        }
        let mut out = String::new();
        for segment in pointer.split('/').skip(1) {
            let moved = segment.parse::<usize>().ok().map(|index| {
                let dropped = self.dropped.get(&out).map_or(&[][..], Vec::as_slice);
                dropped
                    .iter()
                    .fold(index, |at, gone| if *gone <= at { at + 1 } else { at })
            });
            out.push('/');
            match moved {
                Some(index) => out.push_str(&index.to_string()),
                None => out.push_str(segment),
            }
        }
        out
    }

    /// Does a text name something that could not be read?
    pub(super) fn is_lost_within(&self, text: &str) -> bool {
        self.lost.iter().any(|id| text.contains(id.as_str()))
    }

    /// A fault with another severity than its code's own.
    pub(super) fn report_as(
        &mut self,
        code: Code,
        severity: crate::fault::Severity,
        at: At<'_>,
        message: &str,
        help: &str,
    ) {
        let pointer = self.written(&at.to_string());
        let mut fault = levelled(self.document, code, pointer, message.to_owned(), Some(help));
        fault.severity = severity;
        self.push(fault);
    }

    pub(crate) fn report(
        &mut self,
        code: Code,
        at: At<'_>,
        message: impl Into<String>,
        help: Option<&str>,
    ) {
        if !self.is_full() {
            let fault = levelled(
                self.document,
                code,
                self.written(&at.to_string()),
                message.into(),
                help,
            );
            self.push(fault);
        }
    }
}
