//! What is known of the display right now: the whole report, its health tree and its verdict. Sensors
//! write, the uplink and the kiosk read. Wakes its readers only when something changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use migrado_protocol::Report;
use migrado_protocol::content::ContentReport;
use migrado_protocol::health::{Component, Health};
use migrado_protocol::report::Page;
use migrado_protocol::verdict::Verdict;
use tokio::sync::watch;

use super::memory::Memory;
use crate::sensors::{Judgement, Reading, Sensed};
use crate::verdict;

/// The current state. A cheap handle.
#[derive(Debug, Clone)]
pub struct State {
    current: Arc<Mutex<Current>>,
    changed: Arc<watch::Sender<u64>>,
    memory_changed: Arc<watch::Sender<u64>>,
    verdict: Arc<watch::Sender<Option<Verdict>>>,
}

#[derive(Debug, Default)]
struct Current {
    report: Report,
    out_of_service_ordered: bool,
    /// Since-whens from before the start, until their parts were sensed again.
    memory: Memory,
}

impl Default for State {
    fn default() -> Self {
        Self {
            current: Arc::default(),
            changed: Arc::new(watch::Sender::new(0)),
            memory_changed: Arc::new(watch::Sender::new(0)),
            verdict: Arc::new(watch::Sender::new(None)),
        }
    }
}

impl State {
    /// A state that goes on with the since-whens from before the start.
    pub fn seeded(memory: Memory) -> Self {
        let state = Self::default();
        state.current().memory = memory;
        state
    }

    /// What the next start shall remember.
    pub fn memory(&self) -> Memory {
        let current = self.current();
        current.memory.updated(&current.report.health, current.report.verdict.as_ref())
    }

    /// Changes whenever what the next start shall remember did: with news, not with every reading.
    pub fn memory_changed(&self) -> watch::Receiver<u64> {
        self.memory_changed.subscribe()
    }

    /// Takes in what a sensor found. A reading that is missing stays as it was, with its age.
    pub fn take(&self, component: Component, sensed: Sensed, now_ms: i64) {
        self.change(now_ms, |current| {
            let is_news = current.judged(component, sensed.judgement, now_ms);
            let report = &mut current.report;
            match sensed.reading {
                Some(Reading::System(system)) => report.system = Some(system),
                Some(Reading::Storage(storage)) => report.storage = Some(storage),
                Some(Reading::Clock(clock)) => report.clock = Some(clock),
                Some(Reading::Services(services)) => report.services = Some(services),
                Some(Reading::Printers(printers)) => report.printers = printers,
                None => {}
            }
            is_news
        });
    }

    /// Takes in how the visitor's page is.
    pub fn take_page(&self, page: Page, judgement: Judgement, now_ms: i64) {
        self.change(now_ms, |current| {
            current.report.page = Some(page);
            current.judged(Component::Page, judgement, now_ms)
        });
    }

    /// Takes in what there is of content, and how it is.
    pub fn take_content(&self, content: ContentReport, judgement: Judgement, now_ms: i64) {
        self.change(now_ms, |current| {
            current.report.content = Some(content);
            current.judged(Component::Content, judgement, now_ms)
        });
    }

    /// Takes in whether the staff put the display out of service.
    pub fn set_out_of_service(&self, ordered: bool, now_ms: i64) {
        self.change(now_ms, |current| {
            current.out_of_service_ordered = ordered;
            false
        });
    }

    /// Takes in which desired generation is applied here.
    pub fn set_generation(&self, generation: u64, now_ms: i64) {
        self.change(now_ms, |current| {
            current.report.generation = Some(generation);
            false
        });
    }

    /// The whole report as of now.
    pub fn report(&self) -> Report {
        Report { full: true, ..self.current().report.clone() }
    }

    /// Looks at the whole report without a copy.
    pub fn with_report<T>(&self, look: impl FnOnce(&Report) -> T) -> T {
        look(&self.current().report)
    }

    /// Changes whenever anything of the report did.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits until every part has been sensed once.
    pub async fn settled(&self) {
        let mut changed = self.changed();
        // The sender lives in `self`, so waiting cannot fail.
        changed.wait_for(|_| is_settled(&self.current().report.health)).await.ok();
    }

    /// The verdict, and whenever it changes; none while the display starts.
    pub fn verdict(&self) -> watch::Receiver<Option<Verdict>> {
        self.verdict.subscribe()
    }

