//! Reading requests: JSON with the place of a mistake, queries, preconditions; writing `ETags`.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::problem::{Answer, FieldError, Problem};

/// Items of a list when nobody asks for a number.
const LIMIT_DEFAULT: u32 = 100;

/// Items of a list at most.
pub const LIMIT_MAX: u32 = 500;

/// A body of JSON.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.split(';').next().is_some_and(|v| v.trim() == "application/json"));
        if !json {
            let detail = "Send the body as Content-Type: application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let detail = format!("The body could not be read: {}.", rejection.body_text());
            Problem::new(rejection.status(), "body_unreadable", detail)
        })?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut reader).map(Self).map_err(|error| {
            let pointer = pointer(error.path());
            Problem {
                errors: vec![FieldError { pointer, message: error.inner().to_string() }],
                ..Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid",
                    "The body is not what this address takes; correct what is named in errors.",
                )
            }
        })
    }
}

/// The place of a mistake as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for step in path {
        match step {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")))
            }
            // What a value was taken for is no step into it.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Parameters behind the question mark.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => Err(Problem::field("?", rejection.body_text())),
        }
    }
}

/// How many items a list gives.
pub fn limit(asked: Option<u32>) -> Answer<usize> {
    match asked {
        Some(0) => Err(Problem::field("limit", format!("use 1 to {LIMIT_MAX}"))),
        asked => Ok(asked.unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX) as usize),
    }
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins (`after=`); null on the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts a list that was read with one item more than asked for.
    pub fn cut(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// The strong `ETag` of a revision.
pub fn etag(revision: impl std::fmt::Display) -> String {
    format!("\"{revision}\"")
}

/// A resource with its `ETag`.
#[derive(Debug)]
pub struct Tagged<T>(pub T, pub String);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.0).into_response();
        if let Ok(value) = HeaderValue::from_str(&self.1) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response
    }
}

/// Holds a change against the resource as it is: 428 without `If-Match`, 412 when it is another.
pub fn require_match(headers: &HeaderMap, current: &str) -> Answer<()> {
    let Some(given) = headers.get(header::IF_MATCH) else {
        let detail = "Send the ETag of what you read as If-Match, so that nobody's change is overwritten.";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "if_match_required", detail));
    };
    let given = given.to_str().unwrap_or_default();
    if given.split(',').map(str::trim).any(|tag| tag == "*" || tag == current) {
        Ok(())
    } else {
        Err(changed_meanwhile())
    }
}

/// Somebody else changed the resource.
pub fn changed_meanwhile() -> Problem {
    let detail = "It was changed meanwhile; read it again and decide anew.";
    Problem::new(StatusCode::PRECONDITION_FAILED, "changed_meanwhile", detail)
}
