//! Steps that are more than one change: each becomes the general operations of the engine. What a step
//! begins and must not leave standing (a fault, copies, a comparison) it also ends.

use phasegate_core::{BindingId, Desired, EffectClass, Ratio, Span, StepId};
use phasegate_plan::{Value, model};

use super::actions::Stages;
use super::{CompileError, Compiler};
use crate::program::{MayFail, Op, OpKind};

/// Where a step stands.
pub(super) struct Site<'a> {
    pub(super) step: &'a StepId,
    pub(super) title: &'a str,
    pub(super) phase: &'a model::Phase,
    pub(super) evaluation: &'a model::Evaluation,
}

impl Site<'_> {
    fn op(&self, kind: OpKind) -> Op {
        Op {
            step: self.step.clone(),
            title: self.title.to_owned(),
            budget: None,
            kind,
        }
    }

    fn apply(&self, to: &BindingId, desired: Desired, class: EffectClass) -> Op {
        let title = format!("{}: {desired}", self.title);
        let kind = OpKind::Apply {
            to: to.clone(),
            desired,
            class,
            may_fail: None,
        };
        Op {
            title,
            ..self.op(kind)
        }
    }

    /// An absolute state that may be set twice with one key.
    fn set(&self, to: &BindingId, desired: Desired) -> Op {
        self.apply(to, desired, EffectClass::IdempotentByKey)
    }
}

