//! Gates: where it is decided whether to go on.

use phasegate_core::{GateId, RoleId, Span, StepId, Timestamp};

use super::{Condition, Item, OnInconclusive, Response, Slot};
use crate::form::{choice, record, words};

choice! {
    /// When a gate is decided.
    pub enum GateWhen {
        /// Before the phase, or the whole plan, begins.
        unit BeforeStart = "before-start",
        /// Before one of the phase's steps.
        with BeforeStep(StepId) as before_step = "before-step",
        /// When the phase's steps are done.
        unit End = "end",
        /// When all phases are done: acceptance of the whole.
        unit Acceptance = "acceptance",
    }
}

words! {
    /// What holds if nobody has decided in time.
    pub enum TimeoutAnswer {
        /// Go on.
        Go = "go",
        /// Do not.
        NoGo = "no-go",
        /// Wait on, and tell.
        Hold = "hold",
    }
}

record! {
    /// The yes of people in a role. The bare role may stand for one yes.
    pub struct Approval short role: RoleId {
        /// Who may say it.
        need role: RoleId,
        /// How many of them must.
        or quorum: u32 = 1,
        /// May the author of the plan be one of them?
        or author_may: bool = false,
    }
}

record! {
    /// A go/no-go decision: go when all criteria pass, all checks are attested, all approvals are
    /// there and the date has come.
    pub struct Gate {
        /// Its name.
        need id: GateId,
        /// What is decided, for people.
        may title: String,
        /// When it is decided; at the end of its phase, if nothing is said.
        or when: GateWhen = GateWhen::End,
        /// Not before this moment.
        may not_before: Timestamp,
        /// On this day of its phase; for a gate of the whole, of the plan.
        may slot: Slot,
        /// What must be measured.
        list criteria: Condition,
        /// What people must attest.
        list checks: Item,
        /// Who must say yes.
        list approvals: Approval,
        /// How long the decision may take.
        may decide_within: Span,
        /// What holds after that.
        may on_timeout: TimeoutAnswer,
        /// What an inconclusive criterion does.
        or on_inconclusive: OnInconclusive = OnInconclusive::Hold,
        /// What a no-go does, in order; holding, if nothing stands here.
        list no_go: Response,
        /// What people do after a no-go, before it is decided again.
        list no_go_measures: Item,
    }
}
