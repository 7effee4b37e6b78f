//! Which commands there are. An operator writes this; plans only name what stands here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use phasegate_core::Span;
use phasegate_provider::SecretSource;
use serde::{Deserialize, Serialize};

/// One command: a program with its arguments, never a line for a shell.
///
/// ```
/// use phasegate_provider_command::CommandConfig;
/// let migrate = CommandConfig::new("/usr/bin/env", ["true"]);
/// assert_eq!(migrate.args, ["true"]);
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CommandConfig {
    /// The program, as an absolute path. A shell is a program like any other: name it if you want one.
    pub program: PathBuf,
    /// Its arguments, each passed as it is.
    #[serde(default)]
    pub args: Vec<String>,
    /// Where it runs. Default: `/`.
    #[serde(default = "root")]
    pub dir: PathBuf,
    /// Its environment. Nothing else is inherited but what `pass` names.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Variables of this process's environment that are passed on where they are set.
    #[serde(default)]
    pub pass: Vec<String>,
    /// Variables that hold secrets. Their values are masked in what the command prints.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSource>,
    /// How long it may run; a call's deadline may be shorter. Default 5 min.
    #[serde(default = "within")]
    pub within: Span,
    /// The most bytes of each of its outputs that are kept: of standard output the first, of standard error the last.
    /// Default 8 KiB: enough for a page of words, little in a journal. What others read out of it may need more.
    #[serde(default = "output_bytes_max")]
    pub output_bytes_max: usize,
    /// How long it has to end by itself after the signal to terminate. Default 2 s.
    #[serde(default = "grace")]
    pub grace: Span,
}

impl CommandConfig {
    /// A program with arguments, an empty environment and the default limits.
    pub fn new(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            dir: root(),
            env: BTreeMap::new(),
            pass: Vec::new(),
            secrets: BTreeMap::new(),
            within: within(),
            grace: grace(),
            output_bytes_max: output_bytes_max(),
        }
    }
}

/// The commands of one binding.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct CommandsConfig {
    /// By the name that plans use.
    pub commands: BTreeMap<String, CommandConfig>,
}

fn root() -> PathBuf {
    PathBuf::from("/")
}

fn within() -> Span {
    Span::from_secs(300)
}

fn output_bytes_max() -> usize {
    8 << 10
}

fn grace() -> Span {
    Span::from_secs(2)
}
