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
