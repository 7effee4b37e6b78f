//! What happened in a rollout, as annotations for Grafana's HTTP interface.

use serde_json::json;

use crate::text::clean;
use crate::view::{MomentSort, View};

/// The decisions of a rollout and what people did, one JSON object a line, in order: each is the body of a
/// `POST /api/annotations` of Grafana. Times are milliseconds; going back and standing still are regions,
/// with `timeEnd` where they have ended.
///
/// Every annotation carries the tags `phasegate`, `plan:…`, `rollout:…` and the sort of moment, so that a
/// dashboard can show those of one rollout. Texts are cleaned as in every report.
#[must_use]
pub fn grafana_annotations(view: &View) -> String {
    let header = &view.header;
    let tags = |sort: &str| {
        json!([
            "phasegate",
            format!("plan:{}", header.plan),
            format!("rollout:{}", header.rollout),
            sort
        ])
    };
    let told = |sort: MomentSort| {
        sort.is_decision()
            || matches!(
                sort,
                MomentSort::Created | MomentSort::Exposed | MomentSort::Finished
            )
    };
    let mut out = Vec::new();
    for moment in view.moments.iter().filter(|moment| told(moment.sort)) {
        let sort = serde_json::to_value(moment.sort);
        let sort = sort
            .ok()
            .and_then(|sort| sort.as_str().map(str::to_owned))
            .unwrap_or_default();
        let line = json!({
            "time": moment.at.as_unix_millis(),
            "tags": tags(&sort),
            "text": clean(&moment.text),
        });
        out.push((moment.at, line));
    }
    for rollback in &view.rollbacks {
        let mut line = json!({
            "time": rollback.started.as_unix_millis(),
            "tags": tags("going-back"),
            "text": "going back",
        });
        region(&mut line, rollback.ended);
        out.push((rollback.started, line));
    }
    for stop in &view.stops {
        let mut line = json!({
            "time": stop.from.as_unix_millis(),
            "tags": tags("standing-still"),
            "text": clean(&stop.why),
        });
        region(&mut line, stop.ended.as_ref().map(|ended| ended.at));
        out.push((stop.from, line));
    }
    out.sort_by_key(|(at, _)| *at);
    let lines: Vec<String> = out
        .into_iter()
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    lines.concat()
}

fn region(line: &mut serde_json::Value, end: Option<phasegate_core::Timestamp>) {
    if let (Some(end), Some(object)) = (end, line.as_object_mut()) {
        object.insert("timeEnd".to_owned(), json!(end.as_unix_millis()));
    }
}
