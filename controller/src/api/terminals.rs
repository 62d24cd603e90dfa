//! Terminals: list, one, its usage; adding, changing, retiring, enrolment tokens.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use migrado_protocol::{SiteId, TerminalId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::convert;
use super::extract::{Json, Page, Query, Tagged, changed_meanwhile, etag, limit, parsed, require_match};
use super::guard::{Admin, Operator, Viewer};
use super::problem::{Answer, FieldError, Problem};
use super::state::ApiState;
use super::text::{DISRUPTIVE, is_disruptive};
use super::views::{Status, TerminalDetail, TerminalSummary, UsageHourView, UsageView};
use crate::audit::Entry;
use crate::config::LANGUAGES;
use crate::fleet::Terminal;
use crate::pki::token::{TOKEN_LIFE_MS, mint};
use crate::store::{
    StoreError, audit as audit_rows, certificates, desired as desired_rows, enroll_tokens, releases,
    terminals as rows,
};

const HOUR_MS: i64 = 3_600_000;
/// Days of usage at most: a quarter.
const USAGE_DAYS_MAX: u32 = 92;
/// Days of usage when nobody asks for a number.
const USAGE_DAYS_DEFAULT: u32 = 7;
/// Characters of a label.
const LABEL_CHARS_MAX: usize = 80;

/// Which terminals.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
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
    let site = known_site(&state, asked.site.as_deref())?;
    let after: Option<TerminalId> = parsed("after", asked.after.as_deref(), "use what `next` said")?;
    let items: Vec<_> = state
        .fleet
        .all()
        .iter()
        .filter(|t| after.as_ref().is_none_or(|after| t.id > *after))
        .filter(|t| site.as_ref().is_none_or(|site| t.site == *site))
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
pub(super) fn tag(t: &Terminal, generation: u64) -> String {
    let serial = t.certificate.as_ref().map_or("-", |c| c.serial.as_str());
    etag(format!("{generation}-{serial}"))
}

pub(super) async fn detail(state: &ApiState, t: &Terminal) -> Answer<Tagged<TerminalDetail>> {
    let now_ms = state.clock.now_ms();
    let mut view = convert::detail(state, t, now_ms);
    let stored = crate::desired::stored(state, t).await?;
    let tag = tag(t, stored.generation());
    if stored.body.is_some() {
        (view.desired, view.desired_at_ms) = (stored.body, Some(stored.changed_ms));
    }
    // 24 hours stand for "today" until the calendar knows Berlin's midnight.
    for counts in state.registry.usage(Some(&t.id), now_ms / HOUR_MS - 23).await?.into_values() {
        for (counter, n) in counts {
            *view.usage_today.entry(counter).or_default() += n;
        }
    }
    Ok(Tagged(view, tag))
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

/// The site that a list is asked for.
fn known_site(state: &ApiState, asked: Option<&str>) -> Answer<Option<SiteId>> {
    let known = |id: &str| state.known_site(id).map_err(|message| Problem::field("site", message));
    asked.map(known).transpose()
}

fn site(state: &ApiState, id: &str) -> Answer<SiteId> {
    let known = state.settings.sites.iter().find(|s| s.id.as_str() == id);
    known.map(|s| s.id.clone()).ok_or_else(|| Problem::field("/site", "name a configured site"))
}

fn label(text: &str) -> Answer<String> {
    let text = text.trim();
    if !(1..=LABEL_CHARS_MAX).contains(&text.chars().count()) {
        return Err(Problem::field("/label", format!("use 1 to {LABEL_CHARS_MAX} characters")));
    }
    if text.chars().any(is_disruptive) {
        return Err(Problem::field("/label", DISRUPTIVE));
    }
    Ok(text.to_owned())
}

/// A new terminal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTerminal {
    id: String,
    site: String,
    label: String,
}

/// Adds a terminal. Its identity makes a repeated request known: that is answered 409 `exists`, so
/// `Idempotency-Key` is not taken.
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
    let fail = StoreError::of("add a terminal");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    rows::put(&mut tx, &terminal).await?;
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "terminal.add", terminal.id.as_str());
    audit_rows::append_in(&mut tx, entry).await?;
    tx.commit().await.map_err(fail)?;
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
    let mut stored = crate::desired::stored(&state, &terminal).await?;
    let decided_on = stored.generation();
    require_match(&headers, &tag(&terminal, decided_on))?;
    if let Some(text) = &change.label {
        terminal.label = label(text)?;
    }
    if let Some(id) = &change.site {
        terminal.site = site(&state, id)?;
    }
    if change.session_idle_s.is_some_and(|s| !(10..=3600).contains(&s)) {
        return Err(Problem::field("/session_idle_s", "use 10 to 3600 seconds"));
    }
    if let Some(languages) = &change.languages {
        known_languages(languages)?;
    }
    let now_ms = state.clock.now_ms();
    stored.settings.session_idle_s = change.session_idle_s.or(stored.settings.session_idle_s);
    stored.settings.languages = change.languages.or(stored.settings.languages);
    let recalled = releases::recalled(&state.pool).await?;
    let generation = crate::desired::renew(&state, &terminal, &mut stored, &recalled, now_ms);
    let fail = StoreError::of("change a terminal");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !desired_rows::put(&mut tx, &stored, decided_on).await? {
        return Err(changed_meanwhile());
    }
    rows::put(&mut tx, &terminal).await?;
    let entry = Entry::ok(now_ms, actor.name(), "terminal.change", &id);
    audit_rows::append_in(&mut tx, entry.detail(format!("generation {generation}"))).await?;
    tx.commit().await.map_err(fail)?;
    let (site, label) = (terminal.site.clone(), terminal.label.clone());
    state.fleet.change(&terminal.id, |t| {
        (t.site, t.label, t.desired_generation) = (site, label, generation);
        ((), true)
    });
    let now = find(&state, &id)?;
    state.desired_changed.notify_one();
    detail(&state, &now).await
}

