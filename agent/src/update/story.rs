//! What happened to an update, in the order in which it happened: the log that a person reads who wants
//! to know why a release was taken back. Kept with the record, told in the report, and bounded in both.

use migrado_protocol::content::{UpdateNote, UpdateState, WaitsFor};
use serde::{Deserialize, Serialize};

use super::record::Event;

/// Notes that are kept, the newest ones: two whole attempts with what was seen on the way. A report has
/// to stay small.
const NOTES_MAX: usize = 24;
/// Characters of a note: a sentence or two.
const NOTE_CHARS_MAX: usize = 240;

/// The notes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Story(Vec<UpdateNote>);

impl Story {
    /// Adds a note. What is the same as the one before says nothing new.
    pub fn add(&mut self, state: UpdateState, note: Option<&str>, at_ms: i64) {
        let note = note.map(|note| note.chars().take(NOTE_CHARS_MAX).collect::<String>());
        if self.0.last().is_some_and(|last| last.state == state && last.note == note) {
            return;
        }
        self.0.push(UpdateNote { at_ms, state, note });
        let surplus = self.0.len().saturating_sub(NOTES_MAX);
        self.0.drain(..surplus);
    }

    /// All of them, the newest last.
    pub fn notes(&self) -> &[UpdateNote] {
        &self.0
    }
}

/// What is to be said of an event besides the state that it leads to.
pub(super) fn of(event: &Event, taking_back: Option<&(String, String)>) -> Option<String> {
    let named = |finding: &str, detail: &str| Some(format!("{finding}: {detail}"));
    match event {
        Event::Wait(waits_for, _) => Some(waiting(*waits_for).to_owned()),
        Event::Refused(broken) => named(&broken.finding, &broken.detail),
        Event::TakenBack => taking_back.and_then(|(finding, detail)| named(finding, detail)),
        Event::Fetched | Event::Activate | Event::Switched | Event::Proven => None,
    }
}

fn waiting(waits_for: WaitsFor) -> &'static str {
    match waits_for {
        WaitsFor::Visitor => "for the end of a visit",
        WaitsFor::DownloadWindow => "for the window in which it may be fetched",
        WaitsFor::ActivateWindow => "for the window in which it may be put in service",
        WaitsFor::Leave => "for leave to put it in service",
        WaitsFor::NextAttempt => "for the time of its next attempt",
        WaitsFor::Other => "for something",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_notes_are_kept_and_no_word_twice() {
        let mut story = Story::default();
        for n in 0..100_i64 {
            story.add(UpdateState::Downloading, Some(&format!("the line broke {}", n / 2)), n);
        }
        assert_eq!(story.notes().len(), NOTES_MAX);
        let last = story.notes().last().unwrap();
        assert_eq!((last.note.as_deref(), last.at_ms), (Some("the line broke 49"), 98));
        story.add(UpdateState::Staged, Some(&"ä".repeat(1000)), 100);
        assert_eq!(story.notes().last().unwrap().note.as_ref().unwrap().chars().count(), NOTE_CHARS_MAX);
    }
}
