//! To whom an order applies and what it will do there: the pure half of preview and issue, so that
//! what was shown is what happens.

use migrado_protocol::TerminalId;
use migrado_protocol::command::Verb;
use migrado_protocol::limits::TEXT_CHARS_MAX;

use crate::api::text::{DISRUPTIVE, Text, is_disruptive, text};

/// Open commands of one terminal; beyond it something is wrong, and the terminal's journal has a
/// bound too.
pub const OPEN_PER_TERMINAL_MAX: i64 = 50;

/// Terminals of one order: the whole of a grown fleet, not more.
pub const TERMINALS_PER_ORDER_MAX: usize = 50_000;

/// Seconds that an order may take at most, the protocol's limit.
pub const FINISH_BY_S_MAX: i64 = migrado_protocol::limits::COMMAND_FINISH_MS_MAX / 1000;

/// Seconds of logs that may be asked for: a week.
const LOGS_SINCE_S_MAX: u32 = 7 * 24 * 3600;

/// Seconds that a display may show its identity.
const IDENTIFY_S_MAX: u16 = 300;

/// Characters of a unit's name (systemd's own limit is 255).
const UNIT_CHARS_MAX: usize = 255;

/// What is known of a terminal that an order names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub terminal: TerminalId,
    /// Whether it exists in the fleet.
    pub known: bool,
    /// Whether it has a certificate.
    pub enrolled: bool,
    /// Whether it is connected now.
    pub connected: bool,
    /// Whether a visitor's session runs, as last reported.
    pub session: bool,
    /// Commands that are still open.
    pub open_commands: i64,
}

/// Whether an order applies to a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Application {
    /// It does, with a remark.
    Applies(Option<Text>),
    /// It does not, and why: for programs, and in words.
    Skipped(&'static str, Text),
}

/// What an order would do to one terminal.
pub fn apply(verb: &Verb, forced: bool, target: &Target) -> Application {
    if !target.known {
        let words = text("Dieses Terminal gibt es nicht.", "There is no such display.");
        return Application::Skipped("not_found", words);
    }
    if !target.enrolled {
        let words = text("Das Terminal ist noch nicht angemeldet.", "The display is not enrolled yet.");
        return Application::Skipped("not_enrolled", words);
    }
    if target.open_commands >= OPEN_PER_TERMINAL_MAX {
        let words = text(
            "Für dieses Terminal warten schon zu viele Aufträge.",
            "Too many orders already wait for this display.",
        );
        return Application::Skipped("too_many_open", words);
    }
    let disturbs = verb.disturbs_session() && target.session;
    Application::Applies(match (target.connected, disturbs, forced) {
        (false, _, _) => Some(text(
            "Nicht verbunden: Der Auftrag wartet, bis das Terminal zurück ist oder seine Frist endet.",
            "Not connected: the order waits until the display is back or its deadline passes.",
        )),
        (true, true, false) => Some(text(
            "Eine Sitzung läuft: Das Terminal wartet ihr Ende ab.",
            "A session is running: the display waits for its end.",
        )),
        (true, true, true) => Some(text(
            "Eine Sitzung läuft und wird unterbrochen.",
            "A session is running and will be interrupted.",
        )),
        (true, false, _) => None,
    })
}

/// A mistake in an order: where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// JSON pointer into the request.
    pub pointer: &'static str,
    /// What to do.
    pub message: String,
}

fn mistake(pointer: &'static str, message: impl Into<String>) -> Mistake {
    Mistake { pointer, message: message.into() }
}

/// Every mistake in the words of a verb.
pub fn check_verb(verb: &Verb) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    match verb {
        Verb::RestartService { unit } => {
            let fits = !unit.is_empty()
                && unit.len() <= UNIT_CHARS_MAX
                && unit.bytes().all(|b| b.is_ascii_alphanumeric() || b":-_.\\@".contains(&b))
                && unit.contains('.');
            if !fits {
                mistakes.push(mistake("/order/unit", "name a unit of the display's list, like cups.service"));
            }
        }
        Verb::Identify { seconds } if !(1..=IDENTIFY_S_MAX).contains(seconds) => {
            mistakes.push(mistake("/order/seconds", format!("use 1 to {IDENTIFY_S_MAX} seconds")));
        }
        Verb::SetOutOfService { reason } => mistakes.extend(check_text("/order/reason", reason)),
        Verb::CollectLogs { since_s } if !(1..=LOGS_SINCE_S_MAX).contains(since_s) => {
            mistakes.push(mistake("/order/since_s", format!("use 1 to {LOGS_SINCE_S_MAX} seconds")));
        }
        _ => {}
    }
    mistakes
}

/// The mistake in a text that a person has to give.
pub fn check_text(pointer: &'static str, value: &str) -> Option<Mistake> {
    if value.trim().is_empty() {
        return Some(mistake(pointer, "say why in a few words"));
    }
    if value.chars().any(is_disruptive) {
        return Some(mistake(pointer, DISRUPTIVE));
    }
    (value.chars().count() > TEXT_CHARS_MAX)
        .then(|| mistake(pointer, format!("use at most {TEXT_CHARS_MAX} characters")))
}

