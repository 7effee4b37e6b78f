//! The report's own words for what the engine names in types, and how it writes times and lengths.

use phasegate_core::{Span, Timestamp};
use phasegate_engine::program::{Back, OpKind, Response, Severity};
use phasegate_engine::record::{
    Decision, GateReason, HoldReason, IncidentClock, IncidentStep, MaintenanceStep, Place,
    Statement,
};
use phasegate_sla::{Finding, Verdict};

use crate::view::{
    BudgetSort, EffectEnd, KpiStatus, MomentSort, PhaseStanding, Standing, StepStanding,
    StretchSort, View,
};

/// What an operation does.
pub(crate) fn operation(kind: &OpKind) -> String {
    match kind {
        OpKind::Apply { to, desired, .. } => format!("{desired}, by {to}"),
        OpKind::Ask { role, .. } => format!("ask {role}"),
        OpKind::Bake { span, checks, .. } => match checks.len() {
            0 => format!("bake {}", span_text(*span)),
            1 => format!("bake {} with 1 criterion", span_text(*span)),
            n => format!("bake {} with {n} criteria", span_text(*span)),
        },
        OpKind::Gate(gate) => format!("gate {}", gate.id),
        OpKind::Ledger { target, .. } => format!("explain the differences of {target}"),
        OpKind::Measure { figures, over, .. } => {
            let named: Vec<&str> = figures.iter().map(|f| f.measure.as_str()).collect();
            format!("measure {} over {}", named.join(", "), span_text(*over))
        }
        OpKind::Validate { within, .. } => format!("validate within {}", span_text(*within)),
        OpKind::Wait { span } => format!("wait {}", span_text(*span)),
    }
}

/// A step of an incident, with its number.
pub(crate) fn incident(number: u64, step: &IncidentStep) -> String {
    format!("incident {number}: {}", incident_step(step))
}

/// A step of an incident.
pub(crate) fn incident_step(step: &IncidentStep) -> String {
    match step {
        IncidentStep::Acknowledged { by } => format!("{by} looks at it"),
        IncidentStep::Called { role, people, .. } => {
            let people: Vec<&str> = people.iter().map(|one| one.as_str()).collect();
            format!("{} is on call ({role})", people.join(", "))
        }
        IncidentStep::Decided { respond, .. } => {
            let word = if *respond { "" } else { "not " };
            format!("decided: the response is {word}carried out")
        }
        IncidentStep::Declared {
            scenario,
            by,
            evidence,
            drill,
        } => {
            let word = if *drill { "rehearsed" } else { "declared" };
            format!("{scenario}, {word} by {by}: {evidence}")
        }
        IncidentStep::FollowedUp { by, text } => format!("followed up by {by}: {text}"),
        IncidentStep::Late { clock } => {
            let clock = match clock {
                IncidentClock::Acknowledge => "nobody has acknowledged it",
                IncidentClock::Complete => "the response is not complete",
                IncidentClock::Decide => "nobody has decided",
                IncidentClock::Update => "there is no news",
            };
            format!("late: {clock}")
        }
        IncidentStep::Resolved { by, text } => format!("resolved by {by}: {text}"),
        IncidentStep::Updated { by, text } => format!("news from {by}: {text}"),
    }
}

/// On what a gate's decision rests.
pub(crate) fn gate_reason(reason: &GateReason) -> String {
    match reason {
        GateReason::AllMet => "all criteria hold and all approvals are there".to_owned(),
        GateReason::BrokenGlass { by, reason } => {
            format!("{by} passed it without what it asks for: {reason}")
        }
        GateReason::Criterion { check, sentence } => format!("criterion {check}: {sentence}"),
        GateReason::Rejected { by, reason } => format!("{by} rejected it: {reason}"),
        GateReason::TimedOut => "nobody decided in time".to_owned(),
    }
}

pub(crate) const fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Go => "go",
        Decision::NoGo => "no-go",
    }
}

/// How far a rollback goes.
pub(crate) fn back(back: &Back) -> String {
    match back {
        Back::Before(phase) => format!("to the state before phase {phase}"),
        Back::Phase(phase) => format!("to the state in which phase {phase} was done"),
        Back::Procedure(id) => format!("as far as procedure {id} goes"),
        Back::Previous => "to the state before the phase that failed".to_owned(),
        Back::Start => "to the state before the rollout".to_owned(),
    }
}

