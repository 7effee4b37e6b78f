//! Takes secrets out of what a command printed: as they are, and in the forms that programs print them in.

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
            forms.push(base64(secret.as_bytes()));
        }
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// How much more than a limit must be held, so that no secret is cut in two before it is masked.
    pub(crate) fn margin(&self) -> usize {
        self.forms.first().map_or(0, Vec::len).max(GROWTH_MAX)
    }

    pub(crate) fn mask(&self, mut text: &[u8]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(text.len());
        while let Some((first, rest)) = text.split_first() {
            let found = self
                .forms
                .iter()
                .find_map(|form| text.strip_prefix(form.as_slice()));
            match found {
                Some(after) => {
                    masked.extend_from_slice(MASK);
                    text = after;
                }
                None => {
                    masked.push(*first);
                    text = rest;
                }
            }
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

/// Without the last characters, which depend on what follows the secret.
fn base64(secret: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut form = Vec::new();
    for chunk in secret.chunks_exact(3) {
        let bits = chunk
            .iter()
            .fold(0usize, |bits, byte| (bits << 8) | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            form.extend(DIGITS.get((bits >> shift) & 63));
        }
    }
    form
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
            ("cGEgc3MidwoK", "[masked]dwoK"),
            ("pa sx", "[masked]x"),
            ("abc is too short to hide", "abc is too short to hide"),
            ("", ""),
        ] {
            let found = masks.mask(text.as_bytes());
            assert_eq!(String::from_utf8_lossy(&found), masked, "{text}");
        }
    }
}
