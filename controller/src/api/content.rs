//! Content comes in: an editor's machine asks what is missing and brings it, part by part; what it
//! signed goes live in `api::releases`. What has been brought does nothing until a signed release
//! names it.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt as _;
use migrado_content::digest::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::Json;
use super::guard::Operator;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use crate::releases::Held;
use crate::releases::objects::{OBJECT_BYTES_MAX, ObjectError, Receiving};

/// Objects that one question may name: a large release is asked for in parts.
const ASKED_MAX: usize = 5_000;
/// Bytes that are gathered before they are written.
const WRITE_BYTES: usize = 1024 * 1024;

/// Bytes of a refused or needless upload that are read: a part, as editors' machines send them.
const DRAIN_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What somebody would bring.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Brings {
    /// SHA-256 of each object, hex; 5,000 at most.
    #[schema(value_type = Vec<String>)]
    objects: Vec<Digest>,
}

/// What of it is not here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Missing {
    /// SHA-256 of each missing object, hex.
    #[schema(value_type = Vec<String>)]
    missing: Vec<Digest>,
}

/// How far the upload of an object is.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadView {
    /// Whether the object is here, whole and verified.
    complete: bool,
    /// Bytes that are here.
    stands: u64,
}

impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        let detail = error.to_string();
        match error {
            ObjectError::Disk { .. } | ObjectError::Folder(_) => Self::internal(&error),
            ObjectError::Wrong { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_bytes", detail),
            ObjectError::Gap { .. } => Self::new(StatusCode::CONFLICT, "upload_stands_elsewhere", detail),
            ObjectError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail),
            ObjectError::NoSpace { .. } => Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", detail),
        }
    }
}

/// Asks which objects are missing here.
#[utoipa::path(post, path = "/api/v1/content/uploads/missing", request_body = Brings, responses((status = 200, body = Missing)))]
pub async fn missing(
    State(state): State<ApiState>,
    Operator(_): Operator,
    Json(brings): Json<Brings>,
) -> Answer<axum::Json<Missing>> {
    if brings.objects.len() > ASKED_MAX {
        return Err(Problem::field("/objects", format!("name {ASKED_MAX} objects at most")));
    }
    let objects = state.releases.objects().clone();
    let missing = blocking(move || {
        let is_missing = |object: &Digest| objects.size(object).is_none();
        Ok(brings.objects.into_iter().filter(is_missing).collect())
    });
    Ok(axum::Json(Missing { missing: missing.await? }))
}

/// How far the upload of an object is, to go on with it.
#[utoipa::path(get, path = "/api/v1/content/objects/{sha256}", responses((status = 200, body = UploadView)))]
pub async fn upload(
    State(state): State<ApiState>,
    Operator(_): Operator,
    Path(object): Path<String>,
) -> Answer<axum::Json<UploadView>> {
    let object = named(&object)?;
    let objects = state.releases.objects();
    let size = objects.size(&object);
    let stands = size.unwrap_or_else(|| objects.stands(&object));
    Ok(axum::Json(UploadView { complete: size.is_some(), stands }))
}

/// Brings an object, or a part of it: with `Content-Range: bytes 100-199/1000` the part that begins
/// at 100 of 1,000. A connection that breaks keeps what has come; ask how far it is and go on there.
/// 201: it is whole. 202: more is to come.
#[utoipa::path(put, path = "/api/v1/content/objects/{sha256}", responses((status = 201, body = UploadView), (status = 202, body = UploadView)))]
pub async fn put_object(
    State(state): State<ApiState>,
    Operator(_): Operator,
    Path(object): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, axum::Json<UploadView>)> {
    let object = named(&object)?;
    let objects = state.releases.objects().clone();
    if let Some(size) = objects.size(&object) {
        drain(body).await;
        return Ok((StatusCode::CREATED, axum::Json(UploadView { complete: true, stands: size })));
    }
    let opened = open(&state, object, &headers).await;
    let (_held, receiving) = match opened {
        Ok(opened) => opened,
        Err(problem) => {
            drain(body).await;
            return Err(problem);
        }
    };
    let receiving = receive(receiving, body).await?;
    let stands = receiving.stands();
    if !receiving.is_whole() {
        return Ok((StatusCode::ACCEPTED, axum::Json(UploadView { complete: false, stands })));
    }
    drop(receiving);
    blocking(move || objects.finish(&object)).await?;
    Ok((StatusCode::CREATED, axum::Json(UploadView { complete: true, stands })))
}