/// What a trigger or a failed criterion leads to.
pub(crate) fn response(response: Option<&Response>) -> String {
    match response {
        None => "nothing but messages".to_owned(),
        Some(Response::Hold) => "hold".to_owned(),
        Some(Response::Rollback(to)) => format!("rollback {}", back(to)),
    }
}

pub(crate) fn place(place: &Place) -> String {
    match place {
        Place::Aside => "aside".to_owned(),
        Place::Phase { phase, op } => format!("{phase}, operation {}", op.saturating_add(1)),
        Place::Rollback { op } => format!("rollback, operation {}", op.saturating_add(1)),
    }
}

pub(crate) const fn verdict(verdict: Option<&Verdict>) -> &'static str {
    match verdict {
        None => "not looked at",
        Some(Verdict::Fail) => "fail",
        Some(Verdict::Inconclusive(_)) => "inconclusive",
        Some(Verdict::Pass) => "pass",
        Some(Verdict::Warn) => "warn",
    }
}

pub(crate) const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Aborted => "aborted",
        Standing::Completed => "completed",
        Standing::Held => "held",
        Standing::Paused => "paused",
        Standing::RolledBack => "rolled back",
        Standing::RollbackFailed => "rollback failed",
        Standing::RollingBack => "rolling back",
        Standing::Running => "running",
    }
}

/// The same for people: the journal alone does not know whether somebody carries it out at this moment.
pub(crate) const fn stands(standing: Standing) -> &'static str {
    if matches!(standing, Standing::Running) {
        "not over"
    } else {
        self::standing(standing)
    }
}

pub(crate) const fn phase(standing: PhaseStanding) -> &'static str {
    match standing {
        PhaseStanding::Done => "done",
        PhaseStanding::Left => "left for the rollback",
        PhaseStanding::Running => "running",
        PhaseStanding::Undone => "undone",
        PhaseStanding::Waiting => "not begun",
    }
}

pub(crate) fn step(standing: &StepStanding) -> String {
    match standing {
        StepStanding::Done => "done".to_owned(),
        StepStanding::Failed { reason } => format!("failed: {reason}"),
        StepStanding::Left => "left for the rollback".to_owned(),
        StepStanding::NotNeeded => "not needed".to_owned(),
        StepStanding::Running => "under way".to_owned(),
        StepStanding::Skipped { by, reason } => format!("skipped by {by}: {reason}"),
        StepStanding::TooLittle { reason } => format!("not enough yet: {reason}"),
        StepStanding::Waiting => "not reached".to_owned(),
    }
}

pub(crate) const fn stretch(sort: StretchSort) -> &'static str {
    match sort {
        StretchSort::Blind => "blind",
        StretchSort::Firing => "firing",
        StretchSort::Pending => "pending",
        StretchSort::Settling => "settling",
    }
}

pub(crate) const fn effect(end: EffectEnd) -> &'static str {
    match end {
        EffectEnd::Abandoned => "no longer waited for",
        EffectEnd::Applied => "applied",
        EffectEnd::NotApplied => "not applied",
        EffectEnd::Open => "under way",
        EffectEnd::Unknown => "unknown",
    }
}

pub(crate) const fn kpi(status: KpiStatus) -> &'static str {
    match status {
        KpiStatus::Met => "met",
        KpiStatus::Missed => "missed",
        KpiStatus::NotMeasured => "not measured",
        KpiStatus::Open => "open",
    }
}

pub(crate) const fn budget(sort: BudgetSort) -> &'static str {
    match sort {
        BudgetSort::Acknowledge => "incidents: until somebody looks at it",
        BudgetSort::Complete => "incidents: until the response is complete",
        BudgetSort::Decide => "incidents: until it is decided",
        BudgetSort::Rollback => "goings back",
        BudgetSort::RollbackStep => "steps of goings back",
        BudgetSort::Step => "steps",
        BudgetSort::Update => "incidents: between news",
    }
}

