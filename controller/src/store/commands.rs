//! Commands, their logs, and the sequence that was last signed for each terminal.
//! Changes carry the revision they were decided on, so that two deciders never overwrite each other.

use migrado_protocol::command::{CommandState, Rejection, Verb};
use migrado_protocol::{CommandId, TerminalId};
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;
use super::command_steps::{self, Step};
use super::tx::{Statement, Tx};

/// A command as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its identity.
    pub id: CommandId,
    /// Ordered together with the others of this batch.
    pub batch: String,
    /// For whom.
    pub terminal: TerminalId,
    /// What to do.
    pub verb: Verb,
    /// Where it stands.
    pub state: CommandState,
    /// Who ordered it.
    pub issued_by: String,
    /// When.
    pub issued_ms: i64,
    /// After this it must not begin.
    pub start_by_ms: i64,
    /// After this it must not go on.
    pub finish_by_ms: i64,
    /// Why a session is not waited for.
    pub force_reason: Option<String>,
    /// Why it was ordered.
    pub reason: Option<String>,
    /// Why the terminal refused it.
    pub rejection: Option<Rejection>,
    /// What came of it.
    pub detail: Option<String>,
    /// It waits for a session's end until this.
    pub waits_until_ms: Option<i64>,
    /// Somebody wants it back.
    pub cancel_requested: bool,
    /// The connection in which it was last sent; empty when it was not.
    pub sent_mark: String,
    /// The connection in which its cancellation was last sent.
    pub cancel_mark: String,
    /// Whether it brought logs back.
    pub has_logs: bool,
    /// Rises with every change.
    pub revision: i64,
}

/// Which commands a list has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this terminal.
    pub terminal: Option<String>,
    /// Of this batch.
    pub batch: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// Only those that are not settled.
    pub open: bool,
    /// Only those before this id.
    pub after: Option<String>,
}

/// What is not settled.
const OPEN: &str = "state IN ('queued', 'sent', 'accepted', 'running')";

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, batch, terminal, verb, state, issued_by, issued_ms, start_by_ms, finish_by_ms, ",
            "force_reason, reason, rejection, detail, waits_until_ms, cancel_requested, sent_mark, ",
            "cancel_mark, has_logs, revision FROM commands ",
            $rest
        )
    };
}

macro_rules! change_sql {
    () => {
        "UPDATE commands SET state = $1, rejection = $2, detail = $3, waits_until_ms = $4,
           cancel_requested = $5, sent_mark = $6, cancel_mark = $7, has_logs = $8, revision = revision + 1
         WHERE id = $9 AND revision = $10"
    };
}

/// Adds a command as it is, with its first steps: one for each revision.
pub fn insert(tx: &mut Tx, command: &Command, steps: &[Step]) {
    let row = Statement::new(
        "INSERT INTO commands (id, batch, terminal, verb, state, issued_by, issued_ms, start_by_ms,
           finish_by_ms, force_reason, reason, cancel_requested, sent_mark, cancel_mark, has_logs, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, '', 0, $13)",
    )
    .bind(command.id.to_string())
    .bind(command.batch.clone())
    .bind(command.terminal.to_string())
    .bind(serde_json::to_string(&command.verb).unwrap_or_default())
    .bind(command.state.word())
    .bind(command.issued_by.clone())
    .bind(command.issued_ms)
    .bind(command.start_by_ms)
    .bind(command.finish_by_ms)
    .bind(command.force_reason.clone())
    .bind(command.reason.clone())
    .bind(command.sent_mark.clone())
    .bind(command.revision);
    tx.add(row);
    for (n, step) in (1..).zip(steps) {
        tx.add(command_steps::add(command, n, step));
    }
}

/// Writes a changed command, decided on revision `command.revision`, with a line of history when
/// there is one. `false` when somebody else changed it meanwhile: decide again.
pub async fn update(
    conn: &mut AnyConnection,
    command: &Command,
    step: Option<&Step>,
) -> Result<bool, StoreError> {
    let done = change(command).run(&mut *conn).await.map_err(StoreError::of("change a command"))?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    if let Some(step) = step {
        let keep = StoreError::of("keep a command's history");
        command_steps::add(command, command.revision + 1, step).run(conn).await.map_err(keep)?;
    }
    Ok(true)
}

/// Changes a command that was read in this transaction: nobody else did meanwhile.
pub fn update_read(tx: &mut Tx, command: &Command, step: &Step) {
    tx.add(change(command));
    tx.add(command_steps::add(command, command.revision + 1, step));
}

