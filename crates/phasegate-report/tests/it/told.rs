//! What a release manager is told first: what failed, what holds it, who gave a number, what stands now.

use phasegate_core::{Desired, EffectOutcome, Ratio, Span};
use phasegate_engine::program::{Goal, OpKind};
use phasegate_engine::record::{AskAbout, Body, Decision, GateReason, HoldReason, Place, Record};
use phasegate_report::view::{Evidence, KpiStatus, MomentSort};
use phasegate_report::{View, executive_summary, explain, html, lessons, markdown};
use phasegate_sla::Verdict;

use crate::fixtures::{self, phase_op, read};

fn view(records: &[Record]) -> View {
    View::of(records).expect("a journal")
}

fn push(records: &mut Vec<Record>, millis: u64, body: Body) {
    let last = records.last().expect("a record").clone();
    let now = last.now.plus(Span::from_millis(millis));
    records.push(Record { now, body, ..last });
}

/// A rollout under way, with what was done to its program.
fn under_way(change: impl FnOnce(&mut phasegate_engine::program::Program)) -> Vec<Record> {
    let mut records = fixtures::held();
    let held = |record: &Record| matches!(record.body, Body::TriggerFired { .. });
    let at = records.iter().position(held).expect("it is held");
    records.truncate(at);
    let first = records.first_mut().expect("a creation");
    let Body::Created { program, .. } = &mut first.body else {
        panic!("a creation");
    };
    change(program);
    records
}

#[test]
fn a_criterion_that_failed_and_passed_later_is_counted() {
    let mut records = fixtures::completed();
    let before = markdown(&view(&records));
    assert!(!before.contains("failed before"), "{before}");
    let mut judged = records.iter_mut().filter_map(|record| {
        let Body::Evaluated { judged, .. } = &mut record.body else {
            return None;
        };
        let mut judged = judged.iter_mut();
        judged.find(|one| one.check.as_str() == "canary-p95")
    });
    let first = judged.next().expect("a finding");
    first.finding.verdict = Verdict::Fail;
    let told = markdown(&view(&records));
    let line = told.lines().find(|line| line.starts_with("| Criteria |"));
    let line = line.expect("the head counts criteria");
    assert!(
        line.contains("1 failed before and no longer") && line.contains("pass"),
        "{line}"
    );
}

#[test]
fn a_goal_is_met_by_a_criterion_that_asks_for_as_much() {
    let goals = |records: &mut Vec<Record>| {
        let Body::Created { program, .. } = &mut records[0].body else {
            panic!("a creation");
        };
        let texts = [
            "p95(latency) 500ms -> 120ms",
            "p95(latency) -> 150ms",
            "p95(latency) -> 100ms",
            "p95(latency) -> < 120ms",
            "ratio(errors) 5% -> 1%",
        ];
        program.goals = vec![Goal {
            title: "Faster".to_owned(),
            phase: None,
            criteria: texts.map(read).to_vec(),
            checks: Vec::new(),
        }];
        let view = view(records);
        view.goals[0]
            .numbers
            .iter()
            .map(|one| one.status)
            .collect::<Vec<_>>()
    };
    // The criteria are `p95(latency) < 120ms` and `ratio(errors) < 1%`.
    let (met, open, missed) = (KpiStatus::Met, KpiStatus::Open, KpiStatus::Missed);
    assert_eq!(
        goals(&mut fixtures::completed()),
        [met, met, open, met, met]
    );
    // What fails to be below 120ms may be below 150ms, and is not below 100ms.
    assert_eq!(
        goals(&mut fixtures::rolled_back()),
        [open, open, missed, missed, met]
    );
}

