//! Two real services on the same requests, with differences that were put in on purpose.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phasegate_core::{Observed, Span};
use phasegate_provider::{
    CallClass, Effector as _, ErrorKind, HttpEndpoint, MetricSource, Registry,
};
use phasegate_provider_comparer::{
    Comparer, ComparerConfig, CopiedRequest, Offered, ServicesConfig,
};
use phasegate_shadow::{Answer, Place, Resolution, Rules, Verdict};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Hostile, MISBEHAVIOURS, Reaction, Received, Receiver};

use support::{Kept, agreement, at, begin, call, client, compared, comparison, end, target};

const RULES: &str = r#"{"headers": {"only": ["x-version"]},
    "body": {"ignore": ["/took"], "tolerances": {"/lines/*/price": {"absolute": "0.005"}},
             "unordered": [{"at": "/lines", "key": "/id"}]}}"#;

/// Invoice n: each side in its own order, with its own time, prices that round apart by less than half a cent.
fn invoice(request: &Received, is_new: bool) -> Reaction {
    let number = request.target.trim_start_matches("/invoices/");
    let Ok(number) = number.parse::<u32>() else {
        return (404, vec![], String::new());
    };
    // Seeded: the total of each fifth is a cent too much, each tenth lacks a line, the twentieth fails.
    let total = if is_new && number.is_multiple_of(5) {
        "10.01"
    } else {
        "10.00"
    };
    let (a, b) = (
        r#"{"id": 1, "price": 4.000}"#,
        r#"{"id": 2, "price": 6.000}"#,
    );
    let b_new = r#"{"id": 2, "price": 6.004}"#;
    let lines = match is_new {
        true if number.is_multiple_of(10) => a.to_owned(),
        true => format!("{b_new}, {a}"),
        false => format!("{a}, {b}"),
    };
    let status = if is_new && number == 20 { 500 } else { 200 };
    let took = if is_new { 3 } else { 7 };
    let body = format!(r#"{{"lines": [{lines}], "total": {total}, "took": {took}}}"#);
    let headers = [("content-type", "application/json"), ("x-version", "2")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (status, headers.to_vec(), body)
}

fn config(old: &str, new: &str) -> ServicesConfig {
    let rules: Rules = serde_json::from_str(RULES).expect("rules");
    ServicesConfig::new(HttpEndpoint::new(old), HttpEndpoint::new(new))
        .with_rules(rules)
        .with_per_second(NonZeroU32::new(200).expect("not zero"))
        .with_within(Span::from_secs(2))
}

fn comparer(config: ServicesConfig) -> (Comparer, Arc<Kept>) {
    let all = ComparerConfig::default().with_services(target(), config);
    let comparer = Comparer::new(all).with_transport(client());
    let kept = Arc::new(Kept::default());
    let sink = Arc::clone(&kept);
    comparer.tell(sink);
    (comparer, kept)
}

struct Sides {
    old: Receiver,
    new: Receiver,
    requests: tempfile::NamedTempFile,
}

/// Both services, and a file of forty requests and one that writes.
async fn sides() -> Sides {
    let old = Receiver::start(|request| invoice(request, false)).await;
    let new = Receiver::start(|request| invoice(request, true)).await;
    let mut lines =
        String::from("{\"method\": \"POST\", \"path\": \"/invoices\", \"body\": \"x\"}\n");
    for number in 1..=40 {
        lines.push_str(&format!(
            "{{\"id\": \"i{number:02}\", \"path\": \"/invoices/{number}\"}}\n"
        ));
    }
    let requests = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(requests.path(), lines).expect("written");
    Sides {
        old: old.expect("a port"),
        new: new.expect("a port"),
        requests,
    }
}

impl Sides {
    fn comparer(&self) -> (Comparer, Arc<Kept>) {
        comparer(config(&self.old.url(""), &self.new.url("")).with_requests(self.requests.path()))
    }
}

#[tokio::test]
async fn a_sample_finds_what_was_seeded_and_nothing_else() {
    let sides = sides().await;
    let (comparer, kept) = sides.comparer();
    begin(&comparer, 0, Some(40), &[]).await.expect("begun");
    compared(&comparer, 40).await;
    // Beginning what runs is harmless.
    begin(&comparer, 0, Some(40), &[]).await.expect("begun");
    let receipt = end(&comparer).await.expect("ended");
    assert!(
        receipt.evidence.contains("40 comparisons, 32 without"),
        "{receipt:?}"
    );
    let want = [("body/lines[*]", 4), ("body/total", 8), ("status", 1)];
    let want = want.map(|(id, count)| (id.to_owned(), count));
    assert_eq!(kept.counts(), want);
    let detail = kept.detail("body/total");
    assert!(detail.contains("body/total: 10 became 10.01"), "{detail}");
    assert_eq!(
        (sides.old.received().len(), sides.new.received().len()),
        (40, 40)
    );
    // Ending what has ended is harmless.
    end(&comparer).await.expect("ended");
    assert_eq!(kept.counts(), want);
}

#[tokio::test]
async fn each_difference_is_resolved_by_a_person() {
    let sides = sides().await;
    let (comparer, _) = sides.comparer();
    begin(&comparer, 0, Some(40), &["total"])
        .await
        .expect_err("no such word");
    begin(&comparer, 0, Some(40), &["answers"])
        .await
        .expect("begun");
    compared(&comparer, 40).await;
    end(&comparer).await.expect("ended");
    let total = Place::BodyAt("/total".to_owned());
    let say = |case: &str, place: &Place, verdict| {
        let by = "ana".parse().expect("an id");
        let why = "by the rules of 2027".to_owned();
        let resolution = Resolution {
            at: at(),
            by,
            verdict,
            why,
        };
        comparer.resolve(&target(), case, place, resolution)
    };
    say("i05", &total, Verdict::Improvement).expect("known");
    say("i20", &Place::Status, Verdict::Bug).expect("known");
    say("i20", &total, Verdict::Breaking).expect("known");
    say("i01", &total, Verdict::Bug).expect_err("no difference there");
    let counts = comparer
        .tallied(&target())
        .expect("a target")
        .ledger
        .counts();
    assert_eq!(
        (counts.improvements, counts.bugs, counts.breaking),
        (1, 1, 1)
    );
    assert_eq!((counts.open, counts.agreed, counts.accepted), (10, 32, 33));
}

#[tokio::test]
async fn agreement_is_counted_and_is_a_metric_source() {
    let sides = sides().await;
    let (comparer, _) = sides.comparer();
    let (query, ask) = agreement("agreement invoices");
    let none = comparer
        .measure(&query, &ask)
        .await
        .expect_err("nothing yet");
    assert_eq!(none.kind(), ErrorKind::NoData);
    begin(&comparer, 0, Some(40), &[]).await.expect("begun");
    compared(&comparer, 40).await;
    let found = comparer.measure(&query, &ask).await.expect("a share");
    let (matching, total) = (32, 40);
    assert_eq!(
        (found.observed, found.samples),
        (Observed::Share { matching, total }, 40)
    );
    let source: Arc<dyn MetricSource> = Arc::new(comparer);
    let violations = conformance::metric_source(&source, &[query], "agreement orders", &ask).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn a_share_of_the_copies_is_compared_and_the_old_answer_is_not_asked_for_twice() {
    let sides = sides().await;
    let (comparer, kept) = sides.comparer();
    let copy =
        |number: u32| CopiedRequest::get(format!("r{number}"), format!("/invoices/{number}"));
    assert_eq!(
        comparer.offer(&target(), copy(1), None),
        Offered::NotRunning
    );
    begin(&comparer, 50, None, &["status", "body"])
        .await
        .expect("begun");
    let (mut taken, mut passed) = (0, 0);
    for number in 1..=20 {
        // The old side's answer comes along, and it says something else.
        let old = (number == 2).then(|| Answer {
            status: 200,
            body: br#"{"lines": [], "total": 1}"#.to_vec(),
            ..Answer::default()
        });
        match comparer.offer(&target(), copy(number), old) {
            Offered::Taken => taken += 1,
            Offered::NotChosen => passed += 1,
            Offered::Full | Offered::NotRunning | Offered::Refused | _ => panic!("r{number}"),
        }
    }
    assert_eq!((taken, passed), (10, 10));
    let writes = CopiedRequest::get("w", "/invoices").with_body("POST", "x");
    let elsewhere = CopiedRequest::get("e", "/../admin");
    for refused in [writes, elsewhere] {
        assert_eq!(comparer.offer(&target(), refused, None), Offered::Refused);
    }
    compared(&comparer, 10).await;
    end(&comparer).await.expect("ended");
    assert_eq!(
        comparer.offer(&target(), copy(2), None),
        Offered::NotRunning
    );
    assert_eq!(
        (sides.old.received().len(), sides.new.received().len()),
        (9, 10)
    );
    // Even numbers were chosen: r2 by its old answer, r10 and r20 as seeded.
    let counts = kept.counts();
    assert!(counts.contains(&("body/total".to_owned(), 3)), "{counts:?}");
}

#[tokio::test]
async fn a_new_side_that_does_not_answer_differs_and_an_old_one_leaves_nothing_to_compare() {
    let sides = sides().await;
    let nobody = "http://127.0.0.1:9";
    let file = sides.requests.path();
    let (comparer_new, kept) = comparer(config(&sides.old.url(""), nobody).with_requests(file));
    begin(&comparer_new, 0, Some(5), &["latency"])
        .await
        .expect("begun");
    compared(&comparer_new, 5).await;
    end(&comparer_new).await.expect("ended");
    assert_eq!(kept.counts(), [("record".to_owned(), 5)]);
    assert!(kept.detail("record").contains("status 200 became nothing"));

    let (comparer_old, kept) = comparer(config(nobody, &sides.new.url("")).with_requests(file));
    begin(&comparer_old, 0, Some(5), &[]).await.expect("begun");
    compared(&comparer_old, 5).await;
    end(&comparer_old).await.expect("ended");
    assert_eq!(kept.counts(), [("not compared".to_owned(), 5)]);
    let (query, ask) = agreement("agreement invoices");
    let error = comparer_old
        .measure(&query, &ask)
        .await
        .expect_err("nothing");
    assert_eq!(error.kind(), ErrorKind::NoData);
}

#[tokio::test]
async fn what_was_not_compared_is_told_and_never_passes_in_silence() {
    let sides = sides().await;
    // More than the file has.
    let (comparer_short, kept) = sides.comparer();
    begin(&comparer_short, 0, Some(50), &[])
        .await
        .expect("begun");
    compared(&comparer_short, 40).await;
    end(&comparer_short).await.expect("ended");
    assert!(kept.counts().contains(&("not compared".to_owned(), 10)));
    // Copies that never come.
    let (idle, kept) = sides.comparer();
    begin(&idle, 10, None, &[]).await.expect("begun");
    end(&idle).await.expect("ended");
    assert_eq!(kept.counts(), [("not compared".to_owned(), 1)]);
    // A process that was killed while it compared.
    let (after, kept) = sides.comparer();
    end(&after).await.expect("ended");
    assert_eq!(kept.counts(), [("not compared".to_owned(), 1)]);
    assert!(kept.detail("not compared").contains("lost"));
}

#[tokio::test]
async fn the_end_is_only_confirmed_when_all_is_told() {
    let sides = sides().await;
    let (comparer, kept) = sides.comparer();
    kept.refuse(true);
    begin(&comparer, 0, Some(40), &[]).await.expect("begun");
    compared(&comparer, 40).await;
    let error = end(&comparer).await.expect_err("nobody knows of it");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    // Going back does not wait for that.
    let back = call().with_class(CallClass::Safety);
    let ending = comparison(0, None, &[]);
    comparer.perform(&ending, &back).await.expect("ended");
    kept.refuse(false);
    end(&comparer).await.expect("ended");
    assert_eq!(kept.counts().len(), 3);
    // Nobody is there to be told.
    let config =
        config(&sides.old.url(""), &sides.new.url("")).with_requests(sides.requests.path());
    let alone = ComparerConfig::default().with_services(target(), config);
    let alone = Comparer::new(alone).with_transport(client());
    begin(&alone, 0, Some(5), &[]).await.expect("begun");
    compared(&alone, 5).await;
    let error = end(&alone).await.expect_err("nobody is told");
    assert_eq!(error.kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn a_new_side_that_misbehaves_differs_in_bounded_time() {
    let sides = sides().await;
    for way in MISBEHAVIOURS {
        let hostile = Hostile::always(way).await.expect("a port");
        let config = config(&sides.old.url(""), &hostile.url(""))
            .with_within(Span::from_millis(500))
            .with_requests(sides.requests.path());
        let (comparer, kept) = comparer(config);
        let began = Instant::now();
        begin(&comparer, 0, Some(1), &[]).await.expect("begun");
        compared(&comparer, 1).await;
        end(&comparer).await.expect("ended");
        assert!(began.elapsed() < Duration::from_secs(5), "{way}");
        assert!(!kept.counts().is_empty(), "{way}");
        let told = kept.counts().iter().all(|(id, _)| id != "not compared");
        assert!(told, "{way}: {:?}", kept.counts());
    }
}

#[tokio::test]
async fn what_it_does_not_know_is_refused_and_nothing_is_sent() {
    let sides = sides().await;
    let (comparer, _) = sides.comparer();
    let mirror = phasegate_core::Desired::Mirror {
        target: target(),
        share: support::percent(5),
    };
    let error = comparer
        .perform(&mirror, &call())
        .await
        .expect_err("no comparison");
    assert!(error.kind() == ErrorKind::Invalid && error.is_refusal());
    let other = "orders".parse().expect("an id");
    let unknown = phasegate_core::Desired::Comparison {
        target: other,
        share: support::percent(5),
        sample: None,
        compare: vec![],
    };
    let error = comparer
        .perform(&unknown, &call())
        .await
        .expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    // Without a file there is no sample.
    let all = ComparerConfig::default()
        .with_services(target(), config(&sides.old.url(""), &sides.new.url("")));
    let bare = Comparer::new(all).with_transport(client());
    let error = begin(&bare, 0, Some(5), &[]).await.expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(sides.new.received().is_empty());
    let mut registry = Registry::new();
    let role = comparison(5, None, &[]).role();
    let bound = registry.bind_effector("compare".parse().expect("an id"), role, Arc::new(comparer));
    assert!(bound.is_ok());
}