impl Compiler<'_> {
    pub(super) fn strategy(
        &self,
        action: &model::Action,
        site: &Site<'_>,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        match action {
            model::Action::BlueGreen(switch) => self.blue_green(switch, site, criteria),
            model::Action::Cohort(cohort) => {
                let desired = Desired::Cohort {
                    flag: cohort.flag.clone(),
                    labels: cohort.labels.clone(),
                    attributes: cohort.attributes.clone(),
                    members: cohort.members.clone(),
                    opt_in: cohort.opt_in,
                    share: cohort.share,
                };
                self.then_hold(vec![site.set(&cohort.binding, desired)], site, criteria)
            }
            model::Action::Config(change) => {
                let set = change
                    .set
                    .iter()
                    .map(|(key, value)| (key.clone(), text(value)));
                let desired = Desired::Config {
                    target: change.target.clone(),
                    set: set.collect(),
                };
                self.then_hold(vec![site.set(&change.binding, desired)], site, criteria)
            }
            model::Action::Deprecation(end) => self.deprecation(end, site, criteria),
            model::Action::Experiment(run) => self.experiment(run, site, criteria),
            model::Action::Measure(measure) => Ok(vec![site.op(OpKind::Measure {
                figures: self.figures(&measure.kpis),
                over: measure.over,
                blind: self.blind(site.evaluation)?,
            })]),
            model::Action::Parallel(run) => {
                let desired = |on: bool| Desired::Comparison {
                    target: run.target.clone(),
                    share: if on { run.share } else { Ratio::ZERO },
                    sample: run.sample.filter(|_| on),
                    compare: run.compare.clone(),
                };
                let span = run
                    .length
                    .map_or(Span::ZERO, |length| self.at_least(length));
                self.compared(&run.binding, &run.target, &desired, span, site, criteria)
            }
            model::Action::Shadow(shadow) => self.shadow(shadow, site, criteria),
            model::Action::Waves(waves) => self.waves(waves, site, criteria),
            model::Action::Workflow(run) => {
                let filled = |(key, value): (&String, &String)| {
                    self.filled(value).map(|value| (key.clone(), value))
                };
                let desired = Desired::Workflow {
                    name: run.name.clone(),
                    inputs: run.inputs.iter().map(filled).collect::<Result<_, _>>()?,
                };
                let class = at_most_once_unless(run.idempotent);
                let mut op = site.apply(&run.binding, desired, class);
                op.budget = run.within;
                self.then_hold(vec![op], site, criteria)
            }
            _ => Err(CompileError::Unsupported {
                what: format!("step {}", site.step),
            }),
        }
    }

    pub(super) fn command(&self, run: &model::CommandRun) -> Result<OpKind, CompileError> {
        let known = self.catalog.command(&run.binding, &run.name);
        let known = known.ok_or_else(|| CompileError::missing("command", &run.name))?;
        // Whether it has been done can be read: that is better than doing it again.
        let class = match &run.check {
            Some(_) => EffectClass::AbsoluteWithReadBack,
            None => at_most_once_unless(run.idempotent || known.idempotent),
        };
        Ok(OpKind::Apply {
            to: run.binding.clone(),
            desired: Desired::Command {
                command: run.name.clone(),
                on: None,
                check: run.check.clone(),
            },
            class,
            may_fail: None,
        })
    }

    fn named(&self, binding: &BindingId, name: &str) -> Result<OpKind, CompileError> {
        self.command(&model::CommandRun::new(binding.clone(), name.to_owned()))
    }

    /// Criteria that must hold after a change.
    fn then_hold(
        &self,
        mut ops: Vec<Op>,
        site: &Site<'_>,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        if !criteria.is_empty() {
            ops.push(self.hold_for(Span::ZERO, site, criteria, site.step.as_str())?);
        }
        Ok(ops)
    }

    fn hold_for(
        &self,
        span: Span,
        site: &Site<'_>,
        criteria: &[model::Condition],
        name: &str,
    ) -> Result<Op, CompileError> {
        let checks = self.checks(criteria, site.evaluation, site.phase, name)?;
        let settle = site.evaluation.settle;
        Ok(site.op(self.bake(span, checks, site.phase, site.evaluation, settle)?))
    }

    /// Bring up, try, shift, watch, make it the one that counts.
    fn blue_green(
        &self,
        switch: &model::BlueGreen,
        site: &Site<'_>,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        let run = |name: &Option<String>| match (&switch.runner, name) {
            (Some(runner), Some(name)) => Ok(Some(site.op(self.named(runner, name)?))),
            (None, Some(name)) => Err(CompileError::missing("runner for command", name)),
            (_, None) => Ok(None),
        };
        let mut ops = Vec::new();
        ops.extend(run(&switch.deploy)?);
        ops.extend(run(&switch.health_check)?);
        ops.extend(run(&switch.smoke_test)?);
        let desired = |weight| Desired::Traffic {
            target: switch.target.clone(),
            canary: weight,
        };
        let all_at_once = [model::Stage::new(Ratio::ONE)];
        let stages = Stages {
            to: &switch.binding,
            settle: None,
            stages: if switch.stages.is_empty() {
                &all_at_once[..]
            } else {
                &switch.stages[..]
            },
        };
        ops.extend(self.ramp(
            &stages,
            &desired,
            site.step,
            site.title,
            site.phase,
            site.evaluation,
            criteria,
        )?);
        if let Some(watch) = switch.watch {
            let name = format!("{}-watch", site.step);
            let watched: Vec<_> = criteria
                .iter()
                .chain(&site.phase.criteria)
                .cloned()
                .collect();
            ops.push(self.hold_for(watch, site, &watched, &name)?);
        }
        ops.extend(run(&switch.promote)?);
        Ok(ops)
    }

    /// A stage is a state of what goes; those who use it are told first.
    fn deprecation(
        &self,
        end: &model::Deprecation,
        site: &Site<'_>,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        let mut ops = Vec::new();
        for channel in &end.channels {
            let mut notify = model::Notify::new(channel.clone());
            notify.message.clone_from(&end.message);
            let telling = self.telling(&notify)?;
            let desired = Desired::Message {
                channel: telling.via.channel,
                subject: telling.subject,
                body: telling.body,
            };
            ops.push(site.apply(&telling.via.to, desired, EffectClass::FireAndForget));
        }
        let mut set = std::collections::BTreeMap::new();
        set.insert("stage".to_owned(), end.stage.as_str().to_owned());
        let more = [
            ("guide", &end.guide),
            ("removed-in", &end.removed_in),
            ("replaced-by", &end.replaced_by),
        ];
        set.extend(
            more.into_iter()
                .filter_map(|(key, text)| Some((key.to_owned(), text.clone()?))),
        );
        let desired = Desired::Config {
            target: end.target.clone(),
            set,
        };
        ops.push(site.set(&end.binding, desired));
        self.then_hold(ops, site, criteria)
    }

    /// Break, watch, mend. It is mended whatever holds the rollout.
    fn experiment(
        &self,
        run: &model::ExperimentRun,
        site: &Site<'_>,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        let declared = self.plan.experiments.iter().find(|one| one.id == run.id);
        let declared = declared.ok_or_else(|| CompileError::missing("experiment", &run.id))?;
        let fault = |on| Desired::Fault {
            experiment: declared.id.to_string(),
            fault: declared.fault.clone(),
            on,
        };
        let all: Vec<_> = declared.criteria.iter().chain(criteria).cloned().collect();
        let mut watch = self.hold_for(
            declared.length.unwrap_or_default(),
            site,
            &all,
            site.step.as_str(),
        )?;
        let aborts: Vec<_> = declared
            .abort_when
            .iter()
            .map(|criterion| model::Condition::new(criterion.clone()))
            .collect();
        let name = format!("{}-abort", site.step);
        let stops = self.checks(&aborts, site.evaluation, site.phase, &name)?;
        if let OpKind::Bake { stop_when, .. } = &mut watch.kind {
            *stop_when = stops;
        }
        Ok(vec![
            site.set(&run.binding, fault(true)),
            watch,
            site.set(&run.binding, fault(false)),
        ])
    }

    fn shadow(
        &self,
        shadow: &model::Shadow,
        site: &Site<'_>,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        let mirror = |share| Desired::Mirror {
            target: shadow.target.clone(),
            share,
        };
        let span = shadow
            .length
            .map_or(Span::ZERO, |length| self.at_least(length));
        let mut ops = vec![site.set(&shadow.binding, mirror(shadow.share))];
        match &shadow.comparer {
            Some(comparer) => {
                let desired = |on: bool| Desired::Comparison {
                    target: shadow.target.clone(),
                    share: if on { shadow.share } else { Ratio::ZERO },
                    sample: None,
                    compare: shadow.compare.clone(),
                };
                let target = &shadow.target;
                ops.extend(self.compared(comparer, target, &desired, span, site, criteria)?);
            }
            None => ops.push(self.hold_for(span, site, criteria, site.step.as_str())?),
        }
        let end = site.set(&shadow.binding, mirror(Ratio::ZERO));
        // Copies end before anybody explains what they showed.
        let ledger = ops
            .iter()
            .position(|op| matches!(op.kind, OpKind::Ledger { .. }));
        ops.insert(ledger.unwrap_or(ops.len()), end);
        Ok(ops)
    }

    /// Compare, watch, stop comparing; go on when every difference is explained.
    #[expect(
        clippy::too_many_arguments,
        reason = "what a comparison consists of, from two callers"
    )]
    fn compared(
        &self,
        to: &BindingId,
        target: &phasegate_core::TargetId,
        desired: &dyn Fn(bool) -> Desired,
        span: Span,
        site: &Site<'_>,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        Ok(vec![
            site.set(to, desired(true)),
            self.hold_for(span, site, criteria, site.step.as_str())?,
            site.set(to, desired(false)),
            site.op(OpKind::Ledger {
                target: target.clone(),
                role: self.escalate_to()?,
            }),
        ])
    }

    /// Wave after wave; in each so many targets at the same time as the plan lets.
    fn waves(
        &self,
        waves: &model::Waves,
        site: &Site<'_>,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        let known = self.catalog.command(&waves.binding, &waves.command);
        let known = known.ok_or_else(|| CompileError::missing("command", &waves.command))?;
        let class = at_most_once_unless(known.idempotent);
        // Where nothing is said of the whole, the limits of the waves are the limit.
        let of_waves: u32 = waves.waves.iter().map(|wave| wave.failures_max).sum();
        let in_all = match waves.failures_max {
            0 => of_waves,
            limit => limit,
        };
        let mut ops = Vec::new();
        for (number, wave) in (1u32..).zip(&waves.waves) {
            for target in &wave.targets {
                let desired = Desired::Command {
                    command: waves.command.clone(),
                    on: Some(target.clone()),
                    check: None,
                };
                let mut op = site.apply(&waves.binding, desired, class);
                if let OpKind::Apply { may_fail, .. } = &mut op.kind {
                    *may_fail = Some(MayFail {
                        wave: number,
                        in_wave: wave.failures_max,
                        in_all,
                        at_once: waves.at_once.max(1),
                    });
                }
                ops.push(op);
            }
            let between: Vec<_> = waves.criteria.iter().chain(criteria).cloned().collect();
            if !(wave.bake.is_zero() && between.is_empty()) {
                let name = format!("{}-wave-{number}", site.step);
                ops.push(self.hold_for(wave.bake, site, &between, &name)?);
            }
        }
        Ok(ops)
    }

    /// The least that a length means as time by the clock. When the step begins is not known yet, so
    /// business days are counted from a Monday.
    fn at_least(&self, length: phasegate_plan::calendar::Length) -> Span {
        let calendar = self.plan.work_calendar();
        let start = phasegate_core::Timestamp::EPOCH + MONDAY;
        calendar.add(start, length).since(start)
    }
}

/// The first Monday of the epoch.
const MONDAY: Span = Span::from_secs(4 * 86_400);

fn at_most_once_unless(idempotent: bool) -> EffectClass {
    if idempotent {
        EffectClass::IdempotentByKey
    } else {
        EffectClass::AtMostOnce
    }
}

/// A value as a configuration holds it: plain text for plain values, JSON for the rest.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Text(value) => value.clone(),
        Value::List(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Map(pairs) => {
            let pair = |(key, value): &(String, Value)| format!("{key}={}", text(value));
            pairs.iter().map(pair).collect::<Vec<_>>().join(",")
        }
    }
}
