//! Orders: the verbs, what an order would do, giving one, following it, taking it back.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use migrado_protocol::command::{CommandState, Rejection, Verb};
use migrado_protocol::{CommandId, TerminalId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Json, Page, Query, Tagged, etag, limit, parsed};
use super::guard::{Operator, Viewer};
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::text::{Text, text};
use crate::auth::secret;
use crate::commands::issue::{Canceling, Issue, Issued};
use crate::commands::plan::{self, Application, Target};
use crate::commands::verbs::{self, VerbInfo};
use crate::fleet::words;
use crate::store::command_steps;
use crate::store::commands::{self as rows, Filter};

/// For whom an order is: `"all"`, `{"site": ...}` or a list of terminals.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Targets {
    /// These.
    Terminals(Vec<String>),
    /// A site's.
    Site {
        /// Which.
        site: String,
    },
    /// `all`.
    Word(String),
}

/// An order.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    terminals: Targets,
    order: Verb,
    start_by_s: Option<u32>,
    finish_by_s: Option<u32>,
    force_reason: Option<String>,
    reason: Option<String>,
}

/// A display to which an order applies.
#[derive(Debug, Serialize, ToSchema)]
pub struct Applies {
    terminal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Text>,
}
/// A display to which it does not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Skipped {
    terminal: String,
    /// `not_found`, `not_enrolled`, `too_many_open`.
    code: String,
    /// The same in words.
    reason: Text,
}
/// What an order would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preview {
    applies: Vec<Applies>,
    skipped: Vec<Skipped>,
    effect: Text,
    disturbs_sessions: usize,
}
/// A step of a command's life.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    state: CommandState,
    at_ms: i64,
    by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}
/// A command.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandView {
    id: String,
    batch: String,
    terminal: String,
    order: Verb,
    state: CommandState,
    by: String,
    issued_ms: i64,
    start_by_ms: i64,
    finish_by_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection: Option<Rejection>,
    /// Why the display refused it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection_text: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until_ms: Option<i64>,
    history: Vec<StepView>,
    cancel_requested: bool,
    has_logs: bool,
    revision: i64,
}
/// An order that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Batch {
    batch: String,
    commands: Vec<CommandView>,
}

/// A command with its history.
pub async fn view(state: &ApiState, c: rows::Command) -> Answer<CommandView> {
    let steps = command_steps::of_command(&state.pool, c.id).await?;
    let step =
        |s: command_steps::Step| StepView { state: s.state, at_ms: s.at_ms, by: s.teller, detail: s.detail };
    Ok(CommandView {
        id: c.id.to_string(),
        batch: c.batch,
        terminal: c.terminal.to_string(),
        order: c.verb,
        state: c.state,
        by: c.issued_by,
        issued_ms: c.issued_ms,
        start_by_ms: c.start_by_ms,
        finish_by_ms: c.finish_by_ms,
        force_reason: c.force_reason,
        reason: c.reason,
        rejection: c.rejection,
        rejection_text: c.rejection.map(words::rejection).map(|(de, en)| text(de, en)),
        detail: c.detail,
        waits_until_ms: c.waits_until_ms,
        history: steps.into_iter().map(step).collect(),
        cancel_requested: c.cancel_requested,
        has_logs: c.has_logs,
        revision: c.revision,
    })
}

async fn views(state: &ApiState, commands: Vec<rows::Command>) -> Answer<Vec<CommandView>> {
    let mut all = Vec::with_capacity(commands.len());
    for command in commands {
        all.push(view(state, command).await?);
    }
    Ok(all)
}

