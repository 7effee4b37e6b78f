//! Tickets and approvals against a small GitHub whose every answer is held against GitHub's own description.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use phasegate_core::{ChannelId, EffectClass, EffectKey, RolloutId, Span};
use phasegate_provider::{
    ApprovalSource as _, Ask, AskId, Call, Credential, Decision, ErrorKind, HttpEndpoint, Message,
    Notifier as _, Reply, SecretSource,
};
use phasegate_provider_github::{ApprovalsConfig, Github, GithubConfig, TeamConfig, TicketConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::withstand;
use serde_json::json;

use support::{Hub, TOKEN, Trouble, at, call, client};

fn config(url: String) -> GithubConfig {
    let secret = SecretSource::Env(TOKEN.to_owned());
    let endpoint = HttpEndpoint::new(url).with_credential(Credential::Bearer(secret.clone()));
    let ticket = TicketConfig {
        labels: vec!["phasegate".to_owned(), "area:shop".to_owned()],
    };
    let team = TeamConfig {
        organisation: None,
        team: "release-leads".to_owned(),
    };
    let people = [("ada", "Ada-L"), ("bob", "bob"), ("cyd", "cyd")];
    let people = people.map(|(person, login)| (person.parse().expect("an id"), login.to_owned()));
    let approvals = ApprovalsConfig {
        labels: vec!["phasegate-question".to_owned()],
        roles: [("release-lead".parse().expect("an id"), team)].into(),
        people: people.into(),
        pull_request: None,
    };
    GithubConfig::new("octo-org", "shop", secret)
        .with_endpoint(endpoint)
        .with_ticket(tickets(), ticket)
        .with_approvals(approvals)
        .with_apart(Span::from_millis(1))
}

fn github(url: String) -> Github {
    Github::new(config(url), client(Span::from_millis(1000)))
}

fn tickets() -> ChannelId {
    "tickets".parse().expect("an id")
}

fn message(subject: &str, body: &str) -> Message {
    Message {
        channel: tickets(),
        subject: subject.to_owned(),
        body: body.to_owned(),
    }
}

fn effect(number: u64) -> Call {
    let rollout: RolloutId = "shop-2".parse().expect("an id");
    let key = EffectKey::new(&rollout, number);
    call().with_effect(key, EffectClass::FireAndForget)
}

fn check(hub: &Hub) {
    assert_eq!(hub.state().faults, [""; 0]);
}

#[tokio::test]
async fn the_notifier_passes_the_suite_of_its_role() {
    let hub = Hub::start().await;
    let github = github(hub.server.url(""));
    let violations = conformance::notifier(&github, &tickets(), &call()).await;
    assert_eq!(violations, []);
    // Each text twice, and each once an issue.
    assert_eq!(hub.state().issues.len(), 8);
    check(&hub);
}

#[tokio::test]
async fn a_message_is_one_issue_whoever_hands_it_over_again() {
    let hub = Hub::start().await;
    let first = github(hub.server.url(""));
    let held = message("Held: errors", "at 25 %, ask @octocat about ```#1```");
    let made = first.send(&held, &effect(1)).await.expect("made");
    assert!(
        made.evidence
            .contains("was made: https://github.com/octo-org/shop/issues/1")
    );
    // Another process, after a crash. The same words of another effect are another ticket.
    let second = github(hub.server.url(""));
    let found = second.send(&held, &effect(1)).await.expect("found");
    assert!(found.evidence.contains("issue 1 is there"), "{found:?}");
    second.send(&held, &effect(2)).await.expect("made");
    // The answer is lost; the next attempt finds the issue.
    hub.trouble("POST", Trouble::LoseAnswer);
    let lost = second.send(&held, &effect(3)).await.expect_err("lost");
    assert!(!lost.is_refusal(), "{lost}");
    second.send(&held, &effect(3)).await.expect("found");
    {
        let state = hub.state();
        assert_eq!(state.issues.len(), 3);
        let issue = &state.issues[0];
        assert_eq!(issue["title"], "Held: errors");
        assert_eq!(
            issue["labels"],
            json!([{"name": "phasegate"}, {"name": "area:shop"}])
        );
        let body = issue["body"].as_str().expect("a text");
        let fenced = "````text\nat 25 %, ask @octocat about ```#1```\n````\n\n<!-- phasegate-";
        assert!(body.starts_with(fenced), "{body}");
    }
    let unknown = Message {
        channel: "nowhere".parse().expect("an id"),
        ..held
    };
    let error = second
        .send(&unknown, &call())
        .await
        .expect_err("no channel");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    check(&hub);
}

#[tokio::test]
async fn an_issue_is_found_on_later_pages_and_not_beyond_the_time_to_look_back() {
    let hub = Hub::start().await;
    let github = github(hub.server.url(""));
    for number in 0..120 {
        let told = message(&format!("{number}"), "b");
        github.send(&told, &effect(number)).await.expect("made");
    }
    github
        .send(&message("0", "b"), &effect(0))
        .await
        .expect("found");
    assert_eq!(hub.state().issues.len(), 120);
    let long_ago = json!(at().before(Span::from_secs(7 * 86_400)).to_string());
    for issue in &mut hub.state().issues {
        issue["created_at"] = long_ago.clone();
    }
    github
        .send(&message("0", "b"), &effect(0))
        .await
        .expect("made anew");
    assert_eq!(hub.state().issues.len(), 121);
    check(&hub);
}

fn ask() -> Ask {
    Ask {
        id: AskId::new("shop-2/7/release-lead"),
        gate: None,
        role: "release-lead".parse().expect("an id"),
        question: "Go to 50 %? ```\n/yes".to_owned(),
        plan_digest: "5f3a".to_owned(),
        journal_head: "41".to_owned(),
        expires: at() + Span::from_secs(600),
        to_sign: None,
    }
}

fn told(replies: &[Reply]) -> Vec<(&str, Decision, &str)> {
    replies
        .iter()
        .map(|reply| {
            (
                reply.person.as_str(),
                reply.decision,
                reply.comment.as_str(),
            )
        })
        .collect()
}

#[tokio::test]
async fn the_approvals_pass_the_suite_of_their_role() {
    let hub = Hub::start().await;
    hub.join("release-leads", "Ada-L", "active");
    let github = github(hub.server.url(""));
    let answer = async || {
        hub.comment(1, "Ada-L", "/yes errors are flat", 10);
    };
    let violations = conformance::approval_source(&github, &ask(), &call(), answer).await;
    assert_eq!(violations, []);
    assert_eq!(hub.state().issues[0]["state"], "closed");
    assert_eq!(hub.state().issues.len(), 1);
    check(&hub);
}

#[tokio::test]
async fn what_counts_is_the_last_word_of_each_member_as_it_was_written() {
    let hub = Hub::start().await;
    for (login, state) in [("Ada-L", "active"), ("bob", "active"), ("cyd", "pending")] {
        hub.join("release-leads", login, state);
    }
    hub.join("others", "cyd", "active");
    hub.join("release-leads", "eve", "active");
    let github = github(hub.server.url(""));
    github.ask(&ask(), &call()).await.expect("asked");
    for (login, body, after) in [
        ("Ada-L", "what about the queue?", 1),
        ("Ada-L", "/no the queue grows", 2),
        ("bob", "> /yes\nsays who", 3),
        ("bob", "  /YES\nfine\nby me", 4),
        ("cyd", "/yes not a member yet", 5),
        ("eve", "/yes nobody knows me", 6),
        ("Ada-L", "/yes it has stopped", 7),
        ("bob", "/no too late", 601),
    ] {
        hub.comment(1, login, body, after);
    }
    let replies = github.poll(&call()).await.expect("polled");
    let want = [
        ("bob", Decision::Yes, "fine by me"),
        ("ada", Decision::Yes, "it has stopped"),
    ];
    assert_eq!(told(&replies), want);
    let ada = &replies[1];
    assert_eq!(
        (ada.plan_digest.as_str(), ada.journal_head.as_str()),
        ("5f3a", "41")
    );
    assert!(
        ada.verified
            .contains("comment 7 of Ada-L, member of release-leads: https://")
    );
    // Each membership is looked up once for a look.
    assert_eq!(hub.asked("GET", "memberships/Ada-L"), 1);
    assert_eq!(hub.asked("GET", "memberships/eve"), 0);

    // Ada's last word is edited by somebody, Bob's was written by an app in his name.
    {
        let mut state = hub.state();
        let comments = state.comments.get_mut(&1).expect("comments");
        comments[6]["updated_at"] = json!((at() + Span::from_secs(9)).to_string());
        comments[3]["performed_via_github_app"] = json!({
            "id": 1, "node_id": "x", "owner": comments[3]["user"], "name": "helpful", "description": null,
            "external_url": "https://example.com", "html_url": "https://github.com/apps/helpful",
            "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
            "permissions": {"issues": "write"}, "events": [],
        });
    }
    let replies = github.poll(&call()).await.expect("polled");
    assert_eq!(told(&replies), [("ada", Decision::No, "the queue grows")]);
    hub.comment(1, "Ada-L", "/withdraw", 20);
    let replies = github.poll(&call()).await.expect("polled");
    assert_eq!(told(&replies), [("ada", Decision::Withdraw, "")]);
    // Who leaves the team has said nothing.
    hub.state().members.clear();
    assert_eq!(github.poll(&call()).await.expect("polled"), []);
    check(&hub);
}

#[tokio::test]
async fn a_review_of_the_pull_request_answers_the_question_that_it_names() {
    let hub = Hub::start().await;
    for login in ["Ada-L", "bob"] {
        hub.join("release-leads", login, "active");
    }
    let mut config = config(hub.server.url(""));
    let approvals = config.approvals.as_mut().expect("approvals");
    approvals.pull_request = Some(42);
    let github = Github::new(config, client(Span::from_millis(1000)));
    github.ask(&ask(), &call()).await.expect("asked");
    let text = hub.state().issues[0]["body"].to_string();
    let (_, rest) = text
        .split_once("by a review that begins with `")
        .expect("a code");
    let (code, _) = rest.split_once('`').expect("a code");
    assert_eq!(code.len(), 18);
    for (login, state, body, after) in [
        // The moment of the question itself is not after it.
        ("bob", "APPROVED", format!("{code} early"), 0),
        ("bob", "APPROVED", "looks good".to_owned(), 1),
        ("bob", "APPROVED", format!("{code}0 another question"), 2),
        ("bob", "DISMISSED", format!("{code} dismissed"), 3),
        ("eve", "APPROVED", format!("{code} nobody knows me"), 4),
        ("bob", "APPROVED", format!("{code} too late"), 601),
    ] {
        hub.review(login, state, &body, after);
    }
    assert_eq!(github.poll(&call()).await.expect("polled"), []);
    hub.review(
        "bob",
        "CHANGES_REQUESTED",
        &format!("{code} the queue grows"),
        5,
    );
    hub.review("Ada-L", "APPROVED", &format!("{code}\nflat"), 6);
    let replies = github.poll(&call()).await.expect("polled");
    let want = [
        ("bob", Decision::No, "the queue grows"),
        ("ada", Decision::Yes, "flat"),
    ];
    assert_eq!(told(&replies), want);
    let verified = "review 107 of Ada-L, member of release-leads: https://";
    assert!(
        replies[1].verified.starts_with(verified),
        "{:?}",
        replies[1]
    );
    // Comments and reviews together: the last word counts, whichever it is.
    hub.comment(1, "bob", "/yes it has stopped", 7);
    hub.comment(1, "Ada-L", "/withdraw", 3);
    let replies = github.poll(&call()).await.expect("polled");
    let want = [
        ("ada", Decision::Yes, "flat"),
        ("bob", Decision::Yes, "it has stopped"),
    ];
    assert_eq!(told(&replies), want);
    check(&hub);
}

#[tokio::test]
async fn a_question_is_one_issue_over_restarts_and_another_question_another() {
    let hub = Hub::start().await;
    hub.join("release-leads", "bob", "active");
    let first = github(hub.server.url(""));
    first.ask(&ask(), &call()).await.expect("asked");
    hub.comment(1, "bob", "/yes", 5);
    let second = github(hub.server.url(""));
    assert_eq!(second.poll(&call()).await.expect("nothing is open yet"), []);
    second
        .close(&ask().id, &call())
        .await
        .expect("an unknown id is ignored");
    second.ask(&ask(), &call()).await.expect("found again");
    assert_eq!(told(&second.poll(&call()).await.expect("polled")).len(), 1);
    assert_eq!(hub.state().issues.len(), 1);
    let later = Ask {
        journal_head: "42".to_owned(),
        ..ask()
    };
    let error = second
        .ask(&later, &call())
        .await
        .expect_err("the id is taken");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    let third = github(hub.server.url(""));
    third.ask(&later, &call()).await.expect("asked anew");
    assert_eq!(hub.state().issues.len(), 2);
    assert_eq!(third.poll(&call()).await.expect("polled"), []);
    let other = Ask {
        role: "legal".parse().expect("an id"),
        id: AskId::new("shop-2/8/legal"),
        ..ask()
    };
    let error = third.ask(&other, &call()).await.expect_err("no team");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    check(&hub);
}

#[tokio::test]
async fn nothing_counts_on_an_issue_that_asks_something_else_now() {
    let hub = Hub::start().await;
    hub.join("release-leads", "bob", "active");
    let github = github(hub.server.url(""));
    github.ask(&ask(), &call()).await.expect("asked");
    hub.comment(1, "bob", "/yes", 5);
    let text = hub.state().issues[0]["body"]
        .as_str()
        .expect("a text")
        .to_owned();
    for (body, fine) in [
        (text.replace('\n', "\r\n"), true),
        (text.replace("50 %", "5 %"), false),
        (format!("Say yes.\n{text}"), false),
    ] {
        hub.state().issues[0]["body"] = json!(body);
        let polled = github.poll(&call()).await;
        assert_eq!(polled.is_ok(), fine, "{body}: {polled:?}");
    }
    // After a restart it is asked anew.
    let second = self::github(hub.server.url(""));
    second.ask(&ask(), &call()).await.expect("asked anew");
    assert_eq!(hub.state().issues.len(), 2);
    assert_eq!(second.poll(&call()).await.expect("polled"), []);
    check(&hub);
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let call = || call().with_deadline(Span::from_secs(2));
    let send = async |url: String| github(url).send(&message("s", "b"), &call()).await;
    assert_eq!(withstand(&[], send).await.expect("ports"), []);
    let put = async |url: String| github(url).ask(&ask(), &call()).await;
    assert_eq!(withstand(&[], put).await.expect("ports"), []);
    // The server takes the question and then loses its mind.
    let hub = Hub::start().await;
    let github = github(hub.server.url(""));
    github.ask(&ask(), &call()).await.expect("asked");
    for trouble in [Trouble::Fail, Trouble::LoseAnswer] {
        hub.trouble("GET", trouble);
        let error = github.poll(&call()).await.expect_err("no answers");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
    hub.trouble("PATCH", Trouble::Fail);
    assert!(github.close(&ask().id, &call()).await.is_err());
    github.close(&ask().id, &call()).await.expect("closed");
    check(&hub);
}

#[tokio::test]
async fn labels_are_names_by_which_issues_are_found() {
    for label in ["", "a,b", "a&b", "a b", ".."] {
        let labels = if label.is_empty() {
            vec![]
        } else {
            vec![label.to_owned()]
        };
        let config = config("http://127.0.0.1:9".to_owned());
        let config = config.with_ticket(tickets(), TicketConfig { labels });
        let github = Github::new(config, client(Span::from_millis(500)));
        let error = github
            .send(&message("s", "b"), &call())
            .await
            .expect_err(label);
        assert_eq!(error.kind(), ErrorKind::Misuse, "{label}: {error}");
    }
}
