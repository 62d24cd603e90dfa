//! The door of the page's server, before its routes: who may speak ([`migrado_page::guard`]), what every
//! answer bears, and the heartbeat. A display at rest hears nothing else, 720 times an hour, so that
//! one is answered here and takes none of the way through routes and extractors.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrado_page::guard;
use serde::Deserialize;
use tower::Service;

use super::server::BODY_BYTES_MAX;
use super::{Kiosk, said};
use crate::platform::clock;

/// Where the page says that it is there.
const HEARTBEAT: &str = "/api/heartbeat";

/// Everything that the page's server answers.
#[derive(Debug, Clone)]
pub(super) struct Front {
    /// What is not answered here.
    pub(super) routes: Router,
    /// Who hears heartbeats.
    pub(super) kiosk: Kiosk,
    /// The server's own.
    pub(super) port: u16,
}

#[derive(Debug, Deserialize)]
struct Heartbeat<'a> {
    #[serde(borrow)]
    build: Cow<'a, str>,
    /// Made anew at each load of the page; older pages do not tell it.
    #[serde(borrow, default)]
    load: Cow<'a, str>,
    #[serde(borrow, default)]
    route: Cow<'a, str>,
    /// The release that it has drawn.
    #[serde(borrow, default)]
    release: Option<Cow<'a, str>>,
    /// Why it could not draw one.
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    visible: bool,
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.clone().answer(request).map(Ok).boxed()
    }
}

impl Front {
    async fn answer(mut self, request: Request) -> Response {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        let mut response = match guard::admit(peer, request.headers(), self.port) {
            Ok(()) if request.method() == Method::POST && request.uri().path() == HEARTBEAT => {
                match self.hear(request).await {
                    // There is no content that headers could guard.
                    StatusCode::NO_CONTENT => return StatusCode::NO_CONTENT.into_response(),
                    refused => refused.into_response(),
                }
            }
            Ok(()) => {
                let Ok(response) = self.routes.call(request).await;
                response
            }
            Err(reason) => {
                tracing::warn!(?peer, reason, "request to the page refused");
                (StatusCode::FORBIDDEN, reason).into_response()
            }
        };
        guard::secure(&mut response);
        response
    }

    async fn hear(&self, request: Request) -> StatusCode {
        if !is_json(request.headers()) {
            return StatusCode::UNSUPPORTED_MEDIA_TYPE;
        }
        let Ok(body) = to_bytes(request.into_body(), BODY_BYTES_MAX).await else {
            return StatusCode::PAYLOAD_TOO_LARGE;
        };
        let Ok(beat) = serde_json::from_slice::<Heartbeat<'_>>(&body) else {
            return StatusCode::UNPROCESSABLE_ENTITY;
        };
        tracing::trace!(route = &*beat.route, visible = beat.visible, "heartbeat");
        // A page that nobody sees is no page.
        if beat.visible {
            let said = said::Beat {
                build: &beat.build,
                load: &beat.load,
                route: &beat.route,
                release: beat.release.as_deref(),
                error: beat.error.as_deref(),
            };
            self.kiosk.heartbeat(said, clock::now_ms());
        }
        StatusCode::NO_CONTENT
    }
}

/// No web page from elsewhere can send this without being asked first whether it may.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let bare = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    bare.trim().eq_ignore_ascii_case("application/json")
}
