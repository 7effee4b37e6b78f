//! Yes and no at a console: questions are shown, and whoever sits there types an answer.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, Read as _, Write};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Capability, PersonId, RoleId, Timestamp};
use phasegate_provider::text::{one_line, plain};
use phasegate_provider::{
    Answer, ApprovalSource, Ask, AskId, Call, Decision, ErrorKind, Misplaced, Provider,
    ProviderError, Receipt, Reply, Sent,
};

/// The longest line that is read, in bytes. Of a longer one the rest is left out.
const LINE_BYTES_MAX: u64 = 4096;
/// The most lines that wait to be looked at: a person types no more between two looks.
const LINES_MAX: usize = 64;
/// The most characters of a question that are shown.
const QUESTION_CHARS_MAX: usize = 2000;

/// Collects answers of one person at a console.
///
/// Each question has a number that no other one ever gets, so an answer cannot land on another question than was
/// read. What was answered is kept in memory only: after a restart it is asked again.
pub struct ConsoleApprovals {
    person: PersonId,
    roles: BTreeSet<RoleId>,
    verified: String,
    state: Mutex<State>,
}

struct State {
    lines: Receiver<String>,
    output: Box<dyn Write + Send>,
    /// Nobody types any more.
    is_over: bool,
    asked: u64,
    open: Vec<(u64, Ask)>,
    replies: Vec<Reply>,
}

impl ConsoleApprovals {
    /// A console on which this person answers in these roles; `verified` says in replies how that is known.
    ///
    /// Lines are read by a thread of its own, which ends with its input, or with the first line after this is gone.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn new(
        person: PersonId,
        roles: BTreeSet<RoleId>,
        verified: impl Into<String>,
        input: impl BufRead + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let (to, lines) = sync_channel(LINES_MAX);
        let thread = std::thread::Builder::new().name("phasegate-console".to_owned());
        thread.spawn(move || pass_on(input, &to))?;
        let state = State {
            lines,
            output: Box::new(output),
            is_over: false,
            asked: 0,
            open: Vec::new(),
            replies: Vec::new(),
        };
        Ok(Self {
            person,
            roles,
            verified: verified.into(),
            state: Mutex::new(state),
        })
    }

    /// The console of this process: its standard input and output, known by the user that runs it.
    ///
    /// # Errors
    /// When the thread that reads cannot be started.
    pub fn of_process(person: PersonId, roles: BTreeSet<RoleId>) -> io::Result<Self> {
        let user = rustix::process::getuid().as_raw();
        let verified = format!("console of user {user}");
        let input = io::BufReader::new(io::stdin());
        Self::new(person, roles, verified, input, io::stdout())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one line; says what is to be shown.
    fn take(&self, state: &mut State, line: &str, now: Timestamp) -> String {
        let line = line.trim();
        let Some((number, decision, comment)) = typed(line) else {
            return match (line.is_empty(), state.open.is_empty()) {
                (true, false) => state.open.iter().map(|(n, ask)| shown(*n, ask)).collect(),
                (true, true) => "nothing is asked\n".to_owned(),
                (false, _) => "type a number, then yes, no or withdraw, then why\n".to_owned(),
            };
        };
        let Some((_, ask)) = state.open.iter().find(|(open, _)| *open == number) else {
            return format!("[{number}] {}\n", Misplaced::NotOpen);
        };
        let answer = Answer {
            ask: ask.id.clone(),
            person: self.person.clone(),
            decision,
            comment: one_line(comment, QUESTION_CHARS_MAX),
            plan_digest: ask.plan_digest.clone(),
            journal_head: ask.journal_head.clone(),
            note: None,
        };
        if let Err(why) = answer.fits(ask, &self.roles, now) {
            return format!("[{number}] {why}\n");
        }
        let reply = answer.into_reply(ask.role.clone(), now, self.verified.clone());
        reply.supersede(&mut state.replies);
        let said = match decision {
            Decision::No => "no",
            Decision::Withdraw => "taken back",
            Decision::Yes => "yes",
        };
        format!("[{number}] noted: {said}\n")
    }
}

/// The lines of an input, until it ends or nobody wants them.
fn pass_on(mut input: impl BufRead, to: &SyncSender<String>) {
    let mut line = Vec::new();
    let mut begins = true;
    loop {
        line.clear();
        let read = (&mut input)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line);
        if !read.is_ok_and(|bytes| bytes > 0) {
            return;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        if begins && to.send(text).is_err() {
            return;
        }
        // What does not end in a line break goes on.
        begins = line.ends_with(b"\n");
    }
}