/// Where the plan says only in its goals where a number is to go, that stands beside the number.
#[test]
fn a_number_without_a_target_is_held_against_the_goals() {
    let kpi = |goal: &str| {
        let mut records = fixtures::completed();
        let Body::Created { program, .. } = &mut records[0].body else {
            panic!("a creation");
        };
        program.goals = vec![Goal {
            title: "Fewer errors".to_owned(),
            phase: None,
            criteria: vec![read("p95(latency) -> 100ms"), read(goal)],
            checks: Vec::new(),
        }];
        let found = view(&records).kpis;
        let mut found = found.into_iter().filter(|one| one.kpi == read("errors"));
        let one = found.next().expect("a number");
        (one.target, one.status, one.why)
    };
    let (target, status, why) = kpi("ratio(errors) 5% -> 1%");
    assert_eq!(target.as_deref(), Some("ratio(errors) 5% -> 1%"));
    assert_eq!((status, why), (KpiStatus::Met, None));
    let (target, status, why) = kpi("ratio(errors) -> 0.0001%");
    assert_eq!(target.as_deref(), Some("ratio(errors) -> 0.0001%"));
    assert_eq!(status, KpiStatus::Open);
    let why = why.expect("a reason");
    assert!(
        why.contains("misses the goal ratio(errors) -> 0.0001%"),
        "{why}"
    );
}

/// A goal may have no number at all: what people attest of it counts, too.
#[test]
fn the_summary_counts_what_people_attested() {
    let mut records = fixtures::running();
    let asked = |record: &Record| {
        let Body::Asked(ask) = &record.body else {
            return None;
        };
        Some(ask.text.clone())
    };
    let statement = records.iter().find_map(asked).expect("a question");
    let Body::Created { program, .. } = &mut records[0].body else {
        panic!("a creation");
    };
    program.goals = vec![Goal {
        title: "Trust".to_owned(),
        phase: None,
        criteria: Vec::new(),
        checks: vec![statement, "Nobody was asked this".to_owned()],
    }];
    let page = executive_summary(&view(&records)).markdown();
    assert!(
        page.contains("| Goals of the plan | 1 ✓ attested, 1 · not asked |"),
        "{page}"
    );
}

/// Which clock: a gate that all have approved may have waited for its date alone.
#[test]
fn a_gate_that_waited_for_its_date_says_so() {
    let mut records = fixtures::completed();
    let decided = |record: &Record| {
        let is_decision = matches!(record.body, Body::GateDecided { .. });
        is_decision.then_some(record.now.wall)
    };
    let at = records.iter().position(|record| decided(record).is_some());
    let at = at.expect("a gate");
    let date = decided(&records[at])
        .expect("a gate")
        .before(Span::from_millis(200));
    let Body::Created { program, .. } = &mut records[0].body else {
        panic!("a creation");
    };
    for op in program.phases.iter_mut().flat_map(|phase| &mut phase.ops) {
        if let OpKind::Gate(gate) = &mut op.kind {
            gate.not_before = Some(date);
        }
    }
    let whole = view(&records);
    let go = whole
        .moments
        .iter()
        .find(|one| one.sort == MomentSort::GateGo);
    let told = explain(&whole, go.expect("a decision").seq).expect("a decision");
    assert!(told.contains("its date is past: 200ms, since"), "{told}");
    assert!(markdown(&whole).contains(", not before "));
    // Before that it says what it waits for.
    records.retain(|record| record.now.wall < date);
    let page = executive_summary(&view(&records)).markdown();
    assert!(
        page.contains("' is not decided before 2026-09-16 "),
        "{page}"
    );
}

#[test]
fn what_was_refused_is_not_in_doubt() {
    let mut records = fixtures::running();
    let concluded = |record: &Record| matches!(record.body, Body::Concluded { .. });
    let at = records.iter().position(concluded).expect("an effect");
    records.truncate(at + 1);
    let Body::Concluded { outcome, .. } = &mut records[at].body else {
        panic!("an outcome");
    };
    let reason = "403 Forbidden".to_owned();
    *outcome = EffectOutcome::NotApplied { reason };
    let refused = view(&records);
    let last = refused.moments.last().expect("a moment");
    assert_eq!(last.sort, MomentSort::EffectNotApplied);
    assert!(last.text.contains("403 Forbidden"), "{last:?}");
    let told = markdown(&refused);
    assert!(
        told.contains("effect did not happen") && !told.contains("effect in doubt"),
        "{told}"
    );
}

