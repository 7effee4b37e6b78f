//! Which binding is which provider, and what the engine's effects, inspections and queries mean for it.
//! A runner talks to this; it decides nothing about the rollout.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use phasegate_core::{
    Absence, Answer, BindingId, Capability, Desired, Effect, EffectOutcome, Inspection, Query,
    Ratio, Reading, Role, Standing, TargetId,
};

use crate::outcome::{absence_of, checked, outcome_of};
use crate::{
    ApprovalSource, Call, CommandRunner, Effector, ErrorKind, EventSource, Exit, FaultInjector,
    FlagStore, HealthProbe, Message, MetricSource, Notifier, Provider, ProviderError, Receipt,
    Retry, Scaler, TrafficRouter,
};

/// Why a provider cannot be put into a [`Registry`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The binding has a provider in this role already.
    #[error("binding '{binding}' already has a provider in the role {role:?}")]
    Taken {
        /// The binding.
        binding: BindingId,
        /// The role.
        role: Role,
    },
}

/// The providers behind the bindings of one rollout.
///
/// A binding may have several roles: a proxy that routes and measures is bound once. All methods may
/// be called at the same time from many tasks.
///
/// ```
/// use phasegate_core::{BindingId, Role};
/// use phasegate_provider::Registry;
/// let registry = Registry::new();
/// let edge: BindingId = "edge".parse()?;
/// assert!(registry.capabilities(&edge, Role::TrafficRouter).is_none());
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Registry {
    approvals: BTreeMap<BindingId, Arc<dyn ApprovalSource>>,
    commands: BTreeMap<BindingId, Arc<dyn CommandRunner>>,
    effectors: BTreeMap<(BindingId, Role), Arc<dyn Effector>>,
    events: BTreeMap<BindingId, Arc<dyn EventSource>>,
    flags: BTreeMap<BindingId, Arc<dyn FlagStore>>,
    injectors: BTreeMap<BindingId, Arc<dyn FaultInjector>>,
    metrics: BTreeMap<BindingId, Arc<dyn MetricSource>>,
    notifiers: BTreeMap<BindingId, Arc<dyn Notifier>>,
    probes: BTreeMap<BindingId, Arc<dyn HealthProbe>>,
    routers: BTreeMap<BindingId, Arc<dyn TrafficRouter>>,
    scalers: BTreeMap<BindingId, Arc<dyn Scaler>>,
}

macro_rules! roles {
    ($($bind:ident $look:ident $field:ident $role:ident;)*) => {$(
        #[doc = concat!("Binds a provider in the role [`Role::", stringify!($role), "`].")]
        ///
        /// # Errors
        /// [`RegistryError::Taken`] when the binding has one in this role already.
        pub fn $bind(
            &mut self,
            binding: BindingId,
            provider: Arc<dyn $role>,
        ) -> Result<(), RegistryError> {
            if self.$field.contains_key(&binding) {
                return Err(RegistryError::Taken { binding, role: Role::$role });
            }
            self.$field.insert(binding, provider);
            Ok(())
        }

        #[doc = concat!("The provider of a binding in the role [`Role::", stringify!($role), "`].")]
        pub fn $look(&self, binding: &BindingId) -> Option<&Arc<dyn $role>> {
            self.$field.get(binding)
        }
    )*};
}

