//! How many event streams are open, and the bounds on it: each holds a connection and is rendered
//! for by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Streams of one account at once: a few people share one, each with some windows.
pub const PER_ACCOUNT_MAX: usize = 20;
/// Streams of the whole controller at once.
pub const MAX: usize = 500;

/// The open streams by account. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// A place among the streams; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    streams: Streams,
    account: String,
}

impl Streams {
    /// Takes a place; none when account or controller have too many.
    pub fn take(&self, account: &str) -> Option<Place> {
        let mut open = self.lock();
        let own = open.get(account).copied().unwrap_or(0);
        if own >= PER_ACCOUNT_MAX || open.values().sum::<usize>() >= MAX {
            return None;
        }
        open.insert(account.to_owned(), own + 1);
        Some(Place { streams: self.clone(), account: account.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        match open.get_mut(&self.account) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(open.remove(&self.account)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_by_account_and_in_all_and_come_back() {
        let streams = Streams::default();
        let mut own: Vec<Place> = (0..PER_ACCOUNT_MAX).map_while(|_| streams.take("a")).collect();
        assert_eq!(own.len(), PER_ACCOUNT_MAX);
        assert!(streams.take("a").is_none());
        let others: Vec<Place> = (0..MAX).map_while(|n| streams.take(&format!("b{n}"))).collect();
        assert_eq!(others.len(), MAX - PER_ACCOUNT_MAX);
        own.pop();
        let again = streams.take("a");
        assert!(again.is_some() && streams.take("c").is_none());
        drop((own, others, again));
        assert!(streams.lock().is_empty());
    }
}
