//! Lines in real files: windows, rotation, what is half written, what is not there.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use phasegate_core::{Arm, Decimal, Observed, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_provider::{Call, ErrorKind, MetricSource, ProviderError};
use phasegate_provider_logfile::{LogConfig, LogSource, MeasureConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;

const MINUTE: i64 = 60_000;

/// So many milliseconds after noon.
fn at(millis: i64) -> Timestamp {
    let noon: Timestamp = "2026-09-07T12:00:00Z".parse().expect("a moment");
    Timestamp::from_unix_millis(noon.as_unix_millis() + millis)
}

fn line(millis: i64, status: u32, took: u32) -> String {
    format!("{} GET /orders {status} {took}ms\n", at(millis))
}

/// A line every second for so many minutes from there; each tenth has failed, they took 0 to 59 ms.
fn minutes(from: i64, minutes: i64) -> String {
    let seconds = from * 60..(from + minutes) * 60;
    seconds.fold(String::new(), |text, second| {
        let status = if second.rem_euclid(10) == 0 { 500 } else { 200 };
        let took = u32::try_from(second.rem_euclid(60)).expect("small");
        text + &line(second * 1000, status, took)
    })
}

fn config(file: &Path) -> MeasureConfig {
    let mut config = MeasureConfig::new(file, r"^(\S+) ");
    config.event = Some(" GET ".to_owned());
    config
}

fn source_of(config: &MeasureConfig, bytes_max: u64) -> LogSource {
    let (mut failed, mut took) = (config.clone(), config.clone());
    failed.matching = Some(r" 5\d\d ".to_owned());
    took.value = Some(r" (\d+)ms$".to_owned());
    let measures = [
        ("failed", failed),
        ("requests", config.clone()),
        ("took", took),
    ];
    let measures = measures.map(|(name, measure)| (name.to_owned(), measure));
    let config = LogConfig::new(BTreeMap::from(measures)).with_bytes_max(bytes_max);
    LogSource::new(config).expect("a source")
}

fn source(file: &Path) -> LogSource {
    source_of(&config(file), 64 << 20)
}

/// From and to, in minutes after noon.
fn query(text: &str, wants: Wants, (from, to): (i64, i64)) -> Query {
    Query {
        to: "logs".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Whole,
        window: Window {
            start: at(from * MINUTE),
            end: at(to * MINUTE),
            kind: WindowKind::Rolling,
        },
        unit: String::new(),
        wants,
    }
}

fn below(threshold: u32, inclusive: bool) -> Wants {
    Wants::Below {
        threshold: Decimal::from(threshold),
        inclusive,
    }
}

fn call() -> Call {
    Call::new(at(60 * MINUTE), Span::from_secs(30))
}

/// What is found, its samples, and the minute from which on.
async fn ask(source: &LogSource, query: Query) -> Result<(Observed, u64, i64), ProviderError> {
    let found = source.measure(&query, &call()).await?;
    let start = found.window.start.as_unix_millis() - at(0).as_unix_millis();
    Ok((found.observed, found.samples, start / MINUTE))
}

fn scalar(value: u32) -> Observed {
    Observed::Scalar {
        value: Decimal::from(value),
    }
}

fn log(text: &str) -> (Folder, std::path::PathBuf) {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("access.log", text).expect("written");
    (folder, path)
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let (_folder, path) = log(&minutes(0, 10));
    let source: Arc<dyn MetricSource> = Arc::new(source(&path));
    let answered = [
        query("failed", Wants::Scalar, (1, 5)),
        query("failed", Wants::Share, (1, 5)),
        query("took", below(30, true), (1, 5)),
    ];
    let call = call();
    let violations = conformance::metric_source(&source, &answered, "no such", &call).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn the_lines_of_the_window_count_and_no_other() {
    // Lines of a stack trace, of another sort, of bytes that are no text, and one that is not finished.
    let mut text = minutes(0, 10).into_bytes();
    text.extend_from_slice(b"  at main.rs:7\n\n");
    text.extend_from_slice(format!("{} started\n", at(9 * MINUTE)).as_bytes());
    text.extend_from_slice(b"\xff\xfe\n");
    text.extend_from_slice(line(9 * MINUTE, 500, 1).trim_end().as_bytes());
    let folder = Folder::new().expect("a folder");
    let path = folder.path().join("access.log");
    fs::write(&path, text).expect("written");
    let source = source(&path);
    let share = Observed::Share {
        matching: 24,
        total: 240,
    };
    let half = Observed::Below {
        threshold: Decimal::from(30_u32),
        below: 120,
        total: 240,
    };
    let half_and_equal = Observed::Below {
        threshold: Decimal::from(30_u32),
        below: 124,
        total: 240,
    };
    let mean = Observed::Scalar {
        value: "29.5".parse().expect("a number"),
    };
    for (text, wants, window, want) in [
        ("failed", Wants::Scalar, (1, 5), (scalar(24), 240, 1)),
        ("requests", Wants::Scalar, (1, 5), (scalar(240), 240, 1)),
        (
            "count(requests)",
            Wants::Scalar,
            (9, 10),
            (scalar(60), 60, 9),
        ),
        ("failed", Wants::Share, (1, 5), (share, 240, 1)),
        ("took", below(30, false), (1, 5), (half, 240, 1)),
        ("took", below(30, true), (1, 5), (half_and_equal, 240, 1)),
        ("mean(took)", Wants::Scalar, (1, 5), (mean, 240, 1)),
        ("max(took)", Wants::Scalar, (1, 5), (scalar(59), 240, 1)),
        ("min(took)", Wants::Scalar, (1, 5), (scalar(0), 240, 1)),
        (
            "sum(took)",
            Wants::Scalar,
            (1, 5),
            (scalar(4 * 1770), 240, 1),
        ),
        // The log begins within it.
        ("failed", Wants::Scalar, (-5, 5), (scalar(30), 300, 0)),
    ] {
        let found = ask(&source, query(text, wants, window)).await;
        assert_eq!(found.expect(text), want, "{text} {wants:?} {window:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_an_error_and_no_number() {
    let (folder, path) = log(&minutes(0, 10));
    let good = source(&path);
    let kind = async |source: &LogSource, query| {
        let found = ask(source, query).await;
        found.expect_err("no answer").kind()
    };
    for (text, wants, window, want) in [
        ("failed", Wants::Scalar, (20, 30), ErrorKind::NoData),
        ("failed", Wants::Scalar, (50, 70), ErrorKind::NoData),
        ("failed", Wants::Distribution, (1, 5), ErrorKind::Misuse),
        ("failed", below(1, true), (1, 5), ErrorKind::Misuse),
        ("requests", Wants::Share, (1, 5), ErrorKind::Misuse),
        ("mean(failed)", Wants::Scalar, (1, 5), ErrorKind::Misuse),
        ("mean(took)", Wants::Share, (1, 5), ErrorKind::Misuse),
        ("p99(took)", Wants::Scalar, (1, 5), ErrorKind::Misuse),
        ("nothing", Wants::Scalar, (1, 5), ErrorKind::Misuse),
    ] {
        let found = kind(&good, query(text, wants, window)).await;
        assert_eq!(found, want, "{text} {wants:?} {window:?}");
    }
    let query = || query("failed", Wants::Scalar, (1, 5));
    let missing = source(&folder.path().join("other.log"));
    assert_eq!(kind(&missing, query()).await, ErrorKind::NotFound);
    assert_eq!(
        kind(&source(folder.path()), query()).await,
        ErrorKind::Unavailable
    );
    assert_eq!(
        kind(&source_of(&config(&path), 10_000), query()).await,
        ErrorKind::Invalid
    );
    fs::write(&path, "").expect("written");
    assert_eq!(kind(&good, query()).await, ErrorKind::NoData);
    let endless = vec![b'x'; 3 << 20];
    fs::write(&path, endless).expect("written");
    assert_eq!(kind(&good, query()).await, ErrorKind::Invalid);
    // An event whose number cannot be read is not left out of a mean.
    let odd = line(2 * MINUTE, 200, 7) + &line(3 * MINUTE, 200, 7).replace("7ms", "?ms");
    fs::write(&path, odd).expect("written");
    let mean = self::query("mean(took)", Wants::Scalar, (1, 5));
    assert_eq!(kind(&good, mean).await, ErrorKind::Invalid);
}

#[tokio::test]
async fn a_window_reaches_back_over_rotations_as_far_as_files_are_left() {
    let (folder, path) = log(&minutes(8, 2));
    folder
        .write("access.log.1", &minutes(4, 4))
        .expect("written");
    folder
        .write("access.log.2", &minutes(0, 4))
        .expect("written");
    let whole = source(&path);
    for (window, want) in [
        ((1, 10), (scalar(54), 540, 1)),
        ((5, 9), (scalar(24), 240, 5)),
        ((-1, 10), (scalar(60), 600, 0)),
    ] {
        let found = ask(&whole, query("failed", Wants::Scalar, window)).await;
        assert_eq!(found.expect("found"), want, "{window:?}");
    }
    let mut fewer = config(&path);
    fewer.rotated_max = 1;
    let found = ask(
        &source_of(&fewer, 64 << 20),
        query("failed", Wants::Scalar, (1, 10)),
    )
    .await;
    assert_eq!(found.expect("found"), (scalar(36), 360, 4));
    // Just rotated: the new file is empty.
    for (from, to) in [
        ("access.log.1", "access.log.2"),
        ("access.log", "access.log.1"),
    ] {
        let (from, to) = (folder.path().join(from), folder.path().join(to));
        fs::rename(from, to).expect("renamed");
    }
    fs::write(&path, "").expect("written");
    let found = ask(&whole, query("failed", Wants::Scalar, (5, 10))).await;
    assert_eq!(found.expect("found"), (scalar(30), 300, 5));
}

#[tokio::test]
async fn lines_out_of_their_order_are_found_as_far_as_they_may_be() {
    let mut lines: Vec<String> = minutes(0, 10).lines().map(|l| format!("{l}\n")).collect();
    for pair in lines.chunks_mut(16) {
        pair.reverse();
    }
    let (_folder, path) = log(&lines.concat());
    let mut disorderly = config(&path);
    disorderly.disorder = Span::from_secs(20);
    let source = source_of(&disorderly, 64 << 20);
    let found = ask(&source, query("requests", Wants::Scalar, (2, 5))).await;
    assert_eq!(found.expect("found"), (scalar(180), 180, 2));
}

/// A log that is renamed, and copied and cut, again and again, while it is counted.
#[tokio::test]
async fn a_rotation_while_it_is_read_neither_loses_nor_doubles_lines() {
    let (folder, path) = log("");
    let older = folder.path().join("access.log.1");
    fs::write(&path, minutes(0, 10)).expect("written");
    fs::write(&older, "").expect("written");
    let done = Arc::new(AtomicBool::new(false));
    let (told, (path_of, older_of)) = (Arc::clone(&done), (path.clone(), older.clone()));
    let rotating = std::thread::spawn(move || {
        let new = path_of.with_file_name("new");
        let mut rotations = 0;
        while !told.load(Ordering::Relaxed) {
            // All lines are in the newest file, then in the older one.
            fs::rename(&path_of, &older_of).expect("renamed");
            fs::write(&path_of, "").expect("written");
            std::thread::sleep(Duration::from_millis(3));
            fs::copy(&older_of, &new).expect("copied");
            fs::write(&older_of, "").expect("written");
            fs::rename(&new, &path_of).expect("renamed");
            std::thread::sleep(Duration::from_millis(3));
            rotations += 1;
        }
        rotations
    });
    let source = source(&path);
    let (began, mut told) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(1) {
        match ask(&source, query("requests", Wants::Scalar, (1, 5))).await {
            Ok((found, ..)) => {
                assert_eq!(found, scalar(240));
                told += 1;
            }
            // Between two names there is no such file, or no line yet.
            Err(error) => {
                let kinds = [
                    ErrorKind::NotFound,
                    ErrorKind::NoData,
                    ErrorKind::Unavailable,
                ];
                assert!(kinds.contains(&error.kind()), "{error}");
            }
        }
    }
    done.store(true, Ordering::Relaxed);
    let rotations = rotating.join().expect("rotated");
    assert!(told > 5 && rotations > 5, "{told} of {rotations}");
}

/// 40 MiB of other days lie before the window: they are not read.
#[tokio::test]
async fn the_end_of_a_long_log_costs_what_it_holds_and_a_deadline_is_kept() {
    let mut text = String::new();
    let mut second = -400_000;
    while text.len() < 40 << 20 {
        let _written = write!(text, "{}", line(second * 1000, 200, 1).repeat(8));
        second += 1;
    }
    let before = text.len();
    text += &minutes(0, 10);
    let (_folder, path) = log(&text);
    let little = source_of(&config(&path), 1 << 20);
    let found = ask(&little, query("requests", Wants::Scalar, (1, 5))).await;
    assert_eq!(
        found.expect("found"),
        (scalar(240), 240, 1),
        "{before} bytes before"
    );
    let all = query("requests", Wants::Scalar, (-7000, 5));
    let call = Call::new(at(60 * MINUTE), Span::from_millis(1));
    let (began, slow) = (Instant::now(), source(&path));
    let error = slow.measure(&all, &call).await.expect_err("no time");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(began.elapsed() < Duration::from_secs(5));
}
