//! Events: files that calendars wrote, rules that can be expanded, and series that are over.

use jiff::civil::Date;

use crate::authoring::model::Content;
use crate::authoring::occurrences;
use crate::finding::{Finding, Place};

pub(super) fn check(content: &Content, today: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    for calendar in content.events.iter().filter_map(|e| e.calendar.as_ref()) {
        let at = |line: usize| Place::new(&*calendar.file, line);
        for (line, message) in &calendar.wrong {
            found.push(Finding::error("calendar", &at(*line), message));
        }
        if !calendar.wrong.is_empty() {
            continue;
        }
        match occurrences::expand(calendar, today) {
            Err((line, message)) => found.push(Finding::error("calendar", &at(line), message)),
            Ok(expanded) => {
                for line in expanded.pointless {
                    let message = "this names a day on which the event would not take place anyway";
                    found.push(Finding::warning("event_exception", &at(line), message));
                }
                if expanded.occurrences.is_empty() {
                    let line = calendar.entries.first().map_or(1, |e| e.line);
                    let message =
                        format!("this does not take place from {today} on: take it out when it is over");
                    found.push(Finding::warning("event_over", &at(line), message));
                }
            }
        }
    }
    found
}
