//! What a person types while a rollout goes on: the words of an operator.

use phasegate::core::PersonId;
use phasegate::engine::program::Back;
use phasegate::engine::{Act, Person};
use phasegate::runner::Operator;
use phasegate_examples::say;
use tokio::sync::mpsc;

/// What can be typed.
pub const WORDS: &str = "release, pause, resume, rollback [PROCEDURE], abort, or declare SCENARIO";

/// The standard input, line by line.
pub struct Console {
    typed: mpsc::Receiver<String>,
    is_open: bool,
}

impl Console {
    /// Reads until the end of the input. The thread ends with the process: a read cannot be called off.
    pub fn open() -> Self {
        let (lines, typed) = mpsc::channel(8);
        std::thread::spawn(move || {
            for line in std::io::stdin().lines() {
                let Ok(line) = line else { return };
                if lines.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            typed,
            is_open: true,
        }
    }

    /// Can anything still be typed?
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The next line; never ready once the input is over.
    pub async fn next(&mut self) -> String {
        if self.is_open
            && let Some(line) = self.typed.recv().await
        {
            return line;
        }
        self.is_open = false;
        std::future::pending().await
    }
}

/// Does what was typed, and says what came of it.
pub async fn obey(operator: &Operator, line: &str) {
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    let Some(act) = act(line) else {
        say::aside(format_args!("'{line}' is no act: type {WORDS}"));
        return;
    };
    let name = std::env::var("USER").unwrap_or_default();
    let by = PersonId::new(name).or_else(|_| PersonId::new("console"));
    let Ok(id) = by else { return };
    let roles = Vec::new();
    let reason = format!("typed: {line}");
    match operator.operate(Person { id, roles }, reason, act).await {
        Ok(seq) => say::aside(format_args!("{line}: recorded as number {seq}")),
        Err(error) => say::aside(format_args!("{line}: {error}")),
    }
}

fn act(line: &str) -> Option<Act> {
    Some(match line.split_once(' ') {
        Some(("declare", scenario)) => Act::Declare {
            scenario: scenario.trim().to_owned(),
        },
        Some(("rollback", procedure)) => Act::RollBack {
            back: Back::Procedure(procedure.trim().parse().ok()?),
        },
        Some(_) => return None,
        None => match line {
            "abort" => Act::Abort,
            "pause" => Act::Pause,
            "release" => Act::Release,
            "resume" => Act::Resume,
            "rollback" => Act::RollBack { back: Back::Start },
            _ => return None,
        },
    })
}
