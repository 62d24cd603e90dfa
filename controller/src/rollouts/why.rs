//! Why something is so: a word for programs with what belongs to it, and the sentence for people in
//! both languages. One place, so that preview, progress, console and command line say the same.

use serde::{Deserialize, Serialize};

use super::model::Capability;
use crate::api::text::{Text, text};

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Why {
    /// There is no such display: it was retired, or never was.
    NotFound,
    /// It has no certificate.
    NotEnrolled,
    /// Not connected.
    Offline {
        /// Since when.
        since_ms: i64,
    },
    /// Serves the release already.
    HasItAlready,
    /// Belongs to another rollout.
    InAnotherRollout {
        /// Its title.
        rollout: String,
    },
    /// Failed with this release and waits before it tries again.
    PenaltyBox {
        /// How often it failed.
        failures: u32,
        /// Until when it waits, as far as is known.
        until_ms: Option<i64>,
    },
    /// No wave takes it.
    NoWave,
    /// Its site would be without this.
    SiteCannotSpare {
        /// Without what.
        capability: Capability,
    },
    /// It is the only one of its kind at its site, and may be away only while the site is closed.
    OnlyWhenClosed {
        /// Of what kind.
        capability: Capability,
        /// When that is next, as far as is known.
        from_ms: Option<i64>,
    },
    /// The site has no window in sight.
    NoWindow,
    /// Waits for a window.
    WindowOpens {
        /// When it opens.
        from_ms: i64,
    },
    /// A person, or something else, has given it another release since.
    Overridden {
        /// Which.
        release: Option<String>,
    },
    /// Its own word: finding and detail.
    Reported {
        /// By name.
        finding: String,
        /// In words.
        detail: Option<String>,
    },
    /// A visitor is there.
    Visitor {
        /// Since when it waits.
        since_ms: Option<i64>,
        /// Until when at the latest.
        at_latest_ms: Option<i64>,
    },
    /// Nothing was heard within the step's time.
    NoWord {
        /// So many seconds.
        limit_s: u32,
    },
    /// Nothing is known to go back to.
    NothingBefore,
    /// The release is withdrawn.
    Withdrawn,
    /// Too many errors.
    Errors {
        /// So many.
        errors: u32,
        /// In this wave.
        wave: String,
    },
    /// The wave cannot reach its success threshold any more.
    TooFewConfirmed {
        /// So many are confirmed.
        confirmed: u32,
        /// Of so many.
        of: u32,
        /// In this wave.
        wave: String,
    },
    /// A person is to look before the next wave.
    LookFirst {
        /// The wave that is through.
        wave: String,
    },
    /// A person did it.
    Person {
        /// Who.
        name: String,
    },
}

fn lacks(capability: Capability) -> (&'static str, &'static str) {
    match capability {
        Capability::Printing => ("Drucken", "printing"),
        Capability::Wheelchair => ("Rollstuhlhöhe", "wheelchair height"),
    }
}

impl Why {
    /// In words for people. Times are not in them: who shows them knows the zone.
    pub fn words(&self) -> Text {
        match self {
            Self::NotFound => {
                text("Dieses Terminal gibt es nicht (mehr).", "There is no such display (any more).")
            }
            Self::NotEnrolled => {
                text("Das Terminal ist noch nicht angemeldet.", "The display is not enrolled yet.")
            }
            Self::Offline { .. } => text(
                "Nicht verbunden; es ist an der Reihe, sobald es zurück ist.",
                "Not connected; it takes its turn as soon as it is back.",
            ),
            Self::HasItAlready => text("Hat diese Veröffentlichung schon.", "Serves this release already."),
            Self::InAnotherRollout { rollout } => text(
                format!("Gehört zum Rollout „{rollout}“."),
                format!("Belongs to the rollout \"{rollout}\"."),
            ),
            Self::PenaltyBox { failures, .. } => text(
                format!("Ist daran {failures}-mal gescheitert und wartet vor dem nächsten Versuch."),
                format!("Has failed {failures} times with it and waits before it tries again."),
            ),
            Self::NoWave => text("Keine Welle nimmt es auf.", "No wave takes it."),
            Self::SiteCannotSpare { capability } => {
                let (de, en) = lacks(*capability);
                text(
                    format!("Der Standort kann es gerade nicht entbehren: {de}."),
                    format!("The site cannot spare it now: {en}."),
                )
            }
            Self::OnlyWhenClosed { capability, .. } => {
                let (de, en) = lacks(*capability);
                text(
                    format!("Das einzige Terminal seiner Art am Standort ({de}): nur, wenn geschlossen ist."),
                    format!("The only display of its kind at the site ({en}): only while it is closed."),
                )
            }
            Self::NoWindow => text(
                "Der Standort hat kein Wartungsfenster in Sicht.",
                "The site has no maintenance window in sight.",
            ),
            Self::WindowOpens { .. } => {
                text("Wartet auf das Wartungsfenster.", "Waits for the maintenance window.")
            }
            other => other.words_of_progress(),
        }
    }

