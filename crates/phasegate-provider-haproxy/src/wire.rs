//! The runtime API's command lines, and what comes back: text without a status. Pure.
//!
//! Defined by HAProxy's management guide, sections "show servers state" and "set weight".

use phasegate_provider::{ErrorKind, ProviderError, Sent};

use crate::Route;

/// One server as the proxy has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Server {
    pub(crate) name: String,
    /// 0 stopped, 1 starting, 2 running, 3 stopping: by health checks.
    pub(crate) operational: u64,
    /// Anything but 0: in maintenance or draining, because somebody said so.
    pub(crate) administrative: u64,
    /// Its weight now.
    pub(crate) weight: u64,
    /// Its weight after a reload.
    pub(crate) configured: u64,
}

impl Server {
    /// Its weight for new requests, as far as people have a say in it.
    pub(crate) fn effective(&self) -> u64 {
        if self.administrative == 0 {
            self.weight
        } else {
            0
        }
    }
}

/// The command that shows a backend's servers.
pub(crate) fn show(route: &Route) -> String {
    format!("show servers state {}\n", route.backend)
}

/// The command line that gives servers these weights, in this order. One line is carried out as one.
pub(crate) fn set(route: &Route, weights: &[(&str, u64)]) -> String {
    let backend = &route.backend;
    let commands = weights
        .iter()
        .map(|(server, weight)| format!("set weight {backend}/{server} {weight}"));
    format!("{}\n", commands.collect::<Vec<_>>().join("; "))
}

/// Weights in an order in which there is always somebody to serve: what grows comes first.
pub(crate) fn ordered<'a>(servers: &'a [Server], wanted: &[(&str, u64)]) -> Vec<(&'a str, u64)> {
    let mut moves: Vec<(&Server, u64)> = servers
        .iter()
        .filter_map(|server| {
            let (_, weight) = wanted.iter().find(|(name, _)| *name == server.name)?;
            Some((server, *weight))
        })
        .collect();
    moves.sort_by_key(|(server, weight)| *weight <= server.weight);
    moves
        .into_iter()
        .map(|(server, weight)| (server.name.as_str(), weight))
        .collect()
}

/// The servers that an answer to [`show`] lists.
pub(crate) fn servers(text: &str, act: &str) -> Result<Vec<Server>, ProviderError> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let version = lines.next().unwrap_or_default().trim();
    if version != "1" {
        return Err(refusal(text, act));
    }
    let header = lines.next().and_then(|line| line.strip_prefix("# "));
    let columns: Vec<&str> = header.unwrap_or_default().split(' ').collect();
    let column = |name: &str| {
        columns
            .iter()
            .position(|column| *column == name)
            .ok_or_else(|| {
                ProviderError::invalid(format!("{act}: the answer has no column {name}"))
            })
    };
    let (name, operational) = (column("srv_name")?, column("srv_op_state")?);
    let (administrative, weight) = (column("srv_admin_state")?, column("srv_uweight")?);
    let configured = column("srv_iweight")?;
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let text = |at: usize| fields.get(at).copied().unwrap_or_default();
            let number = |at: usize| {
                text(at).parse::<u64>().map_err(|error| {
                    ProviderError::invalid(format!("{act}: a line cannot be read"))
                        .with_source(error)
                })
            };
            Ok(Server {
                name: text(name).to_owned(),
                operational: number(operational)?,
                administrative: number(administrative)?,
                weight: number(weight)?,
                configured: number(configured)?,
            })
        })
        .collect()
}

/// Success says nothing; everything else is an error in words.
pub(crate) fn settled(text: &str, act: &str) -> Result<(), ProviderError> {
    if text.trim().is_empty() {
        Ok(())
    } else {
        Err(refusal(text, act))
    }
}

/// What HAProxy says when it does not do something.
fn refusal(text: &str, act: &str) -> ProviderError {
    let words = text.lines().map(str::trim).find(|line| !line.is_empty());
    let words = words.unwrap_or("an empty answer");
    let kind = if words.starts_with("Permission denied") {
        ErrorKind::Denied
    } else if words.starts_with("No such") || words.starts_with("Can't find") {
        ErrorKind::NotFound
    } else {
        ErrorKind::Invalid
    };
    ProviderError::new(kind, Sent::Answered, format!("{act}: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answered by HAProxy 2.6.12 to `show servers state b`, after `set weight b/stable 99`, `set weight
    /// b/canary 1` and `set server b/canary state drain`; both are configured with weight 100.
    const STATE: &str = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state \
        srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result \
        srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn \
        srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n\
        3 b 1 stable 127.0.0.1 2 0 99 100 1 1 0 2 0 0 0 0 - 4001 - 0 0 - - 0\n\
        3 b 2 canary 127.0.0.1 2 8 1 100 0 1 0 2 0 0 0 0 - 4002 - 0 0 - - 0\n\n";

    #[test]
    fn servers_are_read_by_the_names_of_columns() {
        let found = servers(STATE, "read").expect("servers");
        let seen: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    one.name.as_str(),
                    one.weight,
                    one.configured,
                    one.effective(),
                )
            })
            .collect();
        assert_eq!(seen, [("stable", 99, 100, 99), ("canary", 1, 100, 0)]);
    }

    #[test]
    fn what_is_no_list_of_servers_is_an_error() {
        for (text, kind) in [
            ("", ErrorKind::Invalid),
            ("2\n# srv_name\n", ErrorKind::Invalid),
            ("1\n# srv_name srv_op_state\nx 2\n", ErrorKind::Invalid),
            ("1\n", ErrorKind::Invalid),
            (STATE.replace(" 99 ", " many ").as_str(), ErrorKind::Invalid),
            ("Can't find backend.\n\n", ErrorKind::NotFound),
            ("Permission denied\n", ErrorKind::Denied),
            ("SSH-2.0-OpenSSH_9.2\r\n", ErrorKind::Invalid),
        ] {
            let error = servers(text, "read").expect_err(text);
            assert_eq!(error.kind(), kind, "{text:?}");
        }
        assert!(settled("\n", "set").is_ok());
        let error = settled("No such server.\n\n", "set").expect_err("words");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn what_grows_comes_first() {
        let found = servers(STATE, "read").expect("servers");
        let order = |canary, stable| {
            let wanted = [("canary", canary), ("stable", stable)];
            ordered(&found, &wanted)
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(order(1, 0), ["stable", "canary"]);
        assert_eq!(order(2, 0), ["canary", "stable"]);
        assert_eq!(order(0, 100), ["stable", "canary"]);
        let route = Route::new("b", "canary", "stable");
        assert_eq!(
            set(&route, &[("canary", 2), ("stable", 0)]),
            "set weight b/canary 2; set weight b/stable 0\n"
        );
    }
}
