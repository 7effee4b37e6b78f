//! Fault injectors: what was broken is told, and is mended.

use phasegate_core::Capability;
use phasegate_provider::{Broken, Call, ErrorKind, FaultInjector, ProviderError};

use super::{Findings, Violation};

/// The suite for fault injectors, which must have broken nothing at its start; `fault` is a name that the adapter knows,
/// `unknown` one that it does not. Ends with all mended.
pub async fn fault_injector(
    injector: &dyn FaultInjector,
    fault: &str,
    unknown: &str,
    call: &Call,
) -> Vec<Violation> {
    let (ours, other) = ("suite", "another-experiment");
    let mut findings = Findings::default();
    let capabilities = injector.capabilities();
    let told = capabilities.contains(&Capability::ReadBack);
    findings.check("what is broken is read back", told, &capabilities);

    let refused = injector.start(ours, unknown, call).await;
    let nothing = refused.as_ref().is_err_and(ProviderError::is_refusal);
    findings.check(
        "an unknown fault is refused, and nothing broken",
        nothing,
        &refused,
    );
    mended(&mut findings, injector, ours, call).await;

    // Twice: the second time after it was mended.
    for _ in 0..2 {
        for rule in ["a fault can be started", "starting it again is harmless"] {
            let started = injector.start(ours, fault, call).await;
            findings.check(rule, started.is_ok(), &started);
            let read = injector.read(ours, call).await;
            findings.check(
                "what was started is read back",
                is(&read, ours, fault),
                &read,
            );
        }
        let taken = injector.start(other, fault, call).await;
        let conflict = taken
            .as_ref()
            .is_err_and(|e| e.kind() == ErrorKind::Conflict);
        findings.check("what is broken is not broken for another", conflict, &taken);
        let theirs = injector.read(other, call).await;
        let none = matches!(theirs, Ok(None));
        findings.check("one experiment does not see another's fault", none, &theirs);
        let not_ours = injector.stop(other, call).await;
        findings.check("stopping nothing is harmless", not_ours.is_ok(), &not_ours);
        let read = injector.read(ours, call).await;
        findings.check(
            "nobody mends another's fault",
            is(&read, ours, fault),
            &read,
        );
        for rule in ["a fault can be stopped", "stopping it again is harmless"] {
            let stopped = injector.stop(ours, call).await;
            findings.check(rule, stopped.is_ok(), &stopped);
            mended(&mut findings, injector, ours, call).await;
        }
    }
    findings.0
}

async fn mended(
    findings: &mut Findings,
    injector: &dyn FaultInjector,
    experiment: &str,
    call: &Call,
) {
    let read = injector.read(experiment, call).await;
    let none = matches!(read, Ok(None));
    findings.check("what is mended is read as mended", none, &read);
}

fn is(read: &Result<Option<Broken>, ProviderError>, experiment: &str, fault: &str) -> bool {
    read.as_ref().is_ok_and(|read| {
        read.as_ref().is_some_and(|broken| {
            broken.experiment == experiment && broken.fault == fault && !broken.native.is_empty()
        })
    })
}
