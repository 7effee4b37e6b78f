//! Faults: code, level, place, what is wrong, how to mend it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something wrong or doubtful.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// What sort of fault; the codes never change their meaning.
    pub code: FaultCode,
    /// How bad it is.
    pub level: Level,
    /// The part of the criterion it is about, as text; of a KPI's declaration what of it is meant, such as `baseline`.
    pub about: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: String,
}

impl Fault {
    pub(crate) fn new(
        code: FaultCode,
        about: &impl fmt::Display,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            code,
            level: code.level(),
            about: about.to_string(),
            message: message.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} in '{}': {}; {}",
            self.code, self.about, self.message, self.mend
        )
    }
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "it can be used or it cannot")]
pub enum Level {
    /// It has a meaning, and the message says which; somebody should write it so.
    Warning,
    /// It cannot be evaluated.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $text:literal, $level:ident;)*) => {
        /// What sort of fault. The texts are stable.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[non_exhaustive]
        pub enum FaultCode { $($(#[$doc])* #[serde(rename = $text)] $code,)* }

        impl FaultCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The stable text.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$code => $text,)* }
            }

            /// How bad faults of this sort are.
            #[must_use]
            pub const fn level(self) -> Level {
                match self { $(Self::$code => Level::$level,)* }
            }
        }
    };
}

codes! {
    /// A threshold that lets forward what is bad, or sends back what is good.
    AgainstDirection = "against-direction", Warning;
    /// A comparison that holds whatever is measured.
    AlwaysTrue = "always-true", Warning;
    /// `= ~20%` without a margin: taken as within a tenth of the value.
    ApproximateEquality = "approximate-equality", Warning;
    /// Bands that run against the KPI's direction.
    BandsAgainstDirection = "bands-against-direction", Error;
    /// Passing and rolling back leave values between them that nothing decides.
    BandsGap = "bands-gap", Warning;
    /// Critical would come before warning, or the two point different ways.
    BandsOrder = "bands-order", Error;
    /// A value passes and calls for a rollback at once.
    BandsOverlap = "bands-overlap", Warning;
    /// A baseline that is only approximate: it is taken to within a tenth.
    BaselineApproximate = "baseline-approximate", Warning;
    /// A baseline that is a range: there is a verdict only where both ends lead to it.
    BaselineRange = "baseline-range", Warning;
    /// A comparison with a baseline that nobody knows.
    BaselineUnknown = "baseline-unknown", Warning;
    /// A burn rate below 1 at which something is to fire: the budget would last.
    BurnFactorLow = "burn-factor-low", Warning;
    /// A burn rate over a longer time than the period of its objective.
    BurnWindowLong = "burn-window-long", Warning;
    /// Two burn rates of one objective that must both be high, over the same time.
    BurnWindowsSame = "burn-windows-same", Warning;
    /// Fixed time cannot be counted per month.
    CalendarRate = "calendar-rate", Error;
    /// A cap on something that is no mean with confidence.
    CapWithoutMean = "cap-without-mean", Error;
    /// A change of a change, or one that is compared with a reference once more.
    ChangeOfChange = "change-of-change", Error;
    /// A change in a range: beyond its far end is still passed, with a warning.
    ChangeRange = "change-range", Warning;
    /// A change that does not say against what: the KPI's baseline is meant.
    ChangeWithoutReference = "change-without-reference", Warning;
    /// A clause that changes nothing where it stands.
    ClauseIgnored = "clause-ignored", Warning;
    /// Confidence for something that has no statistics.
    ConfidenceWithoutSamples = "confidence-without-samples", Error;
    /// `vs control` on something that is not compared.
    ControlNotCompared = "control-not-compared", Error;
    /// Comparisons joined by `and` that exclude each other.
    CriterionNeverHolds = "criterion-never-holds", Error;
    /// A limit for carrying out, none for deciding.
    DecisionUnlimited = "decision-unlimited", Warning;
    /// A derived figure that does not follow from the others.
    DerivedWrong = "derived-wrong", Error;
    /// Needed, and the KPI does not say which way is better.
    DirectionMissing = "direction-missing", Error;
    /// `= 5/6` of counts, taken as at least; `= 4.5/5` of ratings, taken as exactly.
    EqualOfMany = "equal-of-many", Warning;
    /// A plain number above one for a share.
    FractionAboveOne = "fraction-above-one", Error;
    /// A plain number for a share: `0.05` is taken as 5 %.
    FractionAsNumber = "fraction-as-number", Warning;
    /// The function makes no sense for this shape of KPI.
    FunctionForShape = "function-for-shape", Error;
    /// A condition held over time of values that have no window.
    HoldWithoutWindow = "hold-without-window", Warning;
    /// A value that nothing of its kind can have: a share of 150 %, a mark of 6/5, a count below zero.
    LimitOutOfRange = "limit-out-of-range", Error;
    /// `no worse than`, `comparable to`, `stable` without a margin.
    MarginMissing = "margin-missing", Warning;
    /// Confidence about a mean of values that have no upper end: it holds only in the limit of many.
    MeanUnbounded = "mean-unbounded", Warning;
    /// A KPI whose name cannot be written in a criterion.
    NameUnusable = "name-unusable", Error;
    /// Something that no number of samples shows with confidence: that a rate is exactly this, or zero.
    NeverShown = "never-shown", Warning;
    /// A comparison that does not hold whatever is measured.
    NeverTrue = "never-true", Warning;
    /// No question for the arm that is needed.
    NoQuery = "no-query", Error;
    /// The KPI does not declare what is compared with.
    OperandMissing = "operand-missing", Error;
    /// The KPI is per something else, or per nothing.
    PerMismatch = "per-mismatch", Error;
    /// A percent unit that could be a share of events, a mark or a utilisation.
    PercentOfWhat = "percent-of-what", Warning;
    /// A percentile of percentiles.
    PercentileOfPercentile = "percentile-of-percentile", Error;
    /// A value per request without a function of it.
    PlainDistribution = "plain-distribution", Error;
    /// A range whose lower end lies above its upper one.
    RangeOrder = "range-order", Error;
    /// A rating on another scale, or without its scale.
    RatingScale = "rating-scale", Error;
    /// A goal on the wrong side of where it stood.
    ReachAgainstDirection = "reach-against-direction", Error;
    /// A window that slides, with confidence: it counts the same sample many times, and decides nothing.
    RollingConfidence = "rolling-confidence", Error;
    /// `significant` without a confidence: 95 % is meant.
    SignificantWithoutConfidence = "significant-without-confidence", Warning;
    /// Steps that do not rise.
    StepsOrder = "steps-order", Error;
    /// Throughout, without a failure limit: the first failure counts.
    ThroughoutWithoutLimit = "throughout-without-limit", Warning;
    /// A unit that does not fit the KPI's or the shape.
    UnitMismatch = "unit-mismatch", Error;
    /// No such KPI.
    UnknownKpi = "unknown-kpi", Error;
    /// The KPI declares no such part.
    UnknownPart = "unknown-part", Error;
    /// No such SLO.
    UnknownSlo = "unknown-slo", Error;
    /// A score that warns above where it passes.
    WarnAbovePass = "warn-above-pass", Error;
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_differ() {
        assert!(FaultCode::ALL.is_sorted_by(|a, b| a.text() < b.text()));
    }
}
