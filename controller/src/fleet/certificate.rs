//! Whether a terminal's certificate ends soon although it should have been renewed long ago, and
//! what to do then. Pure. Renewal begins with a third of the life left, about a month; so whoever
//! stands here has failed for weeks, or was away.

use super::terminal::Terminal;
use super::why::{Why, Words};

/// Milliseconds before the end from which on somebody should look: two weeks, as long as the site's
/// longest closure.
pub const SOON_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It holds for long, or there is none.
    Fine,
    /// It ends soon.
    EndsSoon,
    /// It has ended: nothing of the terminal is let in.
    Ended,
}

/// Decides.
pub fn decide(terminal: &Terminal, now_ms: i64) -> Validity {
    match terminal.certificate.as_ref().map(|c| c.not_after_ms) {
        Some(end_ms) if now_ms > end_ms => Validity::Ended,
        Some(end_ms) if now_ms > end_ms.saturating_sub(SOON_MS) => Validity::EndsSoon,
        _ => Validity::Fine,
    }
}

/// Why it is not green, if it is not.
pub fn why(terminal: &Terminal, now_ms: i64) -> Option<Why> {
    let end_ms = terminal.certificate.as_ref()?.not_after_ms;
    let (code, since_ms, words) = match decide(terminal, now_ms) {
        Validity::Fine => return None,
        Validity::EndsSoon => ("certificate_ends_soon", end_ms.saturating_sub(SOON_MS), ENDS_SOON),
        Validity::Ended => ("certificate_ended", end_ms, ENDED),
    };
    Some(Why { code: code.to_owned(), component: None, words, detail: None, since_ms })
}

const ENDS_SOON: Words = Words {
    de: "Das Zertifikat läuft bald ab und wurde nicht erneuert.",
    en: "The certificate ends soon and was not renewed.",
    next_de: "Protokolle holen: Die Anzeige sagt, warum die Erneuerung nicht gelingt.",
    next_en: "Collect logs: the display tells why the renewal does not succeed.",
};

const ENDED: Words = Words {
    de: "Das Zertifikat ist abgelaufen; die Anzeige wird nicht mehr eingelassen.",
    en: "The certificate has expired; the display is not let in any more.",
    next_de: "Mit einem neuen Einmal-Token anmelden.",
    next_en: "Enroll it with a new one-time token.",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::terminal::Certificate;
    use crate::fleet::why::explain;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    const END_MS: i64 = 100 * DAY_MS;

    fn terminal(has_certificate: bool) -> Terminal {
        let mut t = Terminal::new("fp-01".parse().unwrap(), "fp".parse().unwrap(), String::new(), 0);
        t.certificate = has_certificate.then(|| Certificate { serial: "1".into(), not_after_ms: END_MS });
        t
    }

    #[test]
    fn two_weeks_before_its_end_somebody_should_look() {
        for (day, expected) in [
            (0, Validity::Fine),
            (86, Validity::Fine),
            (87, Validity::EndsSoon),
            (100, Validity::EndsSoon),
            (101, Validity::Ended),
        ] {
            assert_eq!(decide(&terminal(true), day * DAY_MS), expected, "day {day}");
            assert_eq!(decide(&terminal(false), day * DAY_MS), Validity::Fine, "day {day}");
        }
    }

    #[test]
    fn what_ended_is_told_first_also_of_a_display_that_is_away() {
        let codes = |day: i64| {
            let found = explain(&terminal(true), day * DAY_MS);
            found.into_iter().map(|w| w.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(0), ["unknown"]);
        assert_eq!(codes(90), ["unknown", "certificate_ends_soon"]);
        assert_eq!(codes(101), ["certificate_ended", "unknown"]);
    }
}
