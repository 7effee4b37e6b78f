//! One `JSONPath` (RFC 9535) that is meant to find one value.

use phasegate_provider::ProviderError;
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::Missing;

/// The longest path, in bytes.
const BYTES_MAX: usize = 500;
/// How often a mark may stand in a path. One `..` visits each value of an answer once and one `$` keeps filters
/// from searching the whole of it for each value; more could visit them so often that there is no end. The
/// rest bounds how deep parsing goes.
const MARKS_MAX: [(&str, usize); 4] = [("$", 1), ("..", 1), ("(", 8), ("?", 8)];

/// A path, and how it was written.
#[derive(Debug)]
pub(crate) struct Path {
    parsed: JsonPath,
    written: String,
}

impl Path {
    /// Reads a path; `name` says what it leads to.
    pub(crate) fn parse(written: &str, name: &str, act: &str) -> Result<Self, ProviderError> {
        let misuse = |why: &str| ProviderError::misuse(format!("{act}: {name}: {why}"));
        if written.len() > BYTES_MAX {
            return Err(misuse("the path is longer than 500 bytes"));
        }
        for (mark, most) in MARKS_MAX {
            if written.matches(mark).count() > most {
                let why = format!("'{mark}' stands more than {most} times in the path");
                return Err(misuse(&why));
            }
        }
        let parsed = JsonPath::parse(written)
            .map_err(|error| misuse(&format!("'{written}' is no JSONPath: {error}")))?;
        Ok(Self {
            parsed,
            written: written.to_owned(),
        })
    }

    /// The one value that it leads to. `null` is how JSON says that there is none.
    pub(crate) fn one<'a>(
        &self,
        answer: &'a Value,
        missing: Missing,
        act: &str,
    ) -> Result<&'a Value, ProviderError> {
        let found = self.parsed.query(answer).all();
        match (found.as_slice(), missing) {
            ([Value::Null], _) | ([], Missing::NoData) => Err(ProviderError::no_data(act)),
            ([], Missing::Refuse) => Err(self.invalid("finds nothing", act)),
            ([one], _) => Ok(*one),
            (many, _) => {
                let why = format!("finds {} values where one is wanted", many.len());
                Err(self.invalid(&why, act))
            }
        }
    }

    /// What is wrong with what was found, as an error.
    pub(crate) fn invalid(&self, why: &str, act: &str) -> ProviderError {
        ProviderError::invalid(format!("{act}: {} {why}", self.written))
    }
}

#[cfg(test)]
mod tests {
    use phasegate_provider::ErrorKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_to_one_value_or_says_what_it_found() {
        let answer = json!({
            "rows": [{"track": "canary", "p95": 12.5}, {"track": "stable", "p95": 11}],
            "none": null, "a b": 1, "deep": {"er": {"one": 7}},
        });
        for (path, want) in [
            ("$.rows[?@.track == 'canary'].p95", "12.5"),
            ("$.rows[-1].p95", "11"),
            ("$['a b']", "1"),
            ("$..one", "7"),
            ("$.none", "no data"),
            ("$.nothing", "finds nothing"),
            ("$.rows[?@.track == 'blue'].p95", "finds nothing"),
            ("$..p95", "finds 2 values"),
            ("$.rows[*]", "finds 2 values"),
        ] {
            let read = Path::parse(path, "value", "ask").expect(path);
            let found = read.one(&answer, Missing::Refuse, "ask");
            let found = found.map_or_else(|error| error.to_string(), Value::to_string);
            assert!(found.contains(want), "{path}: {found}");
        }
        let read = Path::parse("$.nothing", "value", "ask").expect("a path");
        let found = read.one(&answer, Missing::NoData, "ask");
        assert_eq!(found.expect_err("missing").kind(), ErrorKind::NoData);
    }

    #[test]
    fn a_path_that_is_none_or_could_run_without_end_is_refused() {
        let long = format!("$.{}", "a".repeat(BYTES_MAX));
        for path in [
            "",
            "p95",
            "$.",
            "$[",
            "$..a..b",
            "$.a[?count($..*) > 1]",
            "$[?(((((((((@.a)))))))))]",
            "$[?@[?@[?@[?@[?@[?@[?@[?@[?@]]]]]]]]]",
            &long,
        ] {
            let error = Path::parse(path, "value", "ask").expect_err(path);
            assert_eq!(error.kind(), ErrorKind::Misuse, "{path}");
        }
        // The most that is let through is read at once.
        let most = format!("$[?{}@.a{}]", "(".repeat(8), ")".repeat(8));
        Path::parse(&most, "value", "ask").expect("within the limits");
    }
}
