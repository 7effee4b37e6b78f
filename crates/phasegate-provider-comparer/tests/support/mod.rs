//! What the tests of this crate share.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by test binaries that each use a part"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{
    Arm, Desired, Query, Ratio, Span, TargetId, Timestamp, Wants, Window, WindowKind,
};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, DifferenceSink, Effector as _, ErrorKind, Found, ProviderError, Receipt, Sent,
};
use phasegate_provider_comparer::Comparer;

pub(crate) fn client() -> Arc<HttpClient> {
    Arc::new(HttpClient::new(HttpConfig::default()).expect("a client"))
}

pub(crate) fn at() -> Timestamp {
    "2026-09-07T12:00:00Z".parse().expect("a moment")
}

pub(crate) fn call() -> Call {
    Call::new(at(), Span::from_secs(20))
}

pub(crate) fn target() -> TargetId {
    "invoices".parse().expect("an id")
}

pub(crate) fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a share")
}

pub(crate) fn comparison(share: u32, sample: Option<u64>, compare: &[&str]) -> Desired {
    Desired::Comparison {
        target: target(),
        share: percent(share),
        sample,
        compare: compare.iter().map(|word| (*word).to_owned()).collect(),
    }
}

pub(crate) async fn begin(
    comparer: &Comparer,
    share: u32,
    sample: Option<u64>,
    compare: &[&str],
) -> Result<Receipt, ProviderError> {
    comparer
        .perform(&comparison(share, sample, compare), &call())
        .await
}

pub(crate) async fn end(comparer: &Comparer) -> Result<Receipt, ProviderError> {
    comparer.perform(&comparison(0, None, &[]), &call()).await
}

/// Waits until so many comparisons were made.
pub(crate) async fn compared(comparer: &Comparer, count: u64) {
    let mut left = 1000;
    loop {
        let tallied = comparer.tallied(&target()).expect("a target");
        if tallied.ledger.counts().compared + tallied.not_compared >= count {
            return;
        }
        left -= 1;
        assert!(left > 0, "{:?}", tallied.ledger.counts());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// How often both sides agreed in the minute from the beginning on, as of a minute later.
pub(crate) fn agreement(text: &str) -> (Query, Call) {
    let query = Query {
        to: "compare".parse().expect("an id"),
        kpi: "agreement".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Whole,
        window: Window {
            start: at(),
            end: at() + Span::from_secs(60),
            kind: WindowKind::SinceStart,
        },
        unit: "%".to_owned(),
        wants: Wants::Share,
    };
    (
        query,
        Call::new(at() + Span::from_secs(60), Span::from_secs(5)),
    )
}

/// Keeps what it is told; refuses while it is told to.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    found: Mutex<BTreeMap<String, Found>>,
    refuses: Mutex<bool>,
}

impl Kept {
    pub(crate) fn refuse(&self, yes: bool) {
        *self.refuses.lock().expect("a lock") = yes;
    }

    pub(crate) fn counts(&self) -> Vec<(String, u64)> {
        let found = self.found.lock().expect("a lock");
        found
            .values()
            .map(|one| (one.id.clone(), one.count))
            .collect()
    }

    pub(crate) fn detail(&self, id: &str) -> String {
        let found = self.found.lock().expect("a lock");
        found
            .get(id)
            .map(|one| one.detail.clone())
            .unwrap_or_default()
    }
}

#[async_trait]
impl DifferenceSink for Kept {
    async fn differed(&self, found: &Found) -> Result<(), ProviderError> {
        if *self.refuses.lock().expect("a lock") {
            return Err(ProviderError::new(
                ErrorKind::Unavailable,
                Sent::Nothing,
                "not now",
            ));
        }
        let mut kept = self.found.lock().expect("a lock");
        kept.insert(found.id.clone(), found.clone());
        Ok(())
    }
}
