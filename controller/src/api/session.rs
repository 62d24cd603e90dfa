//! Logging in and out, and one's own password.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Json, changed_meanwhile};
use super::guard::{Address, COOKIE, Viewer};
use super::problem::{Answer, Problem};
use super::state::ApiState;
use crate::auth::accounts::{Changed, LoginError};
use crate::auth::{Actor, Proof, Role, SESSION_ABSOLUTE_MS, password};

/// A login.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    name: String,
    password: String,
}

/// Who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    user: String,
    role: Role,
    csrf_token: String,
    expires_ms: i64,
}

fn view(actor: Actor) -> Session {
    let (csrf_token, expires_ms) = match actor.proof {
        Proof::Session { csrf_token, expires_ms, .. } => (csrf_token, expires_ms),
        Proof::Token { .. } => (String::new(), i64::from(u32::MAX) * 1000),
    };
    Session { user: actor.user, role: actor.role, csrf_token, expires_ms }
}

fn with_cookie(mut response: Response, value: &str, age_s: i64) -> Response {
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age={age_s}; Secure; HttpOnly; SameSite=Strict");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn refused(error: LoginError) -> Problem {
    match error {
        LoginError::Wrong => {
            let detail = "Name or password is wrong.";
            Problem::new(StatusCode::UNAUTHORIZED, "wrong_login", detail)
        }
        LoginError::TooMany { wait_ms } => Problem::too_many(wait_ms),
        LoginError::Store(error) => error.into(),
        LoginError::Password(error) => error.into(),
    }
}

/// Logs in.
#[utoipa::path(post, path = "/api/v1/session", request_body = Login, responses((status = 200, body = Session)))]
pub async fn login(
    State(state): State<ApiState>,
    Address(address): Address,
    Json(login): Json<Login>,
) -> Answer<Response> {
    if login.password.chars().count() > password::PASSWORD_CHARS_MAX || login.name.chars().count() > 64 {
        return Err(refused(LoginError::Wrong));
    }
    let begun = state.accounts.login(&login.name, login.password, &address, state.clock.now_ms()).await;
    let begun = begun.map_err(refused)?;
    let response = axum::Json(view(begun.actor)).into_response();
    Ok(with_cookie(response, &begun.cookie, SESSION_ABSOLUTE_MS / 1000))
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/v1/session", responses((status = 200, body = Session)))]
pub async fn show(Viewer(actor): Viewer) -> axum::Json<Session> {
    axum::Json(view(actor))
}

/// Logs out.
#[utoipa::path(delete, path = "/api/v1/session", responses((status = 204)))]
pub async fn logout(State(state): State<ApiState>, Viewer(actor): Viewer) -> Answer<Response> {
    if let Proof::Session { token_hash, .. } = &actor.proof {
        state.accounts.logout(&actor.user, token_hash, state.clock.now_ms()).await?;
    }
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), "", 0))
}

/// A change of one's own password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    old_password: String,
    new_password: String,
}

/// Changes one's own password; every session ends. Needs a session: a token changes no account.
#[utoipa::path(post, path = "/api/v1/session/password", request_body = NewPassword, responses((status = 204)))]
pub async fn change_password(
    State(state): State<ApiState>,
    Viewer(actor): Viewer,
    Address(address): Address,
    Json(change): Json<NewPassword>,
) -> Answer<StatusCode> {
    needs_session(&actor, "change a password")?;
    password::check_new(&change.new_password, &actor.user)
        .map_err(|message| Problem::field("/new_password", message))?;
    let NewPassword { old_password, new_password } = change;
    let now_ms = state.clock.now_ms();
    let changed =
        state.accounts.change_own_password(&actor.user, old_password, new_password, &address, now_ms).await;
    match changed.map_err(refused)? {
        Changed::Done => Ok(StatusCode::NO_CONTENT),
        Changed::Meanwhile | Changed::LastAdmin => Err(changed_meanwhile()),
    }
}

/// Refuses an API token where only a person may act.
pub(super) fn needs_session(actor: &Actor, what: &str) -> Answer<()> {
    match actor.proof {
        Proof::Session { .. } => Ok(()),
        Proof::Token { .. } => {
            let detail = format!("Log in with name and password to {what}.");
            Err(Problem::new(StatusCode::FORBIDDEN, "session_required", detail))
        }
    }
}
