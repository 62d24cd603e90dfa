//! The times at which an event takes place, from a day on.
//!
//! Rules are expanded on the city's clocks, and each time is then given its offset: what takes place at
//! ten in the morning does so in summer and in winter.

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan as _, Zoned};
use rrule::{RRule, RRuleError, RRuleSet, Tz, Unvalidated};

use crate::authoring::calendar::{self, Calendar, Entry};
use crate::authoring::guarded;
use crate::limits::{EVENT_DAYS_AHEAD, EVENT_OCCURRENCES_MAX};

/// How often a rule may repeat: not every hour or minute.
const FREQUENCIES: [&str; 4] = ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"];

/// One time that an event takes place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// When it begins, with offset.
    pub start: String,
    /// When it ends, with offset.
    pub end: String,
    /// It takes whole days.
    pub all_day: bool,
    /// Where.
    pub place: Option<String>,
}

/// What an event expands to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expanded {
    /// Its times, in order.
    pub occurrences: Vec<Occurrence>,
    /// Lines that name a day on which it would not take place anyway.
    pub pointless: Vec<usize>,
}

/// Expands an event from a day on.
///
/// # Errors
/// What is wrong, by line.
pub fn expand(calendar: &Calendar, today: Date) -> Result<Expanded, (usize, String)> {
    let (series, replacing): (Vec<&Entry>, Vec<&Entry>) =
        calendar.entries.iter().partition(|e| e.replaces.is_none());
    let entry = match series.as_slice() {
        [] => return Err((1, "there is no event here that others could replace a day of".to_owned())),
        [entry] => *entry,
        [_, second, ..] => {
            return Err((second.line, "a second event begins here: give it a folder of its own".to_owned()));
        }
    };
    if let Some(other) = replacing.iter().find(|e| e.uid != entry.uid) {
        return Err((other.line, "this replaces a day of another event (its UID differs)".to_owned()));
    }
    let first = today.to_datetime(jiff::civil::Time::midnight());
    let last = first.checked_add(EVENT_DAYS_AHEAD.days()).map_err(|e| (entry.line, e.to_string()))?;
    let mut expanded = Expanded::default();
    let starts = starts(entry, first, last)?;
    let in_window = |at: DateTime| at >= first && at <= last;
    let same = |a: DateTime, b: calendar::Stamp| if b.is_day { a.date() == b.at.date() } else { a == b.at };
    for (line, stamp) in entry.left_out.iter().copied().chain(replacing.iter().filter_map(|e| e.replaces)) {
        if in_window(stamp.at) && !starts.iter().any(|start| same(*start, stamp)) {
            expanded.pointless.push(line);
        }
    }
    for start in starts {
        let left_out = entry.left_out.iter().any(|(_, stamp)| same(start, *stamp));
        let replaced = replacing.iter().any(|e| e.replaces.is_some_and(|(_, stamp)| same(start, stamp)));
        if !left_out && !replaced && !entry.canceled {
            expanded.occurrences.extend(occurrence(entry, start, first));
        }
    }
    for other in replacing.iter().filter(|e| !e.canceled && e.start.at <= last) {
        expanded.occurrences.extend(occurrence(other, other.start.at, first));
    }
    expanded.occurrences.sort();
    Ok(expanded)
}

/// Begins of an event within the window, by its rule and its further days.
fn starts(entry: &Entry, first: DateTime, last: DateTime) -> Result<Vec<DateTime>, (usize, String)> {
    let length = entry.start.at.until(entry.end).unwrap_or_default();
    let from = first.checked_sub(length).unwrap_or(first);
    let mut starts = match &entry.rule {
        None => vec![entry.start.at],
        Some((line, rule)) => by_rule(entry, rule, from, last).map_err(|message| (*line, message))?,
    };
    starts.extend(entry.added.iter().copied());
    starts.retain(|start| *start >= from && *start <= last);
    starts.sort();
    starts.dedup();
    if starts.len() > usize::from(EVENT_OCCURRENCES_MAX) {
        let line = entry.rule.as_ref().map_or(entry.line, |(line, _)| *line);
        return Err((
            line,
            format!("this takes place more than {EVENT_OCCURRENCES_MAX} times within a year"),
        ));
    }
    Ok(starts)
}

