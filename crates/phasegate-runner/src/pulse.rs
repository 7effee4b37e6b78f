//! The heartbeat of a controller: a file that is replaced as long as its loop turns. The file is text in
//! the `OpenMetrics` format, so a node's textfile collector makes a metric of it as it is.
//!
//! It also carries the head of every journal that the controller writes to. Whoever keeps these files or
//! metrics elsewhere has anchored the journals outside: a chain that was rewritten later does not
//! contain the heads that were seen before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use phasegate_core::{RolloutId, Timestamp};
use phasegate_journal::{Head, Holder};

/// What a controller says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Pulse {
    /// Who.
    pub holder: Holder,
    /// When, by its own wall clock.
    pub at: Timestamp,
    /// How often before: a file that is read twice with the same count has not been replaced.
    pub count: u64,
    /// The durable head of each rollout that runs there.
    pub heads: BTreeMap<RolloutId, Head>,
}

impl Pulse {
    /// As `OpenMetrics` text.
    ///
    /// ```
    /// use phasegate_core::Timestamp;
    /// use phasegate_runner::Pulse;
    /// let pulse = Pulse::new("ada".parse()?, Timestamp::from_unix_millis(1_500), 7);
    /// let text = pulse.to_openmetrics();
    /// assert!(text.contains("phasegate_heartbeat_timestamp_seconds{controller=\"ada\"} 1.500\n"));
    /// assert!(text.ends_with("# EOF\n"));
    /// # Ok::<(), phasegate_journal::HolderError>(())
    /// ```
    pub fn to_openmetrics(&self) -> String {
        let (name, millis) = (escaped(self.holder.as_str()), self.at.as_unix_millis());
        let (secs, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _infallible = write!(
            text,
            "# TYPE phasegate_heartbeat_timestamp_seconds gauge\n\
             phasegate_heartbeat_timestamp_seconds{{controller=\"{name}\"}} {secs}.{rest:03}\n\
             # TYPE phasegate_heartbeats counter\n\
             phasegate_heartbeats_total{{controller=\"{name}\"}} {}\n\
             # TYPE phasegate_journal_records gauge\n",
            self.count
        );
        for (rollout, head) in &self.heads {
            let Head { next_seq, hash } = head;
            let _infallible = writeln!(
                text,
                "phasegate_journal_records{{controller=\"{name}\",rollout=\"{rollout}\",head=\"{hash}\"}} {next_seq}"
            );
        }
        text.push_str("# EOF\n");
        text
    }

    /// Reads what [`Pulse::to_openmetrics`] writes. `None` if it is anything else, or not whole.
    ///
    /// ```
    /// use phasegate_core::Timestamp;
    /// use phasegate_runner::Pulse;
    /// let pulse = Pulse::new("ada".parse()?, Timestamp::from_unix_millis(1_500), 7);
    /// assert_eq!(Pulse::read(&pulse.to_openmetrics()), Some(pulse));
    /// assert_eq!(Pulse::read("# EOF\n"), None);
    /// # Ok::<(), phasegate_journal::HolderError>(())
    /// ```
    pub fn read(text: &str) -> Option<Self> {
        let lines = text.strip_suffix("# EOF\n")?.lines();
        let (mut holder, mut at, mut count) = (None, None, None);
        let mut heads = BTreeMap::new();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let (name, rest) = line.split_once('{')?;
            let (labels, value) = rest.rsplit_once("} ")?;
            match name {
                "phasegate_heartbeat_timestamp_seconds" => {
                    let name = labels.strip_prefix("controller=\"")?.strip_suffix('"')?;
                    holder = Some(unescaped(name).parse().ok()?);
                    at = Some(moment(value)?);
                }
                "phasegate_heartbeats_total" => count = Some(value.parse().ok()?),
                "phasegate_journal_records" => {
                    // The name before may hold anything; an id and a hash hold no quotes.
                    let (rest, hash) = labels.strip_suffix('"')?.rsplit_once("\",head=\"")?;
                    let (_, rollout) = rest.rsplit_once(",rollout=\"")?;
                    let head = Head {
                        next_seq: value.parse().ok()?,
                        hash: hash.parse().ok()?,
                    };
                    heads.insert(rollout.parse().ok()?, head);
                }
                _ => {}
            }
        }
        Some(Self {
            holder: holder?,
            at: at?,
            count: count?,
            heads,
        })
    }

    /// A pulse without rollouts.
    pub fn new(holder: Holder, at: Timestamp, count: u64) -> Self {
        Self {
            holder,
            at,
            count,
            heads: BTreeMap::new(),
        }
    }

    /// Replaces a file by this pulse: a reader sees the old one or the new one, whole. It is not flushed;
    /// a heartbeat that a crash of the machine loses is one that had stopped.
    ///
    /// # Errors
    /// If it could not be written.
    pub fn write_to(&self, path: &Path) -> io::Result<()> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".tmp");
        std::fs::write(&unfinished, self.to_openmetrics())?;
        std::fs::rename(&unfinished, path)
    }
}

/// A label's value: whatever a name is made of, it stays within its quotes.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn unescaped(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        plain.push(match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => letter,
            },
            (letter, false) => letter,
        });
    }
    plain
}

/// Seconds with three digits behind the point.
fn moment(text: &str) -> Option<Timestamp> {
    let (secs, millis) = text.split_once('.')?;
    let (secs, millis) = (secs.parse::<i64>().ok()?, millis.parse::<i64>().ok()?);
    let all = secs.checked_mul(1000)?.checked_add(millis)?;
    Some(Timestamp::from_unix_millis(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_within_its_quotes() {
        let holder: Holder = "a\"} 1\\".parse().expect("a name");
        let pulse = Pulse::new(holder, Timestamp::EPOCH, 0);
        let text = pulse.to_openmetrics();
        assert!(text.contains(r#"{controller="a\"} 1\\"} 0.000"#), "{text}");
        assert_eq!(Pulse::read(&text), Some(pulse));
    }

    #[test]
    fn a_pulse_carries_the_heads_and_replaces_the_last_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ada.prom");
        let mut pulse = Pulse::new("ada".parse().expect("a name"), Timestamp::EPOCH, 1);
        pulse.write_to(&path).expect("a file");
        let rollout: RolloutId = "shop".parse().expect("an id");
        let head = Head::genesis(&rollout);
        pulse.heads.insert(rollout, head);
        pulse.write_to(&path).expect("a file");
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.contains(&format!("rollout=\"shop\",head=\"{}\"}} 0\n", head.hash)));
        assert_eq!(Pulse::read(&text), Some(pulse));
        let half = text.get(..text.len() / 2).expect("a half");
        assert_eq!(Pulse::read(half), None, "one that is not whole is none");
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1, "nothing unfinished is left");
    }
}
