//! `report_now`: has the whole report sent. That it was asked for is all that this proves; the report
//! itself is the proof, and goes out by the same road as this word.

use super::{Outcome, Parts, Screen};

pub(super) fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    parts.report_now.send_modify(|n| *n += 1);
    Outcome::Succeeded(Some("asked for; the report follows".to_owned()))
}
