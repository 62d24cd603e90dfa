//! What follows for a rollout from how its displays are: `(rollout, fleet, now) -> decision`, purely.
//! Each display goes its own way in `forward` or `back`; this file moves the rollout as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use migrado_protocol::TerminalId;
use migrado_protocol::content::ReleaseWanted;

use super::budget::{Budget, Labels};
use super::gate::{self, Gate};
use super::lifecycle::{Event, State, next};
use super::model::{Display, PausedBy, Rollout, Spec, Step, Whole};
use super::why::Why;
use super::windows::Windows;
use super::{back, forward};
use crate::fleet::Terminal;

/// Displays that are told something new in one look: what is written together stays a short
/// transaction, and the next look is a second away.
pub const ORDERS_PER_LOOK_MAX: usize = 500;

/// What is known of the world.
#[derive(Debug)]
pub struct World<'w> {
    /// Every display.
    pub terminals: &'w BTreeMap<TerminalId, Arc<Terminal>>,
    /// What each should have now; absent: whatever is there stays.
    pub wanted: &'w BTreeMap<TerminalId, ReleaseWanted>,
    /// Displays by label.
    pub labels: &'w Labels,
    /// The calendar.
    pub windows: &'w dyn Windows,
    /// Whether the release is in the signed list.
    pub live: bool,
    /// Now.
    pub now_ms: i64,
}

/// What a display does next.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    pub(super) spec: &'t Spec,
    pub(super) world: &'t World<'t>,
    pub(super) budget: &'t mut Budget,
    /// Whether something new may begin.
    pub(super) begins: bool,
    /// How many more may be told something.
    pub(super) room: usize,
    /// What is to be told; `None`: whatever is there stays.
    pub(super) tells: Vec<(TerminalId, Option<ReleaseWanted>)>,
}

impl Turn<'_> {
    /// Tells a display what it should have.
    pub(super) fn tell(&mut self, display: &mut Display, wanted: ReleaseWanted) {
        self.room = self.room.saturating_sub(1);
        self.tells.push((display.terminal.clone(), Some(wanted.clone())));
        display.told = Some(wanted);
    }

    /// Gives a display back what it should have had before.
    pub(super) fn restore(&mut self, display: &Display) {
        self.room = self.room.saturating_sub(1);
        self.tells.push((display.terminal.clone(), display.before.clone()));
    }

    /// Whether the display should still have what it was told.
    pub(super) fn still_ours(&self, display: &Display) -> bool {
        let now = self.world.wanted.get(&display.terminal).map(|wanted| wanted.manifest.as_str());
        now == display.told_manifest()
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The rollout as it will be.
    pub rollout: Rollout,
    /// Displays that change.
    pub displays: Vec<Display>,
    /// What displays are told.
    pub tells: Vec<(TerminalId, Option<ReleaseWanted>)>,
}

impl Decision {
    /// Whether anything is to be done.
    pub fn is_nothing(&self, before: &Rollout) -> bool {
        self.rollout == *before && self.displays.is_empty() && self.tells.is_empty()
    }
}

/// Decides.
pub fn decide(whole: &Whole, world: &World<'_>, budget: &mut Budget) -> Decision {
    let mut rollout = whole.rollout.clone();
    let mut displays = whole.displays.clone();
    let now_ms = world.now_ms;
    if rollout.state == State::Scheduled && rollout.spec.start_ms.is_none_or(|start| now_ms >= start) {
        to(&mut rollout, Event::Begin, None, now_ms);
        begin_wave(&mut rollout, &mut displays, now_ms);
    }
    let mut turn = Turn {
        spec: &whole.rollout.spec,
        world,
        budget,
        begins: rollout.state == State::Running,
        room: ORDERS_PER_LOOK_MAX,
        tells: Vec::new(),
    };
    match rollout.state {
        State::Running | State::Paused | State::Completed => {
            let wave = rollout.wave;
            for display in displays.values_mut().filter(|d| d.wave <= wave) {
                forward::advance(display, &mut turn);
            }
            judge(&mut rollout, &mut displays, world);
        }
        State::Halted => {
            for display in displays.values_mut() {
                back::advance(display, rollout.reason.as_ref(), &mut turn);
            }
            if displays.values().all(back::is_through) {
                to(&mut rollout, Event::Returned, None, now_ms);
            }
        }
        State::Draft | State::AwaitingApproval | State::Scheduled | State::Canceled | State::RolledBack => {}
    }
    let tells = turn.tells;
    finish(whole, rollout, displays, tells)
}

