//! Values as texts: as Go prints them with `%v`.

use super::item::Item;

/// As `string(..)` gives it; none for a function, of which Go prints the address.
pub(super) fn print(item: &Item) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    put(item, &mut out)?;
    Some(out)
}

fn put(item: &Item, out: &mut Vec<u8>) -> Option<()> {
    match item {
        Item::Bool(truth) => out.extend(truth.to_string().bytes()),
        Item::Float(number) => out.extend(print_float(*number).bytes()),
        Item::Byte(_) | Item::Integer(_) | Item::Long(_) => {
            out.extend(item.integer()?.to_string().bytes());
        }
        Item::List(list) => {
            out.push(b'[');
            for (place, inner) in list.items.iter().enumerate() {
                if place > 0 {
                    out.push(b' ');
                }
                put(inner, out)?;
            }
            out.push(b']');
        }
        Item::Map(map) => {
            out.extend(b"map[");
            for (place, (key, inner)) in map.entries.iter().enumerate() {
                if place > 0 {
                    out.push(b' ');
                }
                out.extend(&**key);
                out.push(b':');
                put(inner, out)?;
            }
            out.push(b']');
        }
        Item::Nil => out.extend(b"<nil>"),
        Item::Text(text) => out.extend(&**text),
        Item::Function(_) | Item::Integers(_) | Item::Texts(_) => return None,
    }
    Some(())
}

/// Shortest digits; an exponent of two digits outside 10⁻⁴ … 10²¹.
fn print_float(x: f64) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if x == 0.0 || (1e-4..1e21).contains(&x.abs()) {
        return x.to_string();
    }
    let text = format!("{x:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent
                .strip_prefix('-')
                .map_or(('+', exponent), |e| ('-', e));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}
