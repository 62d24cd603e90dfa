//! Scheduled orders and their runs. A run is recorded together with the mark of its schedule, before
//! anything is ordered: who comes second finds it there.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;
use crate::schedules::model::{Run, RunState, Schedule, SkipReason};

const COLUMNS: &str =
    "SELECT id, name, body, paused, since_ms, last_due_ms, changed_ms, changed_by, revision FROM schedules";
const RUN_COLUMNS: &str =
    "SELECT schedule, due_ms, decided_ms, state, reason, missed, batch, ordered, left_out
     FROM schedule_runs";

/// Every schedule, by name.
pub async fn all(pool: &AnyPool) -> Result<Vec<Schedule>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY name, id"));
    let rows = sqlx::query(sql).fetch_all(pool).await.map_err(StoreError::of("list the schedules"))?;
    // One that cannot be read must not keep the others from being due.
    let readable = rows.iter().filter_map(|row| match read(row) {
        Ok(schedule) => Some(schedule),
        Err(error) => {
            tracing::error!(%error, "a schedule is left out");
            None
        }
    });
    Ok(readable.collect())
}

/// A schedule.
pub async fn get(pool: &AnyPool, id: &str) -> Result<Option<Schedule>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = $1"));
    let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(pool).await;
    row.map_err(StoreError::of("find a schedule"))?.as_ref().map(read).transpose()
}

/// Keeps a new schedule.
pub async fn add(conn: &mut AnyConnection, schedule: &Schedule) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO schedules (id, name, body, paused, since_ms, last_due_ms, changed_ms, changed_by, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(schedule.id.clone())
    .bind(schedule.plan.name.clone())
    .bind(body(schedule)?)
    .bind(i64::from(schedule.paused))
    .bind(schedule.since_ms)
    .bind(schedule.last_due_ms)
    .bind(schedule.changed_ms)
    .bind(schedule.changed_by.clone())
    .bind(schedule.revision)
    .execute(conn)
    .await
    .map_err(StoreError::of("keep a schedule"))?;
    Ok(())
}

/// Changes a schedule that was decided on the revision before its own; `false` when it is another one
/// by now. What was due last is not touched: that is the runs' part.
pub async fn change(conn: &mut AnyConnection, schedule: &Schedule) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE schedules SET name = $1, body = $2, paused = $3, since_ms = $4, changed_ms = $5, changed_by = $6,
           revision = $7 WHERE id = $8 AND revision = $9",
    )
    .bind(schedule.plan.name.clone())
    .bind(body(schedule)?)
    .bind(i64::from(schedule.paused))
    .bind(schedule.since_ms)
    .bind(schedule.changed_ms)
    .bind(schedule.changed_by.clone())
    .bind(schedule.revision)
    .bind(schedule.id.clone())
    .bind(schedule.revision - 1)
    .execute(conn)
    .await
    .map_err(StoreError::of("change a schedule"))?;
    Ok(done.rows_affected() == 1)
}

/// Removes a schedule of this revision with its runs; `false` when it is another one by now.
pub async fn remove(conn: &mut AnyConnection, id: &str, revision: i64) -> Result<bool, StoreError> {
    let fail = StoreError::of("remove a schedule");
    let done = sqlx::query("DELETE FROM schedules WHERE id = $1 AND revision = $2")
        .bind(id.to_owned())
        .bind(revision)
        .execute(&mut *conn)
        .await
        .map_err(fail)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("DELETE FROM schedule_runs WHERE schedule = $1")
        .bind(id.to_owned())
        .execute(conn)
        .await
        .map_err(fail)?;
    Ok(true)
}

/// Records a run and marks its schedule, if that is still the one that was decided on. `false` when it
/// is not, or when the run stands there already.
pub async fn record(conn: &mut AnyConnection, run: &Run, revision: i64) -> Result<bool, StoreError> {
    let fail = StoreError::of("record a run");
    let marked = sqlx::query("UPDATE schedules SET last_due_ms = $1 WHERE id = $2 AND revision = $3")
        .bind(run.due_ms)
        .bind(run.schedule.clone())
        .bind(revision)
        .execute(&mut *conn)
        .await
        .map_err(fail)?;
    if marked.rows_affected() == 0 {
        return Ok(false);
    }
    let made = sqlx::query(
        "INSERT INTO schedule_runs (schedule, due_ms, decided_ms, state, reason, missed, batch, ordered, left_out)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (schedule, due_ms) DO NOTHING",
    )
    .bind(run.schedule.clone())
    .bind(run.due_ms)
    .bind(run.decided_ms)
    .bind(run.state.word())
    .bind(run.reason.map(|reason| reason.word().to_owned()))
    .bind(run.missed)
    .bind(run.batch.clone())
    .bind(run.ordered)
    .bind(run.left_out)
    .execute(conn)
    .await
    .map_err(fail)?;
    Ok(made.rows_affected() == 1)
}

