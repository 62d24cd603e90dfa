//! A visit that the agent plays to itself, while nobody is there, to prove that one can begin and end:
//! the page has to open it, to come back from it, and nothing of it may be left. No visitor is counted.
//! Whoever touches the display meanwhile is served at once: the visit is theirs then.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Kiosk;
use super::session::Session;

/// How long the page may take to open a visit, or to come back: it says so at once, and with a beat
/// that was lost five seconds later.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// The lease of a visit that is rehearsed: it ends by itself if the one who rehearses is gone.
const LEASE: Duration = Duration::from_secs(60);
/// What the page says that it shows.
const WELCOME: &str = "welcome";
const SESSION: &str = "session";
/// The language where nobody has said which ones there are.
const LANGUAGE: &str = "de";

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rehearsed {
    /// A visit began and ended, and nothing of it is left.
    Passed,
    /// A visitor is there.
    Interrupted,
    /// It did not, and what was seen instead.
    Failed(String),
}

impl Kiosk {
    /// Plays a visit from its beginning to its end.
    pub async fn rehearse(&self) -> Rehearsed {
        let Some(number) = self.begin_rehearsal() else { return Rehearsed::Interrupted };
        let opened = self.until_page_shows(SESSION).await;
        if !self.end_rehearsal(number) {
            return Rehearsed::Interrupted;
        }
        if let Err(instead) = opened {
            return Rehearsed::Failed(format!("the page did not open a visit: {instead}"));
        }
        let closed = self.until_page_shows(WELCOME).await;
        if self.session_running() {
            return Rehearsed::Interrupted;
        }
        match closed {
            Ok(()) if self.is_empty() => Rehearsed::Passed,
            Ok(()) => Rehearsed::Failed("something of the visit is left after its end".into()),
            Err(instead) => Rehearsed::Failed(format!("the page did not come back from a visit: {instead}")),
        }
    }

    /// Begins, unless a visitor is there.
    fn begin_rehearsal(&self) -> Option<u64> {
        let language = self.view().languages.first().cloned().unwrap_or_else(|| LANGUAGE.into());
        let lease_until = Instant::now() + LEASE;
        let mut number = None;
        self.0.model.send_if_modified(|m| {
            if m.session.is_some() {
                return false;
            }
            m.visit += 1;
            number = Some(m.visit);
            m.session = Some(Session { number: m.visit, language, lease_until, sheets: 0, rehearsal: true });
            true
        });
        number
    }

    /// Ends it. `false` when it has become somebody's visit, or was ended otherwise.
    fn end_rehearsal(&self, number: u64) -> bool {
        let ended = self.0.model.send_if_modified(|m| {
            m.session.take_if(|session| session.rehearsal && session.number == number).is_some()
        });
        if ended {
            self.tell_page();
        }
        ended
    }

    fn is_empty(&self) -> bool {
        let model = self.0.model.borrow();
        model.session.is_none() && model.jobs.is_empty()
    }

    /// Waits until the page says that it shows this. Gives what it says instead when it takes too long,
    /// or a visitor comes.
    async fn until_page_shows(&self, route: &str) -> Result<(), String> {
        let mut news = self.changed();
        let shows = async {
            loop {
                news.mark_unchanged();
                let is_shown = {
                    let said = self.said();
                    said.route == route && said.error.is_none()
                };
                // The sender lives in `self`, so waiting cannot fail.
                if is_shown || self.visited() || news.changed().await.is_err() {
                    return;
                }
            }
        };
        match timeout(ANSWER_LIMIT, shows).await {
            Ok(()) => Ok(()),
            Err(_) => {
                let said = self.said();
                let error = said.error.as_deref().unwrap_or("no error is told");
                Err(format!("after {} s it says \"{}\", {error}", ANSWER_LIMIT.as_secs(), said.route))
            }
        }
    }
}
