//! What was refused, by reason: counted for metrics and told to whoever writes the audit log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

/// Refusals that may wait to be written down; beyond it they are only counted.
const WAITING_MAX: usize = 256;

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who; the name in the certificate where there is one.
    pub identity: String,
    /// Why, one of a closed set: a label of the counter.
    pub reason: &'static str,
    /// What, for people: a topic.
    pub object: String,
}

/// Counts refusals and passes them on. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Refusals {
    counts: Arc<Mutex<BTreeMap<&'static str, u64>>>,
    out: mpsc::Sender<Refusal>,
}

impl Refusals {
    /// A counter, and where the refusals come out.
    pub fn new() -> (Self, mpsc::Receiver<Refusal>) {
        let (out, refused) = mpsc::channel(WAITING_MAX);
        (Self { counts: Arc::default(), out }, refused)
    }

    /// Notes a refusal.
    pub fn note(&self, identity: &str, reason: &'static str, object: &str) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
        let clip = |text: &str| text.chars().take(128).collect();
        // A flood is counted; the audit log takes what it can.
        self.out.try_send(Refusal { identity: clip(identity), reason, object: clip(object) }).ok();
    }

    /// Only counts a refusal, where many of a kind are told once.
    pub fn count(&self, reason: &'static str) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    /// Counts by reason.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