/// What ends with a rollout that a person ends: who has no leave yet keeps what it had.
pub fn cancel(whole: &Whole, rollout: Rollout, world: &World<'_>, budget: &mut Budget) -> Decision {
    let mut displays = whole.displays.clone();
    let mut turn =
        Turn { spec: &whole.rollout.spec, world, budget, begins: false, room: usize::MAX, tells: Vec::new() };
    for display in displays.values_mut() {
        let without_leave = display.step.is_under_way() && display.leave_ms.is_none();
        if without_leave && turn.still_ours(display) {
            turn.restore(display);
        }
        if without_leave || display.step == Step::Pending {
            display.step_to(Step::LeftOut, world.now_ms);
            display.why.clone_from(&rollout.reason);
        }
    }
    let tells = turn.tells;
    finish(whole, rollout, displays, tells)
}

fn finish(
    whole: &Whole,
    rollout: Rollout,
    displays: BTreeMap<TerminalId, Display>,
    tells: Vec<(TerminalId, Option<ReleaseWanted>)>,
) -> Decision {
    let changed = displays.into_values().filter(|d| whole.displays.get(&d.terminal) != Some(d)).collect();
    Decision { rollout, displays: changed, tells }
}

/// Brings a rollout into its next state; an event that does not fit changes nothing.
pub fn to(rollout: &mut Rollout, event: Event, reason: Option<Why>, now_ms: i64) -> bool {
    let Some(state) = next(rollout.state, event) else { return false };
    (rollout.state, rollout.since_ms, rollout.reason) = (state, now_ms, reason);
    rollout.paused_by = None;
    true
}

/// A wave begins: from now on its displays' time counts.
fn begin_wave(rollout: &mut Rollout, displays: &mut BTreeMap<TerminalId, Display>, now_ms: i64) {
    rollout.begun_ms.push(now_ms);
    for display in displays.values_mut().filter(|d| d.wave == rollout.wave) {
        display.clock_ms = now_ms;
    }
}

/// Lets the next wave begin.
pub fn next_wave(rollout: &mut Rollout, displays: &mut BTreeMap<TerminalId, Display>, now_ms: i64) {
    rollout.wave += 1;
    if rollout.wave < rollout.spec.waves.len() {
        begin_wave(rollout, displays, now_ms);
    }
}

/// Halts, pauses, goes on or ends, by what the waves say.
fn judge(rollout: &mut Rollout, displays: &mut BTreeMap<TerminalId, Display>, world: &World<'_>) {
    let now_ms = world.now_ms;
    if rollout.state == State::Completed {
        return;
    }
    if !world.live {
        to(rollout, Event::Back, Some(Why::Withdrawn), now_ms);
        return;
    }
    // An error counts in its wave, also when that is through long ago.
    for (n, wave) in rollout.spec.waves.clone().iter().enumerate().take(rollout.wave + 1) {
        let tally = gate::tally(displays.values().filter(|d| d.wave == n));
        if let Gate::Errors { errors } = gate::evaluate(wave, tally, now_ms) {
            let why = Why::Errors { errors, wave: wave.name.clone() };
            to(rollout, Event::Back, Some(why), now_ms);
            return;
        }
    }
    if rollout.state != State::Running {
        return;
    }
    let Some(wave) = rollout.spec.waves.get(rollout.wave).cloned() else {
        if displays.values().all(|d| !d.step.is_under_way() && d.step != Step::Pending) {
            to(rollout, Event::Finish, None, now_ms);
        }
        return;
    };
    let is_last = rollout.wave + 1 == rollout.spec.waves.len();
    let tally = gate::tally(displays.values().filter(|d| d.wave == rollout.wave));
    let pause = |rollout: &mut Rollout, why: Why| {
        to(rollout, Event::Pause, Some(why), now_ms);
        rollout.paused_by = Some(PausedBy::Wave);
    };
    match gate::evaluate(&wave, tally, now_ms) {
        Gate::Waiting | Gate::Observing { .. } | Gate::Errors { .. } => {}
        Gate::TooFew { confirmed, of } => {
            pause(rollout, Why::TooFewConfirmed { confirmed, of, wave: wave.name });
        }
        Gate::Open if wave.pause_after && !is_last => pause(rollout, Why::LookFirst { wave: wave.name }),
        Gate::Open => next_wave(rollout, displays, now_ms),
    }
}

#[cfg(test)]
pub(super) mod tests;
