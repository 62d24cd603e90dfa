//! Whether a site is open at a moment, why, and when that changes.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::days::{DayRule, Span, day, open_spans};
use super::holidays::Holiday;
use super::local::{moment, moment_after, on_the_wall};
use super::model::Calendar;
use crate::api::text::{Text, text};

/// Days that are looked ahead: a year and a month. A site that does not open within them does not
/// open as far as anybody plans.
const AHEAD_DAYS: i32 = 396;
/// Days that are looked ahead first: nearly always the answer lies within a week.
const AHEAD_FIRST_DAYS: i32 = 8;

/// Whether a site is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It is.
    Open,
    /// It is not.
    Closed,
    /// It has no opening hours.
    Unknown,
}

/// Why a site is open or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// It is within the hours, or outside of those of a day that has some.
    Hours,
    /// The weekday has no hours.
    Weekday,
    /// A special day.
    Special(String),
    /// A public holiday.
    Holiday(Holiday),
    /// A closure.
    Closure(String),
    /// Nobody gave opening hours.
    Unknown,
}

/// A site at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteState {
    /// Whether it is open.
    pub opening: Opening,
    /// Why.
    pub because: Because,
    /// When that changes; absent when nobody knows, or not within a year.
    pub until: Option<Timestamp>,
}

/// A site at a moment.
pub fn state_at(calendar: &Calendar, now: Timestamp) -> SiteState {
    let today = on_the_wall(now).date();
    if let Some(closure) = calendar.closures.iter().find(|closure| {
        let begin = moment(closure.begin());
        begin <= now && now < moment_after(closure.end(), begin)
    }) {
        let because = Because::Closure(closure.reason.clone());
        return SiteState { opening: Opening::Closed, because, until: next_opening(calendar, now) };
    }
    if calendar.opening_hours.is_none() {
        return SiteState { opening: Opening::Unknown, because: Because::Unknown, until: None };
    }
    let current = open_spans(calendar, today, today).into_iter().find(|span| span.contains(now));
    let told = day(calendar, today);
    match current {
        Some(span) => {
            // What began yesterday is yesterday's rule.
            let begun = day(calendar, on_the_wall(span.from).date());
            let because = match begun.rule {
                DayRule::Special { reason } => Because::Special(reason),
                _ => Because::Hours,
            };
            SiteState { opening: Opening::Open, because, until: next_closing(calendar, now) }
        }
        None => {
            let because = match told.rule {
                DayRule::Holiday(holiday) => Because::Holiday(holiday),
                DayRule::Special { reason } if told.hours.is_empty() => Because::Special(reason),
                _ if told.hours.is_empty() => Because::Weekday,
                _ => Because::Hours,
            };
            SiteState { opening: Opening::Closed, because, until: next_opening(calendar, now) }
        }
    }
}

/// When the site opens next after a moment; absent when it does not within a year.
pub fn next_opening(calendar: &Calendar, now: Timestamp) -> Option<Timestamp> {
    search(calendar, now, |spans, _| spans.iter().map(|span| span.from).find(|from| *from > now))
}

/// When the site closes next after a moment, be it open now or not; absent when it does not within a
/// year.
pub fn next_closing(calendar: &Calendar, now: Timestamp) -> Option<Timestamp> {
    search(calendar, now, |spans, horizon| {
        // What is open up to the horizon may go on behind it.
        spans.iter().map(|span| span.until).find(|until| *until > now).filter(|until| *until < horizon)
    })
}

/// Looks into the near days first, then into all.
fn search(
    calendar: &Calendar,
    now: Timestamp,
    find: impl Fn(&[Span], Timestamp) -> Option<Timestamp>,
) -> Option<Timestamp> {
    let today = on_the_wall(now).date();
    [AHEAD_FIRST_DAYS, AHEAD_DAYS].into_iter().find_map(|days| {
        let last = today.checked_add(days.days()).unwrap_or(Date::MAX);
        let horizon = super::local::begin_of(super::local::next_day(last));
        find(&open_spans(calendar, today, last), horizon)
    })
}

impl SiteState {
    /// Says it in a few words: `open until 18:00`, `closed: Allerheiligen`.
    pub fn words(&self, now: Timestamp) -> Text {
        let until = self.until.map(|until| when(until, now));
        match (self.opening, &self.because) {
            (Opening::Unknown, _) => text("Öffnungszeiten nicht bekannt", "opening hours are not known"),
            (Opening::Open, because) => {
                let (de, en) = match until {
                    Some(Text { de, en }) => (format!("geöffnet bis {de}"), format!("open until {en}")),
                    None => ("geöffnet".to_owned(), "open".to_owned()),
                };
                match because {
                    Because::Special(reason) => text(format!("{de}: {reason}"), format!("{en}: {reason}")),
                    _ => text(de, en),
                }
            }
            (Opening::Closed, Because::Closure(reason) | Because::Special(reason)) => {
                text(format!("geschlossen: {reason}"), format!("closed: {reason}"))
            }
            (Opening::Closed, Because::Holiday(holiday)) => {
                let name = holiday.name();
                text(format!("geschlossen: {}", name.de), format!("closed: {}", name.en))
            }
            (Opening::Closed, _) => match until {
                Some(Text { de, en }) => text(format!("geschlossen bis {de}"), format!("closed until {en}")),
                None => text("geschlossen", "closed"),
            },
        }
    }
}

/// A moment as people say it: the time today, else with the day.
pub fn when(at: Timestamp, now: Timestamp) -> Text {
    let (at, today) = (on_the_wall(at), on_the_wall(now).date());
    let time = at.strftime("%H:%M").to_string();
    if at.date() == today {
        return text(time.clone(), time);
    }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(at.month() - 1).ok().and_then(|n| months.get(n)).copied().unwrap_or_default();
    text(format!("{}.{}., {time}", at.day(), at.month()), format!("{} {month}, {time}", at.day()))
}
