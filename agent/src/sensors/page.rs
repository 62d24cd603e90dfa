//! The visitor's page, by its heartbeat. Wakes with the page and once when it falls silent; polls
//! nothing. The kiosk server hears the heartbeat, this file judges it.

use std::time::Duration;

use migrado_protocol::health::Reason;
use migrado_protocol::report::Page;
use tokio::sync::watch;

use super::Judgement;
use crate::platform::clock;
use crate::telemetry::State;

/// Milliseconds of silence after which the page counts as gone. It beats every four seconds; a
/// browser under load may miss a few.
const SILENT_MS: i64 = 15_000;
/// Milliseconds after the agent's start in which no page is no fault: the browser starts after it.
const STARTING_MS: i64 = 60_000;
/// A timer that fires a little early must not spin.
const TIMER_SLACK: Duration = Duration::from_millis(50);

/// Judges the page for as long as the process lives.
pub async fn watch_page(mut pages: watch::Receiver<Page>, state: State) {
    let started_ms = clock::now_ms();
    loop {
        let page = pages.borrow_and_update().clone();
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
            changed = pages.changed() => if changed.is_err() {
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
        let (beat, pages) = watch::channel(first.clone());
        let state = State::default();
        let mut changed = state.changed();
        let judging = watch_page(pages, state.clone());
        let beating = async {
            changed.changed().await.unwrap();
            beat.send(Page { heartbeat_ms: Some(clock::now_ms()), ..first }).unwrap();
            changed.changed().await.unwrap();
            let node = state.report().health[&migrado_protocol::Component::Page].clone();
            assert_eq!(node.state, migrado_protocol::HealthState::Ok);
        };
        // Judging never ends.
        tokio::select! { () = judging => unreachable!(), () = beating => {} }
    }
}
