//! The role: one statement in a read-only transaction, within its time.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use phasegate_core::{Capability, Measurement, Query, Span, Timestamp, Wants, Window};
use phasegate_provider::{
    Call, ErrorKind, MetricSource, Provider, ProviderError, Sent, answers_now,
};
use phasegate_tcp::{BoundedStream, moved};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row};

use crate::config::PostgresConfig;
use crate::link::{Link, Over, Reach};
use crate::numeric::Numeric;
use crate::row;
use crate::text::{Bounds, Form, bounds};
use crate::trouble::{failed, unreached};

/// One more row than there may be.
const ROWS_ASKED: i32 = 2;

/// A PostgreSQL database. Its futures must be polled inside a tokio runtime with time and network.
#[derive(Clone)]
pub struct PostgresSource {
    config: PostgresConfig,
    ssl: SslMode,
    reach: Arc<dyn Reach>,
}

impl fmt::Debug for PostgresSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSource")
            .field("config", &self.config)
            .field("ssl", &self.ssl)
            .finish_non_exhaustive()
    }
}

impl PostgresSource {
    /// A source that asks this database without encryption, which is right for the loopback address and
    /// through a tunnel. Nothing is connected yet.
    pub fn new(config: PostgresConfig) -> Self {
        Self {
            config,
            ssl: SslMode::Disable,
            reach: Arc::new(Over(NoTls)),
        }
    }

    /// A source that asks this database with the encryption that is given, and not without.
    pub fn with_tls<T>(config: PostgresConfig, tls: T) -> Self
    where
        T: MakeTlsConnect<BoundedStream, Stream: Send + Unpin + 'static>
            + Clone
            + Send
            + Sync
            + 'static,
        T::TlsConnect: Send + TlsConnect<BoundedStream, Future: Send>,
    {
        Self {
            config,
            ssl: SslMode::Require,
            reach: Arc::new(Over(tls)),
        }
    }

    async fn rows(&self, asked: &Asked<'_>, act: &str) -> Result<Vec<Row>, ProviderError> {
        let PostgresConfig {
            host,
            port,
            database,
            user,
            ..
        } = &self.config;
        let mut config = Config::new();
        config.user(user).dbname(database).ssl_mode(self.ssl);
        config.application_name("phasegate");
        if let Some(password) = &self.config.password {
            config.password(password.resolve_for(act)?.expose());
        }
        let linked = self.reach.link(host, *port, &config).await;
        let Link {
            mut client,
            traffic,
        } = linked.map_err(|trouble| unreached(trouble, act))?;
        moved(asked.of(&mut client, act), traffic).await
    }
}

/// One statement, and what goes with it.
struct Asked<'a> {
    query: &'a Query,
    form: Form,
    budget: Span,
    start: SystemTime,
    end: SystemTime,
}

impl<'a> Asked<'a> {
    fn new(query: &'a Query, form: Form, budget: Span, act: &str) -> Result<Self, ProviderError> {
        let Window { start, end, .. } = query.window;
        // The server counts in microseconds: those that lie in the window.
        let since = |at: Timestamp| at.since(Timestamp::EPOCH).as_nanos();
        let (start, end) = (since(start).div_ceil(1000), since(end) / 1000);
        if end <= start {
            return Err(ProviderError::misuse(format!("{act}: the window is empty")));
        }
        let at = |micros| SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
        Ok(Self {
            query,
            form,
            budget,
            start: at(start),
            end: at(end),
        })
    }

    /// The rows, two at most. Whatever the text is, it changes nothing: it is one statement with columns of
    /// numbers, and the transaction is read-only.
    async fn of(&self, client: &mut Client, act: &str) -> Result<Vec<Row>, ProviderError> {
        let because = |error| failed(error, act);
        let transaction = client.build_transaction().read_only(true).start().await;
        let transaction = transaction.map_err(because)?;
        let millis = self.budget.as_millis().max(1);
        let session =
            format!("SET LOCAL statement_timeout TO {millis}; SET LOCAL TimeZone TO 'UTC'");
        transaction.batch_execute(&session).await.map_err(because)?;
        let types = self.form.types();
        let statement = transaction.prepare_typed(&self.query.text, types).await;
        let statement = statement.map_err(because)?;
        if statement.params().len() != types.len() {
            let why = format!("the text has more parameters than {}", types.len());
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        }
        row::check(statement.columns(), &self.form, act)?;
        let portal = match self.query.wants {
            Wants::Below {
                threshold,
                inclusive,
            } => {
                let threshold = Numeric(threshold);
                let values: [&(dyn ToSql + Sync); 4] =
                    [&self.start, &self.end, &threshold, &inclusive];
                transaction.bind(&statement, &values).await
            }
            Wants::Distribution | Wants::Scalar | Wants::Share | _ => {
                transaction
                    .bind(&statement, &[&self.start, &self.end])
                    .await
            }
        };
        let portal = portal.map_err(because)?;
        let rows = transaction.query_portal(&portal, ROWS_ASKED).await;
        rows.map_err(because)
    }
}

impl Provider for PostgresSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([
            Capability::MeasureBelow,
            Capability::MeasureScalar,
            Capability::MeasureShare,
        ])
    }
}

#[async_trait]
impl MetricSource for PostgresSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("query postgres for {}", query.kpi);
        let form = Form::of(query.wants).ok_or_else(|| {
            ProviderError::misuse(format!("{act}: SQL has no answer in the form wanted"))
        })?;
        if bounds(query, &form, act)? == Bounds::Now {
            answers_now(query, call, self.config.now_within, act)?;
        }
        let budget = call.deadline.min(self.config.query_within);
        let asked = Asked::new(query, form, budget, act)?;
        let rows = timeout(budget.to_duration(), self.rows(&asked, act)).await;
        let rows = rows.unwrap_or_else(|_| {
            let told = format!("{act}: no answer in time");
            Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told))
        })?;
        let (samples, observed) = row::observed(&rows, query, &form, act)?;
        Ok(Measurement {
            window: query.window,
            samples,
            observed,
        })
    }
}
