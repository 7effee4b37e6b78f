//! The list of fault codes. A code never changes its meaning and is never used again for another.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// How grave a fault is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a fault is one or the other")]
pub enum Severity {
    /// The plan can be carried out, and this is probably not what was meant.
    Warning,
    /// The plan cannot be carried out.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident $id:literal $slug:literal $severity:ident;)*) => {
        /// What kind of fault. The text form is its number and name, as `PG201 unknown-id`.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Code {
            /// Every code there is, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number: `PG201`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// The name: `unknown-id`.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// How grave it is unless a lint level says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it means, in one or two sentences.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc,)+).trim_ascii(),)* }
            }
        }
    };
}

// PG0 reading, PG1 shape, PG2 names and references, PG3 meaning, PG4 time, PG5 bindings.
codes! {
    /// The document is not well-formed YAML, JSON or TOML.
    Syntax "PG001" "syntax" Error;
    /// The document is larger than 8 MiB.
    TooLarge "PG002" "too-large" Error;
    /// Lists and maps are nested more than 64 deep.
    TooDeep "PG003" "too-deep" Error;
    /// The document has more than 1 000 aliases.
    TooManyAliases "PG004" "too-many-aliases" Error;
    /// Aliases expand to more than 100 000 values.
    ExpansionTooLarge "PG005" "expansion-too-large" Error;
    /// A text is longer than 64 KiB.
    TextTooLong "PG006" "text-too-long" Error;
    /// A key stands twice in one map.
    DuplicateKey "PG007" "duplicate-key" Error;
    /// An alias stands for an anchor that has not been set before it.
    UnknownAlias "PG008" "unknown-alias" Error;
    /// A key of a map is a list or a map.
    KeyNotText "PG009" "key-not-text" Error;
    /// A YAML tag other than the core ones: tags choose no types here.
    TagNotAllowed "PG010" "tag-not-allowed" Error;
    /// The file holds more than one document.
    SeveralDocuments "PG011" "several-documents" Error;
    /// There is nothing in the document.
    EmptyDocument "PG012" "empty-document" Error;
    /// The bytes are not UTF-8.
    NotUtf8 "PG013" "not-utf8" Error;
    /// The document holds more values than any plan needs.
    TooManyValues "PG014" "too-many-values" Error;
    /// The text holds the traces of a broken encoding, as when UTF-8 is read as Latin-1.
    BrokenEncoding "PG015" "broken-encoding" Warning;

    /// The `format` line names no format that this version reads.
    UnknownFormat "PG101" "unknown-format" Error;
    /// A key that the model does not have in this place.
    UnknownKey "PG102" "unknown-key" Error;
    /// A key that must be there is missing.
    MissingKey "PG103" "missing-key" Error;
    /// A list where a map is wanted, a map where text is wanted, and so on.
    WrongShape "PG104" "wrong-shape" Error;
    /// A word that is none of the choices.
    UnknownChoice "PG105" "unknown-choice" Error;
    /// A step that says nothing to do, or more than one thing.
    NotOneAction "PG106" "not-one-action" Error;
    /// An id with characters that ids cannot hold.
    InvalidId "PG107" "invalid-id" Error;
    /// Not a number, or one out of range.
    InvalidNumber "PG108" "invalid-number" Error;
    /// Not a length of time.
    InvalidSpan "PG109" "invalid-span" Error;
    /// Not a ratio.
    InvalidRatio "PG110" "invalid-ratio" Error;
    /// Not a moment or a date.
    InvalidMoment "PG111" "invalid-moment" Error;
    /// Not a criterion.
    InvalidCriterion "PG112" "invalid-criterion" Error;
    /// A key with nothing behind it.
    EmptyValue "PG113" "empty-value" Error;
    /// Not true and not false.
    InvalidTruth "PG114" "invalid-truth" Error;

    /// Two things of one kind have the same id.
    DuplicateId "PG201" "duplicate-id" Error;
    /// A phase that the plan does not have.
    UnknownPhase "PG202" "unknown-phase" Error;
    /// A step that the phase does not have.
    UnknownStep "PG203" "unknown-step" Error;
    /// A KPI that the plan does not declare.
    UnknownKpi "PG204" "unknown-kpi" Error;
    /// A role that the plan does not declare.
    UnknownRole "PG205" "unknown-role" Error;
    /// A channel that the plan does not declare.
    UnknownChannel "PG206" "unknown-channel" Error;
    /// A message that the plan does not declare.
    UnknownMessage "PG207" "unknown-message" Error;
    /// A variable that a message template cannot be given.
    UnknownVariable "PG208" "unknown-variable" Error;

    /// Phases that wait for each other in a circle.
    DependencyCycle "PG301" "dependency-cycle" Error;
    /// A plan without a phase.
    NoPhases "PG302" "no-phases" Error;
    /// A ramp whose weights go down or stand still.
    RampGoesDown "PG303" "ramp-goes-down" Error;
    /// A ramp without a weight.
    EmptyRamp "PG304" "empty-ramp" Error;
    /// A ramp that ends below all of the traffic.
    RampStopsShort "PG305" "ramp-stops-short" Warning;
    /// A phase that changes something outside and has no way back.
    NoWayBack "PG306" "no-way-back" Error;
    /// Rollback steps whose budgets together exceed the limit of the whole.
    BudgetExceedsLimit "PG307" "budget-exceeds-limit" Error;
    /// Rollback steps whose budgets use up the limit to the last second, where less was promised.
    BudgetFillsLimit "PG308" "budget-fills-limit" Warning;
    /// A gate that wants more approvals than its role has members.
    GateNobodyCanSign "PG309" "gate-nobody-can-sign" Error;
    /// A role that must approve and has no member.
    RoleWithoutMember "PG310" "role-without-member" Error;
    /// A gate that decides nothing: no criterion, no approval, no date.
    GateWithoutCondition "PG311" "gate-without-condition" Error;
    /// A gate with a decision timeout and no answer for it, or the reverse.
    GateTimeoutIncomplete "PG312" "gate-timeout-incomplete" Error;
    /// "Previous phase" where a phase depends on several, or on none.
    PreviousPhaseUnclear "PG313" "previous-phase-unclear" Error;
    /// An edge to a phase that does not come before.
    ReturnNotBackwards "PG314" "return-not-backwards" Error;
    /// Two phases that can run side by side move the same thing outside.
    SharedTarget "PG315" "shared-target" Error;
    /// A criterion that does not fit its KPIs: units, shapes.
    CriterionDoesNotFit "PG316" "criterion-does-not-fit" Error;
    /// A trigger that is not watched in any phase.
    TriggerWatchesNothing "PG317" "trigger-watches-nothing" Error;
    /// An observation shorter than the interval of evaluation: no evaluation falls into it.
    BakeShorterThanInterval "PG318" "bake-shorter-than-interval" Error;
    /// A phase that depends on itself by way of a rollback target or names itself.
    PhaseAfterItself "PG319" "phase-after-itself" Error;
    /// A criterion on a KPI without a source, which nothing can answer.
    NoSource "PG320" "no-source" Error;
    /// A criterion compares canary with stable and the KPI has one query for both.
    NoArm "PG321" "no-arm" Error;
    /// A criterion is held for longer than it is watched.
    HeldLongerThanWatched "PG322" "held-longer-than-watched" Warning;

    /// A binding that the bindings document does not have.
    UnboundName "PG501" "unbound-name" Error;
    /// A binding whose adapter does not have the role that is needed.
    LackingRole "PG502" "lacking-role" Error;
    /// A binding whose adapter cannot do what is needed.
    LackingCapability "PG503" "lacking-capability" Error;
    /// A command that the bindings document does not have.
    UnknownCommand "PG504" "unknown-command" Error;
    /// A name that is kept for the engine itself.
    ReservedName "PG505" "reserved-name" Error;
    /// A binding that nothing in the plan uses.
    UnusedBinding "PG506" "unused-binding" Warning;
    /// A command with an empty argument list.
    EmptyCommand "PG507" "empty-command" Error;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id(), self.slug())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// A text that is no code.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{text}' is no fault code: write PG201 or duplicate-id")]
pub struct UnknownCode {
    text: String,
}

impl FromStr for Code {
    type Err = UnknownCode;
    /// Reads the number or the name.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.id() == text || code.slug() == text)
            .ok_or_else(|| UnknownCode {
                text: text.chars().take(80).collect(),
            })
    }
}
