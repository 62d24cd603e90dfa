//! Limits that both ends of the wire share. Limits of one daemon live in that daemon.

/// Bytes of one MQTT payload. The broker refuses more; a whole report of a display with four
/// printers is about 6 KiB, so 256 KiB is room, not a target.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// Characters of a free text that a person or a device wrote (reasons, raw printer words).
pub const TEXT_CHARS_MAX: usize = 500;

/// Milliseconds between two whole reports. A controller that lost its memory is right again
/// within this time even if it never asks.
pub const REPORT_WHOLE_PERIOD_MS: i64 = 10 * 60 * 1000;

/// Milliseconds after which a silent terminal is `late`: two keep-alive periods were missed.
pub const PRESENCE_LATE_MS: i64 = 60 * 1000;

/// Milliseconds after which a silent terminal is `offline`: presence is decided within two minutes.
pub const PRESENCE_OFFLINE_MS: i64 = 120 * 1000;

/// Milliseconds a command may take from its issue to its end: nothing ordered yesterday runs today.
pub const COMMAND_FINISH_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// Bytes of the logs that `collect_logs` may bring back.
pub const LOGS_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Cuts a text to [`TEXT_CHARS_MAX`] characters, at a character boundary.
pub fn clip(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}
