//! Steps: what a phase does, one thing after the other.

use std::borrow::Cow;

use phasegate_core::{BindingId, ChannelId, KpiId, Ratio, RoleId, Span, StepId, TargetId};

use super::{
    BlueGreen, Cohort, Condition, ConfigChange, Deprecation, Environment, ExperimentRun, Item,
    MessageId, ParallelRun, Shadow, Slot, Waves, WorkflowRun,
};
use crate::form::{actions, record, words};

record! {
    /// One rung of a ramp. The bare share may stand for it.
    pub struct Stage short weight: Ratio {
        /// The share of traffic or actors that gets the new version.
        need weight: Ratio,
        /// How long it stays there while criteria hold.
        or bake: Span = Span::ZERO,
        /// What must hold here, besides what the phase says.
        list criteria: Condition,
        /// With fewer samples than this, this rung is not left.
        may min_samples: u64,
    }
}

words! {
    /// How the rungs of a ramp lie.
    pub enum CurveShape {
        /// At equal distances.
        Linear = "linear",
        /// Each at the same multiple of the one before.
        Exponential = "exponential",
    }
}

record! {
    /// A ramp by rule instead of by list.
    pub struct Curve {
        /// How its rungs lie.
        need shape: CurveShape,
        /// The first rung.
        need from: Ratio,
        /// The last rung.
        or to: Ratio = Ratio::ONE,
        /// How many rungs there are, 2 to 100.
        need rungs: u32,
        /// How long it stays on each.
        or bake: Span = Span::ZERO,
    }
}

impl Curve {
    /// How many rungs it has, whatever is written.
    fn count(&self) -> u32 {
        self.rungs.clamp(2, 100)
    }

    /// Its rungs, rounded down to a millionth; the first and the last are exact.
    pub fn stages(&self) -> Vec<Stage> {
        let rungs = self.count();
        let (from, to) = (f64::from(self.from.ppm()), f64::from(self.to.ppm()));
        let rung = |index: u32| {
            let part = f64::from(index) / f64::from(rungs - 1);
            let ppm = match self.shape {
                CurveShape::Linear => from + (to - from) * part,
                CurveShape::Exponential => from.max(1.0) * (to / from.max(1.0)).powf(part),
            };
            let whole = u32::try_from(whole(ppm)).unwrap_or(u32::MAX);
            Ratio::from_ppm(whole).unwrap_or(Ratio::ONE)
        };
        (0..rungs)
            .map(|index| {
                let weight = match index {
                    0 => self.from,
                    last if last == rungs - 1 => self.to,
                    _ => rung(index),
                };
                Stage::new(weight).bake(self.bake)
            })
            .collect()
    }
}

/// The whole part of a number below 2^52 that is not negative, from its bits: a cast would hide what it drops.
fn whole(number: f64) -> u64 {
    const MANTISSA_BITS: u32 = 52;
    /// The exponent of one, as floats write it, and the bits behind it.
    const SHIFT: u64 = 1023 + 52;
    let bits = number.to_bits();
    let exponent = bits >> MANTISSA_BITS;
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1) | (1 << MANTISSA_BITS);
    let dropped = u32::try_from(SHIFT.saturating_sub(exponent)).ok();
    dropped
        .and_then(|bits| mantissa.checked_shr(bits))
        .unwrap_or(0)
}

record! {
    /// Shifts traffic to the new version, rung by rung.
    pub struct TrafficRamp {
        /// The router.
        need binding: BindingId,
        /// What is moved there: the route.
        need target: TargetId,
        /// The rungs.
        list stages: Stage,
        /// The rungs by a rule, where `stages` says nothing.
        may curve: Curve,
        /// How long after each change nothing is measured, instead of what `evaluation` says.
        may settle: Span,
        /// How often criteria are evaluated, instead of what `evaluation` says.
        may evaluate_every: Span,
    }
}

record! {
    /// Turns a flag on for a growing share of actors.
    pub struct FlagRamp {
        /// The flag store.
        need binding: BindingId,
        /// The flag.
        need flag: TargetId,
        /// The rungs.
        list stages: Stage,
        /// The rungs by a rule, where `stages` says nothing.
        may curve: Curve,
        /// How long after each change nothing is measured, instead of what `evaluation` says.
        may settle: Span,
        /// How often criteria are evaluated, instead of what `evaluation` says.
        may evaluate_every: Span,
    }
}

record! {
    /// Waits while criteria hold. The bare length of time may stand for it.
    pub struct Wait short duration: Span {
        /// How long.
        need duration: Span,
    }
}

record! {
    /// Something that a person does, and says when it is done.
    pub struct Task {
        /// Who does it.
        need role: RoleId,
        /// What is to be done.
        need instructions: String,
        /// How long it may take before it is called out.
        may within: Span,
    }
}

record! {
    /// Runs a command that the bindings document names.
    pub struct CommandRun {
        /// The command runner.
        need binding: BindingId,
        /// The command's name there; its argument list stands there too.
        need name: String,
        /// May it be run twice without harm? Only then is it repeated after a crash.
        or idempotent: bool = false,
        /// The command, by its name there, that tells whether this one has been done: it ends well if
        /// so. With it an interruption needs no person.
        may check: String,
        /// How long it may take, instead of what the bindings document says.
        may within: Span,
    }
}

