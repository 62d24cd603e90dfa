//! The steps of commands' lives: those of one command, and those of all of a terminal by time.

use migrado_protocol::CommandId;
use migrado_protocol::command::{CommandState, Rejection, Verb};
use sqlx::{AnyPool, Row as _};

use super::StoreError;
use super::commands::{Command, parse};
use super::position::Position;
use super::tx::{Statement, Tx};

/// One step of a command's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The state.
    pub state: CommandState,
    /// Since when, by the clock of whoever told it.
    pub at_ms: i64,
    /// When the controller learned it.
    pub heard_ms: i64,
    /// Who told it: `terminal`, `controller` or an account.
    pub teller: String,
    /// In words.
    pub detail: Option<String>,
}

/// A step among those of other commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOf {
    /// Which command.
    pub command: String,
    /// What it orders.
    pub verb: Verb,
    /// Why the terminal refused it, where that is how it ended.
    pub rejection: Option<Rejection>,
    /// Number of the step.
    pub n: i64,
    /// The step.
    pub step: Step,
}

/// Writes step `n` of a command.
pub(super) fn add(command: &Command, n: i64, step: &Step) -> Statement {
    Statement::new(
        "INSERT INTO command_history (command, n, state, at_ms, teller, detail, terminal, heard_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(command.id.to_string())
    .bind(n)
    .bind(step.state.word())
    .bind(step.at_ms)
    .bind(step.teller.clone())
    .bind(step.detail.clone())
    .bind(command.terminal.to_string())
    .bind(step.heard_ms)
}

/// Whether the terminal told this state with this very time before.
pub async fn told_before(
    tx: &mut Tx,
    id: CommandId,
    state: CommandState,
    at_ms: i64,
) -> Result<bool, StoreError> {
    let told = Statement::new(
        "SELECT COUNT(*) FROM command_history
         WHERE command = $1 AND state = $2 AND at_ms = $3 AND teller = 'terminal'",
    );
    let rows = tx.ask([told.bind(id.to_string()).bind(state.word()).bind(at_ms)]).await?;
    Ok(rows.last().is_some_and(|row| row.get::<i64, _>(0) > 0))
}

/// A command's steps, the oldest first.
pub async fn of_command(pool: &AnyPool, id: CommandId) -> Result<Vec<Step>, StoreError> {
    let rows = sqlx::query(
        "SELECT state, at_ms, heard_ms, teller, detail FROM command_history WHERE command = $1 ORDER BY n",
    )
    .bind(id.to_string())
    .fetch_all(pool)
    .await
    .map_err(StoreError::of("read a command's history"))?;
    rows.iter().map(|row| read(row, 0)).collect()
}

/// The steps of all commands of a terminal, the newest first.
pub async fn of_terminal(
    pool: &AnyPool,
    terminal: &str,
    behind: &Position,
    limit: i64,
) -> Result<Vec<StepOf>, StoreError> {
    let rows = sqlx::query(
        "SELECT h.command, c.verb, c.rejection, h.n, h.state, h.at_ms, h.heard_ms, h.teller, h.detail
         FROM command_history h JOIN commands c ON c.id = h.command
         WHERE h.terminal = $1 AND h.heard_ms <= $2
           AND (h.heard_ms < $2 OR h.command < $3 OR (h.command = $3 AND h.n < $4))
         ORDER BY h.heard_ms DESC, h.command DESC, h.n DESC LIMIT $5",
    )
    .bind(terminal.to_owned())
    .bind(behind.at_ms)
    .bind(behind.name.clone())
    .bind(behind.number)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::of("read the steps of a terminal's commands"))?;
    rows.iter()
        .map(|row| {
            let (verb, rejection): (String, Option<String>) = (row.get(1), row.get(2));
            let corrupt = |_| StoreError::Corrupt { what: format!("verb \"{verb}\"") };
            Ok(StepOf {
                command: row.get(0),
                verb: serde_json::from_str(&verb).map_err(corrupt)?,
                rejection: rejection.map(|r| parse(&r, "rejection")).transpose()?,
                n: row.get(3),
                step: read(row, 4)?,
            })
        })
        .collect()
}

fn read(row: &sqlx::any::AnyRow, from: usize) -> Result<Step, StoreError> {
    Ok(Step {
        state: parse(&row.get::<String, _>(from), "command state")?,
        at_ms: row.get(from + 1),
        heard_ms: row.get(from + 2),
        teller: row.get(from + 3),
        detail: row.get(from + 4),
    })
}
