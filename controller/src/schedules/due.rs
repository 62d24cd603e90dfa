//! Decides what a schedule has to do at a moment. Pure: the schedule and a time in, a verdict out.

use jiff::{SignedDuration, Timestamp};

use super::model::{Schedule, When};
use crate::calendar::cron::Pattern;
use crate::calendar::local::moment;

/// Missed times that are counted: "a thousand" says as much as the exact number.
const MISSED_COUNTED_MAX: u32 = 1000;

/// Before this a clock is wrong: this program is younger. Nothing is decided by it.
const PLAUSIBLE_FROM: Timestamp = Timestamp::constant(1_764_028_800, 0);

/// Milliseconds by which what was decided may lie ahead of the clock. More than that was decided by a
/// clock that ran ahead, and does not keep the schedule from going on once it is right again.
const AHEAD_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// What a schedule has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing before this moment; absent: nothing any more, or while it rests.
    Wait(Option<Timestamp>),
    /// Carry this time out, once.
    Run {
        /// When it was due.
        due: Timestamp,
        /// Times before it that passed undecided.
        missed: u32,
    },
    /// Record that this time passed: its grace is over.
    TooLate {
        /// When it was due.
        due: Timestamp,
        /// Times before it that passed undecided.
        missed: u32,
    },
}

/// Decides what a schedule has to do. Of several times that were missed only the last one counts, and
/// only within its grace; none counts twice, since what was decided is behind `last_due_ms`.
pub fn due(schedule: &Schedule, now: Timestamp) -> Verdict {
    if schedule.paused || now < PLAUSIBLE_FROM {
        return Verdict::Wait(None);
    }
    let counts = |ms: &i64| *ms <= now.as_millisecond().saturating_add(AHEAD_MS_MAX);
    let decided_ms = schedule.last_due_ms.into_iter().chain([schedule.since_ms]).filter(counts).max();
    let decided = decided_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let after = decided.unwrap_or(PLAUSIBLE_FROM);
    let (due, missed) = match &schedule.plan.when {
        When::Dated { at } => {
            let at = moment(*at);
            if at <= after {
                return Verdict::Wait(None);
            }
            if at > now {
                return Verdict::Wait(Some(at));
            }
            (at, 0)
        }
        When::Recurring { cron } => {
            // What cannot be read was refused when it was written.
            let Ok(pattern) = Pattern::read(cron) else { return Verdict::Wait(None) };
            match pattern.at_or_before(now).filter(|last| *last > after) {
                Some(last) => (last, decided.map_or(0, |after| missed(&pattern, after, last))),
                // A clock that went back must not bring the same time again.
                None => return Verdict::Wait(pattern.after(now.max(after))),
            }
        }
    };
    let grace = SignedDuration::from_mins(i64::from(schedule.plan.grace_minutes));
    if now.duration_since(due) <= grace {
        Verdict::Run { due, missed }
    } else {
        Verdict::TooLate { due, missed }
    }
}

fn missed(pattern: &Pattern, after: Timestamp, last: Timestamp) -> u32 {
    let (mut count, mut next) = (0, pattern.after(after));
    while count < MISSED_COUNTED_MAX
        && let Some(at) = next.filter(|at| *at < last)
    {
        count += 1;
        next = pattern.after(at);
    }
    count
}

#[cfg(test)]
#[path = "due_tests.rs"]
mod tests;
