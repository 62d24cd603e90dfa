//! Bytes of an attempt, and from whom they came. What neighbors give is no burden of the site's line:
//! budget and throttle are about the rest.

use serde::{Deserialize, Serialize};

/// Bytes of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// That have come over the line, from whom ever.
    pub done: u64,
    /// That are to come in all; 0 while it is not known.
    pub total: u64,
    /// Of the done ones, those that neighbors gave.
    pub from_neighbors: u64,
}

impl Bytes {
    /// Counts what a neighbor gave.
    pub fn from_neighbor(&mut self, bytes: u64) {
        self.done = self.done.saturating_add(bytes);
        self.from_neighbors = self.from_neighbors.saturating_add(bytes);
    }

    /// Those that came over the site's line.
    pub fn over_the_line(self) -> u64 {
        self.done.saturating_sub(self.from_neighbors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neighbors_gave_is_done_and_did_not_come_over_the_line() {
        let mut bytes = Bytes { done: 5, total: 20, from_neighbors: 0 };
        bytes.from_neighbor(7);
        assert_eq!((bytes.done, bytes.from_neighbors, bytes.over_the_line()), (12, 7, 5));
    }
}
