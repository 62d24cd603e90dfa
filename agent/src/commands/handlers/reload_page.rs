//! `reload_page`: has the page loaded anew, and waits for the first heartbeat of the new one.

use super::{Outcome, Parts, Screen, await_new_page};

pub(super) async fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    let Some(before) = parts.screen.beat() else {
        return Outcome::Failed("no page is shown".to_owned());
    };
    parts.screen.reload_page();
    match await_new_page(&parts.screen, Some(&before)).await {
        Ok(()) => Outcome::Succeeded(Some("the new page reports".to_owned())),
        Err(why) => Outcome::Failed(why),
    }
}
