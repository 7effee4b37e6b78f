//! What must be asked to evaluate a criterion: one need per number, in the best form the source offers.

mod pick;

use phasegate_core::{Arm, BindingId, Capability, KpiId, Span, Wants};
use phasegate_criterion::{Criterion, Fault, KpiRegistry};
use serde::{Deserialize, Serialize};

pub(crate) use pick::{
    Asking, Compared, aggregate, compared, four_times, inline_need, inner, is_of_many, primary_arm,
    questions, span_of,
};

/// The id under which the answers to inline queries are kept. No KPI can be named so in a criterion.
pub const INLINE_QUERY: &str = "query";

/// Something to ask. Equal needs of several criteria are one question.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Need {
    /// Which KPI it is for.
    pub kpi: KpiId,
    /// Whom to ask.
    pub to: BindingId,
    /// Which side.
    pub arm: Arm,
    /// The source's own query text.
    pub text: String,
    /// The unit in which numbers are wanted.
    pub unit: String,
    /// The form.
    pub wants: Wants,
    /// Over how long; `None` leaves it to the engine.
    pub over: Option<Span>,
}

/// Why a criterion cannot be measured.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NeedFault {
    /// The criterion has a fault.
    #[error("{0}")]
    Criterion(Fault),
    /// The source has no form of answer from which this can be made.
    #[error(
        "'{to}' cannot answer so that {measure} can be made of it: it would have to offer {forms}"
    )]
    Form {
        /// The source.
        to: BindingId,
        /// What is to be made.
        measure: String,
        /// What would help.
        forms: String,
    },
    /// The KPI declares nothing from which this could be made.
    #[error("nothing is declared from which {measure} could be made")]
    NoForm {
        /// What is to be made.
        measure: String,
    },
    /// The KPI has no question for this side.
    #[error("'{kpi}' has no query for the {arm} arm")]
    NoQuery {
        /// The KPI.
        kpi: KpiId,
        /// The side.
        arm: Arm,
    },
    /// One question for both sides, and the source cannot tell them apart.
    #[error("'{to}' cannot answer for canary and stable apart, and '{kpi}' has one query for both")]
    NotPerArm {
        /// The KPI.
        kpi: KpiId,
        /// The source.
        to: BindingId,
    },
}

/// Everything that must be asked to evaluate a criterion, each once, in order. Conditions that people,
/// events or time decide need nothing.
///
/// `can` says what a source can do, as its adapter claims. A threshold looks at the canary where the KPI
/// has a query for it, so that the stable arm's traffic does not dilute it; else at the whole.
///
/// # Errors
/// [`NeedFault`] where no question could lead to a verdict.
///
/// ```
/// use phasegate_core::{Capability, Wants};
/// use phasegate_criterion::{Criterion, Kpi, KpiRegistry, Queries, Shape};
/// let mut latency = Kpi::new("latency".parse()?, "ms".parse()?, Shape::Distribution, "prom".parse()?);
/// latency.queries = Queries::whole("latency_bucket");
/// let mut kpis = KpiRegistry::new();
/// kpis.declare(latency)?;
/// let criterion: Criterion = "p95(latency) < 0.05s".parse()?;
/// let needs = phasegate_sla::needs(&criterion, &kpis, &|_, what| what == Capability::MeasureBelow)?;
/// // Two integers decide it: how many lie below 50 ms, and how many there are.
/// assert_eq!(needs[0].wants, Wants::Below { threshold: "50".parse()?, inclusive: false });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn needs(
    criterion: &Criterion,
    registry: &KpiRegistry,
    can: &dyn Fn(&BindingId, Capability) -> bool,
) -> Result<Vec<Need>, NeedFault> {
    let mut needs: Vec<Need> = Vec::new();
    for test in criterion.condition.tests() {
        for question in questions(test, registry)? {
            needs.push(pick::choose(test, question, can)?);
        }
    }
    for need in needs.iter().filter(|need| need.arm == Arm::Stable) {
        let twin = Need {
            arm: Arm::Canary,
            ..need.clone()
        };
        if needs.contains(&twin) && !can(&need.to, Capability::MeasurePerArm) {
            return Err(NeedFault::NotPerArm {
                kpi: twin.kpi,
                to: twin.to,
            });
        }
    }
    needs.sort();
    needs.dedup();
    Ok(needs)
}
