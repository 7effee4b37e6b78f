//! Running a command to its end, or to its time.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use phasegate_core::Capability;
use phasegate_provider::{
    Call, CommandRun, CommandRunner, ErrorKind, Exit, Provider, ProviderError, Secret,
    SecretSource, Sent,
};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

use crate::capture::{Capture, Part};
use crate::config::{CommandConfig, CommandsConfig};
use crate::group::Group;
use crate::mask::Masks;

/// How long outputs may stay open after the command itself has ended: somebody it left behind holds them.
const LEFT_OPEN: Duration = Duration::from_millis(200);

/// Runs the commands of a [`CommandsConfig`].
///
/// Beside its own environment a command finds `PHASEGATE_KEY` (the idempotency key), `PHASEGATE_EPOCH` (the
/// lease's epoch) and `PHASEGATE_MILLIS` (the time it has). Its processes are a group of their own, which
/// ends with the command, its time, or the future that runs it.
///
/// ```
/// use phasegate_provider_command::{CommandConfig, Commands, CommandsConfig};
/// let mut config = CommandsConfig::default();
/// config.commands.insert("noop".to_owned(), CommandConfig::new("/usr/bin/true", [""; 0]));
/// let runner = Commands::new(config);
/// ```
#[derive(Clone, Debug)]
pub struct Commands {
    config: CommandsConfig,
}

impl Commands {
    /// A runner of these commands.
    pub fn new(config: CommandsConfig) -> Self {
        Self { config }
    }

    /// Runs a command with more variables in its environment than its own.
    pub(crate) async fn run_with(
        &self,
        command: &str,
        call: &Call,
        more: &[(&'static str, String)],
    ) -> Result<CommandRun, ProviderError> {
        let Some(config) = self.config.commands.get(command) else {
            let told = format!("run '{command}': no command has this name");
            return Err(ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told));
        };
        if !config.program.is_absolute() {
            let told = format!("run '{command}': the program is not an absolute path");
            return Err(ProviderError::misuse(told));
        }
        let within = config.within.min(call.deadline);
        if within.is_zero() {
            let told = format!("run '{command}': there is no time left");
            return Err(ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told));
        }
        let secrets = resolved(command, config)?;
        let masks = Masks::new(secrets.iter().map(|(_, secret)| secret.expose()));
        let mut prepared = prepared(config, call, &secrets);
        prepared.env("PHASEGATE_MILLIS", within.as_millis().to_string());
        prepared.envs(more.iter().map(|(name, value)| (name, value)));
        let child = prepared
            .spawn()
            .map_err(|error| not_started(command, error))?;
        let group = Group::of(child.id());
        let mut running = Running { child, group };
        let mut outputs = Outputs {
            stdout: Capture::new(Part::First, config.output_bytes_max, &masks),
            stderr: Capture::new(Part::Last, config.output_bytes_max, &masks),
        };
        let (limit, grace) = (within.to_duration(), config.grace.to_duration());
        let ended = running.end(&mut outputs, limit, grace).await;
        let Outputs { stdout, stderr } = outputs;
        match ended {
            Some(Ok(status)) => {
                running.group.forget();
                Ok(CommandRun {
                    exit: exit(status),
                    truncated: stdout.is_truncated() || stderr.is_truncated(),
                    stdout: stdout.text(&masks),
                    stderr: stderr.text(&masks),
                })
            }
            Some(Err(error)) => {
                let told = format!("run '{command}': {error}");
                let kind = ErrorKind::Unavailable;
                Err(ProviderError::new(kind, Sent::Maybe, told).with_source(error))
            }
            None => {
                let told = format!("run '{command}': ended after {within}");
                Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told))
            }
        }
    }
}

impl Provider for Commands {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl CommandRunner for Commands {
    async fn run(&self, command: &str, call: &Call) -> Result<CommandRun, ProviderError> {
        self.run_with(command, call, &[]).await
    }
}

/// A command under way. Dropped before its end, it ends with all that it started.
struct Running {
    child: Child,
    group: Group,
}

/// What is kept of what it prints.
struct Outputs {
    stdout: Capture,
    stderr: Capture,
}

impl Outputs {
    /// Reads both to their ends.
    async fn drain(&mut self, out: Option<ChildStdout>, err: Option<ChildStderr>) {
        let Self { stdout, stderr } = self;
        let first = async {
            if let Some(out) = out {
                stdout.drain(out).await;
            }
        };
        let second = async {
            if let Some(err) = err {
                stderr.drain(err).await;
            }
        };
        tokio::join!(first, second);
    }
}

impl Running {
    /// Waits for its end; `None` when its time was over first.
    async fn end(
        &mut self,
        outputs: &mut Outputs,
        within: Duration,
        grace: Duration,
    ) -> Option<io::Result<ExitStatus>> {
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        let mut outputs = pin!(outputs.drain(out, err));
        let mut closed = false;
        let waited = timeout(within, async {
            loop {
                tokio::select! {
                    status = self.child.wait() => return status,
                    () = &mut outputs, if !closed => closed = true,
                }
            }
        })
        .await;
        let Ok(status) = waited else {
            self.group.terminate();
            // Outputs are read on, so that nobody is stuck writing last words.
            let ending = async {
                if !closed {
                    outputs.as_mut().await;
                }
                self.child.wait().await
            };
            drop(timeout(grace, ending).await);
            self.group.kill();
            drop(timeout(LEFT_OPEN, self.child.wait()).await);
            return None;
        };
        if !closed && timeout(LEFT_OPEN, &mut outputs).await.is_err() {
            // Somebody is left in the group, so its id is still this group's.
            self.group.kill();
            drop(timeout(LEFT_OPEN, outputs).await);
        }
        Some(status)
    }
}

fn resolved<'a>(
    command: &str,
    config: &'a CommandConfig,
) -> Result<Vec<(&'a str, Secret)>, ProviderError> {
    let resolve = |(name, source): (&'a String, &SecretSource)| {
        source
            .resolve()
            .map(|secret| (name.as_str(), secret))
            .map_err(|error| {
                let told = format!("run '{command}': secret {name} cannot be read: {error}");
                ProviderError::misuse(told).with_source(error)
            })
    };
    config.secrets.iter().map(resolve).collect()
}

fn prepared(config: &CommandConfig, call: &Call, secrets: &[(&str, Secret)]) -> Command {
    let mut command = Command::new(&config.program);
    command
        .args(&config.args)
        .current_dir(&config.dir)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    for name in &config.pass {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(&config.env);
    command.envs(
        secrets
            .iter()
            .map(|(name, secret)| (*name, secret.expose())),
    );
    if let Some(key) = &call.key {
        command.env("PHASEGATE_KEY", key.as_str());
    }
    if let Some(epoch) = call.fencing {
        command.env("PHASEGATE_EPOCH", epoch.to_string());
    }
    command
}

fn not_started(command: &str, error: io::Error) -> ProviderError {
    let kind = if error.kind() == io::ErrorKind::NotFound {
        ErrorKind::NotFound
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        ErrorKind::Denied
    } else {
        ErrorKind::Unavailable
    };
    let told = format!("start '{command}': {error}");
    ProviderError::new(kind, Sent::Nothing, told).with_source(error)
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}
