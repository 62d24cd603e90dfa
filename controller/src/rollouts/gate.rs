//! Whether the next wave may begin: thresholds of success and error, and the time of observation.
//! Purely from the wave and how far its displays are.

use super::model::{Display, ErrorsMax, Step, Wave};

/// What the gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Displays are still on their way.
    Waiting,
    /// Enough are confirmed; it is watched until then.
    Observing {
        /// Until when.
        until_ms: i64,
    },
    /// The next may begin.
    Open,
    /// Too many errors: halt.
    Errors {
        /// So many.
        errors: u32,
    },
    /// All have ended and too few are confirmed: a person has to look.
    TooFew {
        /// So many are confirmed.
        confirmed: u32,
        /// Of so many.
        of: u32,
    },
}

/// How a wave stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Displays that count: not left out, and not away for all of its time.
    pub of: u32,
    /// Of these confirmed.
    pub confirmed: u32,
    /// Of these with an error.
    pub errors: u32,
    /// Of these not there yet, though nothing speaks against them.
    pub absent: u32,
    /// When the last one was confirmed.
    pub last_ms: i64,
}

/// Counts the displays of a wave.
pub fn tally<'d>(displays: impl Iterator<Item = &'d Display>) -> Tally {
    let mut tally = Tally::default();
    for display in displays {
        match display.step {
            // Neither is the release's fault, and one in repair must not hold up a city.
            Step::LeftOut | Step::Unreached => continue,
            Step::Confirmed => {
                tally.confirmed += 1;
                tally.last_ms = tally.last_ms.max(display.since_ms);
            }
            // Who is not connected is waited for only while nobody else can speak for the wave.
            Step::Pending if display.why.as_ref().is_some_and(is_absence) => tally.absent += 1,
            step if step.is_error() => tally.errors += 1,
            _ => {}
        }
        tally.of += 1;
    }
    tally
}

fn is_absence(why: &super::why::Why) -> bool {
    matches!(why, super::why::Why::Offline { .. })
}

/// Decides.
pub fn evaluate(wave: &Wave, tally: Tally, now_ms: i64) -> Gate {
    let Tally { of, confirmed, errors, absent, last_ms } = tally;
    let too_many = match wave.errors_max {
        ErrorsMax::Count(max) => errors > max,
        ErrorsMax::Percent(max) => u64::from(errors) * 100 > u64::from(max) * u64::from(of),
    };
    if too_many {
        return Gate::Errors { errors };
    }
    // Nobody at all was to be changed: there is nothing to prove.
    if of == 0 {
        return Gate::Open;
    }
    let present = of - absent;
    let enough = |n: u32| u64::from(n) * 100 >= u64::from(wave.success_percent) * u64::from(present);
    if present == 0 {
        return Gate::Waiting;
    }
    // A wave of which nobody is confirmed proves nothing, whatever its percentage.
    if confirmed > 0 && enough(confirmed) {
        let until_ms = last_ms.saturating_add(i64::from(wave.observe_s) * 1000);
        return if now_ms < until_ms { Gate::Observing { until_ms } } else { Gate::Open };
    }
    let open = present - confirmed - errors;
    if open == 0 || !enough(confirmed + open) {
        return Gate::TooFew { confirmed, of: present };
    }
    Gate::Waiting
}

#[cfg(test)]
mod tests {
    use super::super::model::Who;
    use super::super::why::Why;
    use super::*;

    fn wave(success_percent: u8, errors_max: ErrorsMax, observe_s: u32) -> Wave {
        Wave { name: "w".into(), who: Who::Rest, success_percent, errors_max, observe_s, pause_after: false }
    }

    #[test]
    fn thresholds_and_observation_decide() {
        use ErrorsMax::{Count, Percent};
        let t = |of, confirmed, errors, absent| Tally { of, confirmed, errors, absent, last_ms: 10_000 };
        let rows = [
            // success %, errors max, observe s, tally, now, expected
            (100, Count(0), 0, t(3, 0, 0, 0), 20_000, Gate::Waiting),
            (100, Count(0), 0, t(3, 2, 0, 0), 20_000, Gate::Waiting),
            (100, Count(0), 0, t(3, 3, 0, 0), 20_000, Gate::Open),
            (100, Count(0), 60, t(3, 3, 0, 0), 69_999, Gate::Observing { until_ms: 70_000 }),
            (100, Count(0), 60, t(3, 3, 0, 0), 70_000, Gate::Open),
            (100, Count(0), 0, t(3, 2, 1, 0), 20_000, Gate::Errors { errors: 1 }),
            (100, Count(1), 0, t(3, 2, 1, 0), 20_000, Gate::TooFew { confirmed: 2, of: 3 }),
            (100, Count(1), 0, t(3, 1, 1, 0), 20_000, Gate::TooFew { confirmed: 1, of: 3 }),
            (60, Count(1), 0, t(3, 2, 1, 0), 20_000, Gate::Open),
            (60, Count(1), 0, t(3, 1, 1, 0), 20_000, Gate::Waiting),
            (90, Percent(10), 0, t(10, 9, 1, 0), 20_000, Gate::Open),
            (90, Percent(10), 0, t(10, 5, 2, 0), 20_000, Gate::Errors { errors: 2 }),
            (0, Count(9), 0, t(3, 0, 0, 0), 20_000, Gate::Waiting),
            (0, Count(9), 0, t(3, 0, 3, 0), 20_000, Gate::TooFew { confirmed: 0, of: 3 }),
            // Who is away does not hold up those who are there, and proves nothing either.
            (100, Count(0), 0, t(3, 2, 0, 1), 20_000, Gate::Open),
            (100, Count(0), 0, t(3, 1, 0, 1), 20_000, Gate::Waiting),
            (100, Count(0), 0, t(2, 0, 0, 2), 20_000, Gate::Waiting),
            (100, Count(0), 60, t(0, 0, 0, 0), 0, Gate::Open),
        ];
        for (success, errors, observe, tally, now_ms, expected) in rows {
            let wave = wave(success, errors, observe);
            assert_eq!(evaluate(&wave, tally, now_ms), expected, "{success} {errors:?} {tally:?}");
        }
    }

    #[test]
    fn every_step_counts_as_what_it_is() {
        for step in Step::ALL {
            let display = Display { step, since_ms: 7, ..Display::pending("fp-01".parse().unwrap(), 0, 0) };
            let counted = tally(std::iter::once(&display));
            let out = matches!(step, Step::LeftOut | Step::Unreached);
            assert_eq!(counted.of, u32::from(!out), "{step:?}");
            assert_eq!(counted.errors, u32::from(step.is_error()), "{step:?}");
            assert_eq!(counted.confirmed, u32::from(step == Step::Confirmed), "{step:?}");
            assert_eq!(counted.absent, 0, "{step:?} is not away");
        }
        let mut away = Display::pending("fp-01".parse().unwrap(), 0, 0);
        away.why = Some(Why::Offline { since_ms: 0 });
        assert_eq!(tally(std::iter::once(&away)), Tally { of: 1, absent: 1, ..Tally::default() });
    }
}
