//! Yes and no as files: questions lie in one folder, answers are left in another. The folders are the state:
//! nothing is kept besides, so a restart changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use phasegate_core::{Capability, PersonId, Timestamp};
use phasegate_provider::signed::Key;
use phasegate_provider::{
    Answer, ApprovalSource, Ask, AskId, Call, Decision, Misplaced, Provider, ProviderError,
    Receipt, Reply, file,
};
use serde::Serialize;

use crate::config::FolderConfig;
use crate::dropped::{Dropped, forget_notes, leave, look, make, names, note, put_away, remove};
use crate::person::People;

/// The longest name of a question's file, in bytes: what file systems take, with room for endings.
const NAME_BYTES_MAX: usize = 200;

/// Collects answers that people leave as files.
///
/// In its folder are `questions` (a file each, as JSON), `answers` (where people leave theirs), `refused` (why an
/// answer does not count) and `done` (answers to what is closed). An answer counts for as long as it lies there:
/// who takes theirs away before it was seen has not answered, and who changes it says something else.
#[derive(Clone, Debug)]
pub struct FileApprovals {
    config: FolderConfig,
}

/// An answer that lies there and counts.
struct Counted {
    reply: Reply,
    path: PathBuf,
}

impl FileApprovals {
    /// A source in this folder; what is missing of it is made.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn open(config: FolderConfig) -> Result<Self, ProviderError> {
        let source = Self { config };
        for name in ["questions", "answers", "refused", "done"] {
            make(&source.folder(name), "open the approvals")?;
        }
        Ok(source)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.config.folder.join(name)
    }

    /// The questions that lie there, by id. One that has expired is taken away.
    fn questions(&self, now: Timestamp, act: &str) -> Result<BTreeMap<AskId, Ask>, ProviderError> {
        let mut open = BTreeMap::new();
        for path in names(&self.folder("questions"), "json", act)? {
            let ask = question(&path, act)?;
            if now > ask.expires {
                remove(&path, act)?;
            } else {
                open.insert(ask.id.clone(), ask);
            }
        }
        Ok(open)
    }

    /// The answers that count, each person's last word; beside the others it is said why they do not.
    fn counted(&self, now: Timestamp, act: &str) -> Result<Vec<Reply>, ProviderError> {
        let open = self.questions(now, act)?;
        let people = People::of(&self.config, act)?;
        let (answers, refused) = (self.folder("answers"), self.folder("refused"));
        let mut counted: Vec<Counted> = Vec::new();
        for (path, looked) in look(&answers, act)? {
            match looked.and_then(|file| reply(&file, &open, &people, now)) {
                Ok(reply) => counted.push(Counted { reply, path }),
                Err(why) => note(&refused, &path, Some(&why), act)?,
            }
        }
        counted.sort_by(|a, b| (a.reply.at, &a.path).cmp(&(b.reply.at, &b.path)));
        let mut replies: Vec<Reply> = Vec::new();
        for Counted { reply, path } in counted.into_iter().rev() {
            let same = |other: &Reply| other.ask == reply.ask && other.person == reply.person;
            let why = replies
                .iter()
                .any(same)
                .then(|| Misplaced::Superseded.to_string());
            note(&refused, &path, why.as_deref(), act)?;
            if why.is_none() {
                replies.push(reply);
            }
        }
        replies.reverse();
        forget_notes(&refused, &answers, act)?;
        Ok(replies)
    }
}

/// What this file answers.
fn reply(
    file: &Dropped,
    open: &BTreeMap<AskId, Ask>,
    people: &People<'_>,
    now: Timestamp,
) -> Result<Reply, String> {
    let answer = read(&file.body)?;
    let proof = people.proof(&answer.person, file, now)?;
    let ask = open.get(&answer.ask);
    let ask = ask.ok_or_else(|| Misplaced::NotOpen.to_string())?;
    let fits = answer.fits(ask, proof.roles, now);
    fits.map_err(|why| why.to_string())?;
    Ok(answer.into_reply(ask.role.clone(), proof.at, proof.verified))
}

fn read(body: &[u8]) -> Result<Answer, String> {
    serde_json::from_slice(body).map_err(|error| format!("it is no answer: {error}"))
}

/// A question that this side has written.
fn question(path: &Path, act: &str) -> Result<Ask, ProviderError> {
    serde_json::from_str(&file::read(path, act)?).map_err(|error| {
        let told = format!("{act}: {} is no question of ours", path.display());
        ProviderError::invalid(told).with_source(error)
    })
}

/// The name of a question's file: `/` as `.`, and what else is not a letter, digit or `-` as `%` and two digits.
fn name_of(ask: &AskId, act: &str) -> Result<String, ProviderError> {
    let mut name = String::new();
    for byte in ask.as_str().bytes() {
        match byte {
            b'/' => name.push('.'),
            b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => name.push(char::from(byte)),
            other => name.push_str(&format!("%{other:02x}")),
        }
    }
    if name.is_empty() || name.starts_with('.') || name.len() > NAME_BYTES_MAX {
        let told = format!("{act}: the question's id makes no file name");
        return Err(ProviderError::misuse(told));
    }
    Ok(name)
}

