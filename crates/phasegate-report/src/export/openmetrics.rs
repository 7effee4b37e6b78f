//! The rollout as metrics, in the text form of `OpenMetrics`: for a dashboard beside those of the service.

use std::fmt::{Display, Write as _};

use phasegate_sla::Verdict;

use crate::text::clean;
use crate::view::{CriterionView, EffectEnd, RollbackView, Scope, Standing, StretchSort, View};
use crate::words;

/// Writes how the rollout stands as [OpenMetrics](https://openmetrics.io) text, without timestamps. The
/// same view gives the same bytes. Every sample carries the label `rollout`.
///
/// | family | type | of what |
/// |---|---|---|
/// | `phasegate_rollout` | info | plan, title, digests |
/// | `phasegate_rollout_standing` | stateset | how it stands |
/// | `phasegate_rollout_duration_seconds` | gauge | from the start to the last record |
/// | `phasegate_exposure_ratio` | gauge | the share that sees the new version |
/// | `phasegate_criterion_verdict` | stateset | the last verdict of each criterion |
/// | `phasegate_criterion_findings` | counter | recorded findings, by verdict |
/// | `phasegate_trigger_state` | stateset | how each trigger stands |
/// | `phasegate_trigger_firings` | counter | responses started |
/// | `phasegate_rollbacks` | counter | goings back |
/// | `phasegate_rollback_duration_seconds`, `phasegate_rollback_limit_seconds` | gauge | the last one and its budget |
/// | `phasegate_effects` | counter | effects, by how they stand |
/// | `phasegate_records` | counter | records of the journal |
#[must_use]
pub fn openmetrics(view: &View) -> String {
    let mut out = Exposition {
        out: String::new(),
        rollout: view.header.rollout.to_string(),
    };
    rollout(&mut out, view);
    exposure(&mut out, view);
    criteria(&mut out, view);
    triggers(&mut out, view);
    rollbacks(&mut out, view);
    effects(&mut out, view);
    out.out.push_str("# EOF\n");
    out.out
}

struct Exposition {
    out: String,
    rollout: String,
}

impl Exposition {
    fn family(&mut self, name: &str, sort: &str, help: &str) {
        // Writing to a string cannot fail.
        let _written = writeln!(self.out, "# TYPE {name} {sort}");
        if name.ends_with("_seconds") {
            let _written = writeln!(self.out, "# UNIT {name} seconds");
        }
        if name.ends_with("_ratio") {
            let _written = writeln!(self.out, "# UNIT {name} ratio");
        }
        let _written = writeln!(self.out, "# HELP {name} {help}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let mut all = format!("rollout=\"{}\"", escaped(&self.rollout));
        for (label, text) in labels {
            let _written = write!(all, ",{label}=\"{}\"", escaped(text));
        }
        let _written = writeln!(self.out, "{name}{{{all}}} {value}");
    }

    /// One sample for each state that there is; one of them at most is 1.
    fn states(&mut self, name: &str, labels: &[(&str, &str)], all: &[&str], now: &str) {
        for state in all {
            let mut labels = labels.to_vec();
            labels.push((name, state));
            self.sample(name, &labels, u8::from(*state == now));
        }
    }
}

fn escaped(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"")
}

fn rollout(out: &mut Exposition, view: &View) {
    let header = &view.header;
    out.family("phasegate_rollout", "info", "What is rolled out.");
    let labels = [
        ("plan", header.plan.as_str()),
        ("title", &header.title),
        ("plan_digest", &header.plan_digest),
        ("bindings_digest", &header.bindings_digest),
    ];
    out.sample("phasegate_rollout_info", &labels, 1);
    let name = "phasegate_rollout_standing";
    out.family(name, "stateset", "How the rollout stands.");
    let all = [
        Standing::Aborted,
        Standing::Completed,
        Standing::Held,
        Standing::Paused,
        Standing::RolledBack,
        Standing::RollbackFailed,
        Standing::RollingBack,
        Standing::Running,
    ];
    out.states(
        name,
        &[],
        &all.map(words::standing),
        words::standing(header.standing),
    );
    let name = "phasegate_rollout_duration_seconds";
    out.family(name, "gauge", "From the start to the last record.");
    out.sample(name, &[], header.duration.as_secs_f64());
    out.family("phasegate_records", "counter", "Records of the journal.");
    out.sample("phasegate_records_total", &[], view.audit.records);
}

