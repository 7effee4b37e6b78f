//! Routers and flag stores: both set an absolute share and read it back.

use phasegate_core::{Capability, Ratio, Standing, TargetId};
use phasegate_provider::{Call, FlagStore, ProviderError, TrafficRouter};

use super::{Findings, Violation};

/// Shares in parts per million, in an order that goes up and down: nothing, all, round ones, one that no
/// system of percents or of 256ths can hold exactly.
const STEPS: [u32; 8] = [0, 50_000, 250_000, 333_333, 1_000_000, 500_000, 10_000, 0];

/// The same for what is on or off.
const SWITCHED: [u32; 4] = [0, 1_000_000, 0, 1_000_000];

/// The suite for traffic routers; `unknown` is a route that does not exist. Ends with nothing for the canary.
///
/// ```no_run
/// # async fn run(router: &dyn phasegate_provider::TrafficRouter, call: phasegate_provider::Call)
/// # -> Result<(), phasegate_core::IdError> {
/// use phasegate_testkit::conformance::traffic_router;
/// let violations = traffic_router(router, &"checkout".parse()?, &"nowhere".parse()?, &call).await;
/// assert_eq!(violations, []);
/// # Ok(()) }
/// ```
pub async fn traffic_router(
    router: &dyn TrafficRouter,
    target: &TargetId,
    unknown: &TargetId,
    call: &Call,
) -> Vec<Violation> {
    let capabilities = router.capabilities();
    let mut findings = Findings::default();
    findings.check(
        "a traffic router splits by weight",
        capabilities.contains(&Capability::Weights),
        &capabilities,
    );
    let reads_back = capabilities.contains(&Capability::ReadBack);
    steps(&mut findings, &STEPS, reads_back, async |share, before| {
        router.set(target, share, call).await?;
        if !reads_back {
            return Ok(None);
        }
        let found = router.read(target, call).await?;
        let standing = router.judge(target, share, before, &found);
        let old = before.map(|before| router.judge(target, before, Some(share), &found));
        Ok(Some((format!("{found:?}"), standing, old)))
    })
    .await;
    let set = router.set(unknown, Ratio::ZERO, call).await;
    refused(&mut findings, set.map(|_| ()));
    if reads_back {
        let read = router.read(unknown, call).await;
        let rule = "an unknown target has no state";
        findings.check(rule, read.is_err(), &read);
    }
    findings.0
}

/// The suite for flag stores; `unknown` is a flag that does not exist and that the store does not make by
/// itself, if there is such a thing. Ends with the flag off.
pub async fn flag_store(
    store: &dyn FlagStore,
    flag: &TargetId,
    unknown: Option<&TargetId>,
    call: &Call,
) -> Vec<Violation> {
    flags(store, flag, unknown, &STEPS, call).await.0
}

/// The suite for flag stores whose flags are on or off and nothing between; as [`flag_store`] otherwise. Ends with the
/// flag on.
pub async fn flag_switch(
    store: &dyn FlagStore,
    flag: &TargetId,
    unknown: Option<&TargetId>,
    call: &Call,
) -> Vec<Violation> {
    let mut findings = flags(store, flag, unknown, &SWITCHED, call).await;
    for ppm in [1, 500_000, 999_999] {
        let share = Ratio::from_ppm(ppm).unwrap_or(Ratio::ZERO);
        let set = store.set(flag, share, call).await;
        let rule = "what is neither on nor off is refused, and certainly did nothing";
        let holds = set.as_ref().is_err_and(ProviderError::is_refusal);
        findings.check(rule, holds, &set);
    }
    findings.0
}

async fn flags(
    store: &dyn FlagStore,
    flag: &TargetId,
    unknown: Option<&TargetId>,
    shares: &[u32],
    call: &Call,
) -> Findings {
    let reads_back = store.capabilities().contains(&Capability::ReadBack);
    let mut findings = Findings::default();
    steps(&mut findings, shares, reads_back, async |share, before| {
        store.set(flag, share, call).await?;
        if !reads_back {
            return Ok(None);
        }
        let found = store.read(flag, call).await?;
        let standing = store.judge(flag, share, before, &found);
        let old = before.map(|before| store.judge(flag, before, Some(share), &found));
        Ok(Some((format!("{found:?}"), standing, old)))
    })
    .await;
    if let Some(unknown) = unknown {
        let set = store.set(unknown, Ratio::ZERO, call).await;
        refused(&mut findings, set.map(|_| ()));
    }
    findings
}

/// What was found, how it stands to the share that was set, and how to the one before it.
type Looked = Option<(String, Standing, Option<Standing>)>;

async fn steps<F>(findings: &mut Findings, shares: &[u32], reads_back: bool, mut step: F)
where
    F: AsyncFnMut(Ratio, Option<Ratio>) -> Result<Looked, ProviderError>,
{
    let mut before: Option<Ratio> = None;
    for ppm in shares.iter().copied() {
        let share = Ratio::from_ppm(ppm).unwrap_or(Ratio::ZERO);
        // Twice: setting the same state again is harmless.
        for rule in [
            "a share can be set",
            "setting the same share twice is harmless",
        ] {
            let looked = step(share, before).await;
            let shown = (share, &looked);
            match &looked {
                Err(_) => findings.check(rule, false, shown),
                Ok(None) => findings.check("what is claimed is read back", !reads_back, shown),
                Ok(Some((_, standing, old))) => {
                    let wanted = *standing == Standing::AsDesired;
                    findings.check("what was set is read back as desired", wanted, shown);
                    let moved = before.is_some_and(|before| before != share);
                    let told_apart = !moved || *old != Some(Standing::AsDesired);
                    findings.check("another share is told apart", told_apart, shown);
                }
            }
        }
        before = Some(share);
    }
}

fn refused(findings: &mut Findings, set: Result<(), ProviderError>) {
    let rule = "setting an unknown target is refused, and certainly did nothing";
    let holds = set.as_ref().is_err_and(ProviderError::is_refusal);
    findings.check(rule, holds, &set);
}
