//! What people rate: numbers on a scale, each a file with who gives it, as a metric source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use phasegate_core::{
    Capability, Decimal, Measurement, Observed, PersonId, Query, RoleId, Timestamp, Wants, Window,
};
use phasegate_provider::signed::Key;
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, MetricSource, Provider, ProviderError};
use serde::{Deserialize, Serialize};

use crate::approvals::json;
use crate::config::FolderConfig;
use crate::dropped::{Dropped, FILES_MAX, forget_notes, leave, look, make, names, note};
use crate::person::People;

/// Something that people rate. Nothing of it has a default.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct RatingConfig {
    /// The best that can be given; 1 is the worst. The unit of its KPI is `/5` for a scale of 5.
    pub scale: u32,
    /// Who may rate it: people in one of these roles.
    pub roles: BTreeSet<RoleId>,
    /// How many people must have rated it before there is a number at all.
    pub people_min: u64,
}

/// The ratings of one folder.
///
/// ```
/// use phasegate_provider_operator::RatingsConfig;
/// let read = r#"{"files": {"folder": "/srv/rollout/ratings"}, "ratings": {
///     "happiness": {"scale": 5, "roles": ["developer"], "people-min": 3}}}"#;
/// let config: RatingsConfig = serde_json::from_str(read)?;
/// assert_eq!(config.ratings["happiness"].scale, 5);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct RatingsConfig {
    /// Where people leave them, and who those are.
    pub files: FolderConfig,
    /// What is rated, by the name that plans use as their text.
    pub ratings: BTreeMap<String, RatingConfig>,
}

/// What somebody gives.
///
/// ```
/// let written = r#"{"person": "ada", "role": "developer", "rating": "happiness", "given": 4}"#;
/// let given: phasegate_provider_operator::Rating = serde_json::from_str(written)?;
/// assert_eq!((given.given, given.comment.as_str()), (4, ""));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Rating {
    /// Who.
    pub person: PersonId,
    /// In which of their roles.
    pub role: RoleId,
    /// To what, by its name in the configuration.
    pub rating: String,
    /// How much: whole, from 1 to the scale.
    pub given: u32,
    /// Why, in their words, for those who look into the folder.
    #[serde(default)]
    pub comment: String,
}

/// Ratings that people leave as files: a metric source.
///
/// In its folder are `ratings` (where people leave them) and `ratings-refused` (why one does not count). It may be the
/// folder of [`FileApprovals`](crate::FileApprovals). One counts for as long as it lies there, in the windows in which it
/// was given; of several of one person in a window the last.
#[derive(Clone, Debug)]
pub struct Ratings {
    config: RatingsConfig,
}

/// A rating that counts.
struct Counted {
    given: u32,
    at: Timestamp,
    name: String,
}

impl Ratings {
    /// A source in this folder; what is missing of it is made.
    ///
    /// # Errors
    /// `Misuse` for a scale below 2; when a folder cannot be made.
    pub fn open(config: RatingsConfig) -> Result<Self, ProviderError> {
        let act = "open the ratings";
        if let Some((name, _)) = config.ratings.iter().find(|(_, of)| of.scale < 2) {
            let told = format!("{act}: '{name}': a scale has two steps at least");
            return Err(ProviderError::misuse(told));
        }
        let source = Self { config };
        for name in ["ratings", "ratings-refused"] {
            make(&source.folder(name), act)?;
        }
        Ok(source)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.config.files.folder.join(name)
    }

