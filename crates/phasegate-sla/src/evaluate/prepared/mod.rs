//! Criteria prepared for being looked at often: names resolved, limits converted, questions numbered. A
//! look at a threshold then is one comparison, and its finding is written from texts that are at hand.

mod threshold;

use phasegate_core::{Answer, BindingId, Capability, Span, Timestamp};
use phasegate_criterion::{Condition, Criterion, KpiRegistry};

use super::read::Lookup;
use super::window::{ANSWER_AGE_MAX, Now};
use super::{Inputs, Join, Polarity, Testimony};
use crate::need::{Need, NeedFault, needs};
use crate::verdict::{Finding, Means, Verdict, Why};
use threshold::Threshold;

/// A criterion with what must be asked for it.
///
/// [`Prepared::verdict`] gives the verdict alone, [`Prepared::finding`] all that it rests on; they agree.
///
/// ```
/// use phasegate_core::{Measurement, Observed, Timestamp, Window, WindowKind};
/// use phasegate_criterion::{Kpi, KpiRegistry, Queries, Shape};
/// use phasegate_sla::{Prepared, Testimony, Verdict};
/// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?);
/// errors.queries = Queries::whole("errors / requests");
/// let mut kpis = KpiRegistry::new();
/// kpis.declare(errors)?;
/// let prepared = Prepared::new("ratio(errors) < 1%".parse()?, &kpis, &|_, _| true)?;
/// assert_eq!(prepared.needs().len(), 1);
/// let (at, observed) = (Timestamp::EPOCH, Observed::Share { matching: 1, total: 500 });
/// let window = Window { start: at, end: at, kind: WindowKind::SinceStart };
/// let answer = Ok(Measurement { window, samples: 500, observed });
/// assert_eq!(prepared.verdict(&kpis, &[Some(&answer)], &Testimony::default(), at), Verdict::Pass);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepared {
    criterion: Criterion,
    needs: Vec<Need>,
    node: Node,
    polarity: Polarity,
    samples_min: u64,
    alternatives: u32,
    /// For each need, whether a test with confidence rests on its answer.
    evidence: Vec<bool>,
    age_max: Span,
}

#[derive(Clone, Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    /// Whatever is no plain threshold goes the long way.
    General(Condition),
    Threshold(Threshold),
}

/// What one look comes to.
#[derive(Clone, Debug)]
struct Seen {
    verdict: Verdict,
    samples: Option<u64>,
    /// From one number that the source has made.
    scalar: bool,
}

impl Prepared {
    /// Resolves a criterion against KPIs and what their sources can do.
    ///
    /// # Errors
    /// [`NeedFault`] where no question could lead to a verdict.
    pub fn new(
        criterion: Criterion,
        registry: &KpiRegistry,
        can: &dyn Fn(&BindingId, Capability) -> bool,
    ) -> Result<Self, NeedFault> {
        let needs = needs(&criterion, registry, can)?;
        let node = node(&criterion.condition, registry, &needs);
        let evidence = evidence(&criterion, registry, &needs)?;
        Ok(Self {
            needs,
            node,
            evidence,
            ..Self::unasked(criterion)
        })
    }

    /// A criterion for which nothing can be asked: what a source would have to answer has no data.
    #[must_use]
    pub fn unasked(criterion: Criterion) -> Self {
        Self {
            node: Node::General(criterion.condition.clone()),
            criterion,
            needs: Vec::new(),
            polarity: Polarity::Requirement,
            samples_min: 0,
            alternatives: 1,
            evidence: Vec::new(),
            age_max: ANSWER_AGE_MAX,
        }
    }

    /// The same criterion as that of a trigger: findings say what it fires at, as those of
    /// [`crate::evaluate_trigger`] do.
    #[must_use]
    pub const fn of_trigger(mut self) -> Self {
        self.polarity = Polarity::Trigger;
        self
    }

