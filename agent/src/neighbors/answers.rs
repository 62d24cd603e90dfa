//! What a display answers a neighbor: how far it is with a release, and a verified object from any
//! byte on. Reading alone; whoever asks has been let in by TLS already. Decides nothing about
//! releases: everything in the store is verified and public, and a part on its way is never found.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use futures_util::{TryStreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Method, Request, Response, StatusCode, header};
use migrado_content::digest::Digest;
use migrado_content::store::Store as Content;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::bucket::{Bucket, RATE, RATE_IN_VISIT};
use super::{OBJECTS, RELEASES, Serving};
use crate::kiosk::Kiosk;

/// Objects that are given at once. Whoever asks for more is told to come again.
pub const TRANSFERS_MAX: usize = 4;
/// Seconds after which a place may be free.
const AGAIN_S: u32 = 1;
/// Bytes that are read and sent at once.
const PIECE_BYTES: usize = 64 * 1024;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What all connections answer from.
#[derive(Debug)]
pub struct Host {
    content: Arc<Content>,
    serving: watch::Receiver<Serving>,
    kiosk: Kiosk,
    bucket: Mutex<Bucket>,
    transfers: Arc<Semaphore>,
}

impl Host {
    /// Answers from what is kept, and gives it slowly while a visit is under way.
    pub fn new(content: Arc<Content>, serving: watch::Receiver<Serving>, kiosk: Kiosk) -> Arc<Self> {
        let (bucket, transfers) = (Bucket::new(Instant::now()), Semaphore::new(TRANSFERS_MAX));
        let (bucket, transfers) = (Mutex::new(bucket), Arc::new(transfers));
        Arc::new(Self { content, serving, kiosk, bucket, transfers })
    }

    /// Waits until these bytes may go out.
    async fn pace(&self, bytes: usize) {
        let rate = if self.kiosk.session_running() { RATE_IN_VISIT } else { RATE };
        let wait = {
            let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
            bucket.take(bytes as u64, rate, Instant::now())
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

/// Answers one request.
pub async fn answer(host: Arc<Host>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    if request.method() != Method::GET {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED));
    }
    let path = request.uri().path();
    if let Some(manifest) = path.strip_prefix(RELEASES) {
        let word = host.serving.borrow().word(manifest);
        let told = serde_json::to_vec(&word).unwrap_or_default();
        let mut response = Response::new(Full::from(told).map_err(|never| match never {}).boxed_unsync());
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        return Ok(response);
    }
    let Some(object) = path.strip_prefix(OBJECTS).and_then(|text| text.parse::<Digest>().ok()) else {
        return Ok(plain(StatusCode::NOT_FOUND));
    };
    let range = request.headers().get(header::RANGE).and_then(|range| range.to_str().ok());
    let begins = range.and_then(begins_at).unwrap_or(0);
    Ok(give(host, object, begins).await)
}

/// The byte from which on somebody asks. Other ranges than that are answered with everything.
fn begins_at(range: &str) -> Option<u64> {
    range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

async fn give(host: Arc<Host>, object: Digest, begins: u64) -> Response<Body> {
    let Ok(place) = host.transfers.clone().try_acquire_owned() else {
        let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
        response.headers_mut().insert(header::RETRY_AFTER, AGAIN_S.into());
        return response;
    };
    let content = host.content.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let found = content.find(&object)?;
        Ok::<_, migrado_content::store::StoreError>(found)
    });
    let (file, size) = match opened.await {
        Ok(Ok(Some(found))) => found,
        Ok(Ok(None)) => return plain(StatusCode::NOT_FOUND),
        Ok(Err(error)) => {
            tracing::warn!(%error, %object, "an object cannot be given to a neighbor");
            return plain(StatusCode::INTERNAL_SERVER_ERROR);
        }
        Err(_) => return plain(StatusCode::INTERNAL_SERVER_ERROR),
    };
    if begins > 0 && begins >= size {
        return plain(StatusCode::RANGE_NOT_SATISFIABLE);
    }
    let giving = Giving { file, at: begins, left: size - begins, host, _place: place };
    let pieces = stream::try_unfold(giving, Giving::piece).map_ok(Frame::data);
    let mut response = Response::new(StreamBody::new(pieces).boxed_unsync());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, (size - begins).into());
    if begins > 0 {
        let range = format!("bytes {begins}-{}/{size}", size.saturating_sub(1));
        if let Ok(range) = header::HeaderValue::from_str(&range) {
            headers.insert(header::CONTENT_RANGE, range);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
    }
    response
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

/// An object on its way out.
struct Giving {
    file: File,
    at: u64,
    left: u64,
    host: Arc<Host>,
    /// Held until everything is out.
    _place: OwnedSemaphorePermit,
}

impl Giving {
    /// The next piece, when it may go; `None` at the end.
    async fn piece(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; length];
            self.file.seek(SeekFrom::Start(self.at))?;
            self.file.read_exact(&mut piece)?;
            Ok::<_, io::Error>((piece, self))
        });
        let (piece, mut rest) = read.await.map_err(io::Error::other)??;
        rest.at += piece.len() as u64;
        rest.left -= piece.len() as u64;
        rest.host.pace(piece.len()).await;
        Ok(Some((Bytes::from(piece), rest)))
    }
}
