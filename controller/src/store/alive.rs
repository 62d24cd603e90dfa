//! One row that only shows that the database takes what it is given.

use sqlx::AnyPool;

use super::StoreError;

/// Writes it anew, durably.
pub async fn note(pool: &AnyPool, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE alive SET at_ms = $1 WHERE one = 1")
        .bind(now_ms)
        .execute(pool)
        .await
        .map_err(StoreError::of("show that it takes what it is given"))?;
    Ok(())
}
