//! A client of the controller's API, as the console is one: it logs in, keeps its cookie, sends the
//! CSRF token with every write, and trusts only the controller's own authority.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::tls;

/// How long an answer may take. Password hashing in a development build is slow on a busy machine.
const ANSWER: Duration = Duration::from_secs(60);

/// How a client proves who it is.
#[derive(Debug, Clone)]
enum Proof {
    Nothing,
    Session { csrf_token: String },
    Token(String),
}

/// A client.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    /// `https://localhost:port`.
    pub base: String,
    proof: Proof,
}

/// An answer: status and body (`Null` when it is not JSON), and the entity tag.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Body.
    pub body: Value,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Content-Type`.
    pub content_type: String,
}

impl Answer {
    /// The body of a success; the problem of anything else as an error.
    pub fn ok(self) -> Result<Value> {
        anyhow::ensure!(self.status.is_success(), "{}: {}", self.status, self.body);
        Ok(self.body)
    }
}

impl Api {
    /// A client that is not logged in.
    pub fn stranger(port: u16, authority_pem: &str) -> Result<Self> {
        tls::provider();
        let authority = reqwest::Certificate::from_pem(authority_pem.as_bytes())?;
        let http = reqwest::Client::builder()
            .tls_certs_only([authority])
            .cookie_store(true)
            .timeout(ANSWER)
            .no_proxy()
            .build()?;
        Ok(Self { http, base: format!("https://localhost:{port}"), proof: Proof::Nothing })
    }

    /// Logs in with a name and a password.
    pub async fn login(mut self, name: &str, password: &str) -> Result<Self> {
        let body = json!({"name": name, "password": password});
        let session = self.send(Method::POST, "/api/v1/session", Some(body), &[]).await?.ok()?;
        let csrf_token = session["csrf_token"].as_str().context("a session without a CSRF token")?.to_owned();
        self.proof = Proof::Session { csrf_token };
        Ok(self)
    }

    /// Uses an API token instead of a session.
    pub fn with_token(mut self, token: &str) -> Self {
        self.proof = Proof::Token(token.to_owned());
        self
    }

    /// Forgets the CSRF token, as a foreign page would not know it.
    pub fn without_csrf(mut self) -> Self {
        self.proof = Proof::Nothing;
        self
    }

    /// Sends a request as it is.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        match &self.proof {
            Proof::Nothing => {}
            Proof::Session { csrf_token } => request = request.header("X-CSRF-Token", csrf_token),
            Proof::Token(token) => request = request.bearer_auth(token),
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let text = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (etag, content_type) = (text("etag"), text("content-type").unwrap_or_default());
        let status = answer.status();
        let bytes = answer.bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| {
            if bytes.is_empty() { Value::Null } else { String::from_utf8_lossy(&bytes).into_owned().into() }
        });
        Ok(Answer { status, body, etag, content_type })
    }

    /// Brings bytes.
    pub async fn put_bytes(&self, path: &str, bytes: Vec<u8>) -> Result<Answer> {
        self.put_part(path, bytes, None).await
    }

    /// Brings bytes, or the part of them that this range names (`bytes 0-9/100`).
    pub async fn put_part(&self, path: &str, bytes: Vec<u8>, range: Option<&str>) -> Result<Answer> {
        let mut request = self.http.put(format!("{}{path}", self.base));
        match &self.proof {
            Proof::Nothing => {}
            Proof::Session { csrf_token } => request = request.header("X-CSRF-Token", csrf_token),
            Proof::Token(token) => request = request.bearer_auth(token),
        }
        if let Some(range) = range {
            request = request.header("Content-Range", range);
        }
        let answer = request.body(bytes).send().await?;
        let (status, etag, content_type) = (answer.status(), None, String::new());
        let bytes = answer.bytes().await?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), etag, content_type })
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None, &[]).await?.ok().with_context(|| format!("GET {path}"))
    }

    /// Writes something.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let key = uuid::Uuid::now_v7().to_string();
        let answer = self.send(Method::POST, path, Some(body), &[("Idempotency-Key", &key)]).await?;
        answer.ok().with_context(|| format!("POST {path}"))
    }

    /// A terminal in detail.
    pub async fn terminal(&self, id: &str) -> Result<Value> {
        self.get(&format!("/api/v1/terminals/{id}")).await
    }

    /// A one-time token for a terminal.
    pub async fn enroll_token(&self, id: &str) -> Result<String> {
        let made = self.post(&format!("/api/v1/terminals/{id}/enroll-tokens"), json!({})).await?;
        Ok(made["token"].as_str().context("no token")?.to_owned())
    }

    /// Orders something of one terminal and gives the command's id.
    pub async fn order(&self, terminal: &str, order: Value) -> Result<String> {
        self.order_with(terminal, order, json!({})).await
    }

    /// The same with further words (`start_by_s`, `finish_by_s`, `force_reason`).
    pub async fn order_with(&self, terminal: &str, order: Value, further: Value) -> Result<String> {
        let mut body = json!({"terminals": [terminal], "order": order});
        for (name, value) in further.as_object().context("an object")? {
            body[name] = value.clone();
        }
        let made = self.post("/api/v1/commands", body).await?;
        Ok(made["commands"][0]["id"].as_str().with_context(|| format!("no command in {made}"))?.to_owned())
    }

    /// A command.
    pub async fn command(&self, id: &str) -> Result<Value> {
        self.get(&format!("/api/v1/commands/{id}")).await
    }

    /// `Ok` with the command once it is in one of the states, `Err` with the command until then.
    pub async fn command_in(&self, id: &str, states: &[&str]) -> Result<Value> {
        let command = self.command(id).await?;
        let state = command["state"].as_str().unwrap_or_default();
        anyhow::ensure!(states.contains(&state), "{command}");
        Ok(command)
    }

    /// Opens the event stream and gives its events, parsed, through a channel.
    pub async fn events(&self, last_id: Option<&str>) -> Result<tokio::sync::mpsc::Receiver<Event>> {
        let mut request =
            self.http.get(format!("{}/api/v1/events", self.base)).timeout(Duration::from_secs(3600));
        if let Proof::Token(token) = &self.proof {
            request = request.bearer_auth(token);
        }
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        let answer = request.send().await?.error_for_status()?;
        let (sender, receiver) = tokio::sync::mpsc::channel(1024);
        tokio::spawn(async move {
            let mut stream = answer.bytes_stream();
            let mut buffer = String::new();
            loop {
                // Whoever drops the receiver closes the connection, also when nothing comes.
                let next = tokio::select! {
                    next = stream.next() => next,
                    () = sender.closed() => return,
                };
                let Some(Ok(bytes)) = next else { return };
                buffer.push_str(&String::from_utf8_lossy(&bytes));
                while let Some(at) = buffer.find("\n\n") {
                    let block: String = buffer.drain(..at + 2).collect();
                    if let Some(event) = Event::parse(&block)
                        && sender.send(event).await.is_err()
                    {
                        return;
                    }
                }
            }
        });
        Ok(receiver)
    }
}

/// One event of the stream.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
}

impl Event {
    fn parse(block: &str) -> Option<Self> {
        let field = |name: &str| {
            block
                .lines()
                .filter_map(|l| l.strip_prefix(name))
                .map(|v| v.trim_start_matches([':', ' ']))
                .next()
        };
        let data = field("data")?;
        Some(Self {
            id: field("id").map(str::to_owned),
            name: field("event").unwrap_or("message").to_owned(),
            data: serde_json::from_str(data).ok()?,
        })
    }
}

/// The password of the first administrator, as the controller left it on first start.
pub fn initial_password(data_dir: &Path) -> Result<String> {
    let text = std::fs::read_to_string(data_dir.join("initial-admin-password"))?;
    let last = text.split_whitespace().last().context("an empty password file")?;
    Ok(last.to_owned())
}
