//! What the view says of whole journals.

use phasegate_core::Span;
use phasegate_engine::program::OpKind;
use phasegate_engine::record::{Body, Outcome, RECORD_FORMAT, Record};
use phasegate_report::view::{
    EffectEnd, Head, KpiStatus, MomentSort, PhaseStanding, Standing, StepStanding, StretchSort,
};
use phasegate_report::{View, ViewError, html, markdown};
use phasegate_sla::Verdict;

use crate::fixtures;

fn view(records: &[Record]) -> View {
    View::of(records).expect("a journal")
}

#[test]
fn every_beginning_of_a_journal_has_a_view() {
    for records in [
        fixtures::rolled_back(),
        fixtures::rollback_failed(),
        fixtures::running(),
    ] {
        for length in 1..=records.len() {
            let part = view(&records[..length]);
            assert_eq!(part.audit.records, u64::try_from(length).expect("small"));
            assert!(html(&part).ends_with("</html>\n"));
            assert!(markdown(&part).starts_with("# "));
        }
    }
}

#[test]
fn a_trigger_that_fired_says_when_why_and_what_it_started() {
    let view = view(&fixtures::rolled_back());
    assert_eq!(
        (view.header.standing, view.header.outcome),
        (Standing::RolledBack, Some(Outcome::RolledBack))
    );
    let slow = view
        .triggers
        .iter()
        .find(|t| t.trigger.as_str() == "slow")
        .expect("a trigger");
    let sorts: Vec<StretchSort> = slow.stretches.iter().map(|stretch| stretch.sort).collect();
    assert_eq!(sorts, [StretchSort::Pending, StretchSort::Firing]);
    let firing = &slow.firings[0];
    assert_eq!(
        firing.since.map(|since| firing.at.since(since)),
        Some(Span::from_millis(1_500))
    );
    assert!(
        firing.finding.sentence.contains("271ms"),
        "{}",
        firing.finding.sentence
    );
    let why = view.header.why.as_deref().expect("a cause");
    assert!(why.contains("slow") && why.contains("271ms"), "{why}");
}

#[test]
fn a_rollback_shows_each_step_against_its_budget() {
    let good = view(&fixtures::rolled_back());
    let rollback = &good.rollbacks[0];
    assert_eq!(
        (rollback.validated, rollback.limit),
        (Some(true), Some(Span::from_secs(30)))
    );
    assert!(!rollback.is_over_limit() && rollback.steps.iter().all(|step| !step.is_over_budget()));
    assert_eq!(rollback.steps[0].took, Some(Span::from_millis(62)));

    let bad = view(&fixtures::rollback_failed());
    let rollback = &bad.rollbacks[0];
    assert_eq!(
        (bad.header.standing, rollback.validated),
        (Standing::RollbackFailed, Some(false))
    );
    assert!(rollback.is_over_limit());
    assert_eq!(rollback.steps[0].took, Some(Span::from_millis(31_000)));
    assert!(rollback.steps[0].is_over_budget());
    assert!(matches!(
        rollback.steps[2].standing,
        StepStanding::Failed { .. }
    ));
}

#[test]
fn exposure_follows_what_is_known_to_stand() {
    let done = view(&fixtures::completed());
    let shares = |view: &View| -> Vec<String> {
        view.exposure[0]
            .points
            .iter()
            .map(|point| point.share.to_string())
            .collect()
    };
    assert_eq!(shares(&done), ["1%", "5%", "25%", "50%", "100%"]);
    let back = view(&fixtures::rolled_back());
    assert_eq!(shares(&back), ["1%", "5%", "25%", "0%", "0%"]);
    assert_eq!(
        back.exposure[0]
            .before
            .map(|share| share.to_string())
            .as_deref(),
        Some("0%")
    );
    let crashed = view(&fixtures::running());
    let doubt = crashed.exposure[0].doubts[0];
    assert_eq!(
        doubt.until.map(|until| until.since(doubt.from)),
        Some(Span::from_millis(115))
    );
}

#[test]
fn an_effect_keeps_its_key_and_counts_its_attempts() {
    let view = view(&fixtures::running());
    let repeated = view
        .effects
        .iter()
        .find(|effect| effect.attempts > 1)
        .expect("a repeated effect");
    assert_eq!(
        (repeated.key.as_str(), repeated.attempts),
        ("greeter-42/3", 2)
    );
    assert_eq!(repeated.end, EffectEnd::Applied);
    let outage = &view.audit.outages[0];
    assert_eq!(outage.until.since(outage.from), Span::from_secs(42));
    assert_eq!(outage.in_doubt, [3]);
}

#[test]
fn holds_and_pauses_say_who_ended_them() {
    let held = view(&fixtures::held());
    assert_eq!(held.stops.len(), 2);
    let ended = held.stops[0].ended.as_ref().expect("it was released");
    assert_eq!(ended.by.as_ref().map(|by| by.as_str()), Some("noor"));
    assert_eq!(held.stops[1].ended, None);
    assert_eq!(held.header.standing, Standing::Held);
    let running = view(&fixtures::running());
    let pause = running.stops[0].ended.as_ref().expect("it was resumed");
    assert_eq!(pause.at.since(running.stops[0].from), Span::from_secs(20));
}

