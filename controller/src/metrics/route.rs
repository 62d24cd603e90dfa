//! The address `/metrics`: gathers what is told besides the fleet, and gives the text.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::{Counts, Others, text};
use crate::api::state::ApiState;
use crate::broker::Refusals;
use crate::store;
use crate::usage::Totals;

/// Where the figures come from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Fleet, commands, database, clock.
    pub state: ApiState,
    /// What was refused.
    pub refusals: Refusals,
    /// What was taken.
    pub counts: Counts,
    /// What visitors used.
    pub totals: Totals,
    /// Whether the audit log was whole when it was last checked.
    pub audit_whole: Arc<AtomicBool>,
}

/// The router of that one address.
pub fn router(sources: Sources) -> axum::Router {
    axum::Router::new().route("/metrics", get(metrics)).with_state(sources)
}

async fn metrics(State(sources): State<Sources>) -> Response {
    let others = others(&sources).await;
    let Sources { state, counts, .. } = sources;
    match text(&state.fleet, &counts, &others, state.clock.now_ms()) {
        // Prometheus 3 takes no text whose format is not named.
        Ok(text) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn others(sources: &Sources) -> Others {
    let Sources { state, refusals, totals, audit_whole, .. } = sources;
    let mut commands = state.commands.open_states();
    let unreadable = store::commands::count_unreadable(&state.pool).await.unwrap_or_default();
    if unreadable > 0 {
        commands.insert("unreadable".to_owned(), unreadable);
    }
    let (refused, usage) = (refusals.counts(), totals.by_site(&state.fleet));
    let (steps, states) = store::rollouts::counts(&state.pool).await.unwrap_or_default();
    let sites = state.calendars.all();
    Others {
        refused,
        commands,
        rollout_displays: steps.into_iter().map(|(step, n)| (step.word(), n)).collect(),
        rollouts: states.into_iter().map(|(state, n)| (state.word(), n)).collect(),
        usage,
        sites,
        audit_whole: audit_whole.load(Ordering::Relaxed),
    }
}
