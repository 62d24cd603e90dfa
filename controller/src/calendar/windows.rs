//! The windows in which displays of a site may be changed: open or not, why, and when that changes.

use jiff::{Timestamp, ToSpan as _};

use super::cron::Pattern;
use super::days::{Span, between, merged, open_spans};
use super::local::{moment_after, on_the_wall};
use super::model::{Calendar, Recurring, Rule, RuleWord, WindowKind};
use super::state::{Opening, next_closing, next_opening, state_at, when};
use crate::api::text::{Text, text};

/// Times of a recurring window that may follow each other without a gap before it counts as open for
/// good; the check of a calendar refuses the usual ones of these.
const CHAIN_MAX: usize = 400;

/// A window at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowState {
    /// Whether it is open.
    pub open: bool,
    /// When it opens, while it is not open; absent when it does not within a year.
    pub opens: Option<Timestamp>,
    /// When it closes, while it is open; absent when it stays open.
    pub closes: Option<Timestamp>,
    /// Why, in a few words.
    pub why: Text,
}

/// A window at a moment.
pub fn window_at(calendar: &Calendar, kind: WindowKind, now: Timestamp) -> WindowState {
    match calendar.windows.of(kind) {
        Rule::Word(RuleWord::Always) => {
            WindowState { open: true, opens: None, closes: None, why: text("immer", "always") }
        }
        Rule::Word(RuleWord::Closed) => outside_of_hours(calendar, now),
        Rule::Recurring(recurring) => recurring_at(recurring, now),
    }
}

fn outside_of_hours(calendar: &Calendar, now: Timestamp) -> WindowState {
    let site = state_at(calendar, now);
    let why = site.words(now);
    match site.opening {
        Opening::Open => WindowState { open: false, opens: next_closing(calendar, now), closes: None, why },
        Opening::Closed => WindowState { open: true, opens: None, closes: next_opening(calendar, now), why },
        // Nobody may be interrupted because nobody knows when visitors come.
        Opening::Unknown => WindowState { open: false, opens: None, closes: None, why },
    }
}

fn recurring_at(recurring: &Recurring, now: Timestamp) -> WindowState {
    let Ok(pattern) = Pattern::read(&recurring.cron) else {
        let why = text("Das Fenster öffnet nie", "the window never opens");
        return WindowState { open: false, opens: None, closes: None, why };
    };
    let current = pattern.at_or_before(now).map(|from| Span { from, until: end(from, recurring.minutes) });
    match current.filter(|span| span.contains(now)) {
        Some(span) => {
            let closes = chained(&pattern, span, recurring.minutes);
            let why = match closes.map(|at| when(at, now)) {
                Some(Text { de, en }) => text(format!("Fenster bis {de}"), format!("window until {en}")),
                None => text("immer", "always"),
            };
            WindowState { open: true, opens: None, closes, why }
        }
        None => {
            let opens = pattern.after(now);
            let why = match opens.map(|at| when(at, now)) {
                Some(Text { de, en }) => text(format!("Fenster ab {de}"), format!("window from {en}")),
                None => text("Das Fenster öffnet nie", "the window never opens"),
            };
            WindowState { open: false, opens, closes: None, why }
        }
    }
}

/// The end of a window that opened at a moment: so many minutes later on the wall.
fn end(from: Timestamp, minutes: u32) -> Timestamp {
    let wall = on_the_wall(from).datetime();
    wall.checked_add(i64::from(minutes).minutes()).map_or(Timestamp::MAX, |at| moment_after(at, from))
}

/// The end of a window together with those that open before it closes.
fn chained(pattern: &Pattern, mut span: Span, minutes: u32) -> Option<Timestamp> {
    for _ in 0..CHAIN_MAX {
        match pattern.at_or_before(span.until).filter(|last| *last > span.from) {
            Some(last) => span = Span { from: last, until: end(last, minutes) },
            None => return Some(span.until),
        }
    }
    None
}

/// The spans of a window within bounds, for whoever draws or plans.
pub fn window_spans(calendar: &Calendar, kind: WindowKind, within: Span) -> Vec<Span> {
    let spans = match calendar.windows.of(kind) {
        Rule::Word(RuleWord::Always) => vec![within],
        Rule::Word(RuleWord::Closed) if calendar.opening_hours.is_none() => Vec::new(),
        Rule::Word(RuleWord::Closed) => {
            let (first, last) = (on_the_wall(within.from).date(), on_the_wall(within.until).date());
            between(&open_spans(calendar, first, last), within)
        }
        Rule::Recurring(recurring) => recurring_spans(recurring, within),
    };
    let clipped = |span: Span| Span { from: span.from.max(within.from), until: span.until.min(within.until) };
    spans.into_iter().map(clipped).filter(|span| span.from < span.until).collect()
}

fn recurring_spans(recurring: &Recurring, within: Span) -> Vec<Span> {
    let Ok(pattern) = Pattern::read(&recurring.cron) else { return Vec::new() };
    let mut spans = Vec::new();
    let mut next = pattern.at_or_before(within.from).or_else(|| pattern.after(within.from));
    while let Some(from) = next.filter(|from| *from < within.until) {
        spans.push(Span { from, until: end(from, recurring.minutes) });
        next = pattern.after(from);
    }
    merged(spans)
}
