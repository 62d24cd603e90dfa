//! Refusals as RFC 9457 `application/problem+json`: a stable code, what is wrong, and what to do.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::auth::password::PasswordError;
use crate::commands::plan::Mistake;
use crate::store::StoreError;

/// What a refusal is.
const PROBLEM: &[u8] = b"application/problem+json";

/// A mistake in one place of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer into the request's body, or the parameter's name.
    pub pointer: String,
    /// What to do.
    pub message: String,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Stable name of the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// The kind for programs.
    pub code: String,
    /// What is wrong here and what to do.
    pub detail: String,
    /// Every mistake of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

impl Problem {
    /// A refusal of this kind.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:migrado:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Refused").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// The request has mistakes in its fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = "The request has mistakes; correct what is named in errors.";
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail) }
    }

    /// One field is wrong.
    pub fn field(pointer: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { pointer: pointer.to_owned(), message: message.into() }])
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    /// Nobody is logged in.
    pub fn unauthenticated() -> Self {
        let detail = "Log in, or send an API token as \"Authorization: Bearer mfa_...\".";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// The account may not do this.
    pub fn forbidden(needs: &str) -> Self {
        let detail = format!("This needs the role {needs}; ask an administrator.");
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// Too many attempts.
    pub fn too_many(wait_ms: i64) -> Self {
        let seconds = u64::try_from((wait_ms + 999) / 1000).unwrap_or(1).max(1);
        let detail = format!("Too many failed attempts; try again in {seconds} seconds.");
        Self {
            retry_after_s: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail)
        }
    }

    /// The fault is on this side; the cause stands in the log, not in the answer.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push_str(&format!(": {cause}"));
            next = cause.source();
        }
        tracing::error!(error = %causes, "a request failed");
        let detail = "The controller could not do it; its log says why. Nothing was changed.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        Self::internal(&error)
    }
}

impl From<Vec<Mistake>> for Problem {
    fn from(mistakes: Vec<Mistake>) -> Self {
        let error = |m: Mistake| FieldError { pointer: m.pointer.to_owned(), message: m.message };
        Self::invalid(mistakes.into_iter().map(error).collect())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after_s;
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Says every refusal below as a problem, also those that no handler made: an unknown address, a
/// method that it does not have, a body too large or not to be read.
pub async fn everywhere(request: Request, next: Next) -> Response {
    let api = ["/api/", "/terminal/"].iter().any(|begin| request.uri().path().starts_with(begin));
    let response = next.run(request).await;
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    let told =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(PROBLEM));
    if !api || !refused || told {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method_not_allowed", "This address does not take this method; Allow names those that it takes.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The body is larger than this address takes."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "This address takes another type."),
        StatusCode::BAD_REQUEST => ("unreadable", "The request cannot be read as what this address takes."),
        _ if status.is_server_error() => ("internal", "The controller could not do it; its log says why."),
        _ => ("refused", "The request was refused."),
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut response = Problem::new(status, code, detail).into_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// What a handler gives.
pub type Answer<T> = Result<T, Problem>;
