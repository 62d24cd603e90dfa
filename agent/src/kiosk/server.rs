//! The loopback server of the visitor's page. Answers only this display: the peer, the `Host` and the
//! `Origin` must be loopback. Everything is embedded, nothing is loaded from elsewhere.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Json, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::{Stream, StreamExt as _};
use migrado_protocol::usage::Counter;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_stream::wrappers::WatchStream;

use super::{Kiosk, View};

/// Bytes of a request: the page says very little.
const BODY_BYTES_MAX: usize = 4096;
/// Characters of the page's build.
const BUILD_CHARS_MAX: usize = 64;
/// Nothing but what this server gives.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Takes the address.
pub async fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(listen).await
}

/// Serves for as long as the process lives.
pub async fn serve(listener: TcpListener, kiosk: Kiosk) {
    if let Err(error) = axum::serve(listener, router(kiosk)).await {
        tracing::error!(%error, "the page is not served any more");
    }
}

fn router(kiosk: Kiosk) -> Router {
    let text = |kind: &'static str, body: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], body) })
    };
    Router::new()
        .route("/", text("text/html; charset=utf-8", include_str!("page.html")))
        .route("/page.css", text("text/css; charset=utf-8", include_str!("page.css")))
        .route("/page.js", text("text/javascript; charset=utf-8", include_str!("page.js")))
        .route("/healthz", get(|| async { "ok" }))
        .route("/api/view", get(view))
        .route("/api/events", get(events))
        .route("/api/heartbeat", post(heartbeat))
        .route("/api/session", post(begin).delete(end))
        .route("/api/session/renew", post(renew))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(guard))
        .with_state(kiosk)
}

/// Refuses what does not come from the page, and puts the policy on every answer.
async fn guard(request: Request, next: Next) -> Response {
    let mut answer = if is_ours(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "this page is for this display only").into_response()
    };
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Whether `Host` and, where there is one, `Origin` are loopback: another page in the same browser,
/// or a name that was bent to this address, is not ours.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_loopback = |authority: &str| {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    };
    let origin_is_ours = match headers.get(header::ORIGIN) {
        None => true,
        Some(_) => text(header::ORIGIN)
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(|origin| Some(origin) == text(header::HOST)),
    };
    text(header::HOST).is_some_and(is_loopback) && origin_is_ours
}

async fn view(State(kiosk): State<Kiosk>) -> Json<View> {
    Json(kiosk.view())
}

async fn events(State(kiosk): State<Kiosk>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let views = WatchStream::new(kiosk.changed()).map(move |_| {
        let text = serde_json::to_string(&kiosk.view()).unwrap_or_default();
        Ok(Event::default().data(text))
    });
    Sse::new(views).keep_alive(KeepAlive::default())
}

#[derive(Deserialize)]
struct Heartbeat {
    build: String,
    #[serde(default)]
    visible: bool,
}

async fn heartbeat(State(kiosk): State<Kiosk>, Json(beat): Json<Heartbeat>) -> StatusCode {
    // A page that nobody can see is no sign of life.
    if beat.visible {
        kiosk.heartbeat(beat.build.chars().take(BUILD_CHARS_MAX).collect());
    }
    StatusCode::NO_CONTENT
}

async fn begin(State(kiosk): State<Kiosk>) -> Response {
    leased(kiosk.begin_session())
}

async fn renew(State(kiosk): State<Kiosk>) -> Response {
    leased(kiosk.renew_session())
}

async fn end(State(kiosk): State<Kiosk>) -> StatusCode {
    kiosk.end_with(Counter::SessionsEndedByVisitor);
    StatusCode::NO_CONTENT
}

fn leased(lease_s: Option<u32>) -> Response {
    match lease_s {
        Some(lease_s) => Json(serde_json::json!({ "lease_s": lease_s })).into_response(),
        None => (StatusCode::CONFLICT, "no session can begin or go on now").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_display_itself_is_answered() {
        let table = [
            (Some("127.0.0.1:7080"), None, true),
            (Some("localhost:7080"), Some("http://localhost:7080"), true),
            (Some("127.0.0.1:7080"), Some("http://evil.example"), false),
            (Some("127.0.0.1:7080"), Some("null"), false),
            (Some("evil.example:7080"), None, false),
            (None, None, false),
        ];
        for (host, origin, expected) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            assert_eq!(is_ours(&headers), expected, "{host:?} {origin:?}");
        }
    }
}
