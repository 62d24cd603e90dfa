//! What to do next about content: a function of the record, of what is wanted and of the world.
//! Pure; the driver acts on it, and writes the record before each effect.
//!
//! downloading → staged → waiting → activating → observing → confirmed | `rolled_back` | failed. An
//! attempt that ended badly begins again when its time has come; something else being wanted begins
//! at once, except in the moment of the switch and while it is observed.

use std::time::Duration;

use migrado_protocol::content::{ReleaseWanted, UpdateState, WaitsFor, Window};

use super::record::{Record, Target};

/// How long the page may take to show it, a reload of the browser included.
pub const SHOW_LIMIT: Duration = Duration::from_secs(90);
/// Starts of the agent in the middle of watching after which the release is taken back: it is
/// likely what brings the agent down.
pub const OBSERVE_STARTS_MAX: u32 = 3;
/// The first wait after an attempt that ended badly; each further one doubles it.
const PENALTY_FIRST_MS: i64 = 60_000;
/// The longest: a display must try again within a working day.
const PENALTY_MAX_MS: i64 = 6 * 3_600_000;

/// What the decision looks at besides the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// The release to have.
    pub wanted: Option<ReleaseWanted>,
    /// Manifest of the release in service, as the store has it.
    pub in_service: Option<String>,
    /// Whether a visit is under way.
    pub visit: bool,
    /// The release that the page says it shows, and since when it has said so without a break.
    pub shown: Option<(String, i64)>,
    /// How long a release is watched once the page shows it.
    pub observe: Duration,
    /// Whether a visit was rehearsed with the release that is watched, and went well.
    pub rehearsed: bool,
    /// Why printing or a visit would not work, though it did before the switch.
    pub broken: Option<Broken>,
}

/// What does not work with the release in service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// By name: `page_silent`, `page_refuses`, `printer`, `session_failed`.
    pub finding: String,
    /// In words.
    pub detail: String,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing, until something changes or at this moment.
    Rest {
        /// What it waits for, if for something.
        waits_for: Option<WaitsFor>,
        /// When to look again without being woken.
        at_ms: Option<i64>,
    },
    /// Begin an attempt to get this release.
    Begin(Target),
    /// Fetch what is missing.
    Fetch {
        /// When to stop fetching: the window's end.
        until_ms: Option<i64>,
    },
    /// Say that it waits.
    Wait(WaitsFor),
    /// Put it in service.
    Activate {
        /// End the visit that is under way: the time at the latest has come.
        ends_visit: bool,
    },
    /// It is in service: watch it.
    Observe,
    /// The page shows it: play a visit, to see that one can begin and end.
    Rehearse,
    /// It has proven itself.
    Confirm,
    /// Put the one before in service again.
    RollBack(Broken),
    /// What is in service is what is wanted: note that it is.
    Settle(Target),
}

/// Decides.
pub fn next(record: &Record, world: &World, now_ms: i64) -> Step {
    let wanted = world.wanted.as_ref().map(Target::of);
    match record.state() {
        // The switch and the watching are brought to their end before anything else begins.
        Some(UpdateState::Activating) => match record.is_target(world.in_service.as_deref()) {
            true => Step::Observe,
            false => Step::Activate { ends_visit: false },
        },
        Some(UpdateState::Observing) => observed(record, world, now_ms),
        state => match (wanted, state) {
            (None, _) => rest(None, None),
            (Some(wanted), _) if record.target() != Some(&wanted) => begin(record, world, wanted),
            (Some(_), Some(UpdateState::Downloading)) => fetch(world, now_ms),
            (Some(_), Some(UpdateState::Staged | UpdateState::Waiting)) => activate(record, world, now_ms),
            (Some(wanted), Some(UpdateState::RolledBack | UpdateState::Failed)) => {
                retry(record, wanted, now_ms)
            }
            (Some(_), _) => rest(None, None),
        },
    }
}

fn rest(waits_for: Option<WaitsFor>, at_ms: Option<i64>) -> Step {
    Step::Rest { waits_for, at_ms }
}

/// Something else is wanted than what the record is about.
fn begin(record: &Record, world: &World, wanted: Target) -> Step {
    let is_in_service = world.in_service.as_deref() == Some(wanted.manifest.as_str());
    if is_in_service && record.active().is_some_and(|active| active.manifest == wanted.manifest) {
        // It is here and has proven itself before: there is nothing to fetch and nothing to watch.
        return Step::Settle(wanted);
    }
    Step::Begin(wanted)
}

