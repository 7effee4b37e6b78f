//! Fields of protobuf's JSON, which may be written in two forms: `weighted_clusters` and `weightedClusters`.

use serde_json::Value;

/// A field by its name, in the form that is there.
pub(super) fn field<'a>(of: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let of = of.as_object_mut()?;
    let name = if of.contains_key(name) {
        name.to_owned()
    } else {
        camel(name)
    };
    of.get_mut(&name)
}

/// The values of a list; none where there is no list.
pub(super) fn list<'a>(of: &'a mut Value, name: &str) -> &'a mut [Value] {
    let list = field(of, name).and_then(Value::as_array_mut);
    list.map_or(&mut [], Vec::as_mut_slice)
}

/// Sets a field, in the form that is there.
pub(super) fn put(of: &mut Value, name: &str, value: Value) {
    if let Some(old) = field(of, name) {
        *old = value;
    } else if let Some(of) = of.as_object_mut() {
        of.insert(name.to_owned(), value);
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        out.push_str(&first.to_ascii_uppercase());
        out.push_str(rest);
    }
    out
}
