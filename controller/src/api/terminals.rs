//! Terminals: list, one, its usage; adding, changing, retiring, enrolment tokens.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use migrado_protocol::{SiteId, TerminalId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::convert;
use super::extract::{Json, Page, Query, Tagged, etag, limit, require_match};
use super::guard::{Admin, Operator, Viewer};
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::views::{Status, TerminalDetail, TerminalSummary, UsageHourView, UsageView};
use crate::audit::Entry;
use crate::fleet::Terminal;
use crate::pki::token::{TOKEN_LIFE_MS, mint};
use crate::store::{StoreError, audit as audit_rows, desired as desired_rows, enroll_tokens};

const HOUR_MS: i64 = 3_600_000;
/// Days of usage at most: a quarter.
const USAGE_DAYS_MAX: u32 = 92;
/// Characters of a label.
const LABEL_CHARS_MAX: usize = 80;

/// Which terminals.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub struct Asked {
    site: Option<String>,
    #[param(inline)]
    status: Option<Status>,
    q: Option<String>,
    limit: Option<u32>,
    after: Option<String>,
}
/// A page of terminals.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerminalPage {
    items: Vec<TerminalSummary>,
    next: Option<String>,
    revision: u64,
}

/// Terminals by identity.
#[utoipa::path(get, path = "/api/v1/terminals", params(Asked), responses((status = 200, body = TerminalPage)))]
pub async fn list(
    State(state): State<ApiState>,
    _: Viewer,
    Query(asked): Query<Asked>,
) -> Answer<axum::Json<TerminalPage>> {
    let limit = limit(asked.limit)?;
    let revision = state.events.revision();
    let now_ms = state.clock.now_ms();
    let q = asked.q.map(|q| q.to_lowercase());
    let after = asked.after.unwrap_or_default();
    let items: Vec<_> = state
        .fleet
        .all()
        .iter()
        .filter(|t| t.id.as_str() > after.as_str())
        .filter(|t| asked.site.as_ref().is_none_or(|s| t.site.as_str() == s))
        .filter(|t| {
            q.as_ref().is_none_or(|q| t.id.as_str().contains(q) || t.label.to_lowercase().contains(q))
        })
        .map(|t| convert::summary(&state, t, now_ms))
        .filter(|t| asked.status.is_none_or(|s| t.status == s))
        .take(limit + 1)
        .collect();
    let Page { items, next } = Page::cut(items, limit, |t| t.id.clone());
    Ok(axum::Json(TerminalPage { items, next, revision }))
}

pub(super) fn find(state: &ApiState, id: &str) -> Answer<Terminal> {
    let id: TerminalId = id.parse().map_err(|_| Problem::not_found("terminal"))?;
    Ok(state.fleet.get(&id).ok_or_else(|| Problem::not_found("terminal"))?.as_ref().clone())
}

/// The tag of what can be edited: generation and certificate, not the readings.
fn tag(t: &Terminal) -> String {
    let serial = t.certificate.as_ref().map_or("-", |c| c.serial.as_str());
    etag(format!("{}-{serial}", t.desired_generation))
}

async fn detail(state: &ApiState, t: &Terminal) -> Answer<Tagged<TerminalDetail>> {
    let now_ms = state.clock.now_ms();
    let mut view = convert::detail(state, t, now_ms);
    if let Some(stored) = desired_rows::get(&state.pool, t.id.as_str()).await? {
        (view.desired, view.desired_at_ms) = (stored.body, Some(stored.changed_ms));
    }
    // 24 hours stand for "today" until the calendar knows Berlin's midnight.
    for counts in state.registry.usage(Some(&t.id), now_ms / HOUR_MS - 23).await?.into_values() {
        for (counter, n) in counts {
            *view.usage_today.entry(counter).or_default() += n;
        }
    }
    Ok(Tagged(view, tag(t)))
}

/// All that is known of one terminal.
#[utoipa::path(get, path = "/api/v1/terminals/{id}", responses((status = 200, body = TerminalDetail)))]
pub async fn show(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
) -> Answer<Tagged<TerminalDetail>> {
    detail(&state, &find(&state, &id)?).await
}

fn site(state: &ApiState, id: &str) -> Answer<SiteId> {
    let known = state.settings.sites.iter().find(|s| s.id.as_str() == id);
    known.map(|s| s.id.clone()).ok_or_else(|| Problem::field("/site", "name a configured site"))
}

fn label(text: &str) -> Answer<String> {
    let text = text.trim();
    let fits = (1..=LABEL_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(Problem::field("/label", "use 1 to 80 characters")) }
}

