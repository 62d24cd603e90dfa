//! Answers already given to an `Idempotency-Key`, so that an order sent twice is one order.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Hash of the request.
    pub request_hash: String,
    /// The batch it made.
    pub batch: String,
}

/// Takes a key for a request; when it is taken already, what it stands for. First statement of the
/// transaction that makes the batch: a parallel twin waits for it and then sees it.
pub async fn take(
    conn: &mut AnyConnection,
    actor: &str,
    key: &str,
    request_hash: &str,
    batch: &str,
    now_ms: i64,
) -> Result<Option<Kept>, StoreError> {
    let fail = StoreError::of("take an idempotency key");
    let done = sqlx::query(
        "INSERT INTO idempotency (actor, key, request_hash, batch, at_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (actor, key) DO NOTHING",
    )
    .bind(actor.to_owned())
    .bind(key.to_owned())
    .bind(request_hash.to_owned())
    .bind(batch.to_owned())
    .bind(now_ms)
    .execute(&mut *conn)
    .await
    .map_err(&fail)?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    let row = sqlx::query("SELECT request_hash, batch FROM idempotency WHERE actor = $1 AND key = $2")
        .bind(actor.to_owned())
        .bind(key.to_owned())
        .fetch_one(conn)
        .await
        .map_err(&fail)?;
    Ok(Some(Kept { request_hash: row.get(0), batch: row.get(1) }))
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