pub(crate) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// What becomes of work that comes again and again.
pub(crate) fn scaled(
    title: &str,
    (from, count): (u32, u32),
    acts: bool,
    finding: &Finding,
) -> String {
    let what = match (acts, from == count) {
        (true, false) => format!("from {from} to {count}"),
        (false, false) => format!("would be scaled from {from} to {count}"),
        (_, true) => format!("stays at {from}, its limit"),
    };
    format!("{title}: {what}: {}", finding.sentence)
}

pub(crate) fn maintenance(title: &str, begins: Timestamp, step: MaintenanceStep) -> String {
    match step {
        MaintenanceStep::Announced => format!("{title}: announced for {begins}"),
        MaintenanceStep::Begun => format!("{title}: begun"),
        MaintenanceStep::Over => format!("{title}: over"),
    }
}

pub(crate) const fn moment(sort: MomentSort) -> &'static str {
    match sort {
        MomentSort::Aborted => "aborted",
        MomentSort::Amended => "plan revised",
        MomentSort::Announced => "told",
        MomentSort::Answered => "answered",
        MomentSort::Asked => "asked",
        MomentSort::BakePassed => "bake passed",
        MomentSort::BudgetBlown => "budget blown",
        MomentSort::BaselineRecorded => "baseline recorded",
        MomentSort::ClockDisagreed => "clocks disagreed",
        MomentSort::DifferenceFound => "difference found",
        MomentSort::Incident => "incident",
        MomentSort::Maintenance => "maintenance",
        MomentSort::Scaled => "scaled",
        MomentSort::Created => "started",
        MomentSort::EffectAbandoned => "effect given up",
        MomentSort::EffectRepeated => "effect repeated",
        MomentSort::EffectNotApplied => "effect did not happen",
        MomentSort::EffectUnsure => "effect in doubt",
        MomentSort::Exposed => "exposure",
        MomentSort::Finished => "ended",
        MomentSort::GateGo => "gate: go",
        MomentSort::GateNoGo => "gate: no-go",
        MomentSort::Held => "held",
        MomentSort::Paused => "paused",
        MomentSort::PhaseFinished => "phase done",
        MomentSort::PhaseStarted => "phase began",
        MomentSort::Recovered => "taken up again",
        MomentSort::Released => "released",
        MomentSort::Resumed => "resumed",
        MomentSort::Retried => "tried again",
        MomentSort::RollbackEnded => "rollback over",
        MomentSort::RollbackStarted => "rollback",
        MomentSort::StageTooLittle => "not enough yet",
        MomentSort::StepFailed => "step failed",
        MomentSort::StepSkipped => "step skipped",
        MomentSort::Testified => "stated",
        MomentSort::TriggerFired => "trigger",
    }
}

/// What a person stated that nothing measures.
pub(crate) fn statement(statement: &Statement, yes: bool) -> String {
    match (statement, yes) {
        (Statement::Approval { role }, true) => format!("{role} approves"),
        (Statement::Approval { role }, false) => format!("{role} does not approve"),
        (Statement::Check { condition }, true) => format!("{condition} is fulfilled"),
        (Statement::Check { condition }, false) => format!("{condition} is not fulfilled"),
        (Statement::Event { name }, true) => format!("{name} has happened"),
        (Statement::Event { name }, false) => format!("{name} is over"),
    }
}

/// What is to be done about something that holds the rollout.
pub(crate) const fn to_release(reason: &HoldReason) -> &'static str {
    match reason {
        HoldReason::Blind { .. } => "see that the source answers, and release it",
        HoldReason::Budget { .. } => "find out why the step takes so long; release it, or go back",
        HoldReason::Clocks { .. } => {
            "see what sets the clock, and release it once waits and dates are as they should be"
        }
        HoldReason::Criterion { .. } => {
            "bring the number to what the criterion asks for and release it, or go back"
        }
        HoldReason::Difference { .. } => "mend what differs and release it, or go back",
        HoldReason::Drift { .. } => {
            "find out who changed it; release it to leave it so, or go back"
        }
        HoldReason::Effect { .. } => "see why it did not happen, and have it tried again",
        HoldReason::Gate { .. } => "see to what the gate asks for and release it, or go back",
        HoldReason::Incident { .. } => "see the incident to its end, and release it",
        HoldReason::RolledBack => "mend what sent it back and release it, or end it",
        HoldReason::SaidNo { .. } => "see to what was said, and have the step tried again",
        HoldReason::Trigger { .. } => "mend what the trigger sees and release it, or go back",
    }
}

