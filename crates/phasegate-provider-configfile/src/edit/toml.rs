//! TOML: the parser knows where each value stands.

use toml_edit::{Document, Item};

use super::{Missing, Value, unquoted};

pub(super) fn find(text: &str, at: &[String]) -> Result<Value, Missing> {
    let document: Document<&str> =
        Document::parse(text).map_err(|error| Missing::Malformed(error.message().to_owned()))?;
    let mut item: &Item = document.as_item();
    for name in at {
        let table = item.as_table_like().ok_or(Missing::Nothing)?;
        item = table.get(name).ok_or(Missing::Nothing)?;
    }
    let value = item.as_value().ok_or(Missing::NoValue("it is a table"))?;
    let simple = value.is_str() || value.is_integer() || value.is_float() || value.is_bool();
    let span = item.span().filter(|_| simple);
    let place = unquoted(
        text,
        span.ok_or(Missing::NoValue("it is no text, number or switch"))?,
    );
    let value = text.get(place.clone()).unwrap_or_default().to_owned();
    Ok(Value { text: value, place })
}
