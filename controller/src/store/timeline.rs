//! What happened to a terminal, for people: bounded, the oldest go first.

use migrado_protocol::TerminalId;
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;
use super::position::Position;

/// Lines that are kept of a terminal: some weeks of an ordinary life.
const LINES_MAX: i64 = 2_000;

/// One line. `code` is put into words when it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Rises.
    pub id: i64,
    /// When.
    pub at_ms: i64,
    /// `presence`, `health`, `verdict`, `away`.
    pub kind: String,
    /// What, for example `offline` or `printer:paper_empty`.
    pub code: String,
    /// Raw words.
    pub detail: Option<String>,
}

/// A line to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    /// Whose.
    pub terminal: TerminalId,
    /// When it happened.
    pub at_ms: i64,
    /// Kind, as in [`Line`].
    pub kind: &'static str,
    /// What, in codes.
    pub code: String,
    /// Told later than it happened, perhaps more than once.
    pub replayed: bool,
}

/// Writes a line; one that was told again stands once.
pub async fn put(conn: &mut AnyConnection, line: &NewLine) -> Result<(), StoreError> {
    let id = line.terminal.as_str();
    if line.replayed && is_there(conn, line).await? {
        return Ok(());
    }
    let detail = line.replayed.then_some("replayed");
    add(conn, id, line.at_ms, line.kind, &line.code, detail).await
}

async fn is_there(conn: &mut AnyConnection, line: &NewLine) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT 1 FROM timeline WHERE terminal = $1 AND at_ms = $2 AND kind = $3 AND code = $4 LIMIT 1",
    )
    .bind(line.terminal.as_str().to_owned())
    .bind(line.at_ms)
    .bind(line.kind)
    .bind(line.code.clone())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::of("read the timeline"))?;
    Ok(row.is_some())
}

/// Adds a line.
pub async fn add(
    conn: &mut AnyConnection,
    terminal: &str,
    at_ms: i64,
    kind: &str,
    code: &str,
    detail: Option<&str>,
) -> Result<(), StoreError> {
    let fail = StoreError::of("write the timeline");
    sqlx::query("INSERT INTO timeline (terminal, at_ms, kind, code, detail) VALUES ($1, $2, $3, $4, $5)")
        .bind(terminal.to_owned())
        .bind(at_ms)
        .bind(kind.to_owned())
        .bind(code.to_owned())
        .bind(detail.map(str::to_owned))
        .execute(&mut *conn)
        .await
        .map_err(&fail)?;
    sqlx::query(
        "DELETE FROM timeline WHERE terminal = $1 AND id <=
         (SELECT id FROM timeline WHERE terminal = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
    )
    .bind(terminal.to_owned())
    .bind(LINES_MAX)
    .execute(&mut *conn)
    .await
    .map_err(&fail)?;
    Ok(())
}

/// Lines, the newest first.
pub async fn of_terminal(
    pool: &AnyPool,
    terminal: &str,
    behind: &Position,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, at_ms, kind, code, detail FROM timeline
         WHERE terminal = $1 AND (at_ms < $2 OR (at_ms = $2 AND id < $3))
         ORDER BY at_ms DESC, id DESC LIMIT $4",
    )
    .bind(terminal.to_owned())
    .bind(behind.at_ms)
    .bind(behind.number)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::of("read the timeline"))?;
    Ok(rows
        .iter()
        .map(|r| Line { id: r.get(0), at_ms: r.get(1), kind: r.get(2), code: r.get(3), detail: r.get(4) })
        .collect())
}
