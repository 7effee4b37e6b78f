//! The numbers that a part of a plan states: as written, and those that follow from what is written.

use std::collections::BTreeSet;

use phasegate_plan::{Catalog, Value};

/// A number without leading and trailing zeros.
pub(crate) fn plain(text: &str) -> String {
    let whole = text.trim_start_matches('0');
    let bare = if whole.contains('.') {
        whole.trim_end_matches('0').trim_end_matches('.')
    } else {
        whole
    };
    if bare.is_empty() || bare.starts_with('.') {
        format!("0{bare}")
    } else {
        bare.to_owned()
    }
}

/// Every number in a text.
pub(crate) fn of_text(text: &str) -> BTreeSet<String> {
    // `1..3` is two numbers.
    let apart = text.replace("..", " ");
    apart
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|part| part.trim_matches('.'))
        .filter(|part| !part.is_empty())
        .map(plain)
        .collect()
}

/// Does a set have a number, or its hundredfold: `0.05` is 5 %?
pub(crate) fn has(numbers: &BTreeSet<String>, wanted: &str) -> bool {
    let percent = wanted
        .parse::<f64>()
        .map(|share| plain(&format!("{:.4}", share * 100.0)));
    numbers.contains(&plain(wanted))
        || (wanted.starts_with("0.") && percent.is_ok_and(|text| numbers.contains(&text)))
}

/// The numbers of the part of a plan at a pointer, of the commands that it names, of the weeks of the
/// phases that it names, and of the week in which its slot lies.
pub(crate) fn stated(
    plan: &Value,
    catalog: &Catalog,
    pointer: &str,
    value: &Value,
) -> BTreeSet<String> {
    let mut text = serde_json::to_string(value).unwrap_or_default();
    commands(value, catalog, &mut text);
    let phases = plan
        .get("phases")
        .and_then(Value::as_list)
        .unwrap_or_default();
    let named = value
        .get("phases")
        .and_then(Value::as_list)
        .unwrap_or_default();
    for id in named.iter().filter_map(Value::as_str) {
        let phase = phases
            .iter()
            .find(|one| one.get("id").and_then(Value::as_str) == Some(id));
        let weeks = phase.and_then(|phase| phase.get("weeks"));
        text.push_str(&format!(" {}", weeks.map(words).unwrap_or_default()));
    }
    let mut numbers = of_text(&text);
    let mut segments = pointer.split('/').skip(1);
    if let (Some("phases"), Some(Ok(index))) =
        (segments.next(), segments.next().map(str::parse::<usize>))
    {
        let weeks = phases
            .get(index)
            .and_then(|phase| phase.get("weeks"))
            .map(words);
        let first = weeks.and_then(|text| {
            text.split("..")
                .next()
                .and_then(|text| text.parse::<u64>().ok())
        });
        let slot = value.get("slot").unwrap_or(value);
        let day = slot.get("day").and_then(Value::as_u64);
        if let Some((first, day)) = first.zip(day) {
            numbers.insert((first + (day.max(1) - 1) / 7).to_string());
        }
    }
    numbers
}

fn words(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => String::new(),
    }
}

/// The argument lists of the commands that a value names.
pub(crate) fn commands(value: &Value, catalog: &Catalog, out: &mut String) {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    for runner in ["binding", "runner"] {
        let Some(Ok(binding)) = text(runner).map(str::parse) else {
            continue;
        };
        for key in ["name", "command", "deploy", "smoke-test", "promote"] {
            let command = text(key).and_then(|name| catalog.command(&binding, name));
            for argument in command.into_iter().flat_map(|command| &command.argv) {
                out.push_str(&format!(" {argument}"));
            }
        }
    }
    for inner in value.as_list().unwrap_or_default() {
        commands(inner, catalog, out);
    }
    for (_, inner) in value.as_map().unwrap_or_default() {
        commands(inner, catalog, out);
    }
}
