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

// PG0 reading, PG1 shape, PG2 names and references, PG3 meaning, PG4 time, PG5 bindings,
// PG6 criteria: the criterion language's own faults, under its names.
codes! {
    /// The document is not well-formed YAML, JSON or TOML.
    Syntax "PG001" "syntax" Error;
    /// The document is larger than 8 MiB.
    TooLarge "PG002" "too-large" Error;
    /// Lists and maps are nested more than 64 deep.
    TooDeep "PG003" "too-deep" Error;
    /// The document has more than 1 000 aliases.
    TooManyAliases "PG004" "too-many-aliases" Error;
    /// Aliases expand to more than 100 000 values, or to more bytes than a document may have.
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
    /// Not a unit.
    InvalidUnit "PG115" "invalid-unit" Error;

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
    /// A variable that a message template or an input of a workflow cannot be given.
    UnknownVariable "PG208" "unknown-variable" Error;

    /// An SLO or KPI part, a team, an experiment or a parameter that the plan does not declare.
    UnknownName "PG209" "unknown-name" Error;
    /// Two phases are called the same by the document, so that people will take one for the other.
    DuplicateLabel "PG210" "duplicate-label" Warning;
    /// A message that nothing sends.
    UnusedMessage "PG211" "unused-message" Warning;
    /// A response that names a procedure which the plan does not have.
    UnknownProcedure "PG212" "unknown-procedure" Error;

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
    /// A phase that changes something outside and has no way back, or says both how to go back and why it cannot.
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
    /// An observation shorter than the interval of evaluation: no evaluation falls into it.
    BakeShorterThanInterval "PG318" "bake-shorter-than-interval" Error;
    /// A phase that depends on itself by way of a rollback target or names itself.
    PhaseAfterItself "PG319" "phase-after-itself" Error;
    /// A criterion on a KPI without a source, which nothing can answer.
    NoSource "PG320" "no-source" Error;
    /// A trigger whose criterion no value can meet.
    TriggerNeverFires "PG323" "trigger-never-fires" Error;
    /// A trigger that does nothing when it fires.
    TriggerWithoutResponse "PG324" "trigger-without-response" Error;
    /// A rollback that would have to undo a step that cannot be undone.
    RollbackOverIrreversible "PG325" "rollback-over-irreversible" Error;
    /// An experiment that nothing stops.
    ExperimentWithoutAbort "PG326" "experiment-without-abort" Error;
    /// Recovery is promised sooner than the response.
    RecoveryBeforeResponse "PG327" "recovery-before-response" Warning;
    /// What is graver has more time than what is less grave.
    SeverityOrder "PG328" "severity-order" Warning;
    /// A rollback is expected to take longer than it may.
    EstimateExceedsLimit "PG329" "estimate-exceeds-limit" Error;
    /// A gate of a kind that does not belong where it stands.
    GateMisplaced "PG330" "gate-misplaced" Error;
    /// A phase that does nothing and is no outline.
    EmptyPhase "PG331" "empty-phase" Warning;
    /// So many targets of a wave may fail that it cannot.
    WaveCannotFail "PG332" "wave-cannot-fail" Error;
    /// A target that stands in two waves.
    TargetTwice "PG333" "target-twice" Error;
    /// Something old comes back to life, or is removed before anybody was told.
    DeprecationOrder "PG334" "deprecation-order" Error;
    /// A cohort that nobody belongs to.
    CohortOfNobody "PG335" "cohort-of-nobody" Error;
    /// Silence counts as yes at a gate that asks people.
    SilenceApproves "PG336" "silence-approves" Warning;
    /// Tests that nothing makes run.
    TestNeverRuns "PG337" "test-never-runs" Warning;
    /// A parameter's default is not what the parameter is.
    DefaultDoesNotFit "PG338" "default-does-not-fit" Error;
    /// At least so many, and at most fewer.
    RangeBackwards "PG339" "range-backwards" Error;
    /// The whole is to reach what the phases' criteria stop short of.
    GoalBeyondCriteria "PG340" "goal-beyond-criteria" Warning;
    /// Backups are made more rarely than what may be lost allows.
    BackupTooRare "PG341" "backup-too-rare" Warning;
    /// A communication without anybody to read it or anywhere to send it.
    NobodyIsTold "PG342" "nobody-is-told" Warning;
    /// An access rule for branches that asks for no review.
    ProtectionWithoutReview "PG343" "protection-without-review" Warning;
    /// Something has no time at all: to be answered or done, from one look to the next, to be measured over.
    ZeroTime "PG344" "zero-time" Error;
    /// Old and new are compared, and nothing says in what.
    NothingToCompare "PG345" "nothing-to-compare" Warning;
    /// A change of configuration that sets no key.
    EmptyChange "PG346" "empty-change" Error;
    /// Commands are named, and nothing says who runs them.
    CommandWithoutRunner "PG347" "command-without-runner" Error;
    /// Waves without a target, or of which none may run.
    EmptyWaves "PG348" "empty-waves" Error;
    /// A trigger with bands: it fires or it does not, and which level is meant nobody said.
    BandsInTrigger "PG349" "bands-in-trigger" Error;
    /// Something stands twice in one list, where the second counts for nothing.
    NamedTwice "PG350" "named-twice" Warning;
    /// A gate that asks one role twice: whoever says yes to one says yes to both.
    ApprovalTwice "PG351" "approval-twice" Error;
    /// A criterion that no value can meet: what waits for it never goes on, what it guards never stops.
    CriterionNeverHolds "PG352" "criterion-never-holds" Error;
    /// A fact states another baseline than the KPI itself declares.
    BaselineContradicted "PG353" "baseline-contradicted" Warning;
    /// A way back without a step, of something that moves.
    EmptyRollback "PG354" "empty-rollback" Warning;
    /// A ramp by a list and by a rule: the rule counts for nothing.
    StagesAndCurve "PG355" "stages-and-curve" Warning;
    /// A way back that takes as much of something forward as the rollout did, or sets a configuration to what the
    /// rollout has set it to.
    RollbackGoesForward "PG356" "rollback-goes-forward" Error;
    /// A way back that moves other things than those that were moved, or leaves a configuration as it was set.
    RollbackMissesTarget "PG357" "rollback-misses-target" Warning;
    /// A step of a way back that takes longer by itself than it may.
    StepExceedsBudget "PG358" "step-exceeds-budget" Error;
    /// A trigger whose condition must hold for longer than the phases last in which it is watched.
    TriggerHoldsTooLong "PG359" "trigger-holds-too-long" Warning;
    /// A gate that asks for more approvals than there are people in all its roles together.
    OnePersonForMany "PG360" "one-person-for-many" Warning;
    /// An alert that does something at its critical level, and has none.
    AlertNeverCritical "PG361" "alert-never-critical" Error;
    /// A number with a unit, or a comparison, in words that only a person vouches for.
    NumberInWords "PG362" "number-in-words" Warning;
    /// A way back in stages, and nothing says after which of them it is enough.
    StagedWithoutValidation "PG363" "staged-without-validation" Error;
    /// A way back in stages that leads to the start: it may leave something undone, and the start promises not to.
    StagedToStart "PG364" "staged-to-start" Error;
    /// A KPI's target is worse than where the KPI stands already.
    TargetBelowBaseline "PG365" "target-below-baseline" Warning;
    /// A way back is expected to be over before its own steps are.
    EstimateTooShort "PG366" "estimate-too-short" Warning;
    /// A row of the matrix that is decided within a time and at a point of the rollout.
    DecidedTwice "PG367" "decided-twice" Error;
    /// A row of the matrix gives a way back less time than each way back of the plan may take.
    LimitExceedsResponse "PG368" "limit-exceeds-response" Warning;
    /// A phase begins to move something at less than where an earlier phase left it.
    RampStartsLower "PG369" "ramp-starts-lower" Warning;
    /// A validation asks the new version, and going back has taken all of its traffic away.
    ValidationWithoutTraffic "PG370" "validation-without-traffic" Warning;
    /// A criterion of a phase that must hold for longer than the phase lasts.
    CriterionHoldsTooLong "PG371" "criterion-holds-too-long" Warning;
    /// A role that decides, does or answers for something has no member.
    RoleIsEmpty "PG372" "role-is-empty" Warning;
    /// Inconclusive verdicts may hold a phase for less time than lies between two evaluations: the first of them
    /// ends the holding.
    HoldShorterThanInterval "PG373" "hold-shorter-than-interval" Warning;
    /// A row of the decision matrix says neither by when it is decided nor by when it is carried out.
    RowWithoutClock "PG374" "row-without-clock" Warning;
    /// A way back leaves something above where its phase first brought it, and no earlier phase left it there: the new
    /// version goes on serving.
    RollbackStopsShort "PG375" "rollback-stops-short" Warning;
    /// A procedure that undoes phases says how a part is switched on again.
    ReEnableWithoutPart "PG376" "re-enable-without-part" Error;
    /// A part is to be switched on again, and nothing is done for it, or nothing tells that it may be.
    ReEnableIncomplete "PG377" "re-enable-incomplete" Error;
    /// A text that is no public key.
    KeyUnreadable "PG378" "key-unreadable" Error;
    /// A key whose name is no member of a role: nobody acts under it.
    KeyOfNobody "PG379" "key-of-nobody" Error;
    /// Two people with one key: each could sign for the other.
    KeyShared "PG380" "key-shared" Error;
    /// What a role does here must be signed, and too few of its members have a key.
    SignerWithoutKey "PG381" "signer-without-key" Error;
    /// Something is scaled through a binding, and it is not said what of it, between which counts or when; or counts are
    /// given and no binding.
    ScalingIncomplete "PG382" "scaling-incomplete" Error;
    /// Counts of scaling between which there is none.
    ScalingBounds "PG383" "scaling-bounds" Error;
    /// One thing that is scaled twice: each would undo what the other did.
    ScaledTwice "PG384" "scaled-twice" Error;

    /// The lengths of the phases do not add up to the stated length of the whole.
    LengthsDoNotAddUp "PG401" "lengths-do-not-add-up" Warning;
    /// A recurrence that never comes.
    NeverComes "PG402" "never-comes" Error;
    /// A phase whose days lie inside a freeze.
    PhaseInFreeze "PG403" "phase-in-freeze" Error;
    /// Phases that wait for each other take longer than the stated length of the whole.
    CriticalPathTooLong "PG404" "critical-path-too-long" Warning;
    /// A phase that begins before or ends after the days of the whole.
    PhaseOutsideWindow "PG405" "phase-outside-window" Warning;
    /// A phase that begins on a day on which nobody works.
    StartsOnFreeDay "PG406" "starts-on-free-day" Warning;
    /// A freeze that ends before it begins.
    FreezeBackwards "PG407" "freeze-backwards" Error;
    /// Something on a day that the phase does not have.
    SlotOutsidePhase "PG408" "slot-outside-phase" Error;
    /// A phase that has fewer days than it takes.
    WindowTooShort "PG409" "window-too-short" Error;
    /// A phase that is to begin before one that it waits for has ended.
    BeginsBeforeDependency "PG410" "begins-before-dependency" Error;
    /// A length in weeks that is not the weeks it is said to lie in.
    WeeksDisagree "PG411" "weeks-disagree" Error;
    /// A day of the week that is not the phase's day of that number.
    WeekdayDisagrees "PG412" "weekday-disagrees" Warning;
    /// A gate that cannot be decided within the days of its phase or of the whole.
    GateAfterWindow "PG413" "gate-after-window" Error;
    /// Less time from the first notice to the removal than was promised.
    NoticeTooShort "PG414" "notice-too-short" Error;
    /// The weeks or days of the phases reach beyond the stated length of the whole.
    BeyondStatedLength "PG415" "beyond-stated-length" Warning;
    /// Two lengths are stated of the whole, and not both can be right.
    LengthsContradict "PG416" "lengths-contradict" Warning;
    /// The timeline gives a phase fewer days than it takes, or other weeks than its own.
    TimelineDisagrees "PG417" "timeline-disagrees" Warning;
    /// A step on an earlier day than the one before it.
    StepsOutOfOrder "PG418" "steps-out-of-order" Warning;
    /// Laid out from a day, something falls on another one than the plan says. Told by a schedule, not by a
    /// check.
    NotAsPlanned "PG420" "not-as-planned" Warning;

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

    /// `= ~20%` without a margin: taken as within a tenth of the value.
    ApproximateEquality "PG601" "approximate-equality" Warning;
    /// Bands that run against the KPI's direction.
    BandsAgainstDirection "PG602" "bands-against-direction" Error;
    /// Critical would come before warning, or the two point different ways.
    BandsOrder "PG604" "bands-order" Error;
    /// A value passes and calls for a rollback at once.
    BandsOverlap "PG605" "bands-overlap" Warning;
    /// A baseline that is only approximate: nothing compared with it is exact.
    BaselineApproximate "PG606" "baseline-approximate" Warning;
    /// A baseline that is a range: the end that makes passing harder counts.
    BaselineRange "PG607" "baseline-range" Warning;
    /// A comparison with a baseline that nobody knows.
    BaselineUnknown "PG608" "baseline-unknown" Warning;
    /// Fixed time cannot be counted per month.
    CalendarRate "PG609" "calendar-rate" Error;
    /// A change in a range: beyond its far end is still passed, with a warning.
    ChangeRange "PG610" "change-range" Warning;
    /// A change that does not say against what: the KPI's baseline is meant.
    ChangeWithoutReference "PG611" "change-without-reference" Warning;
    /// Confidence for something that has no statistics.
    ConfidenceWithoutSamples "PG612" "confidence-without-samples" Error;
    /// `vs control` on something that is not compared.
    ControlNotCompared "PG613" "control-not-compared" Error;
    /// A limit for carrying out, none for deciding.
    DecisionUnlimited "PG614" "decision-unlimited" Warning;
    /// A derived figure that does not follow from the others.
    DerivedWrong "PG615" "derived-wrong" Error;
    /// Needed, and the KPI does not say which way is better.
    DirectionMissing "PG616" "direction-missing" Error;
    /// A plain number above one for a share.
    FractionAboveOne "PG617" "fraction-above-one" Error;
    /// A plain number for a share: `0.05` is taken as 5 %.
    FractionAsNumber "PG618" "fraction-as-number" Warning;
    /// The function makes no sense for this shape of KPI.
    FunctionForShape "PG619" "function-for-shape" Error;
    /// A condition held over time of values that have no window.
    HoldWithoutWindow "PG620" "hold-without-window" Warning;
    /// `no worse than`, `comparable to`, `stable` without a margin.
    MarginMissing "PG621" "margin-missing" Warning;
    /// A KPI whose name cannot be written in a criterion.
    NameUnusable "PG622" "name-unusable" Error;
    /// No question for the arm that is needed.
    NoQuery "PG623" "no-query" Error;
    /// The KPI does not declare what is compared with.
    OperandMissing "PG624" "operand-missing" Error;
    /// The KPI is per something else, or per nothing.
    PerMismatch "PG625" "per-mismatch" Error;
    /// A percent unit that could be a share of events, a mark or a utilisation.
    PercentOfWhat "PG626" "percent-of-what" Warning;
    /// A percentile of percentiles.
    PercentileOfPercentile "PG627" "percentile-of-percentile" Error;
    /// A value per request without a function of it.
    PlainDistribution "PG628" "plain-distribution" Error;
    /// A range whose lower end lies above its upper one.
    RangeOrder "PG629" "range-order" Error;
    /// A rating on another scale, or without its scale.
    RatingScale "PG630" "rating-scale" Error;
    /// A goal on the wrong side of where it stood.
    ReachAgainstDirection "PG631" "reach-against-direction" Error;
    /// `significant` without a confidence: 95 % is meant.
    SignificantWithoutConfidence "PG632" "significant-without-confidence" Warning;
    /// Steps that do not rise.
    StepsOrder "PG633" "steps-order" Error;
    /// Throughout, without a failure limit: the first failure counts.
    ThroughoutWithoutLimit "PG634" "throughout-without-limit" Warning;
    /// A unit that does not fit the KPI's or the shape.
    UnitMismatch "PG635" "unit-mismatch" Error;
    /// The KPI declares no such part.
    UnknownPart "PG636" "unknown-part" Error;
    /// No such SLO.
    UnknownSlo "PG637" "unknown-slo" Error;
    /// A score that warns above where it passes.
    WarnAbovePass "PG638" "warn-above-pass" Error;
    /// A cap on something that is no mean with confidence.
    CapWithoutMean "PG639" "cap-without-mean" Error;
    /// Confidence about a mean of values that have no upper end: it holds only in the limit of many.
    MeanUnbounded "PG640" "mean-unbounded" Warning;
    /// A comparison that holds whatever is measured.
    AlwaysTrue "PG641" "always-true" Warning;
    /// A change of a change.
    ChangeOfChange "PG642" "change-of-change" Error;
    /// `= 5/6` of counts: taken as at least.
    EqualOfMany "PG643" "equal-of-many" Warning;
    /// A value that nothing of its kind can have: a share of 150 %, a mark of 6/5, a count below zero.
    LimitOutOfRange "PG644" "limit-out-of-range" Error;
    /// Something that no number of samples shows with confidence: that a rate is exactly this, or zero.
    NeverShown "PG645" "never-shown" Warning;
    /// A comparison that does not hold whatever is measured. An error where the whole criterion hangs on it.
    NeverTrue "PG646" "never-true" Warning;
    /// A window that slides, with confidence: it counts the same sample many times, and decides nothing.
    RollingConfidence "PG647" "rolling-confidence" Error;
    /// A burn rate below 1 at which something is to fire: the budget would last.
    BurnFactorLow "PG651" "burn-factor-low" Warning;
    /// A burn rate over a longer time than the period of its objective.
    BurnWindowLong "PG652" "burn-window-long" Warning;
    /// Two burn rates of one objective that must both be high, over the same time.
    BurnWindowsSame "PG653" "burn-windows-same" Warning;
    /// A clause that changes nothing where it stands.
    ClauseIgnored "PG654" "clause-ignored" Warning;
    /// A threshold that lets forward what is bad, or sends back what is good.
    AgainstDirection "PG655" "against-direction" Warning;
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
