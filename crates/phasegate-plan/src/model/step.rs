//! Steps: what a phase does, one thing after the other.

use phasegate_core::{BindingId, ChannelId, Ratio, RoleId, Span, StepId, TargetId};

use super::{Condition, MessageId};
use crate::form::{actions, record};

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

record! {
    /// Shifts traffic to the new version, rung by rung.
    pub struct TrafficRamp {
        /// The router.
        need binding: BindingId,
        /// What is moved there: the route.
        need target: TargetId,
        /// The rungs.
        list stages: Stage,
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
        /// How long it may take, instead of what the bindings document says.
        may within: Span,
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
    }
}

record! {
    /// One thing that a phase does.
    pub struct Step {
        /// Its name, once in its phase.
        need id: StepId,
        /// What it is, for people.
        may title: String,
        /// What must hold while it runs, besides what the phase says.
        list criteria: Condition,
        /// What is done.
        flat action: Action,
    }
}
