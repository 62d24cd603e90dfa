//! Content goes out by chunks, to displays for which there is no prepared delta: the indexes of files,
//! and ranges of them in one stream. Everything that is asked for is checked before the first byte.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use migrado_content::chunks::Asked;
use migrado_content::digest::Digest;
use migrado_content::limits::{INDEXES_MAX, RANGES_BYTES_MAX, RANGES_MAX};
use serde::Deserialize;

use super::extract::Json;
use super::problem::{Answer, FieldError, Problem};
use super::state::ApiState;
use super::terminal_identity::Admitted;
use crate::releases::indexes::Found;

/// Bytes of a question: as many ranges as there may be, at 110 bytes each, and the spaces that somebody
/// puts between them.
pub const QUESTION_BYTES_MAX: usize = 512 * 1024;
/// Seconds after which an index in the making is asked for again.
const MAKING_S: u64 = 2;
/// Seconds after which a display asks again while too many are served.
const BUSY_S: u64 = 15;

/// Files whose indexes somebody wants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    objects: Vec<Digest>,
}

/// The indexes of objects, one after the other.
pub async fn indexes(
    State(state): State<ApiState>,
    _: Admitted,
    Json(wanted): Json<Wanted>,
) -> Answer<Response> {
    each_once(&wanted.objects)?;
    let indexes = state.releases.indexes().clone();
    for object in &wanted.objects {
        match indexes.find(*object) {
            Found::Soon => {}
            Found::Never => return Err(Problem::not_found(&format!("object: {object}"))),
            Found::Making => {
                let detail = format!("The index of {object} is being made; ask again, or fetch the object.");
                let problem = Problem::new(StatusCode::NOT_FOUND, "index_in_the_making", detail);
                return Err(Problem { retry_after_s: Some(MAKING_S), ..problem });
            }
        }
    }
    let parts = stream::try_unfold(wanted.objects.into_iter(), move |mut objects| {
        let indexes = indexes.clone();
        async move {
            let Some(object) = objects.next() else { return Ok(None) };
            let index = indexes.of(object).await.map_err(Box::new)?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Some((index, objects)))
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(parts)).into_response())
}

/// Ranges of objects, in the order asked, as one zstd stream.
pub async fn ranges(
    State(state): State<ApiState>,
    _: Admitted,
    Json(asked): Json<Vec<Asked>>,
) -> Answer<Response> {
    check(&asked, |object| state.releases.objects().size(object))?;
    let Some(parts) = state.releases.ranges().stream(asked) else {
        let detail = "Too many displays are served at once; ask again.";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail);
        return Err(Problem { retry_after_s: Some(BUSY_S), ..problem });
    };
    Ok(([(header::CONTENT_TYPE, "application/zstd")], Body::from_stream(parts)).into_response())
}

/// Refuses too many objects, and one that stands twice. Pure.
fn each_once(objects: &[Digest]) -> Answer<()> {
    if objects.len() > INDEXES_MAX {
        let message = format!("{} objects; ask for {INDEXES_MAX} at a time", objects.len());
        return Err(Problem::field("/objects", message));
    }
    let mut seen = BTreeSet::new();
    match objects.iter().enumerate().find(|(_, object)| !seen.insert(**object)) {
        None => Ok(()),
        Some((n, object)) => {
            let message = format!("{object} stands twice; name each object once");
            Err(Problem::field(&format!("/objects/{n}"), message))
        }
    }
}

/// Refuses ranges that are too many or that their objects do not have. Pure, over the sizes.
fn check(asked: &[Asked], size: impl Fn(&Digest) -> Option<u64>) -> Answer<()> {
    if asked.len() > RANGES_MAX {
        return Err(Problem::field("", format!("{} ranges; ask for {RANGES_MAX} at a time", asked.len())));
    }
    let mut left = RANGES_BYTES_MAX;
    for (n, (object, offset, length)) in asked.iter().enumerate() {
        let wrong = |at: usize, message: String| {
            let pointer = format!("/{n}/{at}");
            Problem::invalid(vec![FieldError { pointer, message }])
        };
        let Some(size) = size(object) else { return Err(Problem::not_found(&format!("object: {object}"))) };
        if *length == 0 {
            return Err(wrong(2, "a range has at least one byte".to_owned()));
        }
        if offset.checked_add(*length).is_none_or(|end| end > size) {
            return Err(wrong(2, format!("{object} has {size} bytes, the range ends behind them")));
        }
        left = left.checked_sub(*length).ok_or_else(|| {
            wrong(2, format!("more than {RANGES_BYTES_MAX} bytes until here; ask for the others next"))
        })?;
    }
    Ok(())
}
