//! Rule files against Prometheus itself: `promtool` must take them, and what they fire at must be what our
//! own evaluation finds in the same series.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use phasegate_core::{
    Answer, Decimal, Measurement, Observed, Span, Timestamp, Wants, Window, WindowKind,
};
use phasegate_criterion::{Criterion, KpiRegistry};
use phasegate_plan::model::{Alert, Phase, PlanDraft, PlanFormat, Response, Trigger};
use phasegate_plan::{Plan, PlanDocument, check};
use phasegate_report::export::{PrometheusOptions, PrometheusServer, prometheus_rules};
use phasegate_sla::{Alert as Firing, Hold, HoldState, Need, evaluate_trigger, needs};

const PLAN: &str = r#"
format: phasegate-plan/1
id: greeter
title: Greeter 2
roles: [{id: lead, title: Lead, members: [ann]}]
kpis:
  - {id: errors, shape: ratio, unit: "%", direction: lower, source: metrics, query: {whole: requests}}
  - {id: good, shape: ratio, unit: "%", direction: higher, source: metrics, query: {whole: good_requests}}
  - {id: queue, shape: gauge, source: metrics, query: {whole: queue_length}, baseline: "10"}
  - {id: cost, shape: gauge, unit: USD, source: metrics, query: {whole: cost_dollars}}
  - {id: latency, shape: distribution, unit: ms, direction: lower, source: metrics, query: {canary: 'latency_bucket{track="canary"}', stable: 'latency_bucket{track="stable"}'}}
  - {id: delay, shape: gauge, unit: ms, direction: lower, source: metrics, query: {canary: delay_new, stable: delay_old}}
  - {id: bugs, shape: counter, source: tracker, query: {whole: bugs}}
slos:
  - {id: availability, kpi: good, objective: 99%, period: 30d}
  - {id: strict, kpi: good, objective: 99%, period: 2d}
alerts:
  - {id: queue-length, title: The queue is long, criterion: queue warn > 15 crit > 30, action: Add workers}
  - {id: price, criterion: cost >= $0.05}
triggers:
  - {id: too-many, criterion: ratio(errors) > 5% for 1m, severity: critical, respond: [{rollback: start}]}
  - {id: few-good, criterion: ratio(good) over 2m < 97% min 500 samples, respond: [hold]}
  - {id: at-the-limit, criterion: ratio(errors) >= 10%, respond: [hold]}
  - {id: slow, criterion: p95(latency) > 200ms, phases: [canary], respond: [hold]}
  - {id: share-slow, criterion: "below(latency, 500ms) < 99%", respond: [hold]}
  - {id: worse, criterion: change(delay) > 50% vs control, respond: [hold]}
  - {id: dear-and-long, criterion: cost > $0.04 and queue > 12 keep 2m, respond: [hold]}
  - {id: long-or-lost, criterion: queue > 25 or on event(data_loss), respond: [hold]}
  - {id: grown, criterion: change(queue) > 100% vs baseline, respond: [hold]}
  - {id: lost, criterion: on event(data_loss), respond: [hold]}
  - {id: bugs, criterion: count(bugs) > 3, respond: [hold]}
  - {id: shown, criterion: ratio(errors) > 5% confidence 99%, respond: [hold]}
procedures:
  - id: fewer
    title: Half of the workers are switched off
    criteria: [cost > $0.045 for 45s, {title: It costs more than it brings, criterion: "queue < 5 and cost >= $0.05"}, ratio(errors) > 20% confidence 99%]
    rollback: {steps: [{id: half, title: Switch them off, task: {role: lead, instructions: Switch half of them off}}]}
phases:
  - {id: canary, title: Canary, no-way-back: nothing is changed}
"#;

/// The time from one sample to the next.
const STEP_SECS: u64 = 15;
/// How many samples: a little more than an hour, so that the shortest pair of burn windows is full.
const SAMPLES: usize = 281;

fn plan(text: &str) -> Plan {
    let checked = check(&PlanDocument::read("plan.yaml", text.as_bytes()), None);
    checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()))
}

