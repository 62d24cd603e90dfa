//! How fast an update comes: from the bytes that a terminal reported, and when each report came here.
//! Nothing of it is stored: after a start of the controller the next two reports tell it again.

use std::collections::VecDeque;

use migrado_protocol::content::{ContentReport, UpdateState};

/// Milliseconds that are looked back: long enough to even out a line that stutters, short enough
/// to notice a throttle that was changed.
const WINDOW_MS: i64 = 30_000;
/// Milliseconds between two reports of a download at most, with some slack. A silence that is
/// longer counts as time in which nothing came.
const REPORT_GAP_MS: i64 = 8_000;
/// Seconds beyond which no time is foretold: nobody plans by a guess of months.
const LEFT_S_MAX: u64 = 30 * 24 * 3600;

/// What came, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pace {
    manifest: String,
    attempt: u32,
    came: VecDeque<(i64, u64)>,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Download {
    /// Bytes that have come.
    pub bytes_done: u64,
    /// Bytes that are to come in all.
    pub bytes_total: u64,
    /// Bytes of these that neighbors gave.
    pub bytes_from_neighbors: u64,
    /// Bytes a second; `None` while it is not known.
    pub bytes_s: Option<u64>,
    /// Seconds that it takes at this pace; `None` while that is not known.
    pub left_s: Option<u64>,
}

impl Pace {
    /// Takes in what a report says.
    pub fn heard(&mut self, content: Option<&ContentReport>, now_ms: i64) {
        let update = content.and_then(|c| c.update.as_ref());
        let Some(update) = update.filter(|u| u.state == UpdateState::Downloading) else {
            *self = Self::default();
            return;
        };
        let began_anew = self.manifest != update.manifest
            || self.attempt != update.attempts
            || self.came.back().is_some_and(|(at, bytes)| *bytes > update.bytes_done || *at > now_ms);
        if began_anew {
            (self.manifest, self.attempt) = (update.manifest.clone(), update.attempts);
            self.came.clear();
        }
        self.came.push_back((now_ms, update.bytes_done));
        // The newest that is older than the window stays: it is the window's edge.
        while self.came.get(1).is_some_and(|(at, _)| *at <= now_ms - WINDOW_MS) {
            self.came.pop_front();
        }
    }

    /// Bytes a second, now; `None` before there are two reports to tell it from.
    fn bytes_s(&self, now_ms: i64) -> Option<u64> {
        let ((first_ms, first), (last_ms, last)) = (self.came.front()?, self.came.back()?);
        let until_ms = (*last_ms).max(now_ms - REPORT_GAP_MS);
        let ms = u64::try_from(until_ms - first_ms).ok().filter(|ms| *ms > 0 && self.came.len() > 1)?;
        last.saturating_sub(*first).saturating_mul(1000).checked_div(ms)
    }

    /// How far the download of a report is; `None` when there is none, or its size is not known yet.
    pub fn download(&self, content: Option<&ContentReport>, now_ms: i64) -> Option<Download> {
        let update = content?.update.as_ref()?;
        if update.state != UpdateState::Downloading || update.bytes_total == 0 {
            return None;
        }
        let bytes_s = self.bytes_s(now_ms);
        let left = update.bytes_total.saturating_sub(update.bytes_done);
        Some(Download {
            bytes_done: update.bytes_done.min(update.bytes_total),
            bytes_total: update.bytes_total,
            bytes_from_neighbors: update.bytes_from_neighbors,
            bytes_s,
            left_s: bytes_s
                .filter(|bytes| *bytes > 0)
                .map(|bytes| left.div_ceil(bytes))
                .filter(|s| *s <= LEFT_S_MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollouts::progress::tests::report;

    fn at(done: u64, attempts: u32) -> ContentReport {
        let mut content = report("old", "new", UpdateState::Downloading);
        let update = content.update.as_mut().unwrap();
        (update.bytes_done, update.bytes_total, update.attempts) = (done, 1_000_000, attempts);
        content
    }

    fn heard(said: &[(i64, u64, u32)]) -> (Pace, ContentReport) {
        let mut pace = Pace::default();
        for (now_ms, done, attempts) in said {
            pace.heard(Some(&at(*done, *attempts)), *now_ms);
        }
        let (_, done, attempts) = said.last().copied().unwrap();
        (pace, at(done, attempts))
    }

    #[test]
    fn one_report_tells_how_far_and_two_tell_how_fast() {
        let (pace, content) = heard(&[(0, 100_000, 1)]);
        let download = pace.download(Some(&content), 1).unwrap();
        assert_eq!((download.bytes_done, download.bytes_s, download.left_s), (100_000, None, None));
        let (pace, content) = heard(&[(0, 100_000, 1), (5_000, 350_000, 1)]);
        let download = pace.download(Some(&content), 6_000).unwrap();
        assert_eq!((download.bytes_s, download.left_s), (Some(50_000), Some(13)));
    }

    #[test]
    fn a_line_that_stands_still_gets_slower_and_foretells_nothing_at_last() {
        let (pace, content) = heard(&[(0, 0, 1), (5_000, 500_000, 1)]);
        let bytes_s = |now_ms| pace.download(Some(&content), now_ms).unwrap().bytes_s.unwrap();
        assert_eq!(bytes_s(10_000), 100_000);
        assert_eq!(bytes_s(33_000), 20_000);
        let mut pace = pace;
        for now_ms in [20_000, 40_000, 60_000] {
            pace.heard(Some(&content), now_ms);
        }
        let download = pace.download(Some(&content), 60_000).unwrap();
        assert_eq!((download.bytes_s, download.left_s), (Some(0), None));
    }

    #[test]
    fn old_reports_count_no_more() {
        let (pace, content) = heard(&[(0, 0, 1), (5_000, 100, 1), (40_000, 200, 1), (70_000, 300_200, 1)]);
        assert_eq!(pace.download(Some(&content), 70_000).unwrap().bytes_s, Some(10_000));
        assert_eq!(pace.came.len(), 2);
    }

    #[test]
    fn another_attempt_and_bytes_that_fell_begin_anew() {
        for said in [[(0, 900_000, 1), (5_000, 100, 2)], [(0, 900_000, 1), (5_000, 100, 1)]] {
            let (pace, content) = heard(&said);
            assert_eq!(pace.download(Some(&content), 5_000).unwrap().bytes_s, None, "{said:?}");
        }
    }

    #[test]
    fn what_does_not_download_has_no_pace() {
        let (mut pace, _) = heard(&[(0, 1, 1), (5_000, 2, 1)]);
        let staged = report("old", "new", UpdateState::Staged);
        pace.heard(Some(&staged), 6_000);
        assert_eq!(pace, Pace::default());
        assert_eq!(pace.download(Some(&staged), 6_000), None);
        let mut unknown = at(0, 1);
        unknown.update.as_mut().unwrap().bytes_total = 0;
        assert_eq!(pace.download(Some(&unknown), 6_000), None, "its size is not known");
    }
}
