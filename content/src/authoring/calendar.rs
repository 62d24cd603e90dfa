//! An event as a calendar program wrote it (iCalendar, RFC 5545): only what is needed to know when and
//! where it takes place, each with its line. Zones other than the city's are converted or named.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::authoring::content_lines::{self, Line};

/// Where the offices are.
pub const ZONE: &str = "Europe/Berlin";
/// The names under which calendar programs know it.
const ZONE_NAMES: [&str; 3] =
    [ZONE, "W. Europe Standard Time", "/freeassociation.sourceforge.net/Europe/Berlin"];

/// A calendar file: one event, its rule, and the days that differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// The file, relative to the content folder.
    pub file: String,
    /// The event, and what replaces single days of it.
    pub entries: Vec<Entry>,
    /// What is wrong, by line.
    pub wrong: Vec<(usize, String)>,
}

/// An event, or what replaces one day of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins in the file.
    pub line: usize,
    /// Its id in the calendar program.
    pub uid: String,
    /// When it begins, as a clock on a wall shows it.
    pub start: Stamp,
    /// When it ends.
    pub end: DateTime,
    /// How it is repeated.
    pub rule: Option<(usize, String)>,
    /// Further days.
    pub added: Vec<DateTime>,
    /// Days on which it does not take place.
    pub left_out: Vec<(usize, Stamp)>,
    /// The day of the series that this replaces.
    pub replaces: Option<(usize, Stamp)>,
    /// Where it takes place.
    pub place: Option<String>,
    /// It does not.
    pub canceled: bool,
}

/// A moment on the city's clocks, or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The moment; midnight for a day.
    pub at: DateTime,
    /// It is a day.
    pub is_day: bool,
}

/// The city's time zone. It is part of the program: what a machine has installed changes no release.
#[must_use]
pub fn zone() -> TimeZone {
    const BERLIN: TimeZone = jiff::tz::get!("Europe/Berlin");
    BERLIN
}

/// Reads a calendar file.
#[must_use]
pub fn read(file: &str, text: &str) -> Calendar {
    let mut calendar = Calendar { file: file.to_owned(), ..Calendar::default() };
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut event: Vec<Line> = Vec::new();
    let (lines, wrong) = content_lines::read(text);
    calendar.wrong = wrong;
    for line in lines {
        match line.name.as_str() {
            "BEGIN" => {
                open.push((line.value.to_ascii_uppercase(), line.number));
                if line.value.eq_ignore_ascii_case("VEVENT") {
                    event = vec![line];
                }
            }
            "END" => match open.pop() {
                Some((name, _)) if name.eq_ignore_ascii_case(&line.value) => {
                    if name == "VEVENT" {
                        match entry(&std::mem::take(&mut event)) {
                            Ok(entry) => calendar.entries.push(entry),
                            Err(wrong) => calendar.wrong.extend(wrong),
                        }
                    }
                }
                _ => {
                    calendar.wrong.push((line.number, format!("{} ends here and did not begin", line.value)));
                    return calendar;
                }
            },
            // Alarms within an event are the calendar program's business.
            _ if open.last().is_some_and(|(name, _)| name == "VEVENT") => event.push(line),
            _ => {}
        }
    }
    if let Some((name, line)) = open.pop() {
        calendar.wrong.push((line, format!("{name} begins here and does not end: the file is cut off")));
    } else if calendar.entries.is_empty() && calendar.wrong.is_empty() {
        calendar.wrong.push((1, "there is no event (VEVENT) in this file".to_owned()));
    }
    calendar
}

/// What is wrong, by line.
type Wrong = Vec<(usize, String)>;