    /// Makes a change that says whether the health tree has news, and what follows from it.
    fn change(&self, now_ms: i64, change: impl FnOnce(&mut Current) -> bool) {
        let mut current = self.current();
        let health_news = change(&mut current);
        let judged = verdict::judge(
            &current.report.health,
            current.out_of_service_ordered,
            current.report.verdict.as_ref(),
            now_ms,
        );
        let judged = judged.map(|verdict| current.memory.since(verdict));
        if current.memory.is_spent() {
            current.memory.verdict = None;
        }
        let verdict_news = current.report.verdict != judged;
        if verdict_news {
            current.report.verdict.clone_from(&judged);
        }
        drop(current);
        if verdict_news {
            self.verdict.send_replace(judged);
        }
        if health_news || verdict_news {
            self.memory_changed.send_modify(|n| *n += 1);
        }
        self.changed.send_modify(|n| *n += 1);
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    /// Whether the part is otherwise than before; new words for the same are no news.
    fn judged(&mut self, component: Component, judgement: Judgement, now_ms: i64) -> bool {
        let before = self.memory.before(component, judgement.reason, self.report.health.get(&component));
        let node = judgement.into_health(before.as_ref(), now_ms);
        let bare = |node: &Health| (node.state, node.reason, node.since_ms);
        let now = bare(&node);
        self.report.health.insert(component, node).is_none_or(|last| bare(&last) != now)
    }
}

/// Whether every part has been sensed once. Pure.
fn is_settled(health: &BTreeMap<Component, Health>) -> bool {
    Component::ALL.iter().all(|component| health.get(component).is_some_and(|node| !node.is_starting()))
}

#[cfg(test)]
mod tests {
    use migrado_protocol::health::Reason;
    use migrado_protocol::verdict::Level;

    use super::*;

    fn page() -> Page {
        Page { heartbeat_ms: Some(1), session: false, build: None }
    }

    #[test]
    fn the_verdict_follows_what_is_sensed_and_ordered() {
        let state = State::default();
        let mut verdict = state.verdict();
        state.take_page(page(), Judgement::ok(), 1);
        state.take(Component::Printer, Sensed::only(Judgement::ok()), 2);
        assert_eq!(verdict.borrow_and_update().as_ref().map(|v| v.level), Some(Level::FullService));
        state.take(Component::Printer, Sensed::only(Judgement::ok()), 3);
        assert!(!verdict.has_changed().unwrap(), "nothing changed");
        state.take(Component::Printer, Sensed::only(Judgement::failed(Reason::PaperJam, None)), 4);
        assert_eq!(verdict.borrow_and_update().as_ref().map(|v| v.level), Some(Level::InformOnly));
        state.set_out_of_service(true, 5);
        assert_eq!(state.report().verdict.map(|v| (v.level, v.since_ms)), Some((Level::OutOfService, 5)));
    }

    #[test]
    fn it_is_settled_once_every_part_has_been_sensed() {
        let all: BTreeMap<_, _> = Component::ALL.into_iter().map(|c| (c, Health::ok(1))).collect();
        assert!(is_settled(&all));
        assert!(!is_settled(&BTreeMap::new()));
        for component in Component::ALL {
            let mut health = all.clone();
            health.remove(&component);
            assert!(!is_settled(&health), "without {component:?}");
            for (judgement, settled) in [
                (Judgement::unknown(Reason::Starting, None), false),
                (Judgement::unsupported(), true),
                (Judgement::unknown(Reason::SensorTimeout, None), true),
                (Judgement::failed(Reason::SensorFailed, None), true),
            ] {
                health.insert(component, judgement.clone().into_health(None, 1));
                assert_eq!(is_settled(&health), settled, "{component:?} {judgement:?}");
            }
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_the_first_readings_is_woken_by_the_last_of_them() {
        let state = State::default();
        let taking = async {
            for component in Component::ALL {
                tokio::task::yield_now().await;
                state.take(component, Sensed::only(Judgement::unsupported()), 1);
            }
        };
        tokio::join!(state.settled(), taking);
        assert!(state.with_report(|report| is_settled(&report.health)));
    }

    #[test]
    fn there_is_no_verdict_before_page_and_printer_were_sensed() {
        let state = State::default();
        state.take(Component::Storage, Sensed::only(Judgement::ok()), 1);
        assert_eq!(state.report().verdict, None);
        state.take_page(page(), Judgement::unknown(Reason::Starting, None), 2);
        state.take(Component::Printer, Sensed::only(Judgement::ok()), 3);
        assert_eq!((state.report().verdict, state.verdict().borrow().clone()), (None, None));
        state.take_page(page(), Judgement::ok(), 4);
        assert_eq!(state.report().verdict.map(|v| v.level), Some(Level::FullService));
    }

    #[test]
    fn a_node_keeps_its_since_when_while_only_the_detail_changes() {
        let state = State::default();
        let failed = |detail: &str| Sensed::only(Judgement::failed(Reason::UnitFailed, detail.to_owned()));
        state.take(Component::Services, failed("a"), 10);
        state.take(Component::Services, failed("b"), 20);
        let node = state.report().health[&Component::Services].clone();
        assert_eq!((node.since_ms, node.detail.as_deref()), (10, Some("b")));
    }
}
