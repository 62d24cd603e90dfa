//! What people want of rollouts: make, start, approve, pause, resume, cancel, back. Each is decided on
//! the rollout as it is and written with its audit entry; what moves meanwhile is decided on anew.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::apply::{Applied, apply};
use super::decide::{self, Decision};
use super::known::Known;
use super::lifecycle::{Event, State};
use super::model::{Display, PausedBy, Rollout, Spec, Step, Whole};
use super::plan::Obstacle;
use super::why::Why;
use crate::api::state::ApiState;
use crate::audit::Entry;
use crate::store::{StoreError, audit, idempotency, rollouts as rows};

/// How often something is decided anew when the rollout moved meanwhile.
const TRIES_MAX: usize = 8;

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such rollout.
    #[error("there is no such rollout")]
    NotFound,
    /// It is another one by now.
    #[error("the rollout was changed meanwhile")]
    Changed,
    /// It does not fit its state.
    #[error("the rollout is {}", .0.word())]
    Unfit(State),
    /// Its maker may not approve it.
    #[error("whoever made or started it may not approve it")]
    SameEyes,
    /// The plan is impossible.
    #[error("the plan is impossible")]
    Obstacles(Vec<Obstacle>),
    /// No display takes part.
    #[error("no display takes part")]
    Nobody,
    /// The release is not in the signed list.
    #[error("the release is withdrawn")]
    NotLive,
    /// The key stands for something else.
    #[error("the key was used for another request")]
    KeyReused,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a person wants of a rollout that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Let nothing new begin.
    Pause,
    /// Go on.
    Resume,
    /// End it; what has changed stays.
    Cancel,
    /// Take back what it changed.
    Back,
}

/// Makes a rollout; with the same key once. `key` is the key and the hash of the request.
pub async fn create(
    state: &ApiState,
    spec: Spec,
    actor: &str,
    key: Option<(String, String)>,
) -> Result<Rollout, Refusal> {
    let now_ms = state.clock.now_ms();
    if let Some((key, hash)) = &key
        && let Some(kept) = idempotency::find(&state.pool, actor, key).await?
    {
        return before(state, &kept, hash).await;
    }
    let rollout = Rollout {
        id: Uuid::now_v7(),
        spec,
        state: State::Draft,
        since_ms: now_ms,
        reason: None,
        paused_by: None,
        wave: 0,
        begun_ms: Vec::new(),
        made_by: actor.to_owned(),
        made_ms: now_ms,
        started_by: None,
        approved_by: None,
        revision: 1,
    };
    let fail = StoreError::of("make a rollout");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if let Some((key, hash)) = &key {
        let taken = idempotency::take(actor, key, hash, &rollout.id.to_string(), now_ms).run(&mut tx).await;
        if let Err(error) = taken.map_err(fail) {
            drop(tx);
            let kept = idempotency::find(&state.pool, actor, key).await?;
            return match kept {
                Some(kept) if error.is_conflict() => before(state, &kept, hash).await,
                _ => Err(error.into()),
            };
        }
    }
    rows::insert(&mut tx, &rollout).await?;
    let entry = Entry::ok(now_ms, actor, "rollout.make", rollout.id.to_string());
    let words = format!("{}: {}", rollout.spec.title, rollout.spec.release);
    audit::append_in(&mut tx, entry.detail(words)).await?;
    tx.commit().await.map_err(fail)?;
    state.events.rollout(rollout.id);
    Ok(rollout)
}

async fn before(state: &ApiState, kept: &idempotency::Kept, hash: &str) -> Result<Rollout, Refusal> {
    let id = kept.batch.parse().ok().filter(|_| kept.request_hash == hash).ok_or(Refusal::KeyReused)?;
    rows::get(&state.pool, id).await?.ok_or(Refusal::KeyReused)
}

/// Starts a rollout as it was read: takes its displays, in the waves of the plan.
pub async fn start(state: &ApiState, whole: Whole, actor: &str) -> Result<(), Refusal> {
    let known = Known::gather(state).await?;
    let mut rollout = whole.rollout.clone();
    let event = if state.rollouts.four_eyes { Event::StartForApproval } else { Event::Start };
    if !decide::to(&mut rollout, event, None, known.now_ms) {
        return Err(Refusal::Unfit(rollout.state));
    }
    if !known.is_live(&rollout.spec) {
        return Err(Refusal::NotLive);
    }
    let plan = known.plan(state, &rollout.spec);
    if !plan.obstacles.is_empty() {
        return Err(Refusal::Obstacles(plan.obstacles));
    }
    if plan.displays.iter().all(|display| display.wave.is_none()) {
        return Err(Refusal::Nobody);
    }
    rollout.started_by = Some(actor.to_owned());
    rollout.revision += 1;
    let fail = StoreError::of("start a rollout");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !rows::update(&mut tx, &rollout, whole.rollout.revision).await? {
        return Err(Refusal::Changed);
    }
    for planned in plan.displays {
        let wave = planned.wave.unwrap_or(rollout.spec.waves.len());
        let mut display = Display::pending(planned.terminal, wave, known.now_ms);
        if planned.wave.is_none() {
            (display.step, display.why) = (Step::LeftOut, planned.why);
        } else if let Err(error) = rows::claim(&mut tx, rollout.id, display.terminal.as_str()).await {
            return Err(if error.is_conflict() { Refusal::Changed } else { error.into() });
        }
        rows::put_display(&mut tx, rollout.id, &display).await?;
    }
    let entry = Entry::ok(known.now_ms, actor, "rollout.start", rollout.id.to_string());
    audit::append_in(&mut tx, entry.detail(rollout.spec.title.clone())).await?;
    tx.commit().await.map_err(fail)?;
    state.events.rollout(rollout.id);
    state.rollouts.changed.notify_one();
    Ok(())
}

