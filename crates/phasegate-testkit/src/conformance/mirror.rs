//! Effectors that send copies of traffic: a share is set, again and again, and nothing else.

use phasegate_core::{Capability, Desired, Ratio, TargetId};
use phasegate_provider::{Call, Effector, ErrorKind, ProviderError, Sent};

use super::{Findings, Violation};

/// Shares in percent, up and down, ending with none.
const STEPS: [u32; 5] = [0, 10, 100, 25, 0];

/// The suite for what claims the capability [`Mirror`](Capability::Mirror); `unknown` is a route that does not exist. Ends with no
/// copies. How many arrive at the shadow is for the adapter's own tests.
///
/// ```no_run
/// # async fn run(mirror: &dyn phasegate_provider::Effector, call: phasegate_provider::Call)
/// # -> Result<(), phasegate_core::IdError> {
/// let (shop, nowhere) = ("checkout".parse()?, "nowhere".parse()?);
/// let violations = phasegate_testkit::conformance::mirror(mirror, &shop, &nowhere, &call).await;
/// assert_eq!(violations, []);
/// # Ok(()) }
/// ```
pub async fn mirror(
    mirror: &dyn Effector,
    target: &TargetId,
    unknown: &TargetId,
    call: &Call,
) -> Vec<Violation> {
    let mut findings = Findings::default();
    let capabilities = mirror.capabilities();
    let claimed = capabilities.contains(&Capability::Mirror);
    findings.check("what sends copies says so", claimed, &capabilities);
    let copies = |target: &TargetId, percent| Desired::Mirror {
        target: target.clone(),
        share: Ratio::from_percent(percent).unwrap_or(Ratio::ZERO),
    };
    for percent in STEPS {
        for rule in [
            "a share of copies can be set",
            "setting the same share of copies twice is harmless",
        ] {
            let set = mirror.perform(&copies(target, percent), call).await;
            findings.check(rule, set.is_ok(), (percent, &set));
        }
    }
    let set = mirror.perform(&copies(unknown, 10), call).await;
    let refused = set.as_ref().is_err_and(ProviderError::is_refusal);
    let rule = "copies of an unknown route are refused, and certainly did nothing";
    findings.check(rule, refused, &set);
    let other = Desired::Traffic {
        target: target.clone(),
        canary: Ratio::ONE,
    };
    let set = mirror.perform(&other, call).await;
    let invalid =
        |error: &ProviderError| error.kind() == ErrorKind::Invalid && error.sent() == Sent::Nothing;
    let rule = "what is no share of copies is invalid, and nothing is sent";
    findings.check(rule, set.as_ref().is_err_and(invalid), &set);
    findings.0
}
