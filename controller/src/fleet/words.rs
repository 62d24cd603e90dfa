//! What things are called, in German and English: parts, states, refusals, entries of the audit log.
//! Sentences about a reason, with what to do next, are `why`'s. Console, command line and timeline
//! show these and make up none of their own.

use migrado_protocol::command::{CommandState, Rejection};
use migrado_protocol::health::{Component, HealthState, Reason};
use migrado_protocol::presence::AwayCause;
use migrado_protocol::verdict::Level;

use super::presence::Presence;
use super::reasons;

/// German and English.
pub type Name = (&'static str, &'static str);

/// A part of the display.
pub fn component(component: Component) -> Name {
    match component {
        Component::System => ("Rechner", "Machine"),
        Component::Storage => ("Speicher", "Storage"),
        Component::Clock => ("Uhr", "Clock"),
        Component::Services => ("Dienste", "Services"),
        Component::Printer => ("Drucker", "Printer"),
        Component::Page => ("Besucherseite", "Visitor's page"),
        Component::Usage => ("Nutzungszählung", "Usage counting"),
        Component::Content => ("Inhalte", "Content"),
        Component::Other => ("Anderes", "Other"),
    }
}

/// Why a part is not well.
pub fn reason(reason: Reason) -> Name {
    let words = reasons::of_reason(reason);
    (words.de, words.en)
}

fn health(state: HealthState) -> Name {
    match state {
        HealthState::Ok => ("In Ordnung.", "Well."),
        HealthState::Degraded => ("Eingeschränkt.", "Degraded."),
        HealthState::Failed => ("Ausgefallen.", "Failed."),
        HealthState::Unknown => ("Nicht bekannt.", "Not known."),
    }
}

/// What a line of the timeline calls a change of health: `printer:paper_empty`, `page:ok`.
pub fn of_health(code: &str) -> (String, String) {
    let (part, what) = code.split_once(':').unwrap_or((code, ""));
    let read = |word: &str| serde_json::Value::String(word.to_owned());
    let part = component(serde_json::from_value(read(part)).unwrap_or(Component::Other));
    let state = HealthState::ALL.into_iter().find(|state| state.word() == what);
    let what = match state {
        Some(state) => health(state),
        None => reason(serde_json::from_value(read(what)).unwrap_or(Reason::Other)),
    };
    (format!("{}: {}", part.0, what.0), format!("{}: {}", part.1, what.1))
}

/// That a display came or went.
pub fn presence(presence: Presence) -> Name {
    match presence {
        Presence::Online => ("Verbunden", "Connected"),
        Presence::Late => ("Meldet sich gerade nicht", "Not heard from right now"),
        Presence::Offline => ("Nicht mehr verbunden", "No longer connected"),
        Presence::OffOnPurpose => ("Planmäßig aus", "Off on purpose"),
        Presence::Unknown => ("Nie gehört", "Never heard of"),
    }
}

/// What a display can do for a visitor.
pub fn level(level: Level) -> Name {
    match level {
        Level::FullService => ("Voller Service", "Full service"),
        Level::InformOnly => ("Nur Auskunft, kein Druck", "Informs only, no printing"),
        Level::OutOfService => ("Außer Betrieb", "Out of service"),
    }
}

/// Why a display was away.
pub fn away(cause: AwayCause) -> Name {
    match cause {
        AwayCause::Power => ("War weg: Strom oder harter Neustart", "Was away: power or a hard reset"),
        AwayCause::Network => ("War weg: nur das Netz", "Was away: only the network"),
        AwayCause::Crash => ("War weg: Absturz des Agenten", "Was away: the agent crashed"),
        AwayCause::Restart => ("War weg: Agent neu gestartet", "Was away: the agent was restarted"),
        AwayCause::Planned => ("War weg: geplanter Neustart", "Was away: planned reboot"),
        AwayCause::Unknown => ("War weg: Grund nicht bekannt", "Was away: reason not known"),
    }
}

/// Where an order stands.
pub fn command(state: CommandState) -> Name {
    match state {
        CommandState::Queued => ("angeordnet", "ordered"),
        CommandState::Sent => ("gesendet, wartet auf Bestätigung", "sent, waiting for confirmation"),
        CommandState::Accepted => ("vom Terminal angenommen", "accepted by the display"),
        CommandState::Running => ("läuft", "running"),
        CommandState::Succeeded => ("vom Terminal bestätigt", "confirmed by the display"),
        CommandState::Failed => ("fehlgeschlagen", "failed"),
        CommandState::Rejected => ("vom Terminal abgelehnt", "rejected by the display"),
        CommandState::TimedOut => ("kein Ergebnis, Zustand unbekannt", "no result, state unknown"),
        CommandState::Expired => ("verfallen", "expired"),
        CommandState::Canceled => ("zurückgenommen", "taken back"),
    }
}

