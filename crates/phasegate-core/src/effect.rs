//! The effect vocabulary: what the engine wants done outside, and how adapters say what became of it.
//! Engine and providers share these words so that neither has to know the other.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BindingId, ChannelId, EffectKey, Ratio, TargetId, Timestamp};

/// What a binding is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// Collects yes and no from people.
    ApprovalSource,
    /// Runs named commands.
    CommandRunner,
    /// Compares answers of old and new.
    Comparer,
    /// Reports that something happened.
    EventSource,
    /// Breaks things on purpose, and undoes it.
    FaultInjector,
    /// Holds feature flags.
    FlagStore,
    /// Says whether something is up.
    HealthProbe,
    /// Answers queries for KPIs.
    MetricSource,
    /// Carries messages to people.
    Notifier,
    /// Changes how many there are of something.
    Scaler,
    /// Splits traffic between versions.
    TrafficRouter,
    /// Runs workflows.
    WorkflowHost,
}

/// As documents write it.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What an adapter can do, beyond having its role. Claimed only where the conformance suite passes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Capability {
    /// Refuses a write whose precondition does not hold.
    Conditional,
    /// Sees repeated requests with one key as one.
    IdempotencyKey,
    /// Answers with counts below a threshold.
    MeasureBelow,
    /// Answers with whole distributions.
    MeasureDistribution,
    /// Answers for canary and stable apart.
    MeasurePerArm,
    /// Answers with single numbers.
    MeasureScalar,
    /// Answers with matching and total counts.
    MeasureShare,
    /// Sends copies of requests to a shadow.
    Mirror,
    /// Tells the state that it set.
    ReadBack,
    /// Splits traffic by weight.
    Weights,
}

/// As documents write it.
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// How an effect may be repeated after a crash. Recorded with the intent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "recovery must have a rule for each class"
)]
pub enum EffectClass {
    /// Sets an absolute state that can be read back.
    AbsoluteWithReadBack,
    /// Must never happen twice: an unknown outcome waits for a person.
    AtMostOnce,
    /// Carries a precondition; a second attempt is refused by the other side.
    Conditional,
    /// May happen twice and nobody is hurt (messages).
    FireAndForget,
    /// The other side knows the key and does it once.
    IdempotentByKey,
}

/// A state wanted outside, always absolute: "weight = 25 %", never "+5 %".
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Desired {
    /// A flag is on for those whom labels, attributes or a list tell.
    Cohort {
        /// The flag.
        flag: TargetId,
        /// Those with one of these labels.
        labels: Vec<String>,
        /// Those with all of these attributes.
        attributes: BTreeMap<String, String>,
        /// These.
        members: Vec<String>,
        /// Those who asked for it.
        opt_in: bool,
        /// What share of all they are, where that is known.
        share: Option<Ratio>,
    },
    /// A command that the bindings name has been run.
    Command {
        /// Its name in the bindings; the argument list stands there.
        command: String,
        /// Which target it is run for, where it is run for several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<TargetId>,
        /// The command, by its name in the bindings, that tells whether it has been done: it ends
        /// well if so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check: Option<String>,
    },
    /// Old and new are compared on the same work, or no longer.
    Comparison {
        /// What runs twice.
        target: TargetId,
        /// The share of new work that the new version handles too; nothing ends it.
        share: Ratio,
        /// How much old work is done again.
        sample: Option<u64>,
        /// What must be the same.
        compare: Vec<String>,
    },
    /// Keys of a configuration have these values.
    Config {
        /// Which configuration.
        target: TargetId,
        /// The keys and their values, as text.
        set: BTreeMap<String, String>,
    },
    /// Something is broken on purpose, or no longer.
    Fault {
        /// The experiment.
        experiment: String,
        /// What is broken.
        fault: String,
        /// Is it?
        on: bool,
    },
    /// A flag is on for a share of its actors.
    Flag {
        /// The flag.
        flag: TargetId,
        /// For how many: 0 % is off, 100 % is on for all.
        exposure: Ratio,
    },
    /// A message has been handed over.
    Message {
        /// Where to.
        channel: ChannelId,
        /// One line.
        subject: String,
        /// Plain text.
        body: String,
    },
    /// Copies of this share of a route's requests go to the new version; nobody sees its answers.
    Mirror {
        /// The route.
        target: TargetId,
        /// The share; nothing ends it.
        share: Ratio,
    },
    /// There are so many of something: processes, machines, workers.
    Scale {
        /// Of what.
        target: TargetId,
        /// How many.
        count: u32,
    },
    /// The canary gets this share of a route's traffic, the stable version the rest.
    Traffic {
        /// The route.
        target: TargetId,
        /// The canary's share.
        canary: Ratio,
    },
    /// A workflow has been run to its end.
    Workflow {
        /// Its name on its host.
        name: String,
        /// What it is given.
        inputs: BTreeMap<String, String>,
    },
}

