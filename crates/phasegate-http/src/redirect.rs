//! What to do with a redirect. A pure decision: the next request, or why there is none.

use phasegate_provider::{HeaderText, HttpRequest, Method, ProviderError, Reach};
use reqwest::Url;

/// The request that a redirect asks for.
///
/// Only `GET` follows: repeating anything else elsewhere is not what the caller asked for. To the same
/// origin the request goes as it is; to another one credentials stay here and the address must be public,
/// because the URL comes from an answer. Never from `https` to `http`.
pub(crate) fn follow(
    request: &HttpRequest,
    from: &Url,
    location: &str,
) -> Result<HttpRequest, ProviderError> {
    let refused = |why: &str| {
        let host = from.host_str().unwrap_or_default();
        ProviderError::invalid(format!("follow a redirect of {host}: {why}"))
    };
    if request.method != Method::Get {
        return Err(refused("only GET follows redirects"));
    }
    let Ok(to) = from.join(location) else {
        return Err(refused("the location is no URL"));
    };
    if !matches!(to.scheme(), "http" | "https") {
        return Err(refused("the location is not HTTP"));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(refused("from https to http"));
    }
    let mut next = request.clone();
    if from.origin() != to.origin() {
        next.reach = Reach::Derived;
        next.headers
            .retain(|(name, value)| matches!(value, HeaderText::Plain(_)) && !is_credential(name));
    }
    next.url = to.into();
    Ok(next)
}

/// Headers that carry credentials even where the caller forgot to say so.
fn is_credential(name: &str) -> bool {
    ["authorization", "cookie", "proxy-authorization"]
        .iter()
        .any(|credential| name.eq_ignore_ascii_case(credential))
}

#[cfg(test)]
mod tests {
    use phasegate_provider::Secret;

    use super::*;

    #[test]
    fn credentials_and_reach_depend_on_the_origin() {
        let request = HttpRequest::new(Method::Get, "https://a.example/x")
            .with_header("accept", "text/plain")
            .with_header("Cookie", "id=1")
            .with_secret_header("x-token", Secret::new("t"));
        let from: Url = request.url.parse().expect("a URL");
        for (location, url, headers, reach) in [
            ("/y", "https://a.example/y", 3, Reach::Configured),
            (
                "https://a.example:443/y",
                "https://a.example/y",
                3,
                Reach::Configured,
            ),
            (
                "https://b.example/",
                "https://b.example/",
                1,
                Reach::Derived,
            ),
            ("//b.example/", "https://b.example/", 1, Reach::Derived),
            (
                "https://a.example:444/",
                "https://a.example:444/",
                1,
                Reach::Derived,
            ),
        ] {
            let next = follow(&request, &from, location).expect(location);
            assert_eq!(next.url, url);
            assert_eq!(
                (next.headers.len(), next.reach),
                (headers, reach),
                "{location}"
            );
        }
        for location in [
            "http://a.example/",
            "ftp://a.example/",
            "https://",
            "file:///etc/passwd",
        ] {
            assert!(follow(&request, &from, location).is_err(), "{location}");
        }
        let post = HttpRequest::new(Method::Post, "https://a.example/x");
        assert!(follow(&post, &from, "/y").is_err());
    }

    #[test]
    fn what_was_derived_stays_derived() {
        let request = HttpRequest::new(Method::Get, "http://a.example/").with_derived_url();
        let from: Url = request.url.parse().expect("a URL");
        let next = follow(&request, &from, "/y").expect("same origin");
        assert_eq!(next.reach, Reach::Derived);
    }
}
