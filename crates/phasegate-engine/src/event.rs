//! What reaches the engine from outside, and why an event may not fit.

use phasegate_core::{Answer, EffectOutcome, GateId, PersonId, Reading, RoleId, TargetId};

use crate::amend::{NotPermitted, Refused};
use crate::engine::Sources;
use crate::program::{Back, Program};
use crate::record::Place;

/// A person, as the edge verified them.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "edges write it out")]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// What they may act as.
    pub roles: Vec<RoleId>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "shells write events; the engine must know each"
)]
pub enum Event {
    /// A person brings in a revised plan.
    Amended {
        /// Who.
        by: Person,
        /// Why.
        reason: String,
        /// The revised plan, compiled as the first one was.
        program: Box<Program>,
        /// The documents it was made from.
        sources: Sources,
        /// The signed note that says so, verified by the edge.
        note: Option<String>,
    },
    /// A comparer saw old and new differ.
    Differed {
        /// What is compared.
        target: TargetId,
        /// The difference: equal ones have one id.
        id: String,
        /// How often it has been seen in all.
        count: u64,
        /// What differs, for people.
        detail: String,
    },
    /// An adapter said what became of an effect.
    EffectDone {
        /// Its number.
        number: u64,
        /// What.
        outcome: EffectOutcome,
    },
    /// An adapter read a state back.
    Inspected {
        /// The inspection's number.
        number: u64,
        /// What it found; `None` if it could not be asked.
        reading: Option<Reading>,
    },
    /// A source answered a query.
    Measured {
        /// The query's ticket.
        ticket: u64,
        /// What.
        answer: Answer,
    },
    /// A person did something.
    Operator {
        /// Who.
        by: Person,
        /// Why.
        reason: String,
        /// What.
        act: Act,
        /// The signed note that says so, verified by the edge.
        note: Option<String>,
    },
}

/// What a person does.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "shells write acts; the engine must know each"
)]
pub enum Act {
    /// End the rollout: it goes back to the start.
    Abort,
    /// Answer a question: approve or reject, done or not, it happened or not.
    Answer {
        /// The question's number.
        ask: u64,
        /// In which role.
        role: RoleId,
        /// Yes or no.
        yes: bool,
        /// The digest of the plan that the person saw.
        plan_digest: String,
        /// The journal's next sequence when the person looked.
        seen: u64,
    },
    /// Say that one looks at an incident.
    Acknowledge {
        /// Which.
        incident: u64,
    },
    /// Say that a scenario of the plan has happened; the reason is the evidence.
    Declare {
        /// Which, by its name in the plan.
        scenario: String,
    },
    /// Rehearse a rollback: it is carried out and timed as any other, and is evidence that the way back works. Afterwards
    /// the rollout waits for a release and begins again what was undone. The reason must be given.
    Drill {
        /// How far.
        back: Back,
    },
    /// Rehearse what is done when a scenario of the plan is declared: who is on call is called, messages are sent and
    /// the clocks run, all of them called a drill, and what is said about it counts. The plan's response is not carried
    /// out, nothing is held, and what the plan announces to others is not announced. The reason must be given.
    DrillIncident {
        /// Which, by its name in the plan.
        scenario: String,
    },
    /// Say that what was to be done after an incident is done.
    FollowUp {
        /// Which.
        incident: u64,
    },
    /// Say that an incident is over.
    Resolve {
        /// Which.
        incident: u64,
    },
    /// Give news of an incident.
    Update {
        /// Which.
        incident: u64,
    },
    /// Pass a gate that is not decided, without what it asks for. The reason must be given, and those
    /// whom the plan names for trouble are told. Freezes, pauses and holds still hold.
    BreakGlass {
        /// Where.
        place: Place,
    },
    /// Stop forward movement. Triggers and rollbacks stay live.
    Pause,
    /// Let a held rollout go on; what held it is looked at afresh.
    Release,
    /// Let a paused rollout go on.
    Resume,
    /// Go back so far, by the steps of the rollback.
    RollBack {
        /// How far.
        back: Back,
    },
    /// Try the operation there again, as a new effect.
    Retry {
        /// Where.
        place: Place,
    },
    /// Carry a failed rollback out again.
    RetryRollback,
    /// Count the operation there as done.
    Skip {
        /// Where.
        place: Place,
    },
    /// End a rollout whose rollback failed: a person has taken over.
    TakeOver,
    /// State what a criterion of the plan turns on and nothing measures: that a check is fulfilled, that an
    /// event has happened, that one's role approves; or, with no, that it is not so any more.
    Testify {
        /// In the criterion's words: `check "labels move"`, `on event(data_loss)`, `approve CTO`.
        condition: String,
        /// Is it so?
        yes: bool,
    },
    /// Take back one's own answer to a question that is still open.
    Withdraw {
        /// The question's number.
        ask: u64,
    },
}

