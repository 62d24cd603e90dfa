//! The event stream: present states of what changed, resumed by id, or an explicit `resync`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::commands::view as command_view;
use super::convert::summary;
use super::extract::Query;
use super::fleet::view as fleet_view;
use super::guard::Viewer;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::streams::Place;
use crate::auth::{Actor, Proof, SESSION_IDLE_MS};
use crate::events::Key;
use crate::store::commands as rows;

/// Things rendered at once.
const CHUNK: usize = 256;
/// Time in which changes are gathered: unnoticeable, and a busy fleet costs one rendering each.
const GATHER: Duration = Duration::from_millis(100);
/// Least time between two `fleet` events.
const FLEET_PERIOD: Duration = Duration::from_secs(1);
/// Time between two comments that show the line is alive.
const COMMENT_PERIOD: Duration = Duration::from_secs(10);
/// Time between two looks whether the watcher may still watch.
const RECHECK_PERIOD: Duration = Duration::from_secs(30);

/// Where to go on, for those who cannot send the header.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct From {
    last_event_id: Option<u64>,
}

struct Watcher {
    state: ApiState,
    actor: Actor,
    cursor: u64,
    ready: VecDeque<Event>,
    head: tokio::sync::watch::Receiver<u64>,
    fleet_at: Option<Instant>,
    fleet_due: bool,
    checked_at: Instant,
    /// Its place among the streams, free again when it is gone.
    _place: Place,
}

fn event(name: &str, id: Option<u64>, data: &Value) -> Event {
    // JSON has no raw line breaks: no data can end the frame.
    let event = Event::default().event(name).data(data.to_string());
    match id {
        Some(id) => event.id(id.to_string()),
        None => event,
    }
}

impl Watcher {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.checked_at.elapsed() >= RECHECK_PERIOD && !self.may_still_watch().await {
                return None;
            }
            self.gather().await;
            if !self.ready.is_empty() {
                continue;
            }
            let fleet_in = match (self.fleet_due, self.fleet_at) {
                (true, Some(at)) => FLEET_PERIOD.saturating_sub(at.elapsed()),
                (true, None) => Duration::ZERO,
                (false, _) => RECHECK_PERIOD,
            };
            // Cancel-safe: the receiver keeps what it has not seen.
            tokio::select! {
                changed = self.head.changed() => {
                    if changed.is_err() {
                        return None;
                    }
                    tokio::time::sleep(GATHER).await;
                }
                () = tokio::time::sleep(fleet_in.min(RECHECK_PERIOD)) => {}
            }
        }
    }

    async fn may_still_watch(&mut self) -> bool {
        self.checked_at = Instant::now();
        let now_ms = self.state.clock.now_ms();
        match &self.actor.proof {
            Proof::Session { token_hash, expires_ms, .. } => {
                // Watching is not using: a console that is left open ends like any other session.
                let found = crate::store::sessions::find(&self.state.pool, token_hash).await;
                now_ms < *expires_ms
                    && matches!(found, Ok(Some(session)) if now_ms < session.last_used_ms + SESSION_IDLE_MS)
            }
            Proof::Token { id, .. } => {
                matches!(crate::store::api_tokens::get(&self.state.pool, id).await, Ok(Some(_)))
            }
        }
    }

    async fn gather(&mut self) {
        self.head.borrow_and_update();
        let Some(changes) = self.state.events.since(self.cursor, CHUNK) else {
            self.resync();
            return;
        };
        let now_ms = self.state.clock.now_ms();
        for (id, key) in changes {
            self.cursor = id;
            self.fleet_due = true;
            let rendered = match key {
                Key::Terminal(terminal) => self
                    .state
                    .fleet
                    .get(&terminal)
                    .and_then(|t| serde_json::to_value(summary(&self.state, &t, now_ms)).ok())
                    .map(|data| event("terminal", Some(id), &data)),
                Key::Command(command) => match rows::get(&self.state.pool, command).await {
                    Ok(Some(c)) => command_view(&self.state, c)
                        .await
                        .ok()
                        .and_then(|v| serde_json::to_value(v).ok())
                        .map(|data| event("command", Some(id), &data)),
                    _ => None,
                },
                Key::Rollout(rollout) => super::rollouts::summary_of(&self.state, rollout)
                    .await
                    .and_then(|view| serde_json::to_value(view).ok())
                    .map(|data| event("rollout", Some(id), &data)),
                Key::Removed => Some(event("resync", Some(id), &json!({ "revision": id }))),
            };
            self.ready.extend(rendered);
        }
        if self.fleet_due && self.fleet_at.is_none_or(|at| at.elapsed() >= FLEET_PERIOD) {
            let fleet = fleet_view(&self.state);
            let data = json!({ "revision": fleet.revision, "now_ms": fleet.now_ms, "counts": fleet.counts });
            self.ready.push_back(event("fleet", None, &data));
            (self.fleet_due, self.fleet_at) = (false, Some(Instant::now()));
        }
    }

    fn resync(&mut self) {
        self.cursor = self.state.events.revision();
        let data = json!({ "revision": self.cursor });
        self.ready.push_back(event("resync", Some(self.cursor), &data));
    }
}

