//! Gates with who decided what on which ground, triggers, and what else people were asked.

use phasegate_core::{RoleId, Timestamp};
use phasegate_engine::record::{AskAbout, Decision};

use crate::doc::bits::{Bits, Block, Clock, Section, Tone};
use crate::doc::criteria::seen;
use crate::view::{Firing, GateView, Question, Said, Stretch, StretchSort, TriggerView, View};
use crate::words;

pub(super) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let last = view.header.last;
    let rows = view.gates.iter().map(|gate| gate_row(gate, last, clock));
    let columns = &[
        "Gate",
        "Opened",
        "Decision",
        "Ground",
        "Checks",
        "Approvals",
    ];
    let table = Block::table(columns, rows)?;
    Some(Section::new("gates", "Gates", vec![table]))
}

fn gate_row(gate: &GateView, last: Timestamp, clock: &Clock) -> Vec<Bits> {
    let (decision, ground) = match &gate.decision {
        Some(decided) => {
            let tone = match decided.decision {
                Decision::Go => Tone::Good,
                Decision::NoGo => Tone::Bad,
            };
            let mark = Bits::mark(tone, words::decision(decided.decision)).and_text(" ");
            (
                mark.and(clock.at(decided.at)),
                Bits::text(decided.sentence.as_str()),
            )
        }
        None if gate.closed.is_some() => (
            Bits::mark(Tone::Calm, "none"),
            Bits::text("closed ").and(clock.maybe(gate.closed)),
        ),
        None => (Bits::mark(Tone::Unsure, "open"), Bits::text("waits")),
    };
    let opened = clock.at(gate.opened);
    let opened = match gate.not_before {
        Some(moment) => opened.and_text(", not before ").and(clock.at(moment)),
        None => opened,
    };
    let checks = gate.checks.iter().map(|check| {
        let verdict = check.finding.as_ref().map(|finding| &finding.verdict);
        let said = check
            .finding
            .as_ref()
            .map_or(check.rule.as_str(), |f| f.sentence.as_str());
        Bits::verdict(verdict).and_text(format!(" {said}"))
    });
    let items = gate.items.iter().map(|item| {
        let by = format!(" ({} as {})", item.said.by, item.said.role);
        word(item.said.yes)
            .and_text(format!(" {}", item.statement))
            .and_quiet(by)
    });
    let checks = items.chain(checks);
    let mut approvals: Vec<Bits> = gate
        .approvals
        .iter()
        .map(|said| answer(said, clock))
        .collect();
    approvals.extend(counted(gate, last));
    vec![
        Bits::text(gate.title.as_str())
            .and_text(" ")
            .and_code(gate.gate.as_str()),
        opened,
        decision,
        ground,
        Bits::joined(checks.collect(), "; "),
        Bits::joined(approvals, "; "),
    ]
}

/// How many of each role have said yes, and how many of these too long ago for it to count.
fn counted(gate: &GateView, last: Timestamp) -> Vec<Bits> {
    let decided = gate.decision.as_ref().map(|decided| decided.at);
    let until = decided.or(gate.closed).unwrap_or(last);
    let one = |(role, wanted): (&RoleId, &u32)| {
        let yes = gate.approvals.iter();
        let yes: Vec<&Said> = yes.filter(|said| said.yes && said.role == *role).collect();
        let expired = |said: &&&Said| {
            let limit = gate.expires_after;
            limit.is_some_and(|limit| until.since(said.at) > limit)
        };
        let expired = yes.iter().filter(expired).count();
        let count = yes.len().saturating_sub(expired);
        let expired = match expired {
            0 => String::new(),
            expired => format!(", {expired} expired"),
        };
        Bits::none().and_quiet(format!("{count} of {wanted} from {role}{expired}"))
    };
    gate.quorum.iter().map(one).collect()
}

/// A person's word, at a glance.
fn word(yes: bool) -> Bits {
    let tone = if yes { Tone::Good } else { Tone::Bad };
    Bits::mark(tone, words::yes_or_no(yes))
}

