//! The terminal listener: enrolment without, logs with a client certificate, and the time.

use std::sync::PoisonError;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use migrado_protocol::CommandId;
use migrado_protocol::command::Verb;
use migrado_protocol::enroll::{EnrollRequest, EnrollResponse};
use migrado_protocol::limits::LOGS_BYTES_MAX;
use serde::Serialize;
use sqlx::AnyConnection;

use super::extract::Json;
use super::guard::Address;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use crate::audit::Entry;
use crate::fleet::terminal::Certificate;
use crate::pki::token;
use crate::store::{StoreError, audit as audit_rows, commands as rows, enroll_tokens};

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

/// Gives a terminal its identity for a one-time token.
pub async fn enroll(
    State(state): State<ApiState>,
    Address(address): Address,
    Json(request): Json<EnrollRequest>,
) -> Answer<axum::Json<EnrollResponse>> {
    let now_ms = state.clock.now_ms();
    let attempt = state.enrolling.lock().unwrap_or_else(PoisonError::into_inner).attempt(&address, now_ms);
    let id = request.terminal.clone();
    let refuse = |why: &str| Entry::refused(now_ms, &address, "enroll", id.as_str()).detail(why);
    if let Err(wait_ms) = attempt {
        state.audit.refusal(refuse("too many attempts")).await;
        return Err(Problem::too_many(wait_ms));
    }
    let wrong = || {
        let detail = "The token is wrong, used or expired; make a new one at the console.";
        Problem::new(StatusCode::FORBIDDEN, "token_refused", detail)
    };
    let hash = token::hash(&request.secret);
    if state.fleet.get(&id).is_none() {
        state.audit.refusal(refuse("there is no such terminal")).await;
        return Err(wrong());
    }
    // The request is checked before the token is spent: a broken agent may try again.
    let issued = match state.pki.issue_terminal(&id, &request.csr_pem, now_ms) {
        Ok(issued) => issued,
        Err(error) => {
            state.audit.refusal(refuse(&error.to_string())).await;
            return Err(Problem::field("/csr_pem", error.to_string()));
        }
    };
    let fail = StoreError::of("enroll a terminal");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !enroll_tokens::take(&mut tx, &hash, id.as_str(), now_ms).await? {
        tx.rollback().await.map_err(fail)?;
        let why = enroll_tokens::why_not(&state.pool, &hash, id.as_str(), now_ms).await?;
        state.audit.refusal(refuse(why)).await;
        return Err(wrong());
    }
    let entry = Entry::ok(now_ms, &address, "enroll", id.as_str());
    audit_rows::append_in(&mut tx, entry.detail(format!("serial {}", issued.serial))).await?;
    tx.commit().await.map_err(fail)?;
    state.enrolling.lock().unwrap_or_else(PoisonError::into_inner).succeeded(&address);
    let certificate = Certificate { serial: issued.serial, not_after_ms: issued.not_after_ms };
    state.fleet.change(&id, |t| {
        t.certificate = Some(certificate);
        ((), true)
    });
    if let Some(terminal) = state.fleet.get(&id) {
        state.registry.put(&terminal).await?;
    }
    // Whoever holds an earlier certificate of this terminal is thrown out.
    state.registry.kick(&id).await;
    Ok(axum::Json(EnrollResponse {
        certificate_pem: issued.certificate_pem,
        authority_pem: state.pki.authority_pem().to_owned(),
        broker: state.settings.broker_address.clone(),
        controller: state.settings.terminal_address.clone(),
        signing_keys: state.pki.signing_keys(),
    }))
}

/// Takes the logs of a command from the terminal it was for.
pub async fn logs(
    State(state): State<ApiState>,
    peer: Option<Extension<Option<Peer>>>,
    Path(id): Path<String>,
    body: String,
) -> Answer<StatusCode> {
    let Some(Extension(Some(peer))) = peer else {
        let detail = "Show the terminal's client certificate.";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "certificate_required", detail));
    };
    let valid = peer.name.parse().is_ok_and(|id| state.fleet.holds_certificate(&id, &peer.serial));
    let now_ms = state.clock.now_ms();
    let id: CommandId = id.parse().map_err(|_| Problem::not_found("command"))?;
    let found = rows::get(&state.pool, id).await?;
    let command = found
        .filter(|c| valid && c.terminal.as_str() == peer.name && matches!(c.verb, Verb::CollectLogs { .. }));
    let Some(command) = command else {
        state.audit.refusal(Entry::refused(now_ms, peer.name, "logs.upload", id.to_string())).await;
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
