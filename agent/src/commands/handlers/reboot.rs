//! `reboot`: asks logind for an orderly reboot. The next boot tells the success.

use super::{Leaving, Outcome, Parts, Screen, from_systemd};
use crate::platform::systemd;

pub(super) async fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    // Before the call: systemd may end the agent sooner than the call returns.
    let before = parts.leaving.send_replace(Leaving::MachineGoesDown);
    match systemd::reboot().await {
        Ok(()) => Outcome::Leaving,
        Err(error) => {
            parts.leaving.send_replace(before);
            from_systemd(error)
        }
    }
}
