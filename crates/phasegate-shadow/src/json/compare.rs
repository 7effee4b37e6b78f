//! Two trees side by side: ignored places are cut out first, then one walk finds the differences.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::Path;
use super::path::escaped;
use super::tree::Json;
use crate::{BodyRules, Difference, DifferenceKind, Place, Unordered};

/// Adds the differences of two bodies, in the order of their places.
pub(crate) fn compare(
    mut old: Json,
    mut new: Json,
    rules: &BodyRules,
    found: &mut Vec<Difference>,
) {
    for tree in [&mut old, &mut new] {
        prune(tree, &mut Vec::new(), &rules.ignore);
    }
    let mut walk = Walk {
        rules,
        place: Vec::new(),
        shown: String::new(),
        found,
    };
    walk.pair(&old, &new);
}

/// Cuts out what is not looked at.
fn prune(tree: &mut Json, place: &mut Vec<String>, ignore: &[Path]) {
    if ignore.is_empty() {
        return;
    }
    let mut stays = |name: String, part: &mut Json| {
        place.push(name);
        let stays = !ignore.iter().any(|path| path.matches(place));
        if stays {
            prune(part, place, ignore);
        }
        place.pop();
        stays
    };
    match tree {
        Json::Object(members) => members.retain(|name, part| stays(name.clone(), part)),
        Json::Array(parts) => {
            let mut at = 0_usize;
            parts.retain_mut(|part| {
                at += 1;
                stays((at - 1).to_string(), part)
            });
        }
        Json::Bool(_) | Json::Null | Json::Number(_) | Json::Text(_) => {}
    }
}

struct Walk<'a> {
    rules: &'a BodyRules,
    /// Names and indices down to here, for the rules.
    place: Vec<String>,
    /// The same for people: elements that are paired by key stand by it.
    shown: String,
    found: &'a mut Vec<Difference>,
}

impl Walk<'_> {
    fn pair(&mut self, old: &Json, new: &Json) {
        match (old, new) {
            (Json::Object(olds), Json::Object(news)) => self.objects(olds, news),
            (Json::Array(olds), Json::Array(news)) => self.arrays(olds, news),
            (Json::Number(a), Json::Number(b)) => {
                let rules = &self.rules.tolerances;
                let near = rules
                    .iter()
                    .any(|(path, tolerance)| path.matches(&self.place) && tolerance.allows(a, b));
                if a != b && !near {
                    self.note(Some(old), Some(new));
                }
            }
            _ if old != new => self.note(Some(old), Some(new)),
            _ => {}
        }
    }

    fn objects(&mut self, olds: &BTreeMap<String, Json>, news: &BTreeMap<String, Json>) {
        let names: BTreeSet<&String> = olds.keys().chain(news.keys()).collect();
        for name in names {
            self.within(name, &format!("/{}", escaped(name)), |walk| {
                walk.sides(olds.get(name), news.get(name));
            });
        }
    }

    fn arrays(&mut self, olds: &[Json], news: &[Json]) {
        let rule = self
            .rules
            .unordered
            .iter()
            .find(|rule| rule.at.matches(&self.place));
        match rule {
            Some(Unordered { key: Some(key), .. }) => self.keyed(olds, news, key),
            Some(Unordered { key: None, .. }) => self.bags(olds, news),
            None => {
                for at in 0..olds.len().max(news.len()) {
                    self.within(&at.to_string(), &format!("/{at}"), |walk| {
                        walk.sides(olds.get(at), news.get(at));
                    });
                }
            }
        }
    }

    /// Elements are paired by what stands at their key.
    fn keyed(&mut self, olds: &[Json], news: &[Json], key: &Path) {
        let names = key.names().unwrap_or_default();
        let group = |parts: &'_ [Json]| {
            let mut groups: BTreeMap<Option<Json>, Vec<Json>> = BTreeMap::new();
            for part in parts {
                let key = part.at(&names).cloned();
                groups.entry(key).or_default().push(part.clone());
            }
            groups
        };
        let (olds, news) = (group(olds), group(news));
        let keys: BTreeSet<&Option<Json>> = olds.keys().chain(news.keys()).collect();
        for key in keys {
            let side = |groups: &'_ BTreeMap<Option<Json>, Vec<Json>>| {
                groups.get(key).cloned().unwrap_or_default()
            };
            let (old, new) = (side(&olds), side(&news));
            let shown = key
                .as_ref()
                .map_or_else(|| "[no key]".to_owned(), bracketed);
            self.within("*", &shown, |walk| match (old.as_slice(), new.as_slice()) {
                ([] | [_], [] | [_]) => walk.sides(old.first(), new.first()),
                _ => {
                    let list = |side: Vec<Json>| Some(Json::Array(side).to_string());
                    let place = Place::BodyAt(walk.shown.clone());
                    let several = Difference::new(place, list(old), list(new));
                    walk.found.push(several.of(DifferenceKind::Ambiguous));
                }
            });
        }
    }

    /// Elements have no order and no key: what one side has more often than the other is one
    /// difference.
    fn bags(&mut self, olds: &[Json], news: &[Json]) {
        let mut counts: BTreeMap<&Json, (usize, usize)> = BTreeMap::new();
        for part in olds {
            counts.entry(part).or_default().0 += 1;
        }
        for part in news {
            counts.entry(part).or_default().1 += 1;
        }
        for (part, (old, new)) in counts {
            let (old, new) = match old.cmp(&new) {
                Ordering::Less => (None, Some(part)),
                Ordering::Equal => continue,
                Ordering::Greater => (Some(part), None),
            };
            self.within("*", &bracketed(part), |walk| walk.note(old, new));
        }
    }

    fn sides(&mut self, old: Option<&Json>, new: Option<&Json>) {
        match (old, new) {
            (Some(old), Some(new)) => self.pair(old, new),
            (None, None) => {}
            (old, new) => self.note(old, new),
        }
    }

    fn note(&mut self, old: Option<&Json>, new: Option<&Json>) {
        let text = |side: Option<&Json>| side.map(ToString::to_string);
        let difference = Difference::new(Place::BodyAt(self.shown.clone()), text(old), text(new));
        let other_type = old.zip(new).is_some_and(|(old, new)| !old.is_like(new));
        self.found.push(if other_type {
            difference.of(DifferenceKind::Type)
        } else {
            difference
        });
    }

    fn within(&mut self, name: &str, shown: &str, look: impl FnOnce(&mut Self)) {
        let length = self.shown.len();
        self.place.push(name.to_owned());
        self.shown.push_str(shown);
        look(self);
        self.place.pop();
        self.shown.truncate(length);
    }
}

/// An element by its key or value, cut at 60 characters.
fn bracketed(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("[{}…]", text.get(..at).unwrap_or_default()),
        None => format!("[{text}]"),
    }
}
