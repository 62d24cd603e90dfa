//! Forgets what has run out: sessions, enrollment tokens, void certificates, idempotency keys,
//! uploaded logs, settled commands, old audit entries. Once an hour and at the start; what is too old
//! is refused by whoever reads it, so sweeping late is safe. Hours of usage become days.

use std::time::Duration;

use sqlx::AnyPool;

use crate::auth::{SESSION_ABSOLUTE_MS, SESSION_IDLE_MS};
use crate::clock::Clock;
use crate::ingest::USAGE_HOURS_BACK;
use crate::store::{
    StoreError, audit, certificates, commands, enroll_tokens, idempotency, schedules, sessions, usage,
};

/// Time between two sweeps: what is swept is small, and a day's worth of it would be, too.
const PERIOD: Duration = Duration::from_secs(60 * 60);
/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long an enrollment token is kept after its end, so that a refusal can still say why.
const ENROLL_TOKENS_MS: i64 = 7 * DAY_MS;
/// How long a key keeps an order from being given twice: longer than anybody repeats a request.
const IDEMPOTENCY_MS: i64 = DAY_MS;
/// How long a void certificate stands on the revocation list after its end: clocks of brokers differ.
const CLOCKS_MS: i64 = 7 * DAY_MS;
/// How long uploaded logs are kept: they may name what visitors did, so not for longer than a
/// fault takes to be found.
const LOGS_MS: i64 = 14 * DAY_MS;

/// Milliseconds of an hour.
const HOUR_MS: i64 = 60 * 60 * 1000;
/// Days of usage that are kept: two years, to compare a month with the same one of last year.
const USAGE_DAYS: i64 = 2 * 366;
/// How long settled commands are kept with their history: a quarter, to see what was done before.
const COMMANDS_MS: i64 = 90 * DAY_MS;
/// How long audit entries are kept: they name people, so not for longer than a year.
const AUDIT_MS: i64 = 365 * DAY_MS;

/// The task.
pub async fn run(pool: AnyPool, clock: Clock) {
    loop {
        match sweep(&pool, clock.now_ms()).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "forgot what has run out"),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what has run out was not forgotten"
                );
            }
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Forgets what has run out by now; gives the number of rows.
async fn sweep(pool: &AnyPool, now_ms: i64) -> Result<u64, StoreError> {
    let mut rows = sessions::sweep(pool, now_ms - SESSION_ABSOLUTE_MS, now_ms - SESSION_IDLE_MS).await?;
    rows += enroll_tokens::sweep(pool, now_ms - ENROLL_TOKENS_MS).await?;
    rows += idempotency::sweep(pool, now_ms - IDEMPOTENCY_MS).await?;
    // A void certificate that ended opens nothing by itself.
    rows += certificates::sweep(pool, now_ms - CLOCKS_MS).await?;
    rows += commands::sweep_logs(pool, now_ms - LOGS_MS).await?;
    rows += commands::sweep(pool, now_ms - COMMANDS_MS).await?;
    rows += schedules::sweep(pool, now_ms - COMMANDS_MS).await?;
    rows += audit::sweep(pool, now_ms - AUDIT_MS).await?;
    // One day more than an hour is taken in after the fact, so that a folded day is complete.
    let before_hour = now_ms.div_euclid(HOUR_MS) - USAGE_HOURS_BACK - 24;
    rows += usage::sweep(pool, before_hour, now_ms.div_euclid(DAY_MS) - USAGE_DAYS).await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn left(pool: &AnyPool) -> Vec<String> {
        let all = "SELECT token_hash AS name FROM sessions UNION ALL SELECT key FROM idempotency
                   UNION ALL SELECT command FROM command_logs UNION ALL SELECT id FROM commands
                   UNION ALL SELECT command FROM command_history UNION ALL SELECT actor FROM audit";
        let rows = sqlx::query(all).fetch_all(pool).await.unwrap();
        rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
    }

    #[tokio::test]
    async fn only_what_has_run_out_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let pool = crate::store::open(&folder.path().join("c.db")).await.unwrap();
        let now_ms = 1_000 * DAY_MS;
        let mut conn = pool.acquire().await.unwrap();
        for (name, age_ms) in [("old", 1), ("new", -1)] {
            for (insert, limit_ms) in [
                (
                    "INSERT INTO sessions (token_hash, user_name, created_ms, last_used_ms) VALUES ($1, 'a', $2, $2)",
                    SESSION_IDLE_MS,
                ),
                (
                    "INSERT INTO idempotency (actor, key, request_hash, batch, at_ms) VALUES ('a', $1, '', '', $2)",
                    IDEMPOTENCY_MS,
                ),
                ("INSERT INTO command_logs (command, at_ms, body) VALUES ($1, $2, '')", LOGS_MS),
                (
                    "INSERT INTO commands (id, batch, terminal, verb, state, issued_by, issued_ms, start_by_ms,
                       finish_by_ms, cancel_requested, sent_mark, cancel_mark, has_logs, revision)
                     VALUES ($1, '', '', '', 'succeeded', '', 0, 0, $2, 0, '', '', 0, 1)",
                    COMMANDS_MS,
                ),
                (
                    "INSERT INTO command_history (command, n, state, at_ms, teller) VALUES ($1, 1, 'queued', $2, '')",
                    0,
                ),
            ] {
                let insert = sqlx::query(insert).bind(name).bind(now_ms - limit_ms - age_ms);
                insert.execute(&mut *conn).await.unwrap();
            }
        }
        // One that is not settled is kept, however old.
        let open =
            "INSERT INTO commands (id, batch, terminal, verb, state, issued_by, issued_ms, start_by_ms,
            finish_by_ms, cancel_requested, sent_mark, cancel_mark, has_logs, revision)
            VALUES ('open', '', '', '', 'sent', '', 0, 0, 1, 0, '', '', 0, 1)";
        sqlx::query(open).execute(&mut *conn).await.unwrap();
        drop(conn);
        for (name, at_ms) in [("old", now_ms - AUDIT_MS - 1), ("new", now_ms - AUDIT_MS)] {
            audit::append(&pool, crate::audit::Entry::ok(at_ms, name, "login", "session")).await.unwrap();
        }
        assert_eq!(sweep(&pool, now_ms).await.unwrap(), 5);
        assert_eq!(left(&pool).await, ["new", "new", "new", "new", "open", "new", "new"]);
        assert_eq!(crate::audit::verify(&pool).await.unwrap(), 2);
    }
}
