//! Query texts: commands of Redis that look, from a closed list.

use phasegate_provider::ProviderError;

/// The longest text, in bytes.
const BYTES_MAX: usize = 1024;

/// What a text asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asked<'a> {
    /// A number of a group of a stream's consumers.
    Group {
        stream: &'a str,
        group: &'a str,
        field: &'a str,
    },
    /// A number of `INFO`; `part` of one that has several.
    Info {
        section: &'a str,
        field: &'a str,
        part: Option<&'a str>,
    },
    /// How many keys the database has.
    Keys,
    /// How long something is.
    Length { command: &'static str, key: &'a str },
    /// The number that is kept at a key.
    Number { key: &'a str },
}

impl<'a> Asked<'a> {
    /// Reads a text; the names of commands in any case, keys as they are, with spaces if they have some.
    pub(crate) fn parse(text: &'a str, act: &str) -> Result<Self, ProviderError> {
        let found = (text.len() <= BYTES_MAX)
            .then(|| Self::read(text))
            .flatten();
        found.ok_or_else(|| {
            ProviderError::misuse(format!(
                "{act}: the text must be INFO section field, XINFO GROUPS stream group field, DBSIZE, or GET, \
                 HLEN, LLEN, SCARD, XLEN or ZCARD and a key"
            ))
        })
    }

    fn read(text: &'a str) -> Option<Self> {
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        let command = command.to_ascii_uppercase();
        let key = || (!rest.is_empty()).then_some(rest);
        let mut words = rest.split(' ').filter(|word| !word.is_empty());
        let asked = match command.as_str() {
            "DBSIZE" if rest.is_empty() => return Some(Self::Keys),
            "GET" => return Some(Self::Number { key: key()? }),
            "HLEN" => "HLEN",
            "LLEN" => "LLEN",
            "SCARD" => "SCARD",
            "XLEN" => "XLEN",
            "ZCARD" => "ZCARD",
            "INFO" => {
                let (section, field) = (words.next()?, words.next()?);
                let (field, part) = match field.split_once('.') {
                    Some((field, part)) => (field, Some(part)),
                    None => (field, None),
                };
                let asked = Self::Info {
                    section,
                    field,
                    part,
                };
                return words.next().is_none().then_some(asked);
            }
            "XINFO" if words.next()?.eq_ignore_ascii_case("GROUPS") => {
                let asked = Self::Group {
                    stream: words.next()?,
                    group: words.next()?,
                    field: words.next()?,
                };
                return words.next().is_none().then_some(asked);
            }
            _ => return None,
        };
        Some(Self::Length {
            command: asked,
            key: key()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_the_list_are_read() {
        let info = |field, part| Asked::Info {
            section: "memory",
            field,
            part,
        };
        for (text, want) in [
            ("INFO memory used_memory", Some(info("used_memory", None))),
            ("info memory db0.p99.9", Some(info("db0", Some("p99.9")))),
            ("DBSIZE", Some(Asked::Keys)),
            (
                "llen my orders",
                Some(Asked::Length {
                    command: "LLEN",
                    key: "my orders",
                }),
            ),
            ("GET depth", Some(Asked::Number { key: "depth" })),
            (
                "XINFO GROUPS orders billing lag",
                Some(Asked::Group {
                    stream: "orders",
                    group: "billing",
                    field: "lag",
                }),
            ),
            ("INFO memory", None),
            ("INFO memory used_memory more", None),
            ("XINFO STREAM orders x y", None),
            ("XINFO GROUPS orders billing", None),
            ("LLEN", None),
            ("LLEN ", None),
            ("DBSIZE x", None),
            ("FLUSHALL", None),
            ("DEL orders", None),
            ("SET a 1", None),
            ("", None),
        ] {
            assert_eq!(Asked::parse(text, "ask").ok(), want, "{text}");
        }
        let long = format!("LLEN {}", "x".repeat(BYTES_MAX));
        assert!(Asked::parse(&long, "ask").is_err());
    }
}
