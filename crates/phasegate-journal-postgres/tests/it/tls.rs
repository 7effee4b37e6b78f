//! Encryption by rustls: a trusted authority's certificate for the name that is asked for is good, and nothing else is,
//! whatever the configuration's `sslmode` says.

use phasegate_journal::{Journal as _, ReadError};
use phasegate_journal_postgres::PostgresJournal;
use phasegate_testkit::servers::Authority;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::server::{Server, options};
use crate::{TTL, batch, holder, rollout};

/// Who trusts this authority and nobody else.
fn trusting(authority: &Authority) -> MakeRustlsConnect {
    MakeRustlsConnect::new(authority.trusted().expect("a certificate"))
}

async fn certify(authority: &Authority, server: &Server, name: &str) {
    let (certificate, key) = authority.certificate(name, 2100).expect("made");
    server.encrypt(name, &certificate, &key).await;
}

/// The server under the name that certificates are made for.
fn named(server: &Server, mode: SslMode) -> Config {
    let mut config = Config::new();
    let ports = server.config();
    config
        .host("localhost")
        .hostaddr([127, 0, 0, 1].into())
        .port(*ports.get_ports().first().expect("a port"))
        .user("postgres")
        .dbname("postgres")
        .ssl_mode(mode);
    config
}

async fn refused(server: &Server, trusted: &Authority, why: &str) {
    for mode in [SslMode::Disable, SslMode::Prefer, SslMode::Require] {
        let (config, tls) = (named(server, mode), trusting(trusted));
        let opened = PostgresJournal::connect_with_tls(config, tls, options("tls")).await;
        match opened {
            Err(ReadError::Unavailable(error)) => {
                assert!(error.to_string().contains(why), "{mode:?}: {error}");
            }
            other => panic!("{mode:?}: {other:?} instead of {why}"),
        }
    }
}

/// Ends the connections that journals have, and says how many were encrypted.
async fn end_encrypted(beside: &Client) -> usize {
    let ended = beside
        .query(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
             WHERE ssl AND application_name = 'phasegate'",
            &[],
        )
        .await;
    ended.expect("sessions").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_trusted_certificate_for_the_name_that_was_asked_for_is_good() {
    let Some(server) = Server::start().await else {
        return;
    };
    let [ours, theirs] = ["ours", "theirs"].map(|name| Authority::new(name).expect("an authority"));
    refused(&server, &ours, "does not support TLS").await;
    certify(&ours, &server, "other.example").await;
    refused(&server, &ours, "not valid for name").await;
    certify(&ours, &server, "localhost").await;
    refused(&server, &theirs, "UnknownIssuer").await;

    // Encrypted also where the configuration would rather have it plain.
    let config = named(&server, SslMode::Disable);
    let opened = PostgresJournal::connect_with_tls(config, trusting(&ours), options("tls")).await;
    let journal = opened.expect("a journal");
    let id = rollout("r");
    let made = journal
        .create(&id, &holder("a"), TTL, &[], batch("0"))
        .await;
    let (lease, head) = made.expect("a rollout");
    let beside = server.client().await;
    assert_eq!(end_encrypted(&beside).await, 1);

    // A new connection is encrypted too, or there is none.
    assert_eq!(eventually(&journal).await, Ok(head));
    server.stop_encryption(&beside).await;
    assert_eq!(end_encrypted(&beside).await, 1);
    match eventually(&journal).await {
        Err(ReadError::Unavailable(error)) => {
            let said = error.to_string();
            assert!(said.contains("does not support TLS"), "{said}");
        }
        other => panic!("{other:?} over a server without encryption"),
    }
    certify(&ours, &server, "localhost").await;
    let written = journal.append(&lease, head.next_seq, batch("1")).await;
    written.expect("an append");
    assert_eq!(end_encrypted(&beside).await, 1);
}

/// The head, asked for until the journal has noticed that its connection was ended.
async fn eventually(journal: &PostgresJournal) -> Result<phasegate_journal::Head, ReadError> {
    let id = rollout("r");
    let first = journal.head(&id).await;
    match first {
        Err(ReadError::Unavailable(_)) => journal.head(&id).await,
        other => other,
    }
}
