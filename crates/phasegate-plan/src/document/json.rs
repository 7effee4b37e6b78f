//! JSON that is not plain into the tree, or what is wrong with it. It is read by the YAML reader, which says what
//! to write instead; what YAML allows beyond JSON is refused here.

use serde::de::IgnoredAny;

use super::{Extent, Limits, Node, Source, fault, yaml};
use crate::fault::{Code, Fault};

/// Reads a JSON source; faults go to the list. `None` if there is no tree.
pub(super) fn read(source: &mut Source, limits: Limits, faults: &mut Vec<Fault>) -> Option<Node> {
    // What is wrong for YAML too is told with what to write instead.
    let root = Some(yaml::read(source, limits, faults)?);
    let text = source.text();
    let json = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Err(error) = serde_json::from_str::<IgnoredAny>(json) else {
        return root;
    };
    let skipped = text.len() - json.len();
    let at = skipped + offset(json, error.line(), error.column());
    let end = text.get(at..).and_then(|rest| rest.chars().next());
    let at = Extent::new(at, at + end.map_or(0, char::len_utf8));
    let words = error.to_string();
    // The place is told already.
    let words = words.split(" at line ").next().unwrap_or_default();
    let mut found = fault(
        source,
        Code::Syntax,
        at,
        &format!("this is not JSON: {words}"),
    );
    let help =
        "write it as JSON, with \"double quotes\" around texts and keys, or name the file .yaml";
    found.help = Some(help.to_owned());
    faults.push(found);
    None
}

/// The byte that the reader stopped at, from its line and its byte in the line, both from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(str::len).sum();
    let at = (before + column.saturating_sub(1)).min(text.len());
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}
