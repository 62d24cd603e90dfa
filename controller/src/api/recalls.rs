//! Recalls of form editions: they reach every display, whatever release it has, and each display
//! proves that it holds them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use migrado_protocol::content::Recalled;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::Json;
use super::guard::{Operator, Viewer};
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::text::{DISRUPTIVE, Text, is_disruptive, text};
use crate::audit::Entry;
use crate::fleet::{Presence, Terminal, presence};
use crate::store::releases::{self as rows, Recall};
use crate::store::{StoreError, audit, recall_proofs};

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

/// A recall to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecallRequest {
    form: String,
    edition: String,
    /// Why; kept in the audit log.
    reason: String,
}

/// Whether a display has proven that it holds a recall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofState {
    /// It has.
    Proven,
    /// It has not.
    Pending,
}

/// The proof of one display.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProofView {
    pub terminal: String,
    pub state: ProofState,
    /// When it was first heard to hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// Why it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// A recall.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecallView {
    pub form: String,
    pub edition: String,
    pub reason: String,
    pub recalled_by: String,
    pub recalled_ms: i64,
    pub proven: usize,
    pub pending: usize,
    pub displays: Vec<ProofView>,
}

/// Every recall.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecallList {
    pub items: Vec<RecallView>,
}

fn proof(terminal: &Terminal, what: &Recalled, noted_ms: Option<i64>, now_ms: i64) -> ProofView {
    let content = terminal.reported.content.as_ref();
    let proven = content.is_some_and(|content| content.recalled.contains(what));
    let (state, at_ms, reason) = if proven {
        (ProofState::Proven, noted_ms.or(terminal.reported_ms), None)
    } else {
        (ProofState::Pending, None, Some(pending(terminal, now_ms)))
    };
    ProofView { terminal: terminal.id.to_string(), state, at_ms, reason }
}

fn pending(terminal: &Terminal, now_ms: i64) -> Text {
    if terminal.certificate.is_none() {
        return text("Das Terminal ist noch nicht angemeldet.", "The display is not enrolled yet.");
    }
    if presence::decide(terminal, now_ms).0 != Presence::Online {
        return text(
            "Nicht verbunden; es erfährt davon, sobald es zurück ist.",
            "Not connected; it is told as soon as it is back.",
        );
    }
    match (terminal.drifts(), terminal.reported.content.is_some()) {
        (_, false) => text("Das Terminal sagt nichts von Inhalten.", "The display says nothing of content."),
        (true, true) => text("Wird gerade übernommen.", "Is being taken over."),
        (false, true) => text("Noch nicht bestätigt.", "Not confirmed yet."),
    }
}

async fn views(state: &ApiState) -> Answer<Vec<RecallView>> {
    let noted = recall_proofs::all(&state.pool).await?;
    let (fleet, now_ms) = (state.fleet.all(), state.clock.now_ms());
    let view = |recall: Recall| {
        let of = |t: &Terminal| {
            let noted_ms = noted.get(&(recall.what.clone(), t.id.to_string())).copied();
            proof(t, &recall.what, noted_ms, now_ms)
        };
        let displays: Vec<ProofView> = fleet.iter().map(|t| of(t)).collect();
        let proven = displays.iter().filter(|d| d.state == ProofState::Proven).count();
        RecallView {
            form: recall.what.form.clone(),
            edition: recall.what.edition.clone(),
            reason: recall.reason.clone(),
            recalled_by: recall.recalled_by.clone(),
            recalled_ms: recall.recalled_ms,
            proven,
            pending: displays.len() - proven,
            displays,
        }
    };
    Ok(rows::recalls(&state.pool).await?.into_iter().map(view).collect())
}

/// Lists recalls with the proof of each display.
#[utoipa::path(get, path = "/api/v1/recalls", responses((status = 200, body = RecallList)))]
pub async fn list_recalls(State(state): State<ApiState>, _: Viewer) -> Answer<axum::Json<RecallList>> {
    Ok(axum::Json(RecallList { items: views(&state).await? }))
}

/// Recalls an edition of a form on every display. Doing it twice is doing it once, and the first
/// reason stays, so it takes no `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/recalls", request_body = RecallRequest, responses((status = 201, body = RecallView)))]
pub async fn add_recall(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Json(request): Json<RecallRequest>,
) -> Answer<Response> {
    let reason = request.reason.trim().to_owned();
    if !(1..=REASON_CHARS_MAX).contains(&reason.chars().count()) || reason.chars().any(is_disruptive) {
        return Err(Problem::field(
            "/reason",
            format!("use 1 to {REASON_CHARS_MAX} characters; {DISRUPTIVE}"),
        ));
    }
    let editions = rows::editions(&state.pool).await?;
    if !editions.iter().any(|e| e.form == request.form) {
        return Err(Problem::field("/form", "no release has such a form; GET /api/v1/editions lists them"));
    }
    let of_form = editions.iter().filter(|e| e.form == request.form);
    let known: std::collections::BTreeSet<&str> = of_form.map(|e| e.edition.as_str()).collect();
    if !known.contains(request.edition.as_str()) {
        let known: Vec<&str> = known.into_iter().collect();
        let message = format!("no release has this edition of the form; it has {}", known.join(", "));
        return Err(Problem::field("/edition", message));
    }
    let what = Recalled { form: request.form, edition: request.edition };
    let now_ms = state.clock.now_ms();
    let recall =
        Recall { what: what.clone(), reason: reason.clone(), recalled_by: actor.name(), recalled_ms: now_ms };
    let entry = Entry::ok(now_ms, actor.name(), "recall.add", format!("{} {}", what.form, what.edition));
    let fail = StoreError::of("recall an edition");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    rows::recall(&mut tx, &recall).await?;
    audit::append_in(&mut tx, entry.detail(reason)).await?;
    tx.commit().await.map_err(fail)?;
    state.desired_changed.notify_one();
    let view = views(&state).await?.into_iter().find(|v| v.form == what.form && v.edition == what.edition);
    let view = view.ok_or_else(|| Problem::not_found("recall"))?;
    Ok((StatusCode::CREATED, axum::Json(view)).into_response())
}

/// Takes a recall back.
#[utoipa::path(delete, path = "/api/v1/recalls/{form}/{edition}", responses((status = 204)))]
pub async fn lift_recall(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path((form, edition)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let what = Recalled { form, edition };
    let object = format!("{} {}", what.form, what.edition);
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "recall.lift", object);
    let fail = StoreError::of("take a recall back");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !rows::lift(&mut tx, &what).await? {
        return Err(Problem::not_found("recall"));
    }
    recall_proofs::forget(&mut tx, &what).await?;
    audit::append_in(&mut tx, entry).await?;
    tx.commit().await.map_err(fail)?;
    state.desired_changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
