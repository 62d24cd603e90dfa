//! The terminals, one row each: what the console says of it and its last known state. Read together
//! with their certificates, which are written by `certificates` alone: what terminals say is kept
//! from a snapshot, and an older one must not bring a replaced certificate back.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use migrado_protocol::presence::Away;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::{StoreError, certificates};
use crate::fleet::Terminal;
use crate::fleet::heartbeats::Heartbeats;
use crate::fleet::terminal::{Connection, Reported};

/// The part of a terminal that is kept as JSON: it is read and written as a whole only.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    connection: Connection,
    connection_since_ms: i64,
    session: u64,
    seq: u64,
    last_seen_ms: Option<i64>,
    reported_ms: Option<i64>,
    reported: Reported,
    agent_version: Option<String>,
    started_ms: Option<i64>,
    away: Option<Away>,
    heartbeats: Heartbeats,
}

/// All terminals.
pub async fn all(pool: &AnyPool) -> Result<Vec<Terminal>, StoreError> {
    let rows = sqlx::query("SELECT id, site, label, state, revision FROM terminals ORDER BY id")
        .fetch_all(pool)
        .await
        .map_err(StoreError::of("list the terminals"))?;
    let mut admitted = certificates::all_admitted(pool).await?;
    let whole = |row| {
        let mut terminal = read(row)?;
        let admitted = admitted.remove(terminal.id.as_str()).unwrap_or_default();
        (terminal.certificate, terminal.renewed) = (admitted.in_use, admitted.issued);
        Ok(terminal)
    };
    rows.iter().map(whole).collect()
}

fn read(row: &sqlx::any::AnyRow) -> Result<Terminal, StoreError> {
    let (id, site): (String, String) = (row.get(0), row.get(1));
    let corrupt = |what: String| StoreError::Corrupt { what };
    let mut terminal = Terminal::new(
        id.parse().map_err(|_| corrupt(format!("terminal \"{id}\"")))?,
        site.parse().map_err(|_| corrupt(format!("site \"{site}\" of terminal {id}")))?,
        row.get(2),
        0,
    );
    // A state of another version is forgotten rather than refused: the next whole report brings it.
    let state: State = serde_json::from_str(&row.get::<String, _>(3)).unwrap_or_else(|error| {
        tracing::warn!(terminal = %terminal.id, %error, "the kept state is not readable and starts anew");
        State::default()
    });
    terminal.connection = state.connection;
    terminal.connection_since_ms = state.connection_since_ms;
    terminal.session = state.session;
    terminal.seq = state.seq;
    terminal.last_seen_ms = state.last_seen_ms;
    terminal.reported_ms = state.reported_ms;
    terminal.reported = state.reported;
    terminal.agent_version = state.agent_version;
    terminal.started_ms = state.started_ms;
    terminal.away = state.away;
    terminal.heartbeats = state.heartbeats;
    terminal.revision = u64::try_from(row.get::<i64, _>(4)).unwrap_or(0);
    Ok(terminal)
}

/// What is kept of a terminal as JSON.
fn state_of(terminal: &Terminal) -> Result<String, StoreError> {
    let state = State {
        connection: terminal.connection,
        connection_since_ms: terminal.connection_since_ms,
        session: terminal.session,
        seq: terminal.seq,
        last_seen_ms: terminal.last_seen_ms,
        reported_ms: terminal.reported_ms,
        reported: terminal.reported.clone(),
        agent_version: terminal.agent_version.clone(),
        started_ms: terminal.started_ms,
        away: terminal.away.clone(),
        heartbeats: terminal.heartbeats.clone(),
    };
    serde_json::to_string(&state)
        .map_err(|e| StoreError::Corrupt { what: format!("the state of {}: {e}", terminal.id) })
}

/// Adds a terminal, or changes what the console says of it. What it reported is
/// [`put_states`]' part, so that the two never overwrite each other.
pub async fn put(conn: &mut AnyConnection, terminal: &Terminal) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO terminals (id, site, label, state, revision) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET site = excluded.site, label = excluded.label,
             revision = excluded.revision",
    )
    .bind(terminal.id.as_str().to_owned())
    .bind(terminal.site.as_str().to_owned())
    .bind(terminal.label.clone())
    .bind(state_of(terminal)?)
    .bind(i64::try_from(terminal.revision).unwrap_or(i64::MAX))
    .execute(conn)
    .await
    .map_err(StoreError::of("write a terminal"))?;
    Ok(())
}

/// Writes what terminals reported. One that was removed meanwhile stays removed.
pub async fn put_states(conn: &mut AnyConnection, terminals: &[Arc<Terminal>]) -> Result<(), StoreError> {
    let mut rest = terminals;
    while !rest.is_empty() {
        let rows = ROWS.into_iter().find(|rows| *rows <= rest.len()).unwrap_or(1);
        let (now, later) = rest.split_at(rows);
        rest = later;
        let mut query = sqlx::query(update_of(rows));
        for terminal in now {
            query = query
                .bind(terminal.id.as_str().to_owned())
                .bind(state_of(terminal)?)
                .bind(i64::try_from(terminal.revision).unwrap_or(i64::MAX));
        }
        query.execute(&mut *conn).await.map_err(StoreError::of("write what terminals reported"))?;
    }
    Ok(())
}

/// Rows of one statement, the most first: each size is prepared once per connection.
const ROWS: [usize; 4] = [128, 32, 8, 1];

/// The statement that changes so many rows.
fn update_of(rows: usize) -> &'static str {
    static STATEMENTS: OnceLock<BTreeMap<usize, String>> = OnceLock::new();
    let made = STATEMENTS.get_or_init(|| ROWS.into_iter().map(|rows| (rows, update_sql(rows))).collect());
    made.get(&rows).map_or("", String::as_str)
}

fn update_sql(rows: usize) -> String {
    let values: Vec<String> =
        (0..rows).map(|n| format!("(${}, ${}, ${})", 3 * n + 1, 3 * n + 2, 3 * n + 3)).collect();
    format!(
        "WITH told (id, state, revision) AS (VALUES {})
         UPDATE terminals SET state = told.state, revision = told.revision FROM told
         WHERE terminals.id = told.id",
        values.join(", ")
    )
}

/// Forgets a terminal.
pub async fn delete(conn: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    for sql in ["DELETE FROM terminals WHERE id = $1", "DELETE FROM timeline WHERE terminal = $1"] {
        let done = sqlx::query(sql).bind(id.to_owned()).execute(&mut *conn).await;
        done.map_err(StoreError::of("remove a terminal"))?;
    }
    Ok(())
}
