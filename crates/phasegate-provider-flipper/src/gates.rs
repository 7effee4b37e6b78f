//! A flag's gates as Flipper keeps them, and the share that they amount to. Pure.

use phasegate_core::{Ratio, TargetId};
use phasegate_provider::{Exposure, ProviderError};
use serde::{Deserialize, Serialize};

/// What to do with a flag that has other gates beside its percentage: groups, single actors, an expression,
/// a percentage of time.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Beside {
    /// They stay, and the share is the percentage alone: testers who are always in, for one.
    Keep,
    /// Such a flag is neither read nor set.
    #[default]
    Refuse,
}

/// A flag's gates.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Gates {
    pub(crate) boolean: bool,
    /// As text, as it was set.
    pub(crate) percentage_of_actors: Option<String>,
    /// Is there any gate beside the two?
    pub(crate) others: bool,
}

/// The API's answer about a flag.
#[derive(Deserialize)]
struct Feature {
    gates: Vec<Gate>,
}

#[derive(Deserialize)]
struct Gate {
    key: String,
    #[serde(default)]
    value: serde_json::Value,
}

impl Gates {
    /// From the API's answer.
    pub(crate) fn from_api(body: &[u8]) -> Result<Self, serde_json::Error> {
        let feature: Feature = serde_json::from_slice(body)?;
        let mut gates = Self::default();
        for Gate { key, value } in feature.gates {
            let text = match value.as_str() {
                Some(text) => Some(text.to_owned()),
                None => (!value.is_null()).then(|| value.to_string()),
            };
            match key.as_str() {
                "boolean" => gates.boolean = text.as_deref().is_some_and(is_true),
                "percentage_of_actors" => gates.percentage_of_actors = text,
                "percentage_of_time" => gates.others |= text.as_deref().is_some_and(is_some),
                _ => {
                    let none = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                    gates.others |= !none;
                }
            }
        }
        Ok(gates)
    }

    /// From the fields of the hash that the Redis adapter keeps for a flag: `boolean`,
    /// `percentage_of_actors`, `actors/User;1`, `groups/admins`.
    #[cfg(any(feature = "redis", test))]
    pub(crate) fn from_fields(fields: &std::collections::BTreeMap<String, String>) -> Self {
        let mut gates = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "boolean" => gates.boolean = is_true(value),
                "percentage_of_actors" => gates.percentage_of_actors = Some(value.clone()),
                "percentage_of_time" => gates.others |= is_some(value),
                _ => gates.others = true,
            }
        }
        gates
    }

    /// Refuses a flag with gates that must not stand beside a percentage.
    pub(crate) fn check(&self, beside: Beside, act: &str) -> Result<(), ProviderError> {
        if self.others && beside == Beside::Refuse {
            let why = "the flag has groups, actors, an expression or a percentage of time";
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        }
        Ok(())
    }

    /// For how many the flag is on.
    pub(crate) fn exposure(
        &self,
        flag: &TargetId,
        beside: Beside,
    ) -> Result<Exposure, ProviderError> {
        let invalid = |why: &str| ProviderError::invalid(format!("read flag {flag}: {why}"));
        if self.boolean {
            let native = "boolean true".to_owned();
            return Ok(Exposure {
                share: Ratio::ONE,
                native,
            });
        }
        if self.others && beside == Beside::Refuse {
            let why = "its other gates (groups, actors, expression, time) make the share a guess";
            return Err(invalid(why));
        }
        let text = self.percentage_of_actors.as_deref().unwrap_or("0");
        let Ok(share) = format!("{text}%").parse::<Ratio>() else {
            return Err(invalid("its percentage is no share"));
        };
        let native = format!("percentage_of_actors {text}");
        Ok(Exposure { share, native })
    }
}

/// A share as Flipper writes percentages: `33.3333`.
pub(crate) fn percentage(share: Ratio) -> String {
    share.to_string().trim_end_matches('%').to_owned()
}

fn is_true(text: &str) -> bool {
    matches!(text, "true" | "1")
}

fn is_some(text: &str) -> bool {
    text.parse::<f64>().map_or(true, |number| number > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Flipper 1.4.2, shortened to the gates.
    #[test]
    fn the_answers_of_the_real_server_become_shares() {
        let flag: TargetId = "checkout".parse().expect("an id");
        let gates = |boolean: &str, actors: &str, percent: &str, time: &str| {
            let body = format!(
                r#"{{"key":"checkout","state":"x","gates":[{{"key":"boolean","value":{boolean},"name":"boolean"}},
                {{"key":"expression","value":null}},{{"key":"actors","value":{actors}}},
                {{"key":"percentage_of_actors","value":{percent}}},
                {{"key":"percentage_of_time","value":{time}}},{{"key":"groups","value":[]}}]}}"#
            );
            Gates::from_api(body.as_bytes()).expect("gates")
        };
        for (gates, refused, kept) in [
            (gates("null", "[]", "null", "null"), Some(0), Some(0)),
            (
                gates("\"true\"", "[]", "null", "null"),
                Some(1_000_000),
                Some(1_000_000),
            ),
            (
                gates("null", "[]", "\"33.3333\"", "\"0\""),
                Some(333_333),
                Some(333_333),
            ),
            (
                gates("null", "[\"User;1\"]", "\"12.5\"", "null"),
                None,
                Some(125_000),
            ),
            (gates("null", "[]", "25", "\"5\""), None, Some(250_000)),
            (gates("null", "[]", "\"33.33333\"", "null"), None, None),
            (gates("null", "[]", "\"abc\"", "null"), None, None),
        ] {
            let ppm = |beside| {
                gates
                    .exposure(&flag, beside)
                    .ok()
                    .map(|found| found.share.ppm())
            };
            assert_eq!(ppm(Beside::Refuse), refused, "{gates:?}");
            assert_eq!(ppm(Beside::Keep), kept, "{gates:?}");
        }
        assert!(Gates::from_api(b"{}").is_err());
    }

    #[test]
    fn the_fields_of_the_redis_layout_become_gates() {
        let fields = |all: &[(&str, &str)]| {
            all.iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        let gates = Gates::from_fields(&fields(&[
            ("percentage_of_actors", "25"),
            ("boolean", "false"),
        ]));
        assert_eq!((gates.boolean, gates.others), (false, false));
        assert!(Gates::from_fields(&fields(&[("actors/User;1", "1")])).others);
        assert!(Gates::from_fields(&fields(&[("boolean", "true")])).boolean);
    }

    #[test]
    fn a_share_is_written_as_a_percentage_without_loss() {
        for (ppm, text) in [
            (0, "0"),
            (333_333, "33.3333"),
            (125_000, "12.5"),
            (1, "0.0001"),
            (1_000_000, "100"),
        ] {
            assert_eq!(percentage(Ratio::from_ppm(ppm).expect("a share")), text);
        }
    }
}
