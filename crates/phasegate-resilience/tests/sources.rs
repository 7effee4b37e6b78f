//! What the sources themselves must keep: every public type stands in an example, and the core names
//! `core` and `alloc` only.
#![cfg(not(any(loom, shuttle)))]
#![expect(
    clippy::expect_used,
    reason = "a source that cannot be read is a failure"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files with this ending below `folder`.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a text")
}

/// The code between fences, of lines that begin with one of `marks`.
fn fenced(text: &str, marks: &[&str]) -> String {
    let mut inside = false;
    let mut code = String::new();
    for line in text.lines() {
        let line = line.trim();
        let Some(rest) = marks.iter().find_map(|mark| line.strip_prefix(mark)) else {
            inside = false;
            continue;
        };
        if rest.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            code.push_str(rest);
            code.push('\n');
        }
    }
    code
}

/// The words of a text that could be names of types.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect()
}

#[test]
fn every_public_type_stands_in_an_example() {
    let mut examples = String::new();
    let mut types = BTreeMap::new();
    for path in files(&home().join("src"), "rs") {
        let text = read(&path);
        examples.push_str(&fenced(&text, &["///", "//!"]));
        for line in text.lines() {
            // Not what is more deeply inside: those are types of functions and tests.
            let indent = line.len() - line.trim_start().len();
            let mut parts = line.split_whitespace();
            let (public, kind) = (parts.next(), parts.next());
            let is_type = matches!(kind, Some("struct" | "enum" | "trait" | "type"));
            if public == Some("pub") && is_type && indent <= 4 {
                let name = parts.next().unwrap_or_default();
                let end = name.find(|letter: char| !letter.is_alphanumeric());
                let name = &name[..end.unwrap_or(name.len())];
                types.insert(name.to_owned(), path.clone());
            }
        }
    }
    examples.push_str(&fenced(&read(&home().join("README.md")), &[""]));
    for path in files(&home().join("docs"), "md") {
        examples.push_str(&fenced(&read(&path), &[""]));
    }
    for path in files(&home().join("examples"), "rs") {
        examples.push_str(&read(&path));
    }
    assert!(
        types.len() > 100,
        "{} types: the search is wrong",
        types.len()
    );
    let shown = words(&examples);
    types.retain(|name, _| !shown.contains(name.as_str()));
    assert!(types.is_empty(), "in no example: {types:#?}");
}

/// Where the standard library is named. All of it is behind the feature `std`, which the build
/// without it shows; elsewhere it must not appear at all.
const NAME_STD: [&str; 8] = [
    "backoff_interop.rs",
    "breaker/slots.rs",
    "breaker/tally.rs",
    "bulkhead/queue.rs",
    "rng.rs",
    "std_time.rs",
    "sync.rs",
    "sync_shard.rs",
];

#[test]
fn the_core_names_no_standard_library() {
    let source = home().join("src");
    for path in files(&source, "rs") {
        let name = path.strip_prefix(&source).expect("below").to_owned();
        let name = name.to_str().expect("a plain name");
        let text = read(&path);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let named = code
            .lines()
            .map(str::trim_start)
            .filter(|line| !line.starts_with("//"))
            .find(|line| line.contains("std::"));
        let may = NAME_STD.contains(&name);
        assert!(may || named.is_none(), "{name}: {named:?}");
    }
    let root = read(&source.join("lib.rs"));
    assert!(root.contains("#![cfg_attr(not(feature = \"std\"), no_std)]"));
}
