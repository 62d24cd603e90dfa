//! When something may happen at a site: what a rollout asks of the office calendar. [`AlwaysOpen`]
//! stands where no calendar is: everything at any time, and never closed.

use jiff::Timestamp;
use migrado_protocol::SiteId;
use migrado_protocol::content::Window;

pub use crate::calendar::WindowKind as Kind;
use crate::calendar::kept::Calendars;
use crate::calendar::{Opening, next_closing, next_opening, state_at, window_at};

/// The windows of the sites.
pub trait Windows: Send + Sync + std::fmt::Debug {
    /// The window of this kind that is open now, or the next one; `None`: there is none in sight.
    fn next(&self, kind: Kind, site: &SiteId, now_ms: i64) -> Option<Window>;
    /// The time in which the site is closed to visitors: the present one, or the next; `None`: there
    /// is none in sight, or nobody knows.
    fn closed(&self, site: &SiteId, now_ms: i64) -> Option<Window>;
}

/// No calendar.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysOpen;

impl Windows for AlwaysOpen {
    fn next(&self, _: Kind, _: &SiteId, _: i64) -> Option<Window> {
        Some(Window::default())
    }

    fn closed(&self, _: &SiteId, _: i64) -> Option<Window> {
        None
    }
}

impl Windows for Calendars {
    fn next(&self, kind: Kind, site: &SiteId, now_ms: i64) -> Option<Window> {
        let (calendar, now) = (self.calendar(site), moment(now_ms)?);
        let at = window_at(&calendar, kind, now);
        if at.open {
            return Some(Window { from_ms: None, until_ms: at.closes.map(Timestamp::as_millisecond) });
        }
        let opens = at.opens?;
        let closes = window_at(&calendar, kind, opens).closes;
        Some(span(opens, closes))
    }

    fn closed(&self, site: &SiteId, now_ms: i64) -> Option<Window> {
        let (calendar, now) = (self.calendar(site), moment(now_ms)?);
        match state_at(&calendar, now).opening {
            Opening::Closed => {
                let opens = next_opening(&calendar, now).map(Timestamp::as_millisecond);
                Some(Window { from_ms: None, until_ms: opens })
            }
            Opening::Open => {
                let closes = next_closing(&calendar, now)?;
                Some(span(closes, next_opening(&calendar, closes)))
            }
            // Nobody may be sent away because nobody knows when visitors come.
            Opening::Unknown => None,
        }
    }
}

fn moment(at_ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(at_ms).ok()
}

fn span(from: Timestamp, until: Option<Timestamp>) -> Window {
    Window { from_ms: Some(from.as_millisecond()), until_ms: until.map(Timestamp::as_millisecond) }
}

/// How many windows are looked through for one in which the site is closed: two weeks of days with
/// one window each.
const LOOKS_MAX: usize = 14;

/// When content may be put in service while nobody is there.
pub fn while_closed(windows: &dyn Windows, site: &SiteId, now_ms: i64) -> Option<Window> {
    let mut at_ms = now_ms;
    for _ in 0..LOOKS_MAX {
        let open = windows.next(Kind::Activate, site, at_ms)?;
        let closed = windows.closed(site, at_ms)?;
        let from_ms = later(open.from_ms, closed.from_ms);
        let until_ms = earlier(open.until_ms, closed.until_ms);
        if from_ms.unwrap_or(i64::MIN) < until_ms.unwrap_or(i64::MAX) {
            return Some(Window { from_ms, until_ms });
        }
        // They do not meet: whichever ends first is of no use any more.
        at_ms = until_ms.filter(|end| *end > at_ms)?;
    }
    None
}

fn later(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.max(b)
}

fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Windows as lists of spans.
    #[derive(Debug, Default)]
    pub(crate) struct Listed {
        pub(crate) download: Vec<(i64, i64)>,
        pub(crate) activate: Vec<(i64, i64)>,
        pub(crate) closed: Vec<(i64, i64)>,
    }

    fn first(spans: &[(i64, i64)], now_ms: i64) -> Option<Window> {
        let span = spans.iter().find(|(_, until)| *until > now_ms)?;
        Some(Window { from_ms: Some(span.0), until_ms: Some(span.1) })
    }

    impl Windows for Listed {
        fn next(&self, kind: Kind, _: &SiteId, now_ms: i64) -> Option<Window> {
            match kind {
                Kind::Download => first(&self.download, now_ms),
                Kind::Activate | Kind::Restart => first(&self.activate, now_ms),
            }
        }

        fn closed(&self, _: &SiteId, now_ms: i64) -> Option<Window> {
            first(&self.closed, now_ms)
        }
    }

    #[test]
    fn a_closed_site_is_found_where_its_windows_meet() {
        let site = "fp".parse().unwrap();
        for (activate, closed, now_ms, expected) in [
            (vec![(0, 10)], vec![(5, 20)], 0, Some((5, 10))),
            (vec![(0, 10)], vec![(5, 20)], 7, Some((5, 10))),
            (vec![(0, 10), (30, 40)], vec![(15, 35)], 0, Some((30, 35))),
            (vec![(0, 10)], vec![(10, 20)], 0, None),
            (vec![(0, 10)], vec![], 0, None),
            (vec![], vec![(0, 10)], 0, None),
        ] {
            let listed = Listed { activate: activate.clone(), closed: closed.clone(), ..Listed::default() };
            let found = while_closed(&listed, &site, now_ms);
            let expected =
                expected.map(|(from, until)| Window { from_ms: Some(from), until_ms: Some(until) });
            assert_eq!(found, expected, "{activate:?} {closed:?} at {now_ms}");
        }
        assert_eq!(while_closed(&AlwaysOpen, &site, 0), None, "who knows no hours knows no closed ones");
    }
}
