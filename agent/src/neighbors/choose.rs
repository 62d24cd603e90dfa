//! Whom of its neighbors a display asks, whom it waits for, and when it goes to the controller alone.
//! Pure: it is told what it heard and what time it is, and says what to do. What is fetched and what a
//! lie is, is [`super::ask`]'s part.
//!
//! The neighbors stand in the order of the desired state: those that have the release, then those that
//! fetch it before this display. Patience with them runs one after the other, never side by side: when
//! the first one dies, its successor alone goes to the controller, and all others wait for that one.

use std::time::Duration;

use tokio::time::Instant;

use super::Word;

/// How long a neighbor may not want the release yet: desired states reach a site's displays one after
/// the other.
pub const GRACE: Duration = Duration::from_secs(30);
/// How long a neighbor's fetch may stand still while it is waited for.
pub const STALL: Duration = Duration::from_secs(120);
/// How long neighbors that have it may be too busy without giving anything.
pub const BUSY_PATIENCE: Duration = Duration::from_secs(600);
/// How long a neighbor that was too busy is left alone.
const BUSY_PAUSE: Duration = Duration::from_secs(2);
/// The pause between two looks at a neighbor that is waited for.
const LOOK_PAUSE: Duration = Duration::from_secs(5);
/// Connections in a row that may not come about, or break without a byte, before it counts as gone.
const FAILURES_MAX: u32 = 2;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Fetch from this one, which has everything.
    Take(usize),
    /// At this moment, ask whoever is [`Choice::worth_asking`].
    Look(Instant),
    /// Nobody will have it before this display: go to the controller.
    Alone,
}

/// What was heard of one neighbor.
#[derive(Debug, Clone, Copy)]
struct Seen {
    word: Option<Word>,
    asked: Option<Instant>,
    /// When its fetch last moved.
    moved: Instant,
    failures: u32,
    /// Not asked any more in this walk.
    is_out: bool,
    busy_until: Option<Instant>,
}

/// The choice of one walk.
#[derive(Debug)]
pub struct Choice {
    seen: Vec<Seen>,
    began: Instant,
    /// The one that is waited for; all before it were passed over.
    awaited: usize,
    awaited_since: Instant,
    /// Whom to begin with among those that have it, so that not all begin with the same.
    turn: usize,
    /// Since when nobody gave anything though somebody has it.
    dry_since: Option<Instant>,
}

impl Choice {
    /// Begins with so many neighbors. `turn` differs from display to display.
    pub fn new(neighbors: usize, turn: usize, now: Instant) -> Self {
        let seen = Seen { word: None, asked: None, moved: now, failures: 0, is_out: false, busy_until: None };
        let seen = vec![seen; neighbors];
        Self { seen, began: now, awaited: 0, awaited_since: now, turn, dry_since: None }
    }

    /// Waits for nobody: only who has it already is of use.
    pub fn lose_patience(&mut self) {
        self.awaited = self.seen.len();
    }

    /// A neighbor said how far it is.
    pub fn heard(&mut self, neighbor: usize, word: Word, now: Instant) {
        let Some(seen) = self.seen.get_mut(neighbor) else { return };
        if seen.word != Some(word) {
            seen.moved = now;
        }
        (seen.word, seen.asked, seen.failures) = (Some(word), Some(now), 0);
    }

    /// A neighbor was not reached, or broke off without a byte.
    pub fn failed(&mut self, neighbor: usize, now: Instant) {
        if let Some(seen) = self.seen.get_mut(neighbor) {
            (seen.asked, seen.failures) = (Some(now), seen.failures + 1);
            seen.is_out |= seen.failures >= FAILURES_MAX;
        }
    }

    /// A neighbor that has it was too busy.
    pub fn busy(&mut self, neighbor: usize, now: Instant) {
        self.dry_since.get_or_insert(now);
        if let Some(seen) = self.seen.get_mut(neighbor) {
            (seen.busy_until, seen.failures) = (Some(now + BUSY_PAUSE), 0);
        }
    }

    /// A neighbor gave bytes that were right so far.
    pub fn gave(&mut self, neighbor: usize) {
        self.dry_since = None;
        if let Some(seen) = self.seen.get_mut(neighbor) {
            (seen.busy_until, seen.failures) = (None, 0);
        }
    }

    /// A neighbor is not asked any more: it lied, or does not have what it said.
    pub fn drop(&mut self, neighbor: usize) {
        if let Some(seen) = self.seen.get_mut(neighbor) {
            seen.is_out = true;
        }
    }

    /// Neighbors that it is worth to ask how far they are: those that are not known to have it, and
    /// were not asked just now.
    pub fn worth_asking(&self, now: Instant) -> Vec<usize> {
        let is_worth_it = |seen: &Seen| {
            let is_rested = seen.asked.is_none_or(|asked| now.duration_since(asked) >= LOOK_PAUSE);
            !seen.is_out && seen.word != Some(Word::Complete) && is_rested
        };
        let worth_it = self.seen.iter().enumerate().filter(|(_, seen)| is_worth_it(seen));
        worth_it.map(|(neighbor, _)| neighbor).collect()
    }

    /// Decides.
    pub fn next(&mut self, now: Instant) -> Next {
        if self.seen.iter().any(|seen| !seen.is_out && seen.asked.is_none()) {
            return Next::Look(now);
        }
        let count = self.seen.len().max(1);
        let in_turn = (0..self.seen.len()).map(|n| (n + self.turn) % count);
        let has = |n: usize| self.seen.get(n).filter(|s| !s.is_out && s.word == Some(Word::Complete));
        let mut free_again: Option<Instant> = None;
        for n in in_turn {
            let Some(seen) = has(n) else { continue };
            match seen.busy_until.filter(|until| *until > now) {
                None => return Next::Take(n),
                Some(until) => free_again = Some(free_again.map_or(until, |known| known.min(until))),
            }
        }
        if let Some(free_again) = free_again
            && self.dry_since.is_none_or(|since| now.duration_since(since) < BUSY_PATIENCE)
        {
            return Next::Look(free_again);
        }
        self.wait(now)
    }

    /// Nobody has it: waits for the first that is worth it.
    fn wait(&mut self, now: Instant) -> Next {
        while let Some(seen) = self.seen.get(self.awaited) {
            let look = seen.asked.unwrap_or(now) + LOOK_PAUSE;
            let until = match seen.word {
                _ if seen.is_out => now,
                // It was not reached: once more, and then it is out.
                None => look,
                Some(Word::Fetching { .. }) => seen.moved.max(self.awaited_since) + STALL,
                Some(Word::None) => self.began + GRACE,
                // It has it, and was busy for too long.
                Some(Word::Complete) => now,
            };
            if until > now || (seen.word.is_none() && !seen.is_out) {
                return Next::Look(look.max(now));
            }
            self.awaited += 1;
            self.awaited_since = now;
        }
        Next::Alone
    }
}

#[cfg(test)]
#[path = "choose_tests.rs"]
mod tests;
