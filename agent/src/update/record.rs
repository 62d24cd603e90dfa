//! What is remembered of updates: the release in service, the one before, and the attempt under way
//! or the last one. Written before each effect, so that a power cut at any point leaves enough to go
//! on from. The one table of states stands here.

use migrado_protocol::content::{ContentReport, ReleaseHeld, ReleaseWanted, Update, UpdateState, WaitsFor};
use migrado_protocol::limits::clip;
use migrado_protocol::neighbor::{DROPPED_MAX, Dropped};
use serde::{Deserialize, Serialize};

pub use super::bytes::Bytes;
use super::machine::{Broken, penalty_ms};
use super::story::{self, Story};

/// A release that is to be had, and how often a person asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// SHA-256 of its manifest, hex.
    pub manifest: String,
    /// Rises when a person wants it tried again.
    pub attempt: u32,
}

impl Target {
    /// What a desired state asks for.
    pub fn of(wanted: &ReleaseWanted) -> Self {
        Self { name: wanted.name.clone(), manifest: wanted.manifest.clone(), attempt: wanted.attempt }
    }
}

/// What happened to the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Everything is here and verified.
    Fetched,
    /// It has to wait, until then at the latest.
    Wait(WaitsFor, Option<i64>),
    /// It is about to be put in service.
    Activate,
    /// It is in service.
    Switched,
    /// It has proven itself.
    Proven,
    /// The one before is in service again.
    TakenBack,
    /// It could not be had, or not be put in service.
    Refused(Broken),
}

/// An event that the state does not know. A fault of the program, never of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an update in state {state:?} cannot have this happen: {event}")]
pub struct Impossible {
    state: Option<UpdateState>,
    event: &'static str,
}

/// The table: what a state becomes.
fn becomes(state: UpdateState, event: &Event) -> Option<UpdateState> {
    use UpdateState as S;
    Some(match (state, event) {
        (S::Downloading, Event::Fetched) => S::Staged,
        (S::Staged | S::Waiting, Event::Wait(..)) => S::Waiting,
        (S::Staged | S::Waiting, Event::Activate) => S::Activating,
        (S::Activating, Event::Switched) => S::Observing,
        (S::Observing, Event::Proven) => S::Confirmed,
        (S::Observing, Event::TakenBack) => S::RolledBack,
        (S::Downloading | S::Staged | S::Waiting | S::Activating, Event::Refused(_)) => S::Failed,
        _ => return None,
    })
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    target: Target,
    state: UpdateState,
    since_ms: i64,
    /// What was in service when it began.
    before: Option<ReleaseHeld>,
    attempts: u32,
    /// How many of them ended badly.
    failures: u32,
    next_attempt_ms: Option<i64>,
    waits_for: Option<WaitsFor>,
    waits_since_ms: Option<i64>,
    at_latest_ms: Option<i64>,
    /// How often the agent began to watch it.
    observe_starts: u32,
    /// Why it is being taken back, while it is.
    taking_back: Option<(String, String)>,
    #[serde(default)]
    bytes: Bytes,
    /// Neighbors that are not asked any more.
    #[serde(default)]
    neighbors_dropped: Vec<Dropped>,
    finding: Option<String>,
    detail: Option<String>,
    /// What happened, also in the attempts before with the same release.
    #[serde(default)]
    story: Story,
}

/// A signed list of releases that is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its version.
    pub version: u64,
    /// Until when it may be taken for the newest.
    pub fresh_until_ms: i64,
}

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    active: Option<ReleaseHeld>,
    previous: Option<ReleaseHeld>,
    attempt: Option<Attempt>,
    /// The signed list of releases that was trusted last.
    list: Option<Listed>,
}

impl Record {
    /// State of the attempt.
    pub fn state(&self) -> Option<UpdateState> {
        self.attempt.as_ref().map(|a| a.state)
    }

    /// What the attempt is about.
    pub fn target(&self) -> Option<&Target> {
        self.attempt.as_ref().map(|a| &a.target)
    }

    /// Whether this manifest is the attempt's.
    pub fn is_target(&self, manifest: Option<&str>) -> bool {
        manifest.is_some() && self.target().map(|t| t.manifest.as_str()) == manifest
    }

    /// In service.
    pub fn active(&self) -> Option<&ReleaseHeld> {
        self.active.as_ref()
    }

    /// The one before.
    pub fn previous(&self) -> Option<&ReleaseHeld> {
        self.previous.as_ref()
    }

    /// What to go back to: what was in service when the attempt began.
    pub fn before(&self) -> Option<&ReleaseHeld> {
        self.attempt.as_ref().and_then(|a| a.before.as_ref())
    }

