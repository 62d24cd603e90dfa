//! The key that signs orders: which one, and its replacement.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::guard::{Admin, Viewer};
use super::problem::{Answer, Problem};
use super::state::ApiState;
use crate::audit::Entry;
use crate::store::{StoreError, audit as audit_rows};

/// The key that signs orders.
#[derive(Debug, Serialize, ToSchema)]
pub struct SigningKeyView {
    /// Its identity, as displays name it.
    id: String,
    /// Ed25519 public key, base64.
    public: String,
    /// Since when; null for the first key.
    since_ms: Option<i64>,
    /// Endorsements that lead to it, by which displays that were away find it.
    rotations: usize,
}

fn view(state: &ApiState) -> SigningKeyView {
    let chain = state.pki.signing().chain();
    let key = state.pki.signer().public().clone();
    let since_ms = chain.endorsements.last().map(|e| e.at_ms);
    SigningKeyView { id: key.id, public: key.public, since_ms, rotations: chain.endorsements.len() }
}

/// The key that signs orders.
#[utoipa::path(get, path = "/api/v1/signing-key", responses((status = 200, body = SigningKeyView)))]
pub async fn show_key(State(state): State<ApiState>, _: Viewer) -> axum::Json<SigningKeyView> {
    axum::Json(view(&state))
}

/// Replaces the key that signs orders. Displays follow by themselves; what is not acknowledged is
/// signed and sent again.
#[utoipa::path(post, path = "/api/v1/signing-key/rotate", responses((status = 200, body = SigningKeyView)))]
pub async fn rotate(
    State(state): State<ApiState>,
    Admin(actor): Admin,
) -> Answer<axum::Json<SigningKeyView>> {
    let now_ms = state.clock.now_ms();
    let old = state.pki.signer().public().id.clone();
    let fail = StoreError::of("keep that the signing key was replaced");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    let entry = Entry::ok(now_ms, actor.name(), "signing_key.rotate", &old);
    audit_rows::append_in(&mut tx, entry).await?;
    let new = state.pki.signing().rotate(now_ms).map_err(|error| Problem::internal(&error))?;
    tx.commit().await.map_err(fail)?;
    tracing::info!(old, new = new.id, "the signing key was replaced");
    state.desired_changed.notify_one();
    state.commands.wake();
    Ok(axum::Json(view(&state)))
}