fn options() -> PrometheusOptions {
    let server = PrometheusServer::new().with_step(Span::from_secs(STEP_SECS));
    PrometheusOptions::new()
        .with_server("metrics".parse().expect("an id"), server)
        .with_link("https://example.org/greeter")
}

/// Where its files are; gone with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// `None`, after a line that says so, where it is not installed.
fn promtool(arguments: &[&str], file: &Path) -> Option<Output> {
    match Command::new("promtool").args(arguments).arg(file).output() {
        Ok(output) => Some(output),
        Err(error) => {
            let told = format!("SKIPPED: promtool is not installed: {error}");
            drop(writeln!(std::io::stdout(), "{told}"));
            None
        }
    }
}

#[track_caller]
fn taken(text: &str, name: &str) {
    let folder = Folder::new(name);
    let file = folder.write("rules.yaml", text);
    if let Some(output) = promtool(&["check", "rules", "--lint=all", "--lint-fatal"], &file) {
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}\n{text}");
    }
}

#[test]
fn the_file_is_what_the_server_takes() {
    let rules = prometheus_rules(&plan(PLAN), &options());
    insta::assert_snapshot!("prometheus.rules", rules.text);
    taken(&rules.text, "taken");
    let left_out: Vec<&str> = rules
        .untold
        .iter()
        .filter(|one| one.left_out)
        .map(|one| one.of.as_str())
        .collect();
    assert_eq!(
        left_out,
        [
            "slo strict",
            "slo strict",
            "slo strict",
            "slo strict",
            "trigger lost (high)",
            "trigger bugs (high)",
            "trigger shown (high)",
            "procedure fewer-3 (high)",
        ]
    );
    for one in &rules.untold {
        assert!(
            rules.text.contains(&one.of),
            "{one:?} is not told in the file"
        );
    }
    assert_eq!(rules.text.matches("- alert:").count(), rules.alerts);
}

#[test]
fn a_plan_without_alerts_has_an_empty_file() {
    let text = "format: phasegate-plan/1\nid: p\ntitle: P\nphases:\n  - {id: a, title: A, no-way-back: nothing}\n";
    let rules = prometheus_rules(&plan(text), &options());
    assert_eq!(rules.text, "# p: P\ngroups: []\n");
    taken(&rules.text, "empty");
}

#[test]
fn no_text_of_a_plan_breaks_a_file() {
    let long = "x".repeat(50_000);
    let mut lines = None;
    for (number, text) in [
        "plain",
        "{{ $labels.x }} {{ end }} {{",
        "${x} $1 %s `tick` 'quote' \"double\" \\",
        "line\nalert: other\n  - expr: up\r\n",
        "\u{0}\u{1b}[2J\u{7f}\u{85}\u{2028}\u{202e}\u{feff}\u{ffff}",
        "# comment: [x, {y}] & * ! | > - ?",
        long.as_str(),
    ]
    .into_iter()
    .enumerate()
    {
        let condition: Criterion = "queue warn > 15 crit > 30".parse().expect("a criterion");
        let mut kpi =
            phasegate_plan::model::Kpi::new("queue", phasegate_plan::model::KpiShape::Gauge);
        kpi.source = Some("metrics".parse().expect("an id"));
        let queries = phasegate_plan::model::Queries::new();
        // A query that closes and quotes nothing is taken as it is.
        kpi.query = Some(queries.whole("queue_length{a=\"}\"} # all"));
        let draft = PlanDraft::new(PlanFormat::V1, "p", text)
            .kpis([kpi])
            .alerts([Alert::new("long", condition)
                .title(text.to_owned())
                .action(text.to_owned())])
            .triggers([Trigger::new("t", "queue > 3")
                .title(text.to_owned())
                .respond([Response::Hold])])
            .phases([Phase::new("a", "A").no_way_back("nothing")]);
        let plan = draft
            .build()
            .unwrap_or_else(|faults| panic!("{}", faults.render()));
        let rules = prometheus_rules(&plan, &options().with_link(text));
        assert_eq!(rules.alerts, 4, "{:?}", rules.untold);
        taken(&rules.text, &format!("hostile-{number}"));
        assert!(
            !rules.text.chars().any(|c| c.is_control() && c != '\n'),
            "{text:?}"
        );
        let count = rules.text.lines().count();
        assert_eq!(
            count,
            *lines.get_or_insert(count),
            "{text:?}\n{}",
            rules.text
        );
    }
}

