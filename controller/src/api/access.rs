//! The audit log, API tokens and accounts.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Json, Nothing, Page, Query, Tagged, changed_meanwhile, etag, limit, require_match};
use super::guard::{Admin, Viewer};
use super::problem::{Answer, Problem};
use super::session::needs_session;
use super::state::ApiState;
use super::text::{DISRUPTIVE, Text, is_disruptive, text};
use crate::audit::{Entry, Outcome, Row, VerifyError};
use crate::auth::accounts::{Change, Changed, LoginError};
use crate::auth::{Actor, Role, password};
use crate::fleet::words;
use crate::store::{StoreError, api_tokens, audit as audit_rows, users};

/// Where a list goes on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Cursor {
    limit: Option<u32>,
    after: Option<i64>,
}
/// An audit entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    id: i64,
    at_ms: i64,
    actor: String,
    action: String,
    /// What was done, in words.
    text: Text,
    object: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    result: Outcome,
}

fn audit_view(row: Row) -> AuditView {
    let Row { id, entry, .. } = row;
    let (de, en) = words::action(&entry.action);
    AuditView {
        id,
        at_ms: entry.at_ms,
        actor: entry.actor,
        action: entry.action,
        text: text(de, en),
        object: entry.object,
        detail: entry.detail,
        result: entry.result,
    }
}

/// Who did what, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", params(Cursor), responses((status = 200, body = Page<AuditView>)))]
pub async fn audit(
    State(state): State<ApiState>,
    _: Admin,
    Query(cursor): Query<Cursor>,
) -> Answer<axum::Json<Page<AuditView>>> {
    let limit = limit(cursor.limit)?;
    let count = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let before = cursor.after.unwrap_or(i64::MAX);
    let rows = audit_rows::before(&state.pool, before, None, count).await?;
    let items = rows.into_iter().map(audit_view).collect();
    Ok(axum::Json(Page::cut(items, limit, |a| a.id.to_string())))
}

/// Whether the audit log is whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verification {
    /// Whether every entry is there as it was written.
    ok: bool,
    /// Entries that were checked; when it is not whole, the first one that does not fit.
    row: i64,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
}

/// Checks the whole audit log: a changed, inserted or removed entry is found.
#[utoipa::path(get, path = "/api/v1/audit/verification", responses((status = 200, body = Verification)))]
pub async fn verify_audit(State(state): State<ApiState>, _: Admin) -> Answer<axum::Json<Verification>> {
    match crate::audit::verify(&state.pool).await {
        Ok(row) => Ok(axum::Json(Verification { ok: true, row, what: None })),
        Err(VerifyError::Tampered(found)) => {
            Ok(axum::Json(Verification { ok: false, row: found.row, what: Some(found.what.to_owned()) }))
        }
        Err(VerifyError::Store(error)) => Err(error.into()),
    }
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    id: String,
    name: String,
    user: String,
    role: Role,
    created_ms: i64,
    /// The token itself; only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

fn token_view(t: api_tokens::ApiToken, token: Option<String>) -> TokenView {
    TokenView { id: t.id, name: t.name, user: t.user, role: t.role, created_ms: t.created_ms, token }
}

/// API tokens: one's own, an administrator's view has all.
#[utoipa::path(get, path = "/api/v1/api-tokens", responses((status = 200, body = Page<TokenView>)))]
pub async fn tokens(
    State(state): State<ApiState>,
    Viewer(actor): Viewer,
    _: Query<Nothing>,
) -> Answer<axum::Json<Page<TokenView>>> {
    let of = (actor.role < Role::Admin).then_some(actor.user.as_str());
    let items = api_tokens::all(&state.pool, of).await?;
    let items = items.into_iter().map(|t| token_view(t, None)).collect();
    Ok(axum::Json(Page { items, next: None }))
}

/// A wish for an API token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    name: String,
    role: Option<Role>,
}

/// Makes an API token; it is told only now. Needs a session: a token makes no tokens. Its secret is
/// kept by nobody, so a repeated request makes another token and `Idempotency-Key` is not taken.
#[utoipa::path(post, path = "/api/v1/api-tokens", request_body = NewToken, responses((status = 201, body = TokenView)))]
pub async fn make_token(
    State(state): State<ApiState>,
    Viewer(actor): Viewer,
    Json(wish): Json<NewToken>,
) -> Answer<Response> {
    needs_session(&actor, "make a token")?;
    let name = wish.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(Problem::field("/name", "use 1 to 100 characters"));
    }
    if name.chars().any(is_disruptive) {
        return Err(Problem::field("/name", DISRUPTIVE));
    }
    let role = wish.role.unwrap_or(actor.role).min(actor.role);
    let made = state.accounts.make_token(&Actor { role, ..actor }, name, state.clock.now_ms()).await?;
    Ok((StatusCode::CREATED, axum::Json(token_view(made.0, Some(made.1)))).into_response())
}

async fn own_token(state: &ApiState, actor: &Actor, id: &str) -> Answer<api_tokens::ApiToken> {
    let token = api_tokens::get(&state.pool, id).await?;
    token
        .filter(|t| actor.role == Role::Admin || t.user == actor.user)
        .ok_or_else(|| Problem::not_found("API token"))
}

