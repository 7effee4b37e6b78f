//! What happened, in order: one moment for each record that people would want to see, with what it
//! rests on.

use phasegate_core::{EffectOutcome, PersonId, PhaseId, Timestamp};
use phasegate_engine::program::OpKind;
use phasegate_engine::record::{Body, Cause, Decision, Finish, Place, Record};
use serde::Serialize;

use super::exposure::exposed;
use super::{Evidence, Step, causes, evidence};
use crate::words;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Moment {
    /// Sequence of the record that says so.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What sort of thing.
    pub sort: MomentSort,
    /// In which phase, if in one.
    pub phase: Option<PhaseId>,
    /// Who did it, if a person did.
    pub by: Option<PersonId>,
    /// Whose key has signed it, as the note says that its record keeps. Whether the signature holds is not looked at here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// What, in words.
    pub text: String,
    /// On what it rests.
    pub evidence: Vec<Evidence>,
}

/// What sort of thing happened.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum MomentSort {
    /// A person ended the rollout.
    Aborted,
    /// A person brought in a revised plan.
    Amended,
    /// People were told what the plan's communications say.
    Announced,
    /// A person answered.
    Answered,
    /// A person was asked.
    Asked,
    /// A bake or a validation passed.
    BakePassed,
    /// A step of the rollback, or all of it, took too long.
    BudgetBlown,
    /// It was measured how things stand.
    BaselineRecorded,
    /// The clocks disagreed.
    ClockDisagreed,
    /// Work that comes again and again is announced, begins or is over.
    Maintenance,
    /// A policy changes how many there are of something, or would.
    Scaled,
    /// Old and new differ.
    DifferenceFound,
    /// A step of an incident.
    Incident,
    /// The rollout began.
    Created,
    /// Nobody waits for an effect any more.
    EffectAbandoned,
    /// An effect was sent again with its key.
    EffectRepeated,
    /// An effect certainly did not happen.
    EffectNotApplied,
    /// Nobody knows whether an effect happened.
    EffectUnsure,
    /// More or fewer see the new version.
    Exposed,
    /// The rollout ended.
    Finished,
    /// A gate decided go.
    GateGo,
    /// A gate decided no-go.
    GateNoGo,
    /// Nothing moves forward.
    Held,
    /// A person stopped forward movement.
    Paused,
    /// A phase is done.
    PhaseFinished,
    /// A phase began.
    PhaseStarted,
    /// A controller took it up again.
    Recovered,
    /// A person released a hold.
    Released,
    /// A person let it go on.
    Resumed,
    /// A person had a step tried again.
    Retried,
    /// The steps of a rollback are over.
    RollbackEnded,
    /// It goes back, or further back.
    RollbackStarted,
    /// A stage of the rollback was not enough, and the next one began.
    StageTooLittle,
    /// A step failed and was gone on without.
    StepFailed,
    /// A person skipped a step.
    StepSkipped,
    /// A person stated something that a criterion turns on.
    Testified,
    /// A trigger started its response.
    TriggerFired,
}

impl MomentSort {
    /// Is it a decision, by the plan or by a person, or the end? Charts mark these.
    #[must_use]
    pub const fn is_decision(self) -> bool {
        match self {
            Self::Aborted
            | Self::Amended
            | Self::BakePassed
            | Self::Finished
            | Self::GateGo
            | Self::GateNoGo
            | Self::Held
            | Self::Paused
            | Self::Released
            | Self::Resumed
            | Self::Retried
            | Self::RollbackEnded
            | Self::RollbackStarted
            | Self::StageTooLittle
            | Self::StepSkipped
            | Self::TriggerFired => true,
            Self::Announced
            | Self::Answered
            | Self::Asked
            | Self::BudgetBlown
            | Self::BaselineRecorded
            | Self::ClockDisagreed
            | Self::DifferenceFound
            | Self::Incident
            | Self::Maintenance
            | Self::Scaled
            | Self::Created
            | Self::EffectAbandoned
            | Self::EffectNotApplied
            | Self::EffectRepeated
            | Self::EffectUnsure
            | Self::Exposed
            | Self::PhaseFinished
            | Self::PhaseStarted
            | Self::Recovered
            | Self::StepFailed
            | Self::Testified => false,
        }
    }
}

