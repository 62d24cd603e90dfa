//! The visitor's page, by its heartbeat. Wakes when the page says something new and when it may have
//! fallen silent; a heartbeat like the one before wakes nobody. The kiosk server hears the heartbeat,
//! this file judges it.

use std::time::Duration;

use migrado_protocol::health::Reason;
use migrado_protocol::report::Page;
use tokio::sync::watch;

use super::Judgement;
use crate::platform::clock;
use crate::telemetry::State;

/// Milliseconds of silence after which the page counts as gone. It beats every five seconds; a
/// browser under load may miss two.
const SILENT_MS: i64 = 15_000;
/// Milliseconds after the agent's start in which no page is no fault: the browser starts after it.
const STARTING_MS: i64 = 60_000;
/// A timer that fires a little early must not spin.
const TIMER_SLACK: Duration = Duration::from_millis(50);

/// Judges the page for as long as the process lives. `news` wakes with what the page says anew;
/// `newest` is the page as of now, with heartbeats of which nobody was told.
pub async fn watch_page(mut news: watch::Receiver<Page>, newest: impl Fn() -> Page, state: State) {
    let started_ms = clock::now_ms();
    loop {
        news.mark_unchanged();
        let page = newest();
        let now_ms = clock::now_ms();
        let (judgement, again_in_ms) = judge(&page, started_ms, now_ms);
        state.take_page(page, judgement, now_ms);
        let again = async {
            match again_in_ms {
                Some(ms) => tokio::time::sleep(Duration::from_millis(ms.unsigned_abs()) + TIMER_SLACK).await,
                None => std::future::pending().await,
            }
        };
        // Cancel-safe: both arms only wait.
        tokio::select! {
            changed = news.changed() => if changed.is_err() {
                // The kiosk is gone only when the process stops.
                std::future::pending::<()>().await;
            },
            () = again => {}
        }
    }
}

/// How the page is, and after how long silence would change that. Pure.
fn judge(page: &Page, started_ms: i64, now_ms: i64) -> (Judgement, Option<i64>) {
    let left = |since_ms: i64, limit_ms: i64| Some(limit_ms - (now_ms - since_ms)).filter(|left| *left > 0);
    match page.heartbeat_ms {
        // A clock that was stepped back makes a heartbeat of the future: it was just there.
        Some(at) if at > now_ms => (Judgement::ok(), Some(SILENT_MS)),
        Some(at) => match left(at, SILENT_MS) {
            Some(left) => (Judgement::ok(), Some(left)),
            None => (Judgement::failed(Reason::PageSilent, None), None),
        },
        None => match left(started_ms, STARTING_MS).filter(|_| now_ms >= started_ms) {
            Some(left) => (Judgement::unknown(Reason::Starting, None), Some(left)),
            None => (Judgement::failed(Reason::PageNeverSeen, None), None),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use migrado_protocol::{Component, HealthState};

    use super::*;

    #[test]
    fn silence_is_judged_by_its_length() {
        let ok = Judgement::ok();
        let starting = Judgement::unknown(Reason::Starting, None);
        let never = Judgement::failed(Reason::PageNeverSeen, None);
        let silent = Judgement::failed(Reason::PageSilent, None);
        let cases = [
            (None, 100, (starting.clone(), Some(STARTING_MS))),
            (None, 100 + STARTING_MS - 1, (starting, Some(1))),
            (None, 100 + STARTING_MS, (never.clone(), None)),
            (None, 0, (never, None)),
            (Some(1000), 1000, (ok.clone(), Some(SILENT_MS))),
            (Some(1000), 1000 + SILENT_MS - 1, (ok.clone(), Some(1))),
            (Some(1000), 1000 + SILENT_MS, (silent, None)),
            (Some(9000), 1000, (ok, Some(SILENT_MS))),
        ];
        for (heartbeat_ms, now_ms, expected) in cases {
            let page = Page { heartbeat_ms, session: false, build: None };
            assert_eq!(judge(&page, 100, now_ms), expected, "{heartbeat_ms:?} {now_ms}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_heartbeat_is_taken_in_at_once() {
        let first = Page { heartbeat_ms: None, session: false, build: None };
        let (beat, news) = watch::channel(first.clone());
        let newest = beat.clone();
        let state = State::default();
        let mut changed = state.changed();
        let judging = watch_page(news, move || newest.borrow().clone(), state.clone());
        let beating = async {
            changed.changed().await.unwrap();
            beat.send(Page { heartbeat_ms: Some(clock::now_ms()), ..first }).unwrap();
            changed.changed().await.unwrap();
            assert_eq!(page_health(&state), HealthState::Ok);
        };
        // Judging never ends.
        tokio::select! { () = judging => unreachable!(), () = beating => {} }
    }

    fn page_health(state: &State) -> HealthState {
        state.report().health[&Component::Page].state
    }

    #[tokio::test(start_paused = true)]
    async fn heartbeats_without_news_keep_the_page_alive_and_their_end_is_seen() {
        let now_ms = clock::now_ms();
        let page = Page { heartbeat_ms: Some(now_ms), session: false, build: None };
        let (_told, news) = watch::channel(page.clone());
        let silent_since_ms = Arc::new(AtomicI64::new(now_ms));
        let newest = {
            let at = silent_since_ms.clone();
            move || Page { heartbeat_ms: Some(at.load(Ordering::Relaxed)), ..page.clone() }
        };
        let state = State::default();
        let watching = async {
            // Heard by nobody but the timer: from the future, so the page was there when it fires.
            silent_since_ms.store(now_ms + 60 * SILENT_MS, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(SILENT_MS.unsigned_abs() * 5 / 2)).await;
            assert_eq!(page_health(&state), HealthState::Ok);
            silent_since_ms.store(now_ms - SILENT_MS, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(SILENT_MS.unsigned_abs()) + TIMER_SLACK).await;
            assert_eq!(page_health(&state), HealthState::Failed);
        };
        // Judging never ends.
        tokio::select! { () = watch_page(news, newest, state.clone()) => unreachable!(), () = watching => {} }
    }
}
