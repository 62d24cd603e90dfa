//! Admission of a command: a function of the order, of what the journal remembers and of the
//! display's own rules. Says yes, no with a reason, or "known already". Does nothing itself.

use migrado_protocol::command::{Order, Rejection, Verb};
use migrado_protocol::limits::COMMAND_FINISH_MS_MAX;

use super::Rules;

/// The window of the display's own limits.
pub const RATE_WINDOW_MS: i64 = 60 * 60 * 1000;

/// What the display limits by itself, whoever orders it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The machine is started anew.
    Reboot,
    /// Session, page, service or agent are started anew.
    Reset,
}

impl Kind {
    /// The kind of a verb; `None` for what is harmless as often as one likes.
    pub fn of(verb: &Verb) -> Option<Self> {
        match verb {
            Verb::Reboot => Some(Self::Reboot),
            Verb::ResetSession | Verb::RestartPage | Verb::RestartService { .. } | Verb::RestartAgent => {
                Some(Self::Reset)
            }
            Verb::ReloadPage
            | Verb::ClearPrintQueue
            | Verb::TestPrint
            | Verb::Identify { .. }
            | Verb::SetOutOfService { .. }
            | Verb::SetInService
            | Verb::CollectLogs { .. }
            | Verb::ReportNow => None,
        }
    }

    /// Its name in the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reboot => "reboot",
            Self::Reset => "reset",
        }
    }
}

/// The display's own limits within [`RATE_WINDOW_MS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of [`Kind::Reboot`].
    pub reboots: u32,
    /// Of [`Kind::Reset`].
    pub resets: u32,
}

/// What this machine can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// systemd can be asked.
    pub systemd: bool,
    /// The unit that shows the page.
    pub restart_unit: Option<String>,
    /// Units that may be restarted.
    pub services: Vec<String>,
    /// Printers there are.
    pub printers: usize,
}

/// What the journal remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The highest sequence that was taken.
    pub last_sequence: u64,
    /// The id is in the journal.
    pub is_known: bool,
    /// Another command can be kept.
    pub has_room: bool,
    /// Commands of the same [`Kind`] that were accepted within the window.
    pub recent: u32,
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The id is known: tell its state again, do nothing.
    Duplicate,
    /// No, because of this.
    Reject(Rejection),
    /// Yes.
    Accept {
        /// A visitor's session runs; it waits for its end, at the latest until this.
        waits_until_ms: Option<i64>,
    },
}

/// Decides. The first rule that objects names the reason.
pub fn admit(
    order: &Order,
    sequence: u64,
    issued_ms: i64,
    seen: &Seen,
    rules: &Rules,
    session_running: bool,
    now_ms: i64,
) -> Admission {
    if seen.is_known {
        return Admission::Duplicate;
    }
    let objection = order_objection(sequence, issued_ms, seen, rules)
        .or_else(|| times_objection(order, issued_ms, now_ms))
        .or_else(|| capability_objection(&order.verb, &rules.capabilities))
        .or_else(|| limit_objection(&order.verb, seen, rules.limits));
    if let Some(rejection) = objection {
        return Admission::Reject(rejection);
    }
    let waits = order.verb.disturbs_session() && session_running && order.force_reason.is_none();
    Admission::Accept { waits_until_ms: waits.then_some(order.start_by_ms) }
}

fn order_objection(sequence: u64, issued_ms: i64, seen: &Seen, rules: &Rules) -> Option<Rejection> {
    (sequence <= seen.last_sequence || issued_ms < rules.not_before_ms).then_some(Rejection::OutOfOrder)
}

fn times_objection(order: &Order, issued_ms: i64, now_ms: i64) -> Option<Rejection> {
    // Both of the controller's own clock, so that a wrong clock here cannot call them nonsense.
    let in_order = issued_ms <= order.start_by_ms && order.start_by_ms <= order.finish_by_ms;
    let near = order.finish_by_ms.saturating_sub(issued_ms) <= COMMAND_FINISH_MS_MAX;
    if !(in_order && near) {
        return Some(Rejection::InvalidTimes);
    }
    (now_ms > order.start_by_ms).then_some(Rejection::Expired)
}

