//! Who may speak to the page's server: programs on this machine, through the page's own address.
//! A web page from elsewhere that the browser was lured to is refused by `Host` (a name that was
//! rebound to loopback) and `Origin`.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

/// Nothing but the page's own files and its own server; no inline script, no frames, no forms.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     font-src 'self'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// Checked when compiled, not with every answer.
static HEADERS: [(header::HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    // Nothing of a session may be found in the browser's cache afterwards.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// Puts the security headers on an answer.
///
/// An answer may have brought a stricter policy of its own, as files of a release do.
pub fn secure(response: &mut Response) {
    for (name, value) in &HEADERS {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
}

/// Whether somebody may speak, or why not. Pure.
///
/// # Errors
/// Why not.
pub fn admit(peer: Option<SocketAddr>, headers: &HeaderMap, port: u16) -> Result<(), &'static str> {
    if !peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()) {
        return Err("only from this machine");
    }
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    if !text(header::HOST).is_some_and(|host| is_ours(host, port)) {
        return Err("foreign host");
    }
    match text(header::ORIGIN) {
        None => Ok(()),
        Some(origin) if origin.strip_prefix("http://").is_some_and(|host| is_ours(host, port)) => Ok(()),
        Some(_) => Err("foreign origin"),
    }
}

fn is_ours(authority: &str, port: u16) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
        authority.strip_prefix(name).is_some_and(|rest| match rest.strip_prefix(':') {
            Some(given) => given.parse() == Ok(port),
            None => rest.is_empty() && port == 80,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_under_its_own_name_is_admitted() {
        let rows = [
            ("127.0.0.1:5", Some("127.0.0.1:7080"), None, true),
            ("[::1]:5", Some("localhost:7080"), Some("http://localhost:7080"), true),
            ("[::ffff:127.0.0.1]:5", Some("[::1]:7080"), None, true),
            ("192.0.2.1:5", Some("127.0.0.1:7080"), None, false),
            ("127.0.0.1:5", None, None, false),
            ("127.0.0.1:5", Some("127.0.0.1"), None, false),
            ("127.0.0.1:5", Some("127.0.0.1:7081"), None, false),
            ("127.0.0.1:5", Some("rebound.example:7080"), None, false),
            ("127.0.0.1:5", Some("127.0.0.1.example:7080"), None, false),
            ("127.0.0.1:5", Some("127.0.0.1:7080"), Some("http://elsewhere.example"), false),
            ("127.0.0.1:5", Some("127.0.0.1:7080"), Some("https://127.0.0.1:7080"), false),
            ("127.0.0.1:5", Some("127.0.0.1:7080"), Some("null"), false),
        ];
        for (peer, host, origin, admitted) in rows {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(
                admit(Some(peer.parse().unwrap()), &headers, 7080).is_ok(),
                admitted,
                "{peer} {host:?} {origin:?}"
            );
        }
    }
}
