//! Holds against the table of Prometheus' alert states, gaps, restarts.

use phasegate_core::{Span, Timestamp};
use phasegate_sla::{Alert, Gap, Hold, HoldState};
use proptest::prelude::*;

fn at(second: u64) -> Timestamp {
    Timestamp::EPOCH + Span::from_secs(second)
}

fn hold(for_: u64, keep: u64, gap: Gap, points_min: u32) -> Hold {
    Hold {
        for_: Span::from_secs(for_),
        keep: Span::from_secs(keep),
        gap,
        points_min,
    }
}

/// Evaluations at the given interval: `t` true, `f` false, `-` no result. Alerts: `.`, `p`, `F`.
fn run(hold: Hold, interval: u64, evaluations: &str) -> String {
    let mut state = HoldState::default();
    let each = evaluations.chars().zip(0u64..);
    each.map(|(evaluation, index)| {
        let condition = match evaluation {
            't' => Some(true),
            'f' => Some(false),
            _ => None,
        };
        match hold.observe(&mut state, condition, at(index * interval)) {
            Alert::Inactive => '.',
            Alert::Pending => 'p',
            Alert::Firing => 'F',
        }
    })
    .collect()
}

#[test]
fn holds_behave_as_in_prometheus_to_the_evaluation() {
    // (for, keep, interval, evaluations, alerts)
    for (for_, keep, interval, evaluations, alerts) in [
        // for: 0 fires at once; ceil(F/I) + 1 evaluations otherwise.
        (0, 0, 15, "ftf", ".F."),
        (60, 0, 15, "ttttt", "ppppF"),
        (60, 0, 25, "tttt", "pppF"),
        (60, 0, 60, "tt", "pF"),
        (61, 0, 60, "ttt", "ppF"),
        // One false evaluation ends a pending one at once, without memory.
        (60, 0, 15, "tttfttttt", "ppp.ppppF"),
        // No result counts as false.
        (60, 0, 15, "ttt-ttttt", "ppp.ppppF"),
        // keep: firing while less than keep has passed since the first false one.
        (0, 60, 15, "tfffff", "FFFFF."),
        (0, 60, 60, "tff", "FF."),
        (0, 61, 60, "tfff", "FFF."),
        // Coming back resets keep.
        (0, 60, 15, "tffftfffff", "FFFFFFFFF."),
        // keep does nothing for a pending one.
        (60, 600, 15, "ttf", "pp."),
    ] {
        assert_eq!(
            run(hold(for_, keep, Gap::Reset, 0), interval, evaluations),
            alerts,
            "{for_} {keep} {evaluations}"
        );
    }
}

#[test]
fn gaps_reset_freeze_or_are_tolerated() {
    for (gap, evaluations, alerts) in [
        (Gap::Reset, "tt-ttttt", "pp.ppppF"),
        // Frozen: t=0,15 count 15 s; the gap from 15 to 60 does not; 45 s more are needed.
        (Gap::Freeze, "tt--tttt", "pppppppF"),
        (Gap::Freeze, "ttttt---", "ppppFFFF"),
        (Gap::Freeze, "tt--f", "pppp."),
        (Gap::Tolerate(2), "tt--t", "ppppF"),
        (Gap::Tolerate(2), "tt---t", "pppp.p"),
        (Gap::Tolerate(1), "t-t-t-", "ppppFF"),
    ] {
        assert_eq!(
            run(hold(60, 0, gap, 0), 15, evaluations),
            alerts,
            "{gap:?} {evaluations}"
        );
    }
}

#[test]
fn points_are_needed_beside_time() {
    assert_eq!(
        run(
            hold(0, 0, Gap::Reset, 3),
            15,
            "ttft tt".replace(' ', "").as_str()
        ),
        "pp.ppF"
    );
    assert_eq!(run(hold(60, 0, Gap::Tolerate(9), 3), 60, "t--tt"), "ppppF");
}

#[test]
fn a_longer_hold_sends_a_firing_one_back_to_pending() {
    let mut state = HoldState::default();
    let short = hold(60, 0, Gap::Reset, 0);
    short.observe(&mut state, Some(true), at(0));
    assert_eq!(short.observe(&mut state, Some(true), at(60)), Alert::Firing);
    assert_eq!(
        hold(120, 0, Gap::Reset, 0).observe(&mut state, Some(true), at(61)),
        Alert::Pending
    );
}

proptest! {
    #[test]
    fn a_restart_changes_nothing(
        evaluations in "[tf-]{1,40}", for_ in 0u64..90, keep in 0u64..90, points in 0u32..4, gap in 0u32..5, cut in 0usize..40
    ) {
        let gap = match gap { 0 => Gap::Reset, 1 => Gap::Freeze, n => Gap::Tolerate(n - 1) };
        let hold = hold(for_, keep, gap, points);
        let (mut whole, mut resumed) = (HoldState::default(), HoldState::default());
        for (index, evaluation) in evaluations.chars().enumerate() {
            if index == cut {
                let kept = serde_json::to_string(&resumed).expect("json");
                resumed = serde_json::from_str(&kept).expect("the same");
            }
            let condition = match evaluation { 't' => Some(true), 'f' => Some(false), _ => None };
            let moment = at(index as u64 * 15);
            let (a, b) = (hold.observe(&mut whole, condition, moment), hold.observe(&mut resumed, condition, moment));
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(whole, resumed);
    }

    #[test]
    fn a_hold_never_fires_before_its_time(evaluations in "[tf-]{1,60}", for_ in 1u64..120, interval in 1u64..40) {
        // Counts true evaluations on end, independently of the state machine.
        let alerts = run(hold(for_, 0, Gap::Reset, 0), interval, &evaluations);
        let mut on_end = 0u64;
        for (evaluation, alert) in evaluations.chars().zip(alerts.chars()) {
            on_end = if evaluation == 't' { on_end + 1 } else { 0 };
            let expected = match on_end {
                0 => '.',
                n if (n - 1) * interval >= for_ => 'F',
                _ => 'p',
            };
            prop_assert_eq!(alert, expected);
        }
    }
}
