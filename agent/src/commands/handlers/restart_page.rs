//! `restart_page`: restarts the unit that shows the page, and waits for unit and heartbeat.

use migrado_protocol::command::Rejection;

use super::{Outcome, Parts, Screen, await_heartbeat, restart_and_await};
use crate::platform::clock;

pub(super) async fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    let Some(unit) = &parts.restart_unit else {
        return Outcome::Rejected(Rejection::Unsupported, "no unit shows the page here".to_owned());
    };
    let unit = match restart_and_await(unit).await {
        Ok(unit) => unit,
        Err(outcome) => return outcome,
    };
    match await_heartbeat(&parts.screen, clock::now_ms()).await {
        Ok(()) => Outcome::Succeeded(Some(format!("{unit}; the page reports again"))),
        Err(why) => Outcome::Failed(format!("{unit}, but {why}")),
    }
}