    /// The same criterion as one of so many alternatives, of which each one may be true wrongly: the triggers of a
    /// rollout. With `confidence` each is decided at an n-th of the chance of error, so that the chance of any false
    /// alarm among them is what was asked for; the finding says at which level. What is compared literally does not
    /// change.
    ///
    /// ```
    /// use phasegate_core::{Measurement, Observed, Timestamp, Window, WindowKind};
    /// use phasegate_criterion::{Kpi, KpiRegistry, Queries, Shape};
    /// use phasegate_sla::{Prepared, Testimony, Verdict};
    /// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?);
    /// errors.queries = Queries::whole("errors / requests");
    /// let mut kpis = KpiRegistry::new();
    /// kpis.declare(errors)?;
    /// let alone = Prepared::new("ratio(errors) > 1% confidence 95%".parse()?, &kpis, &|_, _| true)?.of_trigger();
    /// let (at, observed) = (Timestamp::EPOCH, Observed::Share { matching: 7, total: 120 });
    /// let window = Window { start: at, end: at, kind: WindowKind::SinceStart };
    /// let answer = Ok(Measurement { window, samples: 120, observed });
    /// let look = |one: &Prepared| one.finding(&kpis, &[Some(&answer)], &Testimony::default(), at);
    /// assert_eq!(look(&alone).verdict, Verdict::Pass);
    /// let of_five = look(&alone.sharing(5));
    /// assert_ne!(of_five.verdict, Verdict::Pass);
    /// assert_eq!(of_five.confidence, Some("99%".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn sharing(mut self, alternatives: u32) -> Self {
        self.alternatives = if alternatives == 0 { 1 } else { alternatives };
        self
    }

    /// Does a test with `confidence` rest on the answer to this need, counted from 0? Then it is to be asked of all
    /// samples since the start: a window that slides is no evidence.
    #[must_use]
    pub fn is_evidence(&self, need: usize) -> bool {
        self.evidence.get(need).copied().unwrap_or(false)
    }

    /// With fewer samples than these nothing is decided. A number that the source has already made does
    /// not say how many stand behind it, so this minimum is not for it.
    #[must_use]
    pub const fn with_samples_min(mut self, need: u64) -> Self {
        self.samples_min = need;
        self
    }

    /// Of sources that are so late at most: the windows of their answers may have ended so much longer ago than
    /// [`ANSWER_AGE_MAX`].
    #[must_use]
    pub const fn with_lag(mut self, lag: Span) -> Self {
        self.age_max = ANSWER_AGE_MAX.saturating_add(lag);
        self
    }

    /// The criterion.
    #[must_use]
    pub const fn criterion(&self) -> &Criterion {
        &self.criterion
    }

    /// What must be asked, in the order in which answers are taken.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// The verdict at this moment; `answers` in the order of [`Prepared::needs`], `None` where none came yet.
    #[must_use]
    pub fn verdict(
        &self,
        registry: &KpiRegistry,
        answers: &[Option<&Answer>],
        testimony: &Testimony,
        at: Timestamp,
    ) -> Verdict {
        let general = |condition: &Condition| {
            let inputs = self.inputs(registry, answers, testimony, at);
            Seen::of(&inputs.condition(condition, self.alternatives))
        };
        let seen = self.node.look(&general, (answers, self.now(at)));
        self.too_few(&seen).unwrap_or(seen.verdict)
    }

    /// The finding at this moment, as [`crate::evaluate_with`] makes it.
    #[must_use]
    pub fn finding(
        &self,
        registry: &KpiRegistry,
        answers: &[Option<&Answer>],
        testimony: &Testimony,
        at: Timestamp,
    ) -> Finding {
        let inputs = self.inputs(registry, answers, testimony, at);
        let condition = &self.criterion.condition;
        let mut finding = self
            .node
            .found(condition, &inputs, answers, self.alternatives);
        if let Some(verdict) = self.too_few(&Seen::of(&finding)) {
            let have = finding.samples.unwrap_or_default();
            finding.sentence = format!(
                "{}: too few samples, {have} of {}",
                finding.rule, self.samples_min
            );
            finding.verdict = verdict;
        }
        finding
    }

    fn too_few(&self, seen: &Seen) -> Option<Verdict> {
        let have = seen.samples.filter(|_| !seen.scalar)?;
        let need = self.samples_min;
        let few = have < need && seen.verdict.condition().is_some();
        few.then_some(Verdict::Inconclusive(Why::TooFewSamples { have, need }))
    }

    const fn now(&self, at: Timestamp) -> Now {
        Now {
            at,
            age_max: self.age_max,
        }
    }

    const fn inputs<'i>(
        &'i self,
        registry: &'i KpiRegistry,
        answers: &'i [Option<&'i Answer>],
        testimony: &'i Testimony,
        at: Timestamp,
    ) -> Inputs<'i> {
        Inputs {
            registry,
            answers: Lookup::in_order(self.needs.as_slice(), answers, self.now(at)),
            testimony,
            at,
            polarity: self.polarity,
        }
    }
}

