//! JSON pointers with a wild card.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no [`Path`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with a slash.
    #[error("'{text}' is no path: begin with '/', as in /items/*/id")]
    Slash {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// A tilde that escapes nothing.
    #[error("'{text}' has a '~' that is none of ~0 (~), ~1 (/) and ~2 (*)")]
    Tilde {
        /// The text, shortened to 80 characters.
        text: String,
    },
}

/// Where in a JSON value: a JSON pointer (RFC 6901) in which `*` stands for any one name or index. A star
/// that is meant is `~2`.
///
/// ```
/// use phasegate_shadow::Path;
/// let path: Path = "/items/*/a~1b".parse()?;
/// assert_eq!(path.to_string(), "/items/*/a~1b");
/// assert!("items".parse::<Path>().is_err());
/// # Ok::<(), phasegate_shadow::PathError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Step {
    Any,
    Name(String),
}

impl Path {
    /// Does the path lead to this place, given as its names and indices?
    pub(crate) fn matches(&self, place: &[String]) -> bool {
        self.0.len() == place.len()
            && self.0.iter().zip(place).all(|(step, name)| match step {
                Step::Any => true,
                Step::Name(wanted) => wanted == name,
            })
    }

    /// The names, if none is any.
    pub(crate) fn names(&self) -> Option<Vec<&str>> {
        self.0
            .iter()
            .map(|step| match step {
                Step::Any => None,
                Step::Name(name) => Some(name.as_str()),
            })
            .collect()
    }
}

/// One name as it stands in a pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0")
        .replace('/', "~1")
        .replace('*', "~2")
}

fn step(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::Any);
    }
    let mut name = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        name.push(match c {
            '~' => match rest.next()? {
                '0' => '~',
                '1' => '/',
                '2' => '*',
                _ => return None,
            },
            other => other,
        });
    }
    Some(Step::Name(name))
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let short = || text.chars().take(80).collect::<String>();
        let Some(rest) = text.strip_prefix('/') else {
            return Err(PathError::Slash { text: short() });
        };
        let steps = rest.split('/').map(step).collect::<Option<Vec<_>>>();
        steps
            .map(Self)
            .ok_or_else(|| PathError::Tilde { text: short() })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Any => f.write_str("/*")?,
                Step::Name(name) => write!(f, "/{}", escaped(name))?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Path {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.to_string()
    }
}
