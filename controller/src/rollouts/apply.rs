//! Writes a decision: rollout, displays, desired states and audit entries in one transaction, decided
//! on the revisions that were read. Then tells whoever publishes and whoever watches.

use migrado_protocol::TerminalId;
use migrado_protocol::content::ReleaseWanted;
use sqlx::AnyConnection;

use super::decide::Decision;
use super::known::Known;
use super::model::Rollout;
use crate::api::state::ApiState;
use crate::audit::Entry;
use crate::store::desired::{self, Settings, Stored};
use crate::store::{StoreError, audit, rollouts as rows};

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is written.
    Done,
    /// Something changed since it was read: nothing is written, decide anew.
    Stale,
}

/// Writes it.
pub async fn apply(
    state: &ApiState,
    known: &Known,
    before: &Rollout,
    mut decision: Decision,
    entries: Vec<Entry>,
) -> Result<Applied, StoreError> {
    let fail = StoreError::of("write the decision of a rollout");
    decision.rollout.revision = before.revision + 1;
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !rows::update(&mut tx, &decision.rollout, before.revision).await? {
        return Ok(Applied::Stale);
    }
    let mut generations = Vec::new();
    for (id, wanted) in std::mem::take(&mut decision.tells) {
        match tell(state, known, &decision.rollout, &mut tx, &id, wanted).await? {
            Some(generation) => generations.push((id, generation)),
            None => return Ok(Applied::Stale),
        }
    }
    for display in &mut decision.displays {
        if let Some((_, generation)) = generations.iter().find(|(id, _)| *id == display.terminal) {
            display.generation = *generation;
        }
        rows::put_display(&mut tx, decision.rollout.id, display).await?;
    }
    for entry in entries {
        audit::append_in(&mut tx, entry).await?;
    }
    tx.commit().await.map_err(fail)?;
    for (id, generation) in &generations {
        state.fleet.change(id, |t| {
            t.desired_generation = *generation;
            ((), true)
        });
    }
    if !generations.is_empty() {
        state.desired_changed.notify_one();
    }
    state.events.rollout(decision.rollout.id);
    state.rollouts.changed.notify_one();
    Ok(Applied::Done)
}

/// Changes what one display should have; its new generation, or `None` when it changed meanwhile.
async fn tell(
    state: &ApiState,
    known: &Known,
    rollout: &Rollout,
    tx: &mut AnyConnection,
    id: &TerminalId,
    wanted: Option<ReleaseWanted>,
) -> Result<Option<u64>, StoreError> {
    let Some(terminal) = known.terminals.get(id) else { return Ok(Some(0)) };
    let fresh =
        || Stored { terminal: id.to_string(), body: None, changed_ms: 0, settings: Settings::default() };
    let mut stored = known.stored.get(id).cloned().unwrap_or_else(fresh);
    let decided_on = stored.generation();
    let name = wanted.as_ref().map(|w| w.name.clone());
    let is_other =
        stored.settings.release.as_ref().map(|r| &r.manifest) != wanted.as_ref().map(|w| &w.manifest);
    stored.settings.release = wanted;
    let generation = crate::desired::renew(state, terminal, &mut stored, &known.recalled, known.now_ms);
    if !desired::put(tx, &stored, decided_on).await? {
        return Ok(None);
    }
    if is_other {
        let words = format!("{} ({})", name.as_deref().unwrap_or("none"), rollout.spec.title);
        let entry = Entry::ok(known.now_ms, "controller", "terminal.release", id.as_str()).detail(words);
        audit::append_in(tx, entry).await?;
    }
    Ok(Some(generation))
}
