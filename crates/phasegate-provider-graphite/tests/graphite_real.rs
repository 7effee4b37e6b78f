//! Against the real carbon and graphite-web, started on loopback ports.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use phasegate_core::{Decimal, Observed, Query, Span, Timestamp, Wants, Window};
use phasegate_provider::{ErrorKind, HttpEndpoint, MetricSource, ProviderError};
use phasegate_provider_graphite::{Gaps, GraphiteConfig, GraphiteSource};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, Process, find, free_port, skipped};

use support::{call, client, now, query};

const WEB: &str = "/usr/lib/python3/dist-packages/graphite/settings.py";
/// The render API on Python's own server, as the package brings none.
const SERVE: &str = "import sys, os
sys.path.insert(0, sys.argv[1])
os.environ['DJANGO_SETTINGS_MODULE'] = 'graphite.settings'
import django
django.setup()
from django.core.management import call_command
call_command('migrate', '--run-syncdb', verbosity=0)
from django.core.wsgi import get_wsgi_application
from wsgiref.simple_server import make_server
make_server('127.0.0.1', int(sys.argv[2]), get_wsgi_application()).serve_forever()
";

/// A Graphite that keeps points of ten seconds for six hours and of a minute for a day.
struct Server {
    url: String,
    /// The whole minute before which there is data.
    end: Timestamp,
    _carbon: Process,
    _web: Process,
    _folder: Folder,
}

impl Server {
    /// `None`, after a line that says why, where it is not installed.
    fn start() -> Option<Self> {
        let (Some(carbon), true) = (find("carbon-cache"), Path::new(WEB).is_file()) else {
            skipped("graphite-carbon and graphite-web are not installed");
            return None;
        };
        let folder = Folder::new().expect("a folder");
        let [lines, pickle, cache, web] = [(); 4].map(|()| free_port().expect("a port"));
        let at = folder.path().display().to_string();
        for part in ["whisper", "log", "conf"] {
            std::fs::create_dir(folder.path().join(part)).expect("a folder");
        }
        let config = format!(
            "[cache]\nUSER =\nLOCAL_DATA_DIR = {at}/whisper/\nSTORAGE_DIR = {at}\nCONF_DIR = {at}/conf\n\
             LOG_DIR = {at}/log\nPID_DIR = {at}\nLINE_RECEIVER_INTERFACE = 127.0.0.1\n\
             LINE_RECEIVER_PORT = {lines}\nPICKLE_RECEIVER_INTERFACE = 127.0.0.1\n\
             PICKLE_RECEIVER_PORT = {pickle}\nCACHE_QUERY_INTERFACE = 127.0.0.1\n\
             CACHE_QUERY_PORT = {cache}\nENABLE_UDP_LISTENER = False\nENABLE_TAGS = False\nMAX_CREATES_PER_MINUTE = inf\n"
        );
        let config = folder.write("conf/carbon.conf", &config).expect("written");
        let schema = "[all]\npattern = .*\nretentions = 10s:6h,60s:1d\n";
        folder
            .write("conf/storage-schemas.conf", schema)
            .expect("written");
        let settings = format!(
            "SECRET_KEY='x'; STORAGE_DIR='{at}'; CONF_DIR='{at}/conf'; WHISPER_DIR='{at}/whisper'\n\
             LOG_DIR='{at}/log'; INDEX_FILE='{at}/index'; ALLOWED_HOSTS=['*']\n\
             CARBONLINK_HOSTS=['127.0.0.1:{cache}:a']; CARBONLINK_TIMEOUT=1.0\n\
             DATABASES={{'default':{{'NAME':'{at}/g.db','ENGINE':'django.db.backends.sqlite3'}}}}\n"
        );
        folder
            .write("local_settings.py", &settings)
            .expect("written");
        let mut command = Command::new(carbon);
        command
            .arg("--config")
            .arg(config)
            .args(["--debug", "start"]);
        let listens = || TcpStream::connect(("127.0.0.1", lines)).is_ok();
        let carbon = Process::start(command, listens).expect("carbon starts");
        let whole = now().as_unix_millis() / 60_000 * 60_000;
        let end = Timestamp::from_unix_millis(whole);
        let mut stream = TcpStream::connect(("127.0.0.1", lines)).expect("it listens");
        stream
            .write_all(points(whole / 1000).as_bytes())
            .expect("sent");
        drop(stream);
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-c", SERVE, &at, &web.to_string()]);
        let ready = || answers(web, whole / 1000);
        let web_process = Process::start(command, ready).expect("graphite-web starts");
        Some(Self {
            url: format!("http://127.0.0.1:{web}"),
            end,
            _carbon: carbon,
            _web: web_process,
            _folder: folder,
        })
    }

