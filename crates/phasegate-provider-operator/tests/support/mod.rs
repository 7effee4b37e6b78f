//! What the tests of this crate share: keys, and calls of now.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by test binaries that each use a part"
)]

use std::time::SystemTime;

use base64::Engine as _;
use phasegate_core::{Span, Timestamp};
use phasegate_provider::signed::Key;
use phasegate_provider::{Call, Secret};

pub(crate) fn key_text(byte: u8) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
    format!("whsec_{text}")
}

pub(crate) fn key(byte: u8) -> Key {
    Key::new(&Secret::new(key_text(byte))).expect("a key")
}

/// Files get their times from the system.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.expect("after 1970").as_millis();
    Timestamp::from_unix_millis(i64::try_from(millis).expect("a time")) + Span::from_secs(1)
}

pub(crate) fn call() -> Call {
    Call::new(now(), Span::from_secs(5))
}
