//! Real processes, well behaved and not.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::time::{Duration, Instant};

use phasegate_core::{EffectClass, EffectKey, Span, Timestamp};
use phasegate_provider::{
    Call, CommandRun, CommandRunner as _, ErrorKind, Exit, ProviderError, Sent,
};
use phasegate_provider_command::{CommandConfig, Commands, CommandsConfig, SecretSource};

fn shell(script: &str) -> CommandConfig {
    let mut config = CommandConfig::new("/bin/sh", ["-c", script]);
    config
        .env
        .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    config.grace = Span::from_millis(100);
    config
}

fn call() -> Call {
    let key = EffectKey::new(&"r".parse().expect("an id"), 1);
    Call::new(Timestamp::EPOCH, Span::from_secs(60))
        .with_effect(key, EffectClass::AtMostOnce)
        .with_fencing(7)
}

async fn run(config: CommandConfig) -> Result<CommandRun, ProviderError> {
    let mut commands = CommandsConfig::default();
    commands.commands.insert("it".to_owned(), config);
    Commands::new(commands).run("it", &call()).await
}

#[tokio::test]
async fn the_end_of_a_command_is_told_as_it_is() {
    for (script, exit, stdout, stderr) in [
        ("echo out; echo err >&2", Exit::Code(0), "out\n", "err\n"),
        ("exit 3", Exit::Code(3), "", ""),
        ("kill -9 $$", Exit::Signal(9), "", ""),
        ("cat; pwd", Exit::Code(0), "/\n", ""),
    ] {
        let run = run(shell(script)).await.expect(script);
        assert_eq!((run.exit, run.truncated), (exit, false), "{script}");
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            (stdout, stderr),
            "{script}"
        );
    }
}

#[tokio::test]
async fn arguments_are_passed_as_they_are_and_the_environment_is_empty() {
    let hostile = ["$(touch /tmp/x)", "; rm -rf /", "a  b", "*", "`id`"];
    let printed = run(CommandConfig::new(
        "/usr/bin/printf",
        ["%s\\n"].into_iter().chain(hostile),
    ));
    assert_eq!(
        printed.await.expect("printf").stdout,
        format!("{}\n", hostile.join("\n"))
    );
    let mut config = CommandConfig::new("/usr/bin/env", [""; 0]);
    config.env.insert("OWN".to_owned(), "1".to_owned());
    config.pass.push("CARGO_MANIFEST_DIR".to_owned());
    config.pass.push("NOT_SET_ANYWHERE".to_owned());
    let found = run(config).await.expect("env").stdout;
    let mut names: Vec<&str> = found
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    names.sort_unstable();
    let ours = ["PHASEGATE_EPOCH", "PHASEGATE_KEY", "PHASEGATE_MILLIS"];
    let want: Vec<&str> = ["CARGO_MANIFEST_DIR", "OWN"]
        .into_iter()
        .chain(ours)
        .collect();
    assert_eq!(names, want);
    assert!(found.contains("PHASEGATE_KEY=r/1\n") && found.contains("PHASEGATE_EPOCH=7\n"));
}

#[tokio::test]
async fn a_flood_is_bounded_and_does_not_block() {
    let script = "head -c 50000000 /dev/zero | tr '\\0' x; echo; echo last >&2";
    let run = run(shell(script)).await.expect("a flood");
    assert_eq!((run.exit, run.truncated), (Exit::Code(0), true));
    assert_eq!((run.stdout.len(), run.stderr.as_str()), (8 << 10, "last\n"));
    assert!(run.stdout.bytes().all(|byte| byte == b'x'));
}

#[tokio::test]
async fn secrets_are_masked_and_never_told() {
    let mut config = shell("echo token=$TOKEN; echo $TOKEN | base64 >&2; exit 1");
    // Cargo sets it, so that no test has to.
    config.secrets.insert(
        "TOKEN".to_owned(),
        SecretSource::Env("CARGO_PKG_NAME".to_owned()),
    );
    let name = std::env::var("CARGO_PKG_NAME").expect("cargo runs the tests");
    assert!(!format!("{config:?}").contains(&name));
    let run = run(config).await.expect("an end");
    assert_eq!(run.stdout, "token=[masked]\n");
    assert!(run.stderr.starts_with("[masked]"), "{}", run.stderr);
    let mut config = shell("true");
    let missing = SecretSource::File("/nowhere/at/all".into());
    config.secrets.insert("TOKEN".to_owned(), missing);
    let error = self::run(config).await.expect_err("no secret, no command");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Misuse, Sent::Nothing)
    );
}

/// Is a process with this id alive? A zombie is not.
fn is_alive(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

async fn until_gone(id: &str) {
    let started = Instant::now();
    while is_alive(id) {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "process {id} lives on"
        );
        tokio::task::yield_now().await;
    }
}

/// A new file's name under cargo's own folder for tests.
fn file(name: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_file(&path));
    path
}

async fn written(path: &std::path::Path) -> String {
    loop {
        if let Ok(text) = std::fs::read_to_string(path)
            && text.ends_with('\n')
        {
            return text.trim().to_owned();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_that_ignores_signals_and_forks_is_ended_with_its_children() {
    let ids = file("ignores");
    let script = format!(
        "trap '' TERM; (trap '' TERM; echo $(exec sh -c 'echo $PPID') > {}; sleep 600) & sleep 600",
        ids.display()
    );
    let mut config = shell(&script);
    config.within = Span::from_millis(700);
    let started = Instant::now();
    let error = run(config).await.expect_err("its time is over");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Timeout, Sent::Maybe)
    );
    assert!(started.elapsed() < Duration::from_secs(20));
    until_gone(&written(&ids).await).await;
}

#[tokio::test]
async fn one_that_leaves_somebody_behind_does_not_hold_the_rollout() {
    let started = Instant::now();
    let run = run(shell("sleep 600 & echo $!")).await.expect("an end");
    assert_eq!(run.exit, Exit::Code(0));
    assert!(started.elapsed() < Duration::from_secs(20));
    until_gone(run.stdout.trim()).await;
}

#[tokio::test]
async fn dropping_the_future_ends_the_processes() {
    let ids = file("dropped");
    let script = format!("sleep 600 & echo $! > {}; wait", ids.display());
    let running = run(shell(&script));
    let id = tokio::select! {
        _ = running => unreachable!("it runs for ten minutes"),
        id = written(&ids) => id,
    };
    until_gone(&id).await;
}

#[tokio::test]
async fn what_cannot_start_has_done_nothing() {
    let missing = CommandConfig::new("/nowhere/at/all", [""; 0]);
    let no_program =
        CommandConfig::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), [""; 0]);
    let relative = CommandConfig::new("sh", [""; 0]);
    for (config, kind) in [
        (missing, ErrorKind::NotFound),
        (no_program, ErrorKind::Denied),
        (relative, ErrorKind::Misuse),
    ] {
        let error = run(config).await.expect_err("it cannot start");
        assert_eq!((error.kind(), error.sent()), (kind, Sent::Nothing));
    }
    let nobody = Commands::new(CommandsConfig::default())
        .run("it", &call())
        .await;
    assert_eq!(nobody.expect_err("no name").kind(), ErrorKind::NotFound);
    let mut commands = CommandsConfig::default();
    commands.commands.insert("it".to_owned(), shell("true"));
    let late = call().with_deadline(Span::ZERO);
    let late = Commands::new(commands)
        .run("it", &late)
        .await
        .expect_err("late");
    assert_eq!(late.kind(), ErrorKind::Rejected);
}