pub(super) struct Fold {
    moments: Vec<Moment>,
}

impl Fold {
    pub(super) fn new(first: &Record, by: &PersonId) -> Self {
        let created = Moment {
            seq: 0,
            at: first.at(),
            sort: MomentSort::Created,
            phase: None,
            by: Some(by.clone()),
            signed: None,
            text: "the rollout was created".to_owned(),
            evidence: Vec::new(),
        };
        Self {
            moments: vec![created],
        }
    }

    pub(super) fn take(&mut self, step: &Step<'_>) {
        let Some(draft) = draft(step) else { return };
        self.moments.push(Moment {
            seq: step.seq,
            at: step.record.at(),
            sort: draft.sort,
            phase: draft.phase,
            by: draft.by,
            signed: step.record.note.as_deref().map(signers),
            text: draft.text,
            evidence: draft.evidence,
        });
    }

    pub(super) fn finish(self) -> Vec<Moment> {
        self.moments
    }
}

/// A moment without its place in the journal.
struct Draft {
    sort: MomentSort,
    phase: Option<PhaseId>,
    by: Option<PersonId>,
    text: String,
    evidence: Vec<Evidence>,
}

impl Draft {
    fn new(sort: MomentSort, text: impl Into<String>) -> Self {
        Self {
            sort,
            phase: None,
            by: None,
            text: text.into(),
            evidence: Vec::new(),
        }
    }

    fn by(mut self, by: &PersonId) -> Self {
        self.by = Some(by.clone());
        self
    }

    fn at(mut self, place: &Place) -> Self {
        self.phase = place.phase().cloned();
        self
    }

