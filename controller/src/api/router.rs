//! Every route on one screen.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Html;
use axum::routing::{get, post, put};
use migrado_protocol::limits::LOGS_BYTES_MAX;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::problem::Problem;
use super::state::ApiState;
use super::{
    access, assets, calendar, commands, content, editions, events, fleet, guard, problem, recalls,
    release_languages, releases, rollouts, schedules, session, signing_key, terminal, terminal_chunks,
    terminal_content, terminal_identity, terminal_release, terminals, timeline,
};

/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of a request with a certificate request in it, which has about 500.
const CSR_BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "MigraDo Fleet",
    version = "1",
    description = "Sessions (cookie and X-CSRF-Token) or API tokens (Authorization: Bearer). Refusals are application/problem+json."
))]
struct Document;

fn v1() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::login, session::show, session::logout))
        .routes(routes!(session::change_password))
        .routes(routes!(fleet::show))
        .routes(routes!(calendar::show, calendar::change, calendar::go_back))
        .routes(routes!(calendar::days))
        .routes(routes!(schedules::list, schedules::add))
        .routes(routes!(schedules::show, schedules::change, schedules::remove))
        .routes(routes!(schedules::pause))
        .routes(routes!(schedules::resume))
        .routes(routes!(schedules::runs))
        .routes(routes!(terminals::list, terminals::add))
        .routes(routes!(terminals::show, terminals::change, terminals::retire))
        .routes(routes!(terminals::enroll_token))
        .routes(routes!(terminals::revoke))
        .routes(routes!(timeline::timeline))
        .routes(routes!(terminals::usage))
        .routes(routes!(terminals::usage_of_all))
        .routes(routes!(commands::verbs))
        .routes(routes!(commands::preview))
        .routes(routes!(commands::list, commands::issue))
        .routes(routes!(commands::show))
        .routes(routes!(commands::cancel))
        .routes(routes!(commands::logs))
        .routes(routes!(access::audit))
        .routes(routes!(access::verify_audit))
        .routes(routes!(access::tokens, access::make_token))
        .routes(routes!(access::token, access::withdraw_token))
        .routes(routes!(access::list_users, access::make_user))
        .routes(routes!(access::show_user, access::change_user, access::remove_user))
        .routes(routes!(signing_key::show_key))
        .routes(routes!(signing_key::rotate))
        .routes(routes!(events::watch))
        .routes(routes!(releases::list, releases::publish))
        .routes(routes!(releases::freshness_key))
        .routes(routes!(releases::metadata))
        .routes(routes!(releases::show))
        .routes(routes!(release_languages::languages))
        .routes(routes!(rollouts::list, rollouts::make))
        .routes(routes!(rollouts::preview))
        .routes(routes!(rollouts::show))
        .routes(routes!(rollouts::start))
        .routes(routes!(rollouts::approve))
        .routes(routes!(rollouts::pause))
        .routes(routes!(rollouts::resume))
        .routes(routes!(rollouts::cancel))
        .routes(routes!(rollouts::back))
        .routes(routes!(editions::list_editions))
        .routes(routes!(recalls::list_recalls, recalls::add_recall))
        .routes(routes!(recalls::lift_recall))
        .routes(routes!(content::missing))
        .routes(routes!(terminal_release::set_release))
        .routes(routes!(terminal_release::retry_release))
        .routes(routes!(content::upload, content::put_object).layer(DefaultBodyLimit::disable()))
}

/// The `OpenAPI` document.
pub fn document() -> String {
    let (_, api) = v1().split_for_parts();
    api.to_pretty_json().unwrap_or_default() + "\n"
}

async fn docs() -> Html<String> {
    let (_, api) = v1().split_for_parts();
    let mut rows = String::new();
    for (path, item) in &api.paths.paths {
        for (method, operation) in
            [("GET", &item.get), ("POST", &item.post), ("PATCH", &item.patch), ("DELETE", &item.delete)]
        {
            if let Some(operation) = operation {
                let words = operation.summary.as_deref().unwrap_or_default();
                rows.push_str(&format!(
                    "<tr><td>{method}</td><td><code>{path}</code></td><td>{words}</td></tr>"
                ));
            }
        }
    }
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>MigraDo Fleet API</title>\
         <h1>MigraDo Fleet API</h1><p><a href=\"/api/openapi.json\">OpenAPI 3.1</a></p><table>{rows}</table></html>"
    ))
}

/// The console's listener: API and console.
pub fn console(state: ApiState) -> Router {
    let (api, _) = v1().split_for_parts();
    let json = ([("content-type", "application/json")], document());
    api.route_layer(from_fn_with_state(state.clone(), guard::gate))
        .route("/api/openapi.json", get(|| async { json }))
        .route("/api/docs", get(docs))
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(problem::everywhere))
        // Its default leaves event streams alone. That an attacker could guess the CSRF token by the
        // length needs requests with the session's cookie, which SameSite=Strict refuses him.
        .layer(CompressionLayer::new())
        .layer(from_fn(guard::headers))
        .with_state(state)
}

/// The console's listener with figures for programs that show an API token, and with health, which
/// is open: load balancers have no login.
pub fn console_with(state: ApiState, metrics: Router, health: Router) -> Router {
    let metrics = metrics.route_layer(from_fn_with_state(state.clone(), guard::token_gate));
    console(state).merge(metrics.merge(health).layer(from_fn(guard::headers)))
}

/// The terminals' listener.
pub fn terminals(state: ApiState) -> Router {
    let csr_limit = DefaultBodyLimit::max(CSR_BODY_BYTES_MAX);
    let question_limit = DefaultBodyLimit::max(terminal_chunks::QUESTION_BYTES_MAX);
    Router::new()
        .route("/terminal/v1/enroll", post(terminal_identity::enroll).layer(csr_limit))
        .route("/terminal/v1/renew", post(terminal_identity::renew).layer(csr_limit))
        .route("/terminal/v1/identity", get(terminal_identity::known_as))
        .route("/terminal/v1/signing-keys", get(terminal_identity::signing_keys))
        .route("/terminal/v1/time", get(terminal::time))
        .route(
            "/terminal/v1/logs/{command}",
            put(terminal::logs).layer(DefaultBodyLimit::max(LOGS_BYTES_MAX + 1)),
        )
        .route("/content/v1/metadata/{name}", get(terminal_content::metadata))
        .route("/content/v1/packs/{base}/{target}", get(terminal_content::pack))
        .route("/content/v1/objects/{sha256}", get(terminal_content::object))
        .route("/content/v1/indexes", post(terminal_chunks::indexes).layer(question_limit))
        .route("/content/v1/ranges", post(terminal_chunks::ranges).layer(question_limit))
        .fallback(|| async { Problem::not_found("address of this listener") })
        .layer(from_fn(problem::everywhere))
        .with_state(state)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_document_is_the_one_of_the_code() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let now = super::document();
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            crate::files::replace_file(std::path::Path::new(file), now.as_bytes(), 0o644).unwrap();
        }
        let committed = std::fs::read_to_string(file).unwrap_or_default();
        assert!(committed == now, "controller/openapi.json is stale: run with UPDATE_SNAPSHOTS=1");
    }
}