/// A new terminal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTerminal {
    id: String,
    site: String,
    label: String,
}

async fn remember(state: &ApiState, actor: &str, action: &str, id: &TerminalId) -> Answer<()> {
    Ok(state.audit.record(Entry::ok(state.clock.now_ms(), actor, action, id.as_str())).await?)
}

/// Adds a terminal.
#[utoipa::path(post, path = "/api/v1/terminals", request_body = NewTerminal, responses((status = 201, body = TerminalDetail)))]
pub async fn add(
    State(state): State<ApiState>,
    Admin(actor): Admin,
    Json(new): Json<NewTerminal>,
) -> Answer<Response> {
    let id: TerminalId =
        new.id.parse().map_err(|e: migrado_protocol::ids::InvalidId| Problem::field("/id", e.to_string()))?;
    if id.as_str() == migrado_protocol::ids::CONTROLLER_NAME {
        return Err(Problem::field("/id", "this name is the controller's own"));
    }
    if state.fleet.get(&id).is_some() {
        return Err(Problem::new(StatusCode::CONFLICT, "exists", "There is such a terminal already."));
    }
    let terminal = Terminal::new(id, site(&state, &new.site)?, label(&new.label)?, state.clock.now_ms());
    state.registry.put(&terminal).await?;
    remember(&state, &actor.name(), "terminal.add", &terminal.id).await?;
    state.fleet.put(terminal.clone());
    state.desired_changed.notify_one();
    Ok((StatusCode::CREATED, detail(&state, &terminal).await?).into_response())
}

/// A change of a terminal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminalChange {
    label: Option<String>,
    site: Option<String>,
    session_idle_s: Option<u32>,
    languages: Option<Vec<String>>,
}