#[test]
fn what_holds_it_is_named_and_is_an_action_item() {
    let bake = phase_op("canary", 1);
    let no = HoldReason::SaidNo {
        place: phase_op("internal", 0),
        what: "The release notes have been read".to_owned(),
        by: read("lena"),
        reason: "not by me".to_owned(),
    };
    let effect = HoldReason::Effect {
        place: bake.clone(),
        reason: "403 Forbidden".to_owned(),
    };
    let budget = HoldReason::Budget { place: bake };
    for (reason, named) in [
        (
            no,
            "lena says no to 'The release notes have been read': not by me",
        ),
        (effect, "'Ramp: 5%: bake' could not be done: 403 Forbidden"),
        (budget, "'Ramp: 5%: bake' took longer than its budget of 1h"),
    ] {
        let mut records = under_way(|program| {
            let phase = program
                .phases
                .iter_mut()
                .find(|phase| phase.id.as_str() == "canary");
            phase.expect("a phase").ops[1].budget = Some(Span::from_secs(3_600));
        });
        push(&mut records, 1_000, Body::Held { reason });
        let by = read("rosa");
        push(
            &mut records,
            90_000,
            Body::Paused {
                by,
                reason: "lunch".to_owned(),
            },
        );
        let held = view(&records);
        assert_eq!(held.header.why.as_deref(), Some(named));
        let items = lessons(&held).to_improve;
        assert_eq!(
            items[0].what,
            format!("It has been held for 1m30s: {named}")
        );
        assert!(!items[0].action.is_empty());
        assert!(items[1].what.starts_with("rosa paused it"), "{items:?}");
        let page = executive_summary(&held).markdown();
        assert!(page.contains(&items[0].action), "{page}");
    }
}

#[test]
fn a_gate_that_says_no_says_why_at_the_top() {
    let mut records = fixtures::completed();
    let decided = |record: &Record| matches!(&record.body, Body::GateDecided { gate, .. } if gate.as_str() == "go-canary");
    let at = records.iter().position(decided).expect("a gate");
    records.truncate(at + 1);
    let Body::GateDecided {
        decision,
        reason,
        gate,
        ..
    } = &mut records[at].body
    else {
        panic!("a decision");
    };
    *decision = Decision::NoGo;
    *reason = GateReason::Rejected {
        by: read("lena"),
        reason: "the beta is too slow".to_owned(),
    };
    let reason = HoldReason::Gate { gate: gate.clone() };
    push(&mut records, 0, Body::Held { reason });
    let held = view(&records);
    let why = "gate 'Go on to the canary?' (go-canary) is not passed: lena rejected it: the beta is too slow";
    assert_eq!(held.header.why.as_deref(), Some(why));
}

#[test]
fn a_number_that_misses_its_target_is_an_action_item() {
    let mut records = fixtures::completed();
    let Body::Created { program, .. } = &mut records[0].body else {
        panic!("a creation");
    };
    program.kpis[1].target = Some(read("< 0.0001%"));
    let items = lessons(&view(&records)).to_improve;
    let item = items
        .iter()
        .find(|one| one.what.contains("misses its target"));
    let item = item.unwrap_or_else(|| panic!("{items:?}"));
    assert!(item.what.contains("0.0001%"), "{item:?}");
}

#[test]
fn who_gave_a_baseline_is_told() {
    let mut records = fixtures::completed();
    let Body::Created { program, .. } = &mut records[0].body else {
        panic!("a creation");
    };
    let id = program.kpis[0].id.clone();
    program
        .given_baselines
        .insert(id.clone(), "rosa".to_owned());
    let view = view(&records);
    let told = markdown(&view);
    let line = told
        .lines()
        .find(|line| line.contains("given by rosa, not by the plan"));
    assert!(
        line.is_some_and(|line| line.contains(id.as_str())),
        "{told}"
    );
}

