//! Remembers over a restart since when the display is as it is: "no paper since Monday" must not
//! become "since now" because the agent was started anew. One small value, written when it changed.

use std::collections::BTreeMap;
use std::time::Duration;

use migrado_protocol::health::{Component, Health, Reason};
use migrado_protocol::verdict::Verdict;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::State;
use crate::platform::pulse;
use crate::store::Store;

/// Pause after a write, about: a part that flaps costs the disk no more than this. A kill within it
/// loses a since-when of as many seconds.
const WRITE_PAUSE: Duration = Duration::from_secs(10);

/// What is remembered: states, reasons and since-whens, no details.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Of every part.
    pub health: BTreeMap<Component, Health>,
    /// Of the whole.
    pub verdict: Option<Verdict>,
}

impl Memory {
    /// The node that a finding goes on from: the one before it, or at first the remembered one. While
    /// a part is only starting nothing is known of it, and what is remembered is left for what comes.
    pub(super) fn before(
        &mut self,
        component: Component,
        reason: Option<Reason>,
        now: Option<&Health>,
    ) -> Option<Health> {
        let known = now.filter(|node| node.reason != Some(Reason::Starting));
        if known.is_some() || reason == Some(Reason::Starting) {
            return now.cloned();
        }
        self.health.remove(&component).or_else(|| now.cloned())
    }

    /// The verdict that goes on with the remembered one if it says the same.
    pub(super) fn since(&self, judged: Verdict) -> Verdict {
        match &self.verdict {
            Some(v) if (v.level, &v.because) == (judged.level, &judged.because) => {
                Verdict { since_ms: v.since_ms, ..judged }
            }
            _ => judged,
        }
    }

    /// Takes in how things are now; what has not been sensed again yet stays.
    pub(super) fn updated(&self, health: &BTreeMap<Component, Health>, verdict: Option<&Verdict>) -> Self {
        let known = health.iter().filter(|(_, node)| node.reason != Some(Reason::Starting));
        let bare = known.map(|(c, node)| (*c, Health { detail: None, ..node.clone() }));
        let verdict = if self.is_spent() { verdict.cloned() } else { self.verdict.clone() };
        Self { health: self.health.clone().into_iter().chain(bare).collect(), verdict }
    }

    /// Whether everything that is remembered was sensed again.
    pub(super) fn is_spent(&self) -> bool {
        self.health.is_empty()
    }
}

/// Writes the memory whenever it changed, and once more at the end.
pub async fn keep(state: State, store: Store, stop: CancellationToken) {
    let mut changed = state.memory_changed();
    let mut kept = Memory::default();
    loop {
        // Cancel-safe: the watch keeps that something changed.
        let more = stop.run_until_cancelled(changed.changed()).await.is_some_and(|c| c.is_ok());
        let now = state.memory();
        if now != kept {
            match store.keep_memory(&now) {
                Ok(()) => kept = now,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "since-whens are not kept");
                }
            }
            if stop.run_until_cancelled(pulse::sleep(WRITE_PAUSE)).await.is_none() {
                changed.mark_changed();
            }
        }
        if !more {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::report::Page;
    use migrado_protocol::verdict::Level;

    use super::*;
    use crate::sensors::{Judgement, Sensed};

    const MONDAY: i64 = 1_000;
    const TUESDAY: i64 = 90_000;

    fn page() -> Page {
        Page { heartbeat_ms: None, session: false, build: None }
    }

    fn empty() -> Sensed {
        Sensed::only(Judgement::failed(Reason::PaperEmpty, "tray 1".to_owned()))
    }

    /// A display without paper since Monday, as the next start remembers it.
    fn without_paper(store: &Store) -> State {
        let state = State::default();
        state.take_page(page(), Judgement::ok(), MONDAY);
        state.take(Component::Printer, empty(), MONDAY);
        state.take(Component::Clock, Sensed::only(Judgement::ok()), MONDAY);
        store.keep_memory(&state.memory()).unwrap();
        State::seeded(store.memory().unwrap())
    }

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(crate::store::open(dir.path()).unwrap().0);
        (dir, store)
    }

    #[test]
    fn a_restart_keeps_since_when_of_what_is_as_before() {
        let (_dir, store) = store();
        let state = without_paper(&store);
        let starting = || Judgement::unknown(Reason::Starting, None);
        state.take_page(page(), starting(), TUESDAY);
        state.take(Component::Printer, empty(), TUESDAY + 1);
        // Killed once more before everything was sensed: nothing is forgotten.
        store.keep_memory(&state.memory()).unwrap();
        let state = State::seeded(store.memory().unwrap());
        state.take(Component::Printer, empty(), TUESDAY + 2);
        state.take_page(page(), starting(), TUESDAY + 3);
        state.take_page(page(), Judgement::ok(), TUESDAY + 4);
        state.take(Component::Clock, Sensed::only(Judgement::failed(Reason::ClockOffset, None)), TUESDAY + 5);
        let report = state.report();
        let since = |c| report.health[&c].since_ms;
        assert_eq!((since(Component::Printer), since(Component::Page)), (MONDAY, MONDAY));
        // Negative control: what changed meanwhile is so since now.
        assert_eq!(since(Component::Clock), TUESDAY + 5);
    }

    #[test]
    fn the_verdict_keeps_its_since_when_through_the_start() {
        let (_dir, store) = store();
        let state = without_paper(&store);
        let said = |state: &State| state.report().verdict.map(|v| (v.level, v.since_ms));
        state.take_page(page(), Judgement::unknown(Reason::Starting, None), TUESDAY);
        state.take(Component::Printer, empty(), TUESDAY + 1);
        state.take_page(page(), Judgement::ok(), TUESDAY + 2);
        assert_eq!(said(&state), Some((Level::InformOnly, MONDAY)));
        state.take(Component::Clock, Sensed::only(Judgement::ok()), TUESDAY + 3);
        assert_eq!(said(&state), Some((Level::InformOnly, MONDAY)));
        // Once the start is over, leaving and coming back is news.
        state.take(Component::Printer, Sensed::only(Judgement::ok()), TUESDAY + 4);
        state.take(Component::Printer, empty(), TUESDAY + 5);
        assert_eq!(said(&state), Some((Level::InformOnly, TUESDAY + 5)));
        assert_eq!(state.report().health[&Component::Printer].since_ms, TUESDAY + 5);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_written_when_it_changed_and_at_the_end() {
        let (_dir, store) = store();
        let (state, stop) = (State::default(), CancellationToken::new());
        let act = async {
            tokio::task::yield_now().await;
            state.take(Component::Printer, empty(), MONDAY);
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(store.memory().unwrap().health.contains_key(&Component::Printer));
            state.take(Component::Clock, Sensed::only(Judgement::ok()), MONDAY);
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(
                !store.memory().unwrap().health.contains_key(&Component::Clock),
                "the disk has its pause"
            );
            stop.cancel();
        };
        tokio::join!(keep(state.clone(), store.clone(), stop.clone()), act);
        assert!(store.memory().unwrap().health.contains_key(&Component::Clock));
    }
}
