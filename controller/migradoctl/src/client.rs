//! The connection to the controller's API: JSON in and out, problems told in the controller's own
//! words with the exit code that fits.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::Connection;
use crate::context::{self, Target};
use crate::exit::{Code, Failure};

/// One answer must be there within this time; streams are not bound by it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// A controller that does not take a connection within this time is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read at most; a page of a list stays far below.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What the controller says when it refuses (RFC 9457).
#[derive(Debug, Deserialize)]
struct Problem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<ProblemError>,
}

#[derive(Debug, Deserialize)]
struct ProblemError {
    #[serde(default)]
    pointer: String,
    #[serde(default)]
    message: String,
}

/// A connection to one controller.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    /// Prepares a connection with a token; nothing is sent yet.
    pub(crate) fn connect(connection: &Connection) -> Result<Self, Failure> {
        let target = context::target(connection)?;
        if target.token.is_none() {
            let hint = "no token: give --token-file or MIGRADO_TOKEN_FILE, or log in with: migradoctl login";
            return Err(Failure::new(Code::Denied, hint));
        }
        Self::to(target)
    }

    /// A connection to a target, with or without a token.
    pub(crate) fn to(target: Target) -> Result<Self, Failure> {
        // A second installation in one process is refused; the first one stands.
        let _already = rustls::crypto::aws_lc_rs::default_provider().install_default().is_err();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("migradoctl/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .cookie_store(true);
        if let Some(pem) = &target.ca_pem {
            let authority = reqwest::Certificate::from_pem(pem.as_bytes())
                .map_err(|e| Failure::usage(format!("the authority is not a PEM certificate: {e}")))?;
            builder = builder.tls_certs_only([authority]);
        }
        let http = builder.build().map_err(|e| Failure::failed(format!("no HTTPS here: {}", causes(&e))))?;
        Ok(Self { http, url: target.url, token: target.token })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        self.send(Method::POST, path, Some(body), headers).await
    }

    /// Puts a part of an object, within the time that a slow line takes for it.
    pub(crate) async fn put_part(
        &self,
        path: &str,
        range: Option<&str>,
        body: reqwest::Body,
        within: Duration,
    ) -> Result<Value, Failure> {
        let mut request = self.request(Method::PUT, path).timeout(within).body(body);
        if let Some(range) = range {
            request = request.header("Content-Range", range);
        }
        let response = refuse(request.send().await.map_err(|e| self.away(&e))?).await?;
        response.json().await.map_err(|e| self.away(&e))
    }

    /// The bytes behind a path; `None` when there is nothing.
    pub(crate) async fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self.text(path).await {
            Ok(text) => Ok(Some(text.into_bytes())),
            Err(failure) if failure.code == Code::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Deletes a resource as it was just read, so that nobody's change is lost.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.over(Method::DELETE, path, None).await
    }

    /// Puts something in place of a resource as it was just read, so that nobody's change is lost.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.over(Method::PUT, path, Some(body)).await
    }

    async fn over(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let current = self
            .request(Method::GET, path)
            .timeout(ANSWER_TIMEOUT)
            .send()
            .await
            .map_err(|e| self.away(&e))?;
        let current = refuse(current).await?;
        let etag = current.headers().get("etag").and_then(|v| v.to_str().ok()).unwrap_or("*").to_owned();
        self.send(method, path, body, &[("If-Match", &etag)]).await
    }

    /// Removes what has no state that somebody could change meanwhile.
    pub(crate) async fn remove(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// Every item of a list, page after page.
    pub(crate) async fn list(&self, path: &str, limit: usize) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = match &after {
                Some(cursor) => self.get(&format!("{path}{mark}after={}", encode(cursor))).await?,
                None => self.get(path).await?,
            };
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            after = page["next"].as_str().map(str::to_owned);
            if after.is_none() || items.len() >= limit {
                items.truncate(limit);
                return Ok(items);
            }
        }
    }

    /// The text behind a path.
    pub(crate) async fn text(&self, path: &str) -> Result<String, Failure> {
        let response = self
            .request(Method::GET, path)
            .timeout(ANSWER_TIMEOUT)
            .send()
            .await
            .map_err(|e| self.away(&e))?;
        refuse(response).await?.text().await.map_err(|e| self.away(&e))
    }

    /// Opens the event stream.
    pub(crate) async fn stream(&self, last_id: Option<&str>) -> Result<Response, Failure> {
        let mut request = self.request(Method::GET, "/api/v1/events").header("Accept", "text/event-stream");
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        refuse(request.send().await.map_err(|e| self.away(&e))?).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        let mut request = self.request(method, path).timeout(ANSWER_TIMEOUT);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = refuse(request.send().await.map_err(|e| self.away(&e))?).await?;
        let bytes = response.bytes().await.map_err(|e| self.away(&e))?;
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(Failure::failed(format!("the answer to {path} has {} bytes, too many", bytes.len())));
        }
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|e| {
            Failure::failed(format!("the answer to {path} is not JSON ({e}); is {} the console?", self.url))
        })
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn away(&self, error: &reqwest::Error) -> Failure {
        let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
        let code = if error.is_timeout() { Code::TimedOut } else { Code::Failed };
        Failure::unanswered(code, format!("the controller at {} {what}: {}", self.url, causes(error)))
    }
}

/// Turns a refusal into a failure with the controller's own words.
async fn refuse(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let code = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Code::Denied,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED | StatusCode::PRECONDITION_REQUIRED => {
            Code::Conflict
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Code::Usage,
        _ => Code::Failed,
    };
    let body = response.bytes().await.unwrap_or_default();
    let message = match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => words(&problem),
        Err(_) => format!("the controller answered {status}"),
    };
    // What a proxy says in the controller's place is no answer of it.
    Err(if status.is_server_error() {
        Failure::unanswered(code, message)
    } else {
        Failure::new(code, message)
    })
}

fn words(problem: &Problem) -> String {
    let mut text = if problem.detail.is_empty() { problem.title.clone() } else { problem.detail.clone() };
    for error in &problem.errors {
        text.push_str(&format!("\n  {}: {}", error.pointer, error.message));
    }
    text
}

/// An error with everything that led to it.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

/// A value as part of a query or path.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
