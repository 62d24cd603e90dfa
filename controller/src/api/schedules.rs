//! Scheduled orders: listed with what comes next and what came of the last run, made, changed, paused,
//! resumed, removed; and the runs of one.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Json, Page, Query, Tagged, changed_meanwhile, etag, limit, require_match};
use super::guard::{Operator, Viewer};
use super::problem::{Answer, FieldError, Problem};
use super::state::ApiState;
use crate::audit::Entry;
use crate::schedules::check::check;
use crate::schedules::{Plan, Run, RunState, Schedule, SkipReason, Verdict, due};
use crate::store::{StoreError, audit as audit_rows, schedules as rows};

/// Scheduled orders at most: each is looked at every few seconds.
const SCHEDULES_MAX: usize = 200;

/// How many orders of a run are in one state.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunResult {
    /// The state.
    state: String,
    /// How many.
    count: i64,
}

/// A time that was due, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunView {
    /// When it was due.
    due_ms: i64,
    /// When that was decided.
    decided_ms: i64,
    /// What became of it.
    state: RunState,
    /// Why nothing was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<SkipReason>,
    /// Times before it that passed undecided; a thousand stands for more as well.
    missed: i64,
    /// The orders that it gave, for `GET /api/v1/commands?batch=`.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<String>,
    /// Displays that got an order.
    ordered: i64,
    /// Displays that belong to it and got none.
    left_out: i64,
    /// Where those orders stand.
    results: Vec<RunResult>,
}

/// A scheduled order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleView {
    /// Its identity.
    id: String,
    /// What is to be done, when and where.
    #[serde(flatten)]
    plan: Plan,
    /// Whether it rests.
    paused: bool,
    /// When it is due next; absent while it rests, and when it is not any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_ms: Option<i64>,
    /// Its last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<RunView>,
    /// When it was changed.
    changed_ms: i64,
    /// By whom.
    changed_by: String,
    /// Counts its changes.
    revision: i64,
}

async fn run_view(state: &ApiState, run: Run) -> Answer<RunView> {
    let results = match &run.batch {
        Some(batch) => rows::results(&state.pool, batch).await?,
        None => Vec::new(),
    };
    Ok(RunView {
        due_ms: run.due_ms,
        decided_ms: run.decided_ms,
        state: run.state,
        reason: run.reason,
        missed: run.missed,
        batch: run.batch,
        ordered: run.ordered,
        left_out: run.left_out,
        results: results.into_iter().map(|(state, count)| RunResult { state, count }).collect(),
    })
}

async fn view(state: &ApiState, schedule: Schedule) -> Answer<ScheduleView> {
    let last = rows::runs(&state.pool, &schedule.id, i64::MAX, 1).await?.pop();
    let last = match last {
        Some(run) => Some(run_view(state, run).await?),
        None => None,
    };
    let next = match due(&schedule, now(state)) {
        Verdict::Wait(next) => next,
        Verdict::Run { due, .. } | Verdict::TooLate { due, .. } => Some(due),
    };
    Ok(ScheduleView {
        id: schedule.id,
        plan: schedule.plan,
        paused: schedule.paused,
        next_ms: next.map(Timestamp::as_millisecond),
        last,
        changed_ms: schedule.changed_ms,
        changed_by: schedule.changed_by,
        revision: schedule.revision,
    })
}

async fn tagged(state: &ApiState, schedule: Schedule) -> Answer<Tagged<ScheduleView>> {
    let tag = etag(schedule.revision);
    Ok(Tagged(view(state, schedule).await?, tag))
}

async fn find(state: &ApiState, id: &str) -> Answer<Schedule> {
    rows::get(&state.pool, id).await?.ok_or_else(|| Problem::not_found("schedule"))
}

