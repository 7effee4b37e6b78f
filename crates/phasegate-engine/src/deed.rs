//! What people do, in words: what they sign, and what a record says that somebody did.
//!
//! The words of an act are wire text, since people sign them: none ever changes. Free text stands last.

use std::fmt;

use phasegate_core::PersonId;

use crate::decide::is_same_statement;
use crate::event::Act;
use crate::program::Back;
use crate::record::{Body, Cause, Finish, GateReason, IncidentStep, Place, Statement};

/// The act as people sign it: `release`, `answer 3 as lead: yes`, `roll-back start`. The plan, the moment and the reason
/// stand beside it in what is signed.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |yes: &bool| if *yes { "yes" } else { "no" };
        match self {
            Self::Abort => f.write_str("abort"),
            Self::Answer { ask, role, yes, .. } => {
                write!(f, "answer {ask} as {role}: {}", word(yes))
            }
            Self::Acknowledge { incident } => write!(f, "acknowledge {incident}"),
            Self::Declare { scenario } => write!(f, "declare {scenario}"),
            Self::Drill { back } => write!(f, "drill {}", Far(back)),
            Self::DrillIncident { scenario } => write!(f, "drill-incident {scenario}"),
            Self::FollowUp { incident } => write!(f, "follow-up {incident}"),
            Self::Resolve { incident } => write!(f, "resolve {incident}"),
            Self::Update { incident } => write!(f, "update {incident}"),
            Self::BreakGlass { place } => write!(f, "break-glass {}", At(place)),
            Self::Pause => f.write_str("pause"),
            Self::Release => f.write_str("release"),
            Self::Resume => f.write_str("resume"),
            Self::RollBack { back } => write!(f, "roll-back {}", Far(back)),
            Self::Retry { place } => write!(f, "retry {}", At(place)),
            Self::RetryRollback => f.write_str("retry-rollback"),
            Self::Skip { place } => write!(f, "skip {}", At(place)),
            Self::TakeOver => f.write_str("take-over"),
            Self::Testify { condition, yes } => write!(f, "testify {}: {condition}", word(yes)),
            Self::Withdraw { ask } => write!(f, "withdraw {ask}"),
        }
    }
}

impl Act {
    /// Can it let the rollout move forward, or end what keeps it from it? What stops the rollout, takes it back or only
    /// tells cannot.
    pub fn moves_forward(&self) -> bool {
        match self {
            Self::Answer { .. }
            | Self::BreakGlass { .. }
            | Self::Release
            | Self::Resolve { .. }
            | Self::Resume
            | Self::Retry { .. }
            | Self::Skip { .. }
            | Self::TakeOver
            | Self::Testify { .. }
            | Self::Withdraw { .. } => true,
            Self::Abort
            | Self::Acknowledge { .. }
            | Self::Declare { .. }
            | Self::Drill { .. }
            | Self::DrillIncident { .. }
            | Self::FollowUp { .. }
            | Self::Pause
            | Self::RetryRollback
            | Self::RollBack { .. }
            | Self::Update { .. } => false,
        }
    }
}

/// The words that people sign when they bring in a revised plan: `amend PLAN BINDINGS`, by the digests of both documents.
///
/// ```
/// use phasegate_engine::event::amendment_words;
/// assert_eq!(amendment_words("5f1c", "a0"), "amend 5f1c a0");
/// ```
pub fn amendment_words(plan_digest: &str, bindings_digest: &str) -> String {
    format!("amend {plan_digest} {bindings_digest}")
}

/// How far back.
struct Far<'a>(&'a Back);

impl fmt::Display for Far<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Back::Before(phase) => write!(f, "before {phase}"),
            Back::Phase(phase) => write!(f, "phase {phase}"),
            Back::Previous => f.write_str("previous"),
            Back::Procedure(id) => write!(f, "procedure {id}"),
            Back::Start => f.write_str("start"),
        }
    }
}

/// Where; operations are counted from 1.
struct At<'a>(&'a Place);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Aside => f.write_str("aside"),
            Place::Phase { phase, op } => {
                write!(f, "{phase}, operation {}", op.saturating_add(1))
            }
            Place::Rollback { op } => write!(f, "rollback, operation {}", op.saturating_add(1)),
        }
    }
}

/// What a record says that a person did.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Deed<'r> {
    /// Who.
    pub by: &'r PersonId,
    /// Why, where that is recorded.
    pub reason: Option<&'r str>,
    /// The acts that it may be a record of, in the words that people sign.
    pub acts: Vec<String>,
    /// Can such an act let the rollout move forward?
    pub moves_forward: bool,
}

impl Deed<'_> {
    /// Is it a record of the act with these words?
    pub fn is(&self, words: &str) -> bool {
        self.acts
            .iter()
            .any(|act| act == words || states_the_same(act, words))
    }
}

/// Of a statement there are many texts, and the plan's own letters stand in the record.
fn states_the_same(act: &str, words: &str) -> bool {
    ["testify yes: ", "testify no: "].iter().any(|head| {
        let texts = act.strip_prefix(head).zip(words.strip_prefix(head));
        texts.is_some_and(|(one, other)| is_same_statement(one, other))
    })
}

