//! The role: a comparison begins and ends, and everything that was found is told before its end is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Capability, Desired, TargetId};
use phasegate_provider::{
    Call, CommandRunner, DifferenceSink, Effector, HttpTransport, Provider, ProviderError, Receipt,
    Sent,
};
use phasegate_shadow::{Answer, LedgerError, Place, Resolution};

use crate::config::{ComparerConfig, TargetConfig};
use crate::request::CopiedRequest;
use crate::tally::Tallied;
use crate::target::{Target, Work};

/// What became of a copy that was offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Offered {
    /// The queue is full: services that are asked too much are not asked more. It is counted.
    Full,
    /// It is not among the share that is compared.
    NotChosen,
    /// Nothing is compared there now.
    NotRunning,
    /// It is no request that may be sent again: it writes, or leads elsewhere.
    Refused,
    /// It will be compared.
    Taken,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Outside {
    pub(crate) transport: Option<Arc<dyn HttpTransport>>,
    pub(crate) commands: Option<Arc<dyn CommandRunner>>,
}

pub(crate) type Sink = Arc<Mutex<Option<Arc<dyn DifferenceSink>>>>;

/// Compares old and new. Copies of it are the same comparer. Its futures must be polled inside a tokio runtime.
#[derive(Clone, Debug)]
pub struct Comparer {
    targets: Arc<BTreeMap<TargetId, Arc<Target>>>,
    pub(crate) outside: Outside,
    pub(crate) sink: Sink,
}

impl Comparer {
    /// A comparer of these. Nothing is asked yet.
    pub fn new(config: ComparerConfig) -> Self {
        let targets = config.targets.into_iter();
        let targets = targets.map(|(id, config)| {
            let target = Arc::new(Target::new(id.clone(), config));
            (id, target)
        });
        Self {
            targets: Arc::new(targets.collect()),
            outside: Outside::default(),
            sink: Sink::default(),
        }
    }

    /// The same, which asks services over this transport. Give it no policy that repeats: what is compared is one
    /// answer, with its time.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.outside.transport = Some(transport);
        self
    }

    /// The same, which lets this runner run the commands that print records.
    #[must_use]
    pub fn with_commands(mut self, commands: Arc<dyn CommandRunner>) -> Self {
        self.outside.commands = Some(commands);
        self
    }

    /// Who is told from now on what is found: the `Operator` of the rollout that compares.
    pub fn tell(&self, sink: Arc<dyn DifferenceSink>) {
        *self.sink.lock().unwrap_or_else(PoisonError::into_inner) = Some(sink);
    }

    pub(crate) fn sink(&self) -> Option<Arc<dyn DifferenceSink>> {
        sink_of(&self.sink)
    }

    /// Offers a copy of a request that the old service has been given. `old` is its answer if it is known; else the old
    /// service is asked too. Never waits.
    pub fn offer(&self, target: &TargetId, copy: CopiedRequest, old: Option<Answer>) -> Offered {
        let Some(target) = self.targets.get(target) else {
            return Offered::NotRunning;
        };
        let TargetConfig::Services(config) = &target.config else {
            return Offered::NotRunning;
        };
        if copy.method(config.writes).is_none() || !copy.is_below_base() {
            return Offered::Refused;
        }
        let mut live = target.live();
        let Some(live) = live.as_mut() else {
            return Offered::NotRunning;
        };
        let number = live.offered;
        live.offered += 1;
        if !live.share.picks(number) {
            return Offered::NotChosen;
        }
        let work = Work {
            copy,
            old,
            of_sample: false,
        };
        if live.queue.try_send(work).is_ok() {
            Offered::Taken
        } else {
            target.tally().not_taken();
            Offered::Full
        }
    }

    /// What has been compared of a target in this process.
    pub fn tallied(&self, target: &TargetId) -> Option<Tallied> {
        self.targets.get(target).map(|target| target.tally().all())
    }

    /// Somebody says what a difference is: an improvement, a bug, or breaking.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] when there is no such difference.
    pub fn resolve(
        &self,
        target: &TargetId,
        case: &str,
        place: &Place,
        resolution: Resolution,
    ) -> Result<(), LedgerError> {
        match self.targets.get(target) {
            Some(target) => target.tally().resolve(case, place, resolution),
            None => Err(LedgerError::Unknown {
                case: case.to_owned(),
                place: place.clone(),
            }),
        }
    }

    pub(crate) fn target(&self, id: &TargetId) -> Option<&Arc<Target>> {
        self.targets.get(id)
    }
}

pub(crate) fn sink_of(sink: &Sink) -> Option<Arc<dyn DifferenceSink>> {
    sink.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Provider for Comparer {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureShare])
    }
}

#[async_trait]
impl Effector for Comparer {
    async fn perform(&self, desired: &Desired, call: &Call) -> Result<Receipt, ProviderError> {
        let Desired::Comparison {
            target,
            share,
            sample,
            compare,
        } = desired
        else {
            let told = format!("{desired}: a comparer compares and does nothing else");
            return Err(ProviderError::invalid(told).with_sent(Sent::Nothing));
        };
        let Some(known) = self.targets.get(target) else {
            let told = format!("compare {target}: nothing has this name here");
            return Err(ProviderError::misuse(told));
        };
        if desired.is_end() {
            let mut run = known.run.lock().await;
            self.end(known, &mut run, call).await
        } else {
            self.begin(known, (*share, *sample, compare), call).await
        }
    }
}
