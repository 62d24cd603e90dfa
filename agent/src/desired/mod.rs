//! What the display *should be*: keeps the newest desired state durably and shows it to whoever
//! applies it (page, report). An older generation never replaces a newer one, whatever the broker
//! retained; taking the same one twice changes nothing.

use migrado_protocol::desired::Desired;
use tokio::sync::watch;

use crate::store::{Store, StoreError};

/// What to do with an offered desired state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is newer: take it.
    Apply,
    /// It is the one in force.
    Same,
    /// It is older than the one in force: replayed, or retained by a broker that lost its memory.
    Older,
}

/// Decides.
pub fn decide(in_force: Option<&Desired>, offered: &Desired) -> Decision {
    match in_force.map(|d| d.generation) {
        None => Decision::Apply,
        Some(generation) if offered.generation > generation => Decision::Apply,
        Some(generation) if offered.generation == generation => Decision::Same,
        Some(_) => Decision::Older,
    }
}

/// The desired state in force.
#[derive(Debug)]
pub struct Reconciler {
    store: Store,
    in_force: watch::Sender<Option<Desired>>,
}

impl Reconciler {
    /// Begins with what the disk remembers: a display without network is what it was told to be.
    pub fn new(store: Store) -> Result<Self, StoreError> {
        let in_force = watch::Sender::new(store.desired()?);
        Ok(Self { store, in_force })
    }

    /// The desired state in force, and its changes.
    pub fn in_force(&self) -> watch::Receiver<Option<Desired>> {
        self.in_force.subscribe()
    }

    /// Takes a verified desired state: kept first, applied then.
    pub fn take(&self, offered: Desired) -> Result<Decision, StoreError> {
        let decision = decide(self.in_force.borrow().as_ref(), &offered);
        if decision == Decision::Apply {
            self.store.keep_desired(&offered)?;
            self.in_force.send_replace(Some(offered));
        }
        Ok(decision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    fn desired(generation: u64) -> Desired {
        Desired {
            generation,
            label: format!("L{generation}"),
            site_name: "S".into(),
            session_idle_s: 90,
            languages: vec!["de".into()],
            release: None,
            recalled: Vec::new(),
        }
    }

    #[test]
    fn only_a_newer_generation_is_applied_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let table = [(5, Decision::Apply), (5, Decision::Same), (4, Decision::Older), (6, Decision::Apply)];
        for (generation, expected) in table {
            // Every step in a process of its own.
            let reconciler = Reconciler::new(Store::new(store::open(dir.path()).unwrap().0)).unwrap();
            assert_eq!(reconciler.take(desired(generation)).unwrap(), expected, "{generation}");
        }
        let reconciler = Reconciler::new(Store::new(store::open(dir.path()).unwrap().0)).unwrap();
        assert_eq!(reconciler.in_force().borrow().as_ref(), Some(&desired(6)));
    }

    #[test]
    fn the_same_generation_with_other_words_changes_nothing() {
        let offered = Desired { label: "forged".into(), ..desired(5) };
        assert_eq!(decide(Some(&desired(5)), &offered), Decision::Same);
    }
}
