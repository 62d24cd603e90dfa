//! Brings log lines to the controller's terminal listener over HTTPS, with the same certificate as
//! the link. The client lives for one upload: an idle connection is memory and wakeups for nothing.

use std::sync::Arc;
use std::time::Duration;

use migrado_protocol::ids::CommandId;

/// How long two megabytes may take on a bad line.
const UPLOAD_LIMIT: Duration = Duration::from_secs(60);
/// Characters of the controller's answer that are told.
const ANSWER_CHARS_MAX: usize = 200;

/// Where logs go.
#[derive(Debug, Clone)]
pub struct Uploader {
    /// `host:port` of the terminal listener.
    pub controller: String,
    /// Trust in the controller, and the terminal's certificate.
    pub tls: Arc<rustls::ClientConfig>,
}

/// The logs did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The connection was not possible, or broke.
    #[error("cannot send the logs to {controller}")]
    Send {
        /// Where to.
        controller: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The controller did not take them.
    #[error("{controller} refused the logs with status {status}: {answer}")]
    Refused {
        /// Who.
        controller: String,
        /// HTTP status.
        status: u16,
        /// Its words.
        answer: String,
    },
}

/// A client of the terminal listener. For one errand: its connection ends when it is dropped.
pub fn client(tls: &rustls::ClientConfig, limit: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .no_proxy()
        .pool_max_idle_per_host(1)
        .timeout(limit)
        .build()
}

impl Uploader {
    /// Brings the lines of a `collect_logs` command.
    pub async fn put_logs(&self, id: CommandId, text: String) -> Result<(), UploadError> {
        let controller = self.controller.clone();
        let send = |source| UploadError::Send { controller: controller.clone(), source };
        let client = client(&self.tls, UPLOAD_LIMIT).map_err(send)?;
        let answer = client
            .put(format!("https://{controller}/terminal/v1/logs/{id}"))
            .header("content-type", "text/plain; charset=utf-8")
            .body(text)
            .send()
            .await
            .map_err(send)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let answer = answer.text().await.unwrap_or_default().chars().take(ANSWER_CHARS_MAX).collect();
        Err(UploadError::Refused { controller, status: status.as_u16(), answer })
    }
}
