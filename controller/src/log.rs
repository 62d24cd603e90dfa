//! Where the controller's own log goes, and how much of it. What is worth telling is everybody's own
//! part; who did what is `audit`'s.

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{ControllerConfig, under_journal};

/// Begins to write it. Under systemd the journal gets fields; elsewhere a person reads lines.
pub(crate) fn init(config: &ControllerConfig) {
    let filter = format!("{0},rmqtt={1},rmqtt_net={1},sqlx=warn", config.log.word(), "warn");
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter);
    let installed = match under_journal().then(tracing_journald::layer).and_then(Result::ok) {
        Some(journal) => registry.with(journal).try_init(),
        None => registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).try_init(),
    };
    if installed.is_err() {
        tracing::debug!("the log was set up before");
    }
}