impl Registry {
    /// A registry without providers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    roles! {
        bind_approval_source approval_source approvals ApprovalSource;
        bind_command_runner command_runner commands CommandRunner;
        bind_event_source event_source events EventSource;
        bind_fault_injector fault_injector injectors FaultInjector;
        bind_flag_store flag_store flags FlagStore;
        bind_health_probe health_probe probes HealthProbe;
        bind_metric_source metric_source metrics MetricSource;
        bind_notifier notifier notifiers Notifier;
        bind_scaler scaler scalers Scaler;
        bind_traffic_router traffic_router routers TrafficRouter;
    }

    /// Binds what carries out, in this role, what has no narrower trait: a binding may route with a
    /// [`TrafficRouter`] and mirror with an [`Effector`].
    ///
    /// # Errors
    /// [`RegistryError::Taken`] when the binding has an effector in this role already.
    pub fn bind_effector(
        &mut self,
        binding: BindingId,
        role: Role,
        provider: Arc<dyn Effector>,
    ) -> Result<(), RegistryError> {
        let key = (binding, role);
        if self.effectors.contains_key(&key) {
            let (binding, role) = key;
            return Err(RegistryError::Taken { binding, role });
        }
        self.effectors.insert(key, provider);
        Ok(())
    }

    /// The effector of a binding in a role.
    pub fn effector(&self, binding: &BindingId, role: Role) -> Option<&Arc<dyn Effector>> {
        self.effectors.get(&(binding.clone(), role))
    }

    /// All bindings that collect answers from people: the ones to poll.
    pub fn approval_sources(&self) -> impl Iterator<Item = (&BindingId, &Arc<dyn ApprovalSource>)> {
        self.approvals.iter()
    }

    /// All bindings that report occurrences: the ones to poll.
    pub fn event_sources(&self) -> impl Iterator<Item = (&BindingId, &Arc<dyn EventSource>)> {
        self.events.iter()
    }

    /// What a binding's provider and effector can do in a role; `None` when it has neither in that role.
    pub fn capabilities(&self, binding: &BindingId, role: Role) -> Option<BTreeSet<Capability>> {
        fn of<P: Provider + ?Sized>(
            map: &BTreeMap<BindingId, Arc<P>>,
            binding: &BindingId,
        ) -> Option<BTreeSet<Capability>> {
            map.get(binding).map(|provider| provider.capabilities())
        }
        let effector = self.effector(binding, role).map(|e| e.capabilities());
        let provider = match role {
            Role::ApprovalSource => of(&self.approvals, binding),
            Role::CommandRunner => of(&self.commands, binding),
            Role::EventSource => of(&self.events, binding),
            Role::FaultInjector => of(&self.injectors, binding),
            Role::FlagStore => of(&self.flags, binding),
            Role::HealthProbe => of(&self.probes, binding),
            Role::MetricSource => of(&self.metrics, binding),
            Role::Notifier => of(&self.notifiers, binding),
            Role::Scaler => of(&self.scalers, binding),
            Role::TrafficRouter => of(&self.routers, binding),
            Role::Comparer | Role::WorkflowHost | _ => None,
        };
        match (provider, effector) {
            (Some(mut all), Some(more)) => {
                all.extend(more);
                Some(all)
            }
            (provider, effector) => provider.or(effector),
        }
    }

    /// Answers a query. A failed call becomes an [`Absence`]; an answer that does not fit its question
    /// becomes [`Absence::Invalid`]; neither becomes a value.
    pub async fn measure(&self, query: &Query, call: &Call) -> Answer {
        let Some(source) = self.metrics.get(&query.to) else {
            return Err(Absence::Unavailable {
                detail: unbound(&query.to, Role::MetricSource),
            });
        };
        match source.measure(query, call).await {
            Ok(found) => checked(query, found),
            Err(error) => Err(absence_of(&error, call.at)),
        }
    }

    /// Reads a state back and lets the adapter judge it. What cannot be read is [`Standing::Unknown`].
    pub async fn inspect(&self, inspection: &Inspection, call: &Call) -> Reading {
        let (to, before) = (&inspection.to, inspection.before.as_ref());
        match &inspection.desired {
            Desired::Traffic { target, canary } => {
                self.traffic_reading(to, target, *canary, before, call)
                    .await
            }
            Desired::Flag { flag, exposure } => {
                self.flag_reading(to, flag, *exposure, before, call).await
            }
            Desired::Scale { target, count } => {
                self.scale_reading(to, target, *count, before, call).await
            }
            Desired::Command {
                check: Some(check), ..
            } => self.command_reading(to, check, call).await,
            Desired::Fault {
                experiment,
                fault,
                on,
            } => self.fault_reading(to, experiment, fault, *on, call).await,
            Desired::Command { .. } | Desired::Message { .. } | _ => {
                Reading::refused(format!("{} cannot be read back", inspection.desired))
            }
        }
    }

    /// Carries an effect out and says what became of it.
    ///
    /// The effect's key and class go into the call. Traffic, flags, counts and faults are read back after the change
    /// where the adapter can; commands and messages count by their answer. A refusal, and what was
    /// never sent, is `NotApplied`; every other failure is `Unknown`, to be resolved by reading back
    /// or by a person.
    ///
    /// Dropping the future leaves the outcome unknown.
    pub async fn perform(&self, effect: &Effect, call: &Call) -> EffectOutcome {
        let call = call.clone().with_effect(effect.key.clone(), effect.class);
        if call.deadline.is_zero() {
            return EffectOutcome::NotApplied {
                reason: "the deadline had passed before anything was sent".to_owned(),
            };
        }
        if let Some(outcome) = self.injected(effect, &call).await {
            return outcome;
        }
        match &effect.desired {
            Desired::Traffic { target, canary } => {
                let Some(router) = self.routers.get(&effect.to) else {
                    return not_bound(effect);
                };
                let set = router.set(target, *canary, &call).await;
                self.settle(effect, router.as_ref(), set, &call).await
            }
            Desired::Flag { flag, exposure } => {
                let Some(store) = self.flags.get(&effect.to) else {
                    return not_bound(effect);
                };
                let set = store.set(flag, *exposure, &call).await;
                self.settle(effect, store.as_ref(), set, &call).await
            }
            Desired::Scale { target, count } => {
                let Some(scaler) = self.scalers.get(&effect.to) else {
                    return not_bound(effect);
                };
                let set = scaler.set(target, *count, &call).await;
                self.settle(effect, scaler.as_ref(), set, &call).await
            }
            // A runner knows commands by name alone; for one of several targets there are effectors.
            Desired::Command {
                command, on: None, ..
            } => match self.commands.get(&effect.to) {
                None => not_bound(effect),
                Some(runner) => command_outcome(command, runner.run(command, &call).await),
            },
            Desired::Message {
                channel,
                subject,
                body,
            } => {
                let Some(notifier) = self.notifiers.get(&effect.to) else {
                    return not_bound(effect);
                };
                let message = Message {
                    channel: channel.clone(),
                    subject: subject.clone(),
                    body: body.clone(),
                };
                received(notifier.send(&message, &call).await)
            }
            Desired::Cohort { .. }
            | Desired::Command { .. }
            | Desired::Comparison { .. }
            | Desired::Config { .. }
            | Desired::Fault { .. }
            | Desired::Mirror { .. }
            | Desired::Workflow { .. }
            | _ => match self.effector(&effect.to, effect.desired.role()) {
                None => not_bound(effect),
                Some(effector) => received(effector.perform(&effect.desired, &call).await),
            },
        }
    }

    /// Makes or mends a fault where an injector is bound.
    async fn injected(&self, effect: &Effect, call: &Call) -> Option<EffectOutcome> {
        let injector = self.injectors.get(&effect.to)?;
        let Desired::Fault {
            experiment,
            fault,
            on,
        } = &effect.desired
        else {
            return None;
        };
        let set = match on {
            true => injector.start(experiment, fault, call).await,
            false => injector.stop(experiment, call).await,
        };
        Some(self.settle(effect, injector.as_ref(), set, call).await)
    }

    /// Has a command been done? Its check ends well if so, and otherwise if not.
    async fn command_reading(&self, to: &BindingId, check: &str, call: &Call) -> Reading {
        let Some(runner) = self.commands.get(to) else {
            return Reading::refused(unbound(to, Role::CommandRunner));
        };
        let standing = match runner.run(check, call).await {
            Ok(run) => match run.exit {
                Exit::Code(0) => Standing::AsDesired,
                Exit::Code(_) => Standing::AsBefore,
                Exit::Signal(signal) => {
                    return Reading::unread(format!("check {check} was ended by signal {signal}"));
                }
            },
            Err(error) => return unread(&error),
        };
        Reading {
            found: None,
            standing,
            unread: None,
        }
    }

    /// Is it broken as wanted? One that has ended by itself is at rest.
    async fn fault_reading(
        &self,
        to: &BindingId,
        experiment: &str,
        fault: &str,
        on: bool,
        call: &Call,
    ) -> Reading {
        let Some(injector) = self.injectors.get(to) else {
            return Reading::refused(unbound(to, Role::FaultInjector));
        };
        let found = match injector.read(experiment, call).await {
            Ok(found) => found,
            Err(error) => return unread(&error),
        };
        let standing = match (&found, on) {
            (None, false) => Standing::AsDesired,
            (None, true) => Standing::Resting,
            (Some(broken), true) if broken.fault == fault => Standing::AsDesired,
            (Some(broken), false) if broken.fault == fault => Standing::AsBefore,
            (Some(_), _) => Standing::Other,
        };
        let is_on = found.is_some();
        Reading {
            found: Some(Desired::Fault {
                experiment: experiment.to_owned(),
                fault: found.map_or_else(|| fault.to_owned(), |broken| broken.fault),
                on: is_on,
            }),
            standing,
            unread: None,
        }
    }

    /// What a change's answer means, with a read-back where the adapter can.
    async fn settle<P: Provider + ?Sized>(
        &self,
        effect: &Effect,
        provider: &P,
        set: Result<Receipt, ProviderError>,
        call: &Call,
    ) -> EffectOutcome {
        let readable = provider.capabilities().contains(&Capability::ReadBack);
        let inspection = Inspection {
            number: effect.number,
            to: effect.to.clone(),
            desired: effect.desired.clone(),
            before: effect.before.clone(),
        };
        let look = call.clone().without_effect();
        match set {
            Ok(receipt) if readable => {
                let reading = self.inspect(&inspection, &look).await;
                read_outcome(&receipt, &reading)
            }
            Ok(receipt) => EffectOutcome::Applied {
                evidence: receipt.evidence,
            },
            // Somebody was there before: perhaps an earlier attempt of ours. The state decides.
            Err(error) if error.kind() == ErrorKind::Conflict && readable => {
                let reading = self.inspect(&inspection, &look).await;
                match reading.standing {
                    Standing::AsDesired => EffectOutcome::Applied {
                        evidence: format!("read back as wanted after {error}"),
                    },
                    Standing::AsBefore | Standing::Resting => outcome_of(&error),
                    Standing::Other | Standing::Unknown => EffectOutcome::Unknown {
                        reason: error.to_string(),
                    },
                }
            }
            Err(error) => outcome_of(&error),
        }
    }

    async fn traffic_reading(
        &self,
        to: &BindingId,
        target: &TargetId,
        desired: Ratio,
        before: Option<&Desired>,
        call: &Call,
    ) -> Reading {
        let Some(router) = self.routers.get(to) else {
            return Reading::refused(unbound(to, Role::TrafficRouter));
        };
        let found = match router.read(target, call).await {
            Ok(found) => found,
            Err(error) => return unread(&error),
        };
        let before = match before {
            Some(Desired::Traffic { canary, .. }) => Some(*canary),
            _ => None,
        };
        Reading {
            standing: router.judge(target, desired, before, &found),
            found: Some(Desired::Traffic {
                target: target.clone(),
                canary: found.canary,
            }),
            unread: None,
        }
    }

    async fn flag_reading(
        &self,
        to: &BindingId,
        flag: &TargetId,
        desired: Ratio,
        before: Option<&Desired>,
        call: &Call,
    ) -> Reading {
        let Some(store) = self.flags.get(to) else {
            return Reading::refused(unbound(to, Role::FlagStore));
        };
        let found = match store.read(flag, call).await {
            Ok(found) => found,
            Err(error) => return unread(&error),
        };
        let before = match before {
            Some(Desired::Flag { exposure, .. }) => Some(*exposure),
            _ => None,
        };
        Reading {
            standing: store.judge(flag, desired, before, &found),
            found: Some(Desired::Flag {
                flag: flag.clone(),
                exposure: found.share,
            }),
            unread: None,
        }
    }

    async fn scale_reading(
        &self,
        to: &BindingId,
        target: &TargetId,
        desired: u32,
        before: Option<&Desired>,
        call: &Call,
    ) -> Reading {
        let Some(scaler) = self.scalers.get(to) else {
            return Reading::refused(unbound(to, Role::Scaler));
        };
        let found = match scaler.read(target, call).await {
            Ok(found) => found,
            Err(error) => return unread(&error),
        };
        let before = match before {
            Some(Desired::Scale { count, .. }) => Some(*count),
            _ => None,
        };
        Reading {
            standing: scaler.judge(target, desired, before, &found),
            found: Some(Desired::Scale {
                target: target.clone(),
                count: found.count,
            }),
            unread: None,
        }
    }
}

