//! The formats that documents come in.

use std::fmt;

/// A document format. All hold the same model.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Format {
    /// JSON.
    Json,
    /// TOML 1.
    Toml,
    /// YAML 1.2.
    Yaml,
}

impl Format {
    /// By the ending of a file name; YAML where it says nothing.
    pub fn of_name(name: &str) -> Self {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if ending.eq_ignore_ascii_case("toml") {
            Self::Toml
        } else if ending.eq_ignore_ascii_case("json") {
            Self::Json
        } else {
            Self::Yaml
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
        })
    }
}
