//! Against a real PostgreSQL with a table whose numbers the test knows.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use phasegate_core::{Decimal, Observed, Span, Wants};
use phasegate_provider::{ErrorKind, MetricSource, ProviderError, SecretSource};
use phasegate_provider_sql::{PostgresConfig, PostgresSource};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;

use support::{Database, at, call, query};

const SCALAR: &str = "SELECT round(avg(took), 3) AS value, count(*) AS samples
    FROM requests WHERE at >= $1 AND at < $2";
const SHARE: &str = "SELECT count(*) FILTER (WHERE failed) AS matching, count(*) AS total
    FROM requests WHERE at >= $1 AND at < $2; -- with a comment behind it";
const PLAIN: &str = "SELECT count(*) FILTER (WHERE failed) AS matching, count(*) AS total
    FROM requests WHERE at_plain >= $1 AND at_plain < $2";
const BELOW: &str =
    "SELECT count(*) FILTER (WHERE took < $3 OR $4 AND took = $3) AS below, count(*) AS total
    FROM requests WHERE at >= $1 AND at < $2";

fn below(threshold: &str, inclusive: bool) -> Wants {
    let threshold = threshold.parse().expect("a decimal");
    Wants::Below {
        threshold,
        inclusive,
    }
}

#[tokio::test]
async fn what_is_in_the_table_is_what_is_measured() {
    let Some(database) = Database::start().await else {
        return;
    };
    let source = PostgresSource::new(database.config("reader"));
    let ask = async |text: &str, secs: u64, wants| {
        let found = source
            .measure(
                &query(text, at(secs), Span::from_secs(30), wants),
                &call(at(secs)),
            )
            .await;
        found.map(|found| (found.observed, found.samples))
    };
    // The first half minute: 0.5 to 29.5 ms, the twentieth of them failed.
    let value: Decimal = "15".parse().expect("a decimal");
    let found = ask(SCALAR, 30, Wants::Scalar).await.expect("a mean");
    assert_eq!(found, (Observed::Scalar { value }, 30));
    let (matching, total) = (1, 30);
    for text in [SHARE, PLAIN] {
        let found = ask(text, 30, Wants::Share).await.expect(text);
        assert_eq!(found, (Observed::Share { matching, total }, 30), "{text}");
    }
    for (threshold, inclusive, count) in [
        ("10.5", false, 10),
        ("10.5", true, 11),
        ("0.5", false, 0),
        ("10.4999", true, 10),
        ("10000", false, 30),
        ("-1", true, 0),
    ] {
        let wants = below(threshold, inclusive);
        let (found, samples) = ask(BELOW, 30, wants).await.expect(threshold);
        let threshold = threshold.parse().expect("a decimal");
        let wanted = Observed::Below {
            threshold,
            below: count,
            total,
        };
        assert_eq!((found, samples), (wanted, 30), "{threshold} {inclusive}");
    }
    for (text, wants) in [
        (SCALAR, Wants::Scalar),
        (SHARE, Wants::Share),
        (BELOW, below("10", true)),
    ] {
        let error = ask(text, 600, wants)
            .await
            .expect_err("nothing happened then");
        assert_eq!(error.kind(), ErrorKind::NoData);
    }

    let source: Arc<dyn MetricSource> = Arc::new(source);
    let half = |text, wants| query(text, at(30), Span::from_secs(30), wants);
    let answered = [
        half(SCALAR, Wants::Scalar),
        half(SHARE, Wants::Share),
        half(BELOW, below("10.5", true)),
        half("SELECT count(*) AS value FROM requests", Wants::Scalar),
    ];
    let violations =
        conformance::metric_source(&source, &answered, "nonsense", &call(at(30))).await;
    assert_eq!(violations, []);
}

async fn scalar(source: &PostgresSource, text: &str) -> Result<(Observed, u64), ProviderError> {
    let question = query(text, at(30), Span::from_secs(30), Wants::Scalar);
    let found = source.measure(&question, &call(at(30))).await?;
    Ok((found.observed, found.samples))
}

