//! Health probes: a state is told as it is, and what cannot be looked at is an error, never a state.

use phasegate_core::TargetId;
use phasegate_provider::{Call, HealthProbe, HealthState};

use super::{Findings, Violation};

/// The suite for health probes. `targets` are things whose state is known, each with the state that the
/// probe must find, at least one that is up and one that is down; `unknown` is one that does not exist in
/// the configuration.
pub async fn health_probe(
    probe: &dyn HealthProbe,
    targets: &[(TargetId, HealthState)],
    unknown: &TargetId,
    call: &Call,
) -> Vec<Violation> {
    let mut findings = Findings::default();
    for needed in [HealthState::Up, HealthState::Down] {
        let shown = targets.iter().any(|(_, state)| *state == needed);
        findings.check(
            "a thing that is up and one that is down are shown",
            shown,
            needed,
        );
    }
    for (target, state) in targets {
        for rule in ["a state is told as it is", "looking twice changes nothing"] {
            let found = probe.probe(target, call).await;
            let holds = found.as_ref().is_ok_and(|health| health.state == *state);
            findings.check(rule, holds, (target, state, &found));
            let told = found.is_ok_and(|health| {
                !health.detail.is_empty() && !health.detail.contains(['\n', '\r'])
            });
            findings.check("evidence is one line", told, target);
        }
    }
    let found = probe.probe(unknown, call).await;
    findings.check("an unknown target has no state", found.is_err(), &found);
    findings.0
}
