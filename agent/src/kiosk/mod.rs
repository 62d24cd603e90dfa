//! What the visitor has before them: the session with its lease (`Kiosk`), the loopback server
//! (`server`) with its page, and the counters of use (`counters`). Nothing of a visitor is kept but counts.

pub mod counters;
pub mod server;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use migrado_protocol::TerminalId;
use migrado_protocol::desired::Desired;
use migrado_protocol::report::Page;
use migrado_protocol::usage::Counter;
use migrado_protocol::verdict::{Level, Verdict};
use serde::Serialize;
use tokio::sync::watch;

use crate::commands::handlers::Screen;
use crate::platform::clock;
use crate::store::StoreError;
use counters::Counters;

/// Seconds without a touch after which a session ends, until the controller says otherwise.
const IDLE_S_DEFAULT: u32 = 90;

/// What the page shows. A closed set: the page has one rendering for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing is known yet.
    Starting,
    /// Informs and prints.
    Ready,
    /// Informs.
    InformOnly,
    /// Of no use right now.
    OutOfService,
}

/// What the page is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// Which rendering.
    pub state: State,
    /// This display, in large letters while it identifies itself.
    pub terminal: TerminalId,
    /// It identifies itself.
    pub identify: bool,
    /// A visitor's session runs.
    pub session: bool,
    /// Languages offered.
    pub languages: Vec<String>,
    /// What people call the display.
    pub label: String,
    /// Rises whenever the page shall load itself anew.
    pub reload: u64,
}

#[derive(Debug, Default)]
struct Now {
    verdict: Option<Verdict>,
    desired: Option<Desired>,
    session_until: Option<tokio::time::Instant>,
    identify_until: Option<tokio::time::Instant>,
    heartbeat_ms: Option<i64>,
    build: Option<String>,
    reload: u64,
}

/// The visitor's side of the display. A cheap handle.
#[derive(Debug, Clone)]
pub struct Kiosk {
    terminal: TerminalId,
    now: Arc<Mutex<Now>>,
    changed: Arc<watch::Sender<u64>>,
    session: Arc<watch::Sender<bool>>,
    pages: Arc<watch::Sender<Page>>,
    counters: Counters,
}

impl Kiosk {
    /// A display without a visitor.
    pub fn new(db: Arc<redb::Database>, terminal: TerminalId) -> Result<Self, StoreError> {
        Ok(Self {
            terminal,
            now: Arc::default(),
            changed: Arc::new(watch::Sender::new(0)),
            session: Arc::new(watch::Sender::new(false)),
            pages: Arc::new(watch::Sender::new(Page { heartbeat_ms: None, session: false, build: None })),
            counters: Counters::open(db)?,
        })
    }

    /// Takes in what others decided.
    pub fn set_facts(&self, verdict: Option<Verdict>, desired: Option<Desired>, _controller_online: bool) {
        let mut now = self.now();
        now.verdict = verdict;
        now.desired = desired;
        drop(now);
        self.change();
    }

    /// The page as the report tells it.
    pub fn page(&self) -> Page {
        let now = self.now();
        Page {
            heartbeat_ms: now.heartbeat_ms,
            session: now.session_until.is_some(),
            build: now.build.clone(),
        }
    }

    /// What the page shows now.
    pub fn view(&self) -> View {
        let now = self.now();
        View {
            state: show(now.verdict.as_ref()),
            terminal: self.terminal.clone(),
            identify: now.identify_until.is_some_and(|until| until > tokio::time::Instant::now()),
            session: now.session_until.is_some(),
            languages: now
                .desired
                .as_ref()
                .map_or_else(|| vec!["de".into(), "en".into()], |d| d.languages.clone()),
            label: now.desired.as_ref().map_or_else(String::new, |d| d.label.clone()),
            reload: now.reload,
        }
    }

    /// Whenever anything of the view or the page changed.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn heartbeat(&self, build: String) {
        let mut now = self.now();
        now.heartbeat_ms = Some(clock::now_ms());
        now.build = Some(build);
        drop(now);
        self.pages.send_replace(self.page());
    }

    /// Begins a session. `None` while one runs, or while the display is out of service.
    fn begin_session(&self) -> Option<u32> {
        let lease_s = self.lease_s();
        let mut now = self.now();
        if now.session_until.is_some() || show(now.verdict.as_ref()) == State::OutOfService {
            return None;
        }
        now.session_until = Some(tokio::time::Instant::now() + Duration::from_secs(lease_s.into()));
        drop(now);
        self.count(Counter::SessionsBegun);
        self.count(Counter::LanguagesChosen);
        self.session.send_replace(true);
        self.change();
        Some(lease_s)
    }

    fn renew_session(&self) -> Option<u32> {
        let lease_s = self.lease_s();
        let mut now = self.now();
        now.session_until.as_ref()?;
        now.session_until = Some(tokio::time::Instant::now() + Duration::from_secs(lease_s.into()));
        Some(lease_s)
    }

    fn end_with(&self, counter: Counter) {
        if self.now().session_until.take().is_some() {
            self.count(counter);
            self.session.send_replace(false);
            self.change();
        }
    }

    /// Ends the session when its lease is over: nobody is there any more.
    pub async fn watch_lease(self) {
        let mut session = self.session.subscribe();
        loop {
            let until = self.now().session_until;
            match until {
                None => {
                    if session.changed().await.is_err() {
                        return;
                    }
                }
                Some(until) if until <= tokio::time::Instant::now() => {
                    self.end_with(Counter::SessionsEndedByIdle)
                }
                Some(until) => tokio::time::sleep_until(until).await,
            }
        }
    }

    /// The page's heartbeat and session, and their changes, for the page sensor.
    pub fn pages(&self) -> watch::Receiver<Page> {
        self.pages.subscribe()
    }

    /// The counters.
    pub fn counters(&self) -> Counters {
        self.counters.clone()
    }

    fn count(&self, counter: Counter) {
        if let Err(error) = self.counters.bump(counter, 1, clock::now_ms()) {
            tracing::error!(%error, counter = counter.word(), "not counted");
        }
    }

    /// The seconds after which a session ends without a touch.
    fn lease_s(&self) -> u32 {
        self.now().desired.as_ref().map_or(IDLE_S_DEFAULT, |d| d.session_idle_s.max(5))
    }

    fn change(&self) {
        let page = self.page();
        self.pages.send_if_modified(|last| std::mem::replace(last, page.clone()) != page);
        self.changed.send_modify(|n| *n += 1);
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is shown for a verdict.
pub fn show(verdict: Option<&Verdict>) -> State {
    match verdict.map(|v| v.level) {
        None => State::Starting,
        Some(Level::FullService) => State::Ready,
        Some(Level::InformOnly) => State::InformOnly,
        Some(Level::OutOfService) => State::OutOfService,
    }
}

impl Screen for Kiosk {
    fn session_running(&self) -> bool {
        self.now().session_until.is_some()
    }
    async fn session_ended(&self) {
        // An error only says that the kiosk is gone, and with it the session.
        self.session.subscribe().wait_for(|running| !running).await.ok();
    }
    fn end_session(&self) {
        self.end_with(Counter::SessionsEndedByReset);
    }
    fn reload_page(&self) {
        self.now().reload += 1;
        self.change();
    }
    fn identify(&self, seconds: u16) {
        self.now().identify_until = Some(tokio::time::Instant::now() + Duration::from_secs(seconds.into()));
        self.change();
    }
    fn heartbeat_ms(&self) -> Option<i64> {
        self.now().heartbeat_ms
    }
}
