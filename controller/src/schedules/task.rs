//! Carries out what is due: records a run, gives its orders, says what became of it. Each pass begins
//! with the runs that a pass before it did not finish, so that a controller that ended in the middle
//! goes on there; the orders' idempotency key keeps them from being given twice.

use std::time::Duration;

use jiff::Timestamp;

use super::due::{Verdict, due};
use super::model::{Run, RunState, Schedule, SkipReason};
use super::plan::{Chosen, choose};
use crate::api::state::ApiState;
use crate::audit::Entry;
use crate::commands::issue::{Issue, Issued};
use crate::commands::plan::{self, Target};
use crate::commands::verbs;
use crate::fleet::Terminal;
use crate::store::{StoreError, audit, idempotency, schedules as rows};

/// Time between two passes: patterns are as fine as minutes, and a pass reads a few rows.
const PERIOD: Duration = Duration::from_secs(5);

/// Who gives the orders of schedules, in commands and audit log.
pub const ACTOR: &str = "scheduler";

/// Passes for ever; a database that fails now is asked again with the next pass.
pub async fn run(state: ApiState) {
    loop {
        if let Err(error) = pass(&state).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "scheduled orders wait for the next pass"
            );
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// One pass over all schedules.
pub async fn pass(state: &ApiState) -> Result<(), StoreError> {
    for run in rows::unsettled(&state.pool).await? {
        go_on(state, run).await?;
    }
    for schedule in rows::all(&state.pool).await? {
        match due(&schedule, now(state)) {
            Verdict::Wait(_) => {}
            Verdict::TooLate { due, missed } => {
                skip(state, &schedule, due, missed, (SkipReason::TooLate, 0)).await?;
            }
            Verdict::Run { due, missed } => begin(state, &schedule, due, missed).await?,
        }
    }
    Ok(())
}

/// Records a run before anything is ordered, then orders.
async fn begin(state: &ApiState, schedule: &Schedule, due: Timestamp, missed: u32) -> Result<(), StoreError> {
    match chosen(state, schedule) {
        Chosen::Nobody(reason, left_out) => skip(state, schedule, due, missed, (reason, left_out)).await,
        Chosen::Order(..) => {
            let run = Run { state: RunState::Ordering, ..new_run(state, schedule, due, missed) };
            let fail = StoreError::of("record a run");
            let mut tx = state.pool.begin().await.map_err(fail)?;
            let recorded = rows::record(&mut tx, &run, schedule.revision).await?;
            tx.commit().await.map_err(fail)?;
            if recorded { order(state, schedule, run).await } else { Ok(()) }
        }
    }
}

/// Goes on with a run that was recorded, maybe ordered, and not settled.
async fn go_on(state: &ApiState, run: Run) -> Result<(), StoreError> {
    let given = idempotency::find(&state.pool, ACTOR, &key(&run)).await?;
    if let Some(kept) = given {
        let ordered = rows::ordered(&state.pool, &kept.batch).await?;
        let run = Run { state: RunState::Ordered, batch: Some(kept.batch), ordered, ..run };
        return rows::settle(&state.pool, &run).await;
    }
    let schedule = rows::get(&state.pool, &run.schedule).await?;
    // The key outlives every grace: within it, what has no key was not ordered.
    let in_time = |schedule: &Schedule| {
        let grace_ms = i64::from(schedule.plan.grace_minutes) * 60_000;
        (0..=grace_ms).contains(&(state.clock.now_ms() - run.due_ms))
    };
    match schedule.filter(in_time) {
        Some(schedule) => order(state, &schedule, run).await,
        None => rows::settle(&state.pool, &Run { state: RunState::Unknown, ..run }).await,
    }
}

/// Gives the orders of a recorded run, all in one transaction under the run's key.
async fn order(state: &ApiState, schedule: &Schedule, run: Run) -> Result<(), StoreError> {
    let (terminals, left_out) = match chosen(state, schedule) {
        Chosen::Order(terminals, left_out) => (terminals, left_out),
        Chosen::Nobody(reason, left_out) => {
            // What was true when the run was recorded is not any more.
            let run =
                Run { state: RunState::Skipped, reason: Some(reason), left_out: count(left_out), ..run };
            return rows::settle(&state.pool, &run).await;
        }
    };
    let times = plan::times(state.clock.now_ms(), verbs::times(&schedule.plan.order), None, None);
    let times = times.map_err(|_| StoreError::Corrupt { what: "the usual times of an order".to_owned() })?;
    let ordered = count(terminals.len());
    let key = key(&run);
    let issue = Issue {
        terminals,
        verb: schedule.plan.order.clone(),
        times,
        force_reason: None,
        reason: Some(schedule.plan.name.clone()),
        actor: ACTOR.to_owned(),
        idempotency: Some((key.clone(), key)),
    };
    let (batch, ordered) = match state.commands.issue(issue).await? {
        Issued::Batch(batch) => (Some(batch), ordered),
        Issued::Before(batch) => {
            let ordered = rows::ordered(&state.pool, &batch).await?;
            (Some(batch), ordered)
        }
        // Its hash is the key itself: nobody else can have it.
        Issued::KeyReused => (None, 0),
    };
    let run = Run { state: RunState::Ordered, batch, ordered, left_out: count(left_out), ..run };
    rows::settle(&state.pool, &run).await
}

/// Records that a time passes without orders, and why.
async fn skip(
    state: &ApiState,
    schedule: &Schedule,
    due: Timestamp,
    missed: u32,
    (reason, left_out): (SkipReason, usize),
) -> Result<(), StoreError> {
    let run =
        Run { reason: Some(reason), left_out: count(left_out), ..new_run(state, schedule, due, missed) };
    let entry = Entry::ok(state.clock.now_ms(), ACTOR, "schedule.skip", &schedule.id).detail(format!(
        "{}: {} at {due}",
        schedule.plan.name,
        reason.word()
    ));
    let fail = StoreError::of("record a run");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if rows::record(&mut tx, &run, schedule.revision).await? {
        audit::append_in(&mut tx, entry).await?;
        tracing::warn!(schedule = schedule.plan.name, reason = reason.word(), %due, missed, "a run was skipped");
    }
    tx.commit().await.map_err(fail)
}

fn new_run(state: &ApiState, schedule: &Schedule, due: Timestamp, missed: u32) -> Run {
    Run {
        schedule: schedule.id.clone(),
        due_ms: due.as_millisecond(),
        decided_ms: state.clock.now_ms(),
        state: RunState::Skipped,
        reason: None,
        missed: i64::from(missed),
        batch: None,
        ordered: 0,
        left_out: 0,
    }
}

/// The key under which a run's orders are given: once for all its displays, in one transaction.
fn key(run: &Run) -> String {
    format!("schedule {} {}", run.schedule, run.due_ms)
}

fn chosen(state: &ApiState, schedule: &Schedule) -> Chosen {
    let now_ms = state.clock.now_ms();
    let target = |terminal: &Terminal| Target {
        terminal: terminal.id.clone(),
        known: true,
        enrolled: terminal.certificate.is_some(),
        connected: state.fleet.is_connected(&terminal.id, now_ms),
        session: terminal.session_runs().unwrap_or(false),
        open_commands: state.commands.open_count(&terminal.id),
    };
    let calendar = |site: &_| state.calendars.calendar(site);
    choose(&schedule.plan, &state.fleet.all(), calendar, target, now(state))
}

fn now(state: &ApiState) -> Timestamp {
    Timestamp::from_millisecond(state.clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "task_tests.rs"]
mod tests;
