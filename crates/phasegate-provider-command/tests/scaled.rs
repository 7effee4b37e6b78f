//! Real processes that tell and set a count kept in a file, and such that do not.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use phasegate_core::{
    Desired, Effect, EffectClass, EffectKey, EffectOutcome, Inspection, Role, Span, Standing,
    TargetId, Timestamp,
};
use phasegate_provider::{
    Call, CallClass, ErrorKind, ProviderError, Registry, Retry, ScaleLimits, Scaler,
};
use phasegate_provider_command::{CommandConfig, CommandScaler, ScaledConfig, ScalerConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;

const READ: &str = r#"[ "$PHASEGATE_TARGET" = workers ] && cat "$1/count""#;
/// Notes each change, and with which key.
const SET: &str = r#"echo "$PHASEGATE_COUNT $PHASEGATE_KEY" >> "$1/log"; echo "count=$PHASEGATE_COUNT" > "$1/count""#;
const COOLDOWN: Span = Span::from_secs(60);
const LIMITS: ScaleLimits = ScaleLimits {
    min: 2,
    max: 9,
    cooldown: COOLDOWN,
};

fn folder() -> Folder {
    let folder = Folder::new().expect("a folder");
    folder.write("count", "count=3\n").expect("written");
    folder
}

fn shell(script: &str, folder: &Path) -> CommandConfig {
    let place = folder.display().to_string();
    let mut command = CommandConfig::new("/bin/sh", ["-c", script, "sh", &place]);
    command
        .env
        .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    command
}

fn scaler(read: &str, set: &str, folder: &Folder) -> CommandScaler {
    let workers = ScaledConfig {
        read: shell(read, folder.path()),
        set: shell(set, folder.path()),
        limits: LIMITS,
    };
    let targets = BTreeMap::from([(workers_id(), workers)]);
    CommandScaler::new(ScalerConfig { targets }).expect("bounds that leave something")
}

fn workers_id() -> TargetId {
    "workers".parse().expect("an id")
}

fn call(secs: u64) -> Call {
    let at: Timestamp = "2026-09-07T12:00:00Z".parse().expect("a moment");
    Call::new(at + Span::from_secs(secs), Span::from_secs(10))
}

fn changes(folder: &Folder) -> usize {
    let log = fs::read_to_string(folder.path().join("log"));
    log.map_or(0, |log| log.lines().count())
}

#[tokio::test]
async fn the_scaler_passes_the_suite_of_its_role() {
    let folder = folder();
    let scaler = scaler(READ, SET, &folder);
    let nowhere = "nowhere".parse().expect("an id");
    let violations = conformance::scaler(&scaler, &workers_id(), &nowhere, LIMITS, &call(0)).await;
    assert_eq!(violations, []);
    // Down, up, half, up, down; up and back. What stood already was not set again.
    assert_eq!(changes(&folder), 7);
}

#[tokio::test]
async fn the_registry_scales_and_reads_back() {
    let folder = folder();
    let mut registry = Registry::new();
    let to = "pool".parse().expect("an id");
    let scaler = Arc::new(scaler(READ, SET, &folder));
    registry.bind_scaler(to, scaler).expect("it is free");
    let to = "pool".parse().expect("an id");
    assert!(registry.capabilities(&to, Role::Scaler).is_some());
    let scale = |count| Desired::Scale {
        target: workers_id(),
        count,
    };
    let effect = |count, number| Effect {
        number,
        key: EffectKey::new(&"r".parse().expect("an id"), number),
        to: to.clone(),
        desired: scale(count),
        before: Some(scale(3)),
        class: EffectClass::AbsoluteWithReadBack,
        deadline: call(10).at,
    };
    let done = registry.perform(&effect(5, 1), &call(0)).await;
    let want = EffectOutcome::Applied {
        evidence: "5 instead of 3; read back: 5 of workers".to_owned(),
    };
    assert_eq!(done, want);
    let key = effect(5, 1).key;
    let log = fs::read_to_string(folder.path().join("log")).expect("a log");
    assert_eq!(log, format!("5 {}\n", key.as_str()));

    let again = registry.perform(&effect(5, 1), &call(1)).await;
    assert!(matches!(again, EffectOutcome::Applied { .. }), "{again:?}");
    for beyond in [1, 10] {
        let refused = registry.perform(&effect(beyond, 2), &call(120)).await;
        assert!(
            matches!(refused, EffectOutcome::NotApplied { .. }),
            "{refused:?}"
        );
    }
    let soon = registry.perform(&effect(4, 3), &call(59)).await;
    assert!(matches!(soon, EffectOutcome::NotApplied { .. }), "{soon:?}");
    assert_eq!(changes(&folder), 1);

    for (desired, before, standing) in [
        (5, 3, Standing::AsDesired),
        (4, 5, Standing::AsBefore),
        (4, 3, Standing::Other),
    ] {
        let inspection = Inspection {
            number: 1,
            to: to.clone(),
            desired: scale(desired),
            before: Some(scale(before)),
        };
        let reading = registry.inspect(&inspection, &call(2)).await;
        assert_eq!(
            (reading.standing, reading.found),
            (standing, Some(scale(5)))
        );
    }
}

#[tokio::test]
async fn what_is_printed_is_a_count_or_an_error() {
    use ErrorKind::{Invalid, Unavailable};
    let folder = folder();
    for (read, kind, says) in [
        ("true", Invalid, "must print count"),
        ("echo 3", Invalid, "'3' is neither"),
        ("echo count=", Invalid, "no count"),
        ("echo count=-1", Invalid, "no count"),
        ("echo count=3.5", Invalid, "no count"),
        ("echo count=4294967296", Invalid, "no count"),
        ("echo count=3; echo count=3", Invalid, "twice"),
        ("echo count=3; echo changed=yesterday", Invalid, "no moment"),
        (
            "echo changed=2026-09-07T12:00:00Z",
            Invalid,
            "must print count",
        ),
        (
            "echo count=3; echo gone >&2; exit 4",
            Unavailable,
            "ended with 4: gone",
        ),
        ("kill -9 $$", Unavailable, "signal 9"),
    ] {
        let scaler = scaler(read, SET, &folder);
        let found = scaler.read(&workers_id(), &call(0)).await;
        let error = found.expect_err(read);
        assert_eq!(error.kind(), kind, "{read}: {error}");
        assert!(error.to_string().contains(says), "{read}: {error}");
        let error = scaler
            .set(&workers_id(), 4, &call(0))
            .await
            .expect_err(read);
        assert!(error.is_refusal(), "{read}: nothing was set: {error}");
    }
    assert_eq!(changes(&folder), 0);
}

#[tokio::test]
async fn a_change_that_somebody_made_is_waited_for_after_a_restart_too() {
    let folder = folder();
    let told = "count=3\nchanged=2026-09-07T12:00:00Z\n";
    folder.write("count", told).expect("written");
    let scaler = scaler(READ, SET, &folder);
    let early = scaler.set(&workers_id(), 4, &call(20)).await;
    let early = early.expect_err("40 s are left");
    assert_eq!(early.kind(), ErrorKind::Rejected);
    assert_eq!(early.retry(), Retry::After(Span::from_secs(40)));
    assert_eq!(changes(&folder), 0);
    let back = call(20).with_class(CallClass::Safety);
    let done = scaler.set(&workers_id(), 2, &back).await;
    assert!(done.is_ok(), "{done:?}");
}

#[tokio::test]
async fn what_may_have_happened_counts_and_what_did_not_happen_does_not() {
    let folder = folder();
    let set = async |script: &str, second: u32| {
        let scaler = scaler(READ, script, &folder);
        let first = scaler.set(&workers_id(), 5, &call(0)).await;
        let again = scaler.set(&workers_id(), 5, &call(1)).await;
        let other = scaler.set(&workers_id(), second, &call(2)).await;
        (first, again, other)
    };
    // It failed, perhaps halfway: the same may be tried again, another count has to wait.
    let (first, again, other) = set("echo no room >&2; exit 1", 4).await;
    for error in [first, again] {
        let error = error.expect_err("it failed");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(!error.is_refusal() && error.to_string().contains("no room"));
    }
    assert_eq!(other.expect_err("too soon").kind(), ErrorKind::Rejected);

    let workers = ScaledConfig {
        read: shell(READ, folder.path()),
        set: CommandConfig::new("/nowhere/scale", [""; 0]),
        limits: LIMITS,
    };
    let targets = BTreeMap::from([(workers_id(), workers)]);
    let scaler = CommandScaler::new(ScalerConfig { targets }).expect("bounds");
    for count in [5, 4] {
        let absent = scaler.set(&workers_id(), count, &call(0)).await;
        let absent = absent.expect_err("no such program");
        assert_eq!(absent.kind(), ErrorKind::NotFound, "{absent}");
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_waits() {
    let folder = folder();
    let scaler = scaler(READ, SET, &folder);
    let target = workers_id();
    let (at, slow) = (call(0), call(0));
    let (one, other) = tokio::join!(scaler.set(&target, 4, &at), scaler.set(&target, 5, &slow));
    let refused: Vec<ProviderError> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(changes(&folder), 1);
}

#[tokio::test]
async fn the_time_of_a_call_is_for_both_commands() {
    let folder = folder();
    let read = "sleep 0.6; echo count=3";
    let scaler = scaler(read, "sleep 5", &folder);
    let began = std::time::Instant::now();
    let call = call(0).with_deadline(Span::from_secs(1));
    let error = scaler.set(&workers_id(), 4, &call).await;
    let error = error.expect_err("no time");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < std::time::Duration::from_millis(1550));
}

#[test]
fn bounds_that_leave_nothing_are_refused_and_all_limits_are_stated() {
    let folder = folder();
    let workers = ScaledConfig {
        read: shell(READ, folder.path()),
        set: shell(SET, folder.path()),
        limits: ScaleLimits {
            min: 3,
            max: 2,
            ..LIMITS
        },
    };
    let targets = BTreeMap::from([(workers_id(), workers)]);
    let error = CommandScaler::new(ScalerConfig { targets }).expect_err("nothing");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    for left_out in ["min", "max", "cooldown"] {
        let mut limits = serde_json::json!({"min": 1, "max": 2, "cooldown": "1m"});
        limits.as_object_mut().expect("an object").remove(left_out);
        let read = serde_json::from_value::<ScaleLimits>(limits);
        assert!(read.is_err(), "{left_out}");
    }
}