/// Why a display refused an order.
pub fn rejection(rejection: Rejection) -> Name {
    match rejection {
        Rejection::Expired => ("Die Zeit für den Beginn war vorbei.", "The time to begin had passed."),
        Rejection::OutOfOrder => ("Die Reihenfolge stimmt nicht.", "It came out of order."),
        Rejection::UnknownVerb => {
            ("Dieser Agent kennt den Auftrag nicht.", "This agent does not know the order.")
        }
        Rejection::UnitNotListed => (
            "Der Dienst steht nicht auf der Liste des Terminals.",
            "The service is not on the display's list.",
        ),
        Rejection::Unsupported => ("Dieses Gerät kann das nicht.", "This machine cannot do that."),
        Rejection::RateLimited => ("Zu oft innerhalb einer Stunde.", "Too often within an hour."),
        Rejection::JournalFull => ("Zu viele Aufträge warten.", "Too many orders are waiting."),
        Rejection::SessionRunning => {
            ("Eine Sitzung lief bis zum Schluss der Frist.", "A session ran until the deadline.")
        }
        Rejection::InvalidTimes => ("Die Zeiten sind nicht stimmig.", "Its times make no sense."),
        Rejection::Other => (
            "Aus einem Grund, den diese Version nicht kennt.",
            "For a reason that this version does not know.",
        ),
    }
}

/// What the audit log remembers: deeds, and refusals by their label. A word that is missing here
/// stands as it is.
const ACTIONS: &[(&str, Name)] = &[
    ("login", ("Anmeldung", "Sign-in")),
    ("make_api_token", ("API-Schlüssel erzeugt", "API token made")),
    ("token.withdraw", ("API-Schlüssel entfernt", "API token removed")),
    ("user.make", ("Person angelegt", "Person added")),
    ("user.change", ("Person geändert", "Person changed")),
    ("user.remove", ("Person entfernt", "Person removed")),
    ("user.reset_password", ("Passwort am Rechner zurückgesetzt", "Password reset on the machine")),
    ("password.change", ("Eigenes Passwort geändert", "Own password changed")),
    ("logout", ("Abmeldung", "Sign-out")),
    ("certificate.renew", ("Zertifikat erneuert", "Certificate renewed")),
    ("certificate.replace", ("Erneuertes Zertifikat in Gebrauch", "Renewed certificate in use")),
    ("certificate.check", ("Zertifikat abgewiesen", "Certificate refused")),
    ("signing_key.rotate", ("Signaturschlüssel ersetzt", "Signing key replaced")),
    ("terminal.add", ("Terminal angelegt", "Display added")),
    ("terminal.change", ("Einstellungen geändert", "Settings changed")),
    ("release.publish", ("Liste der Inhaltsstände veröffentlicht", "List of releases published")),
    ("terminal.release", ("Inhaltsstand bestimmt", "Release of content chosen")),
    ("terminal.release.retry", ("Inhaltsstand erneut angefordert", "Release of content asked for again")),
    ("neighbor.drop", ("Nachbar gab falsche Inhalte", "Neighbor gave wrong content")),
    ("terminal.retire", ("Terminal ausgesondert", "Display retired")),
    ("terminal.revoke", ("Zertifikat gesperrt", "Certificate revoked")),
    ("enroll_token.make", ("Einmalcode zur Anmeldung erzeugt", "One-time token for an enrollment made")),
    ("enroll", ("Anmeldung mit Einmalcode", "Enrollment with a one-time token")),
    ("command.issue", ("Auftrag erteilt", "Order given")),
    ("command.cancel", ("Rücknahme eines Auftrags verlangt", "Order asked to be taken back")),
    ("calendar.change", ("Kalender geändert", "Calendar changed")),
    (
        "calendar.reset",
        ("Kalender auf die Konfiguration zurückgesetzt", "Calendar set back to the configuration"),
    ),
    ("schedule.add", ("Geplanter Auftrag angelegt", "Scheduled order added")),
    ("schedule.change", ("Geplanter Auftrag geändert", "Scheduled order changed")),
    ("schedule.pause", ("Geplanter Auftrag angehalten", "Scheduled order paused")),
    ("schedule.resume", ("Geplanter Auftrag fortgesetzt", "Scheduled order resumed")),
    ("schedule.remove", ("Geplanter Auftrag entfernt", "Scheduled order removed")),
    ("schedule.skip", ("Geplanter Auftrag ausgelassen", "Scheduled order skipped")),
    ("logs.upload", ("Protokolle hochgeladen", "Logs uploaded")),
    ("rollout.make", ("Rollout angelegt", "Rollout made")),
    ("rollout.start", ("Rollout gestartet", "Rollout started")),
    ("rollout.approve", ("Rollout freigegeben", "Rollout approved")),
    ("rollout.begin", ("Rollout begonnen", "Rollout begun")),
    ("rollout.pause", ("Rollout pausiert", "Rollout paused")),
    ("rollout.resume", ("Rollout fortgesetzt", "Rollout resumed")),
    ("rollout.cancel", ("Rollout beendet", "Rollout canceled")),
    ("rollout.back", ("Rollout wird zurückgenommen", "Rollout is taken back")),
    ("rollout.halt", ("Rollout angehalten", "Rollout halted")),
    ("rollout.complete", ("Rollout abgeschlossen", "Rollout completed")),
    ("rollout.rolled_back", ("Rollout zurückgenommen", "Rollout taken back")),
    ("recall.add", ("Ausgabe zurückgerufen", "Edition recalled")),
    ("recall.lift", ("Rückruf aufgehoben", "Recall lifted")),
    ("malformed", ("Unlesbare Nachricht", "Unreadable message")),
    ("oversized", ("Zu große Nachricht", "Oversized message")),
    ("unknown_version", ("Nachricht einer unbekannten Version", "Message of an unknown version")),
    ("unknown_topic", ("Nachricht mit unbekanntem Thema", "Message on an unknown topic")),
    ("unknown_terminal", ("Nachricht eines unbekannten Terminals", "Message of an unknown display")),
    ("unknown_command", ("Bestätigung eines unbekannten Auftrags", "Acknowledgement of an unknown order")),
    ("foreign_command", ("Bestätigung eines fremden Auftrags", "Acknowledgement of another display's order")),
    ("foreign_topic", ("Nachricht unter fremdem Namen", "Message in another's name")),
    ("foreign_subscription", ("Mitlesen fremder Aufträge", "Subscription to another's orders")),
    ("foreign_client_id", ("Verbindung unter fremdem Namen", "Connection in another's name")),
    ("foreign_will", ("Abschied unter fremdem Namen", "Will in another's name")),
    ("unknown_identity", ("Verbindung ohne bekannte Identität", "Connection without a known identity")),
    (
        "unreadable_command",
        ("Bestätigung eines unlesbaren Auftrags", "Acknowledgement of an unreadable order"),
    ),
    ("usage_hour_out_of_range", ("Zählung einer unmöglichen Stunde", "Count of an impossible hour")),
    ("flood", ("Zu viele Nachrichten", "Too many messages")),
    ("revoked", ("Verbindung mit gesperrtem Zertifikat", "Connection with a revoked certificate")),
];

