//! Acts on what [`super::machine`] decides: one task that owns the record and what the display keeps
//! of content. Writes the record before each effect, and tells the report what it did.

use std::sync::Arc;
use std::time::Duration;

use migrado_content::store::Store as Content;
use migrado_protocol::content::{ContentReport, ReleaseWanted, UpdateState};
use migrado_protocol::desired::Desired;
use migrado_protocol::health::{Component, HealthState};
use migrado_protocol::report::Page;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::judge::{Findings, judge};
use super::list::Lists;
use super::machine::{self, Step, World};
use super::observe::{Observer, PageSays, Seen};
use super::record::{Event, Record};
use super::upkeep::Upkeep;
use crate::identity::Held;
use crate::kiosk::Kiosk;
use crate::neighbors::ask::Outcome;
use crate::neighbors::{Board, Serving};
use crate::platform::clock;
use crate::store::{Store, StoreError};
use crate::telemetry::State;

/// How often it is looked at a release that is watched: the heartbeat wakes nobody.
const WATCH_PERIOD: Duration = Duration::from_secs(2);
/// How long to leave a disk alone that did not take the record.
pub(super) const DISK_PAUSE: Duration = Duration::from_secs(30);
/// The longest rest: windows are looked at again, also after the clock was stepped.
const REST_MAX: Duration = Duration::from_secs(3600);

/// What the driver works with.
#[derive(Debug)]
pub struct Parts {
    /// What the display keeps of content.
    pub content: Arc<Content>,
    /// What the agent remembers.
    pub store: Store,
    /// Who the display is, to the controller.
    pub held: Arc<Held>,
    /// The signed list of releases.
    pub lists: Lists,
    /// The visitor's side.
    pub kiosk: Kiosk,
    /// What is known of the display.
    pub state: State,
    /// How long a release is watched once the page shows it.
    pub observe: Duration,
    /// How often some of what is kept is read again.
    pub scrub_period: Duration,
    /// What is told to neighbors, and of them.
    pub board: Board,
    /// What the display should be.
    pub desired: watch::Receiver<Option<Desired>>,
}

/// The task.
#[derive(Debug)]
pub struct Driver {
    pub(super) parts: Parts,
    pub(super) record: Record,
    observer: Observer,
    /// Wakes when the page says something else, or a visit begins or ends.
    pages: watch::Receiver<Page>,
    /// Wakes when neighbors find the display somewhere else.
    serves_at: watch::Receiver<Option<String>>,
    /// What came of asking neighbors for the attempt's release.
    pub(super) outcome: Outcome,
    /// Pauses after breaks of the line, in a row.
    pub(super) breaks: u32,
    pub(super) upkeep: Upkeep,
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Now,
    After(Duration),
}

impl Driver {
    /// Goes on from what is remembered.
    pub fn new(parts: Parts) -> Result<Self, StoreError> {
        let record = parts.store.content()?;
        let (observer, pages, upkeep) = (Observer::default(), parts.kiosk.changed(), Upkeep::default());
        let serves_at = parts.board.serves_at.subscribe();
        let outcome = Outcome { dropped: record.neighbors_dropped().to_vec(), in_vain: false };
        Ok(Self { parts, record, observer, pages, serves_at, outcome, breaks: 0, upkeep })
    }

