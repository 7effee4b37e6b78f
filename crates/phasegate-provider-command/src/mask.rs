//! Takes secrets out of what a command printed: as they are, and in the forms that programs print them in.

use std::ops::Range;

const MASK: &[u8] = b"[masked]";
/// Shorter values are not masked: they would mask half of every text, and hide nothing.
const SECRET_BYTES_MIN: usize = 4;
/// The longest form of a secret of one byte: `%XX`, and base64 is shorter.
const GROWTH_MAX: usize = 6;

/// The texts to mask, longest first, so that one that holds another goes as a whole.
#[derive(Clone, Default)]
pub(crate) struct Masks {
    forms: Vec<Vec<u8>>,
}

impl Masks {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets {
            if secret.len() < SECRET_BYTES_MIN {
                continue;
            }
            forms.push(secret.as_bytes().to_vec());
            forms.push(percent(secret));
            forms.push(escaped(secret));
            for before in 0..3 {
                let form = base64(secret.as_bytes(), before);
                forms.push(for_urls(&form));
                forms.push(form);
            }
        }
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// How much more than a limit must be held, so that no secret is cut in two before it is masked.
    pub(crate) fn margin(&self) -> usize {
        self.forms.first().map_or(0, Vec::len).max(GROWTH_MAX)
    }

    /// This part of a text, with a mask for each stretch of it that belongs to a secret, whole secrets that reach out of the
    /// part too.
    pub(crate) fn mask(&self, text: &[u8], part: Range<usize>) -> Vec<u8> {
        let mut hidden_until = 0;
        let mut masked = Vec::with_capacity(part.len());
        let mut in_mask = false;
        for (at, byte) in text.iter().enumerate().take(part.end) {
            let rest = text.get(at..).unwrap_or_default();
            if let Some(form) = self.forms.iter().find(|form| rest.starts_with(form)) {
                hidden_until = hidden_until.max(at + form.len());
            }
            if at < part.start {
                continue;
            }
            let hides = at < hidden_until;
            if !hides {
                masked.push(*byte);
            } else if !in_mask {
                masked.extend_from_slice(MASK);
            }
            in_mask = hides;
        }
        masked
    }
}

fn percent(secret: &str) -> Vec<u8> {
    let mut form = Vec::new();
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            form.push(byte);
        } else {
            form.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    form
}

/// As JSON escapes it.
fn escaped(secret: &str) -> Vec<u8> {
    let mut form = String::new();
    for character in secret.chars() {
        match character {
            '"' | '\\' => form.extend(['\\', character]),
            '\n' => form.push_str("\\n"),
            '\r' => form.push_str("\\r"),
            '\t' => form.push_str("\\t"),
            other if other < ' ' => form.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => form.push(other),
        }
    }
    form.into_bytes()
}

/// The characters that the secret alone decides, when so many bytes of a group of three stand before it: `ada:` and the
/// secret, as a password is sent.
fn base64(secret: &[u8], before: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |nth: usize| -> usize {
        let byte = secret.get(nth / 8).copied().unwrap_or_default();
        usize::from(byte >> (7 - nth % 8) & 1)
    };
    let (from, until) = (8 * before, 8 * (before + secret.len()));
    let characters = from.div_ceil(6)..until / 6;
    let digit = |nth: usize| {
        let bits = (6 * nth..6 * nth + 6).map(|at| bit(at - from));
        DIGITS
            .get(bits.fold(0, |bits, bit| bits << 1 | bit))
            .copied()
    };
    characters.filter_map(digit).collect()
}

/// In the alphabet of URLs.
fn for_urls(form: &[u8]) -> Vec<u8> {
    let digit = |digit: &u8| match digit {
        b'+' => b'-',
        b'/' => b'_',
        other => *other,
    };
    form.iter().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_in_the_forms_that_programs_print() {
        let masks = Masks::new(["pa ss\"w\n", "pa s", "abc"]);
        for (text, masked) in [
            ("token pa ss\"w\n.", "token [masked]."),
            ("pa%20ss%22w%0A", "[masked]"),
            ("{\"t\":\"pa ss\\\"w\\n\"}", "{\"t\":\"[masked]\"}"),
            // printf 'pa ss"w\n' | base64, and with one and with two letters before it.
            ("cGEgc3Midwo=", "[masked]o="),
            ("eHBhIHNzIncK", "eH[masked]"),
            ("eHlwYSBzcyJ3Cg==", "eHl[masked]g=="),
            ("pa sx", "[masked]x"),
            ("abc is too short to hide", "abc is too short to hide"),
            ("", ""),
        ] {
            let found = masks.mask(text.as_bytes(), 0..text.len());
            assert_eq!(String::from_utf8_lossy(&found), masked, "{text}");
        }
    }
}