impl Desired {
    /// The role that an adapter needs to bring this about.
    pub fn role(&self) -> Role {
        match self {
            Self::Command { .. } => Role::CommandRunner,
            Self::Comparison { .. } => Role::Comparer,
            Self::Cohort { .. } | Self::Config { .. } | Self::Flag { .. } => Role::FlagStore,
            Self::Fault { .. } => Role::FaultInjector,
            Self::Message { .. } => Role::Notifier,
            Self::Mirror { .. } | Self::Traffic { .. } => Role::TrafficRouter,
            Self::Scale { .. } => Role::Scaler,
            Self::Workflow { .. } => Role::WorkflowHost,
        }
    }

    /// What it moves, if it moves something that only one rollout may hold.
    pub fn target(&self) -> Option<&TargetId> {
        match self {
            Self::Cohort { flag, .. } | Self::Flag { flag, .. } => Some(flag),
            Self::Config { target, .. }
            | Self::Scale { target, .. }
            | Self::Traffic { target, .. } => Some(target),
            Self::Command { .. }
            | Self::Comparison { .. }
            | Self::Fault { .. }
            | Self::Message { .. }
            | Self::Mirror { .. }
            | Self::Workflow { .. } => None,
        }
    }

    /// The share that sees the new version by it; `None` for what shows it to nobody, and for a cohort of unknown
    /// size.
    ///
    /// ```
    /// use phasegate_core::{Desired, Ratio};
    /// let shop = Desired::Traffic { target: "shop".parse()?, canary: Ratio::ONE };
    /// assert_eq!(shop.exposure(), Some(Ratio::ONE));
    /// assert_eq!(shop.at_rest().and_then(|rest| rest.exposure()), Some(Ratio::ZERO));
    /// # Ok::<(), phasegate_core::IdError>(())
    /// ```
    pub fn exposure(&self) -> Option<Ratio> {
        match self {
            Self::Cohort { share, .. } => *share,
            Self::Flag { exposure, .. } => Some(*exposure),
            Self::Traffic { canary, .. } => Some(*canary),
            Self::Command { .. }
            | Self::Comparison { .. }
            | Self::Config { .. }
            | Self::Fault { .. }
            | Self::Message { .. }
            | Self::Mirror { .. }
            | Self::Scale { .. }
            | Self::Workflow { .. } => None,
        }
    }

    /// The same thing as it stands while nobody has touched it: it shows nobody the new version. `None` for what has
    /// no such state.
    pub fn at_rest(&self) -> Option<Self> {
        match self {
            Self::Flag { flag, .. } => Some(Self::Flag {
                flag: flag.clone(),
                exposure: Ratio::ZERO,
            }),
            Self::Traffic { target, .. } => Some(Self::Traffic {
                target: target.clone(),
                canary: Ratio::ZERO,
            }),
            Self::Cohort { .. }
            | Self::Command { .. }
            | Self::Comparison { .. }
            | Self::Config { .. }
            | Self::Fault { .. }
            | Self::Message { .. }
            | Self::Mirror { .. }
            | Self::Scale { .. }
            | Self::Workflow { .. } => None,
        }
    }

    /// Can adapters with [`Capability::ReadBack`] tell whether it stands? What they cannot tell is set
    /// again with its key.
    pub fn is_readable(&self) -> bool {
        matches!(
            self,
            Self::Flag { .. } | Self::Scale { .. } | Self::Traffic { .. }
        )
    }

    /// Does it end something that must not go on because nothing else may move: a fault that was made
    /// on purpose, copies, a comparison?
    pub fn is_end(&self) -> bool {
        match self {
            Self::Comparison { share, sample, .. } => *share == Ratio::ZERO && sample.is_none(),
            Self::Fault { on, .. } => !on,
            Self::Mirror { share, .. } => *share == Ratio::ZERO,
            Self::Cohort { .. }
            | Self::Command { .. }
            | Self::Config { .. }
            | Self::Flag { .. }
            | Self::Message { .. }
            | Self::Scale { .. }
            | Self::Traffic { .. }
            | Self::Workflow { .. } => false,
        }
    }
}

