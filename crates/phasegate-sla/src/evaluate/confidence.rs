//! Evaluation with confidence.

use phasegate_core::Ratio;

use super::Inputs;
use super::read::Read;
use super::test::{Case, Judged};
use crate::verdict::{Verdict, Why};

impl Inputs<'_> {
    /// Not one of the methods that stay valid under continuous looking applies yet: undecided.
    pub(super) fn with_confidence(&self, case: &Case<'_>, _level: Ratio) -> Read<Judged> {
        let amount = self.value(case)?;
        let mut judged = Judged::open(Why::Undecided);
        judged.verdict = Verdict::Inconclusive(Why::Undecided);
        judged.seen = Some(super::test::Seen {
            amount,
            share_within: false,
        });
        Ok(judged)
    }
}
