//! A visitor's session: a language and a lease. Nothing else of a visitor is kept, in memory or on
//! disk. The page renews the lease while somebody touches it; an expired one ends the session even
//! if the page has crashed, so that nothing waits for ever for a visitor who has gone.

use tokio::time::Instant;

/// A running session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// The chosen language, as a BCP 47 tag.
    pub(crate) language: String,
    /// When it ends if nobody renews it.
    pub(crate) lease_until: Instant,
}
