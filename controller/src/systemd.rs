//! What the controller tells systemd: ready, one line of status, the watchdog, stopping. Fed by the
//! working loop only, never by a timer of its own. Where systemd is absent every call does nothing.

/// Tells that the controller serves, and how it is.
pub fn notify_ready(status: &str) {
    notify(&[("READY", "1"), ("STATUS", status)]);
}

/// Tells how it is, in one line.
pub fn notify_status(status: &str) {
    notify(&[("STATUS", status)]);
}

/// Tells that the working loop turns.
pub fn notify_watchdog() {
    notify(&[("WATCHDOG", "1")]);
}

/// Tells that the controller is stopping.
pub fn notify_stopping() {
    notify(&[("STOPPING", "1")]);
}

#[cfg(feature = "systemd")]
fn notify(state: &[(&str, &str)]) {
    // Without NOTIFY_SOCKET this is Ok(false); an error is systemd's to notice by its watchdog.
    if let Err(error) = ::systemd::daemon::notify(state.iter()) {
        tracing::debug!(%error, "systemd was not notified");
    }
}

#[cfg(not(feature = "systemd"))]
fn notify(_: &[(&str, &str)]) {}
