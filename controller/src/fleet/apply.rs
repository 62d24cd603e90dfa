//! What a message of a terminal changes. Pure: values and a time in, what happened out.

use migrado_protocol::presence::{Birth, DeathCause, Presence as Told};
use migrado_protocol::report::Report;

use super::terminal::{Connection, Terminal};

/// A message of a terminal, decoded.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Birth or death of a connection.
    Presence(Told),
    /// The same, kept by the broker from earlier.
    Kept(Told),
    /// A report with its sequence.
    Report {
        /// Number within the connection.
        seq: u64,
        /// Body.
        report: Box<Report>,
    },
    /// Anything else: it only shows that the terminal is there.
    Sign,
}

/// What a message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The state is newer now.
    Taken,
    /// The same, and parts before it are missing: the whole has to be asked for.
    TakenWithGap,
    /// Of an older connection, or seen before: it changes nothing.
    Stale,
}

/// Takes a message in. `session` is the number of the connection it was said on.
pub fn apply(terminal: &mut Terminal, session: u64, heard: Heard, now_ms: i64) -> Effect {
    if session < terminal.session {
        return Effect::Stale;
    }
    if session > terminal.session {
        // A new connection; its birth may still be on the way.
        terminal.session = session;
        terminal.seq = 0;
    }
    match heard {
        Heard::Presence(Told::Birth(birth)) => born(terminal, birth, now_ms),
        Heard::Kept(Told::Birth(birth)) => was_born(terminal, birth, now_ms),
        Heard::Presence(Told::Death { cause }) | Heard::Kept(Told::Death { cause }) => {
            died(terminal, cause, now_ms)
        }
        Heard::Report { seq, report } => reported(terminal, seq, *report, now_ms),
        Heard::Sign => {
            seen(terminal, now_ms);
            Effect::Taken
        }
    }
}

fn born(terminal: &mut Terminal, birth: Birth, now_ms: i64) -> Effect {
    seen(terminal, now_ms);
    told(terminal, birth);
    Effect::Taken
}

/// A birth that the broker kept: the connection stood, and may have ended without a word when the
/// broker did. Until something is heard on it, it counts as unheard.
fn was_born(terminal: &mut Terminal, birth: Birth, now_ms: i64) -> Effect {
    if terminal.connection != Connection::Standing {
        terminal.connection = Connection::Standing;
        terminal.connection_since_ms = now_ms;
        terminal.unheard_since_ms = Some(now_ms);
    }
    told(terminal, birth);
    Effect::Taken
}

fn told(terminal: &mut Terminal, birth: Birth) {
    terminal.agent_version = Some(migrado_protocol::limits::clip(&birth.agent_version));
    terminal.started_ms = Some(birth.started_ms);
    terminal.away = birth.away.or(terminal.away.take());
}

fn died(terminal: &mut Terminal, cause: DeathCause, now_ms: i64) -> Effect {
    if terminal.connection == Connection::Ended(cause) {
        return Effect::Stale;
    }
    // A farewell says more than the will that follows it.
    if cause == DeathCause::Lost && matches!(terminal.connection, Connection::Ended(_)) {
        return Effect::Stale;
    }
    terminal.connection = Connection::Ended(cause);
    terminal.connection_since_ms = now_ms;
    Effect::Taken
}

fn reported(terminal: &mut Terminal, seq: u64, report: Report, now_ms: i64) -> Effect {
    if seq <= terminal.seq {
        return Effect::Stale;
    }
    seen(terminal, now_ms);
    let follows = report.full || (terminal.seq > 0 && seq == terminal.seq + 1);
    terminal.seq = seq;
    terminal.reported_ms = Some(now_ms);
    terminal.reported.take(report);
    terminal.pace.heard(terminal.reported.content.as_ref(), now_ms);
    if follows { Effect::Taken } else { Effect::TakenWithGap }
}