record! {
    /// Measures how things stand now. From then on `vs baseline` means what was measured here.
    pub struct Measure {
        /// Which numbers.
        list kpis: KpiId,
        /// Over how much time, beginning now.
        need over: Span,
    }
}

record! {
    /// Sends a message.
    pub struct Notify {
        /// Where to.
        need channel: ChannelId,
        /// Which template. Without one the engine says what has happened.
        may message: MessageId,
    }
}

actions! {
    /// What a step does.
    pub enum Action {
        /// Shifts traffic.
        Traffic(TrafficRamp) = "traffic",
        /// Sets a flag.
        Flag(FlagRamp) = "flag",
        /// Waits.
        Wait(Wait) = "wait",
        /// Asks a person.
        Task(Task) = "task",
        /// Runs a command.
        Command(CommandRun) = "command",
        /// Tells somebody.
        Notify(Notify) = "notify",
        /// Runs a workflow.
        Workflow(WorkflowRun) = "workflow",
        /// Sets keys of a configuration.
        Config(ConfigChange) = "config",
        /// Sends copies of real work and compares.
        Shadow(Shadow) = "shadow",
        /// Runs old and new side by side.
        Parallel(ParallelRun) = "parallel-run",
        /// Switches between two environments.
        BlueGreen(BlueGreen) = "blue-green",
        /// Turns something on for chosen people.
        Cohort(Cohort) = "cohort",
        /// Takes something old out of use.
        Deprecation(Deprecation) = "deprecation",
        /// Breaks something on purpose.
        Experiment(ExperimentRun) = "experiment",
        /// Goes over targets wave by wave.
        Waves(Waves) = "waves",
        /// Measures how things stand now.
        Measure(Measure) = "measure",
    }
}

record! {
    /// One thing that a phase does.
    pub struct Step {
        /// Its name, once in its phase.
        need id: StepId,
        /// What it is, for people.
        may title: String,
        /// When it is done, where it does not simply follow the one before.
        may slot: Slot,
        /// Where it happens, where the phase does not say.
        may environment: Environment,
        /// It cannot be undone: no rollback may have to.
        or irreversible: bool = false,
        /// What must hold while it runs, besides what the phase says.
        list criteria: Condition,
        /// What people look at while it runs.
        list checks: Item,
        /// What is done.
        flat action: Action,
    }
}

impl TrafficRamp {
    /// The rungs, from the list or from the curve.
    pub fn rungs(&self) -> Vec<Stage> {
        self.laid().rungs().into_owned()
    }

    pub(crate) fn laid(&self) -> Laid<'_> {
        Laid::new(&self.stages, self.curve.as_ref())
    }
}

impl FlagRamp {
    /// The rungs, from the list or from the curve.
    pub fn rungs(&self) -> Vec<Stage> {
        self.laid().rungs().into_owned()
    }

    pub(crate) fn laid(&self) -> Laid<'_> {
        Laid::new(&self.stages, self.curve.as_ref())
    }
}

/// How the rungs of a ramp are given: what is asked of all of them needs no list of a curve's.
#[derive(Clone, Copy)]
pub(crate) enum Laid<'a> {
    By(&'a Curve),
    Out(&'a [Stage]),
}

impl<'a> Laid<'a> {
    fn new(stages: &'a [Stage], curve: Option<&'a Curve>) -> Self {
        match curve {
            Some(curve) if stages.is_empty() => Self::By(curve),
            Some(_) | None => Self::Out(stages),
        }
    }

    pub(crate) fn rungs(self) -> Cow<'a, [Stage]> {
        match self {
            Self::By(curve) => curve.stages().into(),
            Self::Out(stages) => stages.into(),
        }
    }

    /// The weight at which it begins.
    pub(crate) fn begin(self) -> Option<Ratio> {
        match self {
            Self::By(curve) => Some(curve.from),
            Self::Out(stages) => stages.first().map(|stage| stage.weight),
        }
    }

    /// The weight at which it ends.
    pub(crate) fn end(self) -> Option<Ratio> {
        match self {
            Self::By(curve) => Some(curve.to),
            Self::Out(stages) => stages.last().map(|stage| stage.weight),
        }
    }

    /// How long it stays on each rung.
    pub(crate) fn bakes(self) -> Vec<Span> {
        match self {
            Self::By(curve) => (0..curve.count()).map(|_| curve.bake).collect(),
            Self::Out(stages) => stages.iter().map(|stage| stage.bake).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn the_whole_part_of_a_number_is_what_its_text_begins_with() {
        let some = [
            0.0,
            0.25,
            0.999_999,
            1.0,
            1.5,
            2.0,
            3.999_999_9,
            99.0,
            316_227.766,
            999_999.999,
            1e6,
            4.2e9,
        ];
        for number in some {
            let text = format!("{:.0}", f64::floor(number));
            assert_eq!(whole(number).to_string(), text, "{number}");
        }
    }
}
