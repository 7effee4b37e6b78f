//! Before anything begins: do the sources know what they will be asked, and can what is to be moved be read?
//! Nothing is changed by asking.

use std::collections::BTreeMap;
use std::fmt;

use phasegate_core::{
    Absence, Arm, BindingId, Desired, Inspection, KpiId, Query, Span, TargetId, Timestamp,
};
use phasegate_engine::program::Program;
use phasegate_provider::{Call, ProviderError, Registry, Retry};
use tokio::task::JoinSet;

/// How long one question may take.
const ANSWER_WITHIN: Span = Span::from_secs(10);

/// Something that the plan names and that did not answer as it must.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// Who was asked.
    pub binding: BindingId,
    /// What.
    pub about: Asked,
    /// Why there is no answer.
    pub why: String,
    /// Somebody has to mend the plan, its bindings or the other side: it will not answer another time either.
    /// Otherwise it may just be out of reach now.
    pub is_final: bool,
}

/// What was asked.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Asked {
    /// A number.
    Number {
        /// For which KPI.
        kpi: KpiId,
        /// Of which side.
        arm: Arm,
        /// The query's text.
        text: String,
    },
    /// How something stands that the rollout moves.
    State {
        /// What.
        target: TargetId,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { binding, why, .. } = self;
        match &self.about {
            Asked::Number { kpi, arm, text } => {
                write!(
                    f,
                    "'{binding}' does not answer '{text}' ({kpi}, {arm}): {why}"
                )
            }
            Asked::State { target } => write!(f, "'{binding}' cannot read '{target}': {why}"),
        }
    }
}

/// Asks each source once what criteria will ask it, and reads everything that is to be moved and can be
/// read back. That there are no data yet is no refusal.
///
/// [`Runner::start`](crate::Runner::start) does not ask: a rollout may begin while a source is away. Tools
/// do that before they open a journal, and begin only where nothing [is final](Refusal::is_final).
///
/// Bindings are asked side by side, one question after the other; each may take ten seconds, and one that
/// may just be away is not asked further. Must be called in a tokio runtime with time enabled. Dropping
/// the future ends the asking.
///
/// ```
/// # async fn look(program: &phasegate_engine::program::Program, at: phasegate_core::Timestamp) {
/// let registry = phasegate_provider::Registry::new();
/// for refusal in phasegate_runner::preflight(program, &registry, at).await {
///     eprintln!("{refusal}"); // 'metrics' does not answer 'latncy' (latency, canary): ...
/// }
/// # }
/// ```
pub async fn preflight(program: &Program, registry: &Registry, at: Timestamp) -> Vec<Refusal> {
    let mut asked: BTreeMap<BindingId, (Vec<Inspection>, Vec<Query>)> = BTreeMap::new();
    for inspection in program.inspections() {
        let of = asked.entry(inspection.to.clone()).or_default();
        of.0.push(inspection);
    }
    for query in program.questions(at) {
        asked.entry(query.to.clone()).or_default().1.push(query);
    }
    let mut tasks = JoinSet::new();
    for (inspections, queries) in asked.into_values() {
        let registry = registry.clone();
        tasks.spawn(async move { ask(&registry, inspections, queries, at).await });
    }
    let mut refusals: Vec<Refusal> = Vec::new();
    while let Some(found) = tasks.join_next().await {
        // An adapter that panics says nothing about the plan.
        refusals.extend(found.unwrap_or_default());
    }
    refusals.sort_by(|a, b| (&a.binding, &a.about).cmp(&(&b.binding, &b.about)));
    refusals.dedup_by(|a, b| (&a.binding, &a.about) == (&b.binding, &b.about));
    refusals
}

/// What one binding refuses.
async fn ask(
    registry: &Registry,
    inspections: Vec<Inspection>,
    queries: Vec<Query>,
    at: Timestamp,
) -> Vec<Refusal> {
    let call = Call::new(at, ANSWER_WITHIN);
    let mut refusals = Vec::new();
    for inspection in inspections {
        refusals.extend(read(registry, inspection, &call).await);
    }
    for query in queries {
        let answer = within(registry.measure(&query, &call)).await;
        let refusal = match answer {
            Some(Ok(_) | Err(Absence::NoData)) => continue,
            Some(Err(absence)) => unanswered(query, &absence),
            None => unanswered(query, &late()),
        };
        let is_away = !refusal.is_final;
        refusals.push(refusal);
        if is_away {
            break;
        }
    }
    refusals
}

async fn within<T>(asking: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(ANSWER_WITHIN.to_duration(), asking)
        .await
        .ok()
}

fn late() -> Absence {
    Absence::Unavailable {
        detail: format!("no answer within {ANSWER_WITHIN}"),
    }
}

/// Why a state cannot be read, if it cannot. That nothing is bound is for [`unfit`](crate::unfit) to say.
async fn read(registry: &Registry, inspection: Inspection, call: &Call) -> Option<Refusal> {
    let to = inspection.to;
    let (target, read): (_, Option<Result<(), ProviderError>>) = match inspection.desired {
        Desired::Traffic { target, .. } => {
            let router = registry.traffic_router(&to)?;
            let read = within(router.read(&target, call)).await;
            (target, read.map(|read| read.map(drop)))
        }
        Desired::Flag { flag, .. } => {
            let store = registry.flag_store(&to)?;
            let read = within(store.read(&flag, call)).await;
            (flag, read.map(|read| read.map(drop)))
        }
        Desired::Scale { target, .. } => {
            let scaler = registry.scaler(&to)?;
            let read = within(scaler.read(&target, call)).await;
            (target, read.map(|read| read.map(drop)))
        }
        // Nothing else can be read back.
        Desired::Cohort { .. }
        | Desired::Command { .. }
        | Desired::Comparison { .. }
        | Desired::Config { .. }
        | Desired::Fault { .. }
        | Desired::Message { .. }
        | Desired::Mirror { .. }
        | Desired::Workflow { .. }
        | _ => return None,
    };
    let (why, is_final) = match read {
        Some(Ok(())) => return None,
        Some(Err(error)) => (error.to_string(), error.retry() == Retry::Never),
        None => (late().to_string(), false),
    };
    Some(Refusal {
        binding: to,
        about: Asked::State { target },
        why,
        is_final,
    })
}

fn unanswered(query: Query, absence: &Absence) -> Refusal {
    Refusal {
        binding: query.to,
        about: Asked::Number {
            kpi: query.kpi,
            arm: query.arm,
            text: query.text,
        },
        why: absence.to_string(),
        is_final: matches!(absence, Absence::Refused { .. } | Absence::Invalid { .. }),
    }
}