impl fmt::Display for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cohort { flag, .. } => write!(f, "flag {flag} for a cohort"),
            Self::Command {
                command,
                on: Some(on),
                ..
            } => write!(f, "command {command} on {on}"),
            Self::Command { command, .. } => write!(f, "command {command}"),
            Self::Comparison { target, .. } if self.is_end() => {
                write!(f, "comparison of {target} ended")
            }
            Self::Comparison { target, share, .. } => {
                write!(f, "comparison of {target} at {share}")
            }
            Self::Config { target, set } => {
                write!(f, "configuration {target}:")?;
                for (key, value) in set {
                    write!(f, " {key}={value}")?;
                }
                Ok(())
            }
            Self::Fault {
                experiment,
                fault,
                on,
            } => write!(
                f,
                "fault of {experiment} {}: {fault}",
                if *on { "on" } else { "off" }
            ),
            Self::Flag { flag, exposure } => write!(f, "flag {flag} at {exposure}"),
            Self::Message {
                channel, subject, ..
            } => write!(f, "message to {channel}: {subject}"),
            Self::Mirror { target, share } => write!(f, "copies of {target} at {share}"),
            Self::Scale { target, count } => write!(f, "{count} of {target}"),
            Self::Traffic { target, canary } => write!(f, "traffic of {target} at {canary}"),
            Self::Workflow { name, .. } => write!(f, "workflow {name}"),
        }
    }
}

/// Something that the engine wants done outside. Its intent is durable before anyone sees it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the engine writes it out, adapters read all of it"
)]
pub struct Effect {
    /// Counts the effects of one rollout from 1; also the generation of the desired state.
    pub number: u64,
    /// The same for every attempt, before and after a crash.
    pub key: EffectKey,
    /// Who is to do it.
    pub to: BindingId,
    /// What is wanted.
    pub desired: Desired,
    /// What was read before the first write, where it can be read.
    pub before: Option<Desired>,
    /// How it may be repeated.
    pub class: EffectClass,
    /// No attempt may land after this moment.
    pub deadline: Timestamp,
}

/// A wish to read a state back.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the engine writes it out, adapters read all of it"
)]
pub struct Inspection {
    /// Counts the inspections of one rollout, from 1.
    pub number: u64,
    /// Whom to ask.
    pub to: BindingId,
    /// The state to compare with what is found.
    pub desired: Desired,
    /// The state before it, if it is known.
    pub before: Option<Desired>,
}

/// How a state outside stands to what was wanted. The adapter judges: it knows the rounding of its system.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "recovery must have a rule for each standing"
)]
pub enum Standing {
    /// As it was before the effect.
    AsBefore,
    /// As wanted.
    AsDesired,
    /// Neither: somebody else changed it.
    Other,
    /// As after a reload of the other side: its configured state.
    Resting,
    /// It could not be told.
    Unknown,
}

/// The answer to an [`Inspection`].
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Reading {
    /// What was found, where it could be read.
    pub found: Option<Desired>,
    /// How that stands to what was asked about.
    pub standing: Standing,
    /// Why it could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
}

/// Why it could not be told how something stands.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Unread {
    /// For people.
    pub why: String,
    /// It will not be told another time either, until somebody mends something: an unknown name, say.
    pub is_final: bool,
}

impl Reading {
    /// It could not be told how things stand, because of this; another time it may be.
    pub fn unread(why: impl Into<String>) -> Self {
        let (why, is_final) = (why.into(), false);
        Self {
            found: None,
            standing: Standing::Unknown,
            unread: Some(Unread { why, is_final }),
        }
    }

    /// It cannot be told how things stand, because of this, however often it is asked.
    pub fn refused(why: impl Into<String>) -> Self {
        let (why, is_final) = (why.into(), true);
        Self {
            found: None,
            standing: Standing::Unknown,
            unread: Some(Unread { why, is_final }),
        }
    }
}

/// What became of an effect. Recorded once.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have a rule for each outcome"
)]
pub enum EffectOutcome {
    /// It stands as wanted.
    Applied {
        /// How that is known: an answer, a read-back.
        evidence: String,
    },
    /// It certainly did not happen and will not.
    NotApplied {
        /// Why.
        reason: String,
    },
    /// Nobody knows yet whether it happened.
    Unknown {
        /// Why.
        reason: String,
    },
}
