//! Recording rules: what a question of the plan is answered with, kept as a series of its own, so that
//! several alerts look at one number and roles and buckets can be picked by their labels.

use std::fmt::Write as _;

use super::text::{quoted, stands, string};

/// One series that is recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Recording {
    pub(super) name: String,
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) expr: String,
    /// What has more than one element where the question is answered with more than one number: then nothing is
    /// recorded, and alerts that need it are silent.
    pub(super) single: Option<String>,
}

/// So long several series may answer: old and new ones overlap while labels change.
const OVERLAP: &str = "5m";

impl Recording {
    /// The series, narrowed by further matchers such as `le="+Inf"`.
    pub(super) fn selector(&self, further: &str) -> String {
        let mut matchers: Vec<String> = self
            .labels
            .iter()
            .map(|(label, value)| format!("{label}={}", string(value)))
            .collect();
        if !further.is_empty() {
            matchers.push(further.to_owned());
        }
        format!("{}{{{}}}", self.name, matchers.join(","))
    }

    /// What the alerts are called that fire where this is silent.
    fn guard(&self) -> Option<(String, &str)> {
        let kpi = self.labels.iter().find(|(label, _)| *label == "kpi");
        let kpi = kpi.map_or("a number", |(_, kpi)| kpi);
        Some((format!("{kpi}-is-several-series"), self.single.as_deref()?))
    }

    /// The alert that says that the question has several answers, where it may have but one. Returns how many it wrote.
    pub(super) fn write_guard(&self, out: &mut String) -> usize {
        let Some((name, single)) = self.guard() else {
            return 0;
        };
        // Writing to a string cannot fail.
        let _written = writeln!(out, "      - alert: {}", quoted(&name));
        expression(out, &format!("count({single}) > 1"));
        let _written = writeln!(out, "        for: {OVERLAP}");
        let _written = writeln!(out, "        labels:");
        for (label, value) in &self.labels {
            let _written = writeln!(out, "          {label}: {}", quoted(value));
        }
        let _written = writeln!(out, "          phasegate: \"query\"");
        let _written = writeln!(out, "          severity: \"warning\"");
        let _written = writeln!(out, "        annotations:");
        let summary = "{{ $value }} series answer a question that takes one number: what is compared with it cannot be \
                       told, and its alerts are silent";
        let _written = writeln!(out, "          summary: {}", quoted(summary));
        let mend = "Aggregate in the query of the plan, as by sum(...), or select one series by its labels";
        let _written = writeln!(out, "          response: {}", quoted(mend));
        1
    }

    /// As a rule of a rule file.
    pub(super) fn write(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _written = writeln!(out, "      - record: {}", self.name);
        expression(out, &self.expr);
        let _written = writeln!(out, "        labels:");
        for (label, value) in &self.labels {
            let _written = writeln!(out, "          {label}: {}", quoted(value));
        }
    }
}

/// An expression as it may be read best: a block where YAML can hold it so, else in quotes.
pub(super) fn expression(out: &mut String, expr: &str) {
    let plain = |c: char| c == '\n' || stands(c);
    if !expr.chars().all(plain) {
        let _written = writeln!(out, "        expr: {}", quoted(expr));
        return;
    }
    out.push_str("        expr: |-\n");
    for line in expr.lines() {
        let _written = writeln!(out, "          {line}");
    }
}

/// All that is recorded, each once.
#[derive(Debug, Default)]
pub(super) struct Recordings(Vec<Recording>);

impl Recordings {
    /// Keeps a recording, if it is a new one, and returns it. Of two with the same name and labels and
    /// another expression, the later one is numbered.
    pub(super) fn keep(&mut self, mut recording: Recording) -> Recording {
        let plain = recording.labels.len();
        for number in 2u32.. {
            let same =
                |one: &&Recording| one.name == recording.name && one.labels == recording.labels;
            match self.0.iter().find(same) {
                None => break,
                Some(one) if one.expr == recording.expr => return recording,
                Some(_) => {
                    recording.labels.truncate(plain);
                    recording.labels.push(("question", number.to_string()));
                }
            }
        }
        self.0.push(recording.clone());
        recording
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that were kept since there were so many.
    pub(super) fn since(&self, count: usize) -> &[Recording] {
        self.0.get(count..).unwrap_or_default()
    }

    /// Forgets what was kept since there were so many.
    pub(super) fn cut(&mut self, count: usize) {
        self.0.truncate(count);
    }
}
