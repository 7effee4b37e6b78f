//! What is compared with what, and what counts as different.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use phasegate_core::{Span, TargetId};
use phasegate_provider::HttpEndpoint;
use phasegate_shadow::{BodyRules, Path, Rules};
use serde::{Deserialize, Serialize};

/// What the words of plans cover where two services are compared.
pub(crate) const STANDARD: [(&str, &[&str]); 5] = [
    ("answers", &["status", "headers", "body"]),
    ("body", &["body"]),
    ("headers", &["headers"]),
    ("latency", &["latency"]),
    ("status", &["status"]),
];

/// Two services that are given the same requests.
///
/// ```
/// use phasegate_provider::HttpEndpoint;
/// use phasegate_provider_comparer::ServicesConfig;
/// let read = r#"{"old": {"url": "http://old:8080"}, "new": {"url": "http://new:8080"},
///     "rules": {"body": {"ignore": ["/took"]}}, "requests": "/srv/requests.jsonl"}"#;
/// let mut config = ServicesConfig::new(HttpEndpoint::new("http://old:8080"), HttpEndpoint::new("http://new:8080"))
///     .with_requests("/srv/requests.jsonl");
/// config.rules.body.ignore.push("/took".parse()?);
/// assert_eq!(serde_json::from_str::<ServicesConfig>(read)?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ServicesConfig {
    /// The old service.
    pub old: HttpEndpoint,
    /// The new one.
    pub new: HttpEndpoint,
    /// What counts as different. Default: everything but headers and latency.
    #[serde(default)]
    pub rules: Rules,
    /// What the words of a plan's `compare` cover, beside `status`, `headers`, `body`, `latency` and `answers` (the
    /// first three). Each is a list of those, or of places in a JSON body: `/total`.
    #[serde(default)]
    pub words: BTreeMap<String, Vec<String>>,
    /// Requests that are sent again where a plan wants a sample: a file of JSON lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<PathBuf>,
    /// Are requests other than GET sent too? They are sent to both sides, so both must bear it. Default: no.
    #[serde(default)]
    pub writes: bool,
    /// How long one answer may take. Default 10 s.
    #[serde(default = "within")]
    pub within: Span,
    /// How many comparisons run at a time. Default 4.
    #[serde(default = "at_once")]
    pub at_once: NonZeroU32,
    /// How many requests of a sample are begun in a second. Default 10.
    #[serde(default = "per_second")]
    pub per_second: NonZeroU32,
}

fn within() -> Span {
    Span::from_secs(10)
}

fn at_once() -> NonZeroU32 {
    const FOUR: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);
    FOUR
}

fn per_second() -> NonZeroU32 {
    const TEN: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
    TEN
}

impl ServicesConfig {
    /// These two, by the default rules.
    pub fn new(old: HttpEndpoint, new: HttpEndpoint) -> Self {
        Self {
            old,
            new,
            rules: Rules::default(),
            words: BTreeMap::new(),
            requests: None,
            writes: false,
            within: within(),
            at_once: at_once(),
            per_second: per_second(),
        }
    }

    /// The same by other rules.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// The same with requests for samples.
    #[must_use]
    pub fn with_requests(mut self, file: impl Into<PathBuf>) -> Self {
        self.requests = Some(file.into());
        self
    }

    /// The same with another pace of samples.
    #[must_use]
    pub fn with_per_second(mut self, requests: NonZeroU32) -> Self {
        self.per_second = requests;
        self
    }

    /// The same with more or less time for an answer.
    #[must_use]
    pub fn with_within(mut self, span: Span) -> Self {
        self.within = span;
        self
    }
}

/// Where records come from: a JSON array, or one JSON value a line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RecordsFrom {
    /// What a command of the command runner prints. It must keep as much as there is (`output_bytes_max`).
    Command(String),
    /// A file.
    File(PathBuf),
}

/// Records of two commands or files, paired by their keys.
///
/// ```
/// use phasegate_provider_comparer::{RecordsConfig, RecordsFrom};
/// let read = r#"{"old": {"command": "labels-old"}, "new": {"file": "/srv/new.jsonl"}, "key": "/issue"}"#;
/// let (old, new) = (RecordsFrom::Command("labels-old".into()), RecordsFrom::File("/srv/new.jsonl".into()));
/// let config = RecordsConfig::new(old, new, "/issue".parse()?);
/// assert_eq!(serde_json::from_str::<RecordsConfig>(read)?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RecordsConfig {
    /// The old side's.
    pub old: RecordsFrom,
    /// The new side's.
    pub new: RecordsFrom,
    /// What leads from a record to its key.
    pub key: Path,
    /// What counts as different. Default: everything.
    #[serde(default)]
    pub rules: BodyRules,
    /// What the words of a plan's `compare` cover, as lists of places: `/labels`. A word that does not stand here is the
    /// name of a member.
    #[serde(default)]
    pub words: BTreeMap<String, Vec<String>>,
    /// How often they are compared while new work comes in. Default 5 min.
    #[serde(default = "every")]
    pub every: Span,
    /// The most bytes of a file. Default 16 MiB.
    #[serde(default = "bytes_max")]
    pub bytes_max: usize,
}

fn every() -> Span {
    Span::from_secs(300)
}

fn bytes_max() -> usize {
    16 << 20
}

impl RecordsConfig {
    /// These two, by the default rules.
    pub fn new(old: RecordsFrom, new: RecordsFrom, key: Path) -> Self {
        Self {
            old,
            new,
            key,
            rules: BodyRules::default(),
            words: BTreeMap::new(),
            every: every(),
            bytes_max: bytes_max(),
        }
    }

    /// The same by other rules.
    #[must_use]
    pub fn with_rules(mut self, rules: BodyRules) -> Self {
        self.rules = rules;
        self
    }

    /// The same, compared more or less often.
    #[must_use]
    pub fn with_every(mut self, span: Span) -> Self {
        self.every = span;
        self
    }
}

/// One thing that runs twice.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TargetConfig {
    /// Records of two commands or files.
    Records(RecordsConfig),
    /// Two services.
    Services(Box<ServicesConfig>),
}

/// All that one comparer compares.
///
/// ```
/// use phasegate_provider_comparer::ComparerConfig;
/// let read = r#"{"targets": {"invoices": {"services": {
///     "old": {"url": "http://old:8080"}, "new": {"url": "http://new:8080"}}}}}"#;
/// let config: ComparerConfig = serde_json::from_str(read)?;
/// assert_eq!(config.targets.len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ComparerConfig {
    /// By the name that plans use.
    pub targets: BTreeMap<TargetId, TargetConfig>,
}

impl ComparerConfig {
    /// The same, which compares these two services too.
    #[must_use]
    pub fn with_services(mut self, target: TargetId, config: ServicesConfig) -> Self {
        self.targets
            .insert(target, TargetConfig::Services(Box::new(config)));
        self
    }

    /// The same, which compares these records too.
    #[must_use]
    pub fn with_records(mut self, target: TargetId, config: RecordsConfig) -> Self {
        self.targets.insert(target, TargetConfig::Records(config));
        self
    }
}