/// Why an event does not fit. The state is unchanged.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The person has answered that question already. At a gate only the same answer is so refused, while it counts.
    #[error("{by} has answered question {ask} already")]
    AnsweredTwice {
        /// Which.
        ask: u64,
        /// Who.
        by: PersonId,
    },
    /// The revised plan holds what a running rollout may not adopt.
    #[error("{}", Refused(.what.clone()))]
    NotPermitted {
        /// All of it.
        what: Vec<NotPermitted>,
    },
    /// An act that must be explained was not.
    #[error("this must be explained: give a reason")]
    ReasonMissing,
    /// The rollout has ended.
    #[error("the rollout has ended")]
    Ended,
    /// The plan asks for evidence, and none was given.
    #[error("question {ask} is answered with evidence: {wanted}; give it as the reason")]
    EvidenceMissing {
        /// Which.
        ask: u64,
        /// What is wanted.
        wanted: String,
    },
    /// The plan does not let that person decide there.
    #[error("{by} is excluded from approving gate {gate}")]
    Excluded {
        /// Who.
        by: PersonId,
        /// Where.
        gate: GateId,
    },
    /// Nothing to do it to.
    #[error("{what}")]
    NotApplicable {
        /// What is missing, for people.
        what: &'static str,
    },
    /// The operation is not under way.
    #[error("that operation is not under way")]
    NotThere,
    /// The question is not asked to that role.
    #[error("question {ask} is not asked to role {role}")]
    RoleNotAsked {
        /// Which.
        ask: u64,
        /// The role.
        role: RoleId,
    },
    /// The person does not have that role.
    #[error("{by} does not have role {role}")]
    RoleNotHeld {
        /// Who.
        by: PersonId,
        /// The role.
        role: RoleId,
    },
    /// The person does not have the role for which they speak.
    #[error("{by} cannot approve for {role}, which is no role of theirs")]
    RoleNotSpokenFor {
        /// Who.
        by: PersonId,
        /// The role, as the criterion names it.
        role: String,
    },
    /// The answer is to another plan, or to a state before the question.
    #[error(
        "the answer to question {ask} was given to another plan or before the question was asked: look again"
    )]
    StaleAnswer {
        /// Which.
        ask: u64,
    },
    /// An answer nobody waits for: it came twice, or too late. Harmless.
    #[error("nobody waits for {what} {number}")]
    Unawaited {
        /// Of what kind.
        what: &'static str,
        /// Its number.
        number: u64,
    },
    /// The plan wants it signed, and it is not.
    #[error(
        "the plan wants this signed: sign the act '{act}' with a key that the plan names for {by}, over the journal's head as it is now"
    )]
    SignatureMissing {
        /// Who.
        by: PersonId,
        /// What, in the words to be signed.
        act: String,
    },
    /// It is signed, and not so that it may be done.
    #[error("the signature does not let '{act}' be done: {why}")]
    SignatureRefused {
        /// What, in the words to be signed.
        act: String,
        /// What is wrong, and how to mend it.
        why: String,
    },
    /// No criterion of the plan turns on that statement.
    #[error(
        "no criterion of the plan turns on '{condition}': say one thing in a criterion's words, as in 'check \"labels move\"', 'on event(data_loss)' or 'approve CTO'"
    )]
    UnknownCondition {
        /// What was stated, shortened.
        condition: String,
    },
    /// No such question is open.
    #[error("no question {ask} is open")]
    UnknownAsk {
        /// Which.
        ask: u64,
    },
}

pub use crate::deed::{Deed, amendment_words};

impl From<Refused> for EventError {
    fn from(refused: Refused) -> Self {
        Self::NotPermitted { what: refused.0 }
    }
}
