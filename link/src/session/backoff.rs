//! How long to wait before the next attempt to connect. Pure: the caller brings the luck.

use std::time::Duration;

/// The first retry after a connection that had stood: most losses are a broker's restart.
const FIRST_MAX: Duration = Duration::from_secs(1);

/// The longest pause: a terminal is back within two of these after the longest outage.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A connection that stood this long was a good one; a shorter one counts as a failed attempt, so
/// that a broker which accepts and then throws out is not asked every second.
const GOOD_AFTER: Duration = Duration::from_secs(30);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after an attempt whose connection stood for `stood` (zero if it never did);
    /// `luck` is from 0 to below 1.
    pub(super) fn pause_after(&mut self, stood: Duration, luck: f64) -> Duration {
        if stood >= GOOD_AFTER {
            self.failures = 0;
        }
        let pause = pause(self.failures, luck);
        self.failures = self.failures.saturating_add(1);
        pause
    }
}

/// Spread over the upper half of a doubling span; the very first over nearly all of it, because a
/// whole fleet draws that one at the same moment.
fn pause(failures: u32, luck: f64) -> Duration {
    if failures == 0 {
        return FIRST_MAX.mul_f64(0.1 + 0.9 * luck);
    }
    let span = FIRST_MAX.saturating_mul(2_u32.saturating_pow(failures.min(16))).min(PAUSE_MAX);
    span.mul_f64(0.5 + 0.5 * luck)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_to_its_bound_and_is_never_a_spin() {
        let mut last = Duration::ZERO;
        for failures in 0..40 {
            let (least, most) = (pause(failures, 0.0), pause(failures, 0.999_999));
            assert!(least >= Duration::from_millis(100), "{failures}: {least:?}");
            assert!(most <= PAUSE_MAX, "{failures}: {most:?}");
            assert!(most >= last, "{failures}: {most:?} after {last:?}");
            assert!(least * 11 >= most, "{failures}: spread {least:?} to {most:?}");
            last = most;
        }
        assert!(last > Duration::from_secs(59));
    }

    #[test]
    fn a_connection_that_stood_makes_the_next_retry_quick_again() {
        let mut backoff = Backoff::default();
        for _ in 0..10 {
            backoff.pause_after(Duration::ZERO, 0.5);
        }
        assert!(backoff.pause_after(Duration::ZERO, 0.5) > Duration::from_secs(30));
        assert!(backoff.pause_after(GOOD_AFTER, 0.5) <= FIRST_MAX);
    }

    #[test]
    fn a_broker_that_accepts_and_throws_out_is_not_asked_every_second() {
        let mut backoff = Backoff::default();
        let flaps: Vec<_> = (0..8).map(|_| backoff.pause_after(Duration::from_secs(1), 0.0)).collect();
        assert!(flaps[7] >= PAUSE_MAX / 2, "{flaps:?}");
    }
}
