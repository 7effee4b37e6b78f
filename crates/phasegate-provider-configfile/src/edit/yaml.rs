//! YAML: parse events with places, followed down the wanted names.

use granit_parser::{Event, Options, Parser, ScalarStyle};

use super::{Missing, Value, unquoted};

/// Deeper nesting is refused by the parser.
const NESTING_MAX: usize = 64;

/// A collection that is open.
enum Level {
    List,
    /// A map; the key whose value comes next, if it has been read.
    Map {
        key: Option<String>,
    },
}

pub(super) fn find(text: &str, at: &[String]) -> Result<Value, Missing> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = NESTING_MAX;
    options.block_nesting_limit = NESTING_MAX;
    let mut levels: Vec<Level> = Vec::new();
    let mut found = None;
    let mut documents = 0;
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| Missing::Malformed(error.info()))?;
        let tagged = event.tag().is_some();
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    return Err(Missing::NoValue("the file holds several documents"));
                }
            }
            Event::Scalar(value, style, anchor, _) => {
                if let Some(Level::Map { key: key @ None }) = levels.last_mut() {
                    *key = Some(value.into_owned());
                    continue;
                }
                if leads(&levels, at) {
                    let plain = matches!(
                        style,
                        ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted
                    );
                    let place = span
                        .byte_range()
                        .filter(|place| plain && !tagged && anchor == 0 && !place.is_empty());
                    let place = place.ok_or(Missing::NoValue(
                        "it is empty, a block, or has an anchor or a tag",
                    ))?;
                    if found.is_some() {
                        return Err(Missing::NoValue("its name stands twice"));
                    }
                    found = Some(Value {
                        text: value.into_owned(),
                        place: unquoted(text, place),
                    });
                }
                done(&mut levels);
            }
            Event::Alias(..) | Event::UnresolvedAlias(..) => {
                if leads(&levels, at) {
                    return Err(Missing::NoValue("it is an alias"));
                }
                done(&mut levels);
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if leads(&levels, at) {
                    return Err(Missing::NoValue("it is a map or a list"));
                }
                let list = matches!(event, Event::SequenceStart(..));
                levels.push(if list {
                    Level::List
                } else {
                    Level::Map { key: None }
                });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                levels.pop();
                done(&mut levels);
            }
            Event::Anchor(..) | Event::DocumentEnd | Event::StreamEnd | Event::StreamStart | _ => {}
        }
    }
    found.ok_or(Missing::Nothing)
}

/// Do the open levels lead to the wanted place?
fn leads(levels: &[Level], at: &[String]) -> bool {
    levels.len() == at.len()
        && levels.iter().zip(at).all(|(level, name)| match level {
            Level::List => false,
            Level::Map { key } => key.as_ref() == Some(name),
        })
}

/// A value has been read: the map it stands in waits for its next key. A collection as a key counts as one.
fn done(levels: &mut [Level]) {
    if let Some(Level::Map { key }) = levels.last_mut() {
        *key = match key {
            Some(_) => None,
            None => Some(String::new()),
        };
    }
}
