//! `restart_service`: restarts a listed unit, and waits until it is active. That it is listed was
//! decided at the gate.

use super::{Outcome, restart_and_await};

pub(super) async fn run(unit: &str) -> Outcome {
    match restart_and_await(unit).await {
        Ok(state) => Outcome::Succeeded(Some(state)),
        Err(outcome) => outcome,
    }
}