/// What somebody says to a question.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Saying {
    /// Who.
    pub person: PersonId,
    /// What.
    pub decision: Decision,
    /// Why, in their words.
    pub comment: String,
    /// The note by which they signed it, where the question says what is [to be signed](phasegate_provider::ToSign).
    pub note: Option<String>,
}

/// Leaves an answer, as a tool does for the person who runs it: digest and head are taken from the question that
/// lies there. Signed by a key, or else known by the user that the file belongs to. Says where it lies; an earlier
/// answer of the person to the same question is replaced.
///
/// # Errors
/// When the question does not lie there, or the file cannot be written.
///
/// ```no_run
/// use phasegate_core::Timestamp;
/// use phasegate_provider::{AskId, Decision};
/// use phasegate_provider_operator::{Saying, answer};
/// # fn run(now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
/// let saying = Saying {
///     person: "ada".parse()?,
///     decision: Decision::Yes,
///     comment: "errors are flat".to_owned(),
///     note: None,
/// };
/// let ask = AskId::new("r1/7/release-lead");
/// answer("/srv/rollout/approvals".as_ref(), &ask, saying, None, now)?;
/// # Ok(()) }
/// ```
pub fn answer(
    folder: &Path,
    ask: &AskId,
    saying: Saying,
    key: Option<&Key>,
    now: Timestamp,
) -> Result<PathBuf, ProviderError> {
    let act = "leave an answer";
    let name = name_of(ask, act)?;
    let asked = folder.join("questions").join(format!("{name}.json"));
    let asked = question(&asked, act)?;
    let answer = Answer {
        ask: asked.id,
        person: saying.person,
        decision: saying.decision,
        comment: saying.comment,
        plan_digest: asked.plan_digest,
        journal_head: asked.journal_head,
        note: saying.note,
    };
    let name = format!("{name}.{}.json", answer.person);
    let path = folder.join("answers").join(name);
    leave(&path, &json(&answer, act)?, key, now, act)?;
    Ok(path)
}

/// As people read it.
pub(crate) fn json<T: Serialize>(value: &T, act: &str) -> Result<Vec<u8>, ProviderError> {
    let text = serde_json::to_vec_pretty(value);
    text.map_err(|error| ProviderError::misuse(format!("{act}: no JSON")).with_source(error))
}

impl Provider for FileApprovals {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl ApprovalSource for FileApprovals {
    async fn ask(&self, ask: &Ask, _call: &Call) -> Result<Receipt, ProviderError> {
        let act = "put a question";
        let path = self.folder("questions");
        let path = path.join(format!("{}.json", name_of(&ask.id, act)?));
        if path.exists() {
            if question(&path, act)? == *ask {
                return Ok(Receipt::new("lies there already"));
            }
            let told = format!("{act}: '{}': another question has this id", ask.id);
            return Err(ProviderError::misuse(told));
        }
        file::replace(&path, &json(ask, act)?, act)?;
        Ok(Receipt::new("laid out for answers"))
    }

    async fn poll(&self, call: &Call) -> Result<Vec<Reply>, ProviderError> {
        self.counted(call.at, "collect answers")
    }

    async fn close(&self, ask: &AskId, call: &Call) -> Result<(), ProviderError> {
        let act = "close a question";
        let Ok(name) = name_of(ask, act) else {
            return Ok(());
        };
        let (done, refused) = (self.folder("done"), self.folder("refused"));
        for (path, looked) in look(&self.folder("answers"), act)? {
            let ours = |file: &Dropped| read(&file.body).is_ok_and(|answer| answer.ask == *ask);
            let Some(file) = looked.ok().filter(ours) else {
                continue;
            };
            let to = format!("{}-{}", call.at.as_unix_millis(), file.name);
            put_away(&path, &done.join(to), act)?;
            note(&refused, &path, None, act)?;
        }
        remove(&self.folder("questions").join(format!("{name}.json")), act)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_questions_have_one_file_and_none_leaves_its_folder() {
        let name = |id: &str| name_of(&AskId::new(id), "ask").ok();
        assert_eq!(name("r1/7/lead").as_deref(), Some("r1.7.lead"));
        assert_eq!(name("r1.7/lead").as_deref(), Some("r1%2e7.lead"));
        assert_eq!(name("ä b").as_deref(), Some("%c3%a4%20b"));
        for bad in ["", "/etc/passwd", &"x".repeat(201)] {
            assert_eq!(name(bad), None, "{bad}");
        }
        assert_eq!(name("a/../b").as_deref(), Some("a.%2e%2e.b"));
    }
}
