//! What an adopted revision of the plan changes.

use std::fmt;

use phasegate_core::{CriterionId, KpiId, PhaseId, StepId, Timestamp, TriggerId};
use serde::{Deserialize, Serialize};

/// One thing that a revision changes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "reports must name each")]
pub enum Change {
    /// Who is told what and when, and work that comes again and again.
    Communication,
    /// A phase that has not begun begins at another moment at the earliest.
    Date {
        /// Which.
        phase: PhaseId,
        /// Until now.
        from: Option<Timestamp>,
        /// From now on.
        to: Option<Timestamp>,
    },
    /// A step that had not begun is left to a later phase.
    Deferred {
        /// Which.
        step: StepId,
        /// The phase under way that had it.
        from: PhaseId,
        /// The phase that has it now.
        to: PhaseId,
    },
    /// When nothing moves forward.
    Freezes,
    /// Budgets, time-outs and dates of work that has begun, and who is called when they are blown.
    Limits {
        /// In which phase.
        phase: PhaseId,
        /// Of which step; of the way back as a whole if absent.
        step: Option<StepId>,
    },
    /// What may be declared, and what is done then.
    Matrix,
    /// What a number is; a new one, another one, or one that nobody speaks of any more.
    Number {
        /// Which.
        kpi: KpiId,
    },
    /// Objectives made of numbers.
    Objectives,
    /// A phase that was not there.
    PhaseAdded {
        /// Which.
        phase: PhaseId,
    },
    /// A phase that has not begun does something else.
    PhaseChanged {
        /// Which.
        phase: PhaseId,
    },
    /// A phase that had not begun is not there any more.
    PhaseRemoved {
        /// Which.
        phase: PhaseId,
    },
    /// A way back beside those of the phases.
    Procedure {
        /// Which.
        procedure: CriterionId,
    },
    /// What people must sign, and by which keys they are known.
    Signatures,
    /// How often is looked, who is asked and on call, what bindings there are: all that is no work.
    Surroundings,
    /// What starts a response.
    Trigger {
        /// Which.
        trigger: TriggerId,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = |at: &Option<Timestamp>| at.map_or("any time".to_owned(), |at| at.to_string());
        match self {
            Self::Communication => f.write_str("who is told what and when"),
            Self::Date { phase, from, to } => {
                let (from, to) = (moment(from), moment(to));
                write!(
                    f,
                    "phase {phase} begins at the earliest at {to}, not {from}"
                )
            }
            Self::Deferred { step, from, to } => {
                write!(f, "step {step} is left by phase {from} to phase {to}")
            }
            Self::Freezes => f.write_str("when nothing moves forward"),
            Self::Limits { phase, step: None } => {
                write!(f, "limits of the way back of phase {phase}")
            }
            Self::Limits {
                phase,
                step: Some(step),
            } => write!(f, "limits of step {step} of phase {phase}"),
            Self::Matrix => f.write_str("what may be declared"),
            Self::Number { kpi } => write!(f, "number {kpi}"),
            Self::Objectives => f.write_str("objectives"),
            Self::PhaseAdded { phase } => write!(f, "phase {phase} is added"),
            Self::PhaseChanged { phase } => write!(f, "phase {phase} is changed"),
            Self::PhaseRemoved { phase } => write!(f, "phase {phase} is left out"),
            Self::Procedure { procedure } => write!(f, "procedure {procedure}"),
            Self::Signatures => f.write_str("who signs what"),
            Self::Surroundings => f.write_str("how often is looked, who is asked, bindings"),
            Self::Trigger { trigger } => write!(f, "trigger {trigger}"),
        }
    }
}
