//! Checks of criteria side by side: thresholds of one measure, used for passing and for rolling back,
//! form bands; bands that overlap or leave a gap are worth a word.

use super::values::{Held, Key, Values, held};
use super::{Fault, FaultCode};
use crate::tree::{Condition, Criterion};

/// What a criterion is used for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "it lets forward or it sends back")]
pub enum Purpose {
    /// It must hold to go forward.
    Pass,
    /// It starts a way back when it holds.
    Rollback,
}

/// Warns where a value of one measure would both pass and call for a rollback, and where values
/// between the two bands are left undecided.
///
/// The criteria for passing must all hold: `x > 0` beside `x < 5%` passes between the two. Each one for rolling back
/// stands for itself. Thresholds, ranges and two-level bands of the same measure are looked at, whichever way they
/// point; of bands, what is not critical passes and what is critical goes back. Comparisons with baselines, budgets
/// and other versions have no values that stand in the criterion, and are left out.
///
/// Cost: comparisons for passing times those for rolling back, where they share a measure.
#[must_use]
pub fn check_together(criteria: &[(&Criterion, Purpose)]) -> Vec<Fault> {
    let of = |purpose: Purpose| -> Vec<&Condition> {
        let chosen = criteria.iter().filter(move |(_, used)| *used == purpose);
        chosen.map(|(criterion, _)| &criterion.condition).collect()
    };
    let (mut passing, mut back) = (Vec::new(), Vec::new());
    held(&of(Purpose::Pass), Purpose::Pass, &[], &mut passing);
    for condition in of(Purpose::Rollback) {
        held(&[condition], Purpose::Rollback, &[], &mut back);
    }
    let mut faults = Vec::new();
    for pass in &passing {
        for roll in &back {
            // Of what must hold together to go back, no part does so by itself.
            let both = || shared(pass, roll).all(|(_, pass, roll)| pass.overlaps(roll));
            let alone = roll.len() <= 1 || both();
            let pairs = shared(pass, roll).filter(|(_, pass, roll)| alone || !pass.overlaps(roll));
            faults.extend(pairs.filter_map(|(key, pass, roll)| pair(key, pass, roll)));
        }
    }
    faults
}

/// The measures that both speak of.
fn shared<'h, 'c>(
    pass: &'h Held<'c>,
    roll: &'h Held<'c>,
) -> impl Iterator<Item = (&'h Key<'c>, &'h Values<'c>, &'h Values<'c>)> {
    pass.iter()
        .filter_map(|(key, values)| Some((key, values, roll.get(key)?)))
}

fn pair((subject, ..): &Key<'_>, pass: &Values<'_>, roll: &Values<'_>) -> Option<Fault> {
    let texts = || {
        format!(
            "passing at {} and rolling back at {}",
            pass.text(),
            roll.text()
        )
    };
    if pass.overlaps(roll) {
        return Some(Fault::new(
            FaultCode::BandsOverlap,
            subject,
            format!("{} overlap: some values do both", texts()),
            "move one of the two",
        ));
    }
    let ([pass], [roll]) = (pass.stretches.as_slice(), roll.stretches.as_slice()) else {
        return None;
    };
    if pass.follows(*roll) || roll.follows(*pass) {
        return None;
    }
    Some(Fault::new(
        FaultCode::BandsGap,
        subject,
        format!(
            "{} leave values between them that neither passes nor goes back",
            texts()
        ),
        "say what happens there: a warning, or nothing",
    ))
}