#[test]
fn what_somebody_else_has_set_is_exposure() {
    let mut records = under_way(|_| ());
    let share = |records: &[Record]| {
        view(records).exposure[0]
            .last()
            .map(|share| share.to_string())
    };
    assert_eq!(share(&records).as_deref(), Some("25%"));
    let standing = |percent: u32| Desired::Traffic {
        target: read("greeter"),
        canary: Ratio::from_percent(percent).expect("a share"),
    };
    let to = view(&records).exposure[0].to.clone();
    let reason = HoldReason::Drift {
        place: Place::Aside,
        found: standing(30).to_string(),
        to: Some(to),
        state: Some(standing(30)),
    };
    push(&mut records, 60_000, Body::Held { reason });
    assert_eq!(share(&records).as_deref(), Some("30%"));
    let last = *view(&records).exposure[0].points.last().expect("a point");
    assert_eq!(
        (last.effect, last.at),
        (None, records.last().expect("a record").at())
    );
    // A proxy that was reloaded is found at rest before it is set again.
    let intended = records.iter().rev().find_map(|record| {
        let Body::Intended { effect, .. } = &record.body else {
            return None;
        };
        Some(effect.clone())
    });
    let mut effect = intended.expect("an effect");
    effect.number += 1;
    effect.before = Some(standing(0));
    push(
        &mut records,
        60_000,
        Body::Intended {
            place: Place::Aside,
            effect,
            about: None,
        },
    );
    assert_eq!(share(&records).as_deref(), Some("0%"));
}

