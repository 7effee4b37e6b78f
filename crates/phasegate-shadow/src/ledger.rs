//! The ledger: what was compared, what was different, and what people said about it.
//!
//! Counts are exact whatever is kept. Entries are bounded; what did not fit is counted and is never held to
//! be resolved.

use std::collections::BTreeMap;

use phasegate_core::{Observed, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Difference, Place};

/// The most entries that are kept: at about 1 KiB each that is 100 MiB at worst.
pub const ENTRIES_MAX: usize = 100_000;

/// What a difference is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a plan has a rule for each")]
pub enum Verdict {
    /// Meant, and people who rely on the old answer must be told.
    Breaking,
    /// The new side is wrong.
    Bug,
    /// The new side is right, or better.
    Improvement,
}

/// What somebody said about a difference.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Resolution {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: PersonId,
    /// What it is.
    pub verdict: Verdict,
    /// Why, in their words.
    pub why: String,
}

impl Resolution {
    /// The later word counts; between two of one moment the order of the rest decides, for every reader alike.
    fn rank(&self) -> (i64, &str, Verdict, &str) {
        (
            self.at.as_unix_millis(),
            self.by.as_str(),
            self.verdict,
            &self.why,
        )
    }
}

/// One difference of one case.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "reports read it")]
pub struct Entry {
    /// The difference, as it was first seen.
    pub difference: Difference,
    /// What somebody said about it; none while it is open.
    pub resolution: Option<Resolution>,
}

/// Why something cannot be said about a difference.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is none.
    #[error("case '{case}' has no difference at {place}")]
    Unknown {
        /// The case.
        case: String,
        /// The place.
        place: Place,
    },
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "reports read it")]
pub struct Counts {
    /// Comparisons.
    pub compared: u64,
    /// Comparisons without a difference.
    pub agreed: u64,
    /// Comparisons without a difference, or with improvements only.
    pub accepted: u64,
    /// Differences that nobody has said anything about, those that did not fit included.
    pub open: u64,
    /// Differences that break somebody.
    pub breaking: u64,
    /// Differences that are bugs of the new side.
    pub bugs: u64,
    /// Differences that are improvements.
    pub improvements: u64,
}

impl Counts {
    /// The agreement rate as the exact counts that criteria are judged by; none before the first comparison.
    pub fn agreement(&self) -> Option<Observed> {
        (self.compared > 0).then_some(Observed::Share {
            matching: self.agreed,
            total: self.compared,
        })
    }

    /// The same, with improvements counted as agreement.
    pub fn acceptance(&self) -> Option<Observed> {
        (self.compared > 0).then_some(Observed::Share {
            matching: self.accepted,
            total: self.compared,
        })
    }
}

/// What was compared and what came of it.
///
/// A case is one comparison: a request's id, a record's key. Comparing a case again counts it again and
/// keeps what was said about it. Parts that were kept apart merge in any order to the same ledger, provided
/// that each comparison went to one of them and all entries fit.
///
/// ```
/// use phasegate_core::{Observed, Timestamp};
/// use phasegate_shadow::{Answer, Ledger, Place, Resolution, Rules, Verdict, compare};
/// let (old, new) = (Answer { status: 200, ..Answer::default() }, Answer { status: 500, ..Answer::default() });
/// let mut ledger = Ledger::default();
/// ledger.record("r1", compare(&old, &old, &Rules::default()));
/// ledger.record("r2", compare(&old, &new, &Rules::default()));
/// assert_eq!(ledger.counts().agreement(), Some(Observed::Share { matching: 1, total: 2 }));
/// ledger.resolve("r2", &Place::Status, Resolution {
///     at: Timestamp::EPOCH, by: "ada".parse()?, verdict: Verdict::Bug, why: "a null".to_owned(),
/// })?;
/// assert_eq!((ledger.counts().open, ledger.counts().bugs), (0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    compared: u64,
    agreed: u64,
    /// Differences that did not fit, and the comparisons that have such.
    dropped: u64,
    /// How many entries are kept.
    kept: usize,
    /// For each case how often it differed, and its entries by place.
    cases: BTreeMap<String, Case>,
}