fn capability_objection(verb: &Verb, can: &Capabilities) -> Option<Rejection> {
    match verb {
        Verb::RestartService { unit } if !can.services.contains(unit) => Some(Rejection::UnitNotListed),
        Verb::RestartPage if can.restart_unit.is_none() || !can.systemd => Some(Rejection::Unsupported),
        Verb::RestartService { .. } | Verb::Reboot if !can.systemd => Some(Rejection::Unsupported),
        Verb::ClearPrintQueue | Verb::TestPrint if can.printers == 0 => Some(Rejection::Unsupported),
        Verb::ResetSession
        | Verb::ReloadPage
        | Verb::RestartPage
        | Verb::ClearPrintQueue
        | Verb::TestPrint
        | Verb::RestartService { .. }
        | Verb::RestartAgent
        | Verb::Reboot
        | Verb::Identify { .. }
        | Verb::SetOutOfService { .. }
        | Verb::SetInService
        | Verb::CollectLogs { .. }
        | Verb::ReportNow => None,
    }
}

fn limit_objection(verb: &Verb, seen: &Seen, limits: Limits) -> Option<Rejection> {
    let limit = match Kind::of(verb) {
        Some(Kind::Reboot) => limits.reboots,
        Some(Kind::Reset) => limits.resets,
        None => u32::MAX,
    };
    if seen.recent >= limit {
        return Some(Rejection::RateLimited);
    }
    (!seen.has_room).then_some(Rejection::JournalFull)
}

#[cfg(test)]
mod tests {
    use migrado_protocol::ids::CommandId;

    use super::*;

    const NOW: i64 = 1_000_000;

    fn order(verb: Verb) -> Order {
        Order {
            id: CommandId(uuid::Uuid::from_u128(7)),
            verb,
            start_by_ms: NOW + 60_000,
            finish_by_ms: NOW + 120_000,
            force_reason: None,
        }
    }

    fn rules() -> Rules {
        Rules {
            capabilities: Capabilities {
                systemd: true,
                restart_unit: Some("kiosk-session.service".into()),
                services: vec!["cups.service".into()],
                printers: 1,
            },
            limits: Limits { reboots: 3, resets: 10 },
            not_before_ms: 0,
        }
    }

    const SEEN: Seen = Seen { last_sequence: 4, is_known: false, has_room: true, recent: 0 };

    fn decide(order: &Order, sequence: u64, seen: &Seen, rules: &Rules, session: bool) -> Admission {
        admit(order, sequence, NOW - 1000, seen, rules, session, NOW)
    }

    #[test]
    fn a_known_id_is_a_duplicate_whatever_else_is_wrong_with_it() {
        let seen = Seen { is_known: true, has_room: false, recent: 99, ..SEEN };
        let mut late = order(Verb::Reboot);
        late.start_by_ms = 0;
        for sequence in [0, 4, 5] {
            assert_eq!(decide(&late, sequence, &seen, &rules(), true), Admission::Duplicate);
        }
    }

    #[test]
    fn only_a_higher_sequence_is_taken() {
        for (sequence, taken) in [(0, false), (3, false), (4, false), (5, true), (u64::MAX, true)] {
            let admission = decide(&order(Verb::ReportNow), sequence, &SEEN, &rules(), false);
            let expected = if taken {
                Admission::Accept { waits_until_ms: None }
            } else {
                Admission::Reject(Rejection::OutOfOrder)
            };
            assert_eq!(admission, expected, "{sequence}");
        }
    }

    #[test]
    fn what_was_signed_before_the_journal_was_lost_is_refused() {
        let rules = Rules { not_before_ms: NOW, ..rules() };
        let admission = decide(&order(Verb::ReportNow), 5, &SEEN, &rules, false);
        assert_eq!(admission, Admission::Reject(Rejection::OutOfOrder));
    }

