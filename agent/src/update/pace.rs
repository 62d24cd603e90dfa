//! What is expected of somebody who gives content: how long may nothing come, and how little in a span.
//! Whoever is slower holds the display up. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// What is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long the next piece may take.
    pub silence: Duration,
    /// The time over which the least speed is looked at.
    pub span: Duration,
    /// Bytes that must come in that time.
    pub bytes: u64,
}

impl Pace {
    /// Over a site's line: one of 64 kbit/s brings thirty times as many bytes.
    pub const UPLINK: Self = Self {
        connect: Duration::from_secs(30),
        silence: Duration::from_secs(30),
        span: Duration::from_secs(60),
        bytes: 16 * 1024,
    };
    /// From a neighbor in the same house, who gives ten times that to each of those that it serves, also
    /// while a visitor is there. Whoever is slower is better left for another one.
    pub const NEIGHBOR: Self = Self {
        connect: Duration::from_secs(3),
        silence: Duration::from_secs(10),
        span: Duration::from_secs(10),
        bytes: 1024 * 1024,
    };
}

/// Looks at the speed of an answer.
#[derive(Debug)]
pub struct Watch {
    pace: Pace,
    since: Instant,
    bytes: u64,
}

impl Watch {
    /// Begins now.
    pub fn new(pace: Pace) -> Self {
        Self { pace, since: Instant::now(), bytes: 0 }
    }

    /// What is expected.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Takes bytes in, and says whether too few have come since the span began. Pure but for itself.
    pub fn is_slow(&mut self, bytes: u64, now: Instant) -> bool {
        self.bytes += bytes;
        if now.duration_since(self.since) < self.pace.span {
            return false;
        }
        let is_slow = self.bytes < self.pace.bytes;
        (self.since, self.bytes) = (now, 0);
        is_slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fewer_bytes_than_any_line_brings_are_slow() {
        for (pace, enough) in [(Pace::UPLINK, 8_000 * 60), (Pace::NEIGHBOR, 2_000_000)] {
            let mut watch = Watch::new(pace);
            let now = Instant::now();
            assert!(!watch.is_slow(10, now + pace.span / 2), "the span is not over");
            assert!(watch.is_slow(10, now + pace.span));
            assert!(!watch.is_slow(enough, now + pace.span * 2));
        }
    }
}