#[test]
fn a_query_that_closes_too_much_is_told() {
    for query in ["up) or (up", "up{", "'"] {
        let text = PLAN.replace("whole: queue_length", &format!("whole: \"{query}\""));
        let rules = prometheus_rules(&plan(&text), &options());
        let told = rules
            .untold
            .iter()
            .filter(|one| one.what.contains("in its query"));
        assert!(told.count() >= 4, "{query}: {:?}", rules.untold);
        taken(&rules.text, "closes");
    }
}

/// One series: its labels, and its value at every step.
type Series = (Vec<(&'static str, &'static str)>, Vec<f64>);
/// Series by the query text that selects them.
type Store = BTreeMap<&'static str, Vec<Series>>;

fn counter(rate: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sum = 0.0;
    (0..SAMPLES)
        .map(|at| {
            sum += rate(at);
            sum
        })
        .collect()
}

fn store() -> Store {
    let bad = |at: usize| {
        if (100..140).contains(&at) {
            10.0
        } else if (180..240).contains(&at) {
            60.0
        } else {
            1.0
        }
    };
    let slow = |at: usize| if (60..110).contains(&at) { 8.0 } else { 4.0 };
    let gauge = |values: &dyn Fn(usize) -> f64| (0..SAMPLES).map(values).collect::<Vec<f64>>();
    let role = |role| vec![("phasegate", role)];
    let bucket = |track, le| vec![("le", le), ("track", track)];
    BTreeMap::from([
        (
            "requests",
            vec![
                (role("matching"), counter(bad)),
                (role("total"), counter(|_| 100.0)),
            ],
        ),
        (
            "good_requests",
            vec![
                (role("matching"), counter(|at| 100.0 - bad(at))),
                (role("total"), counter(|_| 100.0)),
            ],
        ),
        (
            "queue_length",
            vec![(
                vec![],
                gauge(&|at| f64::from(u32::try_from(at % 40).expect("small"))),
            )],
        ),
        (
            "cost_dollars",
            vec![(
                vec![],
                gauge(&|at| {
                    if at % 60 < 20 {
                        0.05
                    } else if at % 60 < 25 {
                        f64::NAN
                    } else {
                        0.01
                    }
                }),
            )],
        ),
        (
            "latency_bucket{track=\"canary\"}",
            vec![
                (bucket("canary", "0.2"), counter(|at| 100.0 - slow(at))),
                (
                    bucket("canary", "0.5"),
                    counter(|at| 100.0 - slow(at) / 4.0),
                ),
                (bucket("canary", "+Inf"), counter(|_| 100.0)),
            ],
        ),
        (
            "delay_new",
            vec![(vec![], gauge(&|at| if at > 150 { 300.0 } else { 100.0 }))],
        ),
        (
            "delay_old",
            vec![(vec![], gauge(&|at| if at > 200 { 250.0 } else { 100.0 }))],
        ),
    ])
}

fn growth(values: &[f64], at: usize, window: Span) -> u64 {
    let steps = usize::try_from(window.as_nanos() / (STEP_SECS * 1_000_000_000)).expect("small");
    let from = at.saturating_sub(steps);
    let value = |at: usize| values.get(at).expect("a sample");
    let grown = value(at) - value(from);
    assert!(grown >= 0.0 && grown.fract() == 0.0);
    format!("{grown}").parse().expect("a whole number")
}

