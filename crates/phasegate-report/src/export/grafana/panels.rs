//! Panels and where they stand.

use serde_json::{Value, json};

use super::measured::Query;
use crate::export::prometheus::string;
use crate::text::{clean, clip};

/// How wide the grid is.
const WIDTH: u64 = 24;

/// Panels, laid out from left to right in rows.
#[derive(Default)]
pub(super) struct Panels {
    pub(super) all: Vec<Value>,
    x: u64,
    y: u64,
    row_height: u64,
}

/// What a panel looks like beside its title and queries.
pub(super) struct Look {
    /// `timeseries`, `stat` or `state-timeline`.
    pub(super) kind: &'static str,
    pub(super) unit: String,
    pub(super) thresholds: Value,
    /// Least and most of the axis.
    pub(super) range: Option<(f64, f64)>,
    /// Words for values.
    pub(super) mappings: Value,
    pub(super) width: u64,
}

impl Look {
    pub(super) fn of(kind: &'static str, width: u64) -> Self {
        Self {
            kind,
            unit: "short".to_owned(),
            thresholds: json!({"mode": "absolute", "steps": [{"color": "green", "value": null}]}),
            range: None,
            mappings: json!([]),
            width,
        }
    }
}

impl Panels {
    /// Begins a new row with a title.
    pub(super) fn row(&mut self, title: &str) {
        self.end_line();
        let id = self.next_id();
        self.all.push(json!({
            "type": "row",
            "id": id,
            "title": literal(title),
            "collapsed": false,
            "gridPos": {"x": 0, "y": self.y, "w": WIDTH, "h": 1},
            "panels": [],
        }));
        self.y = self.y.saturating_add(1);
    }

    /// Adds a panel.
    pub(super) fn add(&mut self, title: &str, description: &str, queries: &[Query], look: Look) {
        let height = if look.kind == "stat" { 4 } else { 8 };
        if self.x.saturating_add(look.width) > WIDTH {
            self.end_line();
        }
        let targets = queries.iter().enumerate().map(|(number, query)| {
            json!({
                "refId": reference(number),
                "datasource": datasource(),
                "expr": query.expr,
                "legendFormat": query.legend,
                "range": true,
                "instant": false,
                "editorMode": "code",
            })
        });
        let mut defaults = json!({
            "unit": look.unit,
            "thresholds": look.thresholds,
            "mappings": look.mappings,
            "color": {"mode": if look.kind == "timeseries" { "palette-classic" } else { "thresholds" }},
            "custom": custom(look.kind),
        });
        if let (Some((least, most)), Some(object)) = (look.range, defaults.as_object_mut()) {
            object.insert("min".to_owned(), json!(least));
            object.insert("max".to_owned(), json!(most));
        }
        let id = self.next_id();
        self.all.push(json!({
            "type": look.kind,
            "id": id,
            "title": literal(title),
            "description": literal(description),
            "datasource": datasource(),
            "gridPos": {"x": self.x, "y": self.y, "w": look.width, "h": height},
            "targets": targets.collect::<Vec<Value>>(),
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": options(look.kind),
        }));
        self.x = self.x.saturating_add(look.width);
        self.row_height = self.row_height.max(height);
    }

    fn end_line(&mut self) {
        self.y = self.y.saturating_add(self.row_height);
        (self.x, self.row_height) = (0, 0);
    }

    fn next_id(&self) -> usize {
        self.all.len().saturating_add(1)
    }
}

/// The data source that is chosen at the top of the dashboard.
pub(super) fn datasource() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

/// `A` to `Z`, then `A1` and so on.
fn reference(number: usize) -> String {
    let letter =
        u8::try_from(number % 26).map_or('A', |letter| char::from(b'A'.saturating_add(letter)));
    match number / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// How a kind of panel draws.
fn custom(kind: &str) -> Value {
    match kind {
        "timeseries" => json!({
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 0,
            "showPoints": "never",
            "thresholdsStyle": {"mode": "line"},
        }),
        "state-timeline" => json!({"fillOpacity": 70, "lineWidth": 0}),
        _ => json!({}),
    }
}

fn options(kind: &str) -> Value {
    let legend =
        json!({"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []});
    match kind {
        "timeseries" => json!({"legend": legend, "tooltip": {"mode": "multi", "sort": "none"}}),
        "state-timeline" => json!({
            "legend": legend,
            "tooltip": {"mode": "single", "sort": "none"},
            "mergeValues": true,
            "showValue": "auto",
            "rowHeight": 0.9,
        }),
        _ => json!({
            "graphMode": "none",
            "colorMode": "value",
            "justifyMode": "auto",
            "textMode": "auto",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "values": false, "fields": ""},
        }),
    }
}

/// A text in which Grafana finds no variable: a dollar sign or brackets that could begin one stand apart.
pub(super) fn literal(text: &str) -> String {
    let cleaned = clip(&clean(text), 300);
    let mut out = String::with_capacity(cleaned.len());
    let mut before = ' ';
    for c in cleaned.chars() {
        let begins = before == '$' && (c == '{' || c == '_' || c.is_alphabetic());
        if begins || (before == '[' && c == '[') {
            out.push(' ');
        }
        out.push(c);
        before = c;
    }
    out
}

/// Series of a rollout of this plan, as metrics of `openmetrics`.
pub(super) fn of_rollout(name: &str, further: &str) -> String {
    let further = if further.is_empty() {
        String::new()
    } else {
        format!(",{further}")
    };
    format!("{name}{{rollout=~\"$rollout\"{further}}}")
}

/// A label's matcher.
pub(super) fn equals(label: &str, text: &str) -> String {
    format!("{label}={}", string(text))
}