    fn words_of_progress(&self) -> Text {
        match self {
            Self::Overridden { release } => {
                let name = release.as_deref().unwrap_or("-");
                text(
                    format!("Bekam inzwischen etwas anderes: {name}."),
                    format!("Was given something else meanwhile: {name}."),
                )
            }
            Self::Reported { finding, detail } => {
                let said = detail.as_deref().map_or(finding.clone(), |detail| format!("{finding}: {detail}"));
                text(format!("Das Terminal meldet {said}."), format!("The display reports {said}."))
            }
            Self::Visitor { .. } => text("Wartet auf einen Besucher.", "Waits for a visitor."),
            Self::NoWord { limit_s } => {
                let minutes = limit_s.div_ceil(60);
                text(
                    format!("Kein Ergebnis in {minutes} Minuten; ein späteres Wort zählt noch."),
                    format!("No result within {minutes} minutes; a later word still counts."),
                )
            }
            Self::NothingBefore => {
                text("Es ist nicht bekannt, was es vorher hatte.", "What it had before is not known.")
            }
            Self::Withdrawn => text("Die Veröffentlichung ist zurückgezogen.", "The release is withdrawn."),
            Self::Errors { errors, wave } => text(
                format!("{errors} Fehler in der Welle „{wave}“: zu viele."),
                format!("{errors} errors in the wave \"{wave}\": too many."),
            ),
            Self::TooFewConfirmed { confirmed, of, wave } => text(
                format!("In der Welle „{wave}“ sind nur {confirmed} von {of} bestätigt."),
                format!("In the wave \"{wave}\" only {confirmed} of {of} are confirmed."),
            ),
            Self::LookFirst { wave } => text(
                format!("Die Welle „{wave}“ ist durch; jemand soll nachsehen."),
                format!("The wave \"{wave}\" is through; somebody is to look."),
            ),
            Self::Person { name } => text(format!("Durch {name}."), format!("By {name}.")),
            _ => text("Aus einem anderen Grund.", "For another reason."),
        }
    }

    /// The word for programs.
    pub fn code(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value["code"].as_str().unwrap_or("other").to_owned()
    }

    /// The time that belongs to it, if one does: since when, or until or from when.
    pub fn at_ms(&self) -> Option<i64> {
        match self {
            Self::Offline { since_ms } => Some(*since_ms),
            Self::PenaltyBox { until_ms, .. } => *until_ms,
            Self::OnlyWhenClosed { from_ms, .. } => *from_ms,
            Self::WindowOpens { from_ms } => Some(*from_ms),
            Self::Visitor { at_latest_ms, since_ms } => at_latest_ms.or(*since_ms),
            _ => None,
        }
    }

    /// Since when a wait goes on that has an end: the end is [`Self::at_ms`].
    pub fn since_ms(&self) -> Option<i64> {
        match self {
            Self::Visitor { since_ms, at_latest_ms: Some(_) } => *since_ms,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_for_a_visitor_says_since_when_and_until_when() {
        let of = |since_ms, at_latest_ms| {
            let why = Why::Visitor { since_ms, at_latest_ms };
            (why.since_ms(), why.at_ms())
        };
        assert_eq!(of(Some(1), Some(2)), (Some(1), Some(2)));
        assert_eq!(of(Some(1), None), (None, Some(1)), "without an end the one time is the begin");
        assert_eq!(of(None, Some(2)), (None, Some(2)));
    }

    #[test]
    fn a_reason_has_a_word_and_sentences_that_end() {
        let capability = Capability::Printing;
        let all = [
            (Why::NotFound, "not_found"),
            (Why::NotEnrolled, "not_enrolled"),
            (Why::Offline { since_ms: 1 }, "offline"),
            (Why::HasItAlready, "has_it_already"),
            (Why::InAnotherRollout { rollout: "x".into() }, "in_another_rollout"),
            (Why::PenaltyBox { failures: 2, until_ms: None }, "penalty_box"),
            (Why::NoWave, "no_wave"),
            (Why::SiteCannotSpare { capability }, "site_cannot_spare"),
            (Why::OnlyWhenClosed { capability, from_ms: None }, "only_when_closed"),
            (Why::NoWindow, "no_window"),
            (Why::WindowOpens { from_ms: 1 }, "window_opens"),
            (Why::Overridden { release: None }, "overridden"),
            (Why::Reported { finding: "tampered".into(), detail: None }, "reported"),
            (Why::Visitor { since_ms: None, at_latest_ms: None }, "visitor"),
            (Why::NoWord { limit_s: 60 }, "no_word"),
            (Why::NothingBefore, "nothing_before"),
            (Why::Withdrawn, "withdrawn"),
            (Why::Errors { errors: 1, wave: "x".into() }, "errors"),
            (Why::TooFewConfirmed { confirmed: 1, of: 2, wave: "x".into() }, "too_few_confirmed"),
            (Why::LookFirst { wave: "x".into() }, "look_first"),
            (Why::Person { name: "x".into() }, "person"),
        ];
        for (why, code) in all {
            assert_eq!(why.code(), code);
            let words = why.words();
            assert!(words.de.ends_with('.') && words.en.ends_with('.'), "{words:?}");
            assert_ne!(words.en, "For another reason.", "{code}");
        }
    }
}
