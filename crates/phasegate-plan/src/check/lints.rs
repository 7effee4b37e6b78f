//! Lint levels: what may be said about a fault besides its code's own severity.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::fault::{Code, Fault, Severity, UnknownCode};

/// How faults of one code are taken.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "nothing lies between them")]
pub enum LintLevel {
    /// Not told at all.
    Allow,
    /// Told.
    Warn,
    /// Told, and the plan cannot be carried out.
    Deny,
}

/// Levels per code. A code that is an error by itself stays one: what it means cannot be carried out.
///
/// ```
/// use phasegate_plan::{Code, LintLevel, Lints};
/// let lints = Lints::default()
///     .with(Code::RampStopsShort, LintLevel::Deny)?
///     .with("unused-binding".parse()?, LintLevel::Allow)?;
/// assert!(lints.with(Code::DependencyCycle, LintLevel::Allow).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lints {
    levels: BTreeMap<Code, LintLevel>,
}

/// Why a level cannot be set.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LintsError {
    /// The code is an error by itself.
    #[error("{code} is an error by itself and cannot be lowered")]
    AlwaysAnError {
        /// The code.
        code: Code,
    },
    /// Not of the form `allow:unused-binding`.
    #[error("'{text}' is not a level such as allow:unused-binding, warn:PG305 or deny:PG305")]
    Invalid {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// No such code.
    #[error(transparent)]
    Unknown(#[from] UnknownCode),
}

impl Lints {
    /// Another level for a code.
    ///
    /// # Errors
    /// [`LintsError::AlwaysAnError`] if the code is an error by itself and the level is lower.
    pub fn with(mut self, code: Code, level: LintLevel) -> Result<Self, LintsError> {
        if code.severity() == Severity::Error && level < LintLevel::Deny {
            return Err(LintsError::AlwaysAnError { code });
        }
        self.levels.insert(code, level);
        Ok(self)
    }

    /// Another level for every code that is no error by itself.
    ///
    /// ```
    /// use phasegate_plan::{LintLevel, Lints};
    /// let strict = Lints::default().with_all(LintLevel::Deny);
    /// assert_eq!(strict, "deny:all".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_all(mut self, level: LintLevel) -> Self {
        let codes = Code::ALL.iter().copied();
        let doubts = codes.filter(|code| code.severity() == Severity::Warning);
        self.levels.extend(doubts.map(|code| (code, level)));
        self
    }

    /// The faults as these levels take them.
    pub(super) fn apply(&self, mut faults: Vec<Fault>) -> Vec<Fault> {
        faults.retain_mut(|fault| match self.levels.get(&fault.code) {
            None => true,
            Some(LintLevel::Allow) => false,
            Some(LintLevel::Warn) => {
                fault.severity = Severity::Warning;
                true
            }
            Some(LintLevel::Deny) => {
                fault.severity = Severity::Error;
                true
            }
        });
        faults
    }
}

/// One level a word, separated by commas: `allow:unused-binding,deny:PG305`. `all` stands for every code that is a
/// warning by itself; what comes later counts: `deny:all,warn:unused-binding`.
impl FromStr for Lints {
    type Err = LintsError;
    fn from_str(text: &str) -> Result<Self, LintsError> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .try_fold(Self::default(), |lints, part| {
                let invalid = || LintsError::Invalid {
                    text: part.chars().take(80).collect(),
                };
                let (level, code) = part.split_once(':').ok_or_else(invalid)?;
                let level = match level {
                    "allow" => LintLevel::Allow,
                    "warn" => LintLevel::Warn,
                    "deny" => LintLevel::Deny,
                    _ => return Err(invalid()),
                };
                if code == "all" {
                    return Ok(lints.with_all(level));
                }
                lints.with(code.parse()?, level)
            })
    }
}
