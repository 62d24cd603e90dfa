//! Where the log goes: lines for a person, or fields for the journal.

use crate::config::ControllerConfig;

/// Sets the log up as configured; a second time changes nothing.
pub fn init(config: &ControllerConfig) {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let filter = format!("{0},rmqtt={1},rmqtt_net={1},sqlx=warn", config.log.word(), "warn");
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter);
    // Under systemd the journal gets fields; elsewhere a person reads lines.
    let installed = match crate::config::under_journal().then(tracing_journald::layer).and_then(Result::ok) {
        Some(journal) => registry.with(journal).try_init(),
        None => registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).try_init(),
    };
    if installed.is_err() {
        tracing::debug!("the log was set up before");
    }
}