impl Body {
    /// What it says that a person did, if it is the first record of that. What follows, such as the decision of a gate
    /// from an answer, is no deed. The rollback that an abort leads to cannot be told from one that a person wanted: who
    /// goes through a journal passes over the one that stands behind an abort.
    #[expect(clippy::too_many_lines, reason = "one arm a record")]
    pub fn deed<'b>(&'b self) -> Option<Deed<'b>> {
        let of = |by, reason: &'b str, acts: &[Act]| {
            Some(Deed {
                by,
                reason: Some(reason),
                acts: acts.iter().map(ToString::to_string).collect(),
                moves_forward: acts.iter().any(Act::moves_forward),
            })
        };
        match self {
            Self::Aborted { by, reason } => of(by, reason, &[Act::Abort]),
            Self::Amended {
                program,
                by,
                reason,
                ..
            } => Some(Deed {
                by,
                reason: Some(reason),
                acts: vec![amendment_words(
                    &program.plan_digest,
                    &program.bindings_digest,
                )],
                moves_forward: true,
            }),
            Self::Answered(answered) => of(
                &answered.by,
                &answered.reason,
                &[Act::Answer {
                    ask: answered.ask,
                    role: answered.role.clone(),
                    yes: answered.yes,
                    plan_digest: String::new(),
                    seen: 0,
                }],
            ),
            Self::AnswerWithdrawn { ask, by, reason } => {
                of(by, reason, &[Act::Withdraw { ask: *ask }])
            }
            Self::GateDecided {
                place,
                reason: GateReason::BrokenGlass { by, reason },
                ..
            } => of(
                by,
                reason,
                &[Act::BreakGlass {
                    place: place.clone(),
                }],
            ),
            Self::Incident { number, step } => {
                let (by, reason, act) = incident(*number, step)?;
                let moves_forward = act.moves_forward();
                let acts = vec![act.to_string()];
                Some(Deed {
                    by,
                    reason,
                    acts,
                    moves_forward,
                })
            }
            Self::OpFinished {
                place,
                finish: Finish::Skipped { by, reason },
            } => of(
                by,
                reason,
                &[Act::Skip {
                    place: place.clone(),
                }],
            ),
            Self::Paused { by, reason } => of(by, reason, &[Act::Pause]),
            Self::Released { by, reason } => of(by, reason, &[Act::Release, Act::TakeOver]),
            Self::Resumed { by, reason } => of(by, reason, &[Act::Resume]),
            Self::Retried { place, by, reason } => of(
                by,
                reason,
                &[Act::Retry {
                    place: place.clone(),
                }],
            ),
            Self::RollbackStarted {
                cause: Cause::Drill { by, reason },
                back,
                ..
            } => of(by, reason, &[Act::Drill { back: back.clone() }]),
            Self::RollbackStarted {
                cause: Cause::Operator { by, reason },
                back,
                ..
            } => {
                let back = back.clone();
                of(by, reason, &[Act::RollBack { back }, Act::RetryRollback])
            }
            Self::Testified {
                statement,
                yes,
                by,
                reason,
            } => {
                let (condition, yes) = (text_of(statement), *yes);
                of(by, reason, &[Act::Testify { condition, yes }])
            }
            Self::Abandoned { .. }
            | Self::Announced { .. }
            | Self::Asked(_)
            | Self::BaselineRecorded { .. }
            | Self::BudgetBlown { .. }
            | Self::ClockDisagreed { .. }
            | Self::Concluded { .. }
            | Self::Created { .. }
            | Self::DifferenceFound { .. }
            | Self::Evaluated { .. }
            | Self::Finished { .. }
            | Self::GateDecided { .. }
            | Self::Held { .. }
            | Self::Intended { .. }
            | Self::Maintenance { .. }
            | Self::Scaled { .. }
            | Self::OpFinished { .. }
            | Self::OpStarted { .. }
            | Self::PhaseFinished { .. }
            | Self::PhaseStarted { .. }
            | Self::Recovered { .. }
            | Self::Repeated { .. }
            | Self::RollbackEnded { .. }
            | Self::RollbackStarted { .. }
            | Self::TriggerFired { .. } => None,
        }
    }
}

fn incident(number: u64, step: &IncidentStep) -> Option<(&PersonId, Option<&str>, Act)> {
    let incident = number;
    match step {
        // Why somebody looks at it is not recorded.
        IncidentStep::Acknowledged { by } => Some((by, None, Act::Acknowledge { incident })),
        IncidentStep::Declared {
            scenario,
            by,
            evidence,
            drill,
        } => {
            let scenario = scenario.clone();
            let act = match drill {
                true => Act::DrillIncident { scenario },
                false => Act::Declare { scenario },
            };
            Some((by, Some(evidence), act))
        }
        IncidentStep::FollowedUp { by, text } => Some((by, Some(text), Act::FollowUp { incident })),
        IncidentStep::Resolved { by, text } => Some((by, Some(text), Act::Resolve { incident })),
        IncidentStep::Updated { by, text } => Some((by, Some(text), Act::Update { incident })),
        IncidentStep::Called { .. } | IncidentStep::Decided { .. } | IncidentStep::Late { .. } => {
            None
        }
    }
}

/// A statement as a criterion writes it.
fn text_of(statement: &Statement) -> String {
    match statement {
        Statement::Approval { role } => format!("approve {role}"),
        Statement::Check { condition } => condition.clone(),
        Statement::Event { name } => format!("on event({name})"),
    }
}
