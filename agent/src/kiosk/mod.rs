//! The visitor's side of the agent: the page on loopback, the session with its lease, the counters.
//!
//! [`Kiosk`] is the one handle that the rest of the agent holds: what the page shows is computed
//! from [`KioskFacts`] and the session ([`view`], pure), and orders reach the page through it. It
//! decides nothing about printers or health, and it keeps nothing of a visitor: a session is a
//! language and a time. Without a session it has no timer.

pub mod counters;
mod forms;
mod front;
pub mod library;
mod print;
mod rehearsal;
mod said;
pub mod server;
mod session;
pub mod view;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use migrado_page::view::{Job, View};
use migrado_protocol::TerminalId;
use migrado_protocol::desired::Desired;
use migrado_protocol::report::Page;
use migrado_protocol::verdict::Verdict;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::commands::handlers::{Beat, Screen};

use counters::Counters;
use library::{ActiveRelease, Library};
use print::{ORDERS_MAX, Order};
use said::Said;
use session::{Pace, Session};

pub use rehearsal::Rehearsed;
pub use session::EndCause;

/// Longest time for which the display shows its identity; an order asks for less or gets this.
const IDENTIFY_MAX: Duration = Duration::from_secs(300);

/// Milliseconds of an hour.
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Seconds without a touch that end a session where the desired state has not come yet.
const SESSION_IDLE_DEFAULT_S: u32 = 120;

/// The least idle time: the page warns 20 s before the end (WCAG 2.2.1), and somebody must have
/// been able to read something before.
const SESSION_IDLE_MIN_S: u32 = 30;

/// What the agent knows that matters to the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KioskFacts {
    /// Who this display is.
    pub terminal: TerminalId,
    /// What it can do now; absent until everything was sensed once.
    pub verdict: Option<Verdict>,
    /// Label, site, languages, idle time; absent until they came once.
    pub desired: Option<Desired>,
    /// Whether the city listens.
    pub controller_online: bool,
}

impl KioskFacts {
    /// A display of which nothing is known yet.
    pub fn of(terminal: TerminalId) -> Self {
        Self { terminal, verdict: None, desired: None, controller_online: false }
    }
}

/// Everything that the page's view is made of.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    facts: KioskFacts,
    /// New content is being put in place.
    updating: bool,
    session: Option<Session>,
    identify_until: Option<Instant>,
    /// Rises when the page shall load itself anew.
    load: u64,
    /// Rises with every session.
    visit: u64,
    library: Library,
    /// Rises with every job.
    job: u32,
    /// What this visitor prints.
    jobs: Vec<Job>,
}

#[derive(Debug)]
struct Shared {
    model: watch::Sender<Model>,
    page: watch::Sender<Page>,
    heartbeat_ms: AtomicI64,
    said: Mutex<Said>,
    pace: Mutex<Pace>,
    counters: Counters,
    printers: OnceLock<Vec<String>>,
    orders: mpsc::Sender<Order>,
    /// Held by the one who prints.
    waiting: tokio::sync::Mutex<mpsc::Receiver<Order>>,
}

/// The handle to the visitor's side. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Kiosk(Arc<Shared>);

impl Kiosk {
    /// A display without a session.
    pub fn new(facts: KioskFacts, counters: Counters) -> Self {
        let library = Library::default();
        let (session, identify_until, jobs) = (None, None, Vec::new());
        let model = Model {
            facts,
            updating: false,
            session,
            identify_until,
            load: 1,
            visit: 0,
            library,
            job: 0,
            jobs,
        };
        let (orders, waiting) = mpsc::channel(ORDERS_MAX);
        Self(Arc::new(Shared {
            model: watch::Sender::new(model),
            page: watch::Sender::new(Page { heartbeat_ms: None, session: false, build: None }),
            heartbeat_ms: AtomicI64::new(0),
            said: Mutex::default(),
            pace: Mutex::new(Pace::new(Instant::now())),
            counters,
            printers: OnceLock::new(),
            orders,
            waiting: tokio::sync::Mutex::new(waiting),
        }))
    }

