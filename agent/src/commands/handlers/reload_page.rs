//! `reload_page`: has the page loaded anew, and waits for its heartbeat.

use super::{Outcome, Parts, Screen, await_heartbeat};
use crate::platform::clock;

pub(super) async fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    let Some(before_ms) = parts.screen.heartbeat_ms() else {
        return Outcome::Failed("no page is shown".to_owned());
    };
    let after_ms = before_ms.max(clock::now_ms());
    parts.screen.reload_page();
    match await_heartbeat(&parts.screen, after_ms).await {
        Ok(()) => Outcome::Succeeded(Some("the page reports again".to_owned())),
        Err(why) => Outcome::Failed(why),
    }
}