fn targets(state: &ApiState, targets: &Targets) -> Answer<Vec<Target>> {
    let now_ms = state.clock.now_ms();
    let ids: Vec<TerminalId> = match targets {
        Targets::Word(word) if word == "all" => state.fleet.all().iter().map(|t| t.id.clone()).collect(),
        Targets::Word(_) => {
            return Err(Problem::field("/terminals", "use \"all\", {\"site\": ...} or a list"));
        }
        Targets::Site { site } => {
            let site =
                state.known_site(site).map_err(|message| Problem::field("/terminals/site", message))?;
            state.fleet.all().iter().filter(|t| t.site == site).map(|t| t.id.clone()).collect()
        }
        Targets::Terminals(ids) => {
            let ids: Result<std::collections::BTreeSet<_>, _> = ids.iter().map(|id| id.parse()).collect();
            let ids = ids
                .map_err(|e: migrado_protocol::ids::InvalidId| Problem::field("/terminals", e.to_string()))?;
            ids.into_iter().collect()
        }
    };
    if ids.len() > plan::TERMINALS_PER_ORDER_MAX {
        return Err(Problem::field("/terminals", "name fewer displays"));
    }
    Ok(ids
        .into_iter()
        .map(|id| {
            let known = state.fleet.get(&id);
            Target {
                known: known.is_some(),
                enrolled: known.as_ref().is_some_and(|t| t.certificate.is_some()),
                connected: state.fleet.is_connected(&id, now_ms),
                session: known.as_ref().and_then(|t| t.session_runs()).unwrap_or(false),
                open_commands: state.commands.open_count(&id),
                terminal: id,
            }
        })
        .collect())
}

fn checked(request: &OrderRequest) -> Answer<()> {
    let mut mistakes = plan::check_verb(&request.order);
    for (pointer, reason) in [("/force_reason", &request.force_reason), ("/reason", &request.reason)] {
        mistakes.extend(reason.as_ref().and_then(|r| plan::check_text(pointer, r)));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.into()) }
}

fn foresee(state: &ApiState, request: &OrderRequest) -> Answer<(Vec<Applies>, Vec<Skipped>, usize)> {
    checked(request)?;
    let (mut applies, mut skipped, mut disturbed) = (Vec::new(), Vec::new(), 0);
    for target in targets(state, &request.terminals)? {
        let terminal = target.terminal.to_string();
        match plan::apply(&request.order, request.force_reason.is_some(), &target) {
            Application::Applies(note) => {
                disturbed += usize::from(target.session && request.order.disturbs_session());
                applies.push(Applies { terminal, note });
            }
            Application::Skipped(code, reason) => {
                skipped.push(Skipped { terminal, code: code.to_owned(), reason });
            }
        }
    }
    Ok((applies, skipped, disturbed))
}

/// The verbs.
#[utoipa::path(get, path = "/api/v1/verbs", responses((status = 200, body = Vec<VerbInfo>)))]
pub async fn verbs(_: Viewer) -> axum::Json<Vec<VerbInfo>> {
    axum::Json(verbs::catalog())
}

/// What an order would do; nothing is done.
#[utoipa::path(post, path = "/api/v1/commands/preview", request_body = OrderRequest, responses((status = 200, body = Preview)))]
pub async fn preview(
    State(state): State<ApiState>,
    _: Operator,
    Json(request): Json<OrderRequest>,
) -> Answer<axum::Json<Preview>> {
    let (applies, skipped, disturbs_sessions) = foresee(&state, &request)?;
    let effect = verbs::info(&request.order).effect;
    Ok(axum::Json(Preview { applies, skipped, effect, disturbs_sessions }))
}

/// Gives an order. With the same `Idempotency-Key` it is given once, however often it is sent.
#[utoipa::path(post, path = "/api/v1/commands", request_body = OrderRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 ASCII characters, new for every order; kept for a day")),
    responses((status = 202, body = Batch)))]
