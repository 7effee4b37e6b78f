//! What a person types while a rollout goes on: the words of an operator.

use std::path::Path;

use phasegate::core::PersonId;
use phasegate::engine::program::Back;
use phasegate::engine::{Act, Person, Sources};
use phasegate::runner::Operator;
use phasegate_examples::say;
use tokio::sync::mpsc;

use crate::documents::{Documents, revised};
use crate::fits::program;
use crate::{Error, start};

/// What can be typed.
pub const WORDS: &str = "release, pause, resume, rollback [PROCEDURE], drill REASON, abort, declare SCENARIO, drill-incident SCENARIO, or amend PLAN REASON";

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
pub async fn obey(operator: &Operator, documents: &Documents, line: &str) {
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    let name = std::env::var("USER").unwrap_or_default();
    let by = PersonId::new(name).or_else(|_| PersonId::new("console"));
    let Ok(id) = by else { return };
    let roles = Vec::new();
    let by = Person { id, roles };
    let done = match (line.strip_prefix("amend "), act(line)) {
        (Some(words), _) => amend(operator, documents, by, words).await,
        (None, Some(act)) => {
            let why = line.strip_prefix("drill ").map(|why| why.trim().to_owned());
            let reason = why.unwrap_or_else(|| format!("typed: {line}"));
            operator.operate(by, reason, act).await.map_err(Error::from)
        }
        (None, None) => Err(format!("'{line}' is no act: type {WORDS}").into()),
    };
    match done {
        Ok(seq) => say::aside(format_args!("{line}: recorded as number {seq}")),
        Err(error) => say::aside(format_args!("{line}: {error}")),
    }
}

/// Brings in a revised plan, with the bindings that there are.
async fn amend(
    operator: &Operator,
    documents: &Documents,
    by: Person,
    words: &str,
) -> Result<u64, Error> {
    let (path, reason) = words.trim().split_once(' ').unwrap_or((words, ""));
    let revised = revised(Path::new(path), documents)?;
    let program = program(&revised, &start(by.id.clone()))?;
    let sources = Sources::of(&revised.plan, &revised.catalog);
    let reason = reason.trim().to_owned();
    Ok(operator.amend(by, reason, program, sources).await?)
}

fn act(line: &str) -> Option<Act> {
    Some(match line.split_once(' ') {
        Some(("declare", scenario)) => Act::Declare {
            scenario: scenario.trim().to_owned(),
        },
        Some(("drill-incident", scenario)) => Act::DrillIncident {
            scenario: scenario.trim().to_owned(),
        },
        Some(("drill", _)) => Act::Drill { back: Back::Start },
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