fn by_rule(entry: &Entry, rule: &str, from: DateTime, last: DateTime) -> Result<Vec<DateTime>, String> {
    let rule = on_local_clocks(rule)?;
    if !FREQUENCIES.iter().any(|f| rule.split(';').any(|part| part == *f)) {
        return Err("events repeat daily, weekly, monthly or yearly (FREQ)".to_owned());
    }
    // The expander cuts words in the middle of their letters and panics over those of other alphabets.
    if !rule.is_ascii() {
        return Err("this rule has letters that no rule has".to_owned());
    }
    let outside = || "this event is too far from today".to_owned();
    let start = to_chrono(entry.start.at).ok_or_else(outside)?;
    let (from, last) = (to_chrono(from).ok_or_else(outside)?, to_chrono(last).ok_or_else(outside)?);
    let found = guarded(|| {
        let failed = |e: RRuleError| format!("this rule is not understood: {e}");
        let rule: RRule<Unvalidated> = rule.parse().map_err(failed)?;
        let set: RRuleSet = rule.build(start).map_err(failed)?;
        Ok(set.after(from).before(last).all(EVENT_OCCURRENCES_MAX + 1))
    })?;
    found.dates.iter().map(|at| from_chrono(at).ok_or_else(outside)).collect()
}

/// A rule whose end is what the city's clocks show then.
fn on_local_clocks(rule: &str) -> Result<String, String> {
    let mut parts = Vec::new();
    for part in rule.split(';').filter(|p| !p.is_empty()) {
        let part = part.to_ascii_uppercase();
        let Some(until) = part.strip_prefix("UNTIL=") else {
            parts.push(part);
            continue;
        };
        let strange = || format!("UNTIL={until} is no moment such as 20261231T225959Z");
        let at = match until.strip_suffix('Z') {
            Some(utc) => {
                let utc = DateTime::strptime("%Y%m%dT%H%M%S", utc).map_err(|_| strange())?;
                calendar::local(utc).ok_or_else(strange)?
            }
            None if until.contains('T') => {
                DateTime::strptime("%Y%m%dT%H%M%S", until).map_err(|_| strange())?
            }
            // The whole day counts.
            None => Date::strptime("%Y%m%d", until).map_err(|_| strange())?.at(23, 59, 59, 0),
        };
        parts.push(format!("UNTIL={}Z", at.strftime("%Y%m%dT%H%M%S")));
    }
    Ok(parts.join(";"))
}

/// The expander knows no zone of ours: it is given what the clocks show as if that were UTC.
fn to_chrono(at: DateTime) -> Option<chrono::DateTime<Tz>> {
    let seconds = jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?.as_second();
    Some(chrono::DateTime::from_timestamp(seconds, 0)?.with_timezone(&Tz::UTC))
}

fn from_chrono(at: &chrono::DateTime<Tz>) -> Option<DateTime> {
    let at = jiff::Timestamp::from_second(at.timestamp()).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).datetime())
}

/// A time of an event, if it is not over on the first day.
fn occurrence(entry: &Entry, start: DateTime, first: DateTime) -> Option<Occurrence> {
    let length: Span = entry.start.at.until(entry.end).ok()?;
    let end = start.checked_add(length).ok()?;
    if end <= first {
        return None;
    }
    let begin = start.to_zoned(calendar::zone()).ok()?;
    // Clocks skip an hour in March: what would begin within it begins after it, as long as ever.
    let end = match begin.datetime() == start {
        true => end.to_zoned(calendar::zone()).ok()?,
        false => begin.checked_add(length).ok()?,
    };
    let place = entry.place.clone();
    Some(Occurrence {
        start: with_offset(&begin),
        end: with_offset(&end),
        all_day: entry.start.is_day,
        place,
    })
}

/// `2026-11-30T10:00:00+01:00`
fn with_offset(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
#[path = "occurrences_tests.rs"]
mod tests;
