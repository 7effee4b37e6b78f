//! Each adapter that takes a secret, against the other side at its worst.

use std::collections::BTreeMap;

use phasegate::provider::{
    CommandRunner as _, Credential, EventSource as _, HealthProbe as _, HttpEndpoint,
};
use phasegate::provider_alertmanager::{Alertmanager, AlertmanagerConfig, Rule};
use phasegate::provider_operator::{FileApprovals, FolderConfig, OperatorCalls, PersonConfig};
use phasegate::provider_probe::{HttpProbe, Probe, Probes, ProbesConfig};
use phasegate_provider_command::{CommandConfig, Commands, CommandsConfig};
use phasegate_testkit::servers::{Folder, Received, Receiver, Then, free_port};

use crate::wired::{Adapters, call, echo, http};
use crate::{KEY, MARK, Told, source};

/// The answers' statuses. A redirect leads to where the secret is in the address.
const STATUSES: [u16; 12] = [200, 201, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503];

/// Each way to get in.
fn credentials(folder: &Folder) -> [(&'static str, Credential); 3] {
    let secret = || source(folder, "token", MARK);
    let user = "u".to_owned();
    let name = "x-api-key".to_owned();
    [
        ("bearer", Credential::Bearer(secret())),
        (
            "basic",
            Credential::Basic {
                user,
                password: secret(),
            },
        ),
        (
            "header",
            Credential::Header {
                name,
                value: secret(),
            },
        ),
    ]
}

#[tokio::test]
async fn no_adapter_that_speaks_http_tells_its_secret() {
    let folder = Folder::new().expect("a folder");
    let mut told = Told::default();
    for status in STATUSES {
        let server = Receiver::start(move |request| echo(status, request)).await;
        let server = server.expect("a port");
        let mut adapters = Adapters::default();
        adapters.add_notifiers(&server.url(""), &folder);
        adapters.add_keyed(&server.url(""), &folder);
        for (way, credential) in credentials(&folder) {
            let endpoint = HttpEndpoint::new(server.url("")).with_credential(credential);
            adapters.add_readers(&endpoint);
            let round = format!("{way}, HTTP {status}");
            beside(&endpoint, &round, &mut told).await;
        }
        adapters.use_all(&format!("HTTP {status}"), &mut told).await;
        let received = server.received();
        let holds = |one: &Received| {
            format!("{one:?}{}", String::from_utf8_lossy(&one.body)).contains(MARK)
        };
        let secrets = received.iter().filter(|one| holds(one)).count();
        assert!(
            secrets >= 15,
            "the secret is used: {secrets} of {}",
            received.len()
        );
    }
    // Where nobody listens, the address is no better to be told.
    let nowhere = format!("http://127.0.0.1:{}", free_port().expect("a port"));
    let mut adapters = Adapters::default();
    adapters.add_notifiers(&nowhere, &folder);
    adapters.add_keyed(&nowhere, &folder);
    adapters.use_all("nobody there", &mut told).await;
    assert_eq!(told.tellers(), [""; 0]);
}

/// Alerts and probes, which are neither told nor read as the others are.
async fn beside(endpoint: &HttpEndpoint, round: &str, told: &mut Told) {
    let config = AlertmanagerConfig::new(endpoint.clone()).with_rule(Rule::new("data-loss"));
    let alerts = Alertmanager::new(http(), config.clone());
    told.add("alertmanager, shown", format!("{config:?} {alerts:?}"));
    told.add_answer(
        &format!("alertmanager, {round}"),
        alerts.poll(&call()).await,
    );
    let target = || "shop".parse().expect("an id");
    let plain = HttpProbe::new(endpoint.clone(), "/health");
    let detailed = plain.clone().with_components(["database"]);
    for probe in [plain, detailed] {
        let targets = BTreeMap::from([(target(), Probe::Http(probe))]);
        let probes = Probes::new(ProbesConfig { targets }, http());
        told.add("probe, shown", format!("{probes:?}"));
        let found = probes.probe(&target(), &call()).await;
        told.add_answer(&format!("probe, {round}"), found);
    }
}

#[tokio::test]
async fn no_adapter_that_speaks_something_else_tells_its_secret() {
    let folder = Folder::new().expect("a folder");
    let mut told = Told::default();
    for (said, then) in [
        (&b""[..], Then::Close),
        // As servers of before Redis 6 answer a greeting that they do not know.
        (
            b"-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `marked-secret-7f3a`, \r\n",
            Then::Repeat,
        ),
        (b"-WRONGPASS marked-secret-7f3a\r\n", Then::Repeat),
        // PostgreSQL: a refusal that says what was refused.
        (
            b"R\0\0\0\x08\0\0\0\x03E\0\0\0\x30SFATAL\0C28P01\0Mbad password marked-secret-7f3a\0\0",
            Then::Close,
        ),
        // SMTP: the same.
        (
            b"220 hi\r\n250-hi\r\n250 AUTH PLAIN LOGIN\r\n535 5.7.8 no: marked-secret-7f3a dTptYXJrZWQtc2VjcmV0LTdmM2E=\r\n",
            Then::Repeat,
        ),
        (b"220 marked-secret-7f3a\r\n", Then::Close),
    ] {
        let round = String::from_utf8_lossy(said).chars().take(20).collect::<String>();
        let mut adapters = Adapters::default();
        adapters.add_others(said, then, &folder);
        adapters.use_all(&round, &mut told).await;
    }
    assert_eq!(told.tellers(), [""; 0]);
}

#[tokio::test]
async fn commands_and_folders_of_people_do_not_tell_their_secrets() {
    let folder = Folder::new().expect("a folder");
    let mut told = Told::default();
    let print = "echo $TOKEN; echo user u:$TOKEN >&2; printf %s $TOKEN | base64; exit 3";
    let mut command = CommandConfig::new("/bin/sh", ["-c", print]);
    command
        .env
        .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    let secret = source(&folder, "token", MARK);
    command.secrets.insert("TOKEN".to_owned(), secret);
    let mut config = CommandsConfig::default();
    config.commands.insert("it".to_owned(), command);
    let commands = Commands::new(config.clone());
    told.add("command, shown", format!("{config:?} {commands:?}"));
    let run = commands.run("it", &call()).await;
    told.add_answer("command", run);

    let ada = PersonConfig {
        keys: vec![source(&folder, "key", &format!("whsec_{KEY}"))],
        ..PersonConfig::default()
    };
    let people = FolderConfig::new(folder.path().join("people"));
    let people = people.with_person("ada".parse().expect("an id"), ada);
    let approvals = FileApprovals::open(people.clone()).expect("a folder");
    let calls = OperatorCalls::open(people.clone()).expect("a folder");
    told.add(
        "operator, shown",
        format!("{people:?} {approvals:?} {calls:?}"),
    );
    told.add_answer("operator", calls.poll(&call()).await);
    assert_eq!(told.tellers(), [""; 0]);
}
