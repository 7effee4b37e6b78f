//! Who may say what, and how it is known that it is them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use phasegate_core::{PersonId, RoleId};
use phasegate_provider::SecretSource;
use serde::{Deserialize, Serialize};

/// Somebody, and how their files are known. With keys, a file of theirs must be signed by one of them, whoever owns
/// it; without, it must be owned by their user. Who has neither cannot say anything.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct PersonConfig {
    /// The roles in which they may answer. Scenarios may be declared without any.
    #[serde(default)]
    pub roles: BTreeSet<RoleId>,
    /// The number of their user on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Their keys (`whsec_` and base64), read at each use; several while one is changed for another.
    #[serde(default)]
    pub keys: Vec<SecretSource>,
}

/// A folder in which people leave files.
///
/// ```
/// use phasegate_provider_operator::{FolderConfig, PersonConfig};
/// let read = r#"{"folder": "/srv/rollout/approvals", "people": {"ada": {"roles": ["release-lead"], "uid": 1000}}}"#;
/// let config: FolderConfig = serde_json::from_str(read)?;
/// let ada = PersonConfig {
///     roles: ["release-lead".parse()?].into(),
///     uid: Some(1000),
///     ..PersonConfig::default()
/// };
/// assert_eq!(config, FolderConfig::new("/srv/rollout/approvals").with_person("ada".parse()?, ada));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct FolderConfig {
    /// Where it is. What is missing in it is made; who may write there is the administrator's to say.
    pub folder: PathBuf,
    /// Who may leave files in it.
    #[serde(default)]
    pub people: BTreeMap<PersonId, PersonConfig>,
}

impl FolderConfig {
    /// A folder in which nobody may leave anything yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            people: BTreeMap::new(),
        }
    }

    /// The same folder, in which this person may leave files too.
    #[must_use]
    pub fn with_person(mut self, person: PersonId, known: PersonConfig) -> Self {
        self.people.insert(person, known);
        self
    }
}
