//! Which file, and where in it the flags are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use phasegate_core::{Ratio, TargetId};
use serde::{Deserialize, Serialize};

/// How the file is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// `NAME=value`, one a line.
    Env,
    /// TOML 1.0.
    Toml,
    /// YAML 1.2, one document.
    Yaml,
}

/// How a share is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Written {
    /// 0 to 100.
    Percent,
    /// 0 to 1.
    Ratio,
    /// `true` or `false`.
    Switch,
}

/// Where a flag is in the file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct FlagPlace {
    /// The names that lead to its value; one name in a `.env` file.
    pub at: Vec<String>,
    /// How its share is written.
    #[serde(rename = "as")]
    pub written: Written,
}

/// A file and the flags in it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConfigFileConfig {
    /// Which file.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// Where the flags are.
    pub flags: BTreeMap<TargetId, FlagPlace>,
}

impl ConfigFileConfig {
    /// A file without flags.
    pub fn new(path: impl Into<PathBuf>, format: Format) -> Self {
        Self {
            path: path.into(),
            format,
            flags: BTreeMap::new(),
        }
    }

    /// The same with a flag.
    #[must_use]
    pub fn with_flag<S: Into<String>>(
        mut self,
        flag: TargetId,
        at: impl IntoIterator<Item = S>,
        written: Written,
    ) -> Self {
        let at = at.into_iter().map(Into::into).collect();
        self.flags.insert(flag, FlagPlace { at, written });
        self
    }
}

impl Written {
    /// The text of a share; `None` where it cannot be said.
    pub(crate) fn text(self, share: Ratio) -> Option<String> {
        match self {
            Self::Percent => Some(share.to_string().trim_end_matches('%').to_owned()),
            Self::Ratio => Some(share.to_decimal().normalized().to_string()),
            Self::Switch if share == Ratio::ZERO => Some("false".to_owned()),
            Self::Switch if share == Ratio::ONE => Some("true".to_owned()),
            Self::Switch => None,
        }
    }

    /// The share of a text.
    pub(crate) fn share(self, text: &str) -> Option<Ratio> {
        let text = text.trim();
        match self {
            Self::Percent => format!("{text}%").parse().ok(),
            Self::Ratio if text.ends_with('%') => None,
            Self::Ratio => text.parse().ok(),
            Self::Switch => match text {
                "false" => Some(Ratio::ZERO),
                "true" => Some(Ratio::ONE),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_and_read_back_without_loss() {
        for written in [Written::Percent, Written::Ratio, Written::Switch] {
            for ppm in [0, 1, 10_000, 125_000, 333_333, 999_999, 1_000_000] {
                let share = Ratio::from_ppm(ppm).expect("a share");
                match written.text(share) {
                    Some(text) => {
                        assert_eq!(written.share(&text), Some(share), "{written:?} {text}");
                    }
                    None => assert_eq!(written, Written::Switch),
                }
            }
        }
        for (written, text) in [
            (Written::Percent, "101"),
            (Written::Percent, "abc"),
            (Written::Percent, "5%"),
            (Written::Ratio, "5%"),
            (Written::Ratio, "1.5"),
            (Written::Switch, "yes"),
        ] {
            assert_eq!(written.share(text), None, "{written:?} {text}");
        }
    }
}