    #[test]
    fn times_must_make_sense_and_lie_ahead() {
        let issued = NOW - 1000;
        let table = [
            (NOW, NOW, None),
            (NOW - 1, NOW + 1, Some(Rejection::Expired)),
            (NOW + 2, NOW + 1, Some(Rejection::InvalidTimes)),
            (issued - 1, NOW + 1, Some(Rejection::InvalidTimes)),
            (NOW, issued + COMMAND_FINISH_MS_MAX, None),
            (NOW, issued + COMMAND_FINISH_MS_MAX + 1, Some(Rejection::InvalidTimes)),
            (i64::MIN, i64::MAX, Some(Rejection::InvalidTimes)),
        ];
        for (start_by_ms, finish_by_ms, expected) in table {
            let order = Order { start_by_ms, finish_by_ms, ..order(Verb::ReportNow) };
            let expected = expected.map_or(Admission::Accept { waits_until_ms: None }, Admission::Reject);
            assert_eq!(decide(&order, 5, &SEEN, &rules(), false), expected, "{start_by_ms} {finish_by_ms}");
        }
    }

    #[test]
    fn what_this_machine_cannot_do_is_refused_by_name() {
        let bare = Rules { capabilities: Capabilities::default(), ..rules() };
        let unit = |unit: &str| Verb::RestartService { unit: unit.into() };
        let table = [
            (unit("ssh.service"), rules(), Some(Rejection::UnitNotListed)),
            (unit("cups.service"), rules(), None),
            (unit("cups.service"), bare.clone(), Some(Rejection::UnitNotListed)),
            (Verb::Reboot, bare.clone(), Some(Rejection::Unsupported)),
            (Verb::RestartPage, bare.clone(), Some(Rejection::Unsupported)),
            (Verb::TestPrint, bare.clone(), Some(Rejection::Unsupported)),
            (Verb::ClearPrintQueue, bare.clone(), Some(Rejection::Unsupported)),
            (Verb::RestartAgent, bare.clone(), None),
            (Verb::CollectLogs { since_s: 60 }, bare, None),
            (Verb::RestartPage, rules(), None),
        ];
        for (verb, rules, expected) in table {
            let expected = expected.map_or(Admission::Accept { waits_until_ms: None }, Admission::Reject);
            assert_eq!(decide(&order(verb.clone()), 5, &SEEN, &rules, false), expected, "{verb:?}");
        }
    }

    #[test]
    fn the_limits_count_reboots_and_resets_apart_and_nothing_else() {
        let table = [
            (Verb::Reboot, 2, None),
            (Verb::Reboot, 3, Some(Rejection::RateLimited)),
            (Verb::ResetSession, 9, None),
            (Verb::ResetSession, 10, Some(Rejection::RateLimited)),
            (Verb::RestartAgent, 10, Some(Rejection::RateLimited)),
            (Verb::ReloadPage, 500, None),
        ];
        for (verb, recent, expected) in table {
            let seen = Seen { recent, ..SEEN };
            let expected = expected.map_or(Admission::Accept { waits_until_ms: None }, Admission::Reject);
            assert_eq!(
                decide(&order(verb.clone()), 5, &seen, &rules(), false),
                expected,
                "{verb:?} {recent}"
            );
        }
    }

    #[test]
    fn a_full_journal_takes_nothing_more() {
        let seen = Seen { has_room: false, ..SEEN };
        let admission = decide(&order(Verb::ReportNow), 5, &seen, &rules(), false);
        assert_eq!(admission, Admission::Reject(Rejection::JournalFull));
    }

    #[test]
    fn only_what_disturbs_waits_for_a_session_unless_it_is_forced() {
        let forced = Order { force_reason: Some("Fenster offen".into()), ..order(Verb::ResetSession) };
        let waits = Admission::Accept { waits_until_ms: Some(NOW + 60_000) };
        let at_once = Admission::Accept { waits_until_ms: None };
        assert_eq!(decide(&order(Verb::ResetSession), 5, &SEEN, &rules(), true), waits);
        assert_eq!(decide(&order(Verb::ResetSession), 5, &SEEN, &rules(), false), at_once);
        assert_eq!(decide(&forced, 5, &SEEN, &rules(), true), at_once);
        assert_eq!(decide(&order(Verb::Identify { seconds: 5 }), 5, &SEEN, &rules(), true), at_once);
    }
}
