//! The catalog of verbs: what people call them, what they will do, and how long they may wait.

use migrado_protocol::command::Verb;

use crate::api::text::{Text, text};

/// An argument of a verb.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Argument {
    /// Its name in the order.
    pub name: &'static str,
    /// `string` or `number`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What people call it.
    pub text: Text,
    /// What is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<i64>,
    /// Least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Greatest number, or most characters.
    pub max: i64,
}

/// What people should know of a verb.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct VerbInfo {
    /// The word in an order.
    pub verb: &'static str,
    /// What people call it.
    pub text: Text,
    /// What it will do.
    pub effect: Text,
    /// What it needs to know.
    pub arguments: Vec<Argument>,
    /// Whether a visitor would be interrupted; then the display waits for the session's end.
    pub disturbs_session: bool,
    /// Usual seconds within which it must begin.
    pub default_start_by_s: u32,
    /// Usual seconds within which it must be done.
    pub default_finish_by_s: u32,
}

/// Seconds for what is done at once.
const SOON: (u32, u32) = (120, 300);
/// Seconds for what waits for a visitor: the longest usual session is half an hour.
const AFTER_SESSION: (u32, u32) = (1_800, 2_400);
/// Seconds for what ends in a restart of the machine.
const AFTER_SESSION_AND_BOOT: (u32, u32) = (1_800, 3_000);
/// Seconds for an order about a state: it should hold whenever the display is back today.
const TODAY: (u32, u32) = (12 * 3_600, 12 * 3_600 + 600);

/// Every verb once, with examples of its arguments.
pub fn all() -> Vec<Verb> {
    vec![
        Verb::ResetSession,
        Verb::ReloadPage,
        Verb::RestartPage,
        Verb::ClearPrintQueue,
        Verb::TestPrint,
        Verb::RestartService { unit: "cups.service".to_owned() },
        Verb::RestartAgent,
        Verb::Reboot,
        Verb::Identify { seconds: 30 },
        Verb::SetOutOfService { reason: "-".to_owned() },
        Verb::SetInService,
        Verb::CollectLogs { since_s: 3_600 },
        Verb::ReportNow,
    ]
}

/// The whole catalog.
pub fn catalog() -> Vec<VerbInfo> {
    all().iter().map(info).collect()
}

/// What people should know of this verb.
pub fn info(verb: &Verb) -> VerbInfo {
    let (name, effect) = words(verb);
    let (start, finish) = times(verb);
    VerbInfo {
        verb: verb.word(),
        text: name,
        effect,
        arguments: arguments(verb),
        disturbs_session: verb.disturbs_session(),
        default_start_by_s: start,
        default_finish_by_s: finish,
    }
}

/// Usual seconds until start and finish.
pub fn times(verb: &Verb) -> (u32, u32) {
    match verb {
        Verb::TestPrint | Verb::Identify { .. } | Verb::CollectLogs { .. } | Verb::ReportNow => SOON,
        Verb::SetOutOfService { .. } | Verb::SetInService => TODAY,
        Verb::Reboot => AFTER_SESSION_AND_BOOT,
        _ => AFTER_SESSION,
    }
}

fn arguments(verb: &Verb) -> Vec<Argument> {
    match verb {
        Verb::RestartService { .. } => vec![Argument {
            name: "unit",
            kind: "string",
            text: text("Dienst, zum Beispiel cups.service", "Unit, for example cups.service"),
            default: None,
            min: None,
            max: 255,
        }],
        Verb::Identify { .. } => vec![Argument {
            name: "seconds",
            kind: "number",
            text: text("Dauer in Sekunden", "Duration in seconds"),
            default: Some(30),
            min: Some(1),
            max: 300,
        }],
        Verb::SetOutOfService { .. } => vec![Argument {
            name: "reason",
            kind: "string",
            text: text("Grund, für die Kolleginnen und Kollegen", "Reason, for your colleagues"),
            default: None,
            min: None,
            max: 500,
        }],
        Verb::CollectLogs { .. } => vec![Argument {
            name: "since_s",
            kind: "number",
            text: text("Zeitraum in Sekunden bis jetzt", "Seconds back from now"),
            default: Some(3_600),
            min: Some(1),
            max: 604_800,
        }],
        _ => Vec::new(),
    }
}