#[tokio::test]
async fn numbers_of_all_types_are_exact_and_what_is_none_says_why() {
    let Some(database) = Database::start().await else {
        return;
    };
    let source = PostgresSource::new(database.config("reader"));
    for (number, want) in [
        ("7::smallint", "7"),
        ("-7", "-7"),
        ("9223372036854775807", "9223372036854775807"),
        ("0.1::real", "0.1"),
        ("0.1::float8", "0.1"),
        ("1e-3", "0.001"),
        ("-12345.6789", "-12345.6789"),
        ("1e20", "100000000000000000000"),
        ("0::numeric(30, 20)", "0"),
        (
            "1234567890123456789.123456789",
            "1234567890123456789.123456789",
        ),
        ("extract(epoch FROM $2)", "1788782430"),
    ] {
        let found = scalar(&source, &format!("SELECT {number} AS value")).await;
        let value: Decimal = want.parse().expect("a decimal");
        assert_eq!(
            found.expect(number),
            (Observed::Scalar { value }, 1),
            "{number}"
        );
    }
    use ErrorKind::{Invalid, Misuse, NoData};
    for (text, kind, says) in [
        ("SELECT NULL::int AS value", NoData, ""),
        ("SELECT 1 AS value FROM requests WHERE false", NoData, ""),
        ("SELECT 1 AS value, 0 AS samples", NoData, ""),
        ("SELECT 1 AS value FROM requests", Invalid, "more rows"),
        ("SELECT 1 AS value, -1 AS samples", Invalid, "no count"),
        ("SELECT 1 AS value, 1.5 AS samples", Invalid, "no count"),
        ("SELECT 'NaN'::float8 AS value", Invalid, "column value"),
        ("SELECT 'NaN'::numeric AS value", Invalid, "NaN"),
        ("SELECT 'Infinity'::numeric AS value", Invalid, "infinite"),
        ("SELECT 1e40 AS value", Invalid, "digits"),
        ("SELECT 1::numeric(40,35) / 3 AS value", Invalid, "digits"),
        ("SELECT 1 / 0 AS value", Invalid, "22012"),
        ("SELECT 'marked-row'::text::int AS value", Invalid, "22P02"),
        ("SELECT 1", Misuse, "columns must be value and samples"),
        ("SELECT 1 AS value, 2 AS value", Misuse, "columns must be"),
        ("SELECT 1 AS value, 2 AS more", Misuse, "columns must be"),
        ("SELECT '1' AS value", Misuse, "no number"),
        ("SELECT now() AS value", Misuse, "no number"),
        ("SELECT $3::int AS value", Misuse, "parameters"),
        ("SELEC 1", Misuse, "42601"),
        ("SELECT 1 AS value FROM nowhere", Misuse, "42P01"),
    ] {
        let error = scalar(&source, text).await.expect_err(text);
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
        // What a row holds stays where it is.
        assert!(
            !format!("{error} {error:?}").contains("marked-row"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn no_text_changes_anything() {
    let Some(database) = Database::start().await else {
        return;
    };
    // Who may do everything.
    let source = PostgresSource::new(database.config("postgres"));
    for text in [
        "DELETE FROM requests RETURNING 1 AS value",
        "WITH gone AS (DELETE FROM requests RETURNING 1) SELECT count(*) AS value FROM gone",
        "SELECT 1 AS value; DELETE FROM requests",
        "SELECT 1 AS value FROM requests LIMIT 1 FOR UPDATE",
        "SELECT length(set_config('transaction_read_only', 'off', false)) AS value",
        "SET TRANSACTION READ WRITE",
        "COMMIT",
        "DROP TABLE requests",
        "",
    ] {
        let error = scalar(&source, text).await.expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Misuse, "{text}: {error}");
    }
    let left = scalar(&source, "SELECT count(*) AS value FROM requests").await;
    let value = Decimal::from(60u64);
    assert_eq!(left.expect("a count").0, Observed::Scalar { value });
}

#[tokio::test]
async fn a_query_that_takes_too_long_ends_here_and_there() {
    let Some(database) = Database::start().await else {
        return;
    };
    let config = database
        .config("reader")
        .with_query_within(Span::from_millis(500));
    let started = Instant::now();
    let text = "SELECT 1 AS value FROM pg_sleep(60)";
    let error = scalar(&PostgresSource::new(config), text).await;
    assert_eq!(error.expect_err("too long").kind(), ErrorKind::Timeout);
    assert!(started.elapsed() < Duration::from_secs(5), "{started:?}");
    let source = PostgresSource::new(database.config("postgres"));
    let running = "SELECT count(*) AS value FROM pg_stat_activity
        WHERE state = 'active' AND query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()";
    let nothing = Observed::Scalar {
        value: Decimal::ZERO,
    };
    for _ in 0..100 {
        if scalar(&source, running).await.expect("a count").0 == nothing {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(scalar(&source, running).await.expect("a count").0, nothing);
}

#[tokio::test]
async fn who_may_not_is_told_so_and_no_password_is_told() {
    let Some(database) = Database::start().await else {
        return;
    };
    let marked = "marked-secret-7f3a";
    database.ask_for_password("locked", marked).await;
    let folder = Folder::new().expect("a folder");
    let file =
        |name: &str, text: &str| SecretSource::File(folder.write(name, text).expect("written"));
    let text = "SELECT 1 AS value";
    let source = |config: PostgresConfig| PostgresSource::new(config);
    let right = database
        .config("locked")
        .with_password(file("right", marked));
    scalar(&source(right.clone()), text).await.expect("let in");
    let wrong = format!("{marked}-wrong");
    let wrong = database
        .config("locked")
        .with_password(file("wrong", &wrong));
    for config in [wrong, database.config("nobody"), right.clone()] {
        // The last may come in, and not read.
        let text = "SELECT count(*) AS value FROM requests";
        let error = scalar(&source(config.clone()), text)
            .await
            .expect_err("denied");
        assert_eq!(error.kind(), ErrorKind::Denied, "{config:?}: {error}");
        assert!(!format!("{error} {error:?} {:?}", source(config)).contains(marked));
    }
    let mut elsewhere = right;
    elsewhere.database = "nowhere".to_owned();
    let error = scalar(&source(elsewhere), text)
        .await
        .expect_err("no such database");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