    fn source(&self, gaps: Gaps) -> GraphiteSource {
        let config = GraphiteConfig::new(HttpEndpoint::new(&self.url)).with_gaps(gaps);
        GraphiteSource::new(config, client(Span::from_secs(10)))
    }

    /// So much time before the end of the data.
    fn back(&self, text: &str, secs: u64, wants: Wants) -> Query {
        query(text, "", self.end, Span::from_secs(secs), wants)
    }
}

/// Five minutes of points: the n-th from the end is n; of a hundred requests in each n failed; `gaps` lacks each third.
fn points(end: i64) -> String {
    let mut lines = String::new();
    for n in 1..=30 {
        let at = end - 10 * n;
        writeln!(lines, "app.canary.errors {n} {at}").expect("text");
        writeln!(lines, "app.canary.total 100 {at}").expect("text");
        writeln!(lines, "app.canary.rate {n}.5 {at}").expect("text");
        if n % 3 != 0 {
            writeln!(lines, "app.canary.gaps {n} {at}").expect("text");
        }
    }
    writeln!(lines, "app.ready 1 {}", end - 10).expect("text");
    lines
}

/// Does it tell the point that was sent last?
fn answers(port: u16, end: i64) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let (from, until) = (end - 21, end - 1);
    let asked = format!(
        "GET /render?target=app.ready&format=json&noCache=true&from={from}&until={until} HTTP/1.0\r\n\r\n"
    );
    let patience = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let asked = patience.and_then(|()| stream.write_all(asked.as_bytes()));
    let mut text = String::new();
    asked.is_ok() && stream.read_to_string(&mut text).is_ok() && text.contains("[1.0, ")
}

async fn ask(
    source: &GraphiteSource,
    question: Query,
) -> Result<(Observed, u64, Window), ProviderError> {
    let at = question.window.end;
    let found = source.measure(&question, &call(at)).await?;
    Ok((found.observed, found.samples, found.window))
}