/// What the adapter would answer.
fn answer(store: &Store, need: &Need, at: usize) -> Option<Measurement> {
    let series = store
        .get(need.text.as_str())
        .unwrap_or_else(|| panic!("{}", need.text));
    let over = need.over.unwrap_or(Span::from_secs(300));
    let end = moment(at);
    let window = Window {
        start: end.before(over),
        end,
        kind: WindowKind::Rolling,
    };
    let labelled = |wanted: &str| {
        let found = series
            .iter()
            .find(|(labels, _)| labels.iter().any(|(_, value)| *value == wanted));
        growth(&found.expect(wanted).1, at, over)
    };
    let (samples, observed) = match &need.wants {
        Wants::Scalar => (
            1,
            Observed::Scalar {
                value: Decimal::from_f64(only(series, at)).ok()?,
            },
        ),
        Wants::Share => {
            let total = labelled("total");
            (
                total,
                Observed::Share {
                    matching: labelled("matching"),
                    total,
                },
            )
        }
        Wants::Below { threshold, .. } => {
            let seconds = threshold.to_f64() / 1_000.0;
            let total = labelled("+Inf");
            (
                total,
                Observed::Below {
                    threshold: *threshold,
                    below: labelled(&seconds.to_string()),
                    total,
                },
            )
        }
        other @ (Wants::Distribution | _) => panic!("{other:?}"),
    };
    Some(Measurement {
        window,
        samples,
        observed,
    })
}

/// The one series' value.
fn only(series: &[Series], at: usize) -> f64 {
    let [(_, values)] = series else {
        panic!("one series");
    };
    *values.get(at).expect("a sample")
}

fn moment(at: usize) -> Timestamp {
    Timestamp::EPOCH + Span::from_secs(STEP_SECS * u64::try_from(at).expect("small"))
}

/// At which samples our own evaluation says that it fires.
fn ours(criterion: &Criterion, registry: &KpiRegistry, store: &Store) -> Vec<bool> {
    let needs = needs(criterion, registry, &|_, _| true).expect("it can be measured");
    let (hold, mut state) = (Hold::of(criterion), HoldState::default());
    (0..SAMPLES)
        .map(|at| {
            let answers: BTreeMap<Need, Answer> = needs
                .iter()
                .filter_map(|need| Some((need.clone(), Ok(answer(store, need, at)?))))
                .collect();
            let finding = evaluate_trigger(criterion, registry, &answers, moment(at));
            hold.observe(&mut state, finding.condition(), moment(at)) == Firing::Firing
        })
        .collect()
}

/// A unit test of Prometheus: these series, and at each sample whether the alert fires.
fn unit_test(store: &Store, expected: &[(&str, &str, Vec<bool>)]) -> String {
    let mut out = String::from(
        "rule_files: [rules.yaml]\nevaluation_interval: 15s\ntests:\n  - interval: 15s\n    input_series:\n",
    );
    for (text, series) in store {
        let name = text.split('{').next().expect("a name");
        for (labels, values) in series {
            let labels: Vec<String> = labels
                .iter()
                .map(|(label, value)| format!("{label}=\"{value}\""))
                .collect();
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            let _written = writeln!(out, "      - series: '{name}{{{}}}'", labels.join(","));
            let _written = writeln!(out, "        values: '{}'", values.join(" "));
        }
    }
    out.push_str("    promql_expr_test:\n");
    for (alert, severity, fires) in expected {
        for (at, fires) in fires.iter().enumerate().skip(21).step_by(3) {
            let seconds = STEP_SECS * u64::try_from(at).expect("small");
            let expr = format!(
                "count(ALERTS{{alertname=\"{alert}\",severity=\"{severity}\",alertstate=\"firing\"}}) or vector(0)"
            );
            let _written = write!(
                out,
                "      - expr: '{expr}'\n        eval_time: {seconds}s\n        exp_samples: [{{labels: '{{}}', value: {}}}]\n",
                u8::from(*fires)
            );
        }
    }
    out
}

