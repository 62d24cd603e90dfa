//! The loopback server of the visitor's page: its files, what it shows ([`super::view`]) and the
//! session. It translates HTTP to [`Kiosk`] and decides nothing; who may speak to it, and the
//! heartbeat, are `front`'s part.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Json, OriginalUri, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, ServiceExt};
use futures_util::StreamExt as _;
use migrado_page::view::{Job, View};
use migrado_page::{assets, release};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_stream::wrappers::WatchStream;

use super::forms::Refusal;
use super::front::Front;
use super::view;
use super::{EndCause, Kiosk};

/// Streams at once: one page, its reload, and somebody who looks.
const STREAMS_MAX: usize = 8;
/// Bytes of a request: its words are short.
pub(super) const BODY_BYTES_MAX: usize = 4 * 1024;
/// Characters of a language tag; BCP 47 recommends room for 35.
const LANGUAGE_CHARS_MAX: usize = 35;

/// The server could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} the page's address {listen}")]
pub struct ServeError {
    operation: &'static str,
    listen: SocketAddr,
    #[source]
    source: std::io::Error,
}

#[derive(Debug, Clone)]
struct Page {
    kiosk: Kiosk,
    streams: Arc<Semaphore>,
}

#[derive(Debug, Deserialize)]
struct Begin {
    language: String,
}

#[derive(Debug, Deserialize)]
struct Print {
    copies: u32,
}

#[derive(Debug, Serialize)]
struct Problem {
    code: &'static str,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Lease {
    lease_s: u32,
}

/// Takes the address, so that a taken one is known at start.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(listen).await.map_err(|source| ServeError { operation: "take", listen, source })
}

/// Serves the page for as long as the process lives, keeps the time of its sessions, and prints
/// what they ask for.
pub async fn serve(listener: TcpListener, kiosk: Kiosk) {
    let Ok(listen) = listener.local_addr() else { return };
    let front = Front { routes: routes(kiosk.clone()), kiosk: kiosk.clone(), port: listen.port() };
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(front);
    // Cancel-safe: all run for ever and are dropped together.
    tokio::select! {
        () = kiosk.keep_time() => {}
        () = kiosk.keep_printing() => {}
        ended = axum::serve(listener, service) => if let Err(error) = ended {
            tracing::error!(%error, "the page's server ended");
        }
    }
}

fn routes(kiosk: Kiosk) -> Router {
    Router::new()
        .route("/api/view", get(current))
        .route("/api/events", get(events))
        .route("/api/session", post(begin).delete(end))
        .route("/api/session/renew", post(renew))
        .route("/api/forms/{id}/print", post(print))
        .route("/api/jobs/{id}", get(job))
        .route("/release/{id}/{*path}", get(file))
        .route("/healthz", get(async || "ok\n"))
        .fallback(get(async |OriginalUri(uri): OriginalUri| assets::file(uri.path())))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Page { kiosk, streams: Arc::new(Semaphore::new(STREAMS_MAX)) })
}

async fn current(State(page): State<Page>) -> Json<View> {
    Json(page.kiosk.view())
}

/// The view, and every change of it. Sends nothing in between: the page knows by its heartbeat
/// whether the agent is there, so an idle display wakes nobody.
async fn events(State(page): State<Page>) -> Response {
    let Ok(permit) = page.streams.try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut shown: Option<View> = None;
    let changes = WatchStream::new(page.kiosk.model()).filter_map(move |model| {
        let _held = &permit;
        let view = view::view(&model);
        let event = (shown.as_ref() != Some(&view))
            .then(|| Event::default().event("view").json_data(&view).ok())
            .flatten()
            .map(Ok::<_, Infallible>);
        shown = Some(view);
        std::future::ready(event)
    });
    Sse::new(changes).into_response()
}

async fn begin(State(page): State<Page>, Json(begin): Json<Begin>) -> Response {
    let language = begin.language;
    let is_tag = (2..=LANGUAGE_CHARS_MAX).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_tag {
        return (StatusCode::UNPROCESSABLE_ENTITY, "not a language tag").into_response();
    }
    match page.kiosk.begin_session(&language) {
        Some(lease_s) => Json(Lease { lease_s }).into_response(),
        None => StatusCode::TOO_MANY_REQUESTS.into_response(),
    }
}

async fn renew(State(page): State<Page>) -> StatusCode {
    // 409: it has ended meanwhile; the page begins anew.
    if page.kiosk.renew_session() { StatusCode::NO_CONTENT } else { StatusCode::CONFLICT }
}

async fn end(State(page): State<Page>) -> StatusCode {
    page.kiosk.end_session(EndCause::Visitor);
    StatusCode::NO_CONTENT
}

async fn print(State(page): State<Page>, Path(id): Path<String>, Json(print): Json<Print>) -> Response {
    match page.kiosk.print_form(&id, print.copies).await {
        Ok(job) => (StatusCode::ACCEPTED, Json(job)).into_response(),
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> Response {
    let (code, status) = refusal.answer();
    let problem = Json(Problem { code, detail: refusal.to_string() });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], problem).into_response()
}

async fn job(State(page): State<Page>, Path(id): Path<u32>) -> Result<Json<Job>, StatusCode> {
    page.kiosk.job(id).map(Json).ok_or(StatusCode::NOT_FOUND)
}

/// A file of a release that is in service, or was before.
async fn file(
    State(page): State<Page>,
    Path((id, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match page.kiosk.release(&id) {
        Some(shown) => release::file(&shown.folder, &path, &headers).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
