//! `restart_agent`: the agent ends in order, with the exit code upon which a supervisor starts it
//! again. The next process tells the success.

use super::{Leaving, Outcome, Parts, Screen};

pub(super) fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    parts.leaving.send_replace(Leaving::Restart);
    Outcome::Leaving
}
