//! What changed, for whoever watches: the event stream of the console and of `migradoctl`.
//!
//! Kept are not messages but *which* things changed since when: a watcher that comes back, or is
//! slow, gets the present state of each of them once. Memory is bounded by the ring, nothing is
//! rendered while nobody watches, and a watcher who was away too long is told to fetch anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use migrado_protocol::{CommandId, TerminalId};
use tokio::sync::watch;

/// Things whose last change is remembered. 10,000 displays and as many commands fit.
pub const RING_MAX: usize = 32_768;

/// Ids per millisecond that a start of the controller reserves: an id of an earlier start is then
/// always lower than one of a later start, and all stay below 2^53 for `JavaScript`.
const IDS_PER_MS: u64 = 1_024;

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A terminal's summary.
    Terminal(TerminalId),
    /// A command.
    Command(CommandId),
    /// A rollout, or displays of it.
    Rollout(uuid::Uuid),
    /// A terminal that is no longer there; the watcher fetches the list anew.
    Removed,
}

#[derive(Debug)]
struct Ring {
    head: u64,
    /// Changes up to this id may have been forgotten.
    floor: u64,
    by_id: BTreeMap<u64, Key>,
    by_key: HashMap<Key, u64>,
    max: usize,
}

impl Ring {
    fn note(&mut self, key: Key) -> u64 {
        self.head += 1;
        if let Some(earlier) = self.by_key.insert(key.clone(), self.head) {
            self.by_id.remove(&earlier);
        }
        self.by_id.insert(self.head, key);
        while self.by_id.len() > self.max {
            if let Some((id, forgotten)) = self.by_id.pop_first() {
                self.by_key.remove(&forgotten);
                self.floor = id;
            }
        }
        self.head
    }

    fn since(&self, cursor: u64, limit: usize) -> Option<Vec<(u64, Key)>> {
        if cursor < self.floor || cursor > self.head {
            return None;
        }
        Some(self.by_id.range(cursor + 1..).take(limit).map(|(id, key)| (*id, key.clone())).collect())
    }
}

/// The ring, shared by all who tell and all who watch.
#[derive(Debug, Clone)]
pub struct Events {
    ring: Arc<Mutex<Ring>>,
    head: Arc<watch::Sender<u64>>,
}

impl Events {
    /// An empty ring of a controller that started now.
    pub fn new(started_ms: i64) -> Self {
        Self::with_capacity(started_ms, RING_MAX)
    }

    /// The same with room for fewer.
    pub fn with_capacity(started_ms: i64, max: usize) -> Self {
        let start = u64::try_from(started_ms).unwrap_or(0).saturating_mul(IDS_PER_MS);
        let ring = Ring { head: start, floor: start, by_id: BTreeMap::new(), by_key: HashMap::new(), max };
        Self { ring: Arc::new(Mutex::new(ring)), head: Arc::new(watch::Sender::new(start)) }
    }

    /// A terminal changed.
    pub fn terminal(&self, id: &TerminalId) {
        self.note(Key::Terminal(id.clone()));
    }

    /// A command changed.
    pub fn command(&self, id: CommandId) {
        self.note(Key::Command(id));
    }

    /// A rollout changed.
    pub fn rollout(&self, id: uuid::Uuid) {
        self.note(Key::Rollout(id));
    }

    /// A terminal was retired.
    pub fn removed(&self) {
        self.note(Key::Removed);
    }

    /// The id of the latest change.
    pub fn revision(&self) -> u64 {
        self.lock().head
    }

    /// Changes after `cursor`, each thing once. `None` when some may have been forgotten, or when
    /// the cursor is not one of ours: then everything has to be fetched anew.
    pub fn since(&self, cursor: u64, limit: usize) -> Option<Vec<(u64, Key)>> {
        self.lock().since(cursor, limit)
    }

    /// Tells when there is something after what was seen.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    fn note(&self, key: Key) {
        let head = self.lock().note(key);
        self.head.send_replace(head);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        Key::Terminal(format!("t-{n}").parse().unwrap())
    }

    #[test]
    fn a_watcher_gets_each_changed_thing_once_in_order() {
        let events = Events::new(1);
        let start = events.revision();
        for n in [1, 2, 1, 3, 1] {
            events.note(key(n));
        }
        let seen: Vec<Key> = events.since(start, 100).unwrap().into_iter().map(|(_, k)| k).collect();
        assert_eq!(seen, [key(2), key(3), key(1)]);
        assert_eq!(events.since(events.revision(), 100), Some(vec![]));
    }

    #[test]
    fn who_was_away_too_long_or_comes_from_elsewhere_starts_anew() {
        let events = Events::with_capacity(1, 3);
        let start = events.revision();
        for n in 0..3 {
            events.note(key(n));
        }
        assert_eq!(events.since(start, 100).unwrap().len(), 3);
        events.note(key(3));
        assert_eq!(events.since(start, 100), None);
        assert_eq!(events.since(start + 1, 100).unwrap().len(), 3);
        assert_eq!(events.since(events.revision() + 1, 100), None);
        assert_eq!(events.since(0, 100), None);
        assert_eq!(Events::new(2).since(events.revision(), 100), None, "an id of an earlier start");
    }

    #[test]
    fn ids_stay_exact_in_javascript_for_centuries() {
        let year_2300_ms = 10_413_792_000_000_i64;
        assert!(Events::new(year_2300_ms / 2).revision() < (1 << 53));
    }
}
