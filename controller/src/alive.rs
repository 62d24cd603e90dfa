//! Whether the controller works: the pulse of its working loop, a small durable write now and then,
//! and what `/readyz` and systemd's watchdog are told of it. Does no work itself.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use sqlx::AnyPool;
use tokio::sync::watch;

use crate::store::{self, StoreError};

/// The signs of life of the loop that takes in what terminals say.
#[derive(Debug)]
pub struct Pulse {
    beats: watch::Receiver<u64>,
    storing: watch::Receiver<bool>,
}

impl Pulse {
    /// `beats` changes with every turn of the loop; `storing` whenever it tried the database.
    pub fn new(beats: watch::Receiver<u64>, storing: watch::Receiver<bool>) -> Self {
        Self { beats, storing }
    }

    /// Whether the loop gave a sign since it was asked last. A loop that waits for a full disk tries
    /// again and again, and so lives: to start the process anew would mend nothing.
    pub fn was_felt(&mut self) -> bool {
        let beat = self.beats.has_changed().unwrap_or(false);
        let tried = self.storing.has_changed().unwrap_or(false);
        self.beats.borrow_and_update();
        self.storing.borrow_and_update();
        beat || tried
    }
}

/// Writes one row and tells `writing` whether the database took it.
pub async fn write(pool: &AnyPool, now_ms: i64, writing: &watch::Sender<bool>) {
    let written: Result<(), StoreError> = store::alive::note(pool, now_ms).await;
    if let Err(error) = &written {
        tracing::error!(error = error as &dyn std::error::Error, "the database takes nothing");
    }
    writing.send_if_modified(|writing| std::mem::replace(writing, written.is_ok()) != written.is_ok());
}

/// What has to hold for the controller to be ready.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// Number of the connection with the broker; 0 while there is none.
    pub connection: watch::Receiver<u64>,
    /// Whether the database takes what terminals say.
    pub storing: watch::Receiver<bool>,
    /// Whether the database took the last small write.
    pub writing: watch::Receiver<bool>,
}

impl Readiness {
    /// What is missing; nothing when it is ready.
    fn missing(&self) -> Option<&'static str> {
        if *self.connection.borrow() == 0 {
            return Some("not ready: no connection with the broker\n");
        }
        let takes = *self.storing.borrow() && *self.writing.borrow();
        (!takes).then_some("not ready: the database takes nothing\n")
    }
}

/// `/healthz` and `/readyz`.
pub fn router(readiness: Readiness) -> Router {
    let ready = async move || match readiness.missing() {
        None => (StatusCode::OK, "ready\n"),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    };
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_neither_turns_nor_tries_has_no_pulse() {
        let (beats, storing) = (watch::Sender::new(0_u64), watch::Sender::new(true));
        let mut pulse = Pulse::new(beats.subscribe(), storing.subscribe());
        assert!(!pulse.was_felt());
        beats.send_modify(|n| *n += 1);
        assert!(pulse.was_felt(), "it turned");
        assert!(!pulse.was_felt(), "and stands since");
        storing.send_replace(false);
        storing.send_replace(false);
        assert!(pulse.was_felt(), "it tries again and again");
        assert!(!pulse.was_felt());
    }

    #[test]
    fn ready_is_connected_and_writing_both_ways() {
        for connection in [0, 7] {
            for storing in [false, true] {
                for writing in [false, true] {
                    let senders = (
                        watch::Sender::new(connection),
                        watch::Sender::new(storing),
                        watch::Sender::new(writing),
                    );
                    let readiness = Readiness {
                        connection: senders.0.subscribe(),
                        storing: senders.1.subscribe(),
                        writing: senders.2.subscribe(),
                    };
                    let expected = connection != 0 && storing && writing;
                    assert_eq!(readiness.missing().is_none(), expected, "{connection} {storing} {writing}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_database_that_takes_nothing_is_told_and_so_is_one_that_does_again() {
        let folder = tempfile::tempdir().unwrap();
        let pool = store::open(&folder.path().join("c.db")).await.unwrap();
        let writing = watch::Sender::new(true);
        // A writer refuses like a full disk does, at this statement.
        let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON alive BEGIN SELECT RAISE(FAIL, 'full'); END";
        sqlx::query(refuse).execute(&pool).await.unwrap();
        write(&pool, 1, &writing).await;
        assert!(!*writing.borrow());
        sqlx::query("DROP TRIGGER refuse").execute(&pool).await.unwrap();
        write(&pool, 2, &writing).await;
        assert!(*writing.borrow());
    }
}
