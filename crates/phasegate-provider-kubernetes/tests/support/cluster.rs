//! A small API server: one route and one deployment, with versions, field managers and conflicts as the real one has them.
//! `real.rs` holds the same scenarios against a real one, whose refusals are recorded in `data/refusals.json`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use phasegate_testkit::servers::{Reaction, Received, Receiver};
use serde_json::{Value, json};

use super::described::Description;

pub(crate) const ROUTES: &str = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/shop/deployments";
const REFUSALS: &str = include_str!("../data/refusals.json");

/// What happens to the next requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// Somebody changes the object just before.
    Overtake,
    /// It is done and answered with 502.
    LoseAnswer,
    /// 429 with so many seconds in the header.
    Busy(u64),
    /// 503 with so many seconds in the status' details alone.
    Later(u64),
    /// 403.
    Forbid,
    /// 500, and nothing was done.
    Fail,
}

pub(crate) struct State {
    pub(crate) route: Value,
    deployment: Value,
    /// Top-level fields of the route's spec, by who owns them.
    owners: BTreeMap<String, BTreeSet<String>>,
    version: u64,
    /// How many looks it takes until the gateway has seen a change; `None` is never.
    pub(crate) looks: Option<u32>,
    left: u32,
    /// Why the gateway refuses the route, if it does.
    pub(crate) refusal: Option<String>,
    pub(crate) trouble: VecDeque<(&'static str, Trouble)>,
    pub(crate) faults: Vec<String>,
}

pub(crate) struct Cluster {
    pub(crate) server: Receiver,
    state: Arc<Mutex<State>>,
}

impl Cluster {
    /// With the route that `manager` has applied.
    pub(crate) async fn start(manager: &str, route: Value) -> Self {
        let description = Description::read();
        let mut state = State {
            route: Value::Null,
            deployment: deployment(),
            owners: BTreeMap::new(),
            version: 100,
            looks: Some(0),
            left: 0,
            refusal: None,
            trouble: VecDeque::new(),
            faults: Vec::new(),
        };
        let (made, _, body) = state.apply(manager, route, false, &description);
        assert_eq!(made, 201, "{body}");
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = Receiver::start(move |request| {
            let mut state = shared.lock().expect("a lock");
            let reaction = state.react(request, &description);
            let faults = check(request, &reaction, &description);
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

    /// Somebody applies a route.
    pub(crate) fn apply(&self, manager: &str, route: Value, force: bool) {
        let description = Description::read();
        let (status, _, body) = self.state().apply(manager, route, force, &description);
        assert_eq!(status, 200, "{body}");
    }

    /// Somebody scales the deployment at a moment.
    pub(crate) fn scale(&self, manager: &str, count: u32, at: &str) {
        self.state().scale(manager, count, at);
    }

    pub(crate) fn replicas(&self) -> Value {
        self.state().deployment["spec"]["replicas"].clone()
    }

    /// How many changes were asked for.
    pub(crate) fn changes(&self) -> usize {
        let received = self.server.received();
        received.iter().filter(|one| one.method != "GET").count()
    }
}

fn deployment() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "d", "resourceVersion": "90", "generation": 1,
            "managedFields": [{"manager": "kubectl-create", "operation": "Update", "apiVersion": "apps/v1",
                "time": "2026-09-07T11:59:59Z", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:spec": {"f:replicas": {}, "f:selector": {}}}}]},
        "spec": {"replicas": 3}, "status": {"replicas": 3}})
}

fn answer(status: u16, body: &Value) -> Reaction {
    let kind = ("content-type".to_owned(), "application/json".to_owned());
    (status, vec![kind], body.to_string())
}

/// A refusal as the real server words it.
fn refusal(name: &str) -> Reaction {
    let all: Value = serde_json::from_str(REFUSALS).expect("JSON");
    let code = all[name]["code"].as_u64().expect(name);
    answer(u16::try_from(code).expect("a status"), &all[name])
}

/// What is wrong with a request and its answer, by the published schemas.
fn check(request: &Received, reaction: &Reaction, description: &Description) -> Vec<String> {
    let path = request.target.split('?').next().unwrap_or_default();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let (status, _, said) = reaction;
    let said: Value = serde_json::from_str(said).unwrap_or(Value::Null);
    let is_scale = path.ends_with("/scale");
    let mut faults = Vec::new();
    if request.method == "PATCH" {
        faults.extend(if is_scale {
            description.scale_faults(&body)
        } else {
            description.route_faults(&body)
        });
    }
    if *status >= 400 {
        faults.extend(description.status_faults(&said));
    } else if is_scale {
        faults.extend(description.scale_faults(&said));
    } else if path.starts_with(ROUTES) {
        faults.extend(description.route_faults(&said));
    }
    let told = |fault: String| format!("{} {}: {fault}", request.method, request.target);
    faults.into_iter().map(told).collect()
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
        let unwell = |code: u16, details: Value| {
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "the server is unwell", "code": code, "details": details})
        };
        match trouble {
            Some(Trouble::Busy(secs)) => {
                let mut reaction = answer(429, &unwell(429, json!({})));
                reaction
                    .1
                    .push(("retry-after".to_owned(), secs.to_string()));
                return reaction;
            }
            Some(Trouble::Later(secs)) => {
                return answer(503, &unwell(503, json!({"retryAfterSeconds": secs})));
            }
            Some(Trouble::Forbid) => return refusal("forbidden"),
            Some(Trouble::Fail) => return answer(500, &unwell(500, json!({}))),
            Some(Trouble::Overtake) => self.touch(),
            Some(Trouble::LoseAnswer) | None => {}
        }
        let done = self.serve(request, description);
        match trouble {
            Some(Trouble::LoseAnswer) => answer(502, &unwell(502, json!({}))),
            _ => done,
        }
    }