/// Says what became of a run that was being ordered.
pub async fn settle(pool: &AnyPool, run: &Run) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE schedule_runs SET state = $1, reason = $2, batch = $3, ordered = $4, left_out = $5
         WHERE schedule = $6 AND due_ms = $7",
    )
    .bind(run.state.word())
    .bind(run.reason.map(|reason| reason.word().to_owned()))
    .bind(run.batch.clone())
    .bind(run.ordered)
    .bind(run.left_out)
    .bind(run.schedule.clone())
    .bind(run.due_ms)
    .execute(pool)
    .await
    .map_err(StoreError::of("settle a run"))?;
    Ok(())
}

/// Runs whose orders are being given, the oldest first.
pub async fn unsettled(pool: &AnyPool) -> Result<Vec<Run>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{RUN_COLUMNS} WHERE state = 'ordering' ORDER BY due_ms"));
    let rows = sqlx::query(sql).fetch_all(pool).await.map_err(StoreError::of("list open runs"))?;
    rows.iter().map(read_run).collect()
}

/// The runs of a schedule that were due before this moment, the newest first.
pub async fn runs(pool: &AnyPool, id: &str, before_ms: i64, limit: i64) -> Result<Vec<Run>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!(
        "{RUN_COLUMNS} WHERE schedule = $1 AND due_ms < $2 ORDER BY due_ms DESC LIMIT $3"
    ));
    let rows = sqlx::query(sql)
        .bind(id.to_owned())
        .bind(before_ms)
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::of("list runs"))?;
    rows.iter().map(read_run).collect()
}

/// How many orders of a batch are in which state.
pub async fn results(pool: &AnyPool, batch: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let rows =
        sqlx::query("SELECT state, COUNT(*) FROM commands WHERE batch = $1 GROUP BY state ORDER BY state")
            .bind(batch.to_owned())
            .fetch_all(pool)
            .await
            .map_err(StoreError::of("count what a run ordered"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// How many orders a batch has.
pub async fn ordered(pool: &AnyPool, batch: &str) -> Result<i64, StoreError> {
    Ok(results(pool, batch).await?.into_iter().map(|(_, n)| n).sum())
}

/// Forgets settled runs that were due before this.
pub async fn sweep(pool: &AnyPool, before_ms: i64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM schedule_runs WHERE due_ms < $1 AND state <> 'ordering'")
        .bind(before_ms)
        .execute(pool)
        .await
        .map_err(StoreError::of("sweep the runs of schedules"))?;
    Ok(done.rows_affected())
}

fn body(schedule: &Schedule) -> Result<String, StoreError> {
    serde_json::to_string(&schedule.plan)
        .map_err(|error| StoreError::Corrupt { what: format!("the schedule {}: {error}", schedule.id) })
}

fn read(row: &sqlx::any::AnyRow) -> Result<Schedule, StoreError> {
    let (id, body): (String, String) = (row.get(0), row.get(2));
    let plan = serde_json::from_str(&body)
        .map_err(|error| StoreError::Corrupt { what: format!("the schedule {id}: {error}") })?;
    Ok(Schedule {
        id,
        plan,
        paused: row.get::<i64, _>(3) != 0,
        since_ms: row.get(4),
        last_due_ms: row.get(5),
        changed_ms: row.get(6),
        changed_by: row.get(7),
        revision: row.get(8),
    })
}

fn read_run(row: &sqlx::any::AnyRow) -> Result<Run, StoreError> {
    let (schedule, state): (String, String) = (row.get(0), row.get(3));
    let reason: Option<String> = row.get(4);
    let known = RunState::ALL.into_iter().find(|known| known.word() == state);
    let what = || format!("a run of the schedule {schedule} in state {state}");
    Ok(Run {
        state: known.ok_or_else(|| StoreError::Corrupt { what: what() })?,
        schedule,
        due_ms: row.get(1),
        decided_ms: row.get(2),
        // A reason of a newer version is left out, not a failure.
        reason: reason.and_then(|word| SkipReason::ALL.into_iter().find(|known| known.word() == word)),
        missed: row.get(5),
        batch: row.get(6),
        ordered: row.get(7),
        left_out: row.get(8),
    })
}
