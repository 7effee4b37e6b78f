//! What the plan changes outside: each thing stands as it was set last, and what nobody has set rests.

use std::collections::BTreeMap;

use phasegate_core::{BindingId, Desired, Effect, Inspection, Ratio, Reading, Standing, TargetId};

/// Everything outside.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    things: BTreeMap<(BindingId, TargetId), Desired>,
    exposure: Ratio,
}

impl Outside {
    /// The largest share that sees the new version.
    pub(crate) const fn exposure(&self) -> Ratio {
        self.exposure
    }

    /// Does what is asked for; the exposure, where that changed it.
    pub(crate) fn apply(&mut self, effect: &Effect) -> Option<Ratio> {
        let target = effect.desired.target()?;
        let key = (effect.to.clone(), target.clone());
        self.things.insert(key, effect.desired.clone());
        let shown = self.things.values().filter_map(Desired::exposure);
        let exposure = shown.max().unwrap_or(Ratio::ZERO);
        let changed = exposure != self.exposure;
        self.exposure = exposure;
        changed.then_some(exposure)
    }

    /// How a thing stands.
    pub(crate) fn inspect(&self, inspection: &Inspection) -> Reading {
        let target = inspection.desired.target().cloned();
        let key = target.map(|target| (inspection.to.clone(), target));
        let found = key.and_then(|key| self.things.get(&key)).cloned();
        let standing = match &found {
            Some(found) if *found == inspection.desired => Standing::AsDesired,
            Some(found) if inspection.before.as_ref() == Some(found) => Standing::AsBefore,
            Some(_) => Standing::Other,
            None => Standing::Resting,
        };
        Reading {
            found: found.or_else(|| inspection.desired.at_rest()),
            standing,
            unread: None,
        }
    }
}