    fn serve(&mut self, request: &Received, description: &Description) -> Reaction {
        if request.header("authorization") != Some("Bearer marked-secret-token") {
            return refusal("unauthorized");
        }
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let pairs: BTreeMap<&str, &str> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let manager = pairs.get("fieldManager").copied();
        let kind = request.header("content-type").unwrap_or_default();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let (route, scale) = (
            format!("{ROUTES}/checkout"),
            format!("{DEPLOYMENTS}/web/scale"),
        );
        match (request.method.as_str(), path) {
            ("GET", path) if path == route => {
                self.gateway();
                answer(200, &self.route)
            }
            ("PATCH", path) if path == route => {
                assert_eq!(kind, "application/apply-patch+yaml");
                let manager = manager.expect("server-side apply needs a field manager");
                let force = pairs.get("force") == Some(&"true");
                self.apply(manager, body, force, description)
            }
            ("GET", path) if path == format!("{DEPLOYMENTS}/web") => answer(200, &self.deployment),
            ("GET", path) if path == scale => answer(200, &self.scaled()),
            ("PATCH", path) if path == scale => {
                assert_eq!(kind, "application/merge-patch+json");
                let version = &body["metadata"]["resourceVersion"];
                if *version != self.deployment["metadata"]["resourceVersion"] {
                    return refusal("stale");
                }
                let count = body["spec"]["replicas"].as_u64().expect("replicas");
                let count = u32::try_from(count).expect("few");
                self.scale(manager.unwrap_or("unknown"), count, "2026-09-07T12:00:00Z");
                answer(200, &self.scaled())
            }
            _ => refusal("missing"),
        }
    }

    fn next(&mut self) -> Value {
        self.version += 1;
        json!(self.version.to_string())
    }

    /// Somebody changes something that is of no concern to us.
    fn touch(&mut self) {
        let version = self.next();
        self.route["metadata"]["resourceVersion"] = version.clone();
        self.deployment["metadata"]["resourceVersion"] = version;
    }