/// What changes, as it changes. `Last-Event-ID` resumes.
/// An account may hold 20 of them, the controller 500; the next one is answered 429. A stream ends
/// with the session that it was opened in, also when nobody used that for 30 minutes.
#[utoipa::path(get, path = "/api/v1/events", params(From), responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn watch(
    State(state): State<ApiState>,
    Viewer(actor): Viewer,
    headers: HeaderMap,
    Query(from): Query<From>,
) -> Answer<Response> {
    let place = state.streams.take(&actor.user).ok_or_else(too_many_streams)?;
    let given = headers.get("last-event-id").and_then(|v| v.to_str().ok());
    let last = match given {
        // An id that is not one of ours is answered with `resync`, like one that is too old.
        Some(text) => Some(text.parse().unwrap_or(0)),
        None => from.last_event_id,
    };
    let revision = state.events.revision();
    let hello = json!({ "revision": revision, "now_ms": state.clock.now_ms() });
    let hello = event("hello", last.is_none().then_some(revision), &hello);
    let watcher = Watcher {
        head: state.events.watch(),
        state,
        actor,
        cursor: last.unwrap_or(revision),
        ready: VecDeque::from([hello]),
        fleet_at: None,
        fleet_due: false,
        checked_at: Instant::now(),
        _place: place,
    };
    let events = stream::unfold(watcher, |mut watcher| async move {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    let keep_alive = KeepAlive::new().interval(COMMENT_PERIOD).text("alive");
    let unbuffered = [(header::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(events).keep_alive(keep_alive)).into_response())
}

fn too_many_streams() -> Problem {
    let detail = "Too many event streams are open; close others, or ask less often.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", detail)
}

#[cfg(test)]
mod tests {
    use super::super::guard::COOKIE;
    use super::super::tests::World;
    use super::*;
    use crate::clock::Clock;

    #[tokio::test]
    async fn a_stream_ends_with_its_session_also_when_nobody_uses_that() {
        let world = World::new().await;
        let now_ms = world.state.clock.now_ms();
        let cookie = world.cookie.strip_prefix(COOKIE).and_then(|c| c.strip_prefix('=')).unwrap();
        let actor = world.state.accounts.of_cookie(cookie, now_ms).await.unwrap().unwrap();
        let at = |state: &ApiState, passed_ms: i64| Watcher {
            head: state.events.watch(),
            state: ApiState { clock: Clock::of(move || now_ms + passed_ms), ..state.clone() },
            actor: actor.clone(),
            cursor: 0,
            ready: VecDeque::new(),
            fleet_at: None,
            fleet_due: false,
            checked_at: Instant::now(),
            _place: state.streams.take("admin").unwrap(),
        };
        assert!(at(&world.state, SESSION_IDLE_MS - 60_000).may_still_watch().await);
        assert!(!at(&world.state, SESSION_IDLE_MS + 60_000).may_still_watch().await);
        let Proof::Session { token_hash, .. } = &actor.proof else { panic!("a session") };
        world.state.accounts.logout("admin", token_hash, now_ms).await.unwrap();
        assert!(!at(&world.state, 0).may_still_watch().await);
    }
}