/// Nothing could be read.
fn unread(error: &ProviderError) -> Reading {
    match error.retry() {
        Retry::Never => Reading::refused(error.to_string()),
        Retry::After(_) | Retry::Maybe => Reading::unread(error.to_string()),
    }
}

/// What a read-back after an acknowledged change means. A read-back that fails takes nothing away from
/// the acknowledgement; one that shows another state does.
fn read_outcome(receipt: &Receipt, reading: &Reading) -> EffectOutcome {
    let found = reading.found.as_ref().map(ToString::to_string);
    match (reading.standing, found) {
        (Standing::AsDesired, Some(found)) => EffectOutcome::Applied {
            evidence: format!("{}; read back: {found}", receipt.evidence),
        },
        (Standing::AsDesired | Standing::Unknown, _) => EffectOutcome::Applied {
            evidence: format!("{}; not read back", receipt.evidence),
        },
        (Standing::AsBefore | Standing::Other | Standing::Resting, found) => {
            EffectOutcome::Unknown {
                reason: format!(
                    "{}, but read back: {}",
                    receipt.evidence,
                    found.unwrap_or_default()
                ),
            }
        }
    }
}

/// What has been received has been done.
fn received(answer: Result<Receipt, ProviderError>) -> EffectOutcome {
    match answer {
        Ok(receipt) => EffectOutcome::Applied {
            evidence: receipt.evidence,
        },
        Err(error) => outcome_of(&error),
    }
}

/// A command says by its status whether it did its work; how it ends is its own contract.
fn command_outcome(command: &str, ran: Result<crate::CommandRun, ProviderError>) -> EffectOutcome {
    match ran {
        Ok(run) => match run.exit {
            Exit::Code(0) => EffectOutcome::Applied {
                evidence: format!("command {command} ended with status 0"),
            },
            Exit::Code(code) => EffectOutcome::NotApplied {
                reason: format!(
                    "command {command} ended with status {code}: {}",
                    last_line(&run.stderr)
                ),
            },
            Exit::Signal(signal) => EffectOutcome::Unknown {
                reason: format!("command {command} was ended by signal {signal}"),
            },
        },
        Err(error) => outcome_of(&error),
    }
}

fn last_line(text: &str) -> String {
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().trim().chars().take(200).collect()
}

fn unbound(binding: &BindingId, role: Role) -> String {
    format!("binding '{binding}' has no provider as {role}")
}

fn not_bound(effect: &Effect) -> EffectOutcome {
    EffectOutcome::NotApplied {
        reason: unbound(&effect.to, effect.desired.role()),
    }
}