fn entry(lines: &[Line]) -> Result<Entry, Wrong> {
    let line = lines.first().map_or(0, |l| l.number);
    let named = |name: &str| lines.iter().find(|l| l.name == name);
    let mut wrong = Wrong::new();
    let mut stamps = |line: &Line| -> Vec<(usize, Stamp)> {
        let read = line.value.split(',').map(|v| stamp(line, v.trim()));
        read.filter_map(|r| r.map_err(|e| wrong.push((line.number, e))).ok())
            .map(|s| (line.number, s))
            .collect()
    };
    let start = named("DTSTART").map(&mut stamps);
    let end = named("DTEND").map(&mut stamps);
    let left_out: Vec<_> = lines.iter().filter(|l| l.name == "EXDATE").flat_map(&mut stamps).collect();
    let added: Vec<_> = lines.iter().filter(|l| l.name == "RDATE").flat_map(&mut stamps).collect();
    let replaces = named("RECURRENCE-ID").map(&mut stamps).and_then(|s| s.first().copied());
    if let Some(old) = named("EXRULE") {
        wrong.push((old.number, "EXRULE is no longer used: name the days with EXDATE".to_owned()));
    }
    let start = match start {
        None => {
            wrong.push((line, "this event does not say when it begins (DTSTART)".to_owned()));
            return Err(wrong);
        }
        Some(stamps) => stamps.first().map(|(_, stamp)| *stamp),
    };
    let Some(start) = start else { return Err(wrong) };
    let end = match end.and_then(|stamps| stamps.first().copied()) {
        Some((_, stamp)) => stamp.at,
        None => match length(named("DURATION"), start) {
            Ok(end) => end,
            Err(message) => {
                wrong.push((named("DURATION").map_or(line, |l| l.number), message));
                return Err(wrong);
            }
        },
    };
    if end < start.at || (end == start.at && !start.is_day) {
        let at = named("DTEND").or(named("DURATION")).map_or(line, |l| l.number);
        wrong.push((at, "this event ends before it has begun".to_owned()));
    }
    let rule = named("RRULE").map(|l| (l.number, l.value.clone()));
    let place = named("LOCATION").map(|l| content_lines::unescaped(&l.value)).filter(|p| !p.is_empty());
    let canceled = named("STATUS").is_some_and(|l| l.value.eq_ignore_ascii_case("CANCELLED"));
    let uid = named("UID").map(|l| l.value.clone()).unwrap_or_default();
    let added = added.into_iter().map(|(_, stamp)| stamp.at).collect();
    let entry = Entry { line, uid, start, end, rule, added, left_out, replaces, place, canceled };
    if wrong.is_empty() { Ok(entry) } else { Err(wrong) }
}

/// The end of an event that says how long it takes, or nothing.
fn length(duration: Option<&Line>, start: Stamp) -> Result<DateTime, String> {
    let span = match duration {
        Some(line) => line.value.parse::<Span>().map_err(|e| format!("this is no length: {e}"))?,
        None if start.is_day => Span::new().days(1),
        None => return Err("this event does not say when it ends (DTEND or DURATION)".to_owned()),
    };
    start.at.checked_add(span).map_err(|e| format!("this event ends after the end of time: {e}"))
}

/// `20261130T100000` with a zone, `20261130T090000Z`, or `20261130`.
fn stamp(line: &Line, value: &str) -> Result<Stamp, String> {
    let strange = || format!("{value:?} is no moment such as 20261130T100000");
    // Wide enough for a day and a time, so that nothing else is taken for one.
    let (day, time) = value.split_once('T').map_or((value, None), |(day, time)| (day, Some(time)));
    let day = Date::strptime("%Y%m%d", day).map_err(|_| strange())?;
    let Some(time) = time else {
        return Ok(Stamp { at: day.to_datetime(jiff::civil::Time::midnight()), is_day: true });
    };
    let (time, utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
    let time = jiff::civil::Time::strptime("%H%M%S", time).map_err(|_| strange())?;
    let at = day.to_datetime(time);
    if utc {
        return Ok(Stamp { at: local(at).ok_or_else(strange)?, is_day: false });
    }
    match line.parameter("TZID") {
        Some(named) if !ZONE_NAMES.contains(&named) => {
            Err(format!("the zone {named:?} is not known here: set the event to {ZONE}"))
        }
        _ => Ok(Stamp { at, is_day: false }),
    }
}

/// What the city's clocks show at a moment in UTC.
pub(crate) fn local(utc: DateTime) -> Option<DateTime> {
    let at: Timestamp = TimeZone::UTC.to_timestamp(utc).ok()?;
    Some(at.to_zoned(zone()).datetime())
}
