//! One display on its way to the release: told to fetch it, given leave to put it in service when a
//! window is open and its site can spare it, and believed only when it has proven itself.

use migrado_protocol::content::{ReleaseWanted, Window};

use super::budget;
use super::decide::Turn;
use super::model::{Display, Step};
use super::progress::{self, Said};
use super::why::Why;
use super::windows::{Kind, while_closed};
use crate::fleet::{Presence, Terminal, presence};

/// Moves a display on.
pub(super) fn advance(display: &mut Display, turn: &mut Turn<'_>) {
    let now_ms = turn.world.now_ms;
    let settled = matches!(display.step, Step::Confirmed | Step::LeftOut | Step::Returning | Step::Returned);
    if settled {
        return;
    }
    let Some(terminal) = turn.world.terminals.get(&display.terminal).cloned() else {
        leave_out(display, Why::NotFound, now_ms);
        return;
    };
    match display.told.clone() {
        None if turn.begins => begin(display, &terminal, turn),
        None => {}
        Some(told) => follow(display, &terminal, told, turn),
    }
}

fn leave_out(display: &mut Display, why: Why, now_ms: i64) {
    display.step_to(Step::LeftOut, now_ms);
    (display.why, display.leave_ms) = (Some(why), None);
}

/// Tells it to fetch the release, if it is there.
fn begin(display: &mut Display, terminal: &Terminal, turn: &mut Turn<'_>) {
    let (spec, now_ms) = (turn.spec, turn.world.now_ms);
    let content = terminal.reported.content.as_ref();
    let wanted = turn.world.wanted.get(&display.terminal);
    let serves = content.and_then(|c| c.active.as_ref()).is_some_and(|a| a.manifest == spec.manifest);
    if serves && wanted.is_none_or(|wanted| wanted.manifest == spec.manifest) {
        return leave_out(display, Why::HasItAlready, now_ms);
    }
    let (present, since_ms) = presence::decide(terminal, now_ms);
    if present != Presence::Online {
        let late = now_ms - display.clock_ms >= i64::from(spec.limits.reach_s) * 1000;
        display.step_to(if late { Step::Unreached } else { Step::Pending }, now_ms);
        display.why = Some(Why::Offline { since_ms });
        return;
    }
    let Some(download) = turn.world.windows.next(Kind::Download, &terminal.site, now_ms) else {
        display.why = Some(Why::NoWindow);
        return;
    };
    if turn.room == 0 {
        return;
    }
    display.before = wanted.cloned().or_else(|| content.and_then(in_service));
    let told = ReleaseWanted {
        name: spec.release.clone(),
        manifest: spec.manifest.clone(),
        download,
        activate: None,
        at_latest_ms: None,
        throttle_bytes_s: spec.throttle_bytes_s,
        budget_bytes: None,
        attempt: progress::next_attempt(content, wanted, &spec.manifest),
        neighbors: Vec::new(),
    };
    turn.tell(display, told);
    display.step_to(Step::Downloading, now_ms);
    display.clock_ms = download.from_ms.unwrap_or(now_ms).max(now_ms);
    display.why = (display.clock_ms > now_ms).then_some(Why::WindowOpens { from_ms: display.clock_ms });
}

/// What it serves, as something that it could be told to have.
fn in_service(content: &migrado_protocol::content::ContentReport) -> Option<ReleaseWanted> {
    let active = content.active.as_ref()?;
    Some(ReleaseWanted {
        name: active.name.clone(),
        manifest: active.manifest.clone(),
        download: Window::default(),
        activate: Some(Window::default()),
        at_latest_ms: None,
        throttle_bytes_s: None,
        budget_bytes: None,
        attempt: 0,
        neighbors: Vec::new(),
    })
}

/// Hears what it says, and gives or takes back its leave.
fn follow(display: &mut Display, terminal: &Terminal, mut told: ReleaseWanted, turn: &mut Turn<'_>) {
    let now_ms = turn.world.now_ms;
    if !turn.still_ours(display) {
        let release = turn.world.wanted.get(&display.terminal).map(|wanted| wanted.name.clone());
        return leave_out(display, Why::Overridden { release }, now_ms);
    }
    // A person has it tried again: what was said before is no longer meant.
    let asked = turn.world.wanted.get(&display.terminal).map_or(0, |wanted| wanted.attempt);
    if asked > told.attempt {
        told.attempt = asked;
        display.told = Some(told.clone());
        display.step_to(Step::Downloading, now_ms);
        (display.clock_ms, display.why, display.leave_ms) = (now_ms, None, None);
    }
    match progress::said(terminal.reported.content.as_ref(), &told) {
        Said::Confirmed => {
            display.step_to(Step::Confirmed, now_ms);
            (display.why, display.leave_ms) = (None, None);
        }
        Said::Error(step, why) => fail(display, step, why, told, turn),
        Said::UnderWay(..) | Said::Nothing if display.step.is_error() => {}
        Said::UnderWay(step, why) => {
            // With leave, what it has fetched only waits.
            let waits = step == Step::Staged && display.leave_ms.is_some();
            display.step_to(if waits { Step::Waiting } else { step }, now_ms);
            if display.step != Step::Staged {
                display.why = why;
            }
            time(display, terminal, told, turn);
        }
        Said::Nothing => time(display, terminal, told, turn),
    }
}

