//! What can be wrong with the input of a statistical method.

/// Why a method refuses its input.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// An error probability not strictly between 0 and 1.
    #[error("an error probability lies strictly between 0 and 1, not at {value}")]
    Alpha {
        /// What was given.
        value: f64,
    },
    /// A count of events above the count of trials.
    #[error("{hits} events in {trials} trials")]
    Counts {
        /// Events.
        hits: u64,
        /// Trials.
        trials: u64,
    },
    /// A method that needs samples got none, or too few.
    #[error("at least {needed} samples are needed, {given} were given")]
    TooFewSamples {
        /// The least number of samples.
        needed: usize,
        /// How many there were.
        given: usize,
    },
    /// A sample that is NaN or infinite.
    #[error("a sample is not a finite number")]
    NotFinite,
    /// A sample outside the range that was declared for the mean.
    #[error("sample {value} lies outside the declared range {low} to {high}")]
    OutOfRange {
        /// The sample.
        value: f64,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// Lists that belong together differ in length.
    #[error("{left} entries beside {right}")]
    Lengths {
        /// Length of the first list.
        left: usize,
        /// Length of the second list.
        right: usize,
    },
    /// A parameter of the method is out of its domain.
    #[error("{name} must be {wanted}, not {value}")]
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// What is allowed.
        wanted: &'static str,
        /// What was given.
        value: f64,
    },
    /// A rate or share not strictly between 0 and 1.
    #[error("a rate under test lies strictly between 0 and 1, not at {value}")]
    Rate {
        /// What was given.
        value: f64,
    },
}