/// What the audit log calls it.
pub fn action(action: &str) -> (String, String) {
    match ACTIONS.iter().find(|(word, _)| *word == action) {
        Some((_, (de, en))) => ((*de).to_owned(), (*en).to_owned()),
        None => (action.to_owned(), action.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_health_is_a_sentence_and_never_a_code() {
        let rows = [
            ("printer:paper_empty", "Drucker: Das Papier ist leer.", "Printer: Paper has run out."),
            ("page:ok", "Besucherseite: In Ordnung.", "Visitor's page: Well."),
            ("clock:unknown", "Uhr: Nicht bekannt.", "Clock: Not known."),
            ("oven:too_hot", "Anderes: Ein Grund, den diese Version nicht kennt.", "Other: A reason"),
            ("nonsense", "Anderes: Ein Grund, den diese Version nicht kennt.", "Other: A reason"),
        ];
        for (code, de, en) in rows {
            let said = of_health(code);
            assert_eq!(said.0, de, "{code}");
            assert!(said.1.starts_with(en), "{code}: {}", said.1);
        }
    }

    /// The first quoted word (after the controller as actor) of every call that makes an entry or a
    /// refusal, in what is shipped.
    #[test]
    fn every_entry_of_the_audit_log_has_words() {
        let calls =
            ["Entry::ok(", "Entry::refused(", ".note(", "remember(", "throw_out(", "Some((", "reason: "];
        let mut found = std::collections::BTreeSet::new();
        for text in sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
            // The last two stand for refusals only where those are decided.
            let decides = shipped.contains("fn refusal(") || shipped.contains("struct Dropped");
            for call in calls.iter().take(if decides { 7 } else { 5 }) {
                let arguments = shipped.split(call).skip(1).filter_map(|rest| rest.split(';').next());
                let quoted =
                    |a: &str| a.split('"').skip(1).step_by(2).find(|w| *w != "controller").map(str::to_owned);
                found.extend(arguments.filter_map(quoted));
            }
        }
        found.retain(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.'));
        assert!(found.len() >= 20, "only {found:?} were found");
        let wordless: Vec<_> = found.iter().filter(|w| !ACTIONS.iter().any(|(k, _)| k == w)).collect();
        assert!(wordless.is_empty(), "without words: {wordless:?}");
    }

    fn sources(folder: &std::path::Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|e| e == "rs")
                && !path.to_string_lossy().ends_with("tests.rs")
            {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
        found
    }
}