fn scalar(target: &str, reduce: &str) -> String {
    format!(r#"{{"value": "{target}", "reduce": "{reduce}"}}"#)
}

fn share(matching: &str) -> String {
    format!(r#"{{"matching": "app.canary.{matching}", "total": "app.canary.total"}}"#)
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let Some(server) = Server::start() else {
        return;
    };
    let source: Arc<dyn MetricSource> = Arc::new(server.source(Gaps::NoData));
    let (mean, errors) = (scalar("app.canary.errors", "average"), share("errors"));
    let answered = [
        server.back(&mean, 60, Wants::Scalar),
        server.back(&errors, 60, Wants::Share),
    ];
    let violations = conformance::metric_source(&source, &answered, "nonsense", &call(now())).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn what_lies_in_the_window_is_what_is_measured() {
    let Some(server) = Server::start() else {
        return;
    };
    let source = server.source(Gaps::NoData);
    let series = "app.canary.errors";
    // The last minute holds 6 to 1.
    for (reduce, value) in [
        ("average", "3.5"),
        ("last", "1"),
        ("max", "6"),
        ("min", "1"),
        ("sum", "21"),
    ] {
        let question = server.back(&scalar(series, reduce), 60, Wants::Scalar);
        let whole = question.window;
        let value: Decimal = value.parse().expect("a decimal");
        let found = ask(&source, question).await.expect(reduce);
        assert_eq!(found, (Observed::Scalar { value }, 6, whole), "{reduce}");
    }
    let (matching, total) = (21, 600);
    let found = ask(&source, server.back(&share("errors"), 60, Wants::Share)).await;
    let (observed, samples, _) = found.expect("a share");
    assert_eq!(
        (observed, samples),
        (Observed::Share { matching, total }, 600)
    );

    // 55 s from second 5 on: the interval that began before is left out. 35 s to second 55: so is the one that is not over.
    let cut = |back, end| {
        let end = server.end.before(Span::from_secs(end));
        query(
            &scalar(series, "sum"),
            "",
            end,
            Span::from_secs(back),
            Wants::Scalar,
        )
    };
    for (question, sum, samples) in [(cut(55, 0), 15u64, 5), (cut(35, 5), 9, 3)] {
        let whole = question.window;
        let (observed, found, covers) = ask(&source, question).await.expect("a part");
        let value = Decimal::from(sum);
        assert_eq!((observed, found), (Observed::Scalar { value }, samples));
        assert!(covers.start > whole.start || covers.end < whole.end);
        let length = covers.span();
        assert_eq!(length, Span::from_secs(10 * samples));
    }
}

#[tokio::test]
async fn what_is_no_number_is_an_error_of_its_kind() {
    use ErrorKind as K;
    let Some(server) = Server::start() else {
        return;
    };
    let strict = server.source(Gaps::NoData);
    for (target, reduce, kind, says) in [
        ("app.canary.*", "sum", K::Invalid, "4 series"),
        ("app.nothing", "sum", K::NoData, "no series"),
        ("sumSeries(", "sum", K::NoData, "cannot be read"),
        ("nosuch(app.canary.errors)", "sum", K::Misuse, "400"),
        ("app.canary.gaps", "sum", K::NoData, "not whole"),
        (
            "scale(app.canary.errors,1e308)",
            "max",
            K::Invalid,
            "render API",
        ),
        ("scale(app.canary.errors,1e100)", "max", K::Invalid, ""),
    ] {
        let question = server.back(&scalar(target, reduce), 60, Wants::Scalar);
        let error = ask(&strict, question).await.expect_err(target);
        assert_eq!(error.kind(), kind, "{target}: {error}");
        assert!(error.to_string().contains(says), "{target}: {error}");
    }
}

#[tokio::test]
async fn a_gap_is_zero_only_where_that_is_said() {
    use ErrorKind as K;
    let Some(server) = Server::start() else {
        return;
    };
    let strict = server.source(Gaps::NoData);
    for (matching, kind, says) in [
        ("rate", K::Invalid, "series of rates"),
        ("gaps", K::NoData, "without its matching"),
        ("nothing", K::NoData, "no series"),
    ] {
        let question = server.back(&share(matching), 60, Wants::Share);
        let error = ask(&strict, question).await.expect_err(matching);
        assert_eq!(error.kind(), kind, "{matching}: {error}");
        assert!(error.to_string().contains(says), "{matching}: {error}");
    }
    // 5 + 4 + 2 + 1, of six hundred.
    let zero = server.source(Gaps::Zero);
    let sum = server.back(&scalar("app.canary.gaps", "sum"), 60, Wants::Scalar);
    let (observed, samples, _) = ask(&zero, sum).await.expect("a sum");
    let value = Decimal::from(12u64);
    assert_eq!((observed, samples), (Observed::Scalar { value }, 4));
    let (matching, total) = (12, 600);
    let found = ask(&zero, server.back(&share("gaps"), 60, Wants::Share)).await;
    assert_eq!(
        found.expect("a share").0,
        Observed::Share { matching, total }
    );
}

#[tokio::test]
async fn a_window_that_points_do_not_fit_has_no_number() {
    let Some(server) = Server::start() else {
        return;
    };
    let strict = server.source(Gaps::NoData);
    // Its intervals of 40 s never begin ten seconds behind a whole minute.
    let (target, end) = (
        "summarize(app.canary.errors,'40s')",
        server.end.before(Span::from_secs(50)),
    );
    let beyond = query(
        &scalar(target, "max"),
        "",
        end,
        Span::from_secs(120),
        Wants::Scalar,
    );
    let error = ask(&strict, beyond).await.expect_err(target);
    assert!(
        error.to_string().contains("more than the window"),
        "{error}"
    );
    let short = server.back(&scalar("app.canary.errors", "last"), 10, Wants::Scalar);
    assert_eq!(
        ask(&strict, short).await.expect_err("one").kind(),
        ErrorKind::NoData
    );
    // Twelve hours ago there are minutes only, and nothing in them.
    let old = server.end.before(Span::from_secs(43_200));
    let old = query(
        &scalar("app.canary.errors", "sum"),
        "",
        old,
        Span::from_secs(300),
        Wants::Scalar,
    );
    assert_eq!(
        ask(&strict, old).await.expect_err("old").kind(),
        ErrorKind::NoData
    );
}