/// Changes what a terminal should be.
#[utoipa::path(patch, path = "/api/v1/terminals/{id}", request_body = TerminalChange, responses((status = 200, body = TerminalDetail)))]
pub async fn change(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(change): Json<TerminalChange>,
) -> Answer<Tagged<TerminalDetail>> {
    let mut terminal = find(&state, &id)?;
    require_match(&headers, &tag(&terminal))?;
    if let Some(text) = &change.label {
        terminal.label = label(text)?;
    }
    if let Some(id) = &change.site {
        terminal.site = site(&state, id)?;
    }
    if change.session_idle_s.is_some_and(|s| !(10..=3600).contains(&s)) {
        return Err(Problem::field("/session_idle_s", "use 10 to 3600 seconds"));
    }
    let known = |tag: &String| {
        (2..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if change.languages.as_ref().is_some_and(|l| l.is_empty() || l.len() > 64 || !l.iter().all(known)) {
        return Err(Problem::field("/languages", "name 1 to 64 languages as BCP 47 tags"));
    }
    let now_ms = state.clock.now_ms();
    let mut stored = crate::desired::stored(&state, &terminal).await?;
    stored.settings.session_idle_s = change.session_idle_s.or(stored.settings.session_idle_s);
    stored.settings.languages = change.languages.or(stored.settings.languages);
    let generation = crate::desired::renew(&state, &terminal, &mut stored, now_ms);
    let fail = StoreError::of("change a terminal");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    desired_rows::put(&mut tx, &stored).await?;
    let entry = Entry::ok(now_ms, actor.name(), "terminal.change", &id);
    audit_rows::append_in(&mut tx, entry.detail(format!("generation {generation}"))).await?;
    tx.commit().await.map_err(fail)?;
    let (site, label) = (terminal.site.clone(), terminal.label.clone());
    state.fleet.change(&terminal.id, |t| {
        (t.site, t.label, t.desired_generation) = (site, label, generation);
        ((), true)
    });
    let now = find(&state, &id)?;
    state.registry.put(&now).await?;
    state.desired_changed.notify_one();
    detail(&state, &now).await
}

async fn throw_out(state: &ApiState, actor: &str, action: &str, id: &TerminalId) -> Answer<()> {
    let fail = StoreError::of("revoke a terminal");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    enroll_tokens::void(&mut tx, id.as_str()).await?;
    audit_rows::append_in(&mut tx, Entry::ok(state.clock.now_ms(), actor, action, id.as_str())).await?;
    tx.commit().await.map_err(fail)?;
    state.fleet.change(id, |t| {
        t.certificate = None;
        ((), true)
    });
    if let Some(terminal) = state.fleet.get(id) {
        state.registry.put(&terminal).await?;
    }
    state.registry.kick(id).await;
    Ok(())
}

/// Retires a terminal: its certificate is void, it is thrown out and forgotten.
#[utoipa::path(delete, path = "/api/v1/terminals/{id}", responses((status = 204)))]
pub async fn retire(
    State(state): State<ApiState>,
    Admin(actor): Admin,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let terminal = find(&state, &id)?;
    require_match(&headers, &tag(&terminal))?;
    throw_out(&state, &actor.name(), "terminal.retire", &terminal.id).await?;
    state.registry.remove(&terminal.id).await?;
    let fail = StoreError::of("forget a terminal");
    let mut conn = state.pool.acquire().await.map_err(fail)?;
    desired_rows::delete(&mut conn, terminal.id.as_str()).await?;
    state.fleet.remove(&terminal.id);
    state.events.removed();
    Ok(StatusCode::NO_CONTENT)
}

/// Voids a terminal's certificate and throws it out; it may be enrolled anew.
#[utoipa::path(post, path = "/api/v1/terminals/{id}/revoke", responses((status = 200, body = TerminalDetail)))]
pub async fn revoke(
    State(state): State<ApiState>,
    Admin(actor): Admin,
    Path(id): Path<String>,
) -> Answer<Tagged<TerminalDetail>> {
    let terminal = find(&state, &id)?;
    throw_out(&state, &actor.name(), "terminal.revoke", &terminal.id).await?;
    detail(&state, &find(&state, &id)?).await
}

/// A token to enroll a terminal, told only now.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrollToken {
    token: String,
    expires_ms: i64,
    command: String,
}

/// Makes a one-time token to enroll a terminal.
#[utoipa::path(post, path = "/api/v1/terminals/{id}/enroll-tokens", responses((status = 201, body = EnrollToken)))]
pub async fn enroll_token(
    State(state): State<ApiState>,
    Admin(actor): Admin,
    Path(id): Path<String>,
) -> Answer<Response> {
    let terminal = find(&state, &id)?;
    let address = &state.settings.terminal_address;
    let minted = mint(address, state.pki.authority_sha256(), &terminal.id);
    let now_ms = state.clock.now_ms();
    let expires_ms = now_ms + TOKEN_LIFE_MS;
    let fail = StoreError::of("make an enrollment token");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    enroll_tokens::insert(&mut tx, &minted.secret_sha256, &id, &actor.name(), now_ms, expires_ms).await?;
    audit_rows::append_in(&mut tx, Entry::ok(now_ms, actor.name(), "enroll_token.make", &id)).await?;
    tx.commit().await.map_err(fail)?;
    let command = format!("migrado-agent enroll --controller {address} --token {}", minted.text);
    let body = EnrollToken { token: minted.text, expires_ms, command };
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

/// How far back.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub struct Days {
    days: Option<u32>,
    site: Option<String>,
}

fn first_hour(state: &ApiState, days: Option<u32>) -> i64 {
    state.clock.now_ms() / HOUR_MS - i64::from(days.unwrap_or(7).clamp(1, USAGE_DAYS_MAX)) * 24
}

fn usage_view(hours: super::state::Usage) -> axum::Json<UsageView> {
    let hours = hours.into_iter().map(|(h, counts)| UsageHourView { hour_ms: h * HOUR_MS, counts });
    axum::Json(UsageView { hours: hours.collect() })
}

/// What visitors used at one terminal.
#[utoipa::path(get, path = "/api/v1/terminals/{id}/usage", params(Days), responses((status = 200, body = UsageView)))]
pub async fn usage(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
    Query(days): Query<Days>,
) -> Answer<axum::Json<UsageView>> {
    let terminal = find(&state, &id)?;
    Ok(usage_view(state.registry.usage(Some(&terminal.id), first_hour(&state, days.days)).await?))
}

/// What visitors used at a site or everywhere.
#[utoipa::path(get, path = "/api/v1/usage", params(Days), responses((status = 200, body = UsageView)))]
pub async fn usage_of_all(
    State(state): State<ApiState>,
    _: Viewer,
    Query(days): Query<Days>,
) -> Answer<axum::Json<UsageView>> {
    let hour = first_hour(&state, days.days);
    let Some(site) = days.site else { return Ok(usage_view(state.registry.usage(None, hour).await?)) };
    let mut sum = super::state::Usage::new();
    for terminal in state.fleet.all().iter().filter(|t| t.site.as_str() == site) {
        for (hour, counts) in state.registry.usage(Some(&terminal.id), hour).await? {
            for (counter, n) in counts {
                *sum.entry(hour).or_default().entry(counter).or_default() += n;
            }
        }
    }
    Ok(usage_view(sum))
}