    fn because(mut self, evidence: Vec<Evidence>) -> Self {
        self.evidence = evidence;
        self
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm a record, so that none is overlooked"
)]
fn draft(step: &Step<'_>) -> Option<Draft> {
    use MomentSort as Sort;
    let (before, record) = (step.before, step.record);
    let draft = match &record.body {
        Body::Abandoned { effect } => Draft::new(
            Sort::EffectAbandoned,
            format!("nobody waits for effect {effect} any more"),
        ),
        Body::Aborted { by, reason } => Draft::new(Sort::Aborted, reason).by(by),
        Body::Amended {
            by,
            reason,
            changes,
            ..
        } => {
            let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
            let text = format!("{reason}: {}", changes.join("; "));
            Draft::new(Sort::Amended, text).by(by)
        }
        Body::AnswerWithdrawn { by, reason, .. } => {
            Draft::new(Sort::Answered, format!("takes the answer back: {reason}")).by(by)
        }
        Body::Answered(answered) => {
            let word = words::yes_or_no(answered.yes);
            let text = format!("{word} as {}: {}", answered.role, answered.reason);
            Draft::new(Sort::Answered, text).by(&answered.by)
        }
        Body::Announced { title, .. } => Draft::new(Sort::Announced, title),
        Body::Maintenance {
            title,
            begins,
            step,
            ..
        } => Draft::new(Sort::Maintenance, words::maintenance(title, *begins, *step)),
        Body::Scaled {
            title,
            finding,
            from,
            count,
            acts,
            ..
        } => Draft::new(
            Sort::Scaled,
            words::scaled(title, (*from, *count), *acts, finding),
        ),
        Body::Asked(ask) => Draft::new(Sort::Asked, &ask.text),
        Body::BaselineRecorded { place, figures } => {
            let one = |f: &phasegate_engine::record::Baselined| {
                format!("{} = {} ({} samples)", f.measure, f.value, f.samples)
            };
            let text = figures.iter().map(one).collect::<Vec<_>>().join(", ");
            Draft::new(Sort::BaselineRecorded, text).at(place)
        }
        Body::BudgetBlown { place, budget } => {
            let what = match place {
                Some(place) => title(place, step),
                None => "the rollback".to_owned(),
            };
            let text = format!("{what} took longer than {}", words::span_text(*budget));
            let evidence = evidence::of_budget(place.as_ref(), *budget, step);
            Draft::new(Sort::BudgetBlown, text).because(evidence)
        }
        Body::ClockDisagreed { by } => Draft::new(
            Sort::ClockDisagreed,
            format!("by {}", words::span_text(*by)),
        ),
        Body::Concluded {
            effect, outcome, ..
        } => return concluded(*effect, outcome, step),
        Body::Created { .. } | Body::Evaluated { .. } | Body::Intended { .. } => return None,
        Body::DifferenceFound {
            target,
            count,
            detail,
            ..
        } => Draft::new(
            Sort::DifferenceFound,
            format!("{target}, {count} times: {detail}"),
        ),
        Body::Finished { .. } => {
            let text = step
                .after
                .outcome
                .map(super::header::Standing::from)
                .map(words::standing);
            Draft::new(Sort::Finished, text.unwrap_or_default())
        }
        Body::GateDecided {
            place,
            gate,
            decision,
            reason,
        } => {
            let sort = match decision {
                Decision::Go => Sort::GateGo,
                Decision::NoGo => Sort::GateNoGo,
            };
            let text = format!("{gate}: {}", words::gate_reason(reason));
            Draft::new(sort, text)
                .at(place)
                .because(evidence::of_place(place, step))
        }
        Body::Held { reason } => Draft::new(Sort::Held, causes::hold(reason, step))
            .because(evidence::of_hold(reason, step)),
        Body::Incident {
            number,
            step: change,
        } => Draft::new(Sort::Incident, words::incident(*number, change)),
        Body::OpFinished { place, finish } => return finished(place, finish, step),
        Body::OpStarted { .. } => return None,
        Body::Paused { by, reason } => Draft::new(Sort::Paused, reason).by(by),
        Body::PhaseFinished { phase } => phase_draft(Sort::PhaseFinished, phase, step),
        Body::PhaseStarted { phase } => phase_draft(Sort::PhaseStarted, phase, step),
        Body::Recovered { in_doubt } => {
            let down = record.at().since(before.last.wall);
            let doubt = match in_doubt.len() {
                0 => "no effect in doubt".to_owned(),
                1 => "1 effect in doubt".to_owned(),
                n => format!("{n} effects in doubt"),
            };
            let text = format!("after at most {} down, {doubt}", words::span_text(down));
            Draft::new(Sort::Recovered, text)
        }
        Body::Released { by, reason } => Draft::new(Sort::Released, reason).by(by),
        Body::Repeated { effect, .. } => Draft::new(
            Sort::EffectRepeated,
            format!("effect {effect} is sent again with its key"),
        ),
        Body::Resumed { by, reason } => Draft::new(Sort::Resumed, reason).by(by),
        Body::Retried { place, by, reason } => {
            let text = format!("{}: {reason}", title(place, step));
            Draft::new(Sort::Retried, text).at(place).by(by)
        }
        Body::RollbackEnded { validated } => {
            let ops = before.rollback.as_ref().map(|rollback| &rollback.ops[..]);
            let mut ops = ops.unwrap_or_default().iter();
            let text = match validated {
                true if ops.any(|op| matches!(op.kind, OpKind::Validate { .. })) => "validated",
                true => "done; the plan validates nothing here",
                false => "not validated: a person must take over",
            };
            let limit = before.rollback.as_ref().and_then(|rollback| rollback.limit);
            let evidence = evidence::of_rollback(step, limit);
            Draft::new(Sort::RollbackEnded, text).because(evidence.into_iter().collect())
        }
        Body::RollbackStarted { cause, back, .. } => {
            // What a trigger found stands with the trigger, just before.
            let why = if let Cause::Trigger { trigger, .. } = cause {
                format!("trigger {trigger} fired")
            } else {
                causes::cause(cause, step)
            };
            let text = format!("{}, because {why}", words::back(back));
            Draft::new(Sort::RollbackStarted, text).because(evidence::of_cause(cause, step))
        }
        Body::Testified {
            statement,
            yes,
            by,
            reason,
        } => {
            let text = format!("{}: {reason}", words::statement(statement, *yes));
            Draft::new(Sort::Testified, text).by(by)
        }
        Body::TriggerFired {
            trigger,
            finding,
            response,
        } => {
            let does = words::response(response.as_ref());
            let text = format!("{trigger} starts {does}: {}", finding.sentence);
            let evidence = evidence::of_trigger(trigger, Some(finding), step);
            Draft::new(Sort::TriggerFired, text).because(evidence)
        }
    };
    Some(draft)
}