/// Changes a command that was read before; gives a row when nobody else did meanwhile.
pub fn update_if_same(command: &Command) -> Statement {
    bound(command, concat!(change_sql!(), " RETURNING revision"))
}

/// The step that [`update_if_same`] made.
pub fn step_of_update(tx: &mut Tx, command: &Command, step: &Step) {
    tx.add(command_steps::add(command, command.revision + 1, step));
}

fn change(command: &Command) -> Statement {
    bound(command, change_sql!())
}

fn bound(command: &Command, sql: &'static str) -> Statement {
    Statement::new(sql)
        .bind(command.state.word())
        .bind(command.rejection.map(word))
        .bind(command.detail.clone())
        .bind(command.waits_until_ms)
        .bind(i64::from(command.cancel_requested))
        .bind(command.sent_mark.clone())
        .bind(command.cancel_mark.clone())
        .bind(i64::from(command.has_logs))
        .bind(command.id.to_string())
        .bind(command.revision)
}

/// One command.
pub async fn get<'e>(
    executor: impl sqlx::Executor<'e, Database = sqlx::Any>,
    id: CommandId,
) -> Result<Option<Command>, StoreError> {
    let row = sqlx::query(columns!("WHERE id = $1"))
        .bind(id.to_string())
        .fetch_optional(executor)
        .await
        .map_err(StoreError::of("find a command"))?;
    row.as_ref().map(read).transpose()
}

/// One command, within a transaction that will change it.
pub async fn get_in(tx: &mut Tx, id: CommandId) -> Result<Option<Command>, StoreError> {
    let rows = tx.ask([Statement::new(columns!("WHERE id = $1")).bind(id.to_string())]).await?;
    rows.last().map(read).transpose()
}

/// Commands, the newest first.
pub async fn list(pool: &AnyPool, filter: &Filter, limit: i64) -> Result<Vec<Command>, StoreError> {
    let (sql, values) = list_sql(filter, limit);
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for value in values {
        query = query.bind(value.to_owned());
    }
    let rows = query.fetch_all(pool).await.map_err(StoreError::of("list commands"))?;
    Ok(readable(&rows))
}

/// The statement of a list: only the conditions that are asked for, so that an index fits them.
fn list_sql(filter: &Filter, limit: i64) -> (String, Vec<&str>) {
    let mut sql = columns!("WHERE 1 = 1").to_owned();
    let mut values = Vec::new();
    let asked = [
        ("terminal =", &filter.terminal),
        ("batch =", &filter.batch),
        ("state =", &filter.state),
        ("id <", &filter.after),
    ];
    for (condition, value) in asked {
        if let Some(value) = value {
            values.push(value.as_str());
            sql.push_str(&format!(" AND {condition} ${}", values.len()));
        }
    }
    if filter.open {
        sql.push_str(&format!(" AND {OPEN}"));
    }
    sql.push_str(&format!(" ORDER BY id DESC LIMIT {limit}"));
    (sql, values)
}

/// Every command of which something is still to be expected, the oldest first.
pub async fn open(pool: &AnyPool) -> Result<Vec<Command>, StoreError> {
    let sql = format!("{} WHERE {OPEN} ORDER BY id", columns!(""));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(pool).await;
    Ok(readable(&rows.map_err(StoreError::of("list open commands"))?))
}

/// Rows that this version can read. One that it cannot (of a newer version, or damaged) is said and
/// left out: the others must not wait for it.
fn readable(rows: &[AnyRow]) -> Vec<Command> {
    let take = |row: &AnyRow| {
        read(row)
            .inspect_err(|error| {
                let id: String = row.get(0);
                tracing::error!(command = id, %error, "a command is left out");
            })
            .ok()
    };
    rows.iter().filter_map(take).collect()
}

/// How many open commands this version cannot read.
pub async fn count_unreadable(pool: &AnyPool) -> Result<u64, StoreError> {
    let all: i64 = open_counts(pool).await?.iter().map(|(_, _, n)| n).sum();
    Ok(u64::try_from(all).unwrap_or(0).saturating_sub(open(pool).await?.len() as u64))
}