/// Takes its leave back, so that it does not try by itself at a time that nobody chose.
fn fail(display: &mut Display, step: Step, why: Why, told: ReleaseWanted, turn: &mut Turn<'_>) {
    display.step_to(step, turn.world.now_ms);
    (display.why, display.leave_ms) = (Some(why), None);
    if told.activate.is_some() {
        turn.tell(display, ReleaseWanted { activate: None, at_latest_ms: None, ..told });
    }
}

/// What the time brings: windows that open or end, and limits that pass.
fn time(display: &mut Display, terminal: &Terminal, told: ReleaseWanted, turn: &mut Turn<'_>) {
    let (limits, now_ms) = (turn.spec.limits, turn.world.now_ms);
    let ended = |window: Option<Window>| window.and_then(|w| w.until_ms).is_some_and(|until| until <= now_ms);
    match (display.step, display.leave_ms) {
        (Step::Downloading, _) if ended(Some(told.download)) => {
            match turn.world.windows.next(Kind::Download, &terminal.site, now_ms) {
                Some(download) if turn.room > 0 => {
                    turn.tell(display, ReleaseWanted { download, ..told });
                    display.clock_ms = download.from_ms.unwrap_or(now_ms).max(now_ms);
                }
                Some(_) => {}
                None => display.why = Some(Why::NoWindow),
            }
        }
        (Step::Downloading, _) => late(display, display.clock_ms, limits.download_s, now_ms),
        (Step::Staged, None) if turn.begins => give_leave(display, terminal, told, turn),
        (Step::Staged | Step::Waiting, Some(_)) if ended(told.activate) => {
            turn.tell(display, ReleaseWanted { activate: None, at_latest_ms: None, ..told });
            display.step_to(Step::Staged, now_ms);
            (display.leave_ms, display.why) = (None, None);
        }
        // A visitor is no fault of the display: while one is there, its time stands still.
        (Step::Waiting, _) if matches!(display.why, Some(Why::Visitor { .. })) => {}
        (Step::Waiting | Step::Activating | Step::Observing, _) => {
            late(display, display.clock_ms.max(display.since_ms), limits.activate_s, now_ms);
        }
        _ => {}
    }
}

fn late(display: &mut Display, since_ms: i64, limit_s: u32, now_ms: i64) {
    if now_ms - since_ms >= i64::from(limit_s) * 1000 {
        display.step_to(Step::TimedOut, now_ms);
        display.why = Some(Why::NoWord { limit_s });
    }
}

/// Lets it put the release in service, if a window is open and its site can spare it.
fn give_leave(display: &mut Display, terminal: &Terminal, told: ReleaseWanted, turn: &mut Turn<'_>) {
    let (spec, world, site, now_ms) = (turn.spec, turn.world, &terminal.site, turn.world.now_ms);
    let able = budget::abilities(terminal, world.labels, now_ms);
    let only = turn.budget.only_one(site, &able);
    let window = match only.filter(|_| !spec.allow_single) {
        None => match world.windows.next(Kind::Activate, site, now_ms) {
            None => Err(Why::NoWindow),
            Some(window) if window.contains(now_ms) => Ok(window),
            Some(window) => Err(Why::WindowOpens { from_ms: window.from_ms.unwrap_or(now_ms) }),
        },
        Some(capability) => match while_closed(world.windows, site, now_ms) {
            Some(window) if window.contains(now_ms) => Ok(window),
            later => Err(Why::OnlyWhenClosed { capability, from_ms: later.and_then(|w| w.from_ms) }),
        },
    };
    // The only one of its kind has nobody to stand in for it: that is what its window is for.
    let spared = if only.is_some() { Ok(()) } else { turn.budget.can_spare(site, &able) };
    let window = match (window, spared) {
        (Ok(window), Ok(())) if turn.room > 0 => window,
        (Ok(_), Ok(())) => return,
        (Err(why), _) | (Ok(_), Err(why)) => {
            display.why = Some(why);
            return;
        }
    };
    turn.budget.spare(site, &able);
    let latest_ms = spec.wait_at_most_s.map(|s| now_ms + i64::from(s) * 1000);
    let told = ReleaseWanted { activate: Some(window), at_latest_ms: latest_ms, ..told };
    turn.tell(display, told);
    display.step_to(Step::Waiting, now_ms);
    (display.leave_ms, display.clock_ms, display.misses, display.why) = (Some(now_ms), now_ms, able, None);
}
