//! What a plan wants compared, in its words, and which differences these cover.

use std::collections::BTreeMap;

use phasegate_provider::ProviderError;
use phasegate_provider::text::one_line;
use phasegate_shadow::{Difference, Path, Place};

use crate::config::STANDARD;

/// The places that are compared; none means all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Words(Vec<String>);

type Known = BTreeMap<String, Vec<String>>;

impl Words {
    /// For two services: a word is configured, or a part of an answer.
    pub(crate) fn of_services(
        asked: &[String],
        known: &Known,
        act: &str,
    ) -> Result<Self, ProviderError> {
        let standard = |word: &str| {
            let found = STANDARD.iter().find(|(name, _)| *name == word);
            found.map(|(_, covers)| covers.iter().map(|part| (*part).to_owned()).collect())
        };
        Self::of(asked, known, act, standard)
    }

    /// For records: a word is configured, or the name of a member.
    pub(crate) fn of_records(
        asked: &[String],
        known: &Known,
        act: &str,
    ) -> Result<Self, ProviderError> {
        let member = |word: &str| {
            let name = word.replace('~', "~0").replace('/', "~1");
            Some(vec![format!("/{}", name.replace('*', "~2"))])
        };
        Self::of(asked, known, act, member)
    }

    fn of(
        asked: &[String],
        known: &Known,
        act: &str,
        other: impl Fn(&str) -> Option<Vec<String>>,
    ) -> Result<Self, ProviderError> {
        let mut all = Vec::new();
        for word in asked {
            let covers = known.get(word).cloned().or_else(|| other(word));
            let Some(covers) = covers else {
                let word = one_line(word, 80);
                let told = format!("{act}: nothing that can be compared is called '{word}'");
                return Err(ProviderError::misuse(told));
            };
            for part in covers {
                let is_part = STANDARD.iter().any(|(name, _)| *name == part);
                let is_place =
                    part.starts_with('/') && !part.contains('*') && part.parse::<Path>().is_ok();
                if !is_part && !is_place {
                    let why = format!("'{}' is no place that can be compared", one_line(&part, 80));
                    return Err(ProviderError::misuse(format!("{act}: {why}")));
                }
                all.push(part);
            }
        }
        Ok(Self(all))
    }

    /// Only what they cover. What is on one side only always counts.
    pub(crate) fn covered(&self, mut found: Vec<Difference>) -> Vec<Difference> {
        if !self.0.is_empty() {
            found.retain(|one| self.0.iter().any(|part| covers(part, &one.place)));
        }
        found
    }

    /// The places in a body, or in a record.
    pub(crate) fn places(&self) -> impl Iterator<Item = Path> {
        let places = self.0.iter().filter(|part| part.starts_with('/'));
        places.filter_map(|part| part.parse().ok())
    }
}

fn covers(part: &str, place: &Place) -> bool {
    match place {
        Place::Record => true,
        // A body that is no JSON on one side has no places: whoever compares a part of it has none to compare.
        Place::Body => part == "body" || part == "answers" || part.starts_with('/'),
        Place::BodyAt(at) => {
            let below = at.strip_prefix(part);
            part == "body"
                || part == "answers"
                || below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
                // The whole of which the part is one is missing, or is something else.
                || part.strip_prefix(at.as_str()).is_some_and(|rest| rest.starts_with('/'))
        }
        Place::Header(_) => part == "headers" || part == "answers",
        Place::Latency => part == "latency",
        Place::Status => part == "status" || part == "answers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_covers_what_is_below_it_and_what_it_is_a_part_of() {
        for (part, at, want) in [
            ("/a", "/a", true),
            ("/a", "/a/b", true),
            ("/a", "/a[7]/b", true),
            ("/a", "/ab", false),
            ("/a/b", "/a", true),
            ("/a/b", "/", false),
            ("/a/b", "/a/c", false),
            ("body", "/a", true),
            ("status", "/a", false),
        ] {
            let place = Place::BodyAt(at.to_owned());
            assert_eq!(covers(part, &place), want, "{part} {at}");
        }
        assert!(covers("/a", &Place::Body) && covers("/a", &Place::Record));
        assert!(!covers("body", &Place::Latency) && covers("latency", &Place::Latency));
    }

    #[test]
    fn a_word_is_known_or_refused() {
        let known = BTreeMap::from([
            ("amounts".to_owned(), vec!["/total".to_owned()]),
            ("wild".to_owned(), vec!["/lines/*/total".to_owned()]),
            ("typo".to_owned(), vec!["statsu".to_owned()]),
        ]);
        let words = |word: &str| vec![word.to_owned()];
        for (word, fine) in [
            ("status", true),
            ("amounts", true),
            ("totals", false),
            ("wild", false),
            ("typo", false),
        ] {
            let found = Words::of_services(&words(word), &known, "compare");
            assert_eq!(found.is_ok(), fine, "{word}");
        }
        let member = Words::of_records(&words("a/b"), &known, "compare").expect("a member");
        assert_eq!(member, Words(vec!["/a~1b".to_owned()]));
    }
}
