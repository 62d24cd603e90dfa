//! The common pulse of whatever is done again and again. Timers of their own wake a display that
//! does nothing dozens of times a minute; on one grid they come due together. A beat is 1024 ms: the
//! runtime's timer wheel has slots of 64 ms and 4096 ms, and a timer that ends with a slot is one
//! wakeup where any other is up to three.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

/// One beat. A period of n seconds is n beats long: 2.4 % more.
const BEAT_MS: u64 = 1024;
/// Displays that were switched on together are spread over 15 beats, in slots of the timer wheel.
const PHASE_MS: u64 = 64;
const PHASES: u64 = 15 * BEAT_MS / PHASE_MS;
/// The runtime's clock begins a little before ours, and it rounds up to the millisecond.
const EARLY: Duration = Duration::from_micros(500);

static ORIGIN: OnceLock<Instant> = OnceLock::new();

/// Begins the pulse. To be called when the runtime has just been made.
pub fn begin() {
    origin();
}

/// Sleeps for about a period, to its next common end but one if that is too near. Periods below a
/// second are kept as they are.
pub async fn sleep(period: Duration) {
    sleep_at_least(period, period.as_secs().saturating_mul(BEAT_MS) / 2).await;
}

/// Sleeps to the next common end of a period, however near that is.
pub async fn sleep_at_most(period: Duration) {
    sleep_at_least(period, BEAT_MS / 2).await;
}

async fn sleep_at_least(period: Duration, least_ms: u64) {
    if period.as_secs() == 0 {
        return tokio::time::sleep(period).await;
    }
    let origin = origin();
    let elapsed = Instant::now().saturating_duration_since(origin);
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let due_ms = next_ms(elapsed_ms, period.as_secs(), least_ms);
    tokio::time::sleep_until(origin + Duration::from_millis(due_ms) - EARLY).await;
}

fn origin() -> Instant {
    *ORIGIN.get_or_init(|| {
        let phase_ms = rand::random::<u64>() % PHASES * PHASE_MS;
        let now = Instant::now();
        now.checked_sub(Duration::from_millis(phase_ms)).unwrap_or(now)
    })
}

/// When a period of so many seconds ends next: at a multiple of it that is not too near. Pure.
fn next_ms(elapsed_ms: u64, period_s: u64, least_ms: u64) -> u64 {
    let period_ms = period_s.saturating_mul(BEAT_MS);
    let next = (elapsed_ms / period_ms + 1).saturating_mul(period_ms);
    if next - elapsed_ms < least_ms { next.saturating_add(period_ms) } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end_together_and_never_too_soon() {
        let cases = [
            (0, 15, 15),
            (15 * BEAT_MS + 3, 15, 30),
            (15 * BEAT_MS - 1, 15, 30),
            (8 * BEAT_MS, 15, 30),
            (7 * BEAT_MS, 15, 15),
            (29 * BEAT_MS, 30, 60),
            (3, 1, 1),
        ];
        for (elapsed_ms, period_s, beat) in cases {
            let due_ms = next_ms(elapsed_ms, period_s, period_s * BEAT_MS / 2);
            assert_eq!(due_ms, beat * BEAT_MS, "{elapsed_ms} {period_s}");
        }
        // At most a period, and not twice at the same end though the sleep ends a little early.
        assert_eq!(next_ms(14 * BEAT_MS, 15, BEAT_MS / 2), 15 * BEAT_MS);
        assert_eq!(next_ms(15 * BEAT_MS - 1, 15, BEAT_MS / 2), 30 * BEAT_MS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_takes_from_half_a_period_to_one_and_a_half() {
        for period_s in [1, 10, 15] {
            let began = Instant::now();
            sleep(Duration::from_secs(period_s)).await;
            let took = began.elapsed();
            let beats = |n: u64| Duration::from_millis(n * BEAT_MS * period_s / 2);
            assert!((beats(1) - EARLY * 4..=beats(3) + EARLY * 4).contains(&took), "{period_s} {took:?}");
        }
        let began = Instant::now();
        sleep(Duration::from_millis(200)).await;
        assert!(began.elapsed() < Duration::from_millis(210));
    }
}
