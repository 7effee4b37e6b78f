//! One question for all systems: is the flag on for this actor at this share?

use phasegate_core::Ratio;
use serde::{Deserialize, Serialize};

use crate::growthbook::HashVersion;
use crate::{flagd, flipper, growthbook, launchdarkly, unleash};

/// Whose bucketing, with what it hashes beside the actor.
///
/// At 0 % nobody is in and at 100 % everybody is. Raising the share never puts anybody out, under any scheme.
///
/// ```
/// use phasegate_bucketing::Scheme;
/// use phasegate_core::Ratio;
/// let scheme = Scheme::Flipper { feature: "fast_deployment".to_owned() };
/// let exposed = (1..=500).filter(|n| {
///     scheme.exposes(&format!("User;{n}"), Ratio::from_ppm(100_000).expect("10 %"))
/// });
/// assert_eq!(exposed.count(), 42);
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Scheme {
    /// flagd's `fractional` between on and off, without a property of its own. Exact to a millionth.
    Flagd {
        /// The flag's key.
        flag: String,
    },
    /// Flipper's percentage of actors. Three decimals of a percentage.
    Flipper {
        /// The feature's name.
        feature: String,
    },
    /// GrowthBook's rollout by coverage.
    #[serde(rename = "growthbook")]
    GrowthBook {
        /// The rule's seed; by default the feature's key.
        seed: String,
        /// Which hash.
        #[serde(default)]
        version: HashVersion,
    },
    /// LaunchDarkly's rollout between two variations, the first being on. Shares are cut to 1/100 000.
    #[serde(rename = "launchdarkly")]
    LaunchDarkly {
        /// The flag's key.
        key: String,
        /// The flag's salt.
        salt: String,
    },
    /// Unleash's flexible rollout. Shares are cut to whole percents.
    Unleash {
        /// The strategy's group; by default the feature's name.
        group: String,
    },
}

impl Scheme {
    /// Is the flag on for this actor at this share?
    pub fn exposes(&self, actor: &str, share: Ratio) -> bool {
        if share == Ratio::ZERO {
            return false;
        }
        if share == Ratio::ONE {
            return true;
        }
        let ppm = share.ppm();
        match self {
            Self::Flagd { flag } => {
                let value = flagd::default_value(flag, actor);
                flagd::bucket(&value, Ratio::ONE.ppm()) < ppm
            }
            Self::Flipper { feature } => {
                flipper::is_open(feature, &[actor], flipper::percentage(share))
            }
            Self::GrowthBook { seed, version } => {
                growthbook::in_rollout(seed, actor, share.to_f64(), *version)
            }
            Self::LaunchDarkly { key, salt } => {
                let bucket =
                    launchdarkly::bucket(launchdarkly::Prefix::Salt { key, salt }, Some(actor));
                launchdarkly::variation(bucket, &[ppm / 10, launchdarkly::WHOLE - ppm / 10])
                    == Some(0)
            }
            Self::Unleash { group } => unleash::is_enabled(group, actor, ppm / 10_000),
        }
    }
}