#[test]
fn it_fires_when_our_own_evaluation_does() {
    let plan = plan(PLAN);
    let (rules, store, registry) = (
        prometheus_rules(&plan, &options()),
        store(),
        plan.kpi_registry(),
    );
    let mut expected = Vec::new();
    for (alert, severity, criterion) in [
        ("queue-length", "warning", "queue > 15"),
        ("queue-length", "critical", "queue > 30"),
        ("price", "warning", "cost >= $0.05"),
        ("too-many", "critical", "ratio(errors) > 5% for 1m"),
        (
            "few-good",
            "high",
            "ratio(good) over 2m < 97% min 500 samples",
        ),
        ("at-the-limit", "high", "ratio(errors) >= 10%"),
        ("slow", "high", "p95(latency) > 200ms"),
        ("share-slow", "high", "below(latency, 500ms) < 99%"),
        ("worse", "high", "change(delay) > 50% vs control"),
        (
            "dear-and-long",
            "high",
            "cost > $0.04 and queue > 12 keep 2m",
        ),
        ("long-or-lost", "high", "queue > 25"),
        ("grown", "high", "change(queue) > 100% vs baseline"),
        ("fewer-1", "high", "cost > $0.045 for 45s"),
        ("fewer-2", "high", "queue < 5 and cost >= $0.05"),
        (
            "availability-burns-1h",
            "page",
            "burn_rate(availability, 1h) > 14.4 and burn_rate(availability, 5m) > 14.4",
        ),
    ] {
        let criterion: Criterion = criterion.parse().expect(criterion);
        let fires = ours(&criterion, &registry, &store);
        let looked = || fires.iter().skip(21).step_by(3);
        // A case that fires, and one that does not.
        assert!(looked().any(|fires| !fires), "{alert} always fires");
        assert!(looked().any(|fires| *fires), "{alert} never fires");
        expected.push((alert, severity, fires));
    }
    let folder = Folder::new("fires");
    folder.write("rules.yaml", &rules.text);
    let test = folder.write("test.yaml", &unit_test(&store, &expected));
    if let Some(output) = promtool(&["test", "rules"], &test) {
        let (out, told) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{out}\n{told}\n{}", rules.text);
    }
    // The comparison can fail.
    let wrong: Vec<_> = expected
        .into_iter()
        .take(1)
        .map(|(alert, severity, fires)| {
            (
                alert,
                severity,
                fires.into_iter().map(|fires| !fires).collect(),
            )
        })
        .collect();
    let test = folder.write("wrong.yaml", &unit_test(&store, &wrong));
    if let Some(output) = promtool(&["test", "rules"], &test) {
        assert!(!output.status.success());
    }
}

/// The rollout cannot tell which of two series is meant; an alert that only fell silent would look like health.
#[test]
fn a_number_of_several_series_is_told() {
    let rules = prometheus_rules(&plan(PLAN), &options());
    let test = "rule_files: [rules.yaml]
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - {series: 'queue_length{pod=\"a\"}', values: '50x60'}
      - {series: 'queue_length{pod=\"b\"}', values: '_x20 50x40'}
    promql_expr_test:
      - {expr: 'count(ALERTS{alertname=\"queue-length\",alertstate=\"firing\"})', eval_time: 4m, exp_samples: [{labels: '{}', value: 2}]}
      - {expr: 'count(ALERTS{alertname=\"queue-length\",alertstate=\"firing\"})', eval_time: 12m, exp_samples: []}
    alert_rule_test:
      - {alertname: queue-is-several-series, eval_time: 9m, exp_alerts: []}
      - alertname: queue-is-several-series
        eval_time: 12m
        exp_alerts:
          - exp_labels: {plan: greeter, kpi: queue, arm: whole, phasegate: query, severity: warning}
            exp_annotations:
              summary: '2 series answer a question that takes one number: what is compared with it cannot be told, and its alerts are silent'
              response: Aggregate in the query of the plan, as by sum(...), or select one series by its labels
";
    let folder = Folder::new("several");
    folder.write("rules.yaml", &rules.text);
    let test = folder.write("test.yaml", test);
    if let Some(output) = promtool(&["test", "rules"], &test) {
        let (out, told) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{out}\n{told}\n{}", rules.text);
    }
}
