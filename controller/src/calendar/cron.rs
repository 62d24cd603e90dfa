//! Recurring times: cron patterns of five fields, read on the wall's clock in Europe/Berlin. A time
//! that spring leaves out comes at the next minute that there is; one that autumn has twice comes
//! once, unless the pattern asks for every hour or a range of them.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::Date;

use super::local;

/// Years that a pattern is held against; leap years and all weekdays of New Year are among them.
const YEARS: std::ops::Range<i16> = 2025..2037;

/// Characters of a pattern: what people write is far below.
const PATTERN_CHARS_MAX: usize = 100;

/// Why a pattern is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It cannot be read.
    #[error(
        "\"{pattern}\" is no pattern: use minute, hour, day, month and weekday like \"30 2 * * 1-5\" ({why})"
    )]
    Unreadable {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// A year passes without it.
    #[error("\"{pattern}\" does not come at all in a year like {year}")]
    Never {
        /// As it was given.
        pattern: String,
        /// The first such year.
        year: i16,
    },
}

/// A pattern that was checked.
#[derive(Debug, Clone)]
pub struct Pattern(Cron);

impl Pattern {
    /// Reads a pattern; one that does not come in every year is refused.
    pub fn read(text: &str) -> Result<Self, PatternError> {
        let unreadable = |why: String| PatternError::Unreadable {
            pattern: text.chars().take(PATTERN_CHARS_MAX).collect(),
            why,
        };
        if text.chars().count() > PATTERN_CHARS_MAX {
            return Err(unreadable(format!("it has more than {PATTERN_CHARS_MAX} characters")));
        }
        if text.trim_start().starts_with('@') {
            return Err(unreadable("words are not taken, only the five fields".to_owned()));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = Self(parser.parse(text).map_err(|error| unreadable(error.to_string()))?);
        let misses = |year: &i16| {
            let begin = Date::new(*year, 1, 1).ok().map(local::begin_of);
            let end = Date::new(*year + 1, 1, 1).ok().map(local::begin_of);
            let next = begin.and_then(|begin| pattern.at_or_after(begin));
            next.is_none_or(|next| end.is_none_or(|end| next >= end))
        };
        match YEARS.into_iter().find(misses) {
            Some(year) => Err(PatternError::Never { pattern: text.to_owned(), year }),
            None => Ok(pattern),
        }
    }

    /// The first time at a moment or after it.
    pub fn at_or_after(&self, at: Timestamp) -> Option<Timestamp> {
        // Patterns know whole seconds only: half a second after a time it is over.
        let second = whole_second(at);
        self.search(second, second == at)
    }

    /// The first time after a moment.
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        self.search(whole_second(at), false)
    }

    /// The last time at a moment or before it.
    pub fn at_or_before(&self, at: Timestamp) -> Option<Timestamp> {
        let at = local::on_the_wall(whole_second(at));
        self.0.find_previous_occurrence(&at, true).ok().map(|last| last.timestamp())
    }

    fn search(&self, from: Timestamp, inclusive: bool) -> Option<Timestamp> {
        let from = local::on_the_wall(from);
        self.0.find_next_occurrence(&from, inclusive).ok().map(|next| next.timestamp())
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_millisecond().div_euclid(1000)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn between(pattern: &str, from: &str, until: &str) -> Vec<String> {
        let pattern = Pattern::read(pattern).unwrap();
        let (mut times, mut next) = (Vec::new(), pattern.at_or_after(utc(from)));
        while let Some(at) = next.filter(|at| *at < utc(until)) {
            times.push(at.to_string());
            // Forward and back agree.
            assert_eq!(pattern.at_or_before(at), Some(at));
            next = pattern.after(at);
        }
        times
    }

    #[test]
    fn the_days_of_the_clock_change_have_every_time_once() {
        for (from, until, expected) in [
            ("2026-03-28T22:00Z", "2026-03-29T22:00Z", ["2026-03-29T01:00:00Z"]),
            ("2026-10-24T22:00Z", "2026-10-25T22:00Z", ["2026-10-25T00:30:00Z"]),
            ("2027-03-27T22:00Z", "2027-03-28T22:00Z", ["2027-03-28T01:00:00Z"]),
            ("2027-10-30T22:00Z", "2027-10-31T22:00Z", ["2027-10-31T00:30:00Z"]),
            ("2026-07-01T22:00Z", "2026-07-02T22:00Z", ["2026-07-02T00:30:00Z"]),
            ("2026-12-01T22:00Z", "2026-12-02T22:00Z", ["2026-12-02T01:30:00Z"]),
        ] {
            assert_eq!(between("30 2 * * *", from, until), expected, "{from}");
        }
    }

    #[test]
    fn a_part_of_a_second_is_after_the_time() {
        let pattern = Pattern::read("0 8 * * *").unwrap();
        let (eight, just_after) = (utc("2026-11-25T07:00Z"), utc("2026-11-25T07:00:00.5Z"));
        assert_eq!(pattern.at_or_after(eight), Some(eight));
        assert_eq!(pattern.at_or_after(just_after), Some(utc("2026-11-26T07:00Z")));
        assert_eq!(pattern.after(just_after), Some(utc("2026-11-26T07:00Z")));
        assert_eq!(pattern.at_or_before(just_after), Some(eight));
        assert_eq!(pattern.at_or_before(utc("2026-11-25T06:59:59.9Z")), Some(utc("2026-11-24T07:00Z")));
    }

    #[test]
    fn what_comes_every_half_hour_comes_in_both_hours_of_autumn() {
        let times = between("*/30 * * * *", "2026-10-25T00:00Z", "2026-10-25T02:00Z");
        assert_eq!(
            times,
            ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"]
        );
    }

    #[test]
    fn what_is_no_pattern_or_never_comes_is_refused_by_name() {
        for (pattern, said) in [
            ("", "is no pattern"),
            ("soon", "is no pattern"),
            ("@daily", "only the five fields"),
            ("0 3 * *", "is no pattern"),
            ("0 0 3 * * *", "is no pattern"),
            ("0 3 * * * 2027", "is no pattern"),
            ("60 3 * * *", "is no pattern"),
            ("0 24 * * *", "is no pattern"),
            ("0 0 31 2 *", "does not come at all in a year like 2025"),
            ("0 0 29 2 *", "does not come at all in a year like 2025"),
            ("0 0 31 4,6 *", "does not come at all"),
        ] {
            let error = Pattern::read(pattern).unwrap_err().to_string();
            assert!(error.contains(said), "{pattern}: {error}");
        }
        for pattern in ["* * * * *", "30 2 * * 1-5", "0 6 1 * *", "0 22 31 12 *", "0 3 * * SUN", "0 3 L * *"]
        {
            assert!(Pattern::read(pattern).is_ok(), "{pattern}: {:?}", Pattern::read(pattern).err());
        }
        assert!(Pattern::read(&"0 ".repeat(60)).unwrap_err().to_string().contains("more than 100"));
    }
}
