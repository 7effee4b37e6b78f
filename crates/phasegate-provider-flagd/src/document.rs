//! The file's text and where a flag's rule stands in it. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use phasegate_core::Ratio;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    flags: BTreeMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct Flag<'a> {
    state: String,
    variants: BTreeMap<String, serde_json::Value>,
    #[serde(rename = "defaultVariant", default)]
    default_variant: Option<String>,
    #[serde(borrow, default)]
    targeting: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fractional {
    fractional: Vec<(String, u32)>,
}

/// Why a flag has no share.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// There is no such flag.
    Missing,
    /// The file or the flag is not what flagd reads.
    Malformed(String),
    /// The flag has a rule of its own, or is disabled.
    Other(&'static str),
}

/// A flag as it stands in the file.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Found {
    pub(crate) share: Ratio,
    /// The rule's place in the text; an empty range where one is to be put in, with its name.
    rule: Range<usize>,
    named: bool,
}

/// Looks a flag up.
pub(crate) fn find(text: &str, flag: &str, on: &str, off: &str) -> Result<Found, Refusal> {
    let malformed = |error: serde_json::Error| Refusal::Malformed(error.to_string());
    let file: File<'_> = serde_json::from_str(text).map_err(malformed)?;
    let raw = *file.flags.get(flag).ok_or(Refusal::Missing)?;
    let found: Flag<'_> = serde_json::from_str(raw.get()).map_err(malformed)?;
    if found.state != "ENABLED" {
        return Err(Refusal::Other("the flag is disabled"));
    }
    if !found.variants.contains_key(on) || !found.variants.contains_key(off) {
        return Err(Refusal::Other("the flag lacks the variants for on and off"));
    }
    if let Some(rule) = found.targeting.filter(|rule| rule.get() != "{}") {
        let share = share(rule.get(), on, off)?;
        let rule = place(text, rule.get());
        return Ok(Found {
            share,
            rule,
            named: true,
        });
    }
    let share = match found.default_variant.as_deref() {
        Some(variant) if variant == on => Ratio::ONE,
        Some(variant) if variant == off => Ratio::ZERO,
        _ => return Err(Refusal::Other("the flag's default is neither on nor off")),
    };
    Ok(match found.targeting {
        Some(rule) => Found {
            share,
            rule: place(text, rule.get()),
            named: true,
        },
        // Behind the flag's opening brace.
        None => {
            let at = place(text, raw.get()).start + 1;
            Found {
                share,
                rule: at..at,
                named: false,
            }
        }
    })
}

/// The text with this share as the flag's rule.
pub(crate) fn with_share(text: &str, found: &Found, share: Ratio, on: &str, off: &str) -> String {
    let quoted = |name: &str| serde_json::Value::from(name).to_string();
    let rest = Ratio::ONE.ppm() - share.ppm();
    let rule = format!(
        r#"{{"fractional": [[{}, {}], [{}, {rest}]]}}"#,
        quoted(on),
        share.ppm(),
        quoted(off)
    );
    let before = text.get(..found.rule.start).unwrap_or_default();
    let after = text.get(found.rule.end..).unwrap_or_default();
    if found.named {
        format!("{before}{rule}{after}")
    } else {
        format!("{before}\"targeting\": {rule}, {after}")
    }
}

/// The share of a rule that gives one part to on and the rest to off, in either order.
fn share(rule: &str, on: &str, off: &str) -> Result<Ratio, Refusal> {
    let other = Refusal::Other("the flag has a rule of its own");
    let Ok(Fractional { fractional }) = serde_json::from_str(rule) else {
        return Err(other);
    };
    let [(first, a), (second, b)] = fractional.as_slice() else {
        return Err(other);
    };
    let (part, rest) = match (first.as_str(), second.as_str()) {
        (first, second) if first == on && second == off => (*a, *b),
        (first, second) if first == off && second == on => (*b, *a),
        _ => return Err(other),
    };
    let (part, total) = (u64::from(part), u64::from(part) + u64::from(rest));
    let whole = u64::from(Ratio::ONE.ppm());
    if total == 0 || !(part * whole).is_multiple_of(total) {
        return Err(Refusal::Other(
            "the flag's weights are no share that can be said exactly",
        ));
    }
    let ppm = u32::try_from(part * whole / total).map(Ratio::from_ppm);
    match ppm {
        Ok(Ok(share)) => Ok(share),
        Ok(Err(_)) | Err(_) => Err(other),
    }
}

/// Where a part that was borrowed from the text stands in it.
fn place(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
  "$schema": "https://flagd.dev/schema/v0/flags.json",
  "flags": {
    "bare":  {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"},
    "empty": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on", "targeting": {}},
    "quarter": {"targeting": {"fractional": [["off", 75], ["on", 25]]}, "state": "ENABLED",
        "variants": {"on": 1, "off": 0}, "defaultVariant": "off"},
    "third": {"targeting": {"fractional": [["on", 1], ["off", 2]]}, "state": "ENABLED", "variants": {"on": 1, "off": 0}},
    "ruled": {"targeting": {"if": [{"==": [{"var": "a"}, 1]}, "on", "off"]}, "state": "ENABLED", "variants": {"on": 1, "off": 0}},
    "disabled": {"state": "DISABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off"},
    "colours": {"state": "ENABLED", "variants": {"red": 1}, "defaultVariant": "red"}
  }
}"#;

    #[test]
    fn a_share_is_read_only_where_there_is_one() {
        for (flag, ppm) in [("bare", 0), ("empty", 1_000_000), ("quarter", 250_000)] {
            let found = find(FILE, flag, "on", "off").expect(flag);
            assert_eq!(found.share.ppm(), ppm, "{flag}");
        }
        for flag in ["third", "ruled", "disabled", "colours"] {
            let found = find(FILE, flag, "on", "off");
            assert!(matches!(found, Err(Refusal::Other(_))), "{flag}: {found:?}");
        }
        assert_eq!(find(FILE, "nope", "on", "off"), Err(Refusal::Missing));
        assert!(matches!(
            find("{", "a", "on", "off"),
            Err(Refusal::Malformed(_))
        ));
    }

    #[test]
    fn only_the_rule_of_the_flag_changes_in_the_text() {
        for flag in ["bare", "empty", "quarter"] {
            let found = find(FILE, flag, "on", "off").expect(flag);
            let share = Ratio::from_ppm(333_333).expect("a share");
            let text = with_share(FILE, &found, share, "on", "off");
            assert_eq!(find(&text, flag, "on", "off").expect(flag).share, share);
            let changed = FILE
                .lines()
                .zip(text.lines())
                .filter(|(old, new)| old != new);
            assert_eq!(changed.count(), 1, "{flag}");
            assert_eq!(FILE.lines().count(), text.lines().count(), "{flag}");
        }
    }
}
