//! The one TLS provider of the process, and plain HTTP for the world outside.

use std::time::Duration;

/// How long an answer may take before a test calls it silence.
const ANSWER: Duration = Duration::from_secs(20);

/// Installs the provider, once. Whoever comes second finds it there.
pub fn provider() {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let _first = provider.install_default().is_ok();
}

/// A client for plain HTTP: printers' forms, kiosk pages, metrics.
pub fn plain_http() -> reqwest::Client {
    provider();
    reqwest::Client::builder().timeout(ANSWER).no_proxy().build().unwrap()
}
