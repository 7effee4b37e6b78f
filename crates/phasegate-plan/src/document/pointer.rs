//! Segments of JSON pointers (RFC 6901): `~` is written `~0`, and `/` is written `~1`.

use std::borrow::Cow;

/// A key as a segment.
pub(crate) fn segment(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) {
        key.replace('~', "~0").replace('/', "~1").into()
    } else {
        key.into()
    }
}

/// The key that a segment stands for.
pub(super) fn key(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') {
        segment.replace("~1", "/").replace("~0", "~").into()
    } else {
        segment.into()
    }
}

/// Puts a key behind a pointer.
pub(crate) fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        pointer.push_str(&segment(key));
    } else {
        pointer.push_str(key);
    }
}

/// Puts the number of an item behind a pointer.
pub(crate) fn push_index(pointer: &mut String, index: usize) {
    pointer.push('/');
    let mut power = 1;
    while index / power >= 10 {
        power *= 10;
    }
    while power > 0 {
        let digit = u8::try_from(index / power % 10).unwrap_or_default();
        pointer.push(char::from(b'0' + digit));
        power /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_numbers_stand_behind_a_pointer() {
        let mut pointer = String::new();
        for key in ["phases", "a/b", "a~b", ""] {
            push_key(&mut pointer, key);
        }
        assert_eq!(pointer, "/phases/a~1b/a~0b/");
        for index in [0, 9, 10, 99, 100, 12_345, usize::MAX] {
            let mut pointer = String::new();
            push_index(&mut pointer, index);
            assert_eq!(pointer, format!("/{index}"));
        }
    }
}
