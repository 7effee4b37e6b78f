//! Where a value stands in a text, for each format. Pure.

mod env;
mod toml;
mod yaml;

use std::ops::Range;

use crate::config::Format;

/// A value in a text: what it says, and which characters say it.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Value {
    pub(crate) text: String,
    /// Without quotes: what is put there keeps them.
    pub(crate) place: Range<usize>,
}

/// Why there is no value.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Missing {
    /// The file is not what its format says.
    Malformed(String),
    /// There is nothing at that place.
    Nothing,
    /// What is there is no single value that could be replaced.
    NoValue(&'static str),
}

/// Finds a value.
pub(crate) fn find(format: Format, text: &str, at: &[String]) -> Result<Value, Missing> {
    match format {
        Format::Env => env::find(text, at),
        Format::Toml => toml::find(text, at),
        Format::Yaml => yaml::find(text, at),
    }
}

/// The text with another value at a place.
pub(crate) fn with(text: &str, place: &Range<usize>, value: &str) -> String {
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    format!("{before}{value}{after}")
}

/// The inside of quotes, if the range has the same ones at its ends.
fn unquoted(text: &str, place: Range<usize>) -> Range<usize> {
    let part = text.get(place.clone()).unwrap_or_default();
    let quoted = |quote: char| part.len() >= 2 && part.starts_with(quote) && part.ends_with(quote);
    if quoted('"') || quoted('\'') {
        place.start + 1..place.end - 1
    } else {
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENV: &str = "# the shop\nOTHER=1 # CHECKOUT=9\nexport CHECKOUT = \"25\"   # percent\r\nRATIO='0.5'\nPLAIN=7\n";
    const TOML: &str = "# the shop\n[features] # all\ncheckout = { percent = 25, note = 'x' } # now\n\"new.search\" = true\nratio = \"0.5\"\n[[list]]\na = 1\n";
    const YAML: &str = "# the shop\nfeatures:\n  checkout:\n    percent: 25   # now\n    note: 'percent: 9'\n  \"new.search\": true\n  flow: {a: 1, ratio: \"0.5\"}\n  list: [1, 2]\n  deep: &x 5\n  tagged: !!int 5\n  alias: *x\n  block: |\n    5\n  empty:\n";

    fn path(at: &str) -> Vec<String> {
        at.split('/').map(ToOwned::to_owned).collect()
    }

    #[test]
    fn only_the_value_changes() {
        for (format, text, at, value) in [
            (Format::Env, ENV, "CHECKOUT", "25"),
            (Format::Env, ENV, "RATIO", "0.5"),
            (Format::Env, ENV, "PLAIN", "7"),
            (Format::Toml, TOML, "features/checkout/percent", "25"),
            (Format::Toml, TOML, "features/new.search", "true"),
            (Format::Toml, TOML, "features/ratio", "0.5"),
            (Format::Yaml, YAML, "features/checkout/percent", "25"),
            (Format::Yaml, YAML, "features/new.search", "true"),
            (Format::Yaml, YAML, "features/flow/ratio", "0.5"),
        ] {
            let found =
                find(format, text, &path(at)).unwrap_or_else(|error| panic!("{at}: {error:?}"));
            assert_eq!(found.text, value, "{at}");
            assert_eq!(text.get(found.place.clone()), Some(value), "{at}");
            let edited = with(text, &found.place, "0.125");
            assert_eq!(edited.len(), text.len() - value.len() + 5, "{at}");
            assert_eq!(
                find(format, &edited, &path(at)).expect(at).text,
                "0.125",
                "{edited}"
            );
            // Nothing else: with the value put back it is the text that it was.
            let again = find(format, &edited, &path(at)).expect(at);
            assert_eq!(with(&edited, &again.place, value), text, "{at}");
        }
    }

    #[test]
    fn what_is_no_single_value_is_refused() {
        for (format, text, at) in [
            (Format::Env, ENV, "NOPE"),
            (Format::Env, ENV, "CHECKOUT/x"),
            (Format::Env, "A=1\nA=2\n", "A"),
            (Format::Toml, TOML, "features/nope"),
            (Format::Toml, TOML, "features/checkout"),
            (Format::Toml, TOML, "list/a"),
            (Format::Toml, "a = 'b\nc", "a"),
            (Format::Yaml, YAML, "features/nope"),
            (Format::Yaml, YAML, "features/checkout"),
            (Format::Yaml, YAML, "features/list"),
            (Format::Yaml, YAML, "features/list/0"),
            (Format::Yaml, YAML, "features/deep"),
            (Format::Yaml, YAML, "features/tagged"),
            (Format::Yaml, YAML, "features/alias"),
            (Format::Yaml, YAML, "features/block"),
            (Format::Yaml, YAML, "features/empty"),
            (Format::Yaml, "a: 1\n---\na: 2\n", "a"),
            (Format::Yaml, "a: 1\na: 2\n", "a"),
            (Format::Yaml, "a: [1\n", "a"),
            (Format::Yaml, "", "a"),
        ] {
            let found = find(format, text, &path(at));
            assert!(found.is_err(), "{format:?} {at}: {found:?}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(
            find(Format::Yaml, &deep, &path("a")),
            Err(Missing::Malformed(_))
        ));
    }
}
