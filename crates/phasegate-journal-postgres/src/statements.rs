//! All statements, prepared once per connection. Each changes everything it has to change, or nothing, by
//! itself: there is no transaction that a lost connection could leave open.
//!
//! What a lease allows is checked in the `WHERE` of the `UPDATE` that locks the rollout's row. A statement
//! that had to wait for that row looks at it again as it has become, so a holder that lost the lease in
//! the meantime changes nothing.

use tokio_postgres::{Client, Statement};

use crate::trouble::Trouble;

/// `$1` the rollout; `$2` to `$6` its head and the rest of the batch; `$7` holder; `$8` microseconds;
/// `$9` to `$14` records; `$15` to `$18` snapshot; `$19`, `$20` claims; `$21` channel.
const CREATE: &str = "
    WITH made AS (
        INSERT INTO rollout
            (id, next_seq, head, wake_at, wake_ms, finished, token, holder, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, nextval('fencing_token'),
            CASE WHEN $6 THEN NULL ELSE $7::text END,
            clock_timestamp() + $8::bigint * interval '1 microsecond')
        RETURNING key, token
    ), records AS (
        INSERT INTO record SELECT key, u.* FROM made, unnest($9::bigint[], $10::text[],
            $11::text[], $12::bytea[], $13::bytea[], $14::bytea[]) AS u
    ), snapshots AS (
        INSERT INTO snapshot SELECT key, $15::bigint, $16::bigint, $17::bytea, $18::bytea
        FROM made WHERE $15 IS NOT NULL
    ), claims AS (
        INSERT INTO claim SELECT u.binding, u.target, key
        FROM made, unnest($19::text[], $20::text[]) AS u (binding, target) WHERE NOT $6
    )
    SELECT token, pg_notify($21, '+' || $1) FROM made";

/// As for `CREATE`, with `$7` the token, `$8` and `$19` the head that the chain must have; `$20` channel.
const APPEND: &str = "
    WITH written AS (
        UPDATE rollout SET next_seq = $2, head = $3, wake_at = $4, wake_ms = $5, finished = $6,
            holder = CASE WHEN $6 THEN NULL ELSE holder END
        WHERE id = $1 AND token = $7 AND holder IS NOT NULL AND NOT finished
            AND next_seq = $8 AND head = $19
        RETURNING key
    ), records AS (
        INSERT INTO record SELECT key, u.* FROM written, unnest($9::bigint[], $10::text[],
            $11::text[], $12::bytea[], $13::bytea[], $14::bytea[]) AS u
    ), snapshots AS (
        INSERT INTO snapshot SELECT key, $15::bigint, $16::bigint, $17::bytea, $18::bytea
        FROM written WHERE $15 IS NOT NULL
        ON CONFLICT (rollout) DO UPDATE SET seq = excluded.seq, format = excluded.format,
            head = excluded.head, body = excluded.body
    ), claims AS (
        DELETE FROM claim USING written WHERE claim.rollout = written.key AND $6
    )
    SELECT pg_notify($20, '+' || $1) FROM written";

const ACQUIRE: &str = "
    UPDATE rollout SET token = nextval('fencing_token'), holder = $2,
        expires_at = clock_timestamp() + $3::bigint * interval '1 microsecond'
    WHERE id = $1 AND NOT finished
        AND (holder IS NULL OR holder = $2 OR expires_at <= clock_timestamp())
    RETURNING token";

const RENEW: &str = "
    UPDATE rollout SET holder = $3,
        expires_at = clock_timestamp() + $4::bigint * interval '1 microsecond'
    WHERE id = $1 AND token = $2 AND holder IS NOT NULL AND NOT finished
    RETURNING token";

const RELEASE: &str = "
    WITH released AS (
        UPDATE rollout SET holder = NULL
        WHERE id = $1 AND token = $2 AND holder IS NOT NULL AND NOT finished
        RETURNING key
    )
    SELECT pg_notify($3, $1) FROM released";

/// `$1` name; `$2` how many it runs; `$3` microseconds. A name that says goodbye is not listed, nor is
/// one that has not been heard of for longer than it said.
const ANNOUNCE: &str = "
    WITH gone AS (
        DELETE FROM controller WHERE expires_at <= clock_timestamp() AND name <> $1
    ), said AS (
        INSERT INTO controller VALUES ($1, $2,
            clock_timestamp() + $3::bigint * interval '1 microsecond')
        ON CONFLICT (name) DO UPDATE
            SET running = excluded.running, expires_at = excluded.expires_at
    )
    SELECT $1::text, $2::bigint WHERE $3::bigint > 0
    UNION ALL
    SELECT name, running FROM controller WHERE name <> $1 AND expires_at > clock_timestamp()";

/// Whole microseconds, rounded up: what is left of a live lease is never nothing.
macro_rules! rollout_columns {
    () => {
        "id, next_seq, head, wake_at, finished, token, holder, \
         ceil(extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::bigint AS remaining"
    };
}

const ROLLOUT: &str = concat!("SELECT ", rollout_columns!(), " FROM rollout WHERE id = $1");

const ROLLOUTS: &str = concat!("SELECT ", rollout_columns!(), " FROM rollout ORDER BY id");

/// Milliseconds are coarser than moments: the index finds candidates, the moments decide.
const DUE: &str = concat!(
    "SELECT ",
    rollout_columns!(),
    " FROM rollout \
     WHERE NOT finished AND wake_ms IS NOT NULL AND wake_ms <= $1 ORDER BY id"
);

/// The head and the records of one moment.
const RECORDS: &str = "
    SELECT next_seq, rollout.head, seq, at, kind, payload, prev, hash
    FROM rollout LEFT JOIN record ON record.rollout = rollout.key AND seq >= $2
    WHERE id = $1 ORDER BY seq";

const SNAPSHOT: &str = "
    SELECT seq, format, snapshot.head, body
    FROM rollout LEFT JOIN snapshot ON snapshot.rollout = rollout.key WHERE id = $1";

const CLAIMED: &str = "
    SELECT claim.binding, claim.target, id
    FROM claim JOIN rollout ON rollout.key = claim.rollout
    JOIN unnest($1::text[], $2::text[]) AS u (binding, target)
        ON claim.binding = u.binding AND claim.target = u.target";

#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) acquire: Statement,
    pub(crate) announce: Statement,
    pub(crate) append: Statement,
    pub(crate) claimed: Statement,
    pub(crate) create: Statement,
    pub(crate) due: Statement,
    pub(crate) records: Statement,
    pub(crate) release: Statement,
    pub(crate) renew: Statement,
    pub(crate) rollout: Statement,
    pub(crate) rollouts: Statement,
    pub(crate) snapshot: Statement,
}

impl Statements {
    pub(crate) async fn prepare(client: &Client) -> Result<Self, Trouble> {
        let prepare = |sql| async move { client.prepare(sql).await.map_err(|e| Trouble::of(&e)) };
        Ok(Self {
            acquire: prepare(ACQUIRE).await?,
            announce: prepare(ANNOUNCE).await?,
            append: prepare(APPEND).await?,
            claimed: prepare(CLAIMED).await?,
            create: prepare(CREATE).await?,
            due: prepare(DUE).await?,
            records: prepare(RECORDS).await?,
            release: prepare(RELEASE).await?,
            renew: prepare(RENEW).await?,
            rollout: prepare(ROLLOUT).await?,
            rollouts: prepare(ROLLOUTS).await?,
            snapshot: prepare(SNAPSHOT).await?,
        })
    }
}
