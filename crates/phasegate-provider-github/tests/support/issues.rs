//! Issues, comments and teams of the small GitHub.

use phasegate_core::{Span, Timestamp};
use phasegate_testkit::servers::{Reaction, Received};
use serde_json::{Value, json};

use super::described::Description;
use super::stateful::{Hub, State, answer, at};

impl Hub {
    /// A comment as the description shows one, so many seconds after noon. Says its number.
    pub(crate) fn comment(&self, issue: u64, login: &str, body: &str, after: u64) -> usize {
        let description = Description::read();
        let mut comment = description.example("issue-comment-items")[0].clone();
        let moment = (at() + Span::from_secs(after)).to_string();
        comment["user"]["login"] = json!(login);
        comment["body"] = json!(body);
        comment["created_at"] = json!(moment);
        comment["updated_at"] = json!(moment);
        let mut state = self.state();
        let all = state.comments.entry(issue).or_default();
        comment["id"] = json!(1 + all.len());
        all.push(comment);
        all.len() - 1
    }

    /// A review of pull request 42 as the description shows one, so many seconds after noon.
    pub(crate) fn review(&self, login: &str, state: &str, body: &str, after: u64) {
        let description = Description::read();
        let mut review = description.example("pull-request-review-items")[0].clone();
        let moment = (at() + Span::from_secs(after)).to_string();
        review["user"]["login"] = json!(login);
        review["state"] = json!(state);
        review["body"] = json!(body);
        review["submitted_at"] = json!(moment);
        let mut state = self.state();
        review["id"] = json!(100 + state.reviews.len());
        state.reviews.push(review);
    }

    /// Puts somebody into a team.
    pub(crate) fn join(&self, team: &str, login: &str, state: &str) {
        let member = (team.to_owned(), login.to_owned());
        self.state().members.insert(member, state.to_owned());
    }
}

impl State {
    pub(crate) fn issue(
        &mut self,
        rest: &str,
        query: &str,
        request: &Received,
        description: &Description,
    ) -> Reaction {
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let number = parts.first().and_then(|part| part.parse::<u64>().ok());
        let missing = || answer(404, &json!({"message": "Not Found"}));
        match (request.method.as_str(), number, parts.len()) {
            ("GET", None, 0) => self.listed_issues(query),
            ("POST", None, 0) => self.made(request, description),
            ("GET", Some(number), 1) => match self.numbered(number) {
                Some(issue) => answer(200, issue),
                None => missing(),
            },
            ("PATCH", Some(number), 1) => {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let Some(issue) = self.numbered(number) else {
                    return missing();
                };
                issue["state"] = body["state"].clone();
                answer(200, issue)
            }
            (_, Some(number), 2 | 3) if parts[1] == "labels" => {
                self.labels(number, parts.get(2).copied(), request, description)
            }
            ("GET", Some(number), 2) => {
                let none = Vec::new();
                let all = self.comments.get(&number).unwrap_or(&none);
                answer(200, &page(&all.iter().collect::<Vec<_>>(), query))
            }
            _ => missing(),
        }
    }

    fn numbered(&mut self, number: u64) -> Option<&mut Value> {
        self.issues
            .iter_mut()
            .find(|issue| issue["number"] == json!(number))
    }

    /// GitHub says all the labels that an issue has after a change.
    fn labels(
        &mut self,
        number: u64,
        name: Option<&str>,
        request: &Received,
        description: &Description,
    ) -> Reaction {
        let dropped = self.dropped_labels.clone();
        let Some(issue) = self.numbered(number) else {
            return answer(404, &json!({"message": "Not Found"}));
        };
        let all = issue["labels"].as_array_mut().expect("labels");
        match (request.method.as_str(), name) {
            ("GET", None) => {}
            ("POST", None) => {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                for added in body["labels"].as_array().expect("labels") {
                    let is_dropped = dropped.iter().any(|one| *added == json!(one));
                    if !is_dropped && !all.iter().any(|one| one["name"] == *added) {
                        let mut label = description.example("label-items")[0].clone();
                        label["name"] = added.clone();
                        all.push(label);
                    }
                }
            }
            ("DELETE", Some(name)) => {
                let before = all.len();
                all.retain(|one| one["name"] != name);
                if all.len() == before {
                    return answer(404, &json!({"message": "Label does not exist"}));
                }
            }
            _ => return answer(404, &json!({"message": "Not Found"})),
        }
        answer(200, &json!(all))
    }

    pub(crate) fn reviewed(&self, query: &str) -> Reaction {
        answer(200, &page(&self.reviews.iter().collect::<Vec<_>>(), query))
    }

    fn made(&mut self, request: &Received, description: &Description) -> Reaction {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut issue = description.example("issue");
        let number = 1 + self.issues.len();
        issue["number"] = json!(number);
        issue["html_url"] = json!(format!("https://github.com/octo-org/shop/issues/{number}"));
        issue["title"] = body["title"].clone();
        issue["body"] = body["body"].clone();
        issue["state"] = json!("open");
        issue
            .as_object_mut()
            .expect("an object")
            .remove("pull_request");
        let moment: Timestamp = at();
        issue["created_at"] = json!(moment.to_string());
        let labels = body["labels"].as_array().cloned().unwrap_or_default();
        let named = labels.into_iter().map(|name| json!({ "name": name }));
        issue["labels"] = json!(named.collect::<Vec<_>>());
        self.issues.push(issue.clone());
        answer(201, &issue)
    }

    /// Newest first, with all the labels that are asked for.
    fn listed_issues(&self, query: &str) -> Reaction {
        let labels = parameter(query, "labels").unwrap_or_default();
        let has = |issue: &&Value| {
            let named = issue["labels"].as_array().expect("labels");
            let wanted = labels.split(',').filter(|label| !label.is_empty());
            wanted
                .clone()
                .all(|label| named.iter().any(|one| one["name"] == label))
        };
        let all: Vec<&Value> = self.issues.iter().rev().filter(has).collect();
        answer(200, &page(&all, query))
    }

    pub(crate) fn membership(&self, member: &str, description: &Description) -> Reaction {
        let parts: Vec<&str> = member.split('/').collect();
        let [team, "memberships", login] = parts.as_slice() else {
            return answer(404, &json!({"message": "Not Found"}));
        };
        let Some(state) = self.members.get(&((*team).to_owned(), (*login).to_owned())) else {
            return answer(404, &json!({"message": "Not Found"}));
        };
        let mut found =
            description.example("team-membership-response-if-user-is-a-team-maintainer");
        found["state"] = json!(state);
        answer(200, &found)
    }
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(found, _)| *found == name);
    found.map(|(_, value)| value.to_owned())
}

fn page(all: &[&Value], query: &str) -> Value {
    let number = |name| parameter(query, name).and_then(|text| text.parse::<usize>().ok());
    let (page, size) = (
        number("page").expect("a page"),
        number("per_page").expect("a size"),
    );
    let shown: Vec<&&Value> = all.iter().skip((page - 1) * size).take(size).collect();
    json!(shown)
}