    /// Server-side apply. The fields of a route's spec are lists that are owned whole.
    fn apply(
        &mut self,
        manager: &str,
        applied: Value,
        force: bool,
        description: &Description,
    ) -> Reaction {
        if !description.route_faults(&applied).is_empty() {
            return refusal("invalid");
        }
        let is_new = self.route.is_null();
        if is_new {
            self.route = json!({"apiVersion": applied["apiVersion"], "kind": "HTTPRoute", "spec": {},
                "metadata": {"name": "checkout", "namespace": "shop", "uid": "r", "generation": 0}});
        }
        let version = &applied["metadata"]["resourceVersion"];
        if !version.is_null() && *version != self.route["metadata"]["resourceVersion"] {
            return refusal("stale");
        }
        let mut spec = applied["spec"].as_object().expect("a spec").clone();
        spec.values_mut().for_each(default_backends);
        let others = |key: &String| {
            let owners = self.owners.get(key);
            owners.is_some_and(|owners| owners.iter().any(|owner| owner != manager))
        };
        let conflicts = spec
            .iter()
            .any(|(key, value)| others(key) && self.route["spec"][key] != *value);
        if conflicts && !force {
            return refusal("owned");
        }
        for owners in self.owners.values_mut() {
            owners.remove(manager);
        }
        let before = self.route["spec"].clone();
        for (key, value) in spec {
            let owners = self.owners.entry(key.clone()).or_default();
            if before[&key] != value {
                owners.clear();
            }
            owners.insert(manager.to_owned());
            self.route["spec"][&key] = value;
        }
        // What nobody owns any more goes.
        let orphans: Vec<String> = self
            .owners
            .iter()
            .filter(|(_, owners)| owners.is_empty())
            .map(|(key, _)| key.clone())
            .collect();
        for key in orphans {
            self.owners.remove(&key);
            let spec = self.route["spec"].as_object_mut().expect("a spec");
            spec.remove(&key);
        }
        if self.route["spec"] != before {
            let generation = self.route["metadata"]["generation"].as_u64().expect("one") + 1;
            self.route["metadata"]["generation"] = json!(generation);
            self.left = self.looks.unwrap_or(0);
        }
        let version = self.next();
        self.route["metadata"]["resourceVersion"] = version;
        answer(if is_new { 201 } else { 200 }, &self.route)
    }

    /// The gateway's controller has looked, or not yet.
    fn gateway(&mut self) {
        if self.looks.is_none() {
            return;
        }
        if self.left > 0 {
            self.left -= 1;
            return;
        }
        let generation = self.route["metadata"]["generation"].clone();
        let (status, reason) = match &self.refusal {
            Some(reason) => ("False", reason.as_str()),
            None => ("True", "Accepted"),
        };
        let condition = |kind: &str| {
            json!({"type": kind, "status": status, "reason": reason, "message": "",
                "observedGeneration": generation, "lastTransitionTime": "2026-09-07T12:00:00Z"})
        };
        self.route["status"] = json!({"parents": [{"parentRef": {"name": "edge"},
            "controllerName": "example.com/gateway",
            "conditions": [condition("Accepted"), condition("ResolvedRefs")]}]});
    }

    fn scale(&mut self, manager: &str, count: u32, at: &str) {
        let version = self.next();
        let entry = json!({"manager": manager, "operation": "Update", "apiVersion": "apps/v1", "time": at,
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}, "subresource": "scale"});
        let metadata = &mut self.deployment["metadata"];
        metadata["resourceVersion"] = version;
        let managers = metadata["managedFields"].as_array_mut().expect("managers");
        managers.retain(|one| one["manager"] != manager);
        for other in managers.iter_mut() {
            let spec = other["fieldsV1"]["f:spec"].as_object_mut().expect("fields");
            spec.remove("f:replicas");
        }
        managers.push(entry);
        self.deployment["spec"]["replicas"] = json!(count);
    }

    fn scaled(&self) -> Value {
        let metadata = &self.deployment["metadata"];
        json!({"apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": {"name": "web", "namespace": "shop", "uid": "d",
                "resourceVersion": metadata["resourceVersion"]},
            "spec": {"replicas": self.deployment["spec"]["replicas"]},
            "status": {"replicas": self.deployment["status"]["replicas"], "selector": "app=web"}})
    }
}

/// What the schema says of backends that do not say it themselves.
fn default_backends(rules: &mut Value) {
    for rule in rules.as_array_mut().into_iter().flatten() {
        let backends = rule.get_mut("backendRefs").and_then(Value::as_array_mut);
        for backend in backends.into_iter().flatten() {
            for (name, value) in [
                ("group", json!("")),
                ("kind", json!("Service")),
                ("weight", json!(1)),
            ] {
                let members = backend.as_object_mut().expect("a backend");
                members.entry(name).or_insert(value);
            }
        }
    }
}
