//! The suites for misbehaving servers find an adapter that tells them wrongly.

use phasegate_core::Span;
use phasegate_provider::{ErrorKind, ProviderError, Retry, Sent};
use phasegate_testkit::conformance::Violation;
use phasegate_testkit::servers::{mislabelled, withstand};

fn rules(violations: &[Violation]) -> Vec<&str> {
    violations.iter().map(|one| one.rule).collect()
}

#[tokio::test]
async fn a_status_that_is_told_as_something_else_is_found() {
    let throttled = |secs| {
        ProviderError::new(ErrorKind::Throttled, Sent::Answered, "x")
            .with_retry(Retry::After(Span::from_secs(secs)))
    };
    let failed = || ProviderError::new(ErrorKind::Unavailable, Sent::Answered, "x");
    let status = "a status is told as what it means";
    let found = withstand(&[], async |_| Err::<(), _>(failed())).await;
    assert_eq!(rules(&found.expect("ports")), [status], "429");
    let found = withstand(&[], async |_| Err::<(), _>(throttled(7))).await;
    assert_eq!(rules(&found.expect("ports")), [status; 2], "500 and 503");
    let found = withstand(&[], async |_| Err::<(), _>(throttled(8))).await;
    assert_eq!(rules(&found.expect("ports")), [status; 3], "and 429");
}

#[tokio::test]
async fn who_takes_any_type_or_none_is_found() {
    let found = mislabelled("[]", async |_| Ok(())).await;
    let html = "the same as HTML is invalid";
    assert_eq!(rules(&found.expect("ports")), [html]);
    let none = async |_| Err::<(), _>(ProviderError::invalid("x"));
    let found = mislabelled("[]", none).await;
    let json = "the answer is taken as JSON";
    assert_eq!(rules(&found.expect("ports")), [json]);
}
