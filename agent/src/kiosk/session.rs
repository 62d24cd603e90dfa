//! A visitor's session: a language, a lease and how much paper it took. Nothing else of a visitor is
//! kept, in memory or on disk. The page renews the lease while somebody touches it; an expired one ends
//! the session even if the page has crashed, so that nothing waits for ever for a visitor who has gone.

use std::sync::PoisonError;
use std::time::Duration;

use migrado_protocol::limits::clip;
use migrado_protocol::usage::Counter;
use tokio::time::Instant;

use super::{Kiosk, view};
use crate::platform::clock;

/// Actions of the page that count at once, and the time in which one more is earned: more than any
/// hand does, so a page gone mad cannot invent visitors.
pub(super) const ACTIONS_MAX: u32 = 20;
pub(super) const ACTION_EARNED: Duration = Duration::from_secs(2);

/// A running session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Tells it from the one before and the next.
    pub(crate) number: u64,
    /// The chosen language, as a BCP 47 tag.
    pub(crate) language: String,
    /// When it ends if nobody renews it.
    pub(crate) lease_until: Instant,
    /// Sheets that were asked for.
    pub(crate) sheets: u32,
    /// Nobody is there: the agent proves that a visit would work. It becomes a visit when somebody
    /// comes, and counts only then.
    pub(crate) rehearsal: bool,
}

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndCause {
    /// The visitor is done.
    Visitor,
    /// Nobody has touched the display for the idle time.
    Idle,
    /// An order from the desk.
    Reset,
    /// New content, whose latest time has come.
    Update,
}

impl EndCause {
    fn counter(self) -> Counter {
        match self {
            Self::Visitor => Counter::SessionsEndedByVisitor,
            Self::Idle => Counter::SessionsEndedByIdle,
            Self::Reset | Self::Update => Counter::SessionsEndedByReset,
        }
    }
}

/// How many actions of the page still count.
#[derive(Debug)]
pub(super) struct Pace {
    left: u32,
    since: Instant,
}

impl Pace {
    /// All of them.
    pub(super) fn new(now: Instant) -> Self {
        Self { left: ACTIONS_MAX, since: now }
    }

    /// Whether one more counts.
    pub(super) fn admit(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.since).as_secs() / ACTION_EARNED.as_secs();
        let left = u64::from(self.left).saturating_add(earned).min(u64::from(ACTIONS_MAX));
        self.left = u32::try_from(left).unwrap_or(ACTIONS_MAX);
        if earned > 0 {
            self.since = now;
        }
        let admitted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        admitted
    }
}

/// Waits for a moment, or for ever where there is none.
pub(super) async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

impl Kiosk {
    /// Whether a visitor is in the middle of something, or a visit is rehearsed.
    pub fn session_running(&self) -> bool {
        self.0.model.borrow().session.is_some()
    }

    /// Whether a visitor is in the middle of something.
    pub(super) fn visited(&self) -> bool {
        self.0.model.borrow().session.as_ref().is_some_and(|session| !session.rehearsal)
    }

    /// Waits until no session runs.
    pub async fn wait_session_end(&self) {
        let mut model = self.0.model.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        model.wait_for(|m| m.session.is_none()).await.ok();
    }

    /// Begins a session in a language, or changes the language of the running one.
    /// Returns its lease in seconds; `None` when the page asks faster than any hand can.
    pub(crate) fn begin_session(&self, language: &str) -> Option<u32> {
        let now = Instant::now();
        if !self.0.pace.lock().unwrap_or_else(PoisonError::into_inner).admit(now) {
            return None;
        }
        let now_ms = clock::now_ms();
        let idle_s = self.idle_s();
        let lease_until = now + Duration::from_secs(u64::from(idle_s));
        let (mut begun, mut chosen) = (false, false);
        self.0.model.send_modify(|m| {
            let visit = m.session.take_if(|session| !session.rehearsal);
            begun = visit.is_none();
            chosen = visit.as_ref().is_none_or(|s| s.language != language);
            m.visit += u64::from(begun);
            let (number, sheets) = (m.visit, visit.map_or(0, |s| s.sheets));
            m.session =
                Some(Session { number, language: clip(language), lease_until, sheets, rehearsal: false });
        });
        if begun {
            self.0.counters.bump(Counter::SessionsBegun, 1, now_ms);
            self.tell_page();
        }
        if chosen {
            self.0.counters.bump(Counter::LanguagesChosen, 1, now_ms);
        }
        Some(idle_s)
    }

    /// Somebody is still there. `false` when no session runs.
    pub(crate) fn renew_session(&self) -> bool {
        let lease_until = Instant::now() + Duration::from_secs(u64::from(self.idle_s()));
        let mut running = false;
        // The lease's end is nothing that the page shows, so nobody is woken.
        self.0.model.send_if_modified(|m| {
            if let Some(session) = &mut m.session {
                session.lease_until = lease_until;
                running = true;
            }
            false
        });
        self.arrive();
        running
    }

    /// Somebody has touched the page. If a visit was rehearsed at this moment, it is theirs from now on.
    pub(super) fn arrive(&self) {
        let mut came = false;
        self.0.model.send_if_modified(|m| {
            if let Some(session) = m.session.as_mut().filter(|session| session.rehearsal) {
                m.visit += 1;
                (session.number, session.rehearsal) = (m.visit, false);
                came = true;
            }
            false
        });
        if came {
            self.0.counters.bump(Counter::SessionsBegun, 1, clock::now_ms());
            self.tell_page();
        }
    }

    /// Ends the running session, if there is one. Returns whether there was.
    pub fn end_session(&self, cause: EndCause) -> bool {
        let mut ended = None;
        self.0.model.send_if_modified(|m| {
            m.jobs.clear();
            ended = m.session.take();
            ended.is_some()
        });
        if let Some(session) = &ended {
            if !session.rehearsal {
                self.0.counters.bump(cause.counter(), 1, clock::now_ms());
            }
            self.tell_page();
        }
        ended.is_some()
    }

    fn idle_s(&self) -> u32 {
        view::idle_s(&self.0.model.borrow().facts)
    }

    /// Ends sessions whose lease is over and takes the large identity away in time. Sleeps without
    /// a timer while there is neither.
    pub async fn keep_time(&self) {
        let mut model = self.0.model.subscribe();
        loop {
            let due = {
                let m = model.borrow_and_update();
                [m.session.as_ref().map(|s| s.lease_until), m.identify_until].into_iter().flatten().min()
            };
            // Cancel-safe: changed() keeps its mark, and the timer is made anew.
            tokio::select! {
                changed = model.changed() => if changed.is_err() { return },
                () = sleep_until(due) => self.act_on_time(),
            }
        }
    }

    fn act_on_time(&self) {
        let now = Instant::now();
        let over = self.0.model.borrow().session.as_ref().is_some_and(|s| s.lease_until <= now);
        if over {
            self.end_session(EndCause::Idle);
        }
        self.0.model.send_if_modified(|m| m.identify_until.take_if(|until| *until <= now).is_some());
    }
}
