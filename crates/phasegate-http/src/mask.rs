//! Credentials are masked in answers: a server that says what it was sent does not bring them into errors, journals and
//! reports. What is not looked for: forms that the server makes of them (hashes, other encodings than JSON's escapes).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use phasegate_provider::{HeaderText, HttpRequest};

const MASK: &[u8] = b"[masked]";
/// Shorter ones are not masked: they would mask half of every text, and hide nothing.
const SECRET_BYTES_MIN: usize = 4;

/// What must not be told, the longest first.
#[derive(Default)]
pub(crate) struct Masks(Vec<Vec<u8>>);

impl Masks {
    /// Those of a request: each secret header, what comes after its scheme (`Bearer`, `Basic`), and the password in it.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let mut forms = Vec::new();
        for (_, value) in &request.headers {
            let HeaderText::Secret(secret) = value else {
                continue;
            };
            add(&mut forms, secret.expose());
            let Some((scheme, rest)) = secret.expose().split_once(' ') else {
                continue;
            };
            add(&mut forms, rest);
            let pair = STANDARD.decode(rest).ok();
            let pair = pair.filter(|_| scheme.eq_ignore_ascii_case("basic"));
            let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
            if let Some((_, password)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
                add(&mut forms, password);
            }
        }
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self(forms)
    }

    /// The same text without them. Cost: each byte is looked at once a form.
    pub(crate) fn mask(&self, text: Vec<u8>) -> Vec<u8> {
        if self.0.is_empty() {
            return text;
        }
        let mut masked = Vec::with_capacity(text.len());
        let mut left = text.as_slice();
        while let Some((first, rest)) = left.split_first() {
            let mut forms = self.0.iter();
            if let Some(after) = forms.find_map(|form| left.strip_prefix(form.as_slice())) {
                masked.extend_from_slice(MASK);
                left = after;
            } else {
                masked.push(*first);
                left = rest;
            }
        }
        masked
    }
}

fn add(forms: &mut Vec<Vec<u8>>, secret: &str) {
    if secret.len() < SECRET_BYTES_MIN {
        return;
    }
    forms.push(secret.as_bytes().to_vec());
    // As it stands in a JSON text.
    let escaped = secret.replace('\\', "\\\\").replace('"', "\\\"");
    forms.push(escaped.into_bytes());
}

#[cfg(test)]
mod tests {
    use phasegate_provider::{Method, Secret};

    use super::*;

    #[test]
    fn what_was_sent_to_come_in_is_masked_and_nothing_else() {
        let basic = format!("Basic {}", STANDARD.encode("ada:pass\"word"));
        for (header, said, shown) in [
            (
                "Bearer t0ken",
                "no: Bearer t0ken, t0ken",
                "no: [masked], [masked]",
            ),
            ("t0ken", "t0kent0ke", "[masked]t0ke"),
            (
                &basic,
                r#"{"password": "pass\"word"}"#,
                r#"{"password": "[masked]"}"#,
            ),
            (&basic, "ada:pass\"word", "ada:[masked]"),
            (&basic, &basic, "[masked]"),
            ("abc", "abc", "abc"),
            ("", "all of it", "all of it"),
        ] {
            let request = HttpRequest::new(Method::Get, "http://x/");
            let request = request.with_secret_header("authorization", Secret::new(header));
            let request = request.with_header("x-plain", "said");
            let masked = Masks::of(&request).mask(said.as_bytes().to_vec());
            assert_eq!(String::from_utf8_lossy(&masked), shown, "{header}");
        }
    }
}
