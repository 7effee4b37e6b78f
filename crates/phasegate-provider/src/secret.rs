//! Secrets that cannot be shown by accident, and references to them that may stand in documents.

use std::path::PathBuf;
use std::{env, fmt, fs, io};

use serde::{Deserialize, Serialize};

use crate::ProviderError;

/// A secret text: a token, a password. `Debug` shows that there is one and nothing of it; it cannot
/// be serialised or displayed.
///
/// ```
/// use phasegate_provider::Secret;
/// let token = Secret::new("hunter2");
/// assert_eq!(format!("{token:?}"), "Secret([redacted])");
/// assert_eq!(token.expose(), "hunter2");
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The secret itself: only where it is put on the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// Where a secret is taken from at the moment of its use. The secret itself stands in no document.
///
/// ```
/// use phasegate_provider::SecretSource;
/// let token: SecretSource = serde_json::from_str(r#"{"file": "/run/secrets/prometheus"}"#)?;
/// assert_eq!(token, SecretSource::File("/run/secrets/prometheus".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SecretSource {
    /// A variable of this process's environment.
    Env(String),
    /// A file, without the line break at its end.
    File(PathBuf),
}

impl SecretSource {
    /// Reads the secret. A file is read anew each time, so that it can be changed without a restart.
    ///
    /// # Errors
    /// When the variable is not set or no text, or the file cannot be read. The message names the
    /// source and holds nothing of the secret.
    pub fn resolve(&self) -> io::Result<Secret> {
        match self {
            Self::Env(name) => match env::var(name) {
                Ok(text) => Ok(Secret::new(text)),
                Err(_) => Err(io::Error::new(
                    io::ErrorKind::NotFound,
                    format!("variable {name} is not set or no text"),
                )),
            },
            Self::File(path) => {
                let text = fs::read_to_string(path)?;
                Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
            }
        }
    }

    /// The same as the error of a provider that was about to do `act`.
    ///
    /// # Errors
    /// [`Misuse`](crate::ErrorKind::Misuse), because somebody has to change something.
    pub fn resolve_for(&self, act: &str) -> Result<Secret, ProviderError> {
        self.resolve().map_err(|error| {
            let told = format!("{act}: the secret cannot be read: {error}");
            ProviderError::misuse(told).with_source(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_without_its_last_line_break() {
        let path = env::temp_dir().join(format!("phasegate-secret-{}", std::process::id()));
        fs::write(&path, "s3cr3t\r\n").expect("written");
        let source = SecretSource::File(path.clone());
        assert_eq!(source.resolve().expect("read").expose(), "s3cr3t");
        fs::remove_file(&path).expect("removed");
        let error = source.resolve_for("ask").expect_err("gone");
        assert_eq!(error.kind(), crate::ErrorKind::Misuse);
        let unset = SecretSource::Env("PHASEGATE_NOBODY_SETS_THIS".to_owned());
        let told = unset.resolve().expect_err("not set").to_string();
        assert!(told.contains("PHASEGATE_NOBODY_SETS_THIS"), "{told}");
    }
}
