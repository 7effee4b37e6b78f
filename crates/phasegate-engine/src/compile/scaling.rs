//! Policies of scaling, as criteria: one for each way to grow, and one of all for shrinking.

use phasegate_core::{Dimension, Quantity, TriggerId};
use phasegate_criterion::{Criterion, Policy, ScalingStep, Subject, Value};
use phasegate_plan::model;

use super::contingencies::only_told;
use super::{CompileError, Compiler};
use crate::program::{Channel, ScaleStep, Scaling, Telling, Trigger};

/// What a policy wants, and when.
pub(super) struct Advice {
    pub(super) criterion: Criterion,
    /// What is to be done, for people.
    what: String,
}

impl Compiler<'_> {
    /// What is read, and perhaps changed, through a scaler.
    pub(super) fn scaling(&self) -> Result<Vec<Scaling>, CompileError> {
        let bound = self.plan.scaling.iter().filter_map(|one| {
            let through = (one.binding.clone()?, one.target.clone()?);
            Some((one, through, (one.min?, one.max?)))
        });
        bound
            .map(|(one, (to, target), (min, max))| {
                Ok(Scaling {
                    title: one.title.clone(),
                    to,
                    target,
                    min,
                    max,
                    cooldown: one.cooldown,
                    acts: one.automatic,
                    grow: grow(one)?,
                    shrink: shrink(one)?,
                    tell: self.told_of_scaling(one)?,
                })
            })
            .collect()
    }

    /// Where people are told of it.
    fn told_of_scaling(&self, one: &model::Scaling) -> Result<Vec<Channel>, CompileError> {
        if one.channels.is_empty() {
            return Ok(self.emergency_channel()?.into_iter().collect());
        }
        one.channels.iter().map(|id| self.channel(id)).collect()
    }

    /// A trigger, watched in all phases, that tells people once what a policy would have changed.
    pub(super) fn advice(
        &self,
        id: TriggerId,
        one: &model::Scaling,
        advice: &Advice,
    ) -> Result<Trigger, CompileError> {
        let tell = self.told_of_scaling(one)?.into_iter().map(|via| Telling {
            via,
            subject: format!("{{{{plan}}}}: {}", one.title),
            body: format!("{{{{reason}}}}\n{}", advice.what),
        });
        Ok(only_told(id, &advice.criterion, tell.collect()))
    }
}

/// What people are told of policies that no scaler carries out, and of limits.
pub(super) fn advised(one: &model::Scaling) -> Result<Vec<Advice>, CompileError> {
    let mut all = Vec::new();
    if one.binding.is_none() {
        let title = &one.title;
        for ScaleStep { criterion, by } in grow(one)? {
            let what = format!("Let '{title}' grow by {by}.");
            all.push(Advice { criterion, what });
        }
        if let Some(ScaleStep { criterion, by }) = shrink(one)? {
            let what = format!("'{title}' can shrink by {by}.");
            all.push(Advice { criterion, what });
        }
    }
    for policy in &one.policies {
        let Policy::Limits {
            subject,
            range,
            target,
        } = policy
        else {
            continue;
        };
        let outside = [("<", &range.low), (">", &range.high)];
        for (sign, limit) in outside {
            let criterion = criterion(&format!("{subject} {sign} {limit}"))?;
            let what = format!("'{subject}' is to stay within {range}.");
            all.push(Advice { criterion, what });
        }
        if let Some(target) = target
            && let Some(limit) = share_of(target, &range.high)
        {
            let criterion = criterion(&format!("{subject} > {limit}"))?;
            let what = format!("'{subject}' is to stay below {target} of {}.", range.high);
            all.push(Advice { criterion, what });
        }
    }
    Ok(all)
}

/// The criteria of all policies of a plan.
pub(super) fn criteria(plan: &phasegate_plan::Plan) -> Result<Vec<Criterion>, CompileError> {
    let mut all = Vec::new();
    for one in &plan.scaling {
        all.extend(advised(one)?.into_iter().map(|advice| advice.criterion));
        let steps = grow(one)?.into_iter().chain(shrink(one)?);
        all.extend(steps.map(|step| step.criterion));
    }
    Ok(all)
}

/// The subject and both directions of each policy that has any.
fn steps(
    one: &model::Scaling,
) -> impl Iterator<Item = (&Subject, Option<&ScalingStep>, Option<&ScalingStep>)> {
    one.policies.iter().filter_map(|policy| match policy {
        Policy::Scaling {
            subject, up, down, ..
        } => Some((subject, up.as_ref(), down.as_ref())),
        Policy::Ladder { .. } | Policy::Limits { .. } => None,
    })
}

fn grow(one: &model::Scaling) -> Result<Vec<ScaleStep>, CompileError> {
    let up = steps(one).filter_map(|(subject, up, _)| Some((subject, up?)));
    up.map(|(subject, step)| {
        Ok(ScaleStep {
            criterion: criterion(&when(subject, step))?,
            by: step.by,
        })
    })
    .collect()
}

fn shrink(one: &model::Scaling) -> Result<Option<ScaleStep>, CompileError> {
    let down = steps(one).filter_map(|(subject, _, down)| Some((subject, down?)));
    let (mut all, mut by) = (Vec::new(), u32::MAX);
    for (subject, step) in down {
        all.push(when(subject, step));
        by = by.min(step.by);
    }
    if all.is_empty() {
        return Ok(None);
    }
    let criterion = criterion(&all.join(" and "))?;
    Ok(Some(ScaleStep { criterion, by }))
}

fn when(subject: &Subject, step: &ScalingStep) -> String {
    format!("{subject} {} {}", step.op.text(), step.value)
}

/// A share of a quantity, in its unit; nothing where the first is no share or it cannot be held.
fn share_of(share: &Value, whole: &Value) -> Option<Quantity> {
    let (share, whole) = (share.quantity(), whole.quantity());
    let part = share
        .base()
        .filter(|_| share.dimension() == Dimension::SHARE)?;
    let number = part.to_decimal()?.checked_mul(whole.number())?;
    Some(Quantity::new(number.normalized(), whole.unit().clone()))
}

fn criterion(text: &str) -> Result<Criterion, CompileError> {
    text.parse().map_err(|error| CompileError::Unsupported {
        what: format!("the policy '{text}': {error}"),
    })
}
