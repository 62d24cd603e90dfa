//! Rollouts: the plan, making one, following it, and what people want of it meanwhile.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Json, Tagged, changed_meanwhile, etag, require_match};
use super::guard::{Operator, Viewer};
use super::problem::{Answer, FieldError, Problem};
use super::rollout_request::{RolloutRequest, checked};
use super::rollout_views::{PlanView, RolloutSummary, RolloutView, plan, summary, view};
use super::state::ApiState;
use crate::auth::{Actor, secret};
use crate::rollouts::desk::{self, Refusal, Wish};
use crate::rollouts::known::Known;
use crate::rollouts::model::Whole;
use crate::store::rollouts as rows;

/// Every rollout.
#[derive(Debug, Serialize, ToSchema)]
pub struct RolloutList {
    /// The newest first.
    pub items: Vec<RolloutSummary>,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let conflict = |code: &str, detail: String| Self::new(StatusCode::CONFLICT, code, detail);
        match refusal {
            Refusal::NotFound => Self::not_found("rollout"),
            Refusal::Changed => changed_meanwhile(),
            Refusal::Unfit(state) => {
                conflict("unfit_state", format!("The rollout is {}; this does not fit.", state.word()))
            }
            Refusal::SameEyes => Self::new(
                StatusCode::FORBIDDEN,
                "same_eyes",
                "Whoever made or started a rollout may not approve it; ask somebody else.",
            ),
            Refusal::Nobody => conflict(
                "applies_to_none",
                "No display takes part; POST /api/v1/rollouts/preview says why.".to_owned(),
            ),
            Refusal::NotLive => conflict(
                "withdrawn",
                "The release is not in the signed list any more; make a rollout of another.".to_owned(),
            ),
            Refusal::KeyReused => {
                let detail = "This Idempotency-Key was used for another request; use a new key.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
            }
            Refusal::Obstacles(obstacles) => {
                let error = |o: crate::rollouts::plan::Obstacle| {
                    let message = o.why.words().en;
                    FieldError { pointer: o.terminal.to_string(), message }
                };
                let detail = "The plan is impossible; errors names the displays and what stands in the way.";
                Self {
                    errors: obstacles.into_iter().map(error).collect(),
                    ..conflict("unsolvable", detail.to_owned())
                }
            }
            Refusal::Store(error) => error.into(),
        }
    }
}

async fn find(state: &ApiState, id: &str) -> Answer<Whole> {
    let id: Uuid = id.parse().map_err(|_| Problem::not_found("rollout"))?;
    rows::whole(&state.pool, id).await?.ok_or_else(|| Problem::not_found("rollout"))
}

/// A rollout for the event stream; `None` when it cannot be read.
pub(super) async fn summary_of(state: &ApiState, id: Uuid) -> Option<RolloutSummary> {
    rows::whole(&state.pool, id).await.ok().flatten().as_ref().map(summary)
}

async fn shown(state: &ApiState, id: &str) -> Answer<Tagged<RolloutView>> {
    let whole = find(state, id).await?;
    let tag = etag(whole.rollout.revision);
    Ok(Tagged(view(state, &whole), tag))
}

/// Lists rollouts, the newest first.
#[utoipa::path(get, path = "/api/v1/rollouts", operation_id = "list_rollouts", responses((status = 200, body = RolloutList)))]
pub async fn list(State(state): State<ApiState>, _: Viewer) -> Answer<axum::Json<RolloutList>> {
    let mut items = Vec::new();
    for rollout in rows::list(&state.pool).await? {
        items.extend(summary_of(&state, rollout.id).await);
    }
    Ok(axum::Json(RolloutList { items }))
}

/// A rollout with its waves and displays.
#[utoipa::path(get, path = "/api/v1/rollouts/{id}", operation_id = "show_rollout", responses((status = 200, body = RolloutView)))]
pub async fn show(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
) -> Answer<Tagged<RolloutView>> {
    shown(&state, &id).await
}

/// Who would get what, when, and why not; nothing is done.
#[utoipa::path(post, path = "/api/v1/rollouts/preview", operation_id = "preview_rollout", request_body = RolloutRequest, responses((status = 200, body = PlanView)))]
pub async fn preview(
    State(state): State<ApiState>,
    _: Operator,
    Json(request): Json<RolloutRequest>,
) -> Answer<axum::Json<PlanView>> {
    let spec = checked(&state, request).await?;
    let known = Known::gather(&state).await?;
    Ok(axum::Json(plan(&state, &spec.waves, known.plan(&state, &spec))))
}

