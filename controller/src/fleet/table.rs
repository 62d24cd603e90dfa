//! The table of all terminals that everybody reads. One writer at a time, cheap snapshots for
//! readers; whoever wants to know what changed listens to [`FleetHandle::changes`].

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use migrado_protocol::{SiteId, TerminalId};
use tokio::sync::broadcast;

use super::presence::{self, Presence};
use super::status::{self, Status};
use super::terminal::Terminal;

/// Changes that a slow listener may be behind before it has to look at everything again.
const CHANGES_AHEAD_MAX: usize = 16_384;

/// Something that people can see has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A terminal's state.
    Terminal(TerminalId),
    /// A terminal is no longer there.
    Removed(TerminalId),
}

#[derive(Debug)]
struct Shared {
    terminals: RwLock<BTreeMap<TerminalId, Arc<Terminal>>>,
    changes: broadcast::Sender<Change>,
}

/// The handle to the fleet. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FleetHandle(Arc<Shared>);

impl FleetHandle {
    /// A fleet of these terminals.
    pub fn new(terminals: impl IntoIterator<Item = Terminal>) -> Self {
        let terminals = terminals.into_iter().map(|t| (t.id.clone(), Arc::new(t))).collect();
        let (changes, _) = broadcast::channel(CHANGES_AHEAD_MAX);
        Self(Arc::new(Shared { terminals: RwLock::new(terminals), changes }))
    }

    /// One terminal as it is now.
    pub fn get(&self, id: &TerminalId) -> Option<Arc<Terminal>> {
        self.read().get(id).cloned()
    }

    /// All terminals as they are now, by identity.
    pub fn all(&self) -> Vec<Arc<Terminal>> {
        self.read().values().cloned().collect()
    }

    /// All terminals of a site as they are now, by identity.
    pub fn at_site(&self, site: &SiteId) -> Vec<Arc<Terminal>> {
        self.read().values().filter(|terminal| terminal.site == *site).cloned().collect()
    }

    /// Who is connected: to them orders can be sent.
    pub fn is_connected(&self, id: &TerminalId, now_ms: i64) -> bool {
        self.get(id).is_some_and(|t| presence::decide(&t, now_ms).0 == Presence::Online)
    }

    /// Whether this is the serial number of the terminal's certificate in use, or of the one that was
    /// issued last: an earlier one, and any of a terminal that is revoked or gone, does not count.
    pub fn holds_certificate(&self, id: &TerminalId, serial: &str) -> bool {
        self.get(id).is_some_and(|t| t.holds_certificate(serial))
    }

    /// What changes from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    /// Changes a terminal and tells of it. The closure says whether people can see a difference.
    pub fn change<R>(&self, id: &TerminalId, change: impl FnOnce(&mut Terminal) -> (R, bool)) -> Option<R> {
        let (result, visible) = self.change_untold(id, change)?;
        if visible {
            self.tell(Change::Terminal(id.clone()));
        }
        Some(result)
    }

    /// The same for whoever tells later, by [`Self::tell_changed`], when it is on the disk.
    pub fn change_untold<R>(
        &self,
        id: &TerminalId,
        change: impl FnOnce(&mut Terminal) -> (R, bool),
    ) -> Option<(R, bool)> {
        let mut terminals = self.write();
        let terminal = Arc::make_mut(terminals.get_mut(id)?);
        let (result, visible) = change(terminal);
        if visible {
            terminal.revision += 1;
        }
        Some((result, visible))
    }

    /// Tells of terminals that were changed.
    pub fn tell_changed<'t>(&self, ids: impl IntoIterator<Item = &'t TerminalId>) {
        ids.into_iter().for_each(|id| self.tell(Change::Terminal(id.clone())));
    }

    /// Adds a terminal, or replaces it.
    pub fn put(&self, terminal: Terminal) {
        let id = terminal.id.clone();
        self.write().insert(id.clone(), Arc::new(terminal));
        self.tell(Change::Terminal(id));
    }

    /// Takes a terminal away.
    pub fn remove(&self, id: &TerminalId) {
        if self.write().remove(id).is_some() {
            self.tell(Change::Removed(id.clone()));
        }
    }

    /// Notes everybody's status for the bars, and tells of those whose presence changed by time
    /// alone. `before_ms` is when this was done last.
    pub fn pass_time(&self, before_ms: i64, now_ms: i64) {
        let ids: Vec<TerminalId> = self.read().keys().cloned().collect();
        for id in ids {
            self.change(&id, |t| {
                let (presence, _) = presence::decide(t, now_ms);
                let moved = presence::decide(t, before_ms).0 != presence;
                let status = status::decide(t, presence, now_ms);
                if status != Status::Unknown || presence != Presence::Unknown {
                    t.heartbeats.note(status, now_ms);
                }
                ((), moved)
            });
        }
    }

    fn tell(&self, change: Change) {
        // Nobody may be listening; that is no failure.
        self.0.changes.send(change).ok();
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<TerminalId, Arc<Terminal>>> {
        self.0.terminals.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<TerminalId, Arc<Terminal>>> {
        self.0.terminals.write().unwrap_or_else(PoisonError::into_inner)
    }
}