fn concluded(number: u64, outcome: &EffectOutcome, step: &Step<'_>) -> Option<Draft> {
    let state = step.before.effects.get(&number)?;
    let desired = &state.effect.desired;
    let draft = match outcome {
        EffectOutcome::Applied { .. } => {
            exposed(desired)?;
            Draft::new(MomentSort::Exposed, desired.to_string())
        }
        EffectOutcome::NotApplied { reason } => {
            let text = format!("{desired} did not happen: {reason}");
            Draft::new(MomentSort::EffectNotApplied, text)
        }
        EffectOutcome::Unknown { reason } => {
            let text = format!("nobody knows yet whether it happened: {desired} ({reason})");
            Draft::new(MomentSort::EffectUnsure, text)
        }
    };
    Some(draft.at(&state.place))
}

fn finished(place: &Place, finish: &Finish, step: &Step<'_>) -> Option<Draft> {
    let title = title(place, step);
    let draft = match finish {
        Finish::Failed { reason } => {
            Draft::new(MomentSort::StepFailed, format!("{title}: {reason}"))
        }
        Finish::Skipped { by, reason } => {
            Draft::new(MomentSort::StepSkipped, format!("{title}: {reason}")).by(by)
        }
        Finish::TooLittle { reason } => {
            Draft::new(MomentSort::StageTooLittle, format!("{title}: {reason}"))
        }
        Finish::NotNeeded => return None,
        Finish::Done => match step.before.op(place).map(|op| &op.kind)? {
            // Nothing is waited for and nothing is looked at: nothing is decided.
            OpKind::Bake { span, checks, .. } if span.is_zero() && checks.is_empty() => {
                return None;
            }
            OpKind::Bake { .. } | OpKind::Validate { .. } => {
                Draft::new(MomentSort::BakePassed, title)
            }
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Gate(_)
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Wait { .. } => {
                return None;
            }
        },
    };
    let evidence = evidence::of_place(place, step);
    Some(draft.at(place).because(evidence))
}

fn phase_draft(sort: MomentSort, phase: &PhaseId, step: &Step<'_>) -> Draft {
    let title = step
        .after
        .program
        .phase(phase)
        .map(|phase| phase.title.clone());
    let mut draft = Draft::new(sort, title.unwrap_or_default());
    draft.phase = Some(phase.clone());
    draft
}

fn title(place: &Place, step: &Step<'_>) -> String {
    step.before
        .op(place)
        .map(|op| op.title.clone())
        .unwrap_or_else(|| words::place(place))
}

/// The names in the signatures of a note, which stand behind its last empty line: `— NAME BASE64`.
fn signers(note: &str) -> String {
    let lines = note.rsplit_once("\n\n").map_or("", |(_, lines)| lines);
    let name = |line: &str| {
        Some(
            line.strip_prefix("\u{2014} ")?
                .split(' ')
                .next()?
                .to_owned(),
        )
    };
    let names: Vec<String> = lines.lines().filter_map(name).collect();
    names.join(", ")
}
