//! `restart_page`: restarts the unit that shows the page, and waits for unit and heartbeat.

use migrado_protocol::command::Rejection;

use super::{Outcome, Parts, Screen, await_new_page, restart_and_await};

pub(super) async fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    let Some(unit) = &parts.restart_unit else {
        return Outcome::Rejected(Rejection::Unsupported, "no unit shows the page here".to_owned());
    };
    let before = parts.screen.beat();
    let unit = match restart_and_await(unit).await {
        Ok(unit) => unit,
        Err(outcome) => return outcome,
    };
    match await_new_page(&parts.screen, before.as_ref()).await {
        Ok(()) => Outcome::Succeeded(Some(format!("{unit}; the new page reports"))),
        Err(why) => Outcome::Failed(format!("{unit}, but {why}")),
    }
}