fn exposure(out: &mut Exposition, view: &View) {
    let name = "phasegate_exposure_ratio";
    out.family(
        name,
        "gauge",
        "The share that sees the new version, as last known.",
    );
    for line in &view.exposure {
        if let Some(share) = line.last() {
            let labels = [
                ("binding", line.to.as_str()),
                ("target", line.target.as_str()),
            ];
            out.sample(name, &labels, share.to_decimal());
        }
    }
}

const VERDICTS: [&str; 5] = ["fail", "inconclusive", "not looked at", "pass", "warn"];

fn criteria(out: &mut Exposition, view: &View) {
    let name = "phasegate_criterion_verdict";
    out.family(name, "stateset", "The last verdict of each criterion.");
    for criterion in &view.criteria {
        let verdict: Option<&Verdict> = criterion.verdict();
        out.states(name, &labels(criterion), &VERDICTS, words::verdict(verdict));
    }
    out.family(
        "phasegate_criterion_findings",
        "counter",
        "Recorded findings, by verdict.",
    );
    for criterion in &view.criteria {
        let counted = criterion.counted;
        let counts = [
            ("fail", counted.fail),
            ("inconclusive", counted.inconclusive),
            ("pass", counted.pass),
            ("warn", counted.warn),
        ];
        for (verdict, count) in counts {
            let mut labels = labels(criterion).to_vec();
            labels.push(("verdict", verdict));
            out.sample("phasegate_criterion_findings_total", &labels, count);
        }
    }
}

fn labels(criterion: &CriterionView) -> [(&str, &str); 3] {
    let (phase, direction) = match &criterion.scope {
        Scope::Phase(phase) => (phase, "forward"),
        Scope::Rollback(phase) => (phase, "back"),
    };
    [
        ("criterion", criterion.check.as_str()),
        ("phase", phase.as_str()),
        ("direction", direction),
    ]
}

fn triggers(out: &mut Exposition, view: &View) {
    let name = "phasegate_trigger_state";
    let sorts = [
        StretchSort::Blind,
        StretchSort::Firing,
        StretchSort::Pending,
        StretchSort::Settling,
    ]
    .map(words::stretch);
    let all = [sorts.as_slice(), &["quiet"]].concat();
    out.family(name, "stateset", "How each trigger stands.");
    for trigger in &view.triggers {
        let open = trigger
            .stretches
            .last()
            .filter(|stretch| stretch.until.is_none());
        let now = open.map_or("quiet", |stretch| words::stretch(stretch.sort));
        out.states(name, &[("trigger", trigger.trigger.as_str())], &all, now);
    }
    out.family(
        "phasegate_trigger_firings",
        "counter",
        "Responses that triggers started.",
    );
    for trigger in &view.triggers {
        let labels = [("trigger", trigger.trigger.as_str())];
        out.sample(
            "phasegate_trigger_firings_total",
            &labels,
            trigger.firings.len(),
        );
    }
}

fn rollbacks(out: &mut Exposition, view: &View) {
    out.family("phasegate_rollbacks", "counter", "How often it went back.");
    out.sample("phasegate_rollbacks_total", &[], view.rollbacks.len());
    let last: Option<&RollbackView> = view.rollbacks.last();
    let took = last.and_then(|rollback| rollback.took);
    let limit = last.and_then(|rollback| rollback.limit);
    for (name, span, help) in [
        (
            "phasegate_rollback_duration_seconds",
            took,
            "How long the last going back took.",
        ),
        (
            "phasegate_rollback_limit_seconds",
            limit,
            "How long the last going back may take.",
        ),
    ] {
        if let Some(span) = span {
            out.family(name, "gauge", help);
            out.sample(name, &[], span.as_secs_f64());
        }
    }
}

fn effects(out: &mut Exposition, view: &View) {
    out.family(
        "phasegate_effects",
        "counter",
        "Effects, by how they stand.",
    );
    let all = [
        EffectEnd::Abandoned,
        EffectEnd::Applied,
        EffectEnd::NotApplied,
        EffectEnd::Open,
        EffectEnd::Unknown,
    ];
    for end in all {
        let count = view
            .effects
            .iter()
            .filter(|effect| effect.end == end)
            .count();
        out.sample(
            "phasegate_effects_total",
            &[("end", words::effect(end))],
            count,
        );
    }
}
