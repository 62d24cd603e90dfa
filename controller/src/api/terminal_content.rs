//! Content goes out, to terminals with a certificate that counts: signed lists, objects and prepared
//! deltas, each resumable to the byte. Who may have what is no question here: a release is for
//! everybody, and only who holds the keys can make one.

use std::path::Path as FilePath;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

use migrado_content::manifest::ManifestId;

use super::content::named;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::terminal_identity::Admitted;
use crate::releases::packs::{Found, Way};

/// Seconds after which a pack in the making is asked for again.
const MAKING_S: u64 = 2;

/// A part of a signed list, by the name that The Update Framework gives it.
pub async fn metadata(
    State(state): State<ApiState>,
    _: Admitted,
    Path(name): Path<String>,
    request: Request<Body>,
) -> Answer<Response> {
    let file = state.releases.metadata(&name).ok_or_else(|| Problem::not_found("signed list"))?;
    file_of(&file, "application/json", request).await
}

/// An object.
pub async fn object(
    State(state): State<ApiState>,
    _: Admitted,
    Path(object): Path<String>,
    request: Request<Body>,
) -> Answer<Response> {
    let file = state.releases.objects().path(&named(&object)?);
    file_of(&file, "application/octet-stream", request).await
}

/// The prepared delta from what a terminal has, or from nothing.
pub async fn pack(
    State(state): State<ApiState>,
    _: Admitted,
    Path((base, target)): Path<(String, String)>,
    request: Request<Body>,
) -> Answer<Response> {
    let base = (base != "none").then(|| named(&base)).transpose()?.map(ManifestId::from);
    let way = Way { base, target: named(&target)?.into() };
    let packs = state.releases.packs().clone();
    match packs.find(way) {
        Found::Ready(file) => file_of(&file, "application/octet-stream", request).await,
        Found::Never => Err(Problem::not_found("pack: one of the two releases is not here")),
        Found::Making => {
            let detail = "The pack is being made; ask again, or fetch the objects.";
            Err(Problem {
                retry_after_s: Some(MAKING_S),
                ..Problem::new(StatusCode::NOT_FOUND, "pack_in_the_making", detail)
            })
        }
    }
}

/// A file, or the part of it that is asked for. Its entity tag is that of its length and time: a file
/// that was made anew is another one, and a part of it must not be put behind the old one's.
pub async fn file_of(file: &FilePath, kind: &'static str, mut request: Request<Body>) -> Answer<Response> {
    let missing = || Problem::not_found("file");
    let about = tokio::fs::metadata(file).await.map_err(|_| missing())?;
    let modified = about.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let tag = format!("\"{:x}-{:x}\"", about.len(), modified.map_or(0, |at| at.as_nanos()));
    if matches(request.headers(), &header::IF_NONE_MATCH, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    if request.headers().contains_key(header::IF_RANGE) {
        if !matches(request.headers(), &header::IF_RANGE, &tag) {
            request.headers_mut().remove(header::RANGE);
        }
        // It would be read as a time by who serves the file.
        request.headers_mut().remove(header::IF_RANGE);
    }
    let served = ServeFile::new(file).oneshot(request).await;
    let mut response = served.map_err(|_| missing())?.map(Body::new);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.remove(header::LAST_MODIFIED);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

fn matches(headers: &HeaderMap, name: &header::HeaderName, tag: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(file: &FilePath, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = headers.iter().fold(Request::get("/"), |request, (n, v)| request.header(*n, *v));
        let answer = file_of(file, "application/octet-stream", request.body(Body::empty()).unwrap()).await;
        let response = answer.unwrap_or_else(|problem| problem.into_response());
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec();
        (status, headers, bytes)
    }

    #[tokio::test]
    async fn a_file_goes_on_at_the_byte_where_it_broke_off_unless_it_is_another_one_by_now() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pack");
        std::fs::write(&file, b"0123456789").unwrap();
        let (status, headers, bytes) = ask(&file, &[]).await;
        assert_eq!((status, bytes.as_slice()), (StatusCode::OK, b"0123456789".as_slice()));
        let tag = headers["etag"].to_str().unwrap().to_owned();
        let (status, headers, bytes) = ask(&file, &[("range", "bytes=4-"), ("if-range", &tag)]).await;
        assert_eq!((status, bytes.as_slice()), (StatusCode::PARTIAL_CONTENT, b"456789".as_slice()));
        assert_eq!(headers["content-range"], "bytes 4-9/10");
        assert_eq!(ask(&file, &[("if-none-match", &tag)]).await.0, StatusCode::NOT_MODIFIED);
        assert_eq!(ask(&file, &[("range", "bytes=10-")]).await.0, StatusCode::RANGE_NOT_SATISFIABLE);

        std::fs::write(&file, b"abcdefghijk").unwrap();
        let (status, _, bytes) = ask(&file, &[("range", "bytes=4-"), ("if-range", &tag)]).await;
        assert_eq!((status, bytes.as_slice()), (StatusCode::OK, b"abcdefghijk".as_slice()));
        assert_eq!(ask(&file.join("none"), &[]).await.0, StatusCode::NOT_FOUND);
    }
}
