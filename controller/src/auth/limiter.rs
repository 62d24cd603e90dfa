//! The limit on attempts, by account and by address. Pure: values and a time in, a verdict out.
//!
//! An attempt counts before its result is known, so that a thousand at once are a thousand; one
//! that succeeds is taken back. Kept in memory: after a restart counting begins anew, and argon2
//! still makes every guess slow.

use std::collections::{HashMap, VecDeque};

/// What is limited.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Attempts within the window.
    pub attempts_max: usize,
    /// The window.
    pub window_ms: i64,
}

/// Failed logins to one account: a person mistypes a few times, a guesser gets no further.
pub const LOGIN_PER_ACCOUNT: Limit = Limit { attempts_max: 10, window_ms: 15 * 60 * 1000 };

/// Failed logins from one address: a whole office may sit behind one.
pub const LOGIN_PER_ADDRESS: Limit = Limit { attempts_max: 30, window_ms: 15 * 60 * 1000 };

/// Tries to enroll from one address.
pub const ENROLL_PER_ADDRESS: Limit = Limit { attempts_max: 5, window_ms: 60 * 1000 };

/// Renewals of one terminal, good ones too: one is due every two months, and each that is never used
/// leaves a line in the revocation list.
pub const RENEW_PER_TERMINAL: Limit = Limit { attempts_max: 20, window_ms: 60 * 60 * 1000 };

/// Keys remembered at most; beyond it the one longest silent is forgotten.
const KEYS_MAX: usize = 10_000;

/// Attempts of many keys under one limit.
#[derive(Debug)]
pub struct Limiter {
    limit: Limit,
    attempts: HashMap<String, VecDeque<i64>>,
}

impl Limiter {
    /// Nothing has been tried yet.
    pub fn new(limit: Limit) -> Self {
        Self { limit, attempts: HashMap::new() }
    }

    /// Counts an attempt. `Err` with the milliseconds to wait when there were too many; such an
    /// attempt is not counted, so that waiting helps.
    pub fn attempt(&mut self, key: &str, now_ms: i64) -> Result<(), i64> {
        let begin_ms = now_ms - self.limit.window_ms;
        if !self.attempts.contains_key(key) && self.attempts.len() >= KEYS_MAX {
            self.forget(begin_ms);
        }
        let times = self.attempts.entry(key.to_owned()).or_default();
        while times.front().is_some_and(|t| *t <= begin_ms) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= self.limit.attempts_max => {
                Err((first + self.limit.window_ms - now_ms).max(1))
            }
            _ => {
                times.push_back(now_ms);
                Ok(())
            }
        }
    }

    /// Takes back the latest attempt: it was a good one.
    pub fn succeeded(&mut self, key: &str) {
        if let Some(times) = self.attempts.get_mut(key) {
            times.pop_back();
            if times.is_empty() {
                self.attempts.remove(key);
            }
        }
    }

    fn forget(&mut self, begin_ms: i64) {
        self.attempts.retain(|_, times| times.back().is_some_and(|t| *t > begin_ms));
        if self.attempts.len() >= KEYS_MAX {
            let oldest = self
                .attempts
                .iter()
                .min_by_key(|(_, times)| times.back().copied().unwrap_or_default())
                .map(|(key, _)| key.clone());
            if let Some(key) = oldest {
                self.attempts.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: Limit = Limit { attempts_max: 3, window_ms: 1000 };

    #[test]
    fn the_fourth_attempt_within_the_window_waits_for_the_first_to_age() {
        let mut limiter = Limiter::new(THREE);
        for t in [0, 100, 200] {
            assert_eq!(limiter.attempt("a", t), Ok(()));
        }
        assert_eq!(limiter.attempt("a", 300), Err(700));
        assert_eq!(limiter.attempt("b", 300), Ok(()), "others are not affected");
        assert_eq!(limiter.attempt("a", 1000), Ok(()), "waiting as told helps");
        assert_eq!(limiter.attempt("a", 1001), Err(99));
    }

    #[test]
    fn success_is_not_counted() {
        let mut limiter = Limiter::new(THREE);
        for t in 0..100 {
            assert_eq!(limiter.attempt("a", t), Ok(()));
            limiter.succeeded("a");
        }
    }

    #[test]
    fn memory_is_bounded_however_many_addresses_try() {
        let mut limiter = Limiter::new(THREE);
        for n in 0..KEYS_MAX + 50 {
            let now_ms = i64::try_from(n).unwrap() / 100;
            assert_eq!(limiter.attempt(&format!("10.0.{n}"), now_ms), Ok(()));
        }
        assert!(limiter.attempts.len() <= KEYS_MAX);
    }
}