pub(super) fn answer(said: &Said, clock: &Clock) -> Bits {
    word(said.yes)
        .and_text(format!(" {} as {}, ", said.by, said.role))
        .and(clock.at(said.at))
        .and_text(format!(": {}", said.reason))
}

pub(super) fn triggers(view: &View, clock: &Clock) -> Option<Section> {
    let rows = view
        .triggers
        .iter()
        .map(|trigger| trigger_row(trigger, clock));
    let columns = &["Trigger", "Starts", "Fired", "Not quiet", "Nearest"];
    let table = Block::table(columns, rows)?;
    Some(Section::new("triggers", "Triggers", vec![table]))
}

fn trigger_row(trigger: &TriggerView, clock: &Clock) -> Vec<Bits> {
    let fired: Vec<Bits> = trigger
        .firings
        .iter()
        .map(|firing| fired(firing, clock))
        .collect();
    let fired = match (fired.is_empty(), trigger.last.is_some()) {
        (true, true) => Bits::mark(Tone::Good, "never"),
        (true, false) => Bits::mark(Tone::Calm, "not watched"),
        (false, _) => Bits::joined(fired, "; "),
    };
    let stretches: Vec<Bits> = trigger
        .stretches
        .iter()
        .map(|s| stretch(s, clock))
        .collect();
    vec![
        Bits::text(trigger.trigger.as_str())
            .and_text(" ")
            .and_code(trigger.rule.as_str()),
        Bits::text(words::response(trigger.response.as_ref())),
        fired,
        Bits::joined(stretches, "; "),
        seen(trigger.worst.as_ref(), clock),
    ]
}

fn fired(firing: &Firing, clock: &Clock) -> Bits {
    let word = if firing.blind {
        "blind for too long"
    } else {
        "fired"
    };
    let since = firing.since.map(|since| {
        let held = words::span_text(firing.at.since(since));
        if firing.blind {
            format!(", blind for {held}")
        } else {
            format!(", held for {held}")
        }
    });
    Bits::mark(Tone::Bad, word)
        .and_text(" ")
        .and(clock.at(firing.at))
        .and_quiet(since.unwrap_or_default())
}

fn stretch(stretch: &Stretch, clock: &Clock) -> Bits {
    let tone = match stretch.sort {
        StretchSort::Blind => Tone::Unsure,
        StretchSort::Firing => Tone::Bad,
        StretchSort::Pending => Tone::Watch,
        StretchSort::Settling => Tone::Calm,
    };
    let lasted = match stretch.until {
        Some(until) => format!(" for {}", words::span_text(until.since(stretch.from))),
        None => ", still".to_owned(),
    };
    Bits::mark(tone, words::stretch(stretch.sort))
        .and_text(" ")
        .and(clock.at(stretch.from))
        .and_text(lasted)
}

/// What people were asked beside approvals, which stand with their gates.
pub(super) fn questions(view: &View, clock: &Clock) -> Option<Section> {
    let others = view
        .questions
        .iter()
        .filter(|question| match question.about {
            AskAbout::Approval { .. } => false,
            AskAbout::Attestation { .. }
            | AskAbout::Difference { .. }
            | AskAbout::Effect { .. }
            | AskAbout::Incident { .. }
            | AskAbout::Task { .. } => true,
        });
    let rows = others.map(|question| question_row(question, clock));
    let table = Block::table(&["Question", "Asked", "Of", "Answer"], rows)?;
    Some(Section::new(
        "questions",
        "Tasks and questions",
        vec![table],
    ))
}

fn question_row(question: &Question, clock: &Clock) -> Vec<Bits> {
    let roles: Vec<&str> = question.roles.iter().map(|role| role.as_str()).collect();
    let answers: Vec<Bits> = question
        .answers
        .iter()
        .map(|said| answer(said, clock))
        .collect();
    let answers = match (answers.is_empty(), question.closed) {
        (false, _) => Bits::joined(answers, "; "),
        (true, Some(_)) => Bits::mark(Tone::Calm, "no longer needed"),
        (true, None) => Bits::mark(Tone::Unsure, "open"),
    };
    vec![
        Bits::text(question.text.as_str()),
        clock.at(question.asked),
        Bits::text(roles.join(", ")),
        answers,
    ]
}
