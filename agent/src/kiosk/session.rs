//! A visitor's session: a language, a lease and how much paper it took. Nothing else of a visitor is
//! kept, in memory or on disk. The page renews the lease while somebody touches it; an expired one ends
//! the session even if the page has crashed, so that nothing waits for ever for a visitor who has gone.

use std::time::Duration;

use tokio::time::Instant;

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
