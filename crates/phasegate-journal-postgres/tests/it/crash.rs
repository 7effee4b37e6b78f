//! What holds when server processes are killed or hang, and answers are lost.

use std::time::{Duration, Instant};

use phasegate_core::Span;
use phasegate_journal::{AppendError, Journal, Lease, LeaseError, ReadError, Record};
use phasegate_journal_postgres::PostgresJournal;
use tokio::sync::watch;

use crate::server::{Server, options, signal};
use crate::{TTL, batch, holder, rollout};

/// The process that serves the journal's connection.
async fn backend(server: &Server) -> Option<u32> {
    let client = server.config().connect(tokio_postgres::NoTls).await;
    let (client, connection) = client.ok()?;
    let connection = tokio::spawn(connection);
    let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'phasegate'";
    let row = client.query_opt(sql, &[]).await;
    connection.abort();
    u32::try_from(row.ok()??.get::<_, i32>(0)).ok()
}

/// Takes the lease anew as soon as the server can be reached again.
async fn acquired(journal: &PostgresJournal) -> Lease {
    let (id, me, start) = (rollout("r"), holder("a"), Instant::now());
    loop {
        match journal.acquire(&id, &me, TTL).await {
            Ok(lease) => return lease,
            Err(LeaseError::Ambiguous { .. } | LeaseError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the server did not come back"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// All records; a server that has just come back may refuse the first who asks.
async fn stored(journal: &PostgresJournal) -> Vec<Record> {
    let (id, start) = (rollout("r"), Instant::now());
    loop {
        match journal.read(&id, 0).await {
            Ok(records) => return records,
            Err(ReadError::Unavailable(_)) if start.elapsed() < Duration::from_secs(60) => {}
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_process_loses_nothing_and_doubles_nothing() {
    let Some(server) = Server::start().await else {
        return;
    };
    let journal = server.journal("killed").await;
    let id = rollout("r");
    let made = journal
        .create(&id, &holder("a"), TTL, &[], batch("0"))
        .await;
    let (mut lease, mut head) = made.expect("a rollout");
    let (mut acknowledged, mut ambiguous) = (vec!["0".to_owned()], 0);
    for round in 0..6 {
        // The kill comes at another moment each time, in the middle of a stream of appends.
        let (told, mut count) = watch::channel(0);
        let killer = async {
            if count.wait_for(|count| *count > 3 * round).await.is_err() {
                return;
            }
            if let Some(process) = backend(&server).await {
                signal("KILL", process);
            }
        };
        let writer = async {
            // Its end ends the killer's wait.
            let told = told;
            for n in 0.. {
                let payload = format!("{round}-{n}");
                match journal.append(&lease, head.next_seq, batch(&payload)).await {
                    Ok(next) => {
                        head = next;
                        acknowledged.push(payload);
                        told.send_replace(n + 1);
                    }
                    Err(AppendError::Ambiguous { .. }) => return Some(payload),
                    // The kill came between two appends: certainly not written.
                    Err(AppendError::Unavailable(_)) => return None,
                    Err(error) => panic!("{error}"),
                }
            }
            None
        };
        let ((), doubtful) = tokio::join!(killer, writer);
        lease = acquired(&journal).await;
        let records = stored(&journal).await;
        let found: Vec<&[u8]> = records.iter().map(|r| r.payload.as_slice()).collect();
        if let Some(payload) = doubtful {
            ambiguous += 1;
            if found.len() == acknowledged.len() + 1 {
                acknowledged.push(payload);
            }
        }
        let expected: Vec<&[u8]> = acknowledged.iter().map(String::as_bytes).collect();
        assert_eq!(found, expected, "round {round}");
        head = records.last().map(Record::head).expect("a record");
    }
    assert!(ambiguous > 0, "no kill hit an append in 6 rounds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_server_costs_the_time_limit_and_its_late_write_is_fenced_or_read_back() {
    let Some(server) = Server::start().await else {
        return;
    };
    let limit = Duration::from_millis(400);
    let options = options("hangs").with_call_time_max(Span::from(limit));
    // The schema is made without the limit, and a busy machine may need several tries within it.
    drop(server.journal("hangs").await);
    let journal = loop {
        match PostgresJournal::connect(server.config(), options.clone()).await {
            Ok(journal) => break journal,
            Err(ReadError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    let id = rollout("r");
    let made = journal
        .create(&id, &holder("a"), TTL, &[], batch("0"))
        .await;
    let (lease, _) = made.expect("a rollout");
    let process = backend(&server).await.expect("its process");
    signal("STOP", process);
    let start = Instant::now();
    let answer = journal.append(&lease, 1, batch("late")).await;
    assert!(start.elapsed() >= limit, "it was given the time it has");
    signal("CONT", process);
    assert!(
        matches!(answer, Err(AppendError::Ambiguous { .. })),
        "{answer:?}"
    );

    // The lease is taken anew; what was under way has landed before that or never will.
    let new = acquired(&journal).await;
    let records = stored(&journal).await;
    let head = records.last().map(Record::head).expect("a record");
    let late = journal.append(&lease, head.next_seq, batch("later")).await;
    assert_eq!(late, Err(AppendError::Fenced { current: new.token }));
    journal
        .append(&new, head.next_seq, batch("next"))
        .await
        .expect("an append");
    let after = stored(&journal).await;
    assert_eq!(after.get(..records.len()), Some(records.as_slice()));
    assert_eq!(after.len(), records.len() + 1);
}
