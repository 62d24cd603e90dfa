//! The visitor's side of a display: what the page does over loopback, without a browser.

use anyhow::Result;
use serde_json::{Value, json};

use crate::tls;

/// A page of one display.
#[derive(Debug, Clone)]
pub struct Kiosk {
    http: reqwest::Client,
    base: String,
}

impl Kiosk {
    /// The page at this port.
    pub fn at(port: u16) -> Self {
        Self { http: tls::plain_http(), base: format!("http://127.0.0.1:{port}") }
    }

    /// What the page shows.
    pub async fn view(&self) -> Result<Value> {
        Ok(self.http.get(format!("{}/api/view", self.base)).send().await?.error_for_status()?.json().await?)
    }

    /// The heartbeat that the page sends every five seconds.
    pub async fn heartbeat(&self) -> Result<()> {
        self.heartbeat_of("test").await
    }

    /// The heartbeat of one load of the page.
    pub async fn heartbeat_of(&self, load: &str) -> Result<()> {
        let beat = json!({"build": "test", "load": load, "route": "welcome", "visible": true});
        self.post("/api/heartbeat", &beat).await.map(drop)
    }

    /// The heartbeat of a page that has drawn this release, or says why it could not.
    /// During a visit it shows that one.
    pub async fn heartbeat_with(&self, release: &Value, error: &Value, visited: bool) -> Result<()> {
        let route = if visited { "session" } else { "welcome" };
        let beat = json!({
            "build": "test", "load": "test", "route": route, "visible": true,
            "release": release, "error": error,
        });
        self.post("/api/heartbeat", &beat).await.map(drop)
    }

    /// A file of the page's server.
    pub async fn file(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    /// A visitor begins.
    pub async fn begin(&self, language: &str) -> Result<Value> {
        self.post("/api/session", &json!({"language": language})).await
    }

    /// The visitor is still there.
    pub async fn renew(&self) -> Result<()> {
        self.post("/api/session/renew", &json!({})).await.map(drop)
    }

    /// The visitor ends.
    pub async fn end(&self) -> Result<()> {
        let request = self.http.delete(format!("{}/api/session", self.base)).header("Origin", &self.base);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.post(format!("{}{path}", self.base)).header("Origin", &self.base).json(body);
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "POST {path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}