#[test]
fn phases_and_numbers_say_how_they_stand() {
    let done = view(&fixtures::completed());
    assert!(
        done.phases
            .iter()
            .all(|phase| phase.standing == PhaseStanding::Done)
    );
    let statuses = |view: &View| view.kpis.iter().map(|kpi| kpi.status).collect::<Vec<_>>();
    assert_eq!(
        statuses(&done),
        [KpiStatus::Met, KpiStatus::Met, KpiStatus::NotMeasured]
    );
    let back = view(&fixtures::rolled_back());
    assert_eq!(statuses(&back)[0], KpiStatus::Missed);
    let standings: Vec<PhaseStanding> = back.phases.iter().map(|phase| phase.standing).collect();
    assert_eq!(
        standings,
        [
            PhaseStanding::Undone,
            PhaseStanding::Undone,
            PhaseStanding::Waiting
        ]
    );
    let worst = back
        .criteria
        .iter()
        .find(|c| c.check.as_str() == "canary-p95")
        .and_then(|c| c.worst.as_ref());
    assert_eq!(
        worst
            .and_then(|worst| worst.observed.clone())
            .map(|o| o.to_string())
            .as_deref(),
        Some("271ms")
    );
}

#[test]
fn decisions_carry_what_they_rest_on() {
    let view = view(&fixtures::rolled_back());
    let of = |sort: MomentSort| {
        view.moments
            .iter()
            .find(|m| m.sort == sort)
            .expect("a moment")
    };
    // An answer and how long the gate was open; a finding and how long it held; the cause.
    assert_eq!(of(MomentSort::GateGo).evidence.len(), 2);
    assert_eq!(of(MomentSort::TriggerFired).evidence.len(), 2);
    assert_eq!(of(MomentSort::RollbackStarted).evidence.len(), 2);
    assert_eq!(of(MomentSort::RollbackEnded).evidence.len(), 1);
}

#[test]
fn the_head_of_the_chain_is_shown_where_it_is_given() {
    let head = Head {
        seq: 41,
        hash: "ab".repeat(32),
        verified: true,
    };
    let view = view(&fixtures::completed()).with_head(head);
    assert!(markdown(&view).contains("record 41 `abab"));
    assert!(html(&view).contains("chain verified"));
}

#[test]
fn a_journal_that_does_not_fit_is_refused_by_name() {
    assert!(matches!(View::of(&[]), Err(ViewError::Empty)));
    let mut records = fixtures::completed();
    records.remove(1);
    let error = View::of(&records).expect_err("a record is missing");
    assert!(matches!(error, ViewError::Misfit(_)), "{error}");
    let now = records[0].now;
    let body = Body::Finished {
        outcome: Outcome::Completed,
    };
    let stray = Record {
        v: RECORD_FORMAT,
        now,
        body,
        note: None,
    };
    assert!(matches!(View::of(&[stray]), Err(ViewError::Misfit(_))));
    let bytes: Vec<(String, Vec<u8>)> = fixtures::completed()
        .iter()
        .map(|record| (record.kind().to_owned(), record.encode().expect("json")))
        .collect();
    let journal = || {
        bytes
            .iter()
            .map(|(kind, payload)| (kind.as_str(), payload.as_slice()))
    };
    assert_eq!(
        View::read(journal()).expect("a journal"),
        view(&fixtures::completed())
    );
    let torn = journal().take(5).chain([("held", &b"{\"v\":1"[..])]);
    assert!(matches!(
        View::read(torn),
        Err(ViewError::Unreadable { seq: 5, .. })
    ));
}

#[test]
fn three_weeks_make_a_report_of_bounded_size() {
    let records = fixtures::weeks();
    assert!(records.len() > 6_000);
    let page = html(&view(&records));
    // A line is drawn whole: every point is a pair of numbers, and the line goes on to its end.
    let shapes: Vec<&str> = page
        .split(" points=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let numbers = |shape: &str| {
        shape
            .split([' ', ','])
            .map(|n| n.parse::<f64>().expect("a number"))
            .collect::<Vec<f64>>()
    };
    assert!(shapes.iter().all(|shape| numbers(shape).len() % 2 == 0));
    let longest = shapes
        .iter()
        .max_by_key(|shape| shape.len())
        .expect("a shape");
    assert!(numbers(longest).len() > 400, "{}", numbers(longest).len());
    // Charts keep what stands out, whatever the length.
    assert!(page.len() < 250_000, "{}", page.len());
}

