//! The files of a release for the page: read on request, a piece at a time, and never from outside of
//! its folder. Below the folder no symlink is followed: a release has none, so one is not its own.

use std::fs::File;
use std::io;
use std::path::Path;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::range::{Wanted, wanted};

/// Bytes that are read at once: a video is sent in pieces of this, and no more of it is in memory.
const PIECE_BYTES: usize = 64 * 1024;

/// Files of a release are data: whatever they say, nothing in them runs or loads more.
static DATA_ONLY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// The kinds of files that a release has, by their ending. Anything else is bytes without a meaning,
/// which the browser neither runs nor shows.
const KINDS: [(&str, &str); 12] = [
    ("json", "application/json"),
    ("html", "text/html; charset=utf-8"),
    ("ftl", "text/plain; charset=utf-8"),
    ("pdf", "application/pdf"),
    ("webm", "video/webm"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("mkv", "video/x-matroska"),
];

/// The kind of a file, by its name.
fn kind(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    KINDS.iter().find(|(e, _)| *e == ending).map_or("application/octet-stream", |(_, kind)| kind)
}

/// Opens a file of a release: a regular one, inside of its folder, reached without a symlink.
///
/// # Errors
/// When the path is not safe (`InvalidInput`), or there is no such file.
pub fn open(folder: &Path, path: &str) -> io::Result<(File, u64)> {
    migrado_content::path::check(path)
        .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why.to_string()))?;
    // The folder itself may be named by a link; below it none is followed.
    let root = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    // Nonblocking: a pipe in the place of a file must not hold anybody.
    let how = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let file = File::from(rustix::fs::openat2(&root, path, how, Mode::empty(), within)?);
    let meta = file.metadata()?;
    if meta.is_file() {
        return Ok((file, meta.len()));
    }
    Err(io::Error::new(io::ErrorKind::NotFound, format!("{path} is no file")))
}

/// The answer for a file of a release. `path` is as the release names it.
pub async fn file(folder: &Path, path: &str, request: &HeaderMap) -> Response {
    let (file, size) = match open(folder, path) {
        Ok(opened) => opened,
        Err(error) => return refused(&error),
    };
    let range = request.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (from, length, status) = match wanted(range, size) {
        Wanted::Whole => (0, size, StatusCode::OK),
        Wanted::Part { from, to } => (from, to - from + 1, StatusCode::PARTIAL_CONTENT),
        Wanted::Beyond => {
            let sizes = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, sizes).into_response();
        }
    };
    let mut file = tokio::fs::File::from_std(file);
    if from > 0
        && let Err(error) = file.seek(io::SeekFrom::Start(from)).await
    {
        return refused(&error);
    }
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), PIECE_BYTES));
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_SECURITY_POLICY, DATA_ONLY.clone());
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = HeaderValue::try_from(format!("bytes {from}-{}/{size}", from + length - 1))
    {
        headers.insert(header::CONTENT_RANGE, value);
    }
    response
}

/// What is not there, is not safe or leads elsewhere is all the same to who asks: not found. A disk
/// that fails is told as what it is.
fn refused(error: &io::Error) -> Response {
    let links = [rustix::io::Errno::LOOP, rustix::io::Errno::XDEV].map(|e| Some(e.raw_os_error()));
    let status = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => {
            StatusCode::NOT_FOUND
        }
        _ if links.contains(&error.raw_os_error()) => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    status.into_response()
}

#[cfg(test)]
#[path = "release_tests.rs"]
mod tests;
