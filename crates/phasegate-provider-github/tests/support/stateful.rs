//! A small GitHub: workflows, runs that go on by themselves, limits and lost answers as a test says. Every request and
//! answer is held against GitHub's description.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use phasegate_core::{Span, Timestamp};
use phasegate_testkit::servers::{Reaction, Received, Receiver};
use serde_json::{Value, json};

use super::described::Description;

/// What happens to the next requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test binary uses a part"
)]
pub(crate) enum Trouble {
    /// It is done and answered with 502.
    LoseAnswer,
    /// The primary limit: nothing remains, for so many seconds.
    Primary(u64),
    /// The secondary limit, with a wait of so many seconds.
    Secondary(u64),
    /// 500, and nothing was done.
    Fail,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) enabled: bool,
    pub(crate) runs: Vec<Value>,
    /// How many looks at a run it takes to end; then its conclusion.
    pub(crate) looks: u32,
    pub(crate) conclusion: String,
    /// Does a dispatch tell the run?
    pub(crate) tells: bool,
    /// Does the workflow's `run-name` show its input?
    pub(crate) shows: bool,
    pub(crate) trouble: VecDeque<(&'static str, Trouble)>,
    pub(crate) faults: Vec<String>,
    pub(crate) not_modified: u32,
    pub(crate) issues: Vec<Value>,
    /// By the number of their issue.
    pub(crate) comments: BTreeMap<u64, Vec<Value>>,
    /// Of pull request 42.
    pub(crate) reviews: Vec<Value>,
    /// Labels that are left off silently, as for who may not set them.
    pub(crate) dropped_labels: Vec<String>,
    /// Team and login, and how the membership stands.
    pub(crate) members: BTreeMap<(String, String), String>,
}

pub(crate) struct Hub {
    pub(crate) server: Receiver,
    state: Arc<Mutex<State>>,
}

pub(crate) fn at() -> Timestamp {
    "2026-09-07T12:00:00Z".parse().expect("a moment")
}

impl Hub {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            enabled: true,
            looks: 2,
            conclusion: "success".to_owned(),
            tells: true,
            shows: true,
            ..State::default()
        }));
        let (description, shared) = (Description::read(), Arc::clone(&state));
        let server = Receiver::start(move |request| {
            let mut state = shared.lock().expect("a lock");
            let reaction = state.react(request, &description);
            let faults = description.faults(request, &reaction);
            state.faults.extend(faults);
            reaction
        });
        Self {
            server: server.await.expect("a port"),
            state,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a lock")
    }

    pub(crate) fn trouble(&self, method: &'static str, trouble: Trouble) {
        self.state().trouble.push_back((method, trouble));
    }

    /// How many requests of this method and with this in their path there were.
    pub(crate) fn asked(&self, method: &str, part: &str) -> usize {
        let received = self.server.received();
        let such = received
            .iter()
            .filter(|one| one.method == method && one.target.contains(part));
        such.count()
    }

    /// A run as the description shows one, created so many seconds after noon, which took so long.
    pub(crate) fn add(&self, after: u64, took: u64, conclusion: Option<&str>) {
        let description = Description::read();
        let mut state = self.state();
        let created = at() + Span::from_secs(after);
        let run = state.run(&description, "deploy", created);
        let run = &mut state.runs[run];
        run["updated_at"] = json!((created + Span::from_secs(took)).to_string());
        if let Some(conclusion) = conclusion {
            run["status"] = json!("completed");
            run["conclusion"] = json!(conclusion);
        }
    }
}

const JSON: &str = "application/json; charset=utf-8";

pub(crate) fn answer(status: u16, body: &Value) -> Reaction {
    let kind = ("content-type".to_owned(), JSON.to_owned());
    (status, vec![kind], body.to_string())
}

impl State {
    fn react(&mut self, request: &Received, description: &Description) -> Reaction {
        let trouble = match self.trouble.front() {
            Some((method, trouble)) if *method == request.method => Some(*trouble),
            _ => None,
        };
        if trouble.is_some() {
            self.trouble.pop_front();
        }
        let limited = |headers: &[(&str, String)], message: &str| {
            let mut reaction = answer(403, &json!({ "message": message }));
            let headers = headers.iter();
            reaction
                .1
                .extend(headers.map(|(name, value)| ((*name).to_owned(), value.clone())));
            reaction
        };
        match trouble {
            Some(Trouble::Fail) => return answer(500, &json!({"message": "Server Error"})),
            Some(Trouble::Primary(secs)) => {
                let reset = at().as_unix_millis() / 1000 + i64::try_from(secs).expect("few");
                let headers = [
                    ("date", "Mon, 07 Sep 2026 12:00:00 GMT".to_owned()),
                    ("x-ratelimit-remaining", "0".to_owned()),
                    ("x-ratelimit-reset", reset.to_string()),
                ];
                return limited(&headers, "API rate limit exceeded");
            }
            Some(Trouble::Secondary(secs)) => {
                let headers = [("retry-after", secs.to_string())];
                return limited(&headers, "You have exceeded a secondary rate limit");
            }
            Some(Trouble::LoseAnswer) | None => {}
        }
        let done = self.serve(request, description);
        match trouble {
            Some(Trouble::LoseAnswer) => answer(502, &json!({"message": "Bad Gateway"})),
            _ => done,
        }
    }