/// Takes an object for this upload, and opens it where the part begins.
async fn open(state: &ApiState, object: Digest, headers: &HeaderMap) -> Answer<(Held, Receiving)> {
    let (begins, total) = part(headers)?;
    let held = state.releases.receiving(object).ok_or_else(|| {
        let detail = "Somebody else is bringing this object right now; try again when that has ended.";
        Problem { retry_after_s: Some(5), ..Problem::new(StatusCode::CONFLICT, "upload_under_way", detail) }
    })?;
    let objects = state.releases.objects().clone();
    let receiving = blocking(move || objects.receive(&object, begins, total)).await?;
    Ok((held, receiving))
}

/// Reads what nobody needs, as far as that is not much: an answer before the request's end breaks the
/// connection, and the client sees that instead of the answer.
async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut read = 0;
    while let (true, Some(Ok(piece))) = (read < DRAIN_BYTES_MAX, stream.next().await) {
        read += piece.len();
    }
}

async fn receive(mut receiving: Receiving, body: Body) -> Answer<Receiving> {
    let mut stream = body.into_data_stream();
    let mut gathered = Vec::new();
    loop {
        let part = stream.next().await.transpose().map_err(|_| {
            let detail = "The upload broke off; ask how far it is and go on there.";
            Problem::new(StatusCode::BAD_REQUEST, "body_unreadable", detail)
        });
        // What has come is kept, also when the rest does not come.
        let (ended, broken) = match part {
            Ok(Some(bytes)) => {
                gathered.extend_from_slice(&bytes);
                (false, None)
            }
            Ok(None) => (true, None),
            Err(problem) => (true, Some(problem)),
        };
        if gathered.len() >= WRITE_BYTES || (ended && !gathered.is_empty()) {
            let bytes = std::mem::take(&mut gathered);
            receiving = blocking(move || receiving.take(&bytes).map(|()| receiving)).await?;
        }
        match (ended, broken) {
            (_, Some(problem)) => return Err(problem),
            (true, None) => return Ok(receiving),
            (false, None) => {}
        }
    }
}

/// An object's name in an address.
pub fn named(text: &str) -> Answer<Digest> {
    text.parse().map_err(|error| Problem::field("sha256", format!("\"{text}\" is {error}")))
}

/// Where the part begins, and how many bytes the whole object has.
fn part(headers: &HeaderMap) -> Answer<(u64, u64)> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(range) = text(header::CONTENT_RANGE) {
        return content_range(range).ok_or_else(|| {
            Problem::field("Content-Range", format!("\"{range}\" is not of the form bytes 100-199/1000"))
        });
    }
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let length = length.ok_or_else(|| {
        let detail = "Send Content-Length, or Content-Range with the length of the whole object.";
        Problem::new(StatusCode::LENGTH_REQUIRED, "length_required", detail)
    })?;
    Ok((0, length))
}

/// Pure: where it begins and how long the whole is.
fn content_range(text: &str) -> Option<(u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, total): (u64, u64, u64) =
        (first.parse().ok()?, last.parse().ok()?, total.parse().ok()?);
    (first <= last && last < total && total <= OBJECT_BYTES_MAX).then_some((first, total))
}

/// Does what waits for the disk where it holds nobody up.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ObjectError> + Send + 'static,
) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::internal(&error))?.map_err(Problem::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_part_is_read_strictly() {
        let rows = [
            ("bytes 0-99/100", Some((0, 100))),
            ("bytes 60-99/100", Some((60, 100))),
            ("bytes 0-0/1", Some((0, 1))),
            ("bytes 5-4/100", None),
            ("bytes 0-100/100", None),
            ("bytes 0-99/*", None),
            ("bytes */100", None),
            ("items 0-99/100", None),
            ("bytes -1-99/100", None),
            ("bytes 0-99", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(content_range(text), expected, "{text}");
        }
    }
}
