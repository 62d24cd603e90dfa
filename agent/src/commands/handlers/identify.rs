//! `identify`: shows the display's identity in large letters, so that somebody in the room finds it.

use super::{Outcome, Parts, Screen};

/// Seconds for which it is shown at most.
const SECONDS_MAX: u16 = 300;

pub(super) fn run<S: Screen>(parts: &Parts<S>, seconds: u16) -> Outcome {
    let seconds = seconds.clamp(1, SECONDS_MAX);
    parts.screen.identify(seconds);
    Outcome::Succeeded(Some(format!("shown for {seconds} s")))
}
