//! What a preview serves on loopback: the visitor's page, told the state of a display that is well. Its
//! session is that of the browser before it; nothing is printed and nothing is counted.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Json, OriginalUri, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use migrado_page::view::{Shown, State as Display, View};
use migrado_page::{assets, guard, release};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::exit::{Code, Failure};
use crate::output;

/// Seconds without a touch that end a session: a day, because an editor goes back and forth.
const IDLE_S: u32 = 24 * 60 * 60;

/// What is shown now.
#[derive(Debug, Clone, Default)]
pub(super) struct Served {
    number: u64,
    folder: Option<PathBuf>,
    session: Option<String>,
    error: Option<String>,
}

impl Served {
    /// Shows a build.
    pub(super) fn show(&mut self, number: u64, folder: PathBuf) {
        (self.number, self.folder) = (number, Some(folder));
    }

    /// Whether there is a build to show.
    pub(super) fn has_release(&self) -> bool {
        self.folder.is_some()
    }

    /// What the page is told. It loads itself anew with each build, so that also a running session
    /// shows the change.
    fn view(&self) -> View {
        let shown = Shown { id: self.number.to_string(), name: format!("preview {}", self.number) };
        View {
            state: Display::Ready,
            terminal: "preview".into(),
            label: "Vorschau".into(),
            site: "Vorschau / preview".into(),
            languages: self.languages(),
            idle_s: IDLE_S,
            session: self.session.clone(),
            identify: false,
            load: self.number,
            controller_online: false,
            release: self.folder.is_some().then_some(shown),
            recalled: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// All of the release, so that each can be looked at.
    fn languages(&self) -> Vec<String> {
        let index =
            self.folder.as_ref().and_then(|f| std::fs::read(f.join(migrado_content::index::FILE)).ok());
        let index: Option<migrado_content::index::Release> =
            index.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        index.into_iter().flat_map(|release| release.languages).map(|language| language.code).collect()
    }
}

type Shared = Arc<watch::Sender<Served>>;

/// Serves until the process ends.
pub(super) async fn serve(listener: TcpListener, shown: Shared) -> Result<Code, Failure> {
    let failed = |e: std::io::Error| Failure::failed(format!("the preview ended: {e}"));
    let port = listener.local_addr().map_err(failed)?.port();
    let door = from_fn(move |request: Request, next: Next| admit(port, request, next));
    let service = routes(shown).layer(door).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.map_err(failed)?;
    Ok(Code::Ok)
}

async fn admit(port: u16, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let mut response = match guard::admit(peer, request.headers(), port) {
        Ok(()) => next.run(request).await,
        Err(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
    };
    guard::secure(&mut response);
    response
}

fn routes(shown: Shared) -> Router {
    Router::new()
        .route("/api/view", get(async |State(shown): State<Shared>| Json(shown.borrow().view())))
        .route("/api/events", get(events))
        .route("/api/session", post(begin).delete(end))
        .route("/api/session/renew", post(async || StatusCode::NO_CONTENT))
        .route("/api/heartbeat", post(hear))
        .route("/api/forms/{id}/print", post(nothing_is_printed))
        .route("/release/{id}/{*path}", get(file))
        .fallback(get(async |OriginalUri(uri): OriginalUri| assets::file(uri.path())))
        .with_state(shown)
}

async fn events(State(shown): State<Shared>) -> Response {
    let mut news = shown.subscribe();
    news.mark_changed();
    let changes = stream::unfold(news, async |mut news| {
        news.changed().await.ok()?;
        let view = news.borrow_and_update().view();
        let event = Event::default().event("view").json_data(&view).ok()?;
        Some((Ok::<_, Infallible>(event), news))
    });
    Sse::new(changes).into_response()
}

async fn begin(State(shown): State<Shared>, Json(begin): Json<Value>) -> Response {
    let Some(language) = begin["language"].as_str().map(str::to_owned) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    shown.send_modify(|served| served.session = Some(language));
    Json(json!({ "lease_s": IDLE_S })).into_response()
}

async fn end(State(shown): State<Shared>) -> StatusCode {
    shown.send_modify(|served| served.session = None);
    StatusCode::NO_CONTENT
}

/// The page says here why it cannot draw a release; the editor reads it in the terminal, once.
async fn hear(State(shown): State<Shared>, Json(beat): Json<Value>) -> StatusCode {
    let error = beat["error"].as_str().map(str::to_owned);
    if let Some(error) = error.as_ref().filter(|error| shown.borrow().error.as_ref() != Some(*error)) {
        output::say(&format!("the page cannot show the release: {error}"));
    }
    shown.send_if_modified(|served| {
        served.error = error;
        false
    });
    StatusCode::NO_CONTENT
}

async fn nothing_is_printed() -> Response {
    let problem = Json(json!({ "code": "preview", "detail": "preview: nothing is printed" }));
    (StatusCode::CONFLICT, [(header::CONTENT_TYPE, "application/problem+json")], problem).into_response()
}

async fn file(
    State(shown): State<Shared>,
    Path((id, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let folder = {
        let served = shown.borrow();
        served.folder.clone().filter(|_| served.number.to_string() == id)
    };
    match folder {
        Some(folder) => release::file(&folder, &path, &headers).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
