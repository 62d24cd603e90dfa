//! How much one terminal may say: a bucket of messages for each that refills. A display in order
//! stays far below; one that floods costs the others nothing. Pure: the caller gives the time.

use std::collections::HashMap;

use migrado_protocol::TerminalId;

/// Messages at once: a full outbox of a month of hours, and as much again.
const BURST: f64 = 2_000.0;
/// Messages per second in the long run: a usual display says one in 15 s.
const PER_S: f64 = 20.0;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at_ms: i64,
    /// Whether the flood was told already.
    told: bool,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is taken.
    Taken,
    /// It is dropped, and this is the first of a flood.
    FirstDropped,
    /// It is dropped like those before it.
    Dropped,
}

/// The buckets of all terminals that speak.
#[derive(Debug, Default)]
pub struct Limiter(HashMap<TerminalId, Bucket>);

impl Limiter {
    /// Whether a message of a terminal is taken.
    pub fn admit(&mut self, terminal: &TerminalId, now_ms: i64) -> Admission {
        let Some(bucket) = self.0.get_mut(terminal) else {
            self.0.insert(terminal.clone(), Bucket { left: BURST - 1.0, at_ms: now_ms, told: false });
            return Admission::Taken;
        };
        let passed_s = (now_ms - bucket.at_ms).max(0) as f64 / 1000.0;
        bucket.left = (bucket.left + passed_s * PER_S).min(BURST);
        bucket.at_ms = now_ms;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            bucket.told &= bucket.left < BURST / 2.0;
            return Admission::Taken;
        }
        if std::mem::replace(&mut bucket.told, true) { Admission::Dropped } else { Admission::FirstDropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_dropped_and_told_once_and_others_are_heard() {
        let (mut limiter, flood, quiet) =
            (Limiter::default(), "fp-01".parse().unwrap(), "fp-02".parse().unwrap());
        let first = (0..10_000).map(|_| limiter.admit(&flood, 0)).collect::<Vec<_>>();
        assert_eq!(first.iter().filter(|a| **a == Admission::Taken).count(), 2_000);
        assert_eq!(first.iter().filter(|a| **a == Admission::FirstDropped).count(), 1);
        assert_eq!(limiter.admit(&quiet, 0), Admission::Taken);
        assert_eq!(limiter.admit(&flood, 1_000), Admission::Taken, "it refills");
        let later = (0..100).map(|_| limiter.admit(&flood, 1_000)).collect::<Vec<_>>();
        assert_eq!(later.iter().filter(|a| **a == Admission::Taken).count(), 19);
        assert!(!later.contains(&Admission::FirstDropped), "one flood is told once");
        assert_eq!(limiter.admit(&flood, -5_000), Admission::Dropped, "a clock set back gives nothing");
        assert_eq!(limiter.admit(&flood, 10_000_000), Admission::Taken);
        for _ in 0..1_999 {
            limiter.admit(&flood, 10_000_000);
        }
        assert_eq!(
            limiter.admit(&flood, 10_000_000),
            Admission::FirstDropped,
            "the next flood is told again"
        );
    }
}
