//! The release that one terminal should have, set by a person: for a display apart, and to try again
//! what failed. Whole fleets go by rollouts.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use migrado_protocol::content::{ReleaseWanted, Window};
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Json, Tagged, changed_meanwhile, require_match};
use super::guard::Operator;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::terminals::{detail, find, tag};
use super::views::TerminalDetail;
use crate::audit::Entry;
use crate::fleet::Terminal;
use crate::store::{StoreError, audit as audit_rows, desired as rows, releases};

/// The least throttle: slower, and a display counts its line as held up.
const THROTTLE_MIN: u64 = 1024;

/// The release that a terminal should have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseChoice {
    /// Its name; `null`: whatever is there stays.
    release: Option<String>,
    /// From when on it may be fetched; at once if absent.
    #[serde(default)]
    download_from_ms: Option<i64>,
    /// From when on it may be put in service; at once if absent.
    #[serde(default)]
    activate_from_ms: Option<i64>,
    /// When it no longer waits for a visitor.
    #[serde(default)]
    at_latest_ms: Option<i64>,
    /// Bytes a second at most.
    #[serde(default)]
    throttle_bytes_s: Option<u64>,
}

/// Says which release a terminal should have.
#[utoipa::path(put, path = "/api/v1/terminals/{id}/release", request_body = ReleaseChoice, responses((status = 200, body = TerminalDetail)))]
pub async fn set_release(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(choice): Json<ReleaseChoice>,
) -> Answer<Tagged<TerminalDetail>> {
    let terminal = find(&state, &id)?;
    let stored = crate::desired::stored(&state, &terminal).await?;
    require_match(&headers, &tag(&terminal, stored.generation()))?;
    let before = stored.settings.release.clone();
    let wanted = match &choice.release {
        Some(name) => Some(wanted(&state, name, &choice, before.as_ref()).await?),
        None => None,
    };
    let words = choice.release.unwrap_or_else(|| "none".to_owned());
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "terminal.release", &id).detail(words);
    change(&state, &terminal, stored, wanted, entry).await
}

/// Has a terminal try its release again at once, however often it failed.
#[utoipa::path(post, path = "/api/v1/terminals/{id}/release/retry", responses((status = 200, body = TerminalDetail)))]
pub async fn retry_release(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
) -> Answer<Tagged<TerminalDetail>> {
    let terminal = find(&state, &id)?;
    let stored = crate::desired::stored(&state, &terminal).await?;
    let wanted = stored.settings.release.clone().ok_or_else(|| {
        let detail = "The terminal should have no release; say which one first.";
        Problem::new(axum::http::StatusCode::CONFLICT, "no_release", detail)
    })?;
    let wanted = ReleaseWanted { attempt: wanted.attempt.saturating_add(1), ..wanted };
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "terminal.release.retry", &id);
    change(&state, &terminal, stored, Some(wanted.clone()), entry.detail(wanted.name)).await
}

async fn wanted(
    state: &ApiState,
    name: &str,
    choice: &ReleaseChoice,
    before: Option<&ReleaseWanted>,
) -> Answer<ReleaseWanted> {
    let release = releases::get(&state.pool, name).await?.filter(|release| release.withdrawn_ms.is_none());
    let release = release.ok_or_else(|| {
        Problem::field(
            "/release",
            format!("there is no live release \"{name}\"; GET /api/v1/releases lists them"),
        )
    })?;
    if choice.throttle_bytes_s.is_some_and(|bytes| bytes < THROTTLE_MIN) {
        return Err(Problem::field(
            "/throttle_bytes_s",
            format!("use at least {THROTTLE_MIN} bytes a second"),
        ));
    }
    let same = before.filter(|before| before.manifest == release.manifest);
    Ok(ReleaseWanted {
        name: release.name,
        manifest: release.manifest,
        download: Window { from_ms: choice.download_from_ms, until_ms: None },
        activate: Some(Window { from_ms: choice.activate_from_ms, until_ms: None }),
        at_latest_ms: choice.at_latest_ms,
        throttle_bytes_s: choice.throttle_bytes_s,
        budget_bytes: None,
        attempt: same.map_or(0, |before| before.attempt),
        neighbors: Vec::new(),
    })
}

async fn change(
    state: &ApiState,
    terminal: &Terminal,
    mut stored: rows::Stored,
    wanted: Option<ReleaseWanted>,
    entry: Entry,
) -> Answer<Tagged<TerminalDetail>> {
    let decided_on = stored.generation();
    stored.settings.release = wanted;
    let recalled = releases::recalled(&state.pool).await?;
    let now_ms = state.clock.now_ms();
    let generation = crate::desired::renew(state, terminal, &mut stored, &recalled, now_ms);
    let fail = StoreError::of("set a terminal's release");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !rows::put(&mut tx, &stored, decided_on).await? {
        return Err(changed_meanwhile());
    }
    audit_rows::append_in(&mut tx, entry).await?;
    tx.commit().await.map_err(fail)?;
    state.fleet.change(&terminal.id, |t| {
        t.desired_generation = generation;
        ((), true)
    });
    state.desired_changed.notify_one();
    let now = find(state, terminal.id.as_str())?;
    detail(state, &now).await
}
