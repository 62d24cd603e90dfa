//! What contradicts itself in a calendar: found in whatever of it can be read, so that it is told
//! together with what is not of the right shape. Places are JSON pointers.

use jiff::Timestamp;
use migrado_settings::Settings;
use serde_json::Value;

use super::cron::Pattern;
use super::model::{
    Calendar, Closure, Edge, Hours, Recurring, Rule, RuleWord, SpecialDay, WINDOW_MINUTES_MAX, WindowKind,
};

/// Weekdays as the configuration spells them.
pub const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Times of a pattern that are held against the length of its window: more than a year of days.
const TIMES_COMPARED: usize = 400;

/// The moments between which they are: two usual years, which have every night of the clock change.
const COMPARED_FROM: Timestamp = Timestamp::constant(1_735_689_600, 0);
const COMPARED_UNTIL: Timestamp = Timestamp::constant(1_798_761_600, 0);

type Found = Vec<(String, String)>;

impl Settings for Calendar {
    fn misfits(value: &Value) -> Found {
        let mut found = Found::new();
        for day in WEEKDAYS {
            found.extend(hours(&format!("/opening_hours/{day}"), &value["opening_hours"][day]));
        }
        found.extend(special_days(value));
        found.extend(closures(value));
        found.extend(windows(value));
        found
    }
}

/// A part, if it can be read.
fn part<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn items<'v>(value: &'v Value, list: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    value[list].as_array().into_iter().flatten().enumerate()
}

/// Spans of a day that have no length or meet.
fn hours(pointer: &str, value: &Value) -> Found {
    let mut found = Found::new();
    let mut before: Vec<(usize, Hours)> = Vec::new();
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        let Some(text) = item.as_str() else { continue };
        match Hours::try_from(text.to_owned()) {
            Ok(hours) => {
                let meets = |(_, other): &&(usize, Hours)| {
                    hours.from_min() < other.until_min() && other.from_min() < hours.until_min()
                };
                if let Some((_, other)) = before.iter().find(meets) {
                    found.push((format!("{pointer}/{n}"), format!("\"{hours}\" overlaps with \"{other}\"")));
                }
                before.push((n, hours));
            }
            // What has not even the shape is the schema's to tell.
            Err(message) if message.contains("no length") => found.push((format!("{pointer}/{n}"), message)),
            Err(_) => {}
        }
    }
    found
}

fn special_days(value: &Value) -> Found {
    let mut found = Found::new();
    let mut before: Vec<(usize, SpecialDay)> = Vec::new();
    let closures: Vec<Closure> = items(value, "closures").filter_map(|(_, item)| part(item)).collect();
    for (n, item) in items(value, "special_days") {
        let pointer = format!("/special_days/{n}");
        found.extend(hours(&format!("{pointer}/hours"), &item["hours"]));
        found.extend(blank(&pointer, item));
        let Some(day) = part::<SpecialDay>(item) else { continue };
        if before.iter().any(|(_, other)| other.date == day.date) {
            found.push((format!("{pointer}/date"), format!("{} stands here twice", day.date)));
        }
        let whole = |closure: &&Closure| {
            let (begin, end) = (day.date.at(0, 0, 0, 0), super::local::next_day(day.date).at(0, 0, 0, 0));
            closure.begin() <= begin && end <= closure.end()
        };
        if let Some(closure) = closures.iter().find(whole).filter(|_| !day.hours.is_empty()) {
            let message = format!(
                "{} lies in the closure \"{}\", which is closed whatever else is said: end the closure before it",
                day.date, closure.reason
            );
            found.push((format!("{pointer}/date"), message));
        }
        before.push((n, day));
    }
    if !before.is_empty() && value["opening_hours"].is_null() {
        found.push(("/special_days".into(), "give opening_hours, from which these days differ".into()));
    }
    found
}

fn closures(value: &Value) -> Found {
    let mut found = Found::new();
    for (n, item) in items(value, "closures") {
        let pointer = format!("/closures/{n}");
        found.extend(blank(&pointer, item));
        for key in ["from", "until"] {
            let text = item[key].as_str().unwrap_or_default();
            // Of the right shape, like 2026-02-30, and yet no day.
            let day = text.split('T').next().unwrap_or_default();
            let shaped = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            if shaped && Edge::try_from(day.to_owned()).is_err() {
                found.push((format!("{pointer}/{key}"), format!("there is no {day} in the calendar")));
            }
        }
        if let Some(closure) = part::<Closure>(item)
            && closure.end() <= closure.begin()
        {
            found.push((format!("{pointer}/until"), "the closure ends before it begins".into()));
        }
    }
    found
}

fn blank(pointer: &str, item: &Value) -> Option<(String, String)> {
    let reason = item["reason"].as_str().filter(|reason| !reason.is_empty())?;
    reason.trim().is_empty().then(|| (format!("{pointer}/reason"), "say why in a few words".to_owned()))
}

fn windows(value: &Value) -> Found {
    let mut found = Found::new();
    for kind in WindowKind::ALL {
        let pointer = format!("/windows/{}", kind.word());
        match part::<Rule>(&value["windows"][kind.word()]) {
            Some(Rule::Word(RuleWord::Closed)) if value["opening_hours"].is_null() => {
                let message = format!("{} needs opening_hours: without them it never opens", kind.word());
                found.push((pointer, message));
            }
            Some(Rule::Recurring(recurring)) => found.extend(recurs(&pointer, kind, &recurring)),
            _ => {}
        }
    }
    found
}

fn recurs(pointer: &str, kind: WindowKind, recurring: &Recurring) -> Option<(String, String)> {
    let pattern = match Pattern::read(&recurring.cron) {
        Ok(pattern) => pattern,
        Err(error) => {
            let message = format!("the window {} never opens: {error}", kind.word());
            return Some((format!("{pointer}/cron"), message));
        }
    };
    if !(1..=WINDOW_MINUTES_MAX).contains(&recurring.minutes) {
        return None; // The schema tells.
    }
    let length_ms = i64::from(recurring.minutes) * 60_000;
    let mut last = pattern.at_or_after(COMPARED_FROM)?;
    for _ in 0..TIMES_COMPARED {
        let next = pattern.after(last).filter(|next| *next < COMPARED_UNTIL)?;
        if next.as_millisecond() - last.as_millisecond() <= length_ms {
            let message = format!(
                "the window {} opens again before it closes: use fewer minutes, or \"always\"",
                kind.word()
            );
            return Some((format!("{pointer}/minutes"), message));
        }
        last = next;
    }
    None
}
