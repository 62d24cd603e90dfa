//! Watches a release that was just put in service: does the page show it, does the printer print as
//! it did before, can a visit begin and end? Values in, values out; the driver asks at its own pace.

use migrado_protocol::health::{Health, HealthState, Reason};

use super::machine::Broken;
use crate::kiosk::Rehearsed;

/// Faults of a printer that hands, paper or current cause, not what is printed.
const NOT_OURS: [Reason; 10] = [
    Reason::PaperEmpty,
    Reason::PaperLow,
    Reason::TonerEmpty,
    Reason::TonerLow,
    Reason::PaperJam,
    Reason::CoverOpen,
    Reason::WasteFull,
    Reason::OutputFull,
    Reason::PrinterUnreachable,
    Reason::PrinterTimeout,
];

/// Characters of a release's id that people need to tell it from the others.
const ID_CHARS: usize = 12;

/// What the page says of the release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageSays {
    /// The release that it has drawn.
    pub shows: Option<String>,
    /// Why it could not draw one.
    pub error: Option<String>,
}

/// What is seen now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The release that the page shows, and since when without a break.
    pub shown: Option<(String, i64)>,
    /// Whether a visit was rehearsed, and went well.
    pub rehearsed: bool,
    /// What does not work.
    pub broken: Option<Broken>,
    /// What is new since the last look, for the log.
    pub news: Option<String>,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Observer {
    shown: Option<(String, i64)>,
    /// Whether the printer was at fault before the switch already.
    printer_was_ill: bool,
    /// How the visit went that was rehearsed, if one was.
    session: Option<Result<(), Broken>>,
}

impl Observer {
    /// Begins to watch: what is ill now is not the release's fault.
    pub fn begin(&mut self, printer: Option<&Health>) {
        self.shown = None;
        self.session = None;
        self.printer_was_ill = printer.is_some_and(is_ill);
    }

    /// Takes in how a rehearsed visit went. Gives it in words, for the log.
    pub fn rehearsed(&mut self, how: Rehearsed) -> String {
        match how {
            Rehearsed::Passed => {
                self.session = Some(Ok(()));
                "a rehearsed visit began and ended, and nothing of it is left".into()
            }
            // Whoever is there comes first; it is rehearsed when they have gone.
            Rehearsed::Interrupted => "a visitor came while a visit was rehearsed".into(),
            Rehearsed::Failed(detail) => {
                let words = format!("a rehearsed visit failed: {detail}");
                self.session = Some(Err(Broken { finding: "session_failed".into(), detail }));
                words
            }
        }
    }

    /// Looks once. A page that nobody hears shows nothing.
    pub fn look(&mut self, page: Option<PageSays>, printer: Option<&Health>, now_ms: i64) -> Seen {
        let page = page.unwrap_or_default();
        let before = self.shown.as_ref().map(|(release, _)| release.clone());
        self.shown = match (self.shown.take(), page.shows) {
            (Some((before, since_ms)), Some(now)) if before == now => Some((before, since_ms)),
            (_, now) => now.map(|release| (release, now_ms)),
        };
        let refuses = page.error.map(|error| Broken { finding: "page_refuses".into(), detail: error });
        let printer = printer.filter(|p| is_ill(p) && !self.printer_was_ill).map(|printer| Broken {
            finding: "printer".into(),
            detail: format!(
                "the printer has failed since the switch: {} {}",
                printer.reason.map(Reason::word).unwrap_or_default(),
                printer.detail.as_deref().unwrap_or_default()
            ),
        });
        let now = self.shown.as_ref().map(|(release, _)| release.clone());
        let news = (now != before).then(|| match now {
            Some(release) => format!("the page shows {}", release.chars().take(ID_CHARS).collect::<String>()),
            None => "the page shows no release".into(),
        });
        let session = self.session.clone();
        let rehearsed = session == Some(Ok(()));
        let broken = refuses.or(printer).or(session.and_then(Result::err));
        Seen { shown: self.shown.clone(), rehearsed, broken, news }
    }
}

fn is_ill(printer: &Health) -> bool {
    printer.state == HealthState::Failed && !printer.reason.is_some_and(|reason| NOT_OURS.contains(&reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(release: &str) -> Option<PageSays> {
        Some(PageSays { shows: Some(release.into()), error: None })
    }

    fn failed(reason: Reason) -> Health {
        Health::not_ok(HealthState::Failed, reason, None, 1)
    }

    #[test]
    fn what_the_page_shows_counts_since_it_shows_it_without_a_break() {
        let mut observer = Observer::default();
        let mut look = |page, now_ms| observer.look(page, None, now_ms).shown;
        assert_eq!(look(None, 1), None);
        assert_eq!(look(shows("a"), 2), Some(("a".into(), 2)));
        assert_eq!(look(shows("a"), 9), Some(("a".into(), 2)));
        assert_eq!(look(shows("b"), 10), Some(("b".into(), 10)));
        assert_eq!(look(None, 11), None);
        assert_eq!(look(shows("b"), 12), Some(("b".into(), 12)));
    }

    #[test]
    fn a_visit_that_was_rehearsed_counts_until_the_next_release_is_watched() {
        let mut observer = Observer::default();
        let look = |observer: &mut Observer| {
            let seen = observer.look(shows("a"), None, 1);
            (seen.rehearsed, seen.broken.map(|broken| broken.finding))
        };
        assert_eq!(look(&mut observer), (false, None));
        observer.rehearsed(Rehearsed::Interrupted);
        assert_eq!(look(&mut observer), (false, None), "it is rehearsed again");
        observer.rehearsed(Rehearsed::Failed("silent".into()));
        assert_eq!(look(&mut observer), (false, Some("session_failed".into())));
        observer.rehearsed(Rehearsed::Passed);
        assert_eq!(look(&mut observer), (true, None));
        observer.begin(None);
        assert_eq!(look(&mut observer), (false, None));
    }

    #[test]
    fn what_is_new_is_told_once() {
        let mut observer = Observer::default();
        assert_eq!(observer.look(None, None, 1).news, None);
        assert_eq!(observer.look(shows("a"), None, 2).news.as_deref(), Some("the page shows a"));
        assert_eq!(observer.look(shows("a"), None, 3).news, None);
        assert_eq!(observer.look(None, None, 4).news.as_deref(), Some("the page shows no release"));
    }

    #[test]
    fn a_page_that_refuses_and_a_printer_that_fails_anew_are_named() {
        let mut observer = Observer::default();
        let refuses = Some(PageSays { shows: None, error: Some("no strings".into()) });
        let seen = observer.look(refuses, None, 1).broken.unwrap();
        assert_eq!((seen.finding.as_str(), seen.detail.as_str()), ("page_refuses", "no strings"));
        let stuck = failed(Reason::QueueStuck);
        observer.begin(Some(&Health::ok(1)));
        assert_eq!(observer.look(None, Some(&stuck), 2).broken.unwrap().finding, "printer");
        assert_eq!(observer.look(None, Some(&failed(Reason::PaperEmpty)), 2).broken, None);
        observer.begin(Some(&stuck));
        assert_eq!(observer.look(None, Some(&stuck), 2).broken, None, "it was so before");
    }
}
