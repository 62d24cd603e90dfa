//! What holds on a day, and the spans in which a site is open: opening hours, or a special day's, or
//! none on a holiday; closures are cut out of all of them.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};

use super::holidays::Holiday;
use super::local;
use super::model::{Calendar, Closure, Hours};

/// A span of time, its end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Span {
    /// Whether a moment lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// What decides the hours of a day, before closures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayRule {
    /// The weekday's opening hours.
    Weekday,
    /// A special day.
    Special {
        /// Why.
        reason: String,
    },
    /// A public holiday.
    Holiday(Holiday),
    /// Nothing: the site has no opening hours.
    Unknown,
}

/// A day of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// What decides its hours.
    pub rule: DayRule,
    /// Its hours as the rule has them.
    pub hours: Vec<Hours>,
    /// Closures that take something or all of it.
    pub closures: Vec<Closure>,
}

/// What holds on a day.
pub fn day(calendar: &Calendar, date: Date) -> Day {
    let (rule, hours) = rule(calendar, date);
    let (begin, end) =
        (date.to_datetime(Time::midnight()), local::next_day(date).to_datetime(Time::midnight()));
    let touches = |closure: &&Closure| closure.begin() < end && closure.end() > begin;
    let closures = calendar.closures.iter().filter(touches).cloned().collect();
    Day { date, rule, hours, closures }
}

fn rule(calendar: &Calendar, date: Date) -> (DayRule, Vec<Hours>) {
    if let Some(special) = calendar.special_days.iter().find(|special| special.date == date) {
        return (DayRule::Special { reason: special.reason.clone() }, special.hours.clone());
    }
    let Some(opening) = &calendar.opening_hours else { return (DayRule::Unknown, Vec::new()) };
    match Holiday::on(date) {
        Some(holiday) => (DayRule::Holiday(holiday), Vec::new()),
        None => (DayRule::Weekday, opening.on(date.weekday()).to_vec()),
    }
}

/// The spans in which a site is open that touch these days, in order and apart from each other.
pub fn open_spans(calendar: &Calendar, first: Date, last: Date) -> Vec<Span> {
    // The night of the day before may reach into the first.
    let mut spans = Vec::new();
    let mut date = local::day_before(first);
    while date <= last {
        spans.extend(rule(calendar, date).1.into_iter().map(|hours| placed(date, hours)));
        if date == Date::MAX {
            break;
        }
        date = local::next_day(date);
    }
    let mut spans = merged(spans);
    for closure in &calendar.closures {
        let begin = local::moment(closure.begin());
        let cut = Span { from: begin, until: local::moment_after(closure.end(), begin) };
        spans = without(spans, cut);
    }
    let (from, until) = (local::begin_of(first), local::begin_of(local::next_day(last)));
    spans.retain(|span| span.until > from && span.from < until);
    spans
}

/// The hours of a day as moments.
fn placed(date: Date, hours: Hours) -> Span {
    let at = |minutes: u16| -> DateTime {
        let midnight = date.to_datetime(Time::midnight());
        midnight.checked_add(i32::from(minutes).minutes()).unwrap_or(DateTime::MAX)
    };
    let from = local::moment(at(hours.from_min()));
    Span { from, until: local::moment_after(at(hours.until_min()), from) }
}

/// Spans in order; those that meet are one.
pub(super) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    // Hours that spring leaves out have no length.
    spans.retain(|span| span.from < span.until);
    spans.sort();
    let mut whole: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match whole.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => whole.push(span),
        }
    }
    whole
}

/// Spans with one cut out of them.
fn without(spans: Vec<Span>, cut: Span) -> Vec<Span> {
    let parts = spans.into_iter().flat_map(|span| {
        let before = Span { from: span.from, until: span.until.min(cut.from) };
        let after = Span { from: span.from.max(cut.until), until: span.until };
        if cut.until <= cut.from {
            [span, Span { from: span.from, until: span.from }]
        } else {
            [before, after]
        }
    });
    parts.filter(|span| span.from < span.until).collect()
}

/// What lies between spans, within bounds.
pub(super) fn between(spans: &[Span], within: Span) -> Vec<Span> {
    let mut gaps = vec![within];
    for span in spans {
        gaps = without(gaps, *span);
    }
    gaps
}
