//! The terminal listener: logs with a client certificate, and the time for everybody. Who is let in
//! stands in `terminal_identity`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use migrado_protocol::CommandId;
use migrado_protocol::command::Verb;
use migrado_protocol::limits::LOGS_BYTES_MAX;
use serde::Serialize;
use sqlx::AnyConnection;

use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::terminal_identity::Admitted;
use crate::audit::Entry;
use crate::store::{StoreError, commands as rows};

/// How often a command is read that changes under the hand: more words than a terminal says at once.
const READINGS_MAX: usize = 5;

/// Who is at the other end, by the certificate that the handshake checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Common name.
    pub name: String,
    /// Serial number, hexadecimal, lower case.
    pub serial: String,
}

/// The controller's clock.
#[derive(Debug, Serialize)]
pub struct Time {
    now_ms: i64,
}

/// Tells the time, to find a wrong clock by.
pub async fn time(State(state): State<ApiState>) -> axum::Json<Time> {
    axum::Json(Time { now_ms: state.clock.now_ms() })
}

/// Takes the logs of a command from the terminal it was for.
pub async fn logs(
    State(state): State<ApiState>,
    who: Admitted,
    Path(id): Path<String>,
    body: String,
) -> Answer<StatusCode> {
    let now_ms = state.clock.now_ms();
    let id: CommandId = id.parse().map_err(|_| Problem::not_found("command"))?;
    let found = rows::get(&state.pool, id).await?;
    let command = found.filter(|c| c.terminal == who.id && matches!(c.verb, Verb::CollectLogs { .. }));
    let Some(command) = command else {
        state.audit.refusal(Entry::refused(now_ms, who.id.as_str(), "logs.upload", id.to_string())).await;
        return Err(Problem::not_found("command of this terminal that collects logs"));
    };
    if body.len() > LOGS_BYTES_MAX {
        let detail = "Logs may have 2 MiB at most.";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
    }
    let fail = StoreError::of("keep logs");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    rows::put_logs(&mut tx, id, now_ms, &body).await?;
    if !note_logs(&mut tx, id).await? {
        let detail = "The command changed meanwhile; send the logs again.";
        return Err(Problem::new(StatusCode::CONFLICT, "changed_meanwhile", detail));
    }
    tx.commit().await.map_err(fail)?;
    state.commands.changed([(id, command.terminal)]).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Notes that a command's logs are here. The terminal tells its progress over the broker while it
/// sends them, so the command is read anew, behind the write that was made before.
async fn note_logs(conn: &mut AnyConnection, id: CommandId) -> Result<bool, StoreError> {
    for _ in 0..READINGS_MAX {
        let Some(mut command) = rows::get(&mut *conn, id).await? else { return Ok(false) };
        command.has_logs = true;
        if rows::update(&mut *conn, &command, None).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