#[test]
fn a_number_that_misses_its_target_is_not_met_whatever_the_criteria_ask() {
    let mut records = fixtures::completed();
    for (target, status) in [("< 50%", KpiStatus::Met), ("< 0.0001%", KpiStatus::Open)] {
        let Body::Created { program, .. } = &mut records[0].body else {
            panic!("a creation");
        };
        program.kpis[1].target = Some(fixtures::read(target));
        let kpi = &view(&records).kpis[1];
        assert_eq!(kpi.actual.len(), 1, "{kpi:?}");
        assert_eq!(kpi.status, status, "{kpi:?}");
    }
}

#[test]
fn the_worst_of_a_limit_that_moves_is_the_one_nearest_to_its_own() {
    let mut records = fixtures::completed();
    let mut found = [("11ms", "63ms"), ("21ms", "108ms"), ("9ms", "63ms")]
        .into_iter()
        .cycle();
    let mut seen = 0;
    for record in &mut records {
        let Body::Evaluated { judged, .. } = &mut record.body else {
            continue;
        };
        for one in judged
            .iter_mut()
            .filter(|one| one.check.as_str() == "canary-p95" && one.finding.observed.is_some())
        {
            let (observed, bound) = found.next().expect("without an end");
            one.finding.observed = Some(fixtures::read(observed));
            one.finding.bound = Some(fixtures::read(bound));
            seen += 1;
        }
    }
    assert!(seen >= 2, "{seen}");
    let view = view(&records);
    let criterion = view
        .criteria
        .iter()
        .find(|one| one.check.as_str() == "canary-p95");
    let worst = criterion.and_then(|one| one.worst.as_ref());
    let observed = worst.and_then(|worst| worst.observed.clone());
    assert_eq!(observed.map(|o| o.to_string()).as_deref(), Some("21ms"));
}

#[test]
fn a_change_is_held_against_the_target_by_the_baseline_it_is_from() {
    let (met, open) = (KpiStatus::Met, KpiStatus::Open);
    for (baseline, target, status) in [
        ("100ms", "< 121ms", met),
        ("100ms", "< 119ms", open),
        // Of a range it is the middle that the change was held against.
        ("~50ms..150ms", "< 121ms", met),
        ("~50ms..150ms", "< 120ms", open),
    ] {
        let mut records = fixtures::completed();
        let Body::Created { program, .. } = &mut records[0].body else {
            panic!("a creation");
        };
        program.kpis[0].baseline = fixtures::read(baseline);
        program.kpis[0].target = Some(fixtures::read(target));
        let change = || fixtures::read("change(p95(latency)) vs baseline < 50%");
        let is_about = |text: String| text.contains("latency");
        for trigger in &mut program.triggers {
            if is_about(trigger.criterion.to_string()) {
                trigger.criterion = change();
            }
        }
        let mut changed = Vec::new();
        for op in program.phases.iter_mut().flat_map(|phase| &mut phase.ops) {
            if let OpKind::Bake { checks, .. } = &mut op.kind {
                for check in checks {
                    if is_about(check.criterion.to_string()) {
                        check.criterion = change();
                        changed.push(check.id.clone());
                    }
                }
            }
        }
        for record in &mut records {
            if let Body::Evaluated { judged, .. } = &mut record.body {
                for one in judged.iter_mut().filter(|one| changed.contains(&one.check)) {
                    one.finding.observed = Some(fixtures::read("20%"));
                    one.finding.reference = Some(fixtures::read("100ms"));
                }
            }
        }
        let kpi = &view(&records).kpis[0];
        assert_eq!(kpi.status, status, "{baseline} {target}: {kpi:?}");
    }
}

#[test]
fn what_sent_a_rollout_back_is_not_met_however_it_stands_afterwards() {
    let mut records = fixtures::rolled_back();
    for record in &mut records {
        if let Body::Evaluated { judged, .. } = &mut record.body {
            for one in judged {
                one.finding.verdict = Verdict::Pass;
            }
        }
    }
    let view = view(&records);
    let why = "the trigger slow sent the rollout back";
    let mut kpis = view.kpis.iter();
    let kpi = kpis.find(|kpi| kpi.kpi.as_str() == "latency");
    let kpi = kpi.expect("a KPI");
    assert_eq!(
        (kpi.status, kpi.why.as_deref()),
        (KpiStatus::Missed, Some(why))
    );
}

#[test]
fn what_is_found_behind_a_decision_is_none_of_its_grounds() {
    let mut records = fixtures::completed();
    let gates = |records: &[Record]| view(records).gates;
    let before = gates(&records);
    let place = before.last().expect("a gate").place.clone();
    let of_gate = |record: &Record| matches!(&record.body, Body::Evaluated { judged, .. } if judged.iter().any(|one| one.place == place));
    let looked = records.iter().rposition(of_gate).expect("a finding");
    let decided = |record: &Record| matches!(record.body, Body::GateDecided { .. });
    let decided = records.iter().rposition(decided).expect("a decision");
    let mut late = records[looked].clone();
    if let Body::Evaluated { judged, .. } = &mut late.body {
        for one in judged {
            one.finding.sentence = "found later".to_owned();
        }
    }
    late.now = records[decided].now;
    records.insert(decided + 1, late);
    assert_eq!(gates(&records), before);
}
