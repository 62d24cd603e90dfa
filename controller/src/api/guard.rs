//! The gate before every handler: who is it, may he write, and headers that keep pages safe.
//! Denies by default: only logging in is open.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::{Answer, Problem};
use super::state::ApiState;
use crate::auth::{Actor, Proof, Role, secret};

/// The session's cookie. `__Host-` binds it to this host, path / and TLS.
pub const COOKIE: &str = "__Host-migrado";

/// What writes of a session must carry.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// What a reverse proxy tells of whom it speaks for.
const FORWARDED_HEADER: &str = "x-forwarded-for";

/// The path that needs no proof: there it is made.
const LOGIN_PATH: &str = "/api/v1/session";

const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ("strict-transport-security", "max-age=31536000"),
];

/// Puts the security headers on every answer; what the API says is never kept by a cache.
pub async fn headers(request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Lets only those through who prove who they are; a session's writes need its CSRF token.
pub async fn gate(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let write = !matches!(*request.method(), Method::GET | Method::HEAD);
    if request.uri().path() == LOGIN_PATH && *request.method() == Method::POST {
        return next.run(request).await;
    }
    match admit(&state, request.headers(), write).await {
        Ok(actor) => {
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit(state: &ApiState, headers: &HeaderMap, write: bool) -> Answer<Actor> {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(given) = text(header::AUTHORIZATION) {
        return state.accounts.of_token(bearer(given)).await?.ok_or_else(Problem::unauthenticated);
    }
    let cookie = text(header::COOKIE)
        .and_then(|all| all.split(';').find_map(|c| c.trim().strip_prefix(COOKIE)?.strip_prefix('=')));
    let cookie = cookie.ok_or_else(Problem::unauthenticated)?;
    let actor = state.accounts.of_cookie(cookie, state.clock.now_ms()).await?;
    let actor = actor.ok_or_else(Problem::unauthenticated)?;
    let given = headers.get(CSRF_HEADER).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match &actor.proof {
        Proof::Session { csrf_token, .. } if write && !secret::same(given, csrf_token) => {
            let detail = "Send the session's csrf_token as X-CSRF-Token; GET /api/v1/session tells it.";
            Err(Problem::new(axum::http::StatusCode::FORBIDDEN, "csrf", detail))
        }
        _ => Ok(actor),
    }
}

/// The token of an `Authorization`; empty where it is of another kind. Schemes have no case (RFC 9110,
/// 11.1).
fn bearer(authorization: &str) -> &str {
    match authorization.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    }
}

/// Lets only programs through that show an API token: for figures on the console's listener, which
/// a browser's session has no use for.
pub async fn token_gate(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    match admit(&state, request.headers(), false).await {
        Ok(Actor { proof: Proof::Token { .. }, .. }) => next.run(request).await,
        Ok(_) => Problem::unauthenticated().into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Any account.
#[derive(Debug)]
pub struct Viewer(pub Actor);
/// An account that may give orders.
#[derive(Debug)]
pub struct Operator(pub Actor);
/// An account that may manage.
#[derive(Debug)]
pub struct Admin(pub Actor);

fn at_least(parts: &Parts, role: Role) -> Answer<Actor> {
    let actor = parts.extensions.get::<Actor>().ok_or_else(Problem::unauthenticated)?;
    if actor.role >= role { Ok(actor.clone()) } else { Err(Problem::forbidden(role.word())) }
}

macro_rules! extractor {
    ($name:ident) => {
        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;
            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                at_least(parts, Role::$name).map(Self)
            }
        }
    };
}
extractor!(Viewer);
extractor!(Operator);
extractor!(Admin);

/// Where a request comes from. A reverse proxy on this machine says whom it speaks for, as the last
/// entry of `X-Forwarded-For`: the ones before it are whatever the client wrote. Nobody else is
/// believed.
#[derive(Debug)]
pub struct Address(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Ok(Self("unknown".to_owned()));
        };
        Ok(Self(origin(peer.ip(), &parts.headers).to_string()))
    }
}

fn origin(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !peer.to_canonical().is_loopback() {
        return peer;
    }
    // Several lines are one list: the last line's last entry is the one that the proxy wrote.
    let last = headers.get_all(FORWARDED_HEADER).iter().next_back().and_then(|v| v.to_str().ok());
    let last = last.and_then(|all| all.rsplit(',').next()).map(str::trim);
    last.and_then(|address| address.parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_from_a_bearer_scheme_in_any_case_and_from_no_other() {
        for (given, expected) in [
            ("Bearer mfa_1", "mfa_1"),
            ("bearer mfa_1", "mfa_1"),
            ("BEARER  mfa_1", "mfa_1"),
            ("Basic mfa_1", ""),
            ("mfa_1", ""),
            ("Bearer", ""),
            ("", ""),
        ] {
            assert_eq!(bearer(given), expected, "{given}");
        }
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_only_its_own_word() {
        let of = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_HEADER, HeaderValue::from_str(line).unwrap());
            }
            origin(peer.parse().unwrap(), &headers).to_string()
        };
        for (peer, lines, expected) in [
            ("127.0.0.1", &["192.0.2.7"][..], "192.0.2.7"),
            ("127.0.0.1", &["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
            ("127.0.0.1", &["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::ffff:127.0.0.1", &["192.0.2.7"], "192.0.2.7"),
            ("127.0.0.1", &["192.0.2.7, nonsense"], "127.0.0.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("192.0.2.9", &["198.51.100.1"], "192.0.2.9"),
        ] {
            assert_eq!(of(peer, lines), expected, "{peer} {lines:?}");
        }
    }
}