    /// Since when the attempt has been in its state.
    pub fn since_ms(&self) -> i64 {
        self.attempt.as_ref().map_or(0, |a| a.since_ms)
    }

    /// What the attempt waits for.
    pub fn waits_for(&self) -> Option<WaitsFor> {
        self.attempt.as_ref().and_then(|a| a.waits_for)
    }

    /// When an attempt that ended badly is made again.
    pub fn next_attempt_ms(&self) -> Option<i64> {
        self.attempt.as_ref().and_then(|a| a.next_attempt_ms)
    }

    /// How often the agent began to watch the release.
    pub fn observe_starts(&self) -> u32 {
        self.attempt.as_ref().map_or(0, |a| a.observe_starts)
    }

    /// Why the release is being taken back, while it is.
    pub fn taking_back(&self) -> Option<Broken> {
        let (finding, detail) = self.attempt.as_ref()?.taking_back.clone()?;
        Some(Broken { finding, detail })
    }

    /// Manifests that must stay on the disk.
    pub fn needed(&self) -> Vec<String> {
        let held = [self.active.as_ref(), self.previous.as_ref(), self.before()];
        let target = self.target().filter(|_| self.state() != Some(UpdateState::RolledBack));
        let mut needed: Vec<String> = held.into_iter().flatten().map(|h| h.manifest.clone()).collect();
        needed.extend(target.map(|t| t.manifest.clone()));
        needed.sort();
        needed.dedup();
        needed
    }

    /// Begins an attempt.
    pub fn begin(&mut self, target: Target, now_ms: i64) {
        let again = self.attempt.take().filter(|a| a.target.manifest == target.manifest);
        // A person who asks again does not want to wait for what happened before.
        let asked = again.as_ref().is_some_and(|a| a.target.attempt != target.attempt);
        let mut story = again.as_ref().map(|a| a.story.clone()).unwrap_or_default();
        story.add(UpdateState::Downloading, None, now_ms);
        self.attempt = Some(Attempt {
            target,
            state: UpdateState::Downloading,
            since_ms: now_ms,
            before: self.active.clone(),
            attempts: again.as_ref().map_or(0, |a| a.attempts).saturating_add(1),
            failures: again.as_ref().filter(|_| !asked).map_or(0, |a| a.failures),
            next_attempt_ms: None,
            waits_for: None,
            waits_since_ms: None,
            at_latest_ms: None,
            observe_starts: 0,
            taking_back: None,
            bytes: Bytes::default(),
            neighbors_dropped: Vec::new(),
            finding: None,
            detail: None,
            story,
        });
    }

    /// Notes that what is in service is what is wanted.
    pub fn settle(&mut self, target: Target, now_ms: i64) {
        if let Some(active) = &mut self.active {
            active.name.clone_from(&target.name);
        }
        self.begin(target, now_ms);
        if let Some(attempt) = &mut self.attempt {
            attempt.state = UpdateState::Confirmed;
            attempt.story.add(
                UpdateState::Confirmed,
                Some("it is here and has proven itself before"),
                now_ms,
            );
        }
    }

    /// Takes in what happened.
    pub fn happened(&mut self, event: Event, now_ms: i64) -> Result<(), Impossible> {
        let state = self.state();
        let next = state.and_then(|state| becomes(state, &event));
        let (Some(next), Some(attempt)) = (next, &mut self.attempt) else {
            return Err(Impossible { state, event: word(&event) });
        };
        if next != attempt.state {
            attempt.since_ms = now_ms;
        }
        attempt.state = next;
        attempt.story.add(next, story::of(&event, attempt.taking_back.as_ref()).as_deref(), now_ms);
        if !matches!(event, Event::Wait(..)) {
            (attempt.waits_for, attempt.waits_since_ms, attempt.at_latest_ms) = (None, None, None);
        }
        match event {
            Event::Wait(waits_for, at_latest_ms) => {
                if attempt.waits_for != Some(waits_for) {
                    (attempt.waits_for, attempt.waits_since_ms) = (Some(waits_for), Some(now_ms));
                }
                attempt.at_latest_ms = at_latest_ms;
            }
            Event::Switched => {
                let target = &attempt.target;
                let (name, manifest) = (target.name.clone(), target.manifest.clone());
                if attempt.before.as_ref().is_none_or(|before| before.manifest != manifest) {
                    self.previous.clone_from(&attempt.before);
                }
                self.active = Some(ReleaseHeld { name, manifest, since_ms: now_ms });
            }
            Event::TakenBack => {
                self.active = attempt.before.clone();
                self.previous = None;
                let why = attempt.taking_back.take();
                fail(attempt, why.unwrap_or_default(), now_ms);
            }
            Event::Refused(broken) => fail(attempt, (broken.finding, broken.detail), now_ms),
            Event::Fetched | Event::Activate | Event::Proven => {}
        }
        Ok(())
    }

