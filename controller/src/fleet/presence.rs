//! Whether a terminal is there: decided from birth, death and silence, purely.

use migrado_protocol::limits::{PRESENCE_LATE_MS, REPORT_WHOLE_PERIOD_MS};
use migrado_protocol::presence::DeathCause;

use super::terminal::{Connection, Terminal};

/// Milliseconds of silence on a standing connection that make a terminal late: its whole report
/// comes every ten minutes, and a minute more is patience.
const SILENT_LATE_MS: i64 = REPORT_WHOLE_PERIOD_MS + PRESENCE_LATE_MS;

/// Milliseconds of silence on a standing connection after which it is not believed any more.
const SILENT_OFFLINE_MS: i64 = 2 * REPORT_WHOLE_PERIOD_MS + PRESENCE_LATE_MS;

/// Milliseconds after the controller's start within which a display that is there has spoken:
/// every display says everything within seconds when the controller is back.
const UNHEARD_OFFLINE_MS: i64 = PRESENCE_LATE_MS;

/// Whether a terminal is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Presence {
    /// Connected and heard.
    Online,
    /// Just gone, or silent for longer than usual.
    Late,
    /// Gone.
    Offline,
    /// Gone, and it said that it would.
    OffOnPurpose,
    /// Never heard of.
    Unknown,
}

impl Presence {
    /// Every presence.
    pub const ALL: [Self; 5] = [Self::Online, Self::Late, Self::Offline, Self::OffOnPurpose, Self::Unknown];

    /// The word in the API and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Late => "late",
            Self::Offline => "offline",
            Self::OffOnPurpose => "off_on_purpose",
            Self::Unknown => "unknown",
        }
    }
}

/// Decides, and since when it is so.
///
/// A lost connection is told by the broker within one and a half keep-alives (45 s); with a minute
/// of grace for those who come straight back, a pulled cable is `offline` within two minutes.
pub fn decide(terminal: &Terminal, now_ms: i64) -> (Presence, i64) {
    let since = terminal.connection_since_ms;
    match terminal.connection {
        Connection::Never => (Presence::Unknown, since),
        Connection::Standing => {
            if let Some(unheard_ms) = terminal.unheard_since_ms {
                let late = now_ms - unheard_ms < UNHEARD_OFFLINE_MS;
                return (if late { Presence::Late } else { Presence::Offline }, unheard_ms);
            }
            let heard = terminal.last_seen_ms.unwrap_or(since);
            match now_ms - heard {
                silent if silent >= SILENT_OFFLINE_MS => (Presence::Offline, heard + SILENT_OFFLINE_MS),
                silent if silent >= SILENT_LATE_MS => (Presence::Late, heard + SILENT_LATE_MS),
                _ => (Presence::Online, since),
            }
        }
        Connection::Ended(DeathCause::Planned) => (Presence::OffOnPurpose, since),
        Connection::Ended(DeathCause::Lost | DeathCause::Restart | DeathCause::Unknown) => {
            if now_ms - since < PRESENCE_LATE_MS {
                (Presence::Late, since)
            } else {
                (Presence::Offline, since)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(connection: Connection, last_seen_ms: Option<i64>) -> Terminal {
        let mut t = Terminal::new("fp-01".parse().unwrap(), "fp".parse().unwrap(), String::new(), 0);
        t.connection = connection;
        t.last_seen_ms = last_seen_ms;
        t
    }

    #[test]
    fn every_connection_and_silence_has_its_presence() {
        use Connection as C;
        use Presence as P;
        let rows = [
            (C::Never, 0, P::Unknown),
            (C::Never, i64::MAX, P::Unknown),
            (C::Standing, 0, P::Online),
            (C::Standing, SILENT_LATE_MS - 1, P::Online),
            (C::Standing, SILENT_LATE_MS, P::Late),
            (C::Standing, SILENT_OFFLINE_MS, P::Offline),
            (C::Ended(DeathCause::Lost), 0, P::Late),
            (C::Ended(DeathCause::Lost), PRESENCE_LATE_MS, P::Offline),
            (C::Ended(DeathCause::Restart), PRESENCE_LATE_MS - 1, P::Late),
            (C::Ended(DeathCause::Restart), PRESENCE_LATE_MS, P::Offline),
            (C::Ended(DeathCause::Unknown), PRESENCE_LATE_MS, P::Offline),
            (C::Ended(DeathCause::Planned), 0, P::OffOnPurpose),
            (C::Ended(DeathCause::Planned), i64::MAX, P::OffOnPurpose),
        ];
        for (connection, now_ms, expected) in rows {
            assert_eq!(decide(&terminal(connection, Some(0)), now_ms).0, expected, "{connection:?} {now_ms}");
        }
    }

    #[test]
    fn a_pulled_cable_is_offline_within_two_minutes() {
        let keep_alive_noticed_ms = 45_000;
        assert!(keep_alive_noticed_ms + PRESENCE_LATE_MS <= migrado_protocol::limits::PRESENCE_OFFLINE_MS);
    }
}
