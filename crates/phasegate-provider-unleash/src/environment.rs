//! A feature in an environment, as the admin API tells it, and the share that it amounts to. Pure.

use phasegate_core::Ratio;
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer {
    enabled: bool,
    strategies: Vec<Strategy>,
}

#[derive(Deserialize)]
struct Strategy {
    #[serde(default)]
    id: String,
    name: String,
    #[serde(default)]
    parameters: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    constraints: Vec<serde_json::Value>,
    #[serde(default)]
    segments: Vec<serde_json::Value>,
    #[serde(default)]
    disabled: bool,
}

/// How the feature is rolled out where it is on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Rollout {
    /// To everybody: there is no strategy that counts.
    Everybody,
    /// By one flexible rollout.
    Flexible { id: String, percent: u32 },
    /// In a way that is no share.
    Other(&'static str),
}

/// A feature in an environment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Environment {
    pub(crate) enabled: bool,
    pub(crate) rollout: Rollout,
}

impl Environment {
    pub(crate) fn from_api(body: &[u8]) -> Result<Self, serde_json::Error> {
        let answer: Answer = serde_json::from_slice(body)?;
        let mut counting: Vec<Strategy> = answer.strategies;
        counting.retain(|strategy| !strategy.disabled);
        let rollout = match counting.as_slice() {
            [] => Rollout::Everybody,
            [one] => one.rollout(),
            _ => Rollout::Other("it has several strategies"),
        };
        Ok(Self {
            enabled: answer.enabled,
            rollout,
        })
    }

    /// For how many it is on, and the server's own words; or why that cannot be said.
    pub(crate) fn share(&self) -> Result<(Ratio, String), &'static str> {
        let percent = match &self.rollout {
            _ if !self.enabled => return Ok((Ratio::ZERO, "environment off".to_owned())),
            Rollout::Other(why) => return Err(why),
            Rollout::Everybody => return Ok((Ratio::ONE, "on without a strategy".to_owned())),
            Rollout::Flexible { percent, .. } => *percent,
        };
        match Ratio::from_percent(percent) {
            Ok(share) => Ok((share, format!("flexibleRollout {percent}"))),
            Err(_) => Err("its rollout is above 100"),
        }
    }
}

impl Strategy {
    fn rollout(&self) -> Rollout {
        if self.name != "flexibleRollout" {
            return Rollout::Other("its strategy is no flexible rollout");
        }
        if !self.constraints.is_empty() || !self.segments.is_empty() {
            return Rollout::Other("its strategy has constraints or segments");
        }
        let percent = match self.parameters.get("rollout") {
            Some(serde_json::Value::String(text)) => text.parse().ok(),
            Some(serde_json::Value::Number(number)) => number
                .as_u64()
                .and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        match percent {
            Some(percent) => Rollout::Flexible {
                id: self.id.clone(),
                percent,
            },
            None => Rollout::Other("its rollout is no whole percentage"),
        }
    }
}

/// A share as Unleash can hold it: cut to whole percents. `None` where that would leave nothing of something.
pub(crate) fn whole_percent(share: Ratio) -> Option<u32> {
    let percent = share.ppm() / 10_000;
    (percent > 0 || share == Ratio::ZERO).then_some(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Unleash 8.2.0, shortened.
    #[test]
    fn the_answers_of_the_real_server_become_shares() {
        let flexible = |rest: &str| {
            format!(
                r#"{{"id":"01M8","parameters":{{"groupId":"c","rollout":"25","stickiness":"default"}},"name":"flexibleRollout"{rest}}}"#
            )
        };
        let one = flexible(r#","constraints":[],"disabled":false"#);
        let off = flexible(r#","disabled":true"#);
        for (enabled, strategies, percent) in [
            (false, String::new(), Some(0)),
            (true, String::new(), Some(100)),
            (true, one.clone(), Some(25)),
            (false, one.clone(), Some(0)),
            (true, format!("{one},{off}"), Some(25)),
            (true, off, Some(100)),
            (true, format!("{one},{one}"), None),
            (
                true,
                flexible(r#","constraints":[{"contextName":"a"}]"#),
                None,
            ),
            (true, flexible(r#","segments":[1]"#), None),
            (
                true,
                r#"{"name":"userWithId","parameters":{}}"#.to_owned(),
                None,
            ),
            (true, one.replace("\"25\"", "\"12.5\""), None),
            (true, one.replace("\"25\"", "\"101\""), None),
        ] {
            let body = format!(
                r#"{{"name":"checkout","environment":"development","enabled":{enabled},"strategies":[{strategies}]}}"#
            );
            let found = Environment::from_api(body.as_bytes()).expect("an environment");
            let share = found.share().ok().map(|(share, _)| share);
            let wanted = percent.map(|percent| Ratio::from_percent(percent).expect("a share"));
            assert_eq!(share, wanted, "{body}");
        }
        assert!(Environment::from_api(b"[]").is_err());
    }

    #[test]
    fn a_share_is_cut_and_never_raised() {
        for (ppm, percent) in [
            (0, Some(0)),
            (9_999, None),
            (10_000, Some(1)),
            (333_333, Some(33)),
            (999_999, Some(99)),
            (1_000_000, Some(100)),
        ] {
            assert_eq!(
                whole_percent(Ratio::from_ppm(ppm).expect("a share")),
                percent,
                "{ppm}"
            );
        }
    }
}