    /// Notes why the release is going to be taken back.
    pub fn take_back(&mut self, broken: &Broken, now_ms: i64) {
        self.saw(&format!("is taken back, {}: {}", broken.finding, broken.detail), now_ms);
        if let Some(attempt) = &mut self.attempt {
            attempt.taking_back = Some((broken.finding.clone(), clip(&broken.detail)));
        }
    }

    /// Notes that the agent begins to watch the release.
    pub fn observe_started(&mut self, now_ms: i64) {
        if let Some(attempt) = &mut self.attempt {
            attempt.observe_starts = attempt.observe_starts.saturating_add(1);
            attempt.since_ms = now_ms;
        }
        self.saw("the agent was started while it is watched", now_ms);
    }

    /// Notes what was seen of it.
    pub fn saw(&mut self, what: &str, now_ms: i64) {
        if let Some(attempt) = &mut self.attempt {
            attempt.story.add(attempt.state, Some(what), now_ms);
        }
    }

    /// Notes a passing trouble, which is no end: the line broke, the list could not be had.
    pub fn trouble(&mut self, broken: Option<&Broken>, now_ms: i64) {
        if let Some(broken) = broken {
            self.saw(&format!("goes on later, {}: {}", broken.finding, broken.detail), now_ms);
        }
        if let Some(attempt) = &mut self.attempt {
            attempt.finding = broken.map(|b| b.finding.clone());
            attempt.detail = broken.map(|b| clip(&b.detail));
        }
    }

    /// Notes what has come.
    pub fn bytes(&mut self, bytes: Bytes) {
        if let Some(attempt) = &mut self.attempt {
            attempt.bytes = bytes;
        }
    }

    /// What has come in this attempt.
    pub fn bytes_so_far(&self) -> Bytes {
        self.attempt.as_ref().map_or_else(Bytes::default, |attempt| attempt.bytes)
    }

    /// Notes the neighbors that are not asked any more: as many as are told.
    pub fn dropped(&mut self, neighbors: &[Dropped]) {
        if let Some(attempt) = &mut self.attempt {
            attempt.neighbors_dropped = neighbors.iter().take(DROPPED_MAX).cloned().collect();
        }
    }

    /// Neighbors that are not asked any more in this attempt.
    pub fn neighbors_dropped(&self) -> &[Dropped] {
        self.attempt.as_ref().map_or(&[], |attempt| &attempt.neighbors_dropped)
    }

    /// Notes which signed list is trusted.
    pub fn listed(&mut self, list: Listed) {
        self.list = Some(list);
    }

    /// What the controller is told.
    pub fn report(&self, now_ms: i64) -> ContentReport {
        ContentReport {
            active: self.active.clone(),
            previous: self.previous.clone(),
            update: self.attempt.as_ref().map(told),
            targets_version: self.list.map(|list| list.version),
            stale_since_ms: self.list.map(|list| list.fresh_until_ms).filter(|until| *until < now_ms),
            recalled: Vec::new(),
            serves_at: None,
        }
    }
}

fn fail(attempt: &mut Attempt, (finding, detail): (String, String), now_ms: i64) {
    attempt.failures = attempt.failures.saturating_add(1);
    attempt.next_attempt_ms = Some(now_ms + penalty_ms(attempt.failures));
    attempt.finding = Some(finding);
    attempt.detail = Some(clip(&detail));
}

fn told(attempt: &Attempt) -> Update {
    let waits_for_attempt = attempt.next_attempt_ms.map(|_| WaitsFor::NextAttempt);
    Update {
        name: attempt.target.name.clone(),
        manifest: attempt.target.manifest.clone(),
        state: attempt.state,
        since_ms: attempt.since_ms,
        bytes_done: attempt.bytes.done,
        bytes_total: attempt.bytes.total,
        bytes_from_neighbors: attempt.bytes.from_neighbors,
        waits_for: attempt.waits_for.or(waits_for_attempt),
        waits_since_ms: attempt.waits_since_ms,
        at_latest_ms: attempt.at_latest_ms.or(attempt.next_attempt_ms),
        attempts: attempt.attempts,
        attempt: attempt.target.attempt,
        neighbors_dropped: attempt.neighbors_dropped.clone(),
        finding: attempt.finding.clone(),
        detail: attempt.detail.clone(),
        log: attempt.story.notes().to_vec(),
    }
}

fn word(event: &Event) -> &'static str {
    match event {
        Event::Fetched => "fetched",
        Event::Wait(..) => "wait",
        Event::Activate => "activate",
        Event::Switched => "switched",
        Event::Proven => "proven",
        Event::TakenBack => "taken back",
        Event::Refused(_) => "refused",
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
