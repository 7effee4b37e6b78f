//! What an answer says: numbers out of its JSON, or why there are none. Decoding is pure.

use phasegate_core::Decimal;
use phasegate_provider::{HttpResponse, ProviderError};
use serde_json::Value;

use crate::Missing;
use crate::path::Path;

/// The JSON of an answer.
pub(crate) fn decode(answer: HttpResponse, act: &str) -> Result<Value, ProviderError> {
    answer.or_error(act)?.json(act)
}

/// The number that a path leads to.
pub(crate) fn number(
    path: &Path,
    answer: &Value,
    missing: Missing,
    act: &str,
) -> Result<Decimal, ProviderError> {
    let why = match path.one(answer, missing, act)? {
        Value::Number(number) => {
            let whole = number.as_u64().map(Decimal::from);
            let whole = whole.or_else(|| number.as_i64().map(Decimal::from));
            let float = || Decimal::from_f64(number.as_f64()?).ok();
            match whole.or_else(float) {
                Some(number) => return Ok(number),
                None => "is a number of more digits than can be judged",
            }
        }
        Value::Array(_) => "is a list where a number is wanted",
        Value::Bool(_) => "is true or false where a number is wanted",
        Value::Null => "is null",
        Value::Object(_) => "is an object where a number is wanted",
        Value::String(_) => "is a text where a number is wanted",
    };
    Err(path.invalid(why, act))
}

/// The count that a path leads to.
pub(crate) fn count(
    path: &Path,
    answer: &Value,
    missing: Missing,
    act: &str,
) -> Result<u64, ProviderError> {
    let number = number(path, answer, missing, act)?;
    let whole = number.to_u64();
    whole.ok_or_else(|| path.invalid("is no count of whole events", act))
}

/// How many events matched, of how many.
pub(crate) fn share(
    (matching, total): (&Path, &Path),
    answer: &Value,
    missing: Missing,
    act: &str,
) -> Result<(u64, u64), ProviderError> {
    let all = count(total, answer, missing, act)?;
    if all == 0 {
        return Err(ProviderError::no_data(act));
    }
    let some = count(matching, answer, missing, act)?;
    if some > all {
        return Err(matching.invalid(&format!("is {some}, of {all}"), act));
    }
    Ok((some, all))
}

#[cfg(test)]
mod tests {
    use phasegate_provider::ErrorKind;

    use super::*;

    fn answered(kind: Option<&str>, body: &str) -> HttpResponse {
        let header = kind.map(|kind| ("content-type".to_owned(), kind.to_owned()));
        HttpResponse {
            status: 200,
            headers: header.into_iter().collect(),
            body: body.into(),
        }
    }

    #[test]
    fn only_what_says_that_it_is_json_and_is_json_is_read() {
        for (kind, body, fits) in [
            (Some("application/json"), "{}", true),
            (Some("Application/JSON; charset=utf-8"), "{}", true),
            (Some("application/vnd.stats+json"), "{}", true),
            (Some("text/html"), "{}", false),
            (Some("application/jsonp"), "{}", false),
            (None, "{}", false),
            (Some("application/json"), "", false),
            (Some("application/json"), "{} {}", false),
            (Some("application/json"), "{\"a\": NaN}", false),
            (Some("application/json"), "{\"a\": 1e400}", false),
        ] {
            let found = decode(answered(kind, body), "ask");
            assert_eq!(found.is_ok(), fits, "{kind:?} {body}: {found:?}");
        }
        let deep = "[".repeat(100_000);
        let found = decode(answered(Some("application/json"), &deep), "ask");
        assert_eq!(found.expect_err("deep").kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_number_is_exact_and_anything_else_is_none() {
        let path = Path::parse("$.v", "value", "ask").expect("a path");
        for (json, want) in [
            ("12.5", Some("12.5")),
            ("-3", Some("-3")),
            ("0.1", Some("0.1")),
            ("1e-3", Some("0.001")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("1e300", None),
            ("\"12.5\"", None),
            ("true", None),
            ("[1]", None),
            ("{}", None),
            ("null", None),
        ] {
            let answer = serde_json::from_str(&format!("{{\"v\": {json}}}")).expect("JSON");
            let found = number(&path, &answer, Missing::Refuse, "ask");
            assert_eq!(
                found.ok().map(|found| found.normalized().to_string()),
                want.map(str::to_owned),
                "{json}"
            );
        }
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        let paths = ["$.matching", "$.total"].map(|path| Path::parse(path, "x", "ask"));
        let [Ok(matching), Ok(total)] = &paths else {
            panic!("{paths:?}")
        };
        use ErrorKind::{Invalid, NoData};
        for (json, want) in [
            (r#"{"matching": 3, "total": 10}"#, Ok((3, 10))),
            (r#"{"matching": 0, "total": 10.0}"#, Ok((0, 10))),
            (r#"{"matching": 0, "total": 0}"#, Err(NoData)),
            (r#"{"matching": 0, "total": null}"#, Err(NoData)),
            (r#"{"matching": 11, "total": 10}"#, Err(Invalid)),
            (r#"{"matching": -1, "total": 10}"#, Err(Invalid)),
            (r#"{"matching": 0.5, "total": 10}"#, Err(Invalid)),
            (r#"{"total": 10}"#, Err(Invalid)),
            (r#"{"matching": 1}"#, Err(Invalid)),
            (r#"[]"#, Err(Invalid)),
        ] {
            let answer = serde_json::from_str(json).expect("JSON");
            let found = share((matching, total), &answer, Missing::Refuse, "ask");
            assert_eq!(found.map_err(|error| error.kind()), want, "{json}");
        }
    }
}
