//! People who answer what they are asked, each after their own time.

use std::collections::BTreeMap;

use phasegate_core::{PersonId, RoleId, Span};

/// How one person answers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Reply {
    /// Who.
    pub by: PersonId,
    /// Yes or no.
    pub yes: bool,
    /// How long they take.
    pub after: Span,
}

/// Who answers for which role. Roles that are not here never answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct People {
    /// Several people may have one role.
    pub replies: BTreeMap<RoleId, Vec<Reply>>,
}

impl People {
    /// Adds somebody who says yes after a minute.
    #[must_use]
    pub fn with_yes(mut self, role: RoleId, by: PersonId) -> Self {
        let reply = Reply {
            by,
            yes: true,
            after: Span::from_secs(60),
        };
        self.replies.entry(role).or_default().push(reply);
        self
    }
}