    /// What everybody gave last in a window; beside the files that do not count it is said why.
    fn counted(
        &self,
        name: &str,
        window: Window,
        now: Timestamp,
        act: &str,
    ) -> Result<BTreeMap<PersonId, Counted>, ProviderError> {
        let people = People::of(&self.config.files, act)?;
        let (folder, refused) = (self.folder("ratings"), self.folder("ratings-refused"));
        if names(&folder, "json", act)?.len() > FILES_MAX {
            let told = format!("{act}: more than {FILES_MAX} files, of which some would not count");
            return Err(ProviderError::invalid(told));
        }
        let mut counted: BTreeMap<PersonId, Counted> = BTreeMap::new();
        for (path, looked) in look(&folder, act)? {
            let read = looked.and_then(|file| self.read(file, &people, now));
            let why = read.as_ref().err().map(String::as_str);
            note(&refused, &path, why, act)?;
            let Some((rating, one)) = read.ok() else {
                continue;
            };
            if rating.rating != name || one.at < window.start || one.at >= window.end {
                continue;
            }
            let is_later = counted
                .get(&rating.person)
                .is_none_or(|other| (other.at, &other.name) < (one.at, &one.name));
            if is_later {
                counted.insert(rating.person, one);
            }
        }
        forget_notes(&refused, &folder, act)?;
        Ok(counted)
    }

    /// What this file gives.
    fn read(
        &self,
        file: Dropped,
        people: &People<'_>,
        now: Timestamp,
    ) -> Result<(Rating, Counted), String> {
        let rating: Rating = serde_json::from_slice(&file.body)
            .map_err(|error| format!("it is no rating: {error}"))?;
        let proof = people.proof(&rating.person, &file, now)?;
        let Some(of) = self.config.ratings.get(&rating.rating) else {
            let name = one_line(&rating.rating, 80);
            return Err(format!("nothing that is called '{name}' is rated here"));
        };
        let (person, role) = (&rating.person, &rating.role);
        if !proof.roles.contains(role) {
            return Err(format!("{person} is not in the role {role}"));
        }
        if !of.roles.contains(role) {
            return Err(format!("the role {role} does not rate it"));
        }
        let (given, scale) = (rating.given, of.scale);
        if !(1..=scale).contains(&given) {
            return Err(format!("{given} is not within 1 and {scale}"));
        }
        let (at, name) = (proof.at, file.name);
        Ok((rating, Counted { given, at, name }))
    }
}

/// Leaves a rating, as a tool does for the person who runs it. Signed by a key, or else known by the user that
/// the file belongs to. Says where it lies; an earlier one of the person to the same thing is replaced.
///
/// # Errors
/// When the file cannot be written.
pub fn rate(
    folder: &Path,
    rating: &Rating,
    key: Option<&Key>,
    now: Timestamp,
) -> Result<PathBuf, ProviderError> {
    let act = "leave a rating";
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if rating.rating.is_empty() || !rating.rating.chars().all(is_plain) {
        let told = format!("{act}: its name makes no file name: letters, digits, '-' and '_'");
        return Err(ProviderError::misuse(told));
    }
    let name = format!("{}.{}.json", rating.rating, rating.person);
    let path = folder.join("ratings").join(name);
    leave(&path, &json(rating, act)?, key, now, act)?;
    Ok(path)
}

impl Provider for Ratings {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar])
    }
}

#[async_trait]
impl MetricSource for Ratings {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("collect ratings for {}", query.kpi);
        let misuse = |why: String| Err(ProviderError::misuse(format!("{act}: {why}")));
        let Some(config) = self.config.ratings.get(&query.text) else {
            let name = one_line(&query.text, 80);
            return misuse(format!("nothing that is called '{name}' is rated here"));
        };
        if query.wants != Wants::Scalar {
            return misuse("ratings are one number, their mean".to_owned());
        }
        let counted = self.counted(&query.text, query.window, call.at, act)?;
        let number = u64::try_from(counted.len()).unwrap_or(u64::MAX);
        if number < config.people_min.max(1) {
            let least = config.people_min;
            let told = format!("{act}: {number} people have rated it, of {least} at least");
            return Err(ProviderError::no_data(told));
        }
        let sum: u64 = counted.values().map(|one| u64::from(one.given)).sum();
        let mean = Decimal::from(sum).checked_div(Decimal::from(number));
        let value = mean.ok_or_else(|| ProviderError::invalid(format!("{act}: no mean")))?;
        Ok(Measurement {
            window: query.window,
            samples: number,
            observed: Observed::Scalar { value },
        })
    }
}