/// Why there is no exposure to tell of.
pub(crate) const fn no_share(view: &View) -> &'static str {
    if view.header.sets_shares {
        "no share was set"
    } else {
        "the plan sets no share"
    }
}

/// The first few of many names, and how many more there are.
pub(crate) fn few(names: &[&str], most: usize) -> String {
    let told = names.get(..most).unwrap_or(names).join(", ");
    match names.len().saturating_sub(most) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

/// A length of time as people read it, with no more than three digits of a fraction.
///
/// The longer the time, the less of it matters: `1.204s`, `4m12s`, `3h7m`, `12d4h30m`.
pub(crate) fn span_text(span: Span) -> String {
    let millis = span.as_millis();
    let (seconds, minutes, hours) = (millis / 1_000, millis / 60_000, millis / 3_600_000);
    if seconds < 60 {
        let fraction = millis % 1_000;
        if seconds == 0 && millis > 0 {
            return format!("{millis}ms");
        }
        if span.is_zero() || fraction == 0 {
            return if span.is_zero() || seconds > 0 {
                format!("{seconds}s")
            } else {
                // Nothing finer is of use to anybody.
                match span.as_nanos() {
                    nanos @ 0..1_000 => format!("{nanos}ns"),
                    nanos => format!("{}us", nanos / 1_000),
                }
            };
        }
        return format!(
            "{seconds}.{}s",
            format!("{fraction:03}").trim_end_matches('0')
        );
    }
    let pair = |whole: u64, unit: &str, rest: u64, small: &str| match rest {
        0 => format!("{whole}{unit}"),
        rest => format!("{whole}{unit}{rest}{small}"),
    };
    if minutes < 60 {
        return pair(minutes, "m", seconds % 60, "s");
    }
    if hours < 24 {
        return pair(hours, "h", minutes % 60, "m");
    }
    // Most of an hour more than a day is no day, however many days there are.
    match (hours % 24, minutes % 60) {
        (0, rest) => pair(hours / 24, "d", rest, "m"),
        (rest, 0) => pair(hours / 24, "d", rest, "h"),
        (rest, minutes) => format!("{}d{rest}h{minutes}m", hours / 24),
    }
}

/// A moment as people read it, in UTC: `2026-09-16 12:01:30`, with milliseconds where they matter.
pub(crate) fn moment_text(at: Timestamp, fine: bool) -> String {
    let text = at.to_string();
    let (day, clock) = text.split_once('T').unwrap_or((&text, ""));
    let clock = clock.trim_end_matches('Z');
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    if fine {
        let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
        return format!("{day} {seconds}.{millis}");
    }
    format!("{day} {seconds}")
}

/// A person's word.
pub(crate) const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_people_read_them() {
        for (length, expected) in [
            ("0s", "0s"),
            ("3ns", "3ns"),
            ("62ms", "62ms"),
            ("1s4ms", "1.004s"),
            ("14.5s", "14.5s"),
            ("60s", "1m"),
            ("1m30.9s", "1m30s"),
            ("3h7m5s", "3h7m"),
            ("12d4h59m", "12d4h59m"),
            ("29h54m10s", "1d5h54m"),
            ("3w", "21d"),
            ("2w3d", "17d"),
            ("2w33m5s", "14d33m"),
        ] {
            assert_eq!(
                span_text(length.parse().expect(length)),
                expected,
                "{length}"
            );
        }
    }

    #[test]
    fn many_names_are_a_few_and_a_number() {
        assert_eq!(few(&[], 3), "");
        assert_eq!(few(&["a", "b", "c"], 3), "a, b, c");
        assert_eq!(few(&["a", "b", "c", "d", "e"], 3), "a, b, c and 2 more");
    }

    #[test]
    fn moments_are_written_as_people_read_them() {
        let at: Timestamp = "2026-09-16T12:01:30.25Z".parse().expect("a moment");
        assert_eq!(moment_text(at, false), "2026-09-16 12:01:30");
        assert_eq!(moment_text(at, true), "2026-09-16 12:01:30.250");
    }
}
