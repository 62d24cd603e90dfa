//! Rollouts, their displays, and which display belongs to which. Rows are private: what goes in and
//! out is `rollouts::model`. Every change is decided on a revision and refused on another one.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row as _};
use uuid::Uuid;

use super::StoreError;
use crate::rollouts::lifecycle::State;
use crate::rollouts::model::{Display, Rollout, Step, Whole};

/// Rollouts of a list: years of them.
const LIST_MAX: i64 = 500;

/// Adds a rollout.
pub async fn insert(conn: &mut AnyConnection, rollout: &Rollout) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO rollouts (id, state, body, revision) VALUES ($1, $2, $3, $4)")
        .bind(rollout.id.to_string())
        .bind(rollout.state.word())
        .bind(json(rollout)?)
        .bind(rollout.revision)
        .execute(conn)
        .await
        .map_err(StoreError::of("add a rollout"))?;
    Ok(())
}

/// Keeps a rollout, decided on this revision; `false` when it is another one by now. A rollout that
/// holds no displays any more gives them free.
pub async fn update(
    conn: &mut AnyConnection,
    rollout: &Rollout,
    decided_on: i64,
) -> Result<bool, StoreError> {
    let fail = StoreError::of("keep a rollout");
    let done = sqlx::query(
        "UPDATE rollouts SET state = $1, body = $2, revision = $3 WHERE id = $4 AND revision = $5",
    )
    .bind(rollout.state.word())
    .bind(json(rollout)?)
    .bind(rollout.revision)
    .bind(rollout.id.to_string())
    .bind(decided_on)
    .execute(&mut *conn)
    .await
    .map_err(fail)?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    if !rollout.state.holds_displays() {
        let free = sqlx::query("DELETE FROM rollout_claims WHERE rollout = $1").bind(rollout.id.to_string());
        free.execute(conn).await.map_err(fail)?;
    }
    Ok(true)
}

/// Keeps a display of a rollout.
pub async fn put_display(
    conn: &mut AnyConnection,
    rollout: Uuid,
    display: &Display,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO rollout_displays (rollout, terminal, step, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (rollout, terminal) DO UPDATE SET step = excluded.step, body = excluded.body",
    )
    .bind(rollout.to_string())
    .bind(display.terminal.as_str().to_owned())
    .bind(display.step.word())
    .bind(json(display)?)
    .execute(conn)
    .await
    .map_err(StoreError::of("keep a display of a rollout"))?;
    Ok(())
}

/// Takes a display for a rollout; a conflict when another one has it.
pub async fn claim(conn: &mut AnyConnection, rollout: Uuid, terminal: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO rollout_claims (terminal, rollout) VALUES ($1, $2)")
        .bind(terminal.to_owned())
        .bind(rollout.to_string())
        .execute(conn)
        .await
        .map_err(StoreError::of("take a display for a rollout"))?;
    Ok(())
}

/// Displays that belong to a rollout, and to which.
pub async fn claims(pool: &AnyPool) -> Result<BTreeMap<String, Uuid>, StoreError> {
    let rows = sqlx::query("SELECT terminal, rollout FROM rollout_claims").fetch_all(pool).await;
    let rows = rows.map_err(StoreError::of("list the displays of rollouts"))?;
    Ok(rows.iter().filter_map(|row| Some((row.get(0), row.get::<String, _>(1).parse().ok()?))).collect())
}

/// One rollout.
pub async fn get(pool: &AnyPool, id: Uuid) -> Result<Option<Rollout>, StoreError> {
    let row = sqlx::query("SELECT body, revision FROM rollouts WHERE id = $1").bind(id.to_string());
    let row = row.fetch_optional(pool).await.map_err(StoreError::of("find a rollout"))?;
    row.as_ref().map(read).transpose()
}

/// One rollout with its displays.
pub async fn whole(pool: &AnyPool, id: Uuid) -> Result<Option<Whole>, StoreError> {
    let Some(rollout) = get(pool, id).await? else { return Ok(None) };
    let rows = sqlx::query("SELECT body FROM rollout_displays WHERE rollout = $1 ORDER BY terminal")
        .bind(id.to_string())
        .fetch_all(pool)
        .await
        .map_err(StoreError::of("list the displays of a rollout"))?;
    let displays = rows.iter().map(body::<Display>).collect::<Result<Vec<_>, _>>()?;
    let displays = displays.into_iter().map(|d| (d.terminal.clone(), d)).collect();
    Ok(Some(Whole { rollout, displays }))
}

/// Rollouts, the newest first.
pub async fn list(pool: &AnyPool) -> Result<Vec<Rollout>, StoreError> {
    let rows = sqlx::query("SELECT body, revision FROM rollouts ORDER BY id DESC LIMIT $1")
        .bind(LIST_MAX)
        .fetch_all(pool)
        .await
        .map_err(StoreError::of("list the rollouts"))?;
    rows.iter().map(read).collect()
}

/// Rollouts that are to be looked after, the oldest first: those that move, and completed ones whose
/// displays may still say a late word.
pub async fn moving(pool: &AnyPool) -> Result<Vec<Uuid>, StoreError> {
    let rows = sqlx::query(
        "SELECT id FROM rollouts WHERE state IN ('scheduled', 'running', 'paused', 'halted')
         UNION SELECT r.id FROM rollouts r JOIN rollout_displays d ON d.rollout = r.id
           WHERE r.state = 'completed' AND d.step = 'timed_out'
         ORDER BY id",
    )
    .fetch_all(pool)
    .await
    .map_err(StoreError::of("find the rollouts that move"))?;
    Ok(rows.iter().filter_map(|row| row.get::<String, _>(0).parse().ok()).collect())
}

/// How many displays of rollouts that are not at their end are at each step, and how many rollouts
/// are in each state.
pub async fn counts(pool: &AnyPool) -> Result<(BTreeMap<Step, u64>, BTreeMap<State, u64>), StoreError> {
    let fail = StoreError::of("count the rollouts");
    let by_step = sqlx::query(
        "SELECT d.step, COUNT(*) FROM rollout_displays d JOIN rollouts r ON r.id = d.rollout
         WHERE r.state IN ('awaiting_approval', 'scheduled', 'running', 'paused', 'halted') GROUP BY d.step",
    );
    let by_state = sqlx::query("SELECT state, COUNT(*) FROM rollouts GROUP BY state");
    let steps = by_step.fetch_all(pool).await.map_err(fail)?;
    let states = by_state.fetch_all(pool).await.map_err(fail)?;
    let count = |row: &AnyRow| u64::try_from(row.get::<i64, _>(1)).unwrap_or(0);
    let step = |row: &AnyRow| {
        let word: String = row.get(0);
        Some((Step::ALL.into_iter().find(|s| s.word() == word)?, count(row)))
    };
    let state = |row: &AnyRow| {
        let word: String = row.get(0);
        Some((State::ALL.into_iter().find(|s| s.word() == word)?, count(row)))
    };
    Ok((steps.iter().filter_map(step).collect(), states.iter().filter_map(state).collect()))
}

fn read(row: &AnyRow) -> Result<Rollout, StoreError> {
    Ok(Rollout { revision: row.get(1), ..body(row)? })
}

fn body<T: serde::de::DeserializeOwned>(row: &AnyRow) -> Result<T, StoreError> {
    let text: String = row.get(0);
    serde_json::from_str(&text).map_err(|e| StoreError::Corrupt { what: format!("a rollout: {e}") })
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Corrupt { what: format!("a rollout: {e}") })
}