    /// What the display keeps of content.
    pub fn content(&self) -> Arc<Content> {
        self.parts.content.clone()
    }

    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        if let (Some(state), Some(target)) = (self.record.state(), self.record.target()) {
            tracing::info!(state = state.word(), release = target.name, "the update is where it was left");
        }
        if self.record.state() == Some(UpdateState::Observing) {
            self.record.observe_started(clock::now_ms());
            self.keep().unwrap_or_else(|error| tracing::error!(%error, "the record of updates is not kept"));
        }
        self.show();
        self.tell();
        loop {
            let world = self.world();
            let step = machine::next(&self.record, &world, clock::now_ms());
            let next = match self.act(step, &stop).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "the record of updates could not be kept");
                    Next::After(DISK_PAUSE)
                }
            };
            if stop.is_cancelled() {
                return;
            }
            self.tell();
            let Next::After(pause) = next else { continue };
            let pause = self.keep_up(pause, &stop).await;
            if !self.rest(pause, &stop).await {
                return;
            }
        }
    }

    /// Waits for a change of what matters. `false` when it is to stop.
    async fn rest(&mut self, pause: Duration, stop: &CancellationToken) -> bool {
        // Cancel-safe: nothing is held while waiting; what changed meanwhile is read anew.
        tokio::select! {
            () = stop.cancelled() => return false,
            changed = self.parts.desired.changed() => if changed.is_err() {
                stop.cancelled().await;
                return false;
            },
            _ = self.pages.changed() => {}
            _ = self.serves_at.changed() => self.tell(),
            () = tokio::time::sleep(pause.min(REST_MAX)) => {}
        }
        true
    }

    pub(super) fn tell(&self) {
        self.parts.tell(&self.record, self.upkeep.findings());
    }

    /// Bytes a second at most, as the last wish said.
    pub(super) fn throttle(&self) -> Option<u64> {
        self.wanted().and_then(|wanted| wanted.throttle_bytes_s)
    }

    pub(super) fn wanted(&self) -> Option<ReleaseWanted> {
        self.parts.desired.borrow().as_ref().and_then(|desired| desired.release.clone())
    }

    fn world(&mut self) -> World {
        // What changes from here on wakes the next rest.
        self.pages.mark_unchanged();
        let now_ms = clock::now_ms();
        let watched = self.record.state() == Some(UpdateState::Observing);
        let seen = if watched { self.look(now_ms) } else { Seen::default() };
        if let Some(news) = &seen.news {
            self.record.saw(news, now_ms);
        }
        World {
            wanted: self.wanted(),
            in_service: self.parts.content.active().map(|id| id.to_string()),
            visit: self.parts.kiosk.session_running(),
            shown: seen.shown,
            observe: self.parts.observe,
            rehearsed: seen.rehearsed,
            broken: seen.broken,
        }
    }

    /// Looks at page and printer with the release in service.
    fn look(&mut self, now_ms: i64) -> Seen {
        let kiosk = &self.parts.kiosk;
        let (observer, says) =
            (&mut self.observer, PageSays { shows: kiosk.rendered(), error: kiosk.render_error() });
        self.parts.state.with_report(|report| {
            let hears = report.health.get(&Component::Page).is_some_and(|page| page.state == HealthState::Ok);
            observer.look(hears.then_some(says), report.health.get(&Component::Printer), now_ms)
        })
    }

    async fn act(&mut self, step: Step, stop: &CancellationToken) -> Result<Next, StoreError> {
        let now_ms = clock::now_ms();
        match step {
            Step::Rest { at_ms, .. } => Ok(Next::After(self.pause(at_ms, now_ms))),
            Step::Begin(target) => {
                tracing::info!(release = target.name, "an update begins");
                self.record.begin(target, now_ms);
                (self.breaks, self.outcome) = (0, Outcome::default());
                self.keep()?;
                Ok(Next::Now)
            }
            Step::Settle(target) => {
                self.record.settle(target, now_ms);
                self.keep()?;
                Ok(Next::Now)
            }
            Step::Fetch { until_ms } => self.fetch(until_ms, stop).await,
            Step::Wait(waits_for) => {
                let at_latest_ms = self.wanted().and_then(|wanted| wanted.at_latest_ms);
                self.happened(Event::Wait(waits_for, at_latest_ms))?;
                Ok(Next::Now)
            }
            Step::Activate { ends_visit } => self.activate(ends_visit).await,
            Step::Observe => {
                let observer = &mut self.observer;
                self.parts.state.with_report(|r| observer.begin(r.health.get(&Component::Printer)));
                self.happened(Event::Switched)?;
                Ok(Next::Now)
            }
            Step::Rehearse => {
                let rehearsal = self.parts.kiosk.rehearse();
                if let Some(how) = stop.run_until_cancelled(rehearsal).await {
                    let words = self.observer.rehearsed(how);
                    tracing::info!(words, "a visit was rehearsed");
                    self.record.saw(&words, clock::now_ms());
                }
                Ok(Next::Now)
            }
            Step::Confirm => {
                self.happened(Event::Proven)?;
                self.collect().await;
                Ok(Next::Now)
            }
            Step::RollBack(broken) => self.roll_back(broken).await,
        }
    }

    fn pause(&self, at_ms: Option<i64>, now_ms: i64) -> Duration {
        let until = at_ms.map(|at| Duration::from_millis(at.saturating_sub(now_ms).unsigned_abs()));
        match self.record.state() {
            Some(UpdateState::Observing) => WATCH_PERIOD.min(until.unwrap_or(WATCH_PERIOD)),
            _ => until.unwrap_or(REST_MAX),
        }
    }

    pub(super) fn keep(&self) -> Result<(), StoreError> {
        self.parts.store.keep_content(&self.record)
    }

    pub(super) fn happened(&mut self, event: Event) -> Result<(), StoreError> {
        if let Err(error) = self.record.happened(event, clock::now_ms()) {
            tracing::error!(%error, "an update went a way that it does not have");
        }
        self.keep()
    }
}

impl Parts {
    /// Tells the report and the neighbors what there is.
    pub(super) fn tell(&self, record: &Record, findings: Findings<'_>) {
        let now_ms = clock::now_ms();
        let desired = self.desired.borrow();
        let recalled = desired.as_ref().map(|desired| desired.recalled.clone()).unwrap_or_default();
        let serves_at = self.board.serves_at.borrow().clone();
        let report = ContentReport { recalled, serves_at, ..record.report(now_ms) };
        let wanted = desired.as_ref().is_some_and(|desired| desired.release.is_some());
        let judgement = judge(&report, wanted, findings);
        self.state.take_content(report, judgement, now_ms);
        self.board.serving.send_replace(Serving::of(record));
    }
}
