//! The split of traffic: which arm each request went to, where half of them were to go to either.

use phasegate_sla::statistics::Alpha;
use phasegate_sla::statistics::fixed::chi_squared_shares;
use phasegate_sla::statistics::rate::{PriorStrength, ShareTest};

use crate::Methods;

pub(super) fn methods(alpha: Alpha) -> Methods {
    let counts = |samples: &[f64]| -> [u64; 2] {
        let canary = samples.iter().filter(|x| **x > 0.5).count() as u64;
        [canary, samples.len() as u64 - canary]
    };
    let half = [0.5, 0.5];
    let split = ShareTest::new(&half)?;
    let tuned = split.clone().with_prior(PriorStrength::FOR_A_THOUSAND);
    Ok(vec![
        (
            "fixed: chi-squared",
            false,
            Box::new(move |x, _| Ok(chi_squared_shares(&counts(x), &half)?.1 <= 0.05)),
        ),
        (
            "shares, k = 10 (default)",
            true,
            Box::new(move |x, _| Ok(split.evidence(&counts(x))?.rejects(alpha))),
        ),
        (
            "shares, k = 125",
            true,
            Box::new(move |x, _| Ok(tuned.evidence(&counts(x))?.rejects(alpha))),
        ),
    ])
}
