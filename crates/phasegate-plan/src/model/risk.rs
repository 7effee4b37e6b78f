//! Risks, contingencies, alerts, experiments and recovery.

use phasegate_core::{BindingId, ChannelId, CriterionId, Span, TargetId, TriggerId};
use phasegate_criterion::{Criterion, Policy};

use super::{Condition, Item, Level, Response, RiskId, TeamId};
use crate::calendar::{Length, Recurrence, Weekday};
use crate::form::{record, words};

record! {
    /// Something that may go wrong, and what is done about it beforehand and then.
    pub struct Risk {
        /// Its name.
        need id: RiskId,
        /// What may go wrong.
        need title: String,
        /// How likely it is.
        may probability: Level,
        /// How bad it would be.
        may impact: Level,
        /// How grave the document calls it as a whole: `High-Risk Items`.
        may level: Level,
        /// What makes it less likely or less bad.
        list mitigation: Item,
        /// How it is noticed.
        list detection: Item,
        /// What is done then.
        list response: Item,
        /// Within this time.
        may respond_within: Span,
        /// How things become good again.
        list recovery: Item,
        /// Within this time.
        may recover_within: Span,
    }
}

record! {
    /// What is done if something happens that is not a reason to go back.
    pub struct Contingency {
        /// Its name.
        need id: CriterionId,
        /// What has happened.
        need title: String,
        /// Where a number tells: then the measures are told to whom ways back escalate, and the rollout goes on.
        may when: Criterion,
        /// What is done, in order.
        list measures: Item,
    }
}

record! {
    /// A number with two levels and what is done at them.
    pub struct Alert {
        /// Its name.
        need id: TriggerId,
        /// What it is about, for people.
        may title: String,
        /// The levels: `p50(latency) warn > 15s crit > 30s`.
        need criterion: Criterion,
        /// What a person does.
        may action: String,
        /// What the engine does at the critical level, as a trigger does that is watched in all phases; of a
        /// criterion without levels, when it holds.
        list respond: Response,
    }
}

record! {
    /// Something that is broken on purpose, to see what happens.
    pub struct Experiment {
        /// Its name.
        need id: CriterionId,
        /// What is broken.
        need fault: String,
        /// By which binding.
        may binding: BindingId,
        /// On which day of the week.
        may day: Weekday,
        /// For how long.
        may length: Span,
        /// When it is stopped at once.
        list abort_when: Criterion,
        /// What must hold meanwhile.
        list criteria: Condition,
    }
}

record! {
    /// How many there are of something, by how much they have to do. Looked at from the first phase's beginning to the
    /// rollout's end, whatever holds it and on its way back too: it grows by the most that one policy wants, and shrinks,
    /// by the least, only where every policy that says when would have it shrink; what is not known shrinks nothing.
    /// Without `binding`, or where it is not `automatic`, people are told what would be changed.
    pub struct Scaling {
        /// Of what.
        need title: String,
        /// The policies: `usage(cpu) target 70% up > 80% by 2 down < 50% by 1`; of `connections limits 5..100 target 70%`
        /// people are told.
        list policies: Policy,
        /// Does it happen by itself?
        or automatic: bool = true,
        /// The scaler that changes it, or says how many there are; with `target`, `min` and `max`.
        may binding: BindingId,
        /// What of it, as the scaler names it.
        may target: TargetId,
        /// Never fewer than this.
        may min: u32,
        /// Never more than this.
        may max: u32,
        /// How long after a change nothing else is changed, and after people were told they are told nothing more.
        or cooldown: Span = Span::from_secs(300),
        /// Where people are told of it; without one, where trouble is told.
        list channels: ChannelId,
    }
}

words! {
    /// How much a backup holds.
    pub enum BackupKind {
        /// Everything, kept for long.
        Archive = "archive",
        /// Everything.
        Full = "full",
        /// What has changed since the last.
        Incremental = "incremental",
        /// A stream of changes, without a gap.
        Continuous = "continuous",
    }
}

record! {
    /// A copy that is made again and again.
    pub struct Backup {
        /// How much it holds.
        need kind: BackupKind,
        /// When it is made.
        may schedule: Recurrence,
        /// The command that makes it, on `runner`.
        may command: String,
        /// Who runs the command.
        may runner: BindingId,
    }
}

record! {
    /// How fast things must work again after a disaster, and how much may be lost.
    pub struct Recovery {
        /// Recovery time objective: how long it may take.
        may time: Span,
        /// Recovery point objective: how far back what is lost may reach.
        may point: Span,
        /// The copies.
        list backups: Backup,
        /// What else makes it possible.
        list measures: Item,
    }
}

record! {
    /// Work that comes again and again.
    pub struct Maintenance {
        /// What is done.
        need title: String,
        /// When.
        need recurrence: Recurrence,
        /// How long it takes.
        may length: Length,
        /// What users notice.
        may impact: Level,
        /// Who does it.
        list teams: TeamId,
        /// What it consists of.
        list activities: Item,
        /// How long before it people are told.
        may notice: Length,
        /// Where they are told: that it comes, begins and is over.
        list channels: ChannelId,
    }
}

words! {
    /// What makes tests run.
    pub enum TestMoment {
        /// Every commit.
        Commit = "commit",
        /// Every proposal to change the code.
        PullRequest = "pull-request",
        /// Every deployment.
        Deploy = "deploy",
    }
}

record! {
    /// One row of the test matrix.
    pub struct TestRun {
        /// Which tests.
        need title: String,
        /// What makes them run.
        list on: TestMoment,
        /// When they run besides.
        may schedule: Recurrence,
        /// What they must show.
        list criteria: Condition,
        /// What they cover.
        may covers: String,
    }
}