fn now(state: &ApiState) -> Timestamp {
    Timestamp::from_millisecond(state.clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn checked(state: &ApiState, plan: &Plan) -> Answer<()> {
    let sites: Vec<&str> = state.settings.sites.iter().map(|site| site.id.as_str()).collect();
    let found = check(plan, &sites, now(state));
    let error = |(pointer, message)| FieldError { pointer, message };
    if found.is_empty() { Ok(()) } else { Err(Problem::invalid(found.into_iter().map(error).collect())) }
}

/// All scheduled orders.
#[utoipa::path(get, path = "/api/v1/schedules", responses((status = 200, body = Page<ScheduleView>)))]
pub async fn list(State(state): State<ApiState>, _: Viewer) -> Answer<axum::Json<Page<ScheduleView>>> {
    let mut items = Vec::new();
    for schedule in rows::all(&state.pool).await? {
        items.push(view(&state, schedule).await?);
    }
    Ok(axum::Json(Page { items, next: None }))
}

/// A scheduled order.
#[utoipa::path(get, path = "/api/v1/schedules/{id}", responses((status = 200, body = ScheduleView)))]
pub async fn show(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
) -> Answer<Tagged<ScheduleView>> {
    let schedule = find(&state, &id).await?;
    tagged(&state, schedule).await
}

/// Makes a scheduled order; the first run is the next one that is due.
#[utoipa::path(post, path = "/api/v1/schedules", request_body = Plan, responses((status = 201, body = ScheduleView)))]
pub async fn add(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Json(plan): Json<Plan>,
) -> Answer<Response> {
    checked(&state, &plan)?;
    let before = rows::all(&state.pool).await?;
    if before.len() >= SCHEDULES_MAX {
        let detail = format!("There are {SCHEDULES_MAX} scheduled orders already; remove one first.");
        return Err(Problem::new(StatusCode::CONFLICT, "too_many_schedules", detail));
    }
    let now_ms = state.clock.now_ms();
    let schedule = Schedule {
        id: uuid::Uuid::now_v7().to_string(),
        plan,
        paused: false,
        since_ms: now_ms,
        last_due_ms: None,
        changed_ms: now_ms,
        changed_by: actor.name(),
        revision: 1,
    };
    let entry =
        Entry::ok(now_ms, actor.name(), "schedule.add", &schedule.id).detail(schedule.plan.name.clone());
    let fail = StoreError::of("make a schedule");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    rows::add(&mut tx, &schedule).await?;
    audit_rows::append_in(&mut tx, entry).await?;
    tx.commit().await.map_err(fail)?;
    let location = format!("/api/v1/schedules/{}", schedule.id);
    let mut response = (StatusCode::CREATED, tagged(&state, schedule).await?).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Changes a scheduled order; what was due before counts no more.
#[utoipa::path(put, path = "/api/v1/schedules/{id}", request_body = Plan, responses((status = 200, body = ScheduleView)))]
pub async fn change(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(plan): Json<Plan>,
) -> Answer<Tagged<ScheduleView>> {
    let schedule = find(&state, &id).await?;
    require_match(&headers, &etag(schedule.revision))?;
    checked(&state, &plan)?;
    put(&state, Schedule { plan, ..schedule }, "schedule.change", &actor.name()).await
}

/// Has a scheduled order rest; its times pass without being made up for.
#[utoipa::path(post, path = "/api/v1/schedules/{id}/pause", responses((status = 200, body = ScheduleView)))]
pub async fn pause(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
) -> Answer<Tagged<ScheduleView>> {
    rest(&state, &id, true, "schedule.pause", &actor.name()).await
}

/// Has a scheduled order go on with the next time that is due.
#[utoipa::path(post, path = "/api/v1/schedules/{id}/resume", responses((status = 200, body = ScheduleView)))]
pub async fn resume(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
) -> Answer<Tagged<ScheduleView>> {
    rest(&state, &id, false, "schedule.resume", &actor.name()).await
}

/// Doing it twice is doing it once, so it needs no `If-Match`.
async fn rest(
    state: &ApiState,
    id: &str,
    paused: bool,
    action: &str,
    actor: &str,
) -> Answer<Tagged<ScheduleView>> {
    let schedule = find(state, id).await?;
    if schedule.paused == paused {
        return tagged(state, schedule).await;
    }
    put(state, Schedule { paused, ..schedule }, action, actor).await
}

async fn put(
    state: &ApiState,
    schedule: Schedule,
    action: &str,
    actor: &str,
) -> Answer<Tagged<ScheduleView>> {
    let now_ms = state.clock.now_ms();
    let schedule = Schedule {
        since_ms: now_ms,
        changed_ms: now_ms,
        changed_by: actor.to_owned(),
        revision: schedule.revision + 1,
        ..schedule
    };
    let entry = Entry::ok(now_ms, actor, action, &schedule.id).detail(schedule.plan.name.clone());
    let fail = StoreError::of("change a schedule");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !rows::change(&mut tx, &schedule).await? {
        return Err(changed_meanwhile());
    }
    audit_rows::append_in(&mut tx, entry).await?;
    tx.commit().await.map_err(fail)?;
    tagged(state, schedule).await
}

/// Removes a scheduled order with the record of its runs; orders that it gave stay.
#[utoipa::path(delete, path = "/api/v1/schedules/{id}", responses((status = 204)))]
pub async fn remove(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let schedule = find(&state, &id).await?;
    require_match(&headers, &etag(schedule.revision))?;
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "schedule.remove", &id)
        .detail(schedule.plan.name.clone());
    let fail = StoreError::of("remove a schedule");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !rows::remove(&mut tx, &id, schedule.revision).await? {
        return Err(changed_meanwhile());
    }
    audit_rows::append_in(&mut tx, entry).await?;
    tx.commit().await.map_err(fail)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which runs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AskedRuns {
    limit: Option<u32>,
    after: Option<String>,
}

/// The runs of a scheduled order, the newest first.
#[utoipa::path(get, path = "/api/v1/schedules/{id}/runs", params(AskedRuns), responses((status = 200, body = Page<RunView>)))]
pub async fn runs(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<AskedRuns>,
) -> Answer<axum::Json<Page<RunView>>> {
    find(&state, &id).await?;
    let limit = limit(asked.limit)?;
    let before_ms = match asked.after.map(|after| after.parse::<i64>()) {
        None => i64::MAX,
        Some(Ok(ms)) => ms,
        Some(Err(_)) => return Err(Problem::field("after", "use what `next` of the page before says")),
    };
    let found = rows::runs(&state.pool, &id, before_ms, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let mut items = Vec::new();
    for run in found {
        items.push(run_view(&state, run).await?);
    }
    Ok(axum::Json(Page::cut(items, limit, |run| run.due_ms.to_string())))
}