impl Seen {
    fn of(finding: &Finding) -> Self {
        Self {
            verdict: finding.verdict.clone(),
            samples: finding.samples,
            scalar: finding.means == Some(Means::Scalar),
        }
    }
}

/// Which needs tests with confidence may read.
fn evidence(
    criterion: &Criterion,
    registry: &KpiRegistry,
    needs: &[Need],
) -> Result<Vec<bool>, NeedFault> {
    let mut evidence = vec![false; needs.len()];
    let tests = criterion.condition.tests();
    for test in tests.filter(|test| test.level().is_some()) {
        for question in crate::need::questions(test, registry)? {
            for (need, is_evidence) in needs.iter().zip(&mut evidence) {
                *is_evidence |= question.candidates.contains(need);
            }
        }
    }
    Ok(evidence)
}

fn node(condition: &Condition, registry: &KpiRegistry, needs: &[Need]) -> Node {
    let members = |group: &phasegate_criterion::Group| {
        group
            .conditions()
            .iter()
            .map(|member| node(member, registry, needs))
            .collect()
    };
    match condition {
        // With confidence, alternatives share their chance of error: that is for the long way.
        Condition::Any(_) if condition.tests().any(|test| test.level().is_some()) => {
            Node::General(condition.clone())
        }
        Condition::All(group) => Node::All(members(group)),
        Condition::Any(group) => Node::Any(members(group)),
        Condition::Test(test) => threshold::of(test, registry, needs)
            .map_or_else(|| Node::General(condition.clone()), Node::Threshold),
        Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Delivered(_)
        | Condition::Event(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Not(_)
        | Condition::Score(_) => Node::General(condition.clone()),
    }
}

impl Node {
    /// The finding, as the long way makes it of the same condition.
    fn found(
        &self,
        condition: &Condition,
        inputs: &Inputs<'_>,
        answers: &[Option<&Answer>],
        alternatives: u32,
    ) -> Finding {
        let group = |nodes: &[Self], members: &[Condition], join: Join| {
            let both = nodes.iter().zip(members);
            let parts: Vec<Finding> = both
                .map(|(node, member)| node.found(member, inputs, answers, alternatives))
                .collect();
            inputs.joined(condition, join, parts)
        };
        match (self, condition) {
            (Self::All(nodes), Condition::All(all)) => group(nodes, all.conditions(), Join::All),
            (Self::Any(nodes), Condition::Any(any)) => group(nodes, any.conditions(), Join::Any),
            (Self::Threshold(threshold), _) => threshold
                .finding((answers, inputs.answers.now), inputs.polarity)
                .unwrap_or_else(|| inputs.condition(condition, alternatives)),
            (Self::All(_) | Self::Any(_) | Self::General(_), _) => {
                inputs.condition(condition, alternatives)
            }
        }
    }

    fn look(
        &self,
        general: &dyn Fn(&Condition) -> Seen,
        answers: (&[Option<&Answer>], Now),
    ) -> Seen {
        let group = |nodes: &[Self], join: Join| {
            let looks = nodes.iter().map(|node| node.look(general, answers));
            let seen: Vec<Seen> = looks.collect();
            Seen {
                verdict: join.verdict(seen.iter().map(|seen| &seen.verdict)),
                samples: seen.iter().filter_map(|seen| seen.samples).min(),
                scalar: false,
            }
        };
        match self {
            Self::All(nodes) => group(nodes, Join::All),
            Self::Any(nodes) => group(nodes, Join::Any),
            Self::General(condition) => general(condition),
            Self::Threshold(threshold) => threshold.look(answers),
        }
    }
}