    fn serve(&mut self, request: &Received, description: &Description) -> Reaction {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let part = path
            .strip_prefix("/repos/octo-org/shop/actions/")
            .unwrap_or_default();
        let is_in = request.header("authorization") == Some("Bearer phasegate-provider-github");
        if !is_in {
            return answer(401, &json!({"message": "Bad credentials"}));
        }
        if let Some(rest) = path.strip_prefix("/repos/octo-org/shop/issues") {
            return self.issue(rest, query, request, description);
        }
        if path == "/repos/octo-org/shop/pulls/42/reviews" {
            return self.reviewed(query);
        }
        if let Some(member) = path.strip_prefix("/orgs/octo-org/teams/") {
            return self.membership(member, description);
        }
        match (request.method.as_str(), part) {
            ("GET", "workflows/deploy.yml") => {
                let mut workflow = description.example("workflow");
                workflow["state"] = json!(if self.enabled {
                    "active"
                } else {
                    "disabled_manually"
                });
                answer(200, &workflow)
            }
            ("PUT", "workflows/deploy.yml/enable") => self.switched(true),
            ("PUT", "workflows/deploy.yml/disable") => self.switched(false),
            ("POST", "workflows/deploy.yml/dispatches") => self.dispatched(request, description),
            ("GET", "workflows/deploy.yml/runs") => self.listed(query, &request.target),
            ("GET", run) if run.starts_with("runs/") => self.looked(run, request),
            _ => answer(404, &json!({"message": "Not Found"})),
        }
    }

    fn switched(&mut self, on: bool) -> Reaction {
        self.enabled = on;
        (204, vec![], String::new())
    }

    /// Adds a run, and says where it stands in the list.
    fn run(&mut self, description: &Description, title: &str, created: Timestamp) -> usize {
        let mut run = description.example("workflow-run");
        let id = 1000 + self.runs.len();
        let base = "https://github.com/octo-org/shop/actions/runs";
        run["id"] = json!(id);
        run["display_title"] = json!(title);
        run["event"] = json!("workflow_dispatch");
        run["status"] = json!("queued");
        run["conclusion"] = Value::Null;
        run["html_url"] = json!(format!("{base}/{id}"));
        run["logs_url"] = json!(format!(
            "https://api.github.com/repos/octo-org/shop/actions/runs/{id}/logs"
        ));
        for moment in ["created_at", "run_started_at", "updated_at"] {
            run[moment] = json!(created.to_string());
        }
        self.runs.push(run);
        self.runs.len() - 1
    }

    fn dispatched(&mut self, request: &Received, description: &Description) -> Reaction {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if !self.enabled {
            return answer(
                422,
                &json!({"message": "Cannot trigger a 'workflow_dispatch' on a disabled workflow"}),
            );
        }
        if body["ref"] != "main" {
            return answer(422, &json!({"message": "No ref found for: other"}));
        }
        let shown = match body["inputs"]["rollout"].as_str() {
            Some(id) if self.shows => format!("Deploy ({id})"),
            Some(_) | None => "Deploy".to_owned(),
        };
        let at = self.run(description, &shown, at());
        if !self.tells {
            return (204, vec![], String::new());
        }
        let mut told = description.example("workflow-dispatch-response");
        told["workflow_run_id"] = self.runs[at]["id"].clone();
        answer(200, &told)
    }

    fn listed(&self, query: &str, target: &str) -> Reaction {
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(found, _)| *found == name)
                .map(|(_, value)| value.replace("%3E%3D", ">="))
        };
        let number = |name: &str| parameter(name).and_then(|text| text.parse::<usize>().ok());
        let created = parameter("created").expect("a range");
        let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let (from, to) = match created.split_once("..") {
            Some((from, to)) => (moment(from), Some(moment(to))),
            None => (moment(created.trim_start_matches(">=")), None),
        };
        let inside = |run: &&Value| {
            let at = moment(run["created_at"].as_str().expect("a text"));
            at >= from && to.is_none_or(|to| at <= to)
        };
        let all: Vec<&Value> = self.runs.iter().rev().filter(inside).collect();
        let (page, size) = (
            number("page").expect("a page"),
            number("per_page").expect("a size"),
        );
        let shown: Vec<&&Value> = all.iter().skip((page - 1) * size).take(size).collect();
        let body = json!({ "total_count": all.len(), "workflow_runs": shown });
        let mut reaction = answer(200, &body);
        if page * size < all.len() {
            let link = format!("<https://api.github.com{target}>; rel=\"next\"");
            reaction.1.push(("link".to_owned(), link));
        }
        reaction
    }

    /// Each look brings a run closer to its end; a look that shows nothing new is 304.
    fn looked(&mut self, path: &str, request: &Received) -> Reaction {
        let id: u64 = path.trim_start_matches("runs/").parse().unwrap_or(0);
        let Some(run) = self.runs.iter_mut().find(|run| run["id"] == json!(id)) else {
            return answer(404, &json!({"message": "Not Found"}));
        };
        if self.looks > 0 {
            self.looks -= 1;
        }
        if self.looks == 0 && run["status"] != "completed" {
            run["status"] = json!("completed");
            run["conclusion"] = json!(self.conclusion);
            run["updated_at"] = json!((at() + Span::from_secs(90)).to_string());
        }
        let etag = format!("W/\"{}\"", run["status"].as_str().unwrap_or_default());
        if request.header("if-none-match") == Some(&etag) {
            self.not_modified += 1;
            return (304, vec![], String::new());
        }
        let mut reaction = answer(200, run);
        reaction.1.push(("etag".to_owned(), etag));
        reaction
    }
}