fn words(verb: &Verb) -> (Text, Text) {
    match verb {
        Verb::ResetSession => (
            text("Sitzung zurücksetzen", "Reset the session"),
            text(
                "Beendet die Sitzung und löscht alles, was sie hinterließ. Läuft eine Sitzung, wartet das Terminal ihr Ende ab.",
                "Ends the session and erases all that it left. A running session is waited for.",
            ),
        ),
        Verb::ReloadPage => (
            text("Seite neu laden", "Reload the page"),
            text("Lädt die Seite für Besucher neu.", "Loads the visitors' page anew."),
        ),
        Verb::RestartPage => (
            text("Seite neu starten", "Restart the page"),
            text(
                "Startet das Programm neu, das die Seite zeigt. Der Bildschirm ist einige Sekunden dunkel.",
                "Restarts the program that shows the page. The screen is dark for some seconds.",
            ),
        ),
        Verb::ClearPrintQueue => (
            text("Druckaufträge löschen", "Clear the print queue"),
            text(
                "Bricht alle Druckaufträge des Terminals ab. Was nicht gedruckt ist, ist verloren.",
                "Cancels all print jobs of the display. What is not printed is lost.",
            ),
        ),
        Verb::TestPrint => (
            text("Testseite drucken", "Print a test page"),
            text(
                "Druckt eine Seite und meldet, ob sie herauskam.",
                "Prints one page and tells whether it came out.",
            ),
        ),
        Verb::RestartService { .. } => (
            text("Dienst neu starten", "Restart a service"),
            text(
                "Startet einen Dienst des Terminals neu, der auf seiner Liste steht.",
                "Restarts a service of the display that is on its list.",
            ),
        ),
        Verb::RestartAgent => (
            text("Agent neu starten", "Restart the agent"),
            text(
                "Startet den Agenten neu. Das Terminal ist einige Sekunden nicht verbunden.",
                "Restarts the agent. The display is not connected for some seconds.",
            ),
        ),
        Verb::Reboot => (
            text("Gerät neu starten", "Restart the machine"),
            text(
                "Startet das ganze Gerät neu. Das Terminal ist einige Minuten aus.",
                "Restarts the whole machine. The display is off for some minutes.",
            ),
        ),
        Verb::Identify { .. } => (
            text("Kennung zeigen", "Show the identity"),
            text(
                "Zeigt die Kennung des Terminals groß auf seinem Bildschirm.",
                "Shows the display's identity in large letters on its screen.",
            ),
        ),
        Verb::SetOutOfService { .. } => (
            text("Außer Betrieb nehmen", "Take out of service"),
            text(
                "Besucher sehen, dass das Terminal außer Betrieb ist, bis es wieder in Betrieb genommen wird.",
                "Visitors see that the display is out of service until it is put back into service.",
            ),
        ),
        Verb::SetInService => (
            text("In Betrieb nehmen", "Put into service"),
            text("Das Terminal steht Besuchern wieder zur Verfügung.", "The display serves visitors again."),
        ),
        Verb::CollectLogs { .. } => (
            text("Protokolle holen", "Collect logs"),
            text(
                "Holt die letzten Protokollzeilen des Terminals, bereinigt und höchstens 2 MiB.",
                "Brings the display's recent log lines, redacted and at most 2 MiB.",
            ),
        ),
        Verb::ReportNow => (
            text("Jetzt berichten", "Report now"),
            text(
                "Das Terminal schickt sofort seinen ganzen Zustand.",
                "The display sends its whole state at once.",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::plan;

    #[test]
    fn every_verb_has_words_in_both_languages_and_times_within_the_limits() {
        let catalog = catalog();
        let mut words: Vec<_> = catalog.iter().map(|v| v.verb).collect();
        words.dedup();
        assert_eq!(words.len(), 13);
        for verb in &catalog {
            for words in [&verb.text, &verb.effect] {
                assert!(!words.de.is_empty() && !words.en.is_empty() && words.de != words.en, "{verb:?}");
            }
            let defaults = (verb.default_start_by_s, verb.default_finish_by_s);
            assert!(plan::times(0, defaults, None, None).is_ok(), "{verb:?}");
        }
    }

    #[test]
    fn arguments_are_those_of_the_wire() {
        for verb in all() {
            let json = serde_json::to_value(&verb).unwrap();
            let mut on_wire: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
            on_wire.retain(|k| k != "verb");
            let told: Vec<_> = info(&verb).arguments.iter().map(|a| a.name.to_owned()).collect();
            assert_eq!(on_wire, told);
        }
    }
}
