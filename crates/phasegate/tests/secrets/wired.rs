//! The adapters that take a secret, each with one, and another side that says it back.

use std::fmt::Debug;
use std::sync::Arc;

use phasegate::core::{
    Arm, Decimal, EffectClass, EffectKey, Query, Ratio, Span, Timestamp, Wants, Window, WindowKind,
};
use phasegate::http::{HttpClient, HttpConfig};
use phasegate::provider::{
    Call, FlagStore, HttpEndpoint, HttpTransport, Message, MetricSource, Notifier,
};
use phasegate::provider_datadog::{DatadogConfig, DatadogSource};
use phasegate::provider_flipper::{Flipper, FlipperConfig, FlipperRedis, FlipperRedisConfig};
use phasegate::provider_graphite::{GraphiteConfig, GraphiteSource};
use phasegate::provider_influxdb::{InfluxdbConfig, InfluxdbSource};
use phasegate::provider_json::{JsonConfig, JsonSource};
use phasegate::provider_mail::{Mail, MailConfig, Security};
use phasegate::provider_newrelic::{NewRelicConfig, NewRelicSource};
use phasegate::provider_pagerduty::{PagerDuty, PagerDutyConfig, Service, Severity};
use phasegate::provider_prometheus::{PrometheusConfig, PrometheusSource};
use phasegate::provider_redis::{RedisConfig, RedisEndpoint, RedisSource};
use phasegate::provider_slack::{Slack, SlackChannel, SlackConfig};
use phasegate::provider_sql::{PostgresConfig, PostgresSource};
use phasegate::provider_statuspage::{Entry, Status, StatusPage, StatusPageConfig};
use phasegate::provider_teams::{Teams, TeamsConfig};
use phasegate::provider_unleash::{Unleash, UnleashConfig};
use phasegate::provider_webhook::{WebhookConfig, WebhookNotifier};
use phasegate_testkit::servers::{Folder, Reaction, Received, Then, babble, free_port};
use serde_json::json;

use crate::{BASIC, KEY, MARK, Told, source};

pub(crate) fn http() -> Arc<dyn HttpTransport> {
    let mut config = HttpConfig::default();
    config.read_within = Span::from_millis(500);
    config.total_within = Span::from_secs(2);
    Arc::new(HttpClient::new(config).expect("a client"))
}

pub(crate) fn call() -> Call {
    let key = EffectKey::new(&"r".parse().expect("an id"), 1);
    Call::new(Timestamp::EPOCH, Span::from_secs(2)).with_effect(key, EffectClass::FireAndForget)
}