#[test]
fn decisions_that_lie_close_together_are_numbered_from_the_first_to_the_last() {
    let mut records = under_way(|_| ());
    for _ in 0..6 {
        let (by, reason) = (read("rosa"), "a look".to_owned());
        push(&mut records, 1, Body::Paused { by, reason });
        let (by, reason) = (read("rosa"), "it is well".to_owned());
        push(&mut records, 1, Body::Resumed { by, reason });
    }
    let (by, reason) = (read("rosa"), "the night".to_owned());
    push(&mut records, 3_600_000, Body::Paused { by, reason });
    let page = html(&view(&records));
    let decisions = view(&records)
        .moments
        .iter()
        .filter(|one| one.sort.is_decision())
        .count();
    // Two bakes with a gate between them, twelve, and the last, which stands alone.
    assert_eq!(decisions, 16);
    for shown in [">1</text>", ">2</text>", ">3–15</text>", ">16</text>"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn the_end_is_no_decision_and_gates_of_the_whole_are_no_phases() {
    let completed = view(&fixtures::completed());
    let page = executive_summary(&completed).markdown();
    // The gate of the first phase, five bakes, and the acceptance.
    assert!(
        page.contains("| Decided | 7 decisions, 2 answers of people |"),
        "{page}"
    );
    assert!(
        page.contains("all 2 phases are done, and the gates of the whole plan are passed"),
        "{page}"
    );
}

#[test]
fn a_yes_that_has_expired_is_waited_for_again() {
    let answered = |record: &Record| matches!(record.body, Body::Answered(_));
    for (minutes, waits) in [(9, false), (11, true)] {
        let mut records = fixtures::completed();
        let decided = records
            .iter()
            .position(|record| matches!(record.body, Body::GateDecided { .. }));
        records.truncate(decided.expect("a gate"));
        assert!(records.iter().any(answered));
        let Body::Created { program, .. } = &mut records[0].body else {
            panic!("a creation");
        };
        for op in program.phases.iter_mut().flat_map(|phase| &mut phase.ops) {
            if let OpKind::Gate(gate) = &mut op.kind {
                gate.approvals.expires_after = Some(Span::from_secs(600));
            }
        }
        let (by, reason) = (read("rosa"), "lunch".to_owned());
        push(&mut records, minutes * 60_000, Body::Paused { by, reason });
        let page = executive_summary(&view(&records)).markdown();
        assert_eq!(page.contains(" is asked: "), waits, "{minutes}: {page}");
        let full = markdown(&view(&records));
        let counted = if waits {
            "0 of 1 from release-manager, 1 expired"
        } else {
            "1 of 1 from release-manager"
        };
        assert!(full.contains(counted), "{minutes}: {full}");
    }
}

#[test]
fn a_yes_that_was_taken_back_is_told_as_no_approval() {
    let mut records = fixtures::completed();
    let decided = |record: &Record| matches!(record.body, Body::GateDecided { .. });
    records.truncate(records.iter().position(decided).expect("a gate"));
    let before = view(&records);
    let mut approvals = before.questions.iter();
    let asked = approvals.find(|one| matches!(one.about, AskAbout::Approval { .. }));
    let (ask, by) = asked
        .map(|one| (one.number, one.answers[0].by.clone()))
        .expect("a question");
    assert_eq!(before.gates[0].approvals.len(), 1);
    let reason = "not yet".to_owned();
    push(
        &mut records,
        1_000,
        Body::AnswerWithdrawn { ask, by, reason },
    );
    let view = view(&records);
    assert_eq!(view.gates[0].approvals, []);
    let question = view.questions.iter().find(|one| one.number == ask);
    let question = question.expect("a question");
    assert_eq!((question.answers.len(), question.approved), (0, false));
    assert!(markdown(&view).contains("0 of 1 from release-manager"));
}

#[test]
fn a_hold_by_a_gate_or_a_no_rests_on_what_was_said_there() {
    let mut records = fixtures::completed();
    let decided = |record: &Record| {
        let Body::GateDecided { place, gate, .. } = &record.body else {
            return None;
        };
        Some((place.clone(), gate.clone()))
    };
    let at = records.iter().position(|record| decided(record).is_some());
    let at = at.expect("a gate");
    let (place, gate) = decided(&records[at]).expect("a gate");
    records.truncate(at);
    let no = HoldReason::SaidNo {
        place,
        what: "x".to_owned(),
        by: read("rosa"),
        reason: "y".to_owned(),
    };
    for reason in [HoldReason::Gate { gate }, no] {
        let mut records = records.clone();
        push(&mut records, 1_000, Body::Held { reason });
        let view = view(&records);
        let held = view.moments.last().expect("a moment");
        let said = |one: &Evidence| matches!(one, Evidence::Answer(_));
        assert!(held.evidence.iter().any(said), "{held:?}");
        let told = explain(&view, held.seq).expect("a moment");
        assert!(!told.contains("no measurement"), "{told}");
    }
}

#[test]
fn what_policies_scale_is_told_with_the_number_that_wanted_it() {
    let mut records = under_way(|_| {});
    let judged = records.iter().rev().find_map(|record| {
        let Body::Evaluated { judged, .. } = &record.body else {
            return None;
        };
        judged.first().cloned()
    });
    let finding = judged.expect("a finding").finding;
    let sentence = finding.sentence.clone();
    for (from, count, acts) in [(2, 4, true), (4, 4, true), (4, 6, false)] {
        let body = Body::Scaled {
            to: "scaler".parse().expect("an id"),
            target: "workers".parse().expect("an id"),
            title: "Workers".to_owned(),
            finding: finding.clone(),
            from,
            count,
            acts,
        };
        push(&mut records, 60_000, body);
    }
    let view = view(&records);
    let told = view.moments.iter();
    let told = told.filter(|moment| moment.sort == MomentSort::Scaled);
    let told: Vec<&str> = told.map(|moment| moment.text.as_str()).collect();
    let wanted = [
        format!("Workers: from 2 to 4: {sentence}"),
        format!("Workers: stays at 4, its limit: {sentence}"),
        format!("Workers: would be scaled from 4 to 6: {sentence}"),
    ];
    assert_eq!(told, wanted);
}