fn known_languages(languages: &[String]) -> Answer<()> {
    let wrong = |n: usize| FieldError {
        pointer: format!("/languages/{n}"),
        message: format!("use one of {}", LANGUAGES.join(", ")),
    };
    let unknown = |(n, tag): (usize, &String)| (!LANGUAGES.contains(&tag.as_str())).then(|| wrong(n));
    let errors: Vec<FieldError> = languages.iter().enumerate().filter_map(unknown).collect();
    if languages.is_empty() {
        return Err(Problem::field("/languages", "name at least one language"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
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
    let stored = crate::desired::stored(&state, &terminal).await?;
    require_match(&headers, &tag(&terminal, stored.generation()))?;
    let id = terminal.id.as_str();
    let now_ms = state.clock.now_ms();
    let entry = Entry::ok(now_ms, actor.name(), "terminal.retire", id);
    let fail = StoreError::of("forget a terminal");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    if !desired_rows::delete(&mut tx, id, stored.generation()).await? {
        return Err(changed_meanwhile());
    }
    certificates::void(&mut tx, id, now_ms).await?;
    enroll_tokens::void(&mut tx, id).await?;
    audit_rows::append_in(&mut tx, entry).await?;
    rows::delete(&mut tx, id).await?;
    tx.commit().await.map_err(fail)?;
    state.fleet.remove(&terminal.id);
    state.identities.tell_revocations(now_ms).await;
    state.registry.kick(&terminal.id).await;
    state.events.removed();
    Ok(StatusCode::NO_CONTENT)
}

/// Voids a terminal's certificate and throws it out; it may be enrolled anew. Doing it twice is
/// doing it once, whatever state it is in, so it needs no `If-Match` and no `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/terminals/{id}/revoke", responses((status = 200, body = TerminalDetail)))]
pub async fn revoke(
    State(state): State<ApiState>,
    Admin(actor): Admin,
    Path(id): Path<String>,
) -> Answer<Tagged<TerminalDetail>> {
    let terminal = find(&state, &id)?;
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "terminal.revoke", terminal.id.as_str());
    state.identities.revoke(&terminal.id, entry).await?;
    let now = find(&state, &id)?;
    state.registry.kick(&now.id).await;
    detail(&state, &now).await
}

/// A token to enroll a terminal, told only now.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrollToken {
    token: String,
    expires_ms: i64,
    command: String,
}

/// Makes a one-time token to enroll a terminal. Its secret is kept by nobody, so a repeated request
/// makes another token and `Idempotency-Key` is not taken: whatever is not used ends in 30 minutes.
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
#[into_params(parameter_in = Query)]
pub struct Days {
    days: Option<u32>,
}

/// How far back, and where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DaysOfSite {
    days: Option<u32>,
    site: Option<String>,
}

fn first_hour(state: &ApiState, days: Option<u32>) -> Answer<i64> {
    let days = days.unwrap_or(USAGE_DAYS_DEFAULT);
    if !(1..=USAGE_DAYS_MAX).contains(&days) {
        return Err(Problem::field("days", format!("use 1 to {USAGE_DAYS_MAX}")));
    }
    Ok(state.clock.now_ms() / HOUR_MS - i64::from(days) * 24)
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
    let hour = first_hour(&state, days.days)?;
    Ok(usage_view(state.registry.usage(Some(&terminal.id), hour).await?))
}

/// What visitors used at a site or everywhere.
#[utoipa::path(get, path = "/api/v1/usage", params(DaysOfSite), responses((status = 200, body = UsageView)))]
pub async fn usage_of_all(
    State(state): State<ApiState>,
    _: Viewer,
    Query(asked): Query<DaysOfSite>,
) -> Answer<axum::Json<UsageView>> {
    let hour = first_hour(&state, asked.days)?;
    let Some(site) = known_site(&state, asked.site.as_deref())? else {
        return Ok(usage_view(state.registry.usage(None, hour).await?));
    };
    let mut sum = super::state::Usage::new();
    for terminal in state.fleet.all().iter().filter(|t| t.site == site) {
        for (hour, counts) in state.registry.usage(Some(&terminal.id), hour).await? {
            for (counter, n) in counts {
                *sum.entry(hour).or_default().entry(counter).or_default() += n;
            }
        }
    }
    Ok(usage_view(sum))
}
