//! What all checks share: the draft, the document for places, and the faults so far.

use std::collections::BTreeSet;
use std::fmt;

use super::levelled;
use crate::document::PlanDocument;
use crate::fault::{Code, Fault};
use crate::model::PlanDraft;

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
    faults: Vec<Fault>,
}

impl<'d> Scope<'d> {
    pub(crate) fn new(
        draft: &'d PlanDraft,
        document: &'d PlanDocument,
        lost: BTreeSet<String>,
    ) -> Self {
        Self {
            draft,
            document,
            lost,
            faults: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> Vec<Fault> {
        self.faults
    }

    pub(super) fn document(&self) -> &'d PlanDocument {
        self.document
    }

    pub(super) fn push(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Was there something of this name that could not be read? Then who names it is not wrong.
    pub(crate) fn is_lost(&self, id: &str) -> bool {
        self.lost.contains(id)
    }

    pub(crate) fn report(
        &mut self,
        code: Code,
        at: At<'_>,
        message: impl Into<String>,
        help: Option<&str>,
    ) {
        let fault = levelled(self.document, code, at.to_string(), message.into(), help);
        self.faults.push(fault);
    }
}
