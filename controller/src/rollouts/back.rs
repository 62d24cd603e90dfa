//! One display on its way back to what it had before a rollout changed it. Windows do not hold it up:
//! what is wrong must go. What its site can spare does, and a display that is away or out of service
//! is missed by nobody, so those go at once.

use migrado_protocol::content::{ReleaseWanted, Window};

use super::budget;
use super::decide::Turn;
use super::model::{Display, Step};
use super::progress::{self, Said};
use super::why::Why;
use crate::fleet::Terminal;

/// Whether nothing more is to be expected of a display on the way back.
pub(super) fn is_through(display: &Display) -> bool {
    match display.step {
        Step::Pending | Step::Confirmed | Step::Returning => false,
        // Errors of the way there are taken back as well; those of the way back have ended it.
        Step::RolledBack | Step::Failed | Step::TimedOut => display.told_manifest() == before(display),
        step => !step.is_under_way(),
    }
}

fn before(display: &Display) -> Option<&str> {
    display.before.as_ref().map(|before| before.manifest.as_str())
}

/// Moves a display back.
pub(super) fn advance(display: &mut Display, reason: Option<&Why>, turn: &mut Turn<'_>) {
    if is_through(display) || turn.room == 0 {
        return;
    }
    let now_ms = turn.world.now_ms;
    let Some(terminal) = turn.world.terminals.get(&display.terminal).cloned() else {
        display.step_to(Step::LeftOut, now_ms);
        display.why = Some(Why::NotFound);
        return;
    };
    if display.step == Step::Returning {
        return follow(display, &terminal, turn);
    }
    if display.told.is_none() {
        display.step_to(Step::LeftOut, now_ms);
        display.why = reason.cloned();
    } else if !turn.still_ours(display) {
        let release = turn.world.wanted.get(&display.terminal).map(|wanted| wanted.name.clone());
        display.step_to(Step::LeftOut, now_ms);
        display.why = Some(Why::Overridden { release });
    } else if let Some(before) = display.before.clone() {
        let back =
            ReleaseWanted { download: Window::default(), activate: None, at_latest_ms: None, ..before };
        display.step_to(Step::Returning, now_ms);
        (display.clock_ms, display.leave_ms, display.why) = (now_ms, None, reason.cloned());
        give_leave(display, &terminal, back, true, turn);
    } else {
        turn.restore(display);
        display.step_to(Step::LeftOut, now_ms);
        (display.leave_ms, display.why) = (None, Some(Why::NothingBefore));
    }
}

fn follow(display: &mut Display, terminal: &Terminal, turn: &mut Turn<'_>) {
    let now_ms = turn.world.now_ms;
    let Some(told) = display.told.clone() else { return };
    if !turn.still_ours(display) {
        let release = turn.world.wanted.get(&display.terminal).map(|wanted| wanted.name.clone());
        display.step_to(Step::LeftOut, now_ms);
        (display.leave_ms, display.why) = (None, Some(Why::Overridden { release }));
        return;
    }
    let heard = terminal.reported.generation.is_some_and(|applied| applied >= display.generation);
    match progress::said_of_return(terminal.reported.content.as_ref(), &told, heard) {
        Said::Confirmed => {
            display.step_to(Step::Returned, now_ms);
            (display.leave_ms, display.why) = (None, None);
        }
        Said::Error(step, why) => {
            display.step_to(step, now_ms);
            (display.leave_ms, display.why) = (None, Some(why));
        }
        Said::UnderWay(..) | Said::Nothing if display.leave_ms.is_none() => {
            give_leave(display, terminal, told, false, turn);
        }
        Said::UnderWay(_, why @ Some(Why::Visitor { .. })) => display.why = why,
        Said::UnderWay(..) | Said::Nothing => {
            let limit_s = turn.spec.limits.download_s.saturating_add(turn.spec.limits.activate_s);
            if now_ms - display.clock_ms >= i64::from(limit_s) * 1000 {
                display.step_to(Step::TimedOut, now_ms);
                display.why = Some(Why::NoWord { limit_s });
            }
        }
    }
}

/// Lets it go back as soon as its site can spare it; the first time it is told in any case.
fn give_leave(
    display: &mut Display,
    terminal: &Terminal,
    mut told: ReleaseWanted,
    first: bool,
    turn: &mut Turn<'_>,
) {
    let now_ms = turn.world.now_ms;
    let able = budget::abilities(terminal, turn.world.labels, now_ms);
    let only = turn.budget.only_one(&terminal.site, &able).is_some();
    match turn.budget.can_spare(&terminal.site, &able) {
        Err(why) if !only => {
            display.why = Some(why);
            if !first {
                return;
            }
        }
        _ => {
            turn.budget.spare(&terminal.site, &able);
            told.activate = Some(Window::default());
            told.at_latest_ms = turn.spec.wait_at_most_s.map(|s| now_ms + i64::from(s) * 1000);
            (display.leave_ms, display.misses, display.clock_ms) = (Some(now_ms), able, now_ms);
        }
    }
    turn.tell(display, told);
}
