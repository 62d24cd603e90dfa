//! One question to the controller's terminal listener over HTTPS, and its answer: bounded, typed,
//! and with words for every way in which it can fail. Enrolment, renewal and the signing keys ask
//! here; the connection ends with the answer.

use std::error::Error as _;
use std::time::Duration;

use migrado_protocol::limits::clip;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::commands::upload::client;

/// For connecting and answering together; somebody may be waiting in front of the display.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Bytes of an answer: two certificates and some lines, or a whole chain of signing keys.
const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// Words of `application/problem+json` that matter here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    pub(super) code: String,
    title: String,
    detail: String,
}

impl Problem {
    /// What it says, for people.
    pub(super) fn words(&self) -> String {
        clip(if self.detail.is_empty() { &self.title } else { &self.detail })
    }
}

/// The question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The HTTPS client cannot be made.
    #[error("cannot make an HTTPS client")]
    Client(#[source] reqwest::Error),
    /// Nobody answers there, or somebody else.
    #[error("controller {controller} is unreachable: {cause}")]
    Unreachable {
        /// Where.
        controller: String,
        /// Why, the innermost cause.
        cause: String,
    },
    /// The answer broke off, or cannot be understood.
    #[error("controller {controller} gave an answer that cannot be used: {cause}")]
    Answer {
        /// Where.
        controller: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A refusal.
    #[error("the controller refused with status {status} ({code}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Code of the problem.
        code: String,
        /// Its words.
        detail: String,
    },
}

impl AskError {
    /// Whether the controller said that the certificate does not count (any more).
    pub fn is_certificate_refused(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == migrado_protocol::enroll::CERTIFICATE_REFUSED)
    }
}

/// Asks with the certificate of `tls`; `body` is sent as JSON where there is one.
pub(super) async fn ask<T: DeserializeOwned>(
    tls: &rustls::ClientConfig,
    controller: &str,
    method: Method,
    path: &str,
    body: Option<&(impl serde::Serialize + Sync)>,
) -> Result<T, AskError> {
    let client = client(tls, ANSWER_LIMIT).map_err(AskError::Client)?;
    let mut request = client.request(method, format!("https://{controller}{path}"));
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.map_err(|error| AskError::Unreachable {
        controller: controller.to_owned(),
        cause: innermost(&error),
    })?;
    let status = answer.status();
    let unusable = |cause: String| AskError::Answer { controller: controller.to_owned(), cause };
    let body = bounded_body(answer).await.map_err(unusable)?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| unusable(error.to_string()));
    }
    let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
    let detail = problem.words();
    Err(AskError::Refused { status: status.as_u16(), code: clip(&problem.code), detail })
}

/// The body of an answer, as long as it is no larger than any answer of ours.
pub(super) async fn bounded_body(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| innermost(&error))? {
        if body.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
            return Err(format!("it is larger than {ANSWER_BYTES_MAX} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The last cause of an error: the layers above it only name themselves.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut last = error.source();
    while let Some(next) = last.and_then(|e| e.source()) {
        last = Some(next);
    }
    last.map_or_else(|| error.to_string(), ToString::to_string)
}
