//! The role that runs named commands. What a name means stands in the bindings, never in a plan.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Provider;
use crate::{Call, ProviderError};

/// How a command ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a process ends in these ways only")]
pub enum Exit {
    /// By itself, with this status; 0 is success.
    Code(i32),
    /// By this signal, which this side did not send.
    Signal(i32),
}

/// A command that ran to its end.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct CommandRun {
    /// How it ended.
    pub exit: Exit,
    /// The first part of its standard output, bounded, with secrets masked.
    pub stdout: String,
    /// The last part of its standard error, bounded, with secrets masked.
    pub stderr: String,
    /// Was anything cut off?
    pub truncated: bool,
}

/// Runs commands that the bindings name.
///
/// Dropping the future ends the command if the adapter can, else leaves it unknown what it did.
#[async_trait]
pub trait CommandRunner: Provider {
    /// Runs a command to its end. A command that ends with a status other than 0 is no error of the
    /// provider; one that had to be ended is [`Timeout`](crate::ErrorKind::Timeout).
    async fn run(&self, command: &str, call: &Call) -> Result<CommandRun, ProviderError>;
}
