//! `reset_session`: ends the visitor's session, and looks that none runs.

use super::{Outcome, Parts, Screen};

pub(super) async fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    if !parts.screen.session_running() {
        return Outcome::Succeeded(Some("no session ran".to_owned()));
    }
    parts.screen.end_session();
    // Bounded by the command's finish-by.
    parts.screen.session_ended().await;
    Outcome::Succeeded(Some("the session was ended".to_owned()))
}
