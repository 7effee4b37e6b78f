//! Commands that tell and set a count, as a scaler.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Capability, Span, TargetId, Timestamp};
use phasegate_provider::text::one_line;
use phasegate_provider::{
    Call, Provider, ProviderError, Receipt, Scale, ScaleLimits, Scaler, Sent,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::config::{CommandConfig, CommandsConfig};
use crate::printed::{named, printed};
use crate::runner::Commands;

/// One thing of which there are so many.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct ScaledConfig {
    /// Prints `count=3`, how many are wanted now, and `changed=2026-09-07T12:00:00Z` where it knows since when.
    pub read: CommandConfig,
    /// Has `PHASEGATE_COUNT` of them, and ends when that is accepted.
    pub set: CommandConfig,
    /// How far, and how often.
    pub limits: ScaleLimits,
}

/// What commands scale.
///
/// ```
/// use phasegate_provider_command::ScalerConfig;
/// let read = r#"{"targets": {"workers": {
///     "read": {"program": "/opt/workers", "args": ["count"]},
///     "set": {"program": "/opt/workers", "args": ["scale"]},
///     "limits": {"min": 2, "max": 12, "cooldown": "5m"}}}}"#;
/// let config: ScalerConfig = serde_json::from_str(read)?;
/// assert_eq!(config.targets.len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct ScalerConfig {
    /// By the target that plans name.
    pub targets: BTreeMap<TargetId, ScaledConfig>,
}

/// Scales by commands: one that tells the count, one that sets it.
///
/// When it changed something it remembers; what another process changed, or this one before it was started again,
/// it knows if the reading command tells.
#[derive(Debug)]
pub struct CommandScaler {
    commands: Commands,
    limits: BTreeMap<TargetId, ScaleLimits>,
    changed: Mutex<BTreeMap<TargetId, Change>>,
}

/// The last change that was begun here.
#[derive(Clone, Copy, Debug)]
struct Change {
    count: u32,
    at: Timestamp,
}

impl CommandScaler {
    /// A scaler by these commands.
    ///
    /// # Errors
    /// [`Misuse`](phasegate_provider::ErrorKind::Misuse): bounds that leave nothing to set.
    pub fn new(config: ScalerConfig) -> Result<Self, ProviderError> {
        let mut commands = CommandsConfig::default();
        let mut limits = BTreeMap::new();
        for (target, scaled) in config.targets {
            scaled.limits.check(&format!("scale {target}"))?;
            commands.commands.insert(reads(&target), scaled.read);
            commands.commands.insert(sets(&target), scaled.set);
            limits.insert(target, scaled.limits);
        }
        Ok(Self {
            commands: Commands::new(commands),
            limits,
            changed: Mutex::default(),
        })
    }

    /// Notes that a change begins, if it may, and gives what was noted before it. Looking and noting are one, so that
    /// of two changes at once one waits.
    fn begin(
        &self,
        target: &TargetId,
        count: u32,
        told: Option<Timestamp>,
        call: &Call,
        act: &str,
    ) -> Result<Option<Change>, ProviderError> {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let last = changed.get(target).copied();
        // The same again, whatever became of it.
        if last.is_none_or(|last| last.count != count) {
            let limits = self.limits(target, act)?;
            limits.cooled(last.map(|last| last.at).max(told), call, act)?;
        }
        let at = call.at;
        changed.insert(target.clone(), Change { count, at });
        Ok(last)
    }

    /// What was begun certainly did not happen.
    fn take_back(&self, target: &TargetId, before: Option<Change>) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        match before {
            Some(before) => changed.insert(target.clone(), before),
            None => changed.remove(target),
        };
    }

    fn limits(&self, target: &TargetId, act: &str) -> Result<&ScaleLimits, ProviderError> {
        let unknown = || ProviderError::misuse(format!("{act}: no target has this name"));
        self.limits.get(target).ok_or_else(unknown)
    }
}

fn reads(target: &TargetId) -> String {
    format!("read {target}")
}

fn sets(target: &TargetId) -> String {
    format!("set {target}")
}

impl Provider for CommandScaler {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl Scaler for CommandScaler {
    async fn read(&self, target: &TargetId, call: &Call) -> Result<Scale, ProviderError> {
        let act = &format!("read how many {target} there are");
        self.limits(target, act)?;
        let more = [("PHASEGATE_TARGET", target.to_string())];
        let text = printed(&self.commands, &reads(target), call, &more, act).await?;
        scale(&text, act)
    }

    async fn set(
        &self,
        target: &TargetId,
        count: u32,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = &format!("scale {target} to {count}");
        self.limits(target, act)?.admit(count, act)?;
        let began = Instant::now();
        // Looking first has changed nothing, whatever becomes of it.
        let look = self.read(target, &call.clone().without_effect()).await;
        let found = look.map_err(|error| error.with_sent(Sent::Nothing))?;
        if found.count == count {
            return Ok(Receipt::new(format!("{} already", found.native)));
        }
        let before = self.begin(target, count, found.changed_at, call, act)?;
        let left = call.deadline.saturating_sub(Span::from(began.elapsed()));
        let call = &call.clone().with_deadline(left);
        let more = [
            ("PHASEGATE_COUNT", count.to_string()),
            ("PHASEGATE_TARGET", target.to_string()),
        ];
        match printed(&self.commands, &sets(target), call, &more, act).await {
            Ok(_) => Ok(Receipt::new(format!("{count} instead of {}", found.count))),
            Err(error) => {
                if error.is_refusal() {
                    self.take_back(target, before);
                }
                Err(error)
            }
        }
    }
}

/// What a reading command says.
fn scale(text: &str, act: &str) -> Result<Scale, ProviderError> {
    let invalid = |why: String| ProviderError::invalid(format!("{act}: {why}"));
    let found = named(text, ["count", "changed"], act)?;
    let Some([Some(count), changed]) = found else {
        return Err(invalid("it must print count=number".to_owned()));
    };
    let whole = count.parse::<u32>();
    let count =
        whole.map_err(|_error| invalid(format!("'{}' is no count", one_line(count, 80))))?;
    let moment = |said: &str| {
        let why = || invalid(format!("'{}' is no moment", one_line(said, 80)));
        said.parse::<Timestamp>().map_err(|_error| why())
    };
    let changed_at = changed.map(moment).transpose()?;
    let native = format!("count {count}");
    Ok(Scale {
        count,
        changed_at,
        native,
    })
}
