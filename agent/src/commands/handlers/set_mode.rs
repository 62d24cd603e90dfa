//! `set_out_of_service` and `set_in_service`: the mode is durable and feeds the verdict.

use migrado_protocol::limits::clip;

use super::{Mode, Outcome, Parts, Screen};
use crate::platform::clock;

pub(super) fn out_of_service<S: Screen>(parts: &Parts<S>, reason: &str) -> Outcome {
    set(parts, Mode::OutOfService { reason: clip(reason), since_ms: clock::now_ms() })
}

pub(super) fn in_service<S: Screen>(parts: &Parts<S>) -> Outcome {
    set(parts, Mode::InService)
}

fn set<S: Screen>(parts: &Parts<S>, mode: Mode) -> Outcome {
    match parts.store.keep_mode(&mode) {
        Ok(()) => {
            parts.mode.send_replace(mode);
            Outcome::Succeeded(None)
        }
        Err(error) => Outcome::Failed(error.to_string()),
    }
}
