//! The wait of a display that is not enrolled yet: it looks for its identity until somebody runs
//! `migrado-agent enroll`, and tells systemd that this is as it should be.

use std::path::Path;
use std::time::Duration;

use super::{Identity, IdentityError, load};
use crate::platform::signals::Signals;
use crate::platform::systemd;

/// How often an agent without identity looks whether it was enrolled.
const PERIOD: Duration = Duration::from_secs(3);

/// Waits until the terminal is enrolled. `None` if it was stopped before.
pub async fn await_identity(
    data_dir: &Path,
    signals: &mut Signals,
) -> Result<Option<Identity>, IdentityError> {
    let mut is_told = false;
    loop {
        if let Some(identity) = load(data_dir)? {
            return Ok(Some(identity));
        }
        if !is_told {
            is_told = true;
            // It works as designed: systemd must not take the waiting for a start that hangs.
            systemd::notify_ready("not enrolled: run migrado-agent enroll");
            tracing::warn!("not enrolled: get a token from the console and run migrado-agent enroll");
        }
        systemd::notify_watchdog();
        // Cancel-safe: nothing is held while waiting.
        tokio::select! {
            () = signals.any() => return Ok(None),
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}
