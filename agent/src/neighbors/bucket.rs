//! How fast a display may give away content: a bucket that fills by the second, one for all who ask.
//! Pure; whoever took more than there was waits as long as it says.

use std::time::Duration;

use tokio::time::Instant;

/// Bytes a second for all neighbors together: a fifth of a gigabit line, and little for a processor.
pub const RATE: u64 = 20_000_000;
/// While a visitor is at the display: a video of theirs must not stutter.
pub const RATE_IN_VISIT: u64 = 4_000_000;
/// What may come at once after a rest: a few pieces, so that small files do not wait.
const BURST_BYTES: u64 = 512 * 1024;

/// The bucket.
#[derive(Debug)]
pub struct Bucket {
    /// When what was taken so far is paid for.
    paid_at: Instant,
}

impl Bucket {
    /// A full one.
    pub fn new(now: Instant) -> Self {
        Self { paid_at: now }
    }

    /// Takes bytes, and says how long to wait before they may go out.
    pub fn take(&mut self, bytes: u64, rate: u64, now: Instant) -> Duration {
        let at = |bytes: u64| Duration::from_micros(bytes.saturating_mul(1_000_000) / rate.max(1));
        self.paid_at = self.paid_at.max(now) + at(bytes);
        self.paid_at.saturating_duration_since(now).saturating_sub(at(BURST_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_gives_its_rate_and_no_more_whoever_asks() {
        let began = Instant::now();
        let mut bucket = Bucket::new(began);
        let mut given = 0;
        while began.elapsed() < Duration::from_secs(10) {
            let wait = bucket.take(64 * 1024, RATE, Instant::now());
            given += 64 * 1024;
            tokio::time::advance(wait).await;
        }
        let expected = 10 * RATE;
        assert!(given >= expected && given <= expected + BURST_BYTES + 2 * 64 * 1024, "{given}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_saves_up_no_more_than_a_burst_and_a_visit_slows_it_down() {
        let mut bucket = Bucket::new(Instant::now());
        tokio::time::advance(Duration::from_secs(3600)).await;
        let now = Instant::now();
        assert_eq!(bucket.take(BURST_BYTES, RATE, now), Duration::ZERO);
        assert_eq!(bucket.take(RATE, RATE, now), Duration::from_secs(1));
        let mut bucket = Bucket::new(now);
        assert_eq!(bucket.take(BURST_BYTES + RATE_IN_VISIT, RATE_IN_VISIT, now), Duration::from_secs(1));
    }
}
