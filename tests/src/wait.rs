//! Waiting for a condition, with what was seen last in the failure.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// How often a condition is asked for.
const ASK_PERIOD: Duration = Duration::from_millis(50);

/// Seconds as a limit; generous limits cost nothing while things work.
pub fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Asks until `ask` gives `Ok`, and fails with its last `Err` when the limit passes.
#[track_caller]
pub fn until<T, E, F, A>(what: &str, limit: Duration, mut ask: A) -> impl Future<Output = T>
where
    E: Debug,
    F: Future<Output = Result<T, E>>,
    A: FnMut() -> F,
{
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + limit;
        let mut last = String::from("never asked to the end");
        loop {
            match tokio::time::timeout_at(end, ask()).await {
                Ok(Ok(value)) => return value,
                Ok(Err(status)) => last = format!("{status:?}"),
                Err(_) => {}
            }
            assert!(
                Instant::now() < end,
                "{caller}: not within {limit:?}: {what}\n  last status: {}",
                last.chars().take(4000).collect::<String>()
            );
            tokio::time::sleep(ASK_PERIOD).await;
        }
    }
}

/// Watches for the whole time that a condition never holds: for "must not happen".
#[track_caller]
pub fn never<T, E, F, A>(what: &str, during: Duration, mut ask: A) -> impl Future<Output = ()>
where
    T: Debug,
    F: Future<Output = Result<T, E>>,
    A: FnMut() -> F,
{
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + during;
        while Instant::now() < end {
            if let Ok(Ok(seen)) = tokio::time::timeout_at(end, ask()).await {
                panic!("{caller}: happened and must not: {what}\n  seen: {seen:?}");
            }
            tokio::time::sleep(ASK_PERIOD).await;
        }
    }
}
