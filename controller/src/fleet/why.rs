//! Why something is not green, and what the person who can act does next: one sentence and one
//! step for every reason that exists, in German and English. Console, command line and alerts show
//! these and make up none of their own.

use migrado_protocol::health::{Component, HealthState, Reason};
use migrado_protocol::limits::clip;

use super::certificate;
use super::presence::{self, Presence};
use super::reasons;
use super::terminal::Terminal;

/// A sentence and a next step, each in German and English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// German sentence.
    pub de: &'static str,
    /// English sentence.
    pub en: &'static str,
    /// German next step.
    pub next_de: &'static str,
    /// English next step.
    pub next_en: &'static str,
}

pub(super) const fn words(
    de: &'static str,
    en: &'static str,
    next_de: &'static str,
    next_en: &'static str,
) -> Words {
    Words { de, en, next_de, next_en }
}

/// Why a terminal is not green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The kind, for programs.
    pub code: String,
    /// Which part, if it is one.
    pub component: Option<Component>,
    /// In words.
    pub words: Words,
    /// Raw words of the display or printer.
    pub detail: Option<String>,
    /// Since when.
    pub since_ms: i64,
}

/// Everything that is not as it should be, the gravest first. Empty when all is well.
pub fn explain(terminal: &Terminal, now_ms: i64) -> Vec<Why> {
    let mut found = of_display(terminal, now_ms);
    if let Some(why) = certificate::why(terminal, now_ms) {
        let ended = certificate::decide(terminal, now_ms) == certificate::Validity::Ended;
        found.insert(if ended { 0 } else { found.len() }, why);
    }
    found
}

fn of_display(terminal: &Terminal, now_ms: i64) -> Vec<Why> {
    let (presence, since_ms) = presence::decide(terminal, now_ms);
    if presence != Presence::Online {
        // Who was heard once and has no certificate was revoked: it does not come back by itself.
        if terminal.certificate.is_none() && terminal.last_seen_ms.is_some() {
            let (code, words) = ("revoked".to_owned(), of_revoked());
            return vec![Why { code, component: None, words, detail: None, since_ms }];
        }
        let code = presence.word().to_owned();
        return vec![Why { code, component: None, words: of_presence(presence), detail: None, since_ms }];
    }
    let mut nodes: Vec<_> = terminal
        .reported
        .health
        .iter()
        .filter(|(_, h)| {
            !h.is_unsupported() && matches!(h.state, HealthState::Failed | HealthState::Degraded)
        })
        .collect();
    nodes.sort_by_key(|(_, h)| h.state != HealthState::Failed);
    let mut found: Vec<Why> = nodes
        .into_iter()
        .map(|(component, health)| {
            let reason = health.reason.unwrap_or(Reason::Other);
            Why {
                code: reason.word(),
                component: Some(*component),
                words: reasons::of_reason(reason),
                detail: health.detail.as_deref().map(clip),
                since_ms: health.since_ms,
            }
        })
        .collect();
    // Neither well nor ill: it has not sensed all yet, and says so instead of a verdict.
    if terminal.reported.verdict.is_none() && found.is_empty() {
        let (code, since_ms) = (Reason::Starting.word(), terminal.connection_since_ms);
        found.push(Why { code, component: None, words: of_starting(), detail: None, since_ms });
    }
    for because in
        terminal.reported.verdict.iter().flat_map(|v| v.because.iter().map(move |b| (b, v.since_ms)))
    {
        let (because, since_ms) = because;
        // What a display does not have is nothing to do something about.
        if because.reason == Reason::Unsupported {
            continue;
        }
        let code = because.reason.word();
        if !found.iter().any(|w| w.code == code) {
            let (component, words) = (Some(because.component), of_verdict(because.reason));
            found.insert(0, Why { code, component, words, detail: None, since_ms });
        }
    }
    found
}

/// The words of a display without a verdict.
fn of_revoked() -> Words {
    words(
        "Das Zertifikat ist gesperrt.",
        "The certificate was revoked.",
        "Soll das Terminal wieder dazugehören: neu anmelden.",
        "If the display is to belong again: enroll it anew.",
    )
}

fn of_starting() -> Words {
    words(
        "Das Terminal startet; was es kann, ist noch nicht bekannt.",
        "The display is starting; what it can do is not known yet.",
        "Eine Minute warten. Bleibt es dabei: Läuft der Browser des Terminals?",
        "Wait a minute. If it stays: does the display's browser run?",
    )
}

/// The words of what limits the service. A part that cannot be sensed is no reason to act, except
/// where the service needs it.
fn of_verdict(reason: Reason) -> Words {
    match reason {
        Reason::Unsupported => words(
            "Ein Teil, den der Dienst braucht, ist hier nicht eingerichtet.",
            "A part that the service needs is not set up here.",
            "In der Konfiguration des Geräts nachsehen, ob etwa der Drucker eingetragen ist.",
            "See in the machine's configuration whether it is entered, for example the printer.",
        ),
        reason => reasons::of_reason(reason),
    }
}

/// The words of a presence that is not `online`.
pub fn of_presence(presence: Presence) -> Words {
    match presence {
        Presence::Online => words("Verbunden.", "Connected.", "Nichts zu tun.", "Nothing to do."),
        Presence::Late => words(
            "Das Terminal hat sich gerade nicht gemeldet.",
            "The display has just missed its time.",
            "Eine Minute warten; es meldet sich meist von selbst zurück.",
            "Wait a minute; it usually comes back by itself.",
        ),
        Presence::Offline => words(
            "Keine Verbindung zum Terminal.",
            "The display is not connected.",
            "Strom und Netzwerkkabel des Terminals prüfen. Was es gerade zeigt, ist nicht bekannt.",
            "Check the display's power and network cable. What it shows right now is not known.",
        ),
        Presence::OffOnPurpose => words(
            "Das Terminal ist absichtlich ausgeschaltet.",
            "The display is off on purpose.",
            "Einschalten, wenn es gebraucht wird.",
            "Switch it on when it is needed.",
        ),
        Presence::Unknown => words(
            "Von diesem Terminal wurde noch nie etwas gehört.",
            "Nothing was ever heard of this display.",
            "Mit einem Einmal-Token anmelden.",
            "Enroll it with a one-time token.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::apply::{Heard, apply};
    use super::super::terminal::Certificate;
    use super::*;

    #[test]
    fn a_revoked_display_is_called_revoked_and_not_just_late() {
        let mut t = Terminal::new("fp-01".parse().unwrap(), "fp".parse().unwrap(), String::new(), 0);
        let code = |t: &Terminal, now_ms| explain(t, now_ms)[0].code.clone();
        assert_eq!(code(&t, 1), "unknown", "it was never there");
        t.certificate = Some(Certificate { serial: "1".into(), not_after_ms: i64::MAX });
        apply(&mut t, 1, Heard::Sign, 1);
        let lost = Heard::Presence(migrado_protocol::Presence::Death {
            cause: migrado_protocol::presence::DeathCause::Lost,
        });
        apply(&mut t, 1, lost, 2);
        assert_eq!(code(&t, 3), "late", "negative control");
        t.certificate = None;
        assert_eq!((code(&t, 3), code(&t, 1_000_000)), ("revoked".to_owned(), "revoked".to_owned()));
    }
}