/// Makes a rollout; it does not begin before it is started. With the same `Idempotency-Key` it is
/// made once, however often it is sent.
#[utoipa::path(post, path = "/api/v1/rollouts", operation_id = "make_rollout", request_body = RolloutRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 ASCII characters, new for every rollout; kept for a day")),
    responses((status = 201, body = RolloutView)))]
pub async fn make(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    headers: HeaderMap,
    Json(request): Json<RolloutRequest>,
) -> Answer<Response> {
    let key = headers.get("idempotency-key").map(|k| k.to_str().unwrap_or_default().to_owned());
    if key.as_ref().is_some_and(|k| k.is_empty() || k.len() > 128) {
        return Err(Problem::field("Idempotency-Key", "use 1 to 128 ASCII characters"));
    }
    let hash = secret::hash(&format!("rollout {}", serde_json::to_string(&request).unwrap_or_default()));
    let spec = checked(&state, request).await?;
    let made = desk::create(&state, spec, &actor.name(), key.map(|key| (key, hash))).await?;
    let location = format!("/api/v1/rollouts/{}", made.id);
    let body = shown(&state, &made.id.to_string()).await?;
    let mut response = (StatusCode::CREATED, body).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Starts a rollout as it was read: its displays are its own from now on. Where four eyes are asked
/// for, it waits until somebody else approves.
#[utoipa::path(post, path = "/api/v1/rollouts/{id}/start", operation_id = "start_rollout", responses((status = 200, body = RolloutView)))]
pub async fn start(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Tagged<RolloutView>> {
    let whole = find(&state, &id).await?;
    require_match(&headers, &etag(whole.rollout.revision))?;
    desk::start(&state, whole, &actor.name()).await?;
    shown(&state, &id).await
}

/// Approves a rollout as it was read; whoever made or started it may not.
#[utoipa::path(post, path = "/api/v1/rollouts/{id}/approve", operation_id = "approve_rollout", responses((status = 200, body = RolloutView)))]
pub async fn approve(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Tagged<RolloutView>> {
    let whole = find(&state, &id).await?;
    require_match(&headers, &etag(whole.rollout.revision))?;
    desk::approve(&state, whole, &actor.name()).await?;
    shown(&state, &id).await
}

async fn wish(state: &ApiState, actor: &Actor, id: &str, wish: Wish) -> Answer<Tagged<RolloutView>> {
    let found: Uuid = id.parse().map_err(|_| Problem::not_found("rollout"))?;
    desk::wish(state, found, wish, &actor.name()).await?;
    shown(state, id).await
}

/// Lets nothing new begin. Doing it twice is doing it once, so it needs no `If-Match`.
#[utoipa::path(post, path = "/api/v1/rollouts/{id}/pause", operation_id = "pause_rollout", responses((status = 200, body = RolloutView)))]
pub async fn pause(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
) -> Answer<Tagged<RolloutView>> {
    wish(&state, &actor, &id, Wish::Pause).await
}

/// Lets it go on; where a wave has paused it, with the next one. What goes on already goes on.
#[utoipa::path(post, path = "/api/v1/rollouts/{id}/resume", operation_id = "resume_rollout", responses((status = 200, body = RolloutView)))]
pub async fn resume(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
) -> Answer<Tagged<RolloutView>> {
    wish(&state, &actor, &id, Wish::Resume).await
}

/// Ends it: what has changed stays, who has no leave yet keeps what it had. Twice is once.
#[utoipa::path(post, path = "/api/v1/rollouts/{id}/cancel", operation_id = "cancel_rollout", responses((status = 200, body = RolloutView)))]
pub async fn cancel(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
) -> Answer<Tagged<RolloutView>> {
    wish(&state, &actor, &id, Wish::Cancel).await
}

/// Takes back what it changed: every display gets again what it had. Twice is once.
#[utoipa::path(post, path = "/api/v1/rollouts/{id}/back", operation_id = "take_back_rollout", responses((status = 200, body = RolloutView)))]
pub async fn back(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
) -> Answer<Tagged<RolloutView>> {
    wish(&state, &actor, &id, Wish::Back).await
}
