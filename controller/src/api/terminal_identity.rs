//! The terminal listener's part of identity: enrolment with a one-time token, renewal with the
//! certificate in use, the proof that a renewed one arrived, and the keys that sign orders. Which
//! certificates count is decided by `identity`.

use std::sync::PoisonError;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use migrado_protocol::TerminalId;
use migrado_protocol::endorse::SigningChain;
use migrado_protocol::enroll::{
    CERTIFICATE_REFUSED, EnrollRequest, EnrollResponse, KnownAs, RenewRequest, RenewResponse,
};

use super::extract::Json;
use super::guard::Address;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::terminal::Peer;
use crate::audit::Entry;
use crate::fleet::terminal::Certificate;
use crate::pki::token;
use crate::store::enroll_tokens;

/// A terminal whose certificate counts.
#[derive(Debug)]
pub struct Admitted {
    /// Who.
    pub id: TerminalId,
    /// Serial number of what it showed.
    pub serial: String,
}

impl FromRequestParts<ApiState> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Some(peer) = parts.extensions.get::<Option<Peer>>().cloned().flatten() else {
            let detail = "Show the terminal's client certificate.";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "certificate_required", detail));
        };
        let now_ms = state.clock.now_ms();
        match peer.name.parse() {
            Ok(id) if state.fleet.holds_certificate(&id, &peer.serial) => {
                state.identities.seen(&id, &peer.serial, now_ms).await;
                Ok(Self { id, serial: peer.serial })
            }
            _ => {
                let entry = Entry::refused(now_ms, &peer.name, "certificate.check", &peer.name);
                state.audit.refusal(entry.detail(format!("serial {}", peer.serial))).await;
                let detail = "This certificate was revoked or replaced. Enroll the terminal anew.";
                Err(Problem::new(StatusCode::FORBIDDEN, CERTIFICATE_REFUSED, detail))
            }
        }
    }
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
    let entry =
        Entry::ok(now_ms, &address, "enroll", id.as_str()).detail(format!("serial {}", issued.serial));
    let certificate = Certificate { serial: issued.serial, not_after_ms: issued.not_after_ms };
    if !state.identities.enroll(&id, &hash, &certificate, entry).await? {
        let why = enroll_tokens::why_not(&state.pool, &hash, id.as_str(), now_ms).await?;
        state.audit.refusal(refuse(why)).await;
        return Err(wrong());
    }
    state.enrolling.lock().unwrap_or_else(PoisonError::into_inner).succeeded(&address);
    // Whoever holds an earlier certificate of this terminal is thrown out.
    state.registry.kick(&id).await;
    Ok(axum::Json(EnrollResponse {
        certificate_pem: issued.certificate_pem,
        authority_pem: state.pki.authority_pem().to_owned(),
        broker: state.settings.broker_address.clone(),
        controller: state.settings.terminal_address.clone(),
        signing_keys: state.pki.signing_keys(),
        content_root: state.releases.catalog().first_root()?.and_then(|root| String::from_utf8(root).ok()),
    }))
}

/// Gives a terminal its next certificate. The one that it showed goes on counting until the next
/// one was seen: the answer may be lost.
pub async fn renew(
    State(state): State<ApiState>,
    who: Admitted,
    Json(request): Json<RenewRequest>,
) -> Answer<axum::Json<RenewResponse>> {
    let now_ms = state.clock.now_ms();
    let name = who.id.as_str();
    let refuse = |why: &str| Entry::refused(now_ms, name, "certificate.renew", name).detail(why);
    let attempt = state.renewing.lock().unwrap_or_else(PoisonError::into_inner).attempt(name, now_ms);
    if let Err(wait_ms) = attempt {
        state.audit.refusal(refuse("too many attempts")).await;
        return Err(Problem::too_many(wait_ms));
    }
    let issued = match state.pki.issue_terminal(&who.id, &request.csr_pem, now_ms) {
        Ok(issued) => issued,
        Err(error) => {
            state.audit.refusal(refuse(&error.to_string())).await;
            return Err(Problem::field("/csr_pem", error.to_string()));
        }
    };
    let entry =
        Entry::ok(now_ms, name, "certificate.renew", name).detail(format!("serial {}", issued.serial));
    let certificate = Certificate { serial: issued.serial, not_after_ms: issued.not_after_ms };
    if !state.identities.renew(&who.id, &who.serial, &certificate, entry).await? {
        // Revoked, or enrolled anew, between the check and this.
        state.audit.refusal(refuse("its certificate does not count any more")).await;
        let detail = "This certificate was revoked or replaced. Enroll the terminal anew.";
        return Err(Problem::new(StatusCode::FORBIDDEN, CERTIFICATE_REFUSED, detail));
    }
    Ok(axum::Json(RenewResponse { certificate_pem: issued.certificate_pem }))
}

/// As whom the controller knows the terminal. With a renewed certificate this is the proof that it
/// arrived.
pub async fn known_as(who: Admitted) -> axum::Json<KnownAs> {
    axum::Json(KnownAs { terminal: who.id, serial: who.serial })
}

/// How the keys that sign orders follow each other.
pub async fn signing_keys(State(state): State<ApiState>, _: Admitted) -> axum::Json<SigningChain> {
    axum::Json(state.pki.signing().chain())
}
