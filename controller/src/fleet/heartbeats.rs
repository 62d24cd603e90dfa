//! Status over time in buckets, for the bars of the overview: the worst status of each bucket, and
//! "no data" as an answer of its own.

use serde::{Deserialize, Serialize};

use super::status::Status;

/// Buckets that are shown: five hours.
pub const BUCKETS: usize = 30;
/// Milliseconds of one bucket.
pub const BUCKET_MS: i64 = 10 * 60 * 1000;

/// The last [`BUCKETS`] buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeats {
    /// Number of the newest bucket since the epoch.
    newest: i64,
    /// Oldest first, never more than [`BUCKETS`].
    buckets: Vec<Option<Status>>,
}

impl Heartbeats {
    /// Notes the status of a moment.
    pub fn note(&mut self, status: Status, now_ms: i64) {
        let bucket = now_ms.div_euclid(BUCKET_MS);
        self.advance(bucket);
        if bucket == self.newest
            && let Some(last) = self.buckets.last_mut()
        {
            *last = Some(last.map_or(status, |was| worse(was, status)));
        }
    }

    /// The buckets up to now, oldest first; `None` where nothing was noted.
    pub fn up_to(&self, now_ms: i64) -> Vec<Option<Status>> {
        let mut copy = self.clone();
        copy.advance(now_ms.div_euclid(BUCKET_MS));
        let missing = BUCKETS - copy.buckets.len();
        std::iter::repeat_n(None, missing).chain(copy.buckets).collect()
    }

    fn advance(&mut self, bucket: i64) {
        if self.buckets.is_empty() {
            self.newest = bucket;
            self.buckets.push(None);
        }
        let steps = usize::try_from(bucket - self.newest).unwrap_or(0).min(BUCKETS);
        if steps > 0 {
            self.buckets.extend(std::iter::repeat_n(None, steps));
            self.newest = bucket;
        }
        let over = self.buckets.len().saturating_sub(BUCKETS);
        self.buckets.drain(..over);
    }
}

/// The worse of two. Not to know for a moment is no status once something is known.
fn worse(a: Status, b: Status) -> Status {
    match (a, b) {
        (Status::Unknown, known) | (known, Status::Unknown) => known,
        _ => a.min(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_keeps_its_worst_and_silence_stays_silence() {
        let mut bars = Heartbeats::default();
        bars.note(Status::Ok, 0);
        bars.note(Status::Fault, 1);
        bars.note(Status::Ok, 2);
        bars.note(Status::Unknown, 3 * BUCKET_MS);
        bars.note(Status::Ok, 3 * BUCKET_MS);
        bars.note(Status::Unknown, 3 * BUCKET_MS);
        let shown = bars.up_to(4 * BUCKET_MS);
        assert_eq!(shown.len(), BUCKETS);
        assert_eq!(shown[BUCKETS - 5..], [Some(Status::Fault), None, None, Some(Status::Ok), None]);
    }

    #[test]
    fn a_clock_that_jumps_back_or_far_changes_no_length() {
        let mut bars = Heartbeats::default();
        bars.note(Status::Ok, 1_000 * BUCKET_MS);
        bars.note(Status::Fault, 0);
        bars.note(Status::Ok, i64::MAX);
        assert_eq!(bars.up_to(i64::MAX).len(), BUCKETS);
    }
}