/// Approves a rollout as it was read.
pub async fn approve(state: &ApiState, whole: Whole, actor: &str) -> Result<(), Refusal> {
    let known = Known::gather(state).await?;
    let mut rollout = whole.rollout.clone();
    if !decide::to(&mut rollout, Event::Approve, None, known.now_ms) {
        return Err(Refusal::Unfit(rollout.state));
    }
    if rollout.made_by == actor || rollout.started_by.as_deref() == Some(actor) {
        return Err(Refusal::SameEyes);
    }
    rollout.approved_by = Some(actor.to_owned());
    let entry = Entry::ok(known.now_ms, actor, "rollout.approve", rollout.id.to_string());
    let entry = entry.detail(rollout.spec.title.clone());
    let decision = Decision { rollout, displays: Vec::new(), tells: Vec::new() };
    match apply(state, &known, &whole.rollout, decision, vec![entry]).await? {
        Applied::Done => Ok(()),
        Applied::Stale => Err(Refusal::Changed),
    }
}

/// Does what a person wants; what is so already is done.
pub async fn wish(state: &ApiState, id: Uuid, wish: Wish, actor: &str) -> Result<(), Refusal> {
    for _ in 0..TRIES_MAX {
        let whole = rows::whole(&state.pool, id).await?.ok_or(Refusal::NotFound)?;
        if is_so(wish, whole.rollout.state) {
            return Ok(());
        }
        let known = Known::gather(state).await?;
        if wish == Wish::Back && !whole.rollout.state.holds_displays() {
            free_again(state, &known, &whole).await?;
        }
        let decision = decided(state, &known, &whole, wish, actor)?;
        let name = id.to_string();
        let entry = match wish {
            Wish::Pause => Entry::ok(known.now_ms, actor, "rollout.pause", name),
            Wish::Resume => Entry::ok(known.now_ms, actor, "rollout.resume", name),
            Wish::Cancel => Entry::ok(known.now_ms, actor, "rollout.cancel", name),
            Wish::Back => Entry::ok(known.now_ms, actor, "rollout.back", name),
        };
        let entry = entry.detail(whole.rollout.spec.title.clone());
        if apply(state, &known, &whole.rollout, decision, vec![entry]).await? == Applied::Done {
            return Ok(());
        }
    }
    Err(Refusal::Changed)
}

fn is_so(wish: Wish, state: State) -> bool {
    match wish {
        Wish::Pause => state == State::Paused,
        Wish::Resume => state == State::Running,
        Wish::Cancel => state == State::Canceled,
        Wish::Back => matches!(state, State::Halted | State::RolledBack),
    }
}

fn decided(
    state: &ApiState,
    known: &Known,
    whole: &Whole,
    wish: Wish,
    actor: &str,
) -> Result<Decision, Refusal> {
    let (mut rollout, mut displays) = (whole.rollout.clone(), whole.displays.clone());
    let paused_by = rollout.paused_by;
    let event = match wish {
        Wish::Pause => Event::Pause,
        Wish::Resume => Event::Resume,
        Wish::Cancel => Event::Cancel,
        Wish::Back => Event::Back,
    };
    let by = (wish != Wish::Resume).then(|| Why::Person { name: actor.to_owned() });
    if !decide::to(&mut rollout, event, by, known.now_ms) {
        return Err(Refusal::Unfit(rollout.state));
    }
    match wish {
        Wish::Pause => rollout.paused_by = Some(PausedBy::Person),
        // Who lets a rollout go on that a wave has paused, lets the next wave begin.
        Wish::Resume if paused_by == Some(PausedBy::Wave) => {
            decide::next_wave(&mut rollout, &mut displays, known.now_ms);
        }
        Wish::Resume | Wish::Back => {}
        Wish::Cancel => {
            let world = known.world(state, &rollout);
            let mut budget = known.budget(&state.rollouts.labels);
            return Ok(decide::cancel(whole, rollout, &world, &mut budget));
        }
    }
    let changed: BTreeMap<_, _> =
        displays.into_iter().filter(|(id, display)| whole.displays.get(id) != Some(display)).collect();
    Ok(Decision { rollout, displays: changed.into_values().collect(), tells: Vec::new() })
}

/// Takes the displays of a rollout that had ended again; refused when another rollout has one.
async fn free_again(state: &ApiState, known: &Known, whole: &Whole) -> Result<(), Refusal> {
    let fail = StoreError::of("take the displays of a rollout again");
    if super::lifecycle::next(whole.rollout.state, Event::Back).is_none() {
        return Err(Refusal::Unfit(whole.rollout.state));
    }
    let told = whole.displays.values().filter(|display| display.told.is_some());
    let told: Vec<_> = told.map(|display| display.terminal.clone()).collect();
    let obstacles: Vec<Obstacle> = told
        .iter()
        .filter_map(|id| {
            let rollout = known.taken_by(id)?.to_owned();
            Some(Obstacle { terminal: id.clone(), why: Why::InAnotherRollout { rollout } })
        })
        .collect();
    if !obstacles.is_empty() {
        return Err(Refusal::Obstacles(obstacles));
    }
    let mut tx = state.pool.begin().await.map_err(fail)?;
    for id in told {
        if let Err(error) = rows::claim(&mut tx, whole.rollout.id, id.as_str()).await {
            return Err(if error.is_conflict() { Refusal::Changed } else { error.into() });
        }
    }
    tx.commit().await.map_err(fail)?;
    Ok(())
}
