//! systemd and logind over D-Bus, `sd_notify`, and reading the journal. Where systemd is absent (or
//! the cargo feature is off) everything here says so in one word, and nothing else suffers.
//!
//! The bus library blocks, and a bus that stands still holds a call for longer than any limit of
//! ours. So every call runs on a short-lived blocking thread: a sensor has one of them at most
//! ([`Question`]), commands have [`ORDERS_AT_ONCE`] together, and the rest is left to others. Which units may be touched is decided above, by the display's list, and once more by
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
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How long one call on the bus may take: a unit's restart is awaited by job, not by call.
const CALL_LIMIT: Duration = Duration::from_secs(5);
/// Calls for commands that may be under way at once: one disturbs at a time, one brings logs.
const ORDERS_AT_ONCE: usize = 2;
/// How long the end may wait to learn why it has come.
const STOPPING_LIMIT: Duration = Duration::from_secs(1);

static ORDERS: Semaphore = Semaphore::const_new(ORDERS_AT_ONCE);

/// One question to the bus: a new one begins when the last one has its answer. A reading that gave
/// up leaves it standing, and the next reading waits for the same answer.
#[derive(Debug)]
pub struct Question<T>(Option<JoinHandle<Result<T, String>>>);

impl<T> Default for Question<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Send + 'static> Question<T> {
    async fn ask(
        &mut self,
        operation: &'static str,
        object: &str,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, SystemdError> {
        if !is_available() {
            return Err(SystemdError::Absent);
        }
        let pending = self.0.get_or_insert_with(|| tokio::task::spawn_blocking(work));
        // Dropped at the reading's limit, the handle stays in its place.
        let answer = pending.await;
        self.0 = None;
        let refused = |answer| SystemdError::Refused { operation, object: object.to_owned(), answer };
        answer.map_err(|_| refused("the call was dropped".to_owned()))?.map_err(refused)
    }
}

/// A unit at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitMoment {
    /// Its state.
    pub state: UnitState,
    /// When it became active last, on the machine's monotonic clock; 0 for never.
    pub active_since_us: u64,
    /// When its state changed last, on the same clock.
    pub changed_us: u64,
}

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

/// The state of a unit, and since when it is so.
pub async fn unit_state(unit: &str) -> Result<UnitMoment, SystemdError> {
    let unit = unit.to_owned();
    blocking("tell the state of", unit.clone(), move || imp::unit_state(&unit)).await
}

/// The states of several units.
pub async fn unit_states(
    question: &mut Question<BTreeMap<String, UnitState>>,
    units: &[String],
) -> Result<BTreeMap<String, UnitState>, SystemdError> {
    let units = units.to_vec();
    question.ask("tell the state of", "the units", move || imp::unit_states(&units)).await
}

/// Whether the kernel holds the clock for synchronized, as timedated tells it.
pub async fn ntp_synchronized(question: &mut Question<bool>) -> Result<bool, SystemdError> {
    question.ask("tell the state of", "the clock", imp::ntp_synchronized).await
}

/// Whether the machine is going down.
pub async fn is_machine_stopping() -> bool {
    let state = blocking("tell the state of", "the machine".to_owned(), imp::system_state);
    let state = tokio::time::timeout(STOPPING_LIMIT, state).await;
    state.is_ok_and(|state| state.is_ok_and(|state| state == "stopping"))
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
    let call = async {
        let turn = ORDERS.acquire().await.map_err(|e| e.to_string())?;
        // The turn ends with the call itself, also when nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || (work(), turn).0);
        done.await.map_err(|_| "the call was dropped".to_owned())?
    };
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map_err(refused),
        Err(_) => Err(refused(format!("no answer within {} s", limit.as_secs()))),
    }
}
