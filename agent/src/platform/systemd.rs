//! systemd and logind over D-Bus, `sd_notify`, and reading the journal. Where systemd is absent (or
//! the cargo feature is off) everything here says so in one word, and nothing else suffers.
//!
//! The bus library blocks, so every call runs on a short-lived blocking thread with a time limit of
//! its own. Which units may be touched is decided above, by the display's list, and once more by
//! polkit.

#[cfg(feature = "systemd")]
#[path = "systemd/libsystemd.rs"]
mod imp;
#[cfg(not(feature = "systemd"))]
#[path = "systemd/absent.rs"]
mod imp;

use std::collections::BTreeMap;
use std::time::Duration;

use migrado_protocol::report::UnitState;

/// How long one call on the bus may take: a unit's restart is awaited by job, not by call.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// systemd did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SystemdError {
    /// There is none here.
    #[error("systemd does not run here")]
    Absent,
    /// It refused, or did not answer.
    #[error("systemd did not {operation} {object}: {answer}")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// Of what.
        object: String,
        /// Its words.
        answer: String,
    },
}

/// Whether systemd can be asked here.
pub fn is_available() -> bool {
    imp::is_available()
}

/// Restarts a unit. Done means that systemd has begun the job.
pub async fn restart_unit(unit: &str) -> Result<(), SystemdError> {
    let unit = unit.to_owned();
    blocking("restart", unit.clone(), move || imp::restart_unit(&unit)).await
}

/// Reboots the machine in order. Done means that logind has begun.
pub async fn reboot() -> Result<(), SystemdError> {
    blocking("reboot", "the machine".to_owned(), imp::reboot).await
}

/// The state of a unit.
pub async fn unit_state(unit: &str) -> Result<UnitState, SystemdError> {
    let unit = unit.to_owned();
    blocking("tell the state of", unit.clone(), move || imp::unit_state(&unit)).await
}

/// The states of several units.
pub async fn unit_states(units: Vec<String>) -> Result<BTreeMap<String, UnitState>, SystemdError> {
    blocking("tell the state of", "the units".to_owned(), move || imp::unit_states(&units)).await
}

/// Whether the kernel holds the clock for synchronized, as timedated tells it.
pub async fn ntp_synchronized() -> Result<bool, SystemdError> {
    blocking("tell the state of", "the clock".to_owned(), imp::ntp_synchronized).await
}

/// Whether the machine is going down.
pub async fn is_machine_stopping() -> bool {
    let state = blocking("tell the state of", "the machine".to_owned(), imp::system_state).await;
    state.is_ok_and(|state| state == "stopping")
}

/// Recent lines of the journal, the newest last, at most `bytes_max`: those of these units, of the
/// agent itself and of the kernel.
pub async fn journal_lines(
    units: Vec<String>,
    since_ms: i64,
    bytes_max: usize,
) -> Result<Vec<String>, SystemdError> {
    blocking("read", "the journal".to_owned(), move || imp::journal_lines(&units, since_ms, bytes_max)).await
}

/// Tells systemd that the agent is ready, and how it is.
pub fn notify_ready(status: &str) {
    imp::notify(&[("READY", "1"), ("STATUS", status)]);
}

/// Tells systemd how the agent is, in one line.
pub fn notify_status(status: &str) {
    imp::notify(&[("STATUS", status)]);
}

/// Tells systemd that the working loop turns.
pub fn notify_watchdog() {
    imp::notify(&[("WATCHDOG", "1")]);
}

/// Tells systemd that the agent is stopping.
pub fn notify_stopping() {
    imp::notify(&[("STOPPING", "1")]);
}

/// A time as it stands at the head of a log line.
#[cfg_attr(not(feature = "systemd"), allow(dead_code, reason = "only the journal needs it"))]
fn readable_time(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).map_or_else(|_| at_ms.to_string(), |at| at.to_string())
}

async fn blocking<T: Send + 'static>(
    operation: &'static str,
    object: String,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, SystemdError> {
    if !is_available() {
        return Err(SystemdError::Absent);
    }
    let refused = |answer: String| SystemdError::Refused { operation, object, answer };
    let limit = CALL_LIMIT * 3;
    match tokio::time::timeout(limit, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(answer)) => answer.map_err(refused),
        Ok(Err(_)) => Err(refused("the call was dropped".to_owned())),
        Err(_) => Err(refused(format!("no answer within {} s", limit.as_secs()))),
    }
}