fn fetch(world: &World, now_ms: i64) -> Step {
    let Some(wanted) = &world.wanted else { return rest(None, None) };
    match until(wanted.download, now_ms) {
        Ok(until_ms) => Step::Fetch { until_ms },
        Err(at_ms) => rest(Some(WaitsFor::DownloadWindow), at_ms),
    }
}

/// The window's end while it is open, or its beginning.
fn until(window: Window, now_ms: i64) -> Result<Option<i64>, Option<i64>> {
    if window.contains(now_ms) {
        return Ok(window.until_ms);
    }
    Err(window.from_ms.filter(|from| *from > now_ms))
}

fn activate(record: &Record, world: &World, now_ms: i64) -> Step {
    let Some(wanted) = &world.wanted else { return rest(None, None) };
    let waiting = |waits_for, at_ms| match record.state() {
        Some(UpdateState::Waiting) if record.waits_for() == Some(waits_for) => rest(Some(waits_for), at_ms),
        _ => Step::Wait(waits_for),
    };
    let Some(window) = wanted.activate else {
        return waiting(WaitsFor::Leave, None);
    };
    if let Err(at_ms) = until(window, now_ms) {
        return waiting(WaitsFor::ActivateWindow, at_ms);
    }
    let is_late = wanted.at_latest_ms.is_some_and(|latest| now_ms >= latest);
    if world.visit && !is_late {
        // The window's end is looked at as well: a visit may outlast it.
        let at_ms = [wanted.at_latest_ms, window.until_ms].into_iter().flatten().min();
        return waiting(WaitsFor::Visitor, at_ms);
    }
    Step::Activate { ends_visit: world.visit }
}

fn observed(record: &Record, world: &World, now_ms: i64) -> Step {
    if let Some(broken) = record.taking_back() {
        // The switch back was begun, and the power went.
        return Step::RollBack(broken);
    }
    if !record.is_target(world.in_service.as_deref()) {
        return Step::RollBack(broken("interrupted", "it was taken out of service while it was watched"));
    }
    if record.observe_starts() > OBSERVE_STARTS_MAX {
        let detail =
            format!("the agent was started {} times while the release was watched", record.observe_starts());
        return Step::RollBack(broken("agent_restarts", &detail));
    }
    if let Some(broken) = &world.broken {
        return Step::RollBack(broken.clone());
    }
    let limit_ms = record.since_ms() + millis(SHOW_LIMIT);
    match &world.shown {
        Some((shown, since_ms)) if record.is_target(Some(shown)) => {
            let proven_ms = (*since_ms).max(record.since_ms()) + millis(world.observe);
            match (now_ms >= proven_ms, world.rehearsed, world.visit) {
                (false, ..) => rest(None, Some(proven_ms)),
                (true, true, _) => Step::Confirm,
                (true, false, false) => Step::Rehearse,
                // A visitor is not disturbed: the end of the visit wakes.
                (true, false, true) => rest(Some(WaitsFor::Visitor), None),
            }
        }
        _ if now_ms >= limit_ms => {
            let detail = format!("the page did not show the release within {} s", SHOW_LIMIT.as_secs());
            Step::RollBack(broken("page_silent", &detail))
        }
        _ => rest(None, Some(limit_ms)),
    }
}

fn retry(record: &Record, wanted: Target, now_ms: i64) -> Step {
    match record.next_attempt_ms() {
        // A clock that was stepped back must not lock the display in.
        Some(at_ms) if now_ms < at_ms && at_ms - now_ms <= PENALTY_MAX_MS => {
            rest(Some(WaitsFor::NextAttempt), Some(at_ms))
        }
        _ => Step::Begin(wanted),
    }
}

/// How long to leave a release alone after so many attempts that ended badly.
pub fn penalty_ms(failures: u32) -> i64 {
    let doubled = PENALTY_FIRST_MS.checked_shl(failures.saturating_sub(1)).filter(|ms| *ms > 0);
    doubled.unwrap_or(PENALTY_MAX_MS).min(PENALTY_MAX_MS)
}

fn broken(finding: &str, detail: &str) -> Broken {
    Broken { finding: finding.to_owned(), detail: detail.to_owned() }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
