//! Local time of the offices, Europe/Berlin, and what the two days of the clock change make of it.
//! Here alone a time on the wall becomes a moment.

use std::sync::OnceLock;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};

/// The zone of all sites.
pub const ZONE: &str = "Europe/Berlin";

/// The zone of all sites. Its rules are part of the program, so it is always there.
pub fn zone() -> &'static TimeZone {
    static ZONE_RULES: OnceLock<TimeZone> = OnceLock::new();
    ZONE_RULES.get_or_init(|| TimeZone::get(ZONE).unwrap_or(TimeZone::UTC))
}

/// A moment as the wall shows it.
pub fn on_the_wall(at: Timestamp) -> Zoned {
    at.to_zoned(zone().clone())
}

/// The moment at which the wall shows a time. A time that spring leaves out is the first moment after
/// the gap; of a time that autumn has twice it is the first.
pub fn moment(at: DateTime) -> Timestamp {
    moments(at).0
}

/// The first moment after `begin` at which the wall shows a time: of a time that autumn has twice,
/// what began in the second hour ends in the second.
pub fn moment_after(at: DateTime, begin: Timestamp) -> Timestamp {
    let (first, second) = moments(at);
    if first > begin { first } else { second }
}

fn moments(at: DateTime) -> (Timestamp, Timestamp) {
    let ambiguous = zone().to_ambiguous_timestamp(at);
    let offset = ambiguous.offset();
    match offset {
        AmbiguousOffset::Gap { .. } => {
            let after = ambiguous.compatible().unwrap_or(Timestamp::MAX);
            let step = SignedDuration::from_millis(1);
            let just_after = after.checked_add(step).unwrap_or(after);
            let gap = zone().preceding(just_after).next().map_or(after, |change| change.timestamp());
            (gap, gap)
        }
        AmbiguousOffset::Fold { .. } => {
            let second = zone().to_ambiguous_timestamp(at).later().unwrap_or(Timestamp::MAX);
            (ambiguous.earlier().unwrap_or(Timestamp::MAX), second)
        }
        AmbiguousOffset::Unambiguous { .. } => {
            // Only beyond the years that there are is there no such moment.
            let only = ambiguous.compatible().unwrap_or(Timestamp::MAX);
            (only, only)
        }
    }
}

/// The first moment of a day.
pub fn begin_of(date: Date) -> Timestamp {
    moment(date.at(0, 0, 0, 0))
}

/// The day after; the last day that there is stays itself.
pub fn next_day(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(Date::MAX)
}

/// The day before; the first day that there is stays itself.
pub fn day_before(date: Date) -> Date {
    date.checked_sub(1.day()).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_time_of_the_days_of_the_clock_change_has_its_moment() {
        for (wall, first, after_first) in [
            // 29 March 2026 and 28 March 2027 have no hour from 2 to 3.
            ("2026-03-29T01:59", "2026-03-29T00:59Z", "2026-03-29T00:59Z"),
            ("2026-03-29T02:00", "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
            ("2026-03-29T02:30", "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
            ("2026-03-29T02:59", "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
            ("2026-03-29T03:00", "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
            ("2027-03-28T02:15", "2027-03-28T01:00Z", "2027-03-28T01:00Z"),
            ("2027-03-28T03:15", "2027-03-28T01:15Z", "2027-03-28T01:15Z"),
            // 25 October 2026 and 31 October 2027 have it twice.
            ("2026-10-25T01:59", "2026-10-24T23:59Z", "2026-10-24T23:59Z"),
            ("2026-10-25T02:00", "2026-10-25T00:00Z", "2026-10-25T01:00Z"),
            ("2026-10-25T02:30", "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
            ("2026-10-25T03:00", "2026-10-25T02:00Z", "2026-10-25T02:00Z"),
            ("2027-10-31T02:45", "2027-10-31T00:45Z", "2027-10-31T01:45Z"),
        ] {
            let at: DateTime = wall.parse().unwrap();
            assert_eq!(moment(at), utc(first), "{wall}");
            assert_eq!(moment_after(at, utc(first)), utc(after_first), "{wall}");
            assert_eq!(moment_after(at, utc("2026-01-01T00:00Z")), utc(first), "{wall}");
        }
    }

    #[test]
    fn the_days_of_the_clock_change_have_23_and_25_hours() {
        for (day, hours) in [
            ("2026-03-29", 23),
            ("2026-10-25", 25),
            ("2027-03-28", 23),
            ("2027-10-31", 25),
            ("2028-02-29", 24),
        ] {
            let date: Date = day.parse().unwrap();
            let long = begin_of(next_day(date)).duration_since(begin_of(date));
            assert_eq!(long, SignedDuration::from_hours(hours), "{day}");
            assert_eq!(next_day(day_before(date)), date);
        }
    }
}
