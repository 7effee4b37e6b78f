//! Commands that print numbers, as a metric source.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use phasegate_core::{Capability, Decimal, Measurement, Observed, Query, Span, Wants};
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, MetricSource, Provider, ProviderError, answers_now};
use serde::{Deserialize, Serialize};

use crate::config::{CommandConfig, CommandsConfig};
use crate::printed::{named, printed};
use crate::runner::Commands;

/// Which time a command tells about.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Tells {
    /// What is so now, whatever window it is given. One number only: counts of events need a window.
    #[default]
    Now,
    /// The window from `PHASEGATE_START` to `PHASEGATE_END`, and nothing else.
    Window,
}

/// One command that prints numbers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct MeasureConfig {
    /// What is run.
    pub command: CommandConfig,
    /// Which time it tells about. Default: now.
    #[serde(default)]
    pub tells: Tells,
}

/// The commands of one metric source.
///
/// ```
/// use phasegate_provider_command::MetricsConfig;
/// let read = r#"{"measures": {"depth": {"command": {"program": "/opt/queue-depth"}}}}"#;
/// let config: MetricsConfig = serde_json::from_str(read)?;
/// assert!(config.measures.contains_key("depth"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MetricsConfig {
    /// By the name that plans use as their text.
    pub measures: BTreeMap<String, MeasureConfig>,
    /// How long after its end a window is still answered by a command that tells what is so now. Default 1 min.
    #[serde(default = "now_within")]
    pub now_within: Span,
}

fn now_within() -> Span {
    Span::from_secs(60)
}

impl MetricsConfig {
    /// These commands.
    pub fn new(measures: BTreeMap<String, MeasureConfig>) -> Self {
        Self {
            measures,
            now_within: now_within(),
        }
    }
}

/// Metrics by commands. A command prints `name=number`, one a line.
#[derive(Clone, Debug)]
pub struct CommandMetrics {
    commands: Commands,
    tells: BTreeMap<String, Tells>,
    now_within: Span,
}

impl CommandMetrics {
    /// A source over these commands.
    pub fn new(config: MetricsConfig) -> Self {
        let mut commands = CommandsConfig::default();
        let mut tells = BTreeMap::new();
        for (name, measure) in config.measures {
            tells.insert(name.clone(), measure.tells);
            commands.commands.insert(name, measure.command);
        }
        Self {
            commands: Commands::new(commands),
            tells,
            now_within: config.now_within,
        }
    }
}

/// The question, as variables of the command's environment.
fn told(query: &Query) -> Vec<(&'static str, String)> {
    let mut told = vec![
        ("PHASEGATE_ARM", query.arm.to_string()),
        ("PHASEGATE_END", query.window.end.to_string()),
        ("PHASEGATE_START", query.window.start.to_string()),
        ("PHASEGATE_UNIT", query.unit.clone()),
    ];
    if let Wants::Below {
        threshold,
        inclusive,
    } = query.wants
    {
        told.push(("PHASEGATE_INCLUSIVE", inclusive.to_string()));
        told.push(("PHASEGATE_THRESHOLD", threshold.to_string()));
    }
    told
}

/// The numbers of a text, which are of these names: the first, and the second or what it is without it.
fn numbers(
    text: &str,
    names: [&str; 2],
    without: Option<Decimal>,
    act: &str,
) -> Result<(Decimal, Decimal), ProviderError> {
    let [first, second] = names;
    let Some(found) = named(text, names, act)? else {
        return Err(ProviderError::no_data(act));
    };
    let number = |said: Option<&str>, without: Option<Decimal>| match said {
        None => Ok(without),
        Some(said) => match said.parse::<Decimal>() {
            Ok(number) => Ok(Some(number)),
            Err(error) => {
                let shown = one_line(said, 80);
                let told = format!("{act}: '{shown}' is no number: {error}");
                Err(ProviderError::invalid(told))
            }
        },
    };
    let [one, other] = found;
    match (number(one, None)?, number(other, without)?) {
        (Some(one), Some(other)) => Ok((one, other)),
        (None, _) | (_, None) => {
            let told = format!("{act}: it must print {first} and {second}");
            Err(ProviderError::invalid(told))
        }
    }
}

fn observed(printed: &str, wants: Wants, act: &str) -> Result<(u64, Observed), ProviderError> {
    let count = |number: Decimal| {
        let why = || ProviderError::invalid(format!("{act}: {number} is no count"));
        number.to_u64().ok_or_else(why)
    };
    let (samples, observed) = match wants {
        Wants::Below { threshold, .. } => {
            let (below, total) = numbers(printed, ["below", "total"], None, act)?;
            let (below, total) = (count(below)?, count(total)?);
            let observed = Observed::Below {
                threshold,
                below,
                total,
            };
            (total, observed)
        }
        Wants::Share => {
            let (matching, total) = numbers(printed, ["matching", "total"], None, act)?;
            let (matching, total) = (count(matching)?, count(total)?);
            (total, Observed::Share { matching, total })
        }
        Wants::Distribution | Wants::Scalar | _ => {
            let one = Some(Decimal::ONE);
            let (value, samples) = numbers(printed, ["value", "samples"], one, act)?;
            (count(samples)?, Observed::Scalar { value })
        }
    };
    if samples == 0 {
        return Err(ProviderError::no_data(act));
    }
    Ok((samples, observed))
}

impl Provider for CommandMetrics {
    fn capabilities(&self) -> BTreeSet<Capability> {
        let mut can = BTreeSet::from([Capability::MeasureScalar]);
        if self.tells.values().any(|tells| *tells == Tells::Window) {
            can.extend([Capability::MeasureBelow, Capability::MeasureShare]);
        }
        can
    }
}

#[async_trait]
impl MetricSource for CommandMetrics {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("measure {} by a command", query.kpi);
        let misuse = |why: String| Err(ProviderError::misuse(format!("{act}: {why}")));
        let Some(tells) = self.tells.get(&query.text) else {
            let name = one_line(&query.text, 80);
            return misuse(format!("no command has the name '{name}'"));
        };
        match (tells, query.wants) {
            (_, Wants::Distribution) => {
                return misuse("a command prints no distribution".to_owned());
            }
            (Tells::Now, Wants::Scalar) => answers_now(query, call, self.now_within, act)?,
            (Tells::Now, _) => {
                return misuse("counts of events need a command that tells of a window".to_owned());
            }
            (Tells::Window, _) => {}
        }
        let printed = printed(&self.commands, &query.text, call, &told(query), act).await?;
        let (samples, observed) = observed(&printed, query.wants, act)?;
        Ok(Measurement {
            window: query.window,
            samples,
            observed,
        })
    }
}