    /// Which display this is.
    pub fn terminal(&self) -> TerminalId {
        self.0.model.borrow().facts.terminal.clone()
    }

    /// What the page tells of itself, for reports. `heartbeat_ms` is that of this very moment.
    pub fn page(&self) -> Page {
        let heartbeat_ms = self.0.heartbeat_ms.load(Ordering::Relaxed);
        Page {
            heartbeat_ms: (heartbeat_ms > 0).then_some(heartbeat_ms),
            session: self.visited(),
            build: self.said().build.clone(),
        }
    }

    /// Wakes when the page begins to speak, also after a silence, changes its build, or a session
    /// begins or ends; not with every heartbeat.
    pub fn changed(&self) -> watch::Receiver<Page> {
        self.0.page.subscribe()
    }

    /// The counters of what visitors use.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Tells what the page's view depends on.
    pub fn set_facts(&self, facts: KioskFacts) {
        self.0.model.send_if_modified(|m| {
            let changed = m.facts != facts;
            m.facts = facts;
            changed
        });
    }

    /// Makes every open page load itself anew. Returns how many pages heard it.
    pub fn reload_page(&self) -> usize {
        let hearers = self.0.model.receiver_count();
        self.0.model.send_modify(|m| m.load += 1);
        hearers
    }

    /// Shows the display's identity in large letters for some seconds.
    pub fn identify(&self, seconds: u16) {
        let until = Instant::now() + Duration::from_secs(u64::from(seconds)).min(IDENTIFY_MAX);
        self.0.model.send_modify(|m| m.identify_until = Some(until));
    }

    /// What the page shall show.
    pub fn view(&self) -> View {
        view::view(&self.0.model.borrow())
    }

    pub(crate) fn model(&self) -> watch::Receiver<Model> {
        self.0.model.subscribe()
    }

    /// The page has drawn a frame and says so.
    pub(crate) fn heartbeat(&self, beat: said::Beat<'_>, now_ms: i64) {
        let before_ms = self.0.heartbeat_ms.swap(now_ms, Ordering::Relaxed);
        let is_news = self.said().hear(beat, before_ms, now_ms);
        if is_news {
            self.tell_page();
        }
    }

    /// Puts a release before the visitors, or none. A page in the middle of a session goes on with the
    /// one before, which stays readable until the next switch.
    pub fn show_release(&self, release: Option<ActiveRelease>) {
        self.0.model.send_if_modified(|m| m.library.show(release));
    }

    /// Says whether new content is being put in place: whoever comes right now waits a moment.
    pub fn set_updating(&self, updating: bool) {
        self.0.model.send_if_modified(|m| std::mem::replace(&mut m.updating, updating) != updating);
    }

    /// The release that the page has drawn, by its own word: [`Self::changed`] wakes when that changes.
    pub fn rendered(&self) -> Option<String> {
        self.said().release.clone()
    }

    /// Why the page could not draw the release that it was told to show.
    pub fn render_error(&self) -> Option<String> {
        self.said().error.clone()
    }

    /// A release that the page may read.
    pub(crate) fn release(&self, id: &str) -> Option<Arc<ActiveRelease>> {
        self.0.model.borrow().library.find(id)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_page(&self) {
        self.0.page.send_replace(self.page());
    }
}

impl Screen for Kiosk {
    fn session_running(&self) -> bool {
        Self::session_running(self)
    }

    async fn session_ended(&self) {
        self.wait_session_end().await;
    }

    fn end_session(&self) {
        Self::end_session(self, EndCause::Reset);
    }

    fn reload_page(&self) {
        Self::reload_page(self);
    }

    fn identify(&self, seconds: u16) {
        Self::identify(self, seconds);
    }

    fn beat(&self) -> Option<Beat> {
        let at_ms = self.0.heartbeat_ms.load(Ordering::Relaxed);
        (at_ms > 0).then(|| Beat { load: self.said().load.clone() })
    }
}

/// The hour that a moment belongs to, as usage counts it.
pub(crate) fn hour_of(now_ms: i64) -> u32 {
    u32::try_from(now_ms / HOUR_MS).unwrap_or(0)
}

#[cfg(test)]
mod tests;
