//! Looks after rollouts: when the fleet changes, when somebody wants something, and every few seconds
//! for what time brings. A look reads everything anew and running twice changes nothing, so a restart
//! in the middle of a wave is no event.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::apply::{Applied, apply};
use super::decide::decide;
use super::known::Known;
use super::lifecycle::State;
use super::model::Rollout;
use crate::api::state::ApiState;
use crate::audit::Entry;
use crate::store::{StoreError, recall_proofs, rollouts as rows};

/// Time between two looks when nothing wakes: windows and limits have minutes.
const LOOK_PERIOD: Duration = Duration::from_secs(5);
/// Time in which wake-ups are gathered: a fleet that reports all the time costs one look.
const GATHER: Duration = Duration::from_millis(500);

/// The task.
pub async fn run(state: ApiState, stop: CancellationToken) {
    let mut changes = state.fleet.changes();
    loop {
        match look(&state).await {
            Ok(true) => {}
            Ok(false) => {
                // Cancel-safe: a wake-up that is not taken stays stored in the `Notify`, and a change
                // that is missed is found by the next look, which reads everything.
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = state.rollouts.changed.notified() => {}
                    change = changes.recv() => if matches!(change, Err(RecvError::Closed)) {
                        return stop.cancelled().await;
                    },
                    () = tokio::time::sleep(LOOK_PERIOD) => {}
                }
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "rollouts could not be looked after"
                );
            }
        }
        // Cancel-safe: nothing is held while it waits.
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(GATHER) => {}
        }
        while changes.try_recv().is_ok() {}
    }
}

/// One look. Whether something changed, so that another one may find more.
pub async fn look(state: &ApiState) -> Result<bool, StoreError> {
    note_proofs(state).await?;
    if rows::moving(&state.pool).await?.is_empty() {
        return Ok(false);
    }
    let known = Known::gather(state).await?;
    let mut budget = known.budget(&state.rollouts.labels);
    let mut changed = false;
    for whole in &known.moving {
        let world = known.world(state, &whole.rollout);
        let decision = decide(whole, &world, &mut budget);
        if decision.is_nothing(&whole.rollout) {
            continue;
        }
        let entries = entry(&whole.rollout, &decision.rollout, known.now_ms);
        changed |= apply(state, &known, &whole.rollout, decision, entries).await? == Applied::Done;
    }
    Ok(changed)
}

/// What the audit log has of a rollout that moved by itself.
fn entry(before: &Rollout, after: &Rollout, now_ms: i64) -> Vec<Entry> {
    let id = after.id.to_string();
    let entry = match after.state {
        state if state == before.state => return Vec::new(),
        State::Running => Entry::ok(now_ms, "controller", "rollout.begin", id),
        State::Paused => Entry::ok(now_ms, "controller", "rollout.pause", id),
        State::Halted => Entry::ok(now_ms, "controller", "rollout.halt", id),
        State::Completed => Entry::ok(now_ms, "controller", "rollout.complete", id),
        State::RolledBack => Entry::ok(now_ms, "controller", "rollout.rolled_back", id),
        State::Draft | State::AwaitingApproval | State::Scheduled | State::Canceled => return Vec::new(),
    };
    let why = after.reason.as_ref().map(|why| why.words().en).unwrap_or_default();
    let words = format!("{}: {} {why}", after.spec.title, after.spec.release);
    tracing::info!(rollout = %after.id, state = after.state.word(), why, "a rollout moved");
    vec![entry.detail(words.trim_end())]
}

/// Notes when a display is first heard to hold a recall.
async fn note_proofs(state: &ApiState) -> Result<(), StoreError> {
    let recalled = crate::store::releases::recalled(&state.pool).await?;
    if recalled.is_empty() {
        return Ok(());
    }
    let noted = recall_proofs::all(&state.pool).await?;
    let mut fresh = Vec::new();
    for terminal in state.fleet.all() {
        let held = terminal.reported.content.as_ref().map(|c| c.recalled.as_slice()).unwrap_or_default();
        let new = recalled.iter().filter(|what| held.contains(what));
        let new = new.map(|what| (what.clone(), terminal.id.to_string()));
        fresh.extend(new.filter(|key| !noted.contains_key(key)));
    }
    if fresh.is_empty() {
        return Ok(());
    }
    let fail = StoreError::of("note the proofs of recalls");
    let now_ms = state.clock.now_ms();
    let mut tx = state.pool.begin().await.map_err(fail)?;
    for (what, terminal) in fresh {
        recall_proofs::note(&mut tx, &what, &terminal, now_ms).await?;
    }
    tx.commit().await.map_err(fail)
}
