//! The only place that reads the wall clock. Everything that decides gets `now_ms` as a value;
//! durations are tokio's, so that tests can pause them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch on this machine's clock.
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The same as a moment, for what is signed with dates.
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(now_ms()).unwrap_or(jiff::Timestamp::MAX)
}
