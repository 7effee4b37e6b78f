//! Strategies as data: ways to bring something new to people, besides ramps.

use std::collections::BTreeMap;

use phasegate_core::{BindingId, ChannelId, CriterionId, Ratio, Span, TargetId};

use super::{Condition, MessageId, Stage};
use crate::calendar::Length;
use crate::form::{record, words};
use crate::value::Value;

record! {
    /// Runs a workflow on a host for workflows.
    pub struct WorkflowRun {
        /// The host.
        need binding: BindingId,
        /// Its name there.
        need name: String,
        /// What it is given.
        or inputs: BTreeMap<String, String> = BTreeMap::new(),
        /// May it be run twice without harm?
        or idempotent: bool = false,
        /// How long it may take.
        may within: Span,
    }
}

record! {
    /// Sets keys of a configuration.
    pub struct ConfigChange {
        /// Who holds it.
        need binding: BindingId,
        /// Which one: a file, a service.
        need target: TargetId,
        /// Where it lies, for people.
        may path: String,
        /// The keys and what they become.
        or set: BTreeMap<String, Value> = BTreeMap::new(),
    }
}

record! {
    /// Sends copies of real work to the new version and compares the answers, which nobody sees.
    pub struct Shadow {
        /// Who sends the copies.
        need binding: BindingId,
        /// Of what.
        need target: TargetId,
        /// Of how much of it.
        or share: Ratio = Ratio::ONE,
        /// Who compares.
        may comparer: BindingId,
        /// What must be the same.
        list compare: String,
        /// For how long.
        may length: Length,
    }
}

record! {
    /// Runs old and new side by side on the same work and compares what they do.
    pub struct ParallelRun {
        /// Who compares.
        need binding: BindingId,
        /// What runs twice.
        need target: TargetId,
        /// The share of new work that the new version handles.
        or share: Ratio = Ratio::ZERO,
        /// How much old work is done again.
        may sample: u64,
        /// What must be the same.
        list compare: String,
        /// For how long.
        may length: Length,
    }
}

record! {
    /// Brings up the new version beside the old, tries it, and switches over.
    pub struct BlueGreen {
        /// The router.
        need binding: BindingId,
        /// What is switched.
        need target: TargetId,
        /// The command that brings the new version up, on `runner`.
        may deploy: String,
        /// The command that tells whether it is healthy, on `runner`; run before it is tried.
        may health_check: String,
        /// The command that tries it, on `runner`.
        may smoke_test: String,
        /// The command that makes it the one that counts, on `runner`.
        may promote: String,
        /// Who runs these commands.
        may runner: BindingId,
        /// The shares it goes through.
        list stages: Stage,
        /// How long it is watched before the switch is complete.
        may watch: Span,
    }
}

record! {
    /// Turns something on for those whom an attribute, a label or a list tells.
    pub struct Cohort {
        /// The flag store.
        need binding: BindingId,
        /// The flag.
        need flag: TargetId,
        /// Those with this label.
        list labels: String,
        /// Those with these attributes.
        or attributes: BTreeMap<String, String> = BTreeMap::new(),
        /// These.
        list members: String,
        /// Those who asked for it.
        or opt_in: bool = false,
        /// About how many they are.
        may heads: u64,
        /// What share of all they are.
        may share: Ratio,
    }
}

words! {
    /// How far the end of something old has come.
    pub enum DeprecationStage {
        /// It works and says that it will go.
        Warn = "warn",
        /// It hands over to the new.
        Redirect = "redirect",
        /// It says what to use instead, and does nothing.
        Removed = "removed",
    }
}

record! {
    /// Takes something old out of use, one stage at a time.
    pub struct Deprecation {
        /// Who holds it.
        need binding: BindingId,
        /// What goes.
        need target: TargetId,
        /// To this stage.
        need stage: DeprecationStage,
        /// What is told to those who use it.
        may message: MessageId,
        /// Where else it is told.
        list channels: ChannelId,
        /// What to use instead, and what it hands over to: `process-pipeline --stage preparation`.
        may replaced_by: String,
        /// Where it stands how to move: a document, a link.
        may guide: String,
        /// In which version it is gone.
        may removed_in: String,
        /// How long before it is gone people must have been told.
        may notice: Length,
    }
}

record! {
    /// Carries out an experiment of the plan.
    pub struct ExperimentRun {
        /// Who breaks things.
        need binding: BindingId,
        /// Which experiment.
        need id: CriterionId,
    }
}

record! {
    /// Some targets that are done together.
    pub struct Wave {
        /// What it is called.
        may title: String,
        /// The targets: regions, clusters, services.
        list targets: TargetId,
        /// How long to wait after it while criteria hold.
        or bake: Span = Span::ZERO,
        /// How many of them may fail.
        or failures_max: u32 = 0,
    }
}

record! {
    /// Goes over targets wave by wave.
    pub struct Waves {
        /// Who changes them.
        need binding: BindingId,
        /// The command that changes one target.
        need command: String,
        /// The waves.
        list waves: Wave,
        /// How many targets of a wave are changed at the same time.
        or at_once: u32 = 1,
        /// How many may fail in all.
        or failures_max: u32 = 0,
        /// What must hold between waves.
        list criteria: Condition,
    }
}
