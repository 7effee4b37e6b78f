//! Checks of criteria side by side: thresholds of one measure, used for passing and for rolling back,
//! form bands; bands that overlap or leave a gap are worth a word.

use std::cmp::Ordering;

use super::{Fault, FaultCode, whole};
use crate::tree::{Assertion, Band, Cmp, Criterion, Operand, Subject, Value};

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
/// between the two bands are left undecided. Thresholds that stand alone in their test are looked at.
#[must_use]
pub fn check_together(criteria: &[(&Criterion, Purpose)]) -> Vec<Fault> {
    let thresholds = |purpose: Purpose| -> Vec<(&Subject, &Value, Cmp)> {
        let chosen = criteria.iter().filter(move |(_, used)| *used == purpose);
        let tests = chosen.flat_map(|(criterion, _)| whole::tests(&criterion.condition));
        let compared = tests.filter_map(|test| match &test.assertion {
            Assertion::Compare(Band {
                op,
                value: Operand::Value(value),
            }) => Some((&test.subject, value, *op)),
            Assertion::Compare(_)
            | Assertion::Bands { .. }
            | Assertion::Comparable(_)
            | Assertion::NoWorse(_)
            | Assertion::Reach { .. }
            | Assertion::Stable
            | Assertion::Within(_) => None,
        });
        compared.collect()
    };
    let back = thresholds(Purpose::Rollback);
    let mut faults = Vec::new();
    for (subject, pass, pass_op) in thresholds(Purpose::Pass) {
        for (_, roll, roll_op) in back.iter().filter(|(other, ..)| *other == subject) {
            let Some(order) = roll.quantity().compare(pass.quantity()) else {
                continue;
            };
            faults.extend(pair(subject, (pass_op, pass), (*roll_op, roll), order));
        }
    }
    faults
}

/// `order` is that of the rollback threshold against the passing one.
fn pair(
    subject: &Subject,
    pass: (Cmp, &Value),
    roll: (Cmp, &Value),
    order: Ordering,
) -> Option<Fault> {
    let (pass_op, pass_value) = pass;
    let (roll_op, roll_value) = roll;
    // Distance of the rollback threshold from the passing one, away from the good side.
    let distance = if pass_op.is_upper_bound() && roll_op.is_lower_bound() {
        order
    } else if pass_op.is_lower_bound() && roll_op.is_upper_bound() {
        order.reverse()
    } else {
        return None;
    };
    let closed = |op: Cmp| matches!(op, Cmp::GreaterOrEqual | Cmp::LessOrEqual);
    let both_closed = closed(pass_op) && closed(roll_op);
    let touching = closed(pass_op) != closed(roll_op);
    let texts = format!(
        "passing at {} {pass_value} and rolling back at {} {roll_value}",
        pass_op.text(),
        roll_op.text()
    );
    match distance {
        Ordering::Equal if touching => None,
        Ordering::Equal | Ordering::Less if both_closed || distance.is_lt() => Some(Fault::new(
            FaultCode::BandsOverlap,
            subject,
            format!("{texts} overlap: some values do both"),
            "move one of the two",
        )),
        Ordering::Equal | Ordering::Less | Ordering::Greater => Some(Fault::new(
            FaultCode::BandsGap,
            subject,
            format!("{texts} leave values between them that neither passes nor goes back"),
            "say what happens there: a warning, or nothing",
        )),
    }
}