#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
struct Case {
    differed: u64,
    /// Did some of its differences not fit?
    cut: bool,
    entries: Vec<Entry>,
}

impl Ledger {
    /// Takes in one comparison.
    pub fn record(&mut self, case: &str, differences: Vec<Difference>) {
        self.compared += 1;
        if differences.is_empty() {
            self.agreed += 1;
            return;
        }
        let entries = differences.into_iter().map(|difference| Entry {
            difference,
            resolution: None,
        });
        self.take(
            case,
            Case {
                differed: 1,
                cut: false,
                entries: entries.collect(),
            },
        );
    }

    /// All entries: case, then place.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.cases
            .iter()
            .flat_map(|(case, kept)| kept.entries.iter().map(move |entry| (case.as_str(), entry)))
    }

    /// Takes in what somebody says about one difference. The later word counts, in whatever order they come.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] when the case has no difference there.
    pub fn resolve(
        &mut self,
        case: &str,
        place: &Place,
        resolution: Resolution,
    ) -> Result<(), LedgerError> {
        let entries = self.cases.get_mut(case).map(|kept| &mut kept.entries);
        let entry = entries.and_then(|all| {
            all.iter_mut()
                .find(|entry| entry.difference.place == *place)
        });
        let Some(entry) = entry else {
            return Err(LedgerError::Unknown {
                case: case.to_owned(),
                place: place.clone(),
            });
        };
        entry.resolution = later(entry.resolution.take(), Some(resolution));
        Ok(())
    }

    /// Takes in what somebody says about every open difference at this place, in all cases; says how many.
    pub fn resolve_all(&mut self, place: &Place, resolution: &Resolution) -> u64 {
        let mut count = 0;
        for entry in self.cases.values_mut().flat_map(|case| &mut case.entries) {
            if entry.difference.place == *place && entry.resolution.is_none() {
                entry.resolution = Some(resolution.clone());
                count += 1;
            }
        }
        count
    }

    /// Takes in another part.
    pub fn merge(&mut self, other: Self) {
        self.compared += other.compared;
        self.agreed += other.agreed;
        self.dropped += other.dropped;
        for (case, kept) in other.cases {
            self.take(&case, kept);
        }
    }

    /// How many of each. Linear in the entries.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            compared: self.compared,
            agreed: self.agreed,
            accepted: self.agreed,
            open: self.dropped,
            ..Counts::default()
        };
        for case in self.cases.values() {
            let mut fine = !case.cut;
            for entry in &case.entries {
                let verdict = entry.resolution.as_ref().map(|said| said.verdict);
                *(match verdict {
                    None => &mut counts.open,
                    Some(Verdict::Breaking) => &mut counts.breaking,
                    Some(Verdict::Bug) => &mut counts.bugs,
                    Some(Verdict::Improvement) => &mut counts.improvements,
                }) += 1;
                fine &= verdict == Some(Verdict::Improvement);
            }
            if fine {
                counts.accepted += case.differed;
            }
        }
        counts
    }

    fn take(&mut self, name: &str, new: Case) {
        let case = self.cases.entry(name.to_owned()).or_default();
        case.differed += new.differed;
        case.cut |= new.cut;
        for entry in new.entries {
            let place = &entry.difference.place;
            match case
                .entries
                .binary_search_by(|kept| kept.difference.place.cmp(place))
            {
                Ok(at) => {
                    if let Some(kept) = case.entries.get_mut(at) {
                        kept.resolution = later(kept.resolution.take(), entry.resolution);
                        // Which one came first is not known of parts; the smaller one is the same for all.
                        if entry.difference < kept.difference {
                            kept.difference = entry.difference;
                        }
                    }
                }
                Err(at) if self.kept < ENTRIES_MAX => {
                    self.kept += 1;
                    case.entries.insert(at, entry);
                }
                Err(_) => {
                    case.cut = true;
                    self.dropped += 1;
                }
            }
        }
    }
}

fn later(a: Option<Resolution>, b: Option<Resolution>) -> Option<Resolution> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.rank() > a.rank() { b } else { a }),
        (a, b) => a.or(b),
    }
}