pub async fn issue(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    headers: HeaderMap,
    Json(request): Json<OrderRequest>,
) -> Answer<Response> {
    let key = headers.get("idempotency-key").map(|k| k.to_str().unwrap_or_default().to_owned());
    if key.as_ref().is_some_and(|k| k.is_empty() || k.len() > 128) {
        return Err(Problem::field("Idempotency-Key", "use 1 to 128 ASCII characters"));
    }
    let hash = secret::hash(&serde_json::to_string(&request).unwrap_or_default());
    let (applies, skipped, _) = foresee(&state, &request)?;
    let defaults = verbs::times(&request.order);
    let times = plan::times(state.clock.now_ms(), defaults, request.start_by_s, request.finish_by_s)?;
    // A repetition is answered below even if the order would not apply a second time.
    if applies.is_empty() && key.is_none() {
        let detail = skipped.first().map_or("No display was named.".to_owned(), |s| s.reason.en.clone());
        return Err(Problem::new(StatusCode::CONFLICT, "applies_to_none", detail));
    }
    let issued = state
        .commands
        .issue(Issue {
            terminals: applies.iter().filter_map(|a| a.terminal.parse().ok()).collect(),
            verb: request.order,
            times,
            force_reason: request.force_reason,
            reason: request.reason,
            actor: actor.name(),
            idempotency: key.map(|key| (key, hash)),
        })
        .await?;
    let batch = match issued {
        Issued::Batch(batch) | Issued::Before(batch) => batch,
        Issued::KeyReused => {
            let detail = "This Idempotency-Key was used for another order; use a new key.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail));
        }
    };
    let filter = Filter { batch: Some(batch.clone()), ..Filter::default() };
    let made = rows::list(&state.pool, &filter, i64::MAX).await?;
    if made.is_empty() {
        let detail = skipped.first().map_or("No display was named.".to_owned(), |s| s.reason.en.clone());
        return Err(Problem::new(StatusCode::CONFLICT, "applies_to_none", detail));
    }
    let location = format!("/api/v1/commands?batch={batch}");
    let body = Batch { batch, commands: views(&state, made).await? };
    let mut response = (StatusCode::ACCEPTED, axum::Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Which commands.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    terminal: Option<String>,
    batch: Option<String>,
    #[param(inline)]
    state: Option<CommandState>,
    open: Option<bool>,
    limit: Option<u32>,
    after: Option<String>,
}

/// Commands, the newest first.
#[utoipa::path(get, path = "/api/v1/commands", params(Asked), responses((status = 200, body = Page<CommandView>)))]
pub async fn list(
    State(state): State<ApiState>,
    _: Viewer,
    Query(asked): Query<Asked>,
) -> Answer<axum::Json<Page<CommandView>>> {
    let limit = limit(asked.limit)?;
    let terminal: Option<TerminalId> = parsed("terminal", asked.terminal.as_deref(), "name a display")?;
    let batch: Option<uuid::Uuid> = parsed("batch", asked.batch.as_deref(), "use the `batch` of an order")?;
    let after: Option<CommandId> = parsed("after", asked.after.as_deref(), "use what `next` said")?;
    let filter = Filter {
        terminal: terminal.map(|id| id.to_string()),
        batch: batch.map(|id| id.to_string()),
        state: asked.state.map(|state| state.word().to_owned()),
        open: asked.open.unwrap_or(false),
        after: after.map(|id| id.to_string()),
    };
    let found = rows::list(&state.pool, &filter, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let items = views(&state, found).await?;
    Ok(axum::Json(Page::cut(items, limit, |c| c.id.clone())))
}

async fn find(state: &ApiState, id: &str) -> Answer<rows::Command> {
    let id: CommandId = id.parse().map_err(|_| Problem::not_found("command"))?;
    rows::get(&state.pool, id).await?.ok_or_else(|| Problem::not_found("command"))
}

/// One command.
#[utoipa::path(get, path = "/api/v1/commands/{id}", responses((status = 200, body = CommandView)))]
pub async fn show(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
) -> Answer<Tagged<CommandView>> {
    let command = find(&state, &id).await?;
    let tag = etag(command.revision);
    Ok(Tagged(view(&state, command).await?, tag))
}

/// Takes a command back. Doing it twice is doing it once, and whether it is too late is decided on
/// the command as it is, so it needs no `If-Match` and no `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/commands/{id}/cancel", responses((status = 200, body = CommandView)))]
pub async fn cancel(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
) -> Answer<axum::Json<CommandView>> {
    let command = find(&state, &id).await?;
    match state.commands.cancel(command.id, &actor.name()).await? {
        Canceling::Done | Canceling::Asked => Ok(axum::Json(view(&state, find(&state, &id).await?).await?)),
        Canceling::TooLate(now) => {
            let detail = format!("The command is {} and cannot be taken back any more.", now.word());
            Err(Problem::new(StatusCode::CONFLICT, "too_late", detail))
        }
        Canceling::Unknown => Err(Problem::not_found("command")),
    }
}

/// What a command brought back.
#[utoipa::path(get, path = "/api/v1/commands/{id}/logs", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn logs(State(state): State<ApiState>, _: Operator, Path(id): Path<String>) -> Answer<String> {
    let command = find(&state, &id).await?;
    rows::logs(&state.pool, command.id).await?.ok_or_else(|| Problem::not_found("log of this command"))
}
