//! Exchanges with a real server, recorded once and played back where that server cannot be had.
//!
//! A recording is a file of JSON lines: the first says what was recorded, each other one is an exchange in
//! the order in which it happened. It holds no header of a request, so no credential.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use async_trait::async_trait;
use phasegate_provider::{Call, HttpRequest, HttpResponse, HttpTransport, ProviderError};
use serde_json::{Value, json};

/// The headers of answers that are kept: those that adapters read.
const KEPT: [&str; 6] = [
    "content-type",
    "etag",
    "link",
    "location",
    "retry-after",
    "x-ratelimit-remaining",
];

/// A transport that records what passes through it, or plays a recording.
///
/// Played back, each request must be the one that was recorded at its place: method, path, body.
#[derive(Debug)]
pub struct Tape {
    file: PathBuf,
    through: Option<Arc<dyn HttpTransport>>,
    lines: Mutex<VecDeque<Value>>,
}

impl Tape {
    /// Plays a recording.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else.
    pub fn play(file: impl Into<PathBuf>) -> io::Result<Self> {
        let file = file.into();
        let text = fs::read_to_string(&file)?;
        let lines: Result<VecDeque<Value>, _> =
            text.lines().skip(1).map(serde_json::from_str).collect();
        let lines = Mutex::new(lines?);
        Ok(Self {
            file,
            through: None,
            lines,
        })
    }

    /// Records what passes to `through`; [`finish`](Self::finish) writes the file.
    pub fn record(file: impl Into<PathBuf>, through: Arc<dyn HttpTransport>) -> Self {
        Self {
            file: file.into(),
            through: Some(through),
            lines: Mutex::default(),
        }
    }

    /// Ends it: a recording is written, `said` being what was recorded and how; one that was played must be
    /// at its end.
    ///
    /// # Errors
    /// When the file cannot be written, or exchanges are left over.
    pub fn finish(&self, said: &str) -> io::Result<()> {
        let lines = self.lines();
        if self.through.is_none() {
            let left = lines.len();
            let told = format!("{left} exchanges were recorded and did not happen");
            return if left == 0 {
                Ok(())
            } else {
                Err(io::Error::other(told))
            };
        }
        let mut text = json!({ "recorded": said }).to_string();
        for line in lines.iter() {
            text.push('\n');
            text.push_str(&line.to_string());
        }
        text.push('\n');
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, text)
    }

    /// Where the recording is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<Value>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HttpTransport for Tape {
    async fn send(&self, request: HttpRequest, call: &Call) -> Result<HttpResponse, ProviderError> {
        let asked = asked(&request);
        if let Some(through) = &self.through {
            let answer = through.send(request, call).await?;
            let line = json!({ "asked": asked, "answered": answered(&answer) });
            self.lines().push_back(line);
            return Ok(answer);
        }
        let line = self.lines().pop_front();
        let Some(line) = line.filter(|line| line.get("asked") == Some(&asked)) else {
            let told = format!("{asked} was not recorded here");
            return Err(ProviderError::misuse(told));
        };
        played(&line).ok_or_else(|| ProviderError::misuse("the recording holds no answer"))
    }
}

/// A request without what differs from run to run: the server's address, headers.
fn asked(request: &HttpRequest) -> Value {
    let (_, rest) = request.url.split_once("://").unwrap_or_default();
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    let body = request.body.as_ref().map(|body| text(&body.bytes));
    json!({ "method": request.method.to_string(), "path": path, "body": body })
}

fn answered(answer: &HttpResponse) -> Value {
    let kept = answer.headers.iter();
    let kept = kept.filter(|(name, _)| KEPT.contains(&name.as_str()));
    let kept: Vec<_> = kept.collect();
    json!({ "status": answer.status, "headers": kept, "body": text(&answer.body) })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn played(line: &Value) -> Option<HttpResponse> {
    let answer = line.get("answered")?;
    let pair = |pair: &Value| {
        let part = |at: usize| Some(pair.get(at)?.as_str()?.to_owned());
        Some((part(0)?, part(1)?))
    };
    let headers: Option<Vec<_>> = answer
        .get("headers")?
        .as_array()?
        .iter()
        .map(pair)
        .collect();
    Some(HttpResponse {
        status: u16::try_from(answer.get("status")?.as_u64()?).ok()?,
        headers: headers?,
        body: answer.get("body")?.as_str()?.as_bytes().to_vec(),
    })
}
