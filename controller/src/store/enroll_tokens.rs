//! One-time tokens to enroll a terminal. Using one is a single atomic update: of a hundred
//! parallel tries exactly one changes a row.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;

/// Keeps a token's hash.
pub async fn insert(
    conn: &mut AnyConnection,
    secret_hash: &str,
    terminal: &str,
    created_by: &str,
    now_ms: i64,
    expires_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO enroll_tokens (secret_hash, terminal, created_by, created_ms, expires_ms)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(secret_hash.to_owned())
    .bind(terminal.to_owned())
    .bind(created_by.to_owned())
    .bind(now_ms)
    .bind(expires_ms)
    .execute(conn)
    .await
    .map_err(StoreError::of("keep an enrollment token"))?;
    Ok(())
}

/// Uses up a token that is valid for this terminal now; `false` when there is none.
pub async fn take(
    conn: &mut AnyConnection,
    secret_hash: &str,
    terminal: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE enroll_tokens SET used_ms = $1
         WHERE secret_hash = $2 AND terminal = $3 AND used_ms IS NULL AND expires_ms > $4",
    )
    .bind(now_ms)
    .bind(secret_hash.to_owned())
    .bind(terminal.to_owned())
    .bind(now_ms)
    .execute(conn)
    .await
    .map_err(StoreError::of("use an enrollment token"))?;
    Ok(done.rows_affected() == 1)
}

/// What is with a token that could not be used; for the audit log only, never for the caller.
pub async fn why_not(
    pool: &AnyPool,
    secret_hash: &str,
    terminal: &str,
    now_ms: i64,
) -> Result<&'static str, StoreError> {
    let row = sqlx::query("SELECT terminal, used_ms, expires_ms FROM enroll_tokens WHERE secret_hash = $1")
        .bind(secret_hash.to_owned())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::of("look at an enrollment token"))?;
    Ok(match row {
        None => "the token is unknown",
        Some(row) if row.get::<String, _>(0) != terminal => "the token is for another terminal",
        Some(row) if row.get::<Option<i64>, _>(1).is_some() => "the token was used before",
        Some(row) if row.get::<i64, _>(2) <= now_ms => "the token has expired",
        Some(_) => "the token could not be used",
    })
}

/// Voids the open tokens of a terminal.
pub async fn void(conn: &mut AnyConnection, terminal: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM enroll_tokens WHERE terminal = $1 AND used_ms IS NULL")
        .bind(terminal.to_owned())
        .execute(conn)
        .await
        .map_err(StoreError::of("void enrollment tokens"))?;
    Ok(())
}

/// Forgets tokens that ended before `before_ms`.
pub async fn sweep(pool: &AnyPool, before_ms: i64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM enroll_tokens WHERE expires_ms < $1")
        .bind(before_ms)
        .execute(pool)
        .await
        .map_err(StoreError::of("sweep the enrollment tokens"))?;
    Ok(done.rows_affected())
}