fn seen(terminal: &mut Terminal, now_ms: i64) {
    terminal.last_seen_ms = Some(now_ms);
    terminal.unheard_since_ms = None;
    if terminal.connection != Connection::Standing {
        terminal.connection = Connection::Standing;
        terminal.connection_since_ms = now_ms;
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::health::{Component, Health};

    use super::*;

    fn fresh() -> Terminal {
        Terminal::new("fp-01".parse().unwrap(), "fp".parse().unwrap(), String::new(), 0)
    }
    fn birth() -> Heard {
        Heard::Presence(Told::Birth(Birth { agent_version: "1".into(), started_ms: 1, away: None }))
    }
    fn death(cause: DeathCause) -> Heard {
        Heard::Presence(Told::Death { cause })
    }
    fn report(seq: u64, full: bool, component: Component) -> Heard {
        let health = [(component, Health::ok(1))].into();
        Heard::Report { seq, report: Box::new(Report { full, health, ..Report::default() }) }
    }

    #[test]
    fn a_late_will_of_an_old_connection_changes_nothing() {
        let mut t = fresh();
        assert_eq!(apply(&mut t, 7, birth(), 10), Effect::Taken);
        let before = t.clone();
        assert_eq!(apply(&mut t, 6, death(DeathCause::Lost), 20), Effect::Stale);
        assert_eq!(t, before);
        assert_eq!(apply(&mut t, 7, death(DeathCause::Lost), 30), Effect::Taken);
        assert_eq!(t.connection, Connection::Ended(DeathCause::Lost));
    }

    #[test]
    fn a_farewell_outweighs_the_will_that_follows_it() {
        let mut t = fresh();
        apply(&mut t, 1, birth(), 10);
        apply(&mut t, 1, death(DeathCause::Planned), 20);
        assert_eq!(apply(&mut t, 1, death(DeathCause::Lost), 30), Effect::Stale);
        assert_eq!(t.connection, Connection::Ended(DeathCause::Planned));
    }

    #[test]
    fn a_gap_asks_for_the_whole_and_a_repetition_changes_nothing() {
        let mut t = fresh();
        apply(&mut t, 1, birth(), 0);
        assert_eq!(apply(&mut t, 1, report(1, true, Component::System), 1), Effect::Taken);
        assert_eq!(apply(&mut t, 1, report(2, false, Component::Clock), 2), Effect::Taken);
        assert_eq!(apply(&mut t, 1, report(2, false, Component::Page), 3), Effect::Stale);
        assert_eq!(apply(&mut t, 1, report(4, false, Component::Page), 4), Effect::TakenWithGap);
        assert_eq!(apply(&mut t, 1, report(3, false, Component::Usage), 5), Effect::Stale);
        assert_eq!(apply(&mut t, 1, report(5, true, Component::Storage), 6), Effect::Taken);
        assert_eq!(t.reported.health.keys().copied().collect::<Vec<_>>(), [Component::Storage]);
    }

    #[test]
    fn changed_parts_without_a_whole_before_them_are_a_gap() {
        let mut t = fresh();
        assert_eq!(apply(&mut t, 3, report(1, false, Component::System), 1), Effect::TakenWithGap);
        assert_eq!(
            t.connection,
            Connection::Standing,
            "a report shows that it is there, even before its birth is heard"
        );
    }

    #[test]
    fn a_birth_that_the_broker_kept_shows_nobody() {
        use super::super::presence::{Presence, decide};
        let kept = || match birth() {
            Heard::Presence(told) => Heard::Kept(told),
            other => other,
        };
        let mut t = fresh();
        assert_eq!(apply(&mut t, 3, kept(), 10), Effect::Taken);
        assert_eq!(decide(&t, 11).0, Presence::Late, "it has not been heard");
        assert_eq!(t.last_seen_ms, None);
        apply(&mut t, 3, Heard::Sign, 20);
        assert_eq!(decide(&t, 21).0, Presence::Online);
        apply(&mut t, 3, kept(), 30);
        assert_eq!(decide(&t, 31).0, Presence::Online, "it was heard on this connection before");
    }

    #[test]
    fn a_report_of_an_older_connection_is_stale() {
        let mut t = fresh();
        apply(&mut t, 2, birth(), 0);
        assert_eq!(apply(&mut t, 1, report(9, true, Component::System), 1), Effect::Stale);
        assert!(t.reported.health.is_empty());
    }
}