/// Start-by and finish-by of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// After this it must not begin.
    pub start_by_ms: i64,
    /// After this it must not go on.
    pub finish_by_ms: i64,
}

/// The times of an order from what was asked and the verb's defaults.
pub fn times(
    now_ms: i64,
    defaults: (u32, u32),
    start_by_s: Option<u32>,
    finish_by_s: Option<u32>,
) -> Result<Times, Vec<Mistake>> {
    let (default_start, default_finish) = (i64::from(defaults.0), i64::from(defaults.1));
    let start = start_by_s.map_or(default_start, i64::from);
    // Who gives only a start-by means the usual time for the work after it.
    let finish = finish_by_s
        .map_or((start + (default_finish - default_start).max(0)).min(FINISH_BY_S_MAX.max(start)), i64::from);
    let mut mistakes = Vec::new();
    if !(1..=FINISH_BY_S_MAX).contains(&start) {
        mistakes.push(mistake("/start_by_s", format!("use 1 to {FINISH_BY_S_MAX} seconds")));
    }
    if finish < start || finish > FINISH_BY_S_MAX {
        mistakes.push(mistake(
            "/finish_by_s",
            format!("use at least start_by_s and at most {FINISH_BY_S_MAX} seconds"),
        ));
    }
    if mistakes.is_empty() {
        Ok(Times { start_by_ms: now_ms + start * 1000, finish_by_ms: now_ms + finish * 1000 })
    } else {
        Err(mistakes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            terminal: "fp-01".parse().unwrap(),
            known: true,
            enrolled: true,
            connected: true,
            session: false,
            open_commands: 0,
        }
    }

    /// Every combination of what is known of a terminal.
    #[test]
    fn says_for_every_terminal_whether_and_how_an_order_applies() {
        for bits in 0..64_u32 {
            let bit = |n: u32| bits & (1 << n) != 0;
            let target = Target {
                known: bit(0),
                enrolled: bit(1),
                connected: bit(2),
                session: bit(3),
                open_commands: if bit(4) { OPEN_PER_TERMINAL_MAX } else { 0 },
                ..target()
            };
            for verb in [Verb::Reboot, Verb::ReportNow] {
                let skipped = !bit(0) || !bit(1) || bit(4);
                let remark = !bit(2) || (bit(3) && verb.disturbs_session());
                match apply(&verb, bit(5), &target) {
                    Application::Skipped(code, _) => {
                        let expected = match (bit(0), bit(1)) {
                            (false, _) => "not_found",
                            (true, false) => "not_enrolled",
                            (true, true) => "too_many_open",
                        };
                        assert_eq!((skipped, code), (true, expected), "{target:?}");
                    }
                    Application::Applies(note) => {
                        assert!(!skipped, "{target:?}");
                        assert_eq!(note.is_some(), remark, "{target:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn refuses_arguments_that_make_no_sense() {
        let bad = [
            Verb::RestartService { unit: String::new() },
            Verb::RestartService { unit: "cups.service; rm -rf /".into() },
            Verb::RestartService { unit: "../cups.service".into() },
            Verb::RestartService { unit: "cups".into() },
            Verb::Identify { seconds: 0 },
            Verb::Identify { seconds: 301 },
            Verb::SetOutOfService { reason: "  ".into() },
            Verb::SetOutOfService { reason: "x".repeat(501) },
            Verb::SetOutOfService { reason: "Glas\u{7}".into() },
            Verb::SetOutOfService { reason: "\u{202e}salG".into() },
            Verb::CollectLogs { since_s: 0 },
        ];
        for verb in bad {
            assert_eq!(check_verb(&verb).len(), 1, "{verb:?}");
        }
        let said = "Glas gesprungen (\u{200f}زجاج مكسور\u{200f})".to_owned();
        let good = [Verb::Reboot, Verb::Identify { seconds: 30 }, Verb::CollectLogs { since_s: 600 }];
        for verb in good.into_iter().chain([Verb::SetOutOfService { reason: said }]) {
            assert!(check_verb(&verb).is_empty());
        }
    }

    #[test]
    fn times_hold_to_the_limits() {
        assert_eq!(
            times(1000, (60, 300), None, None).unwrap(),
            Times { start_by_ms: 61_000, finish_by_ms: 301_000 }
        );
        assert_eq!(times(0, (60, 300), Some(3600), None).unwrap().finish_by_ms, 3_840_000);
        assert_eq!(times(0, (60, 300), Some(86_400), None).unwrap().finish_by_ms, 86_400_000);
        for (start, finish) in
            [(Some(0), None), (Some(86_401), None), (Some(60), Some(59)), (None, Some(86_401))]
        {
            assert!(times(0, (60, 300), start, finish).is_err(), "{start:?} {finish:?}");
        }
    }
}
