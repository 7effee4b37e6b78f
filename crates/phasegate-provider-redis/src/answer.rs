//! Numbers out of what Redis says. Decoding is pure.

use std::collections::BTreeMap;

use phasegate_core::Decimal;
use phasegate_provider::ProviderError;
use redis::Value;

/// A field of `INFO`, by the lines of its documentation: `field:value`, and `field:name=number,name=number`.
pub(crate) fn info(
    said: &str,
    field: &str,
    part: Option<&str>,
    unit: &str,
    act: &str,
) -> Result<Decimal, ProviderError> {
    let named = |line: &&str| line.split_once(':').is_some_and(|(name, _)| name == field);
    let mut lines = said.lines().filter(named);
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(invalid(&format!("INFO has no one field {field}"), act));
    };
    let value = line.split_once(':').map_or("", |(_, value)| value);
    let Some(part) = part else {
        return number(value, field, unit, act);
    };
    let mut parts = value.split(',').filter_map(|pair| pair.split_once('='));
    match parts.find(|(name, _)| *name == part) {
        Some((_, value)) => number(value, part, unit, act),
        None => Err(invalid(&format!("{field} has no part {part}"), act)),
    }
}

/// A number as Redis writes it. One with a percent sign is for a KPI in percent.
pub(crate) fn number(
    text: &str,
    name: &str,
    unit: &str,
    act: &str,
) -> Result<Decimal, ProviderError> {
    let text = text.trim();
    let plain = match text.strip_suffix('%') {
        Some(number) if unit == "%" => number,
        Some(_) => {
            return Err(invalid(
                &format!("{name} is in percent, the KPI is not"),
                act,
            ));
        }
        None => text,
    };
    let parsed = plain.parse::<Decimal>().ok();
    parsed.ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        invalid(&format!("{name} is '{text}', which is no number"), act)
    })
}

/// A field of one group out of `XINFO GROUPS`. What Redis does not know (a lag after deletions) is nil: no data.
pub(crate) fn group(
    groups: &[BTreeMap<String, Value>],
    group: &str,
    field: &str,
    act: &str,
) -> Result<Decimal, ProviderError> {
    let is_it = |fields: &&BTreeMap<String, Value>| match fields.get("name") {
        Some(Value::BulkString(name)) => name == group.as_bytes(),
        Some(Value::SimpleString(name)) => name == group,
        _ => false,
    };
    let Some(fields) = groups.iter().find(is_it) else {
        return Err(invalid(&format!("the stream has no group {group}"), act));
    };
    match fields.get(field) {
        Some(Value::Int(number)) => Ok(Decimal::from(*number)),
        Some(Value::Nil) => Err(ProviderError::no_data(act)),
        Some(_) => Err(invalid(&format!("{field} is no number"), act)),
        None => Err(invalid(&format!("groups have no field {field}"), act)),
    }
}

pub(crate) fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}

#[cfg(test)]
mod tests {
    use phasegate_provider::ErrorKind;

    use super::*;

    /// As Redis 7.0.15 writes it.
    const INFO: &str = "# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\n\
        used_memory_peak_perc:98.67%\r\nmem_fragmentation_ratio:1.25\r\nmem_allocator:jemalloc-5.2.1\r\n\
        \r\n# Keyspace\r\ndb0:keys=7,expires=2,avg_ttl=0\r\n\
        latency_percentiles_usec_get:p50=1.003,p99.9=4.015\r\ntwice:1\r\ntwice:2\r\nempty:\r\n";

    #[test]
    fn fields_and_their_parts_are_numbers_or_errors() {
        for (field, part, unit, want) in [
            ("used_memory", None, "B", Ok("1048576")),
            ("mem_fragmentation_ratio", None, "", Ok("1.25")),
            ("used_memory_peak_perc", None, "%", Ok("98.67")),
            ("db0", Some("keys"), "", Ok("7")),
            (
                "latency_percentiles_usec_get",
                Some("p99.9"),
                "",
                Ok("4.015"),
            ),
            ("used_memory_peak_perc", None, "", Err("in percent")),
            ("used_memory_human", None, "B", Err("'1.00M'")),
            ("mem_allocator", None, "", Err("no number")),
            ("db0", None, "", Err("no number")),
            ("db0", Some("locks"), "", Err("no part")),
            ("used_memory", Some("keys"), "", Err("no part")),
            ("used", None, "", Err("no one field")),
            ("# Memory", None, "", Err("no one field")),
            ("twice", None, "", Err("no one field")),
            ("empty", None, "", Err("no number")),
        ] {
            let found = info(INFO, field, part, unit, "ask");
            match (found, want) {
                (Ok(found), Ok(want)) => assert_eq!(found.to_string(), want, "{field}"),
                (Err(error), Err(says)) => {
                    assert_eq!(error.kind(), ErrorKind::Invalid);
                    assert!(error.to_string().contains(says), "{field}: {error}");
                }
                (found, want) => panic!("{field} {part:?}: {found:?}, not {want:?}"),
            }
        }
    }
}
