//! What Envoy itself says: the routes that it has loaded, and how often it has refused a file.

use phasegate_provider::{Call, ErrorKind, HttpTransport, Method, ProviderError, Retry, Sent};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::{EnvoyConfig, Route};
use crate::table::{Split, split};

/// The answer of `/config_dump` for routes; `{}` where there are none.
#[derive(Debug, Deserialize)]
struct Dump {
    #[serde(default)]
    configs: Vec<Loaded>,
}

#[derive(Debug, Deserialize)]
struct Loaded {
    #[serde(default)]
    route_config: Value,
}

/// The answer of `/stats` as JSON.
#[derive(Debug, Deserialize)]
struct Stats {
    stats: Vec<Stat>,
}

#[derive(Debug, Deserialize)]
struct Stat {
    value: u64,
}

/// How the requests of a route are split by what Envoy has loaded.
pub(crate) async fn loaded(
    config: &EnvoyConfig,
    transport: &dyn HttpTransport,
    route: &Route,
    call: &Call,
    act: &str,
) -> Result<Split, ProviderError> {
    let name = pattern(&route.table, |_| false);
    let name = format!("^{name}$");
    let fields = [
        ("resource", "dynamic_route_configs"),
        ("name_regex", &*name),
    ];
    let path = path("/config_dump", fields);
    let dump: Dump = ask(config, transport, &path, call, act).await?;
    let mut found: Option<Split> = None;
    for mut one in dump.configs {
        let table = &mut one.route_config;
        if table
            .get("name")
            .is_none_or(|name| name != route.table.as_str())
        {
            continue;
        }
        let one = split(table, route, act)?;
        // Listeners may have loaded one table at different moments.
        let Some(one) = one.filter(|one| found.is_none_or(|found| found == *one)) else {
            let told = format!(
                "{act}: parts of table '{}' are split in different ways",
                route.table
            );
            return Err(ProviderError::invalid(told));
        };
        found = Some(one);
    }
    found.ok_or_else(|| {
        let told = format!("{act}: Envoy has loaded no table '{}' by RDS", route.table);
        let error = ProviderError::new(ErrorKind::NotFound, Sent::Answered, told);
        // One that has just started has none either.
        error.with_retry(Retry::Maybe)
    })
}

/// How many files with this table Envoy has refused, or could not read, since it started.
pub(crate) async fn refused(
    config: &EnvoyConfig,
    transport: &dyn HttpTransport,
    route: &Route,
    call: &Call,
    act: &str,
) -> Result<u64, ProviderError> {
    // Names of statistics have another letter for a colon.
    let name = pattern(&route.table, |c| c == ':');
    let filter = format!(r"\.rds\.{name}\.update_(rejected|failure)$");
    let path = path("/stats", [("format", "json"), ("filter", &*filter)]);
    let stats: Stats = ask(config, transport, &path, call, act).await?;
    Ok(stats
        .stats
        .iter()
        .fold(0, |sum, stat| sum.saturating_add(stat.value)))
}

/// A regular expression for a name; for letters that are `any` it takes every letter.
fn pattern(name: &str, any: impl Fn(char) -> bool) -> String {
    let letter = |c: char| match c {
        c if any(c) => ".".to_owned(),
        '.' => r"\.".to_owned(),
        c => c.to_string(),
    };
    name.chars().map(letter).collect()
}

fn path(of: &str, fields: [(&str, &str); 2]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    format!("{of}?{}", form.extend_pairs(fields).finish())
}

async fn ask<T: DeserializeOwned>(
    config: &EnvoyConfig,
    transport: &dyn HttpTransport,
    path: &str,
    call: &Call,
    act: &str,
) -> Result<T, ProviderError> {
    let request = config.admin.request(Method::Get, path, act)?;
    let request = request.without_redirects();
    transport
        .send(request, call)
        .await?
        .or_error(act)?
        .json(act)
}