/// One API token.
#[utoipa::path(get, path = "/api/v1/api-tokens/{id}", responses((status = 200, body = TokenView)))]
pub async fn token(
    State(state): State<ApiState>,
    Viewer(actor): Viewer,
    Path(id): Path<String>,
) -> Answer<Tagged<TokenView>> {
    Ok(Tagged(token_view(own_token(&state, &actor, &id).await?, None), etag(1)))
}

/// Withdraws an API token.
#[utoipa::path(delete, path = "/api/v1/api-tokens/{id}", responses((status = 204)))]
pub async fn withdraw_token(
    State(state): State<ApiState>,
    Viewer(actor): Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let token = own_token(&state, &actor, &id).await?;
    require_match(&headers, &etag(1))?;
    let fail = StoreError::of("withdraw an API token");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    api_tokens::delete(&mut tx, &id).await?;
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "token.withdraw", id).detail(token.name);
    audit_rows::append_in(&mut tx, entry).await?;
    tx.commit().await.map_err(fail)?;
    Ok(StatusCode::NO_CONTENT)
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    name: String,
    role: Role,
    created_ms: i64,
    revision: i64,
}

fn user_view(u: users::User) -> UserView {
    UserView { name: u.name, role: u.role, created_ms: u.created_ms, revision: u.revision }
}

/// Accounts.
#[utoipa::path(get, path = "/api/v1/users", responses((status = 200, body = Page<UserView>)))]
pub async fn list_users(
    State(state): State<ApiState>,
    _: Admin,
    _: Query<Nothing>,
) -> Answer<axum::Json<Page<UserView>>> {
    let items = users::all(&state.pool).await?.into_iter().map(user_view).collect();
    Ok(axum::Json(Page { items, next: None }))
}

async fn find_user(state: &ApiState, name: &str) -> Answer<users::User> {
    users::find(&state.pool, name).await?.ok_or_else(|| Problem::not_found("account"))
}

/// One account.
#[utoipa::path(get, path = "/api/v1/users/{name}", responses((status = 200, body = UserView)))]
pub async fn show_user(
    State(state): State<ApiState>,
    _: Admin,
    Path(name): Path<String>,
) -> Answer<Tagged<UserView>> {
    let user = find_user(&state, &name).await?;
    let tag = etag(user.revision);
    Ok(Tagged(user_view(user), tag))
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    name: String,
    role: Role,
    password: String,
}

fn internal(error: &LoginError) -> Problem {
    Problem::internal(error)
}

/// Makes an account. Its name makes a repeated request known: that is answered 409 `exists`, so
/// `Idempotency-Key` is not taken.
#[utoipa::path(post, path = "/api/v1/users", request_body = NewUser, responses((status = 201, body = UserView)))]
pub async fn make_user(
    State(state): State<ApiState>,
    Admin(actor): Admin,
    Json(new): Json<NewUser>,
) -> Answer<Response> {
    let fits = (1..=64).contains(&new.name.len())
        && new.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b));
    if !fits {
        return Err(Problem::field("/name", "use 1 to 64 letters, digits or . _ - @"));
    }
    password::check_new(&new.password, &new.name).map_err(|m| Problem::field("/password", m))?;
    let (now_ms, by) = (state.clock.now_ms(), actor.name());
    let made = state.accounts.make(&by, &new.name, new.role, new.password, now_ms).await;
    if !made.map_err(|e| internal(&e))? {
        return Err(Problem::new(StatusCode::CONFLICT, "exists", "There is such an account already."));
    }
    let user = find_user(&state, &new.name).await?;
    Ok((StatusCode::CREATED, axum::Json(user_view(user))).into_response())
}

/// A change of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    role: Option<Role>,
    password: Option<String>,
}

fn outcome(changed: Changed) -> Answer<()> {
    match changed {
        Changed::Done => Ok(()),
        Changed::Meanwhile => Err(changed_meanwhile()),
        Changed::LastAdmin => {
            let detail = "This is the last administrator; make another one first.";
            Err(Problem::new(StatusCode::CONFLICT, "last_admin", detail))
        }
    }
}

/// Changes an account; with a new password its sessions end.
#[utoipa::path(patch, path = "/api/v1/users/{name}", request_body = UserChange, responses((status = 200, body = UserView)))]
pub async fn change_user(
    State(state): State<ApiState>,
    Admin(actor): Admin,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(change): Json<UserChange>,
) -> Answer<Tagged<UserView>> {
    let user = find_user(&state, &name).await?;
    require_match(&headers, &etag(user.revision))?;
    if let Some(new) = &change.password {
        password::check_new(new, &name).map_err(|m| Problem::field("/password", m))?;
    }
    let change = Change {
        by: actor.name(),
        action: "user.change",
        role: change.role.unwrap_or(user.role),
        password: change.password,
    };
    let changed = state.accounts.change(&user, change, state.clock.now_ms()).await;
    outcome(changed.map_err(|e| internal(&e))?)?;
    let user = find_user(&state, &name).await?;
    let tag = etag(user.revision);
    Ok(Tagged(user_view(user), tag))
}

/// Removes an account with its sessions and tokens.
#[utoipa::path(delete, path = "/api/v1/users/{name}", responses((status = 204)))]
pub async fn remove_user(
    State(state): State<ApiState>,
    Admin(actor): Admin,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let user = find_user(&state, &name).await?;
    require_match(&headers, &etag(user.revision))?;
    let removed = state.accounts.remove(&user, &actor.name(), state.clock.now_ms()).await;
    outcome(removed.map_err(|e| internal(&e))?)?;
    Ok(StatusCode::NO_CONTENT)
}
