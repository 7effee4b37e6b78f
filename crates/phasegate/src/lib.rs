#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "backtest")]
pub use phasegate_backtest as backtest;
#[cfg(feature = "bucketing")]
pub use phasegate_bucketing as bucketing;
pub use phasegate_core as core;
pub use phasegate_criterion as criterion;
pub use phasegate_driver as driver;
pub use phasegate_engine as engine;
#[cfg(feature = "http")]
pub use phasegate_http as http;
pub use phasegate_journal as journal;
#[cfg(feature = "postgres")]
pub use phasegate_journal_postgres as journal_postgres;
#[cfg(feature = "sqlite")]
pub use phasegate_journal_sqlite as journal_sqlite;
pub use phasegate_percentile as percentile;
pub use phasegate_plan as plan;
pub use phasegate_provider as provider;
#[cfg(feature = "alertmanager")]
pub use phasegate_provider_alertmanager as provider_alertmanager;
#[cfg(feature = "comparer")]
pub use phasegate_provider_comparer as provider_comparer;
#[cfg(feature = "configfile")]
pub use phasegate_provider_configfile as provider_configfile;
#[cfg(feature = "csv")]
pub use phasegate_provider_csv as provider_csv;
#[cfg(feature = "datadog")]
pub use phasegate_provider_datadog as provider_datadog;
#[cfg(feature = "envoy")]
pub use phasegate_provider_envoy as provider_envoy;
#[cfg(feature = "faultproxy")]
pub use phasegate_provider_faultproxy as provider_faultproxy;
#[cfg(feature = "flagd")]
pub use phasegate_provider_flagd as provider_flagd;
#[cfg(feature = "flipper")]
pub use phasegate_provider_flipper as provider_flipper;
#[cfg(feature = "github")]
pub use phasegate_provider_github as provider_github;
#[cfg(feature = "graphite")]
pub use phasegate_provider_graphite as provider_graphite;
#[cfg(feature = "haproxy")]
pub use phasegate_provider_haproxy as provider_haproxy;
#[cfg(feature = "influxdb")]
pub use phasegate_provider_influxdb as provider_influxdb;
#[cfg(feature = "inprocess")]
pub use phasegate_provider_inprocess as provider_inprocess;
#[cfg(feature = "json")]
pub use phasegate_provider_json as provider_json;
#[cfg(feature = "kubernetes")]
pub use phasegate_provider_kubernetes as provider_kubernetes;
#[cfg(feature = "logfile")]
pub use phasegate_provider_logfile as provider_logfile;
#[cfg(feature = "mail")]
pub use phasegate_provider_mail as provider_mail;
#[cfg(feature = "newrelic")]
pub use phasegate_provider_newrelic as provider_newrelic;
#[cfg(feature = "nginx")]
pub use phasegate_provider_nginx as provider_nginx;
#[cfg(feature = "operator")]
pub use phasegate_provider_operator as provider_operator;
#[cfg(feature = "pagerduty")]
pub use phasegate_provider_pagerduty as provider_pagerduty;
#[cfg(feature = "probe")]
pub use phasegate_provider_probe as provider_probe;
#[cfg(feature = "prometheus")]
pub use phasegate_provider_prometheus as provider_prometheus;
#[cfg(feature = "redis")]
pub use phasegate_provider_redis as provider_redis;
#[cfg(feature = "slack")]
pub use phasegate_provider_slack as provider_slack;
#[cfg(feature = "sql")]
pub use phasegate_provider_sql as provider_sql;
#[cfg(feature = "statuspage")]
pub use phasegate_provider_statuspage as provider_statuspage;
#[cfg(feature = "teams")]
pub use phasegate_provider_teams as provider_teams;
#[cfg(feature = "unleash")]
pub use phasegate_provider_unleash as provider_unleash;
#[cfg(feature = "webhook")]
pub use phasegate_provider_webhook as provider_webhook;
#[cfg(feature = "report")]
pub use phasegate_report as report;
pub use phasegate_resilience as resilience;
#[cfg(feature = "runner")]
pub use phasegate_runner as runner;
#[cfg(feature = "shadow")]
pub use phasegate_shadow as shadow;
pub use phasegate_sla as sla;
