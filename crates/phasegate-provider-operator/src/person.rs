//! Who somebody is who says something by a file.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{PersonId, RoleId, Timestamp};
use phasegate_provider::ProviderError;
use phasegate_provider::signed::{Key, TOLERANCE, verify};

use crate::config::{FolderConfig, PersonConfig};
use crate::dropped::Dropped;

/// The people of a folder, with their keys as they are now.
#[derive(Debug)]
pub(crate) struct People<'a>(BTreeMap<&'a PersonId, (&'a PersonConfig, Vec<Key>)>);

/// How it is known whose file it is.
#[derive(Debug)]
pub(crate) struct Proof<'a> {
    pub(crate) roles: &'a BTreeSet<RoleId>,
    /// When it was signed, else when it was last changed; never after now.
    pub(crate) at: Timestamp,
    pub(crate) verified: String,
}

impl<'a> People<'a> {
    /// Reads everybody's keys.
    pub(crate) fn of(config: &'a FolderConfig, act: &str) -> Result<Self, ProviderError> {
        let mut people = BTreeMap::new();
        for (id, person) in &config.people {
            let mut keys = Vec::new();
            for source in &person.keys {
                let key = Key::new(&source.resolve_for(act)?);
                keys.push(key.map_err(|error| {
                    ProviderError::misuse(format!("{act}: a key of {id}: {error}"))
                })?);
            }
            people.insert(id, (person, keys));
        }
        Ok(Self(people))
    }

    /// Is this file from that person?
    pub(crate) fn proof(
        &self,
        person: &PersonId,
        file: &Dropped,
        now: Timestamp,
    ) -> Result<Proof<'a>, String> {
        let Some((known, keys)) = self.0.get(person) else {
            return Err(format!("nobody here is called {person}"));
        };
        let (at, verified) = if known.keys.is_empty() {
            let owner = file.owner;
            if known.uid != Some(owner) {
                return Err(format!("user {owner}, who owns it, is not {person}"));
            }
            if file.is_shared {
                return Err("others than its owner may write it: chmod go-w".to_owned());
            }
            (file.modified, format!("file of user {owner}"))
        } else {
            let at = signed(file, keys)?;
            if at.since(now) > TOLERANCE {
                return Err("it is signed in the future".to_owned());
            }
            (
                at,
                format!("file {} signed by a key of {person}", file.name),
            )
        };
        Ok(Proof {
            roles: &known.roles,
            at: at.min(now),
            verified,
        })
    }
}

/// When one of these keys signed it: over its name, that time and its bytes.
fn signed(file: &Dropped, keys: &[Key]) -> Result<Timestamp, String> {
    let none = || format!("it has no signature: there is no {}.sig", file.name);
    let signature = file.signature.as_deref().ok_or_else(none)?;
    let (secs, signatures) = signature.trim().split_once(' ').unwrap_or_default();
    let Ok(at) = secs.parse::<i64>() else {
        return Err("its signature has no time".to_owned());
    };
    let at = Timestamp::from_unix_millis(at.saturating_mul(1000));
    // A file may wait: how old it may be is not for the signature to say.
    match verify(keys, &file.name, secs, signatures, &file.body, at) {
        Ok(()) => Ok(at),
        Err(_) => Err("its signature does not fit".to_owned()),
    }
}
