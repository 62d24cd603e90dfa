//! Answers already given to an `Idempotency-Key`, so that an order sent twice is one order.

use sqlx::{AnyPool, Row as _};

use super::StoreError;
use super::tx::Statement;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Hash of the request.
    pub request_hash: String,
    /// The batch it made.
    pub batch: String,
}

/// Takes a key for a request: a conflict when it is taken already. First statement of the
/// transaction that makes the batch: a parallel twin waits for it and then fails on it.
pub fn take(actor: &str, key: &str, request_hash: &str, batch: &str, now_ms: i64) -> Statement {
    Statement::new(
        "INSERT INTO idempotency (actor, key, request_hash, batch, at_ms) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(actor)
    .bind(key)
    .bind(request_hash)
    .bind(batch)
    .bind(now_ms)
}

/// What a key stands for.
pub async fn find(pool: &AnyPool, actor: &str, key: &str) -> Result<Option<Kept>, StoreError> {
    let row = sqlx::query("SELECT request_hash, batch FROM idempotency WHERE actor = $1 AND key = $2")
        .bind(actor.to_owned())
        .bind(key.to_owned())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::of("find an idempotency key"))?;
    Ok(row.map(|row| Kept { request_hash: row.get(0), batch: row.get(1) }))
}

/// Forgets keys of before this.
pub async fn sweep(pool: &AnyPool, before_ms: i64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM idempotency WHERE at_ms < $1")
        .bind(before_ms)
        .execute(pool)
        .await
        .map_err(StoreError::of("sweep the idempotency keys"))?;
    Ok(done.rows_affected())
}