/// Everything that came in, in every field in which a vendor tells what is wrong; and the password, which it knows.
pub(crate) fn echo(status: u16, request: &Received) -> Reaction {
    let mut said = format!("{} ", request.target);
    for (name, value) in &request.headers {
        said.push_str(&format!("{name}: {value}; "));
        if value.contains(BASIC) {
            said.push_str(MARK);
        }
    }
    said.push_str(&String::from_utf8_lossy(&request.body));
    let said = said.replace(['\r', '\n'], " ");
    let body = json!({
        "ok": false, "status": "error", "errorType": "bad_data", "error": said, "message": said, "name": said,
        "detail": said, "title": said, "errors": [said], "details": [{"message": said}], "warnings": [said],
        "state": said, "enabled": said, "gates": said, "strategies": said, "data": {"resultType": said, "result": said},
    });
    let headers = [
        ("location", format!("http://127.0.0.1:1/?token={MARK}")),
        ("content-type", "application/json".to_owned()),
        ("x-said", said.chars().take(2_000).collect()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    (status, headers.into(), body.to_string())
}

/// The adapters of one round, by role.
#[derive(Default)]
pub(crate) struct Adapters {
    notifiers: Vec<(&'static str, Arc<dyn Notifier>)>,
    metrics: Vec<(&'static str, &'static str, Arc<dyn MetricSource>)>,
    flags: Vec<(&'static str, Arc<dyn FlagStore>)>,
    shown: Vec<(&'static str, String)>,
}

impl Adapters {
    /// Both what is configured and the adapter made of it can be shown.
    fn show(&mut self, name: &'static str, config: &impl Debug, adapter: &impl Debug) {
        self.shown.push((name, format!("{config:?} {adapter:?}")));
    }

    pub(crate) fn add_notifiers(&mut self, url: &str, folder: &Folder) {
        let ops = || "ops".parse().expect("an id");
        let by_api = SlackChannel::Api {
            token: source(folder, "slack", MARK),
            channel: "C1".to_owned(),
        };
        let hook = SlackChannel::Webhook {
            url: source(folder, "slack-url", &format!("{url}/services/{MARK}")),
        };
        for (name, channel) in [("slack", by_api), ("slack by webhook", hook)] {
            let config = SlackConfig::default();
            let config = config.with_api(url).with_channel(ops(), channel);
            let slack = Slack::new(http(), config.clone());
            self.show(name, &config, &slack);
            self.notifiers.push((name, Arc::new(slack)));
        }
        let secret = source(folder, "teams", &format!("{url}/workflows/1?sig={MARK}"));
        let config = TeamsConfig::default().with_channel(ops(), secret);
        let teams = Teams::new(http(), config.clone());
        self.show("teams", &config, &teams);
        self.notifiers.push(("teams", Arc::new(teams)));
        let service = Service {
            routing_key: source(folder, "pagerduty", MARK),
            severity: Severity::Critical,
        };
        let config = PagerDutyConfig::default();
        let config = config.with_api(url).with_channel(ops(), service);
        let pagerduty = PagerDuty::new(http(), config.clone());
        self.show("pagerduty", &config, &pagerduty);
        self.notifiers.push(("pagerduty", Arc::new(pagerduty)));
        let key = source(folder, "statuspage", MARK);
        let entry = Entry::new("page", key, Status::Investigating);
        let config = StatusPageConfig::default();
        let config = config.with_api(url).with_channel(ops(), entry);
        let page = StatusPage::new(http(), config.clone());
        self.show("statuspage", &config, &page);
        self.notifiers.push(("statuspage", Arc::new(page)));
        let secret = source(folder, "webhook", &format!("{url}/in?token={MARK}"));
        let key = source(folder, "webhook-key", &format!("whsec_{KEY}"));
        let config = WebhookConfig::default();
        let config = config.with_channel(ops(), secret).with_key(key);
        let webhook = WebhookNotifier::new(http(), config.clone());
        self.show("webhook", &config, &webhook);
        self.notifiers.push(("webhook", Arc::new(webhook)));
    }

    pub(crate) fn add_readers(&mut self, endpoint: &HttpEndpoint) {
        let config = PrometheusConfig::new(endpoint.clone());
        let prometheus = PrometheusSource::new(config.clone(), http()).expect("a source");
        self.show("prometheus", &config, &prometheus);
        self.metrics
            .push(("prometheus", "up", Arc::new(prometheus)));
        let config = JsonConfig::new(endpoint.clone());
        let json = JsonSource::new(config.clone(), http());
        self.show("json", &config, &json);
        let text = r#"{"get": "/stats", "value": "$.error"}"#;
        self.metrics.push(("json", text, Arc::new(json)));
        let config = GraphiteConfig::new(endpoint.clone());
        let graphite = GraphiteSource::new(config.clone(), http());
        self.show("graphite", &config, &graphite);
        let text = r#"{"value": "a.b", "reduce": "sum"}"#;
        self.metrics.push(("graphite", text, Arc::new(graphite)));
        let config = InfluxdbConfig::new(endpoint.clone(), "shop");
        let influxdb = InfluxdbSource::new(config.clone(), http());
        self.show("influxdb", &config, &influxdb);
        let text = "SELECT mean(ms) AS value FROM requests";
        self.metrics.push(("influxdb", text, Arc::new(influxdb)));
        let config = UnleashConfig::new(endpoint.clone(), "production");
        let unleash = Unleash::new(http(), config.clone());
        self.show("unleash", &config, &unleash);
        self.flags.push(("unleash", Arc::new(unleash)));
        let config = FlipperConfig::new(endpoint.clone());
        let flipper = Flipper::new(http(), config.clone());
        self.show("flipper", &config, &flipper);
        self.flags.push(("flipper", Arc::new(flipper)));
    }

    /// Those that have keys of their own.
    pub(crate) fn add_keyed(&mut self, url: &str, folder: &Folder) {
        let [api, application] = ["dd-api", "dd-app"].map(|name| source(folder, name, MARK));
        let config = DatadogConfig::new(HttpEndpoint::new(url), api, application);
        let datadog = DatadogSource::new(config.clone(), http());
        self.show("datadog", &config, &datadog);
        let text = r#"{"value": "avg:a{*}", "reduce": "average"}"#;
        self.metrics.push(("datadog", text, Arc::new(datadog)));
        let key = source(folder, "newrelic", MARK);
        let config = NewRelicConfig::new(HttpEndpoint::new(url), 1, key);
        let newrelic = NewRelicSource::new(config.clone(), http());
        self.show("newrelic", &config, &newrelic);
        let text = "SELECT count(*) AS 'value' FROM Transaction";
        self.metrics.push(("newrelic", text, Arc::new(newrelic)));
    }

    /// Those that speak something else than HTTP, to a server that says what it was not asked.
    pub(crate) fn add_others(&mut self, said: &'static [u8], then: Then, folder: &Folder) {
        let port = match said {
            b"" => free_port(),
            _ => babble(said, then),
        };
        let port = port.expect("a port");
        let secret = || source(folder, "password", MARK);
        let config = FlipperRedisConfig::new("127.0.0.1", port).with_password(secret());
        let flipper = FlipperRedis::new(config.clone());
        self.show("flipper in redis", &config, &flipper);
        self.flags.push(("flipper in redis", Arc::new(flipper)));
        let endpoint = RedisEndpoint::new("127.0.0.1", port).with_password(Some(secret()));
        let config = RedisConfig::new(endpoint);
        let redis = RedisSource::new(config.clone());
        self.show("redis", &config, &redis);
        let text = "INFO memory used_memory";
        self.metrics.push(("redis", text, Arc::new(redis)));
        let config = PostgresConfig::new("127.0.0.1", "shop", "u");
        let config = config.with_port(port).with_password(secret());
        let sql = PostgresSource::new(config.clone());
        self.show("sql", &config, &sql);
        self.metrics
            .push(("sql", "SELECT 1 AS value", Arc::new(sql)));
        let to = vec!["ops@example.com".to_owned()];
        let config = MailConfig::new("localhost", "u@example.com")
            .with_security(Security::Plain, port)
            .with_user("u", secret())
            .with_channel("ops".parse().expect("an id"), to);
        let mail = Mail::new(config.clone()).expect("a notifier");
        self.show("mail", &config, &mail);
        self.notifiers.push(("mail", Arc::new(mail)));
    }

    /// Uses all of them once, in every way.
    pub(crate) async fn use_all(self, round: &str, told: &mut Told) {
        for (name, shown) in self.shown {
            told.add(&format!("{name}, shown"), shown);
        }
        let message = Message {
            channel: "ops".parse().expect("an id"),
            subject: "s".to_owned(),
            body: "b".to_owned(),
        };
        for (name, notifier) in self.notifiers {
            let sent = notifier.send(&message, &call()).await;
            told.add_answer(&format!("{name}, {round}"), sent);
        }
        for (name, text, metrics) in self.metrics {
            for wants in [Wants::Scalar, Wants::Share, Wants::Distribution, below()] {
                let found = metrics.measure(&query(text, wants), &call()).await;
                told.add_answer(&format!("{name}, {round}"), found);
            }
        }
        let flag = "shop".parse().expect("an id");
        let share = Ratio::from_percent(10).expect("a ratio");
        for (name, flags) in self.flags {
            let by = format!("{name}, {round}");
            told.add_answer(&by, flags.read(&flag, &call()).await);
            told.add_answer(&by, flags.set(&flag, share, &call()).await);
        }
    }
}

fn below() -> Wants {
    Wants::Below {
        threshold: Decimal::ONE,
        inclusive: true,
    }
}

fn query(text: &str, wants: Wants) -> Query {
    Query {
        to: "metrics".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: Timestamp::EPOCH,
            end: Timestamp::EPOCH + Span::from_secs(60),
            kind: WindowKind::Rolling,
        },
        unit: String::new(),
        wants,
    }
}