/// `7 yes errors are flat`.
fn typed(line: &str) -> Option<(u64, Decision, &str)> {
    let (number, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (word, comment) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let decision = match word.to_ascii_lowercase().as_str() {
        "no" => Decision::No,
        "withdraw" => Decision::Withdraw,
        "yes" => Decision::Yes,
        _ => return None,
    };
    Some((number.parse().ok()?, decision, comment.trim()))
}

/// A question as it is shown. Nothing in its text acts on the terminal.
fn shown(number: u64, ask: &Ask) -> String {
    let text = plain(&ask.question, QUESTION_CHARS_MAX).replace('\n', "\n    ");
    let gate = ask.gate.as_ref().map(|gate| format!(", gate {gate}"));
    let (digest, head) = (
        one_line(&ask.plan_digest, 16),
        one_line(&ask.journal_head, 16),
    );
    format!(
        "[{number}] {text}\n    role {}{}, until {}; plan {digest}, journal {head}\n    \
         {number} yes <why>, {number} no <why>, {number} withdraw\n",
        ask.role,
        gate.unwrap_or_default(),
        ask.expires,
    )
}

impl State {
    fn show(&mut self, text: &str, act: &str) -> Result<(), ProviderError> {
        let shown = self.output.write_all(text.as_bytes());
        shown.and_then(|()| self.output.flush()).map_err(|error| {
            let told = format!("{act}: the console takes nothing: {error}");
            ProviderError::new(ErrorKind::Unavailable, Sent::Nothing, told)
        })
    }
}

impl fmt::Debug for ConsoleApprovals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleApprovals")
            .field("person", &self.person)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

impl Provider for ConsoleApprovals {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl ApprovalSource for ConsoleApprovals {
    async fn ask(&self, ask: &Ask, _call: &Call) -> Result<Receipt, ProviderError> {
        let act = "ask at the console";
        if !self.roles.contains(&ask.role) {
            return Ok(Receipt::new("not asked: nobody here has the role"));
        }
        let mut state = self.state();
        match state.open.iter().find(|(_, open)| open.id == ask.id) {
            Some((_, open)) if open == ask => return Ok(Receipt::new("asked before")),
            Some(_) => {
                let told = format!("{act}: '{}': another question has this id", ask.id);
                return Err(ProviderError::misuse(told));
            }
            None => {}
        }
        if state.is_over {
            let told = format!("{act}: its input has ended");
            return Err(ProviderError::new(
                ErrorKind::Unavailable,
                Sent::Nothing,
                told,
            ));
        }
        let number = state.asked.saturating_add(1);
        state.show(&shown(number, ask), act)?;
        state.asked = number;
        state.open.push((number, ask.clone()));
        Ok(Receipt::new(format!("asked as {number}")))
    }

    async fn poll(&self, call: &Call) -> Result<Vec<Reply>, ProviderError> {
        let mut state = self.state();
        loop {
            match state.lines.try_recv() {
                Ok(line) => {
                    let told = self.take(&mut state, &line, call.at);
                    state.show(&told, "answer at the console")?;
                }
                Err(TryRecvError::Disconnected) => {
                    state.is_over = true;
                    break;
                }
                Err(TryRecvError::Empty) => break,
            }
        }
        Ok(state.replies.clone())
    }

    async fn close(&self, ask: &AskId, _call: &Call) -> Result<(), ProviderError> {
        let mut state = self.state();
        let at = state.open.iter().position(|(_, open)| open.id == *ask);
        state.replies.retain(|reply| reply.ask != *ask);
        if let Some(at) = at {
            let (number, _) = state.open.remove(at);
            // It is closed, whether or not anybody sees so.
            drop(state.show(&format!("[{number}] needs no more answers\n"), "close"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_number_a_word_and_a_reason() {
        for (line, want) in [
            (
                "7 yes errors are flat",
                Some((7, Decision::Yes, "errors are flat")),
            ),
            ("7  NO", Some((7, Decision::No, ""))),
            ("7\twithdraw", Some((7, Decision::Withdraw, ""))),
            ("yes", None),
            ("7", None),
            ("7 maybe", None),
            ("-7 yes", None),
            ("7 yesterday", None),
            ("", None),
        ] {
            assert_eq!(typed(line), want, "{line}");
        }
    }

    #[test]
    fn of_a_line_that_is_too_long_the_rest_is_no_line() {
        let long = format!("1 yes {}\n2 no\n", "3 no ".repeat(2000));
        let (to, lines) = sync_channel(LINES_MAX);
        pass_on(io::Cursor::new(long), &to);
        drop(to);
        let read: Vec<String> = lines.iter().collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[1], "2 no\n");
    }
}