/// How many open commands each terminal has in each state.
pub async fn open_counts(pool: &AnyPool) -> Result<Vec<(String, String, i64)>, StoreError> {
    let rows = sqlx::query(
        "SELECT terminal, state, COUNT(*) FROM commands
         WHERE state IN ('queued', 'sent', 'accepted', 'running') GROUP BY terminal, state",
    )
    .fetch_all(pool)
    .await
    .map_err(StoreError::of("count open commands"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// Takes the next sequence for a terminal's commands: higher than the last one, and at least
/// `floor` (the time), so that a database restored from a backup does not begin below what the
/// terminal remembers. A row with it.
pub fn next_sequence(terminal: &TerminalId, floor: i64) -> Statement {
    Statement::new(
        "INSERT INTO command_sequences (terminal, sequence) VALUES ($1, $2)
         ON CONFLICT (terminal) DO UPDATE SET sequence =
           CASE WHEN command_sequences.sequence >= excluded.sequence
                THEN command_sequences.sequence + 1 ELSE excluded.sequence END
         RETURNING sequence",
    )
    .bind(terminal.to_string())
    .bind(floor)
}

/// Keeps the logs that a command brought back; a second upload replaces the first.
pub async fn put_logs(
    conn: &mut AnyConnection,
    id: CommandId,
    at_ms: i64,
    body: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO command_logs (command, at_ms, body) VALUES ($1, $2, $3)
         ON CONFLICT (command) DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body",
    )
    .bind(id.to_string())
    .bind(at_ms)
    .bind(body.to_owned())
    .execute(conn)
    .await
    .map_err(StoreError::of("keep logs"))?;
    Ok(())
}

/// The logs of a command.
pub async fn logs(pool: &AnyPool, id: CommandId) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT body FROM command_logs WHERE command = $1")
        .bind(id.to_string())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::of("read logs"))?;
    Ok(row.map(|row| row.get(0)))
}

/// Forgets logs that are older than this.
pub async fn sweep_logs(pool: &AnyPool, before_ms: i64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM command_logs WHERE at_ms < $1")
        .bind(before_ms)
        .execute(pool)
        .await
        .map_err(StoreError::of("sweep logs"))?;
    Ok(done.rows_affected())
}

/// Forgets settled commands whose time was over before this, with history and logs.
pub async fn sweep(pool: &AnyPool, before_ms: i64) -> Result<u64, StoreError> {
    let fail = StoreError::of("sweep settled commands");
    let old = format!("SELECT id FROM commands WHERE NOT {OPEN} AND finish_by_ms < $1");
    let mut tx = pool.begin().await.map_err(&fail)?;
    let mut gone = 0;
    for (table, key) in [("command_history", "command"), ("command_logs", "command"), ("commands", "id")] {
        let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE {key} IN ({old})"));
        gone = sqlx::query(sql).bind(before_ms).execute(&mut *tx).await.map_err(&fail)?.rows_affected();
    }
    tx.commit().await.map_err(&fail)?;
    Ok(gone)
}

fn word(rejection: Rejection) -> String {
    serde_json::to_value(rejection).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(super) fn parse<T: DeserializeOwned>(word: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|_| StoreError::Corrupt { what: format!("{what} \"{word}\"") })
}

fn read(row: &AnyRow) -> Result<Command, StoreError> {
    let corrupt = |what: &str, text: &str| StoreError::Corrupt { what: format!("{what} \"{text}\"") };
    let (id, terminal, verb): (String, String, String) = (row.get(0), row.get(2), row.get(3));
    let rejection: Option<String> = row.get(11);
    Ok(Command {
        id: id.parse().map_err(|_| corrupt("command id", &id))?,
        batch: row.get(1),
        terminal: terminal.parse().map_err(|_| corrupt("terminal", &terminal))?,
        verb: serde_json::from_str(&verb).map_err(|_| corrupt("verb", &verb))?,
        state: parse(&row.get::<String, _>(4), "command state")?,
        issued_by: row.get(5),
        issued_ms: row.get(6),
        start_by_ms: row.get(7),
        finish_by_ms: row.get(8),
        force_reason: row.get(9),
        reason: row.get(10),
        rejection: rejection.map(|r| parse(&r, "rejection")).transpose()?,
        detail: row.get(12),
        waits_until_ms: row.get(13),
        cancel_requested: row.get::<i64, _>(14) != 0,
        sent_mark: row.get(15),
        cancel_mark: row.get(16),
        has_logs: row.get::<i64, _>(17) != 0,
        revision: row.get(18),
    })
}

#[cfg(test)]
mod tests;
