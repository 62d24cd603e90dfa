//! Sessions of people at the console, by the hash of their cookie.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;
use crate::auth::Role;

/// A session with the role that its account has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub user: String,
    /// What the account may do.
    pub role: Role,
    /// When it began.
    pub created_ms: i64,
    /// When it was last used.
    pub last_used_ms: i64,
}

/// Begins a session.
pub async fn insert(
    conn: &mut AnyConnection,
    token_hash: &str,
    user: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sessions (token_hash, user_name, created_ms, last_used_ms) VALUES ($1, $2, $3, $4)",
    )
    .bind(token_hash.to_owned())
    .bind(user.to_owned())
    .bind(now_ms)
    .bind(now_ms)
    .execute(conn)
    .await
    .map_err(StoreError::of("begin a session"))?;
    Ok(())
}

/// A session with its account.
pub async fn find(pool: &AnyPool, token_hash: &str) -> Result<Option<Session>, StoreError> {
    let row = sqlx::query(
        "SELECT s.user_name, u.role, s.created_ms, s.last_used_ms
         FROM sessions s JOIN users u ON u.name = s.user_name WHERE s.token_hash = $1",
    )
    .bind(token_hash.to_owned())
    .fetch_optional(pool)
    .await
    .map_err(StoreError::of("find a session"))?;
    Ok(row.map(|row| Session {
        user: row.get(0),
        role: Role::of_word(&row.get::<String, _>(1)),
        created_ms: row.get(2),
        last_used_ms: row.get(3),
    }))
}

/// Notes that a session was used.
pub async fn used(pool: &AnyPool, token_hash: &str, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET last_used_ms = $1 WHERE token_hash = $2")
        .bind(now_ms)
        .bind(token_hash.to_owned())
        .execute(pool)
        .await
        .map_err(StoreError::of("note the use of a session"))?;
    Ok(())
}

/// Ends a session; `false` when it had ended before.
pub async fn delete(conn: &mut AnyConnection, token_hash: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
        .bind(token_hash.to_owned())
        .execute(conn)
        .await
        .map_err(StoreError::of("end a session"))?;
    Ok(done.rows_affected() == 1)
}

/// Ends every session of an account.
pub async fn delete_of_user(conn: &mut AnyConnection, user: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE user_name = $1")
        .bind(user.to_owned())
        .execute(conn)
        .await
        .map_err(StoreError::of("end an account's sessions"))?;
    Ok(())
}

/// Forgets sessions that began before `created_ms` or rest since before `last_used_ms`.
pub async fn sweep(pool: &AnyPool, created_ms: i64, last_used_ms: i64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM sessions WHERE created_ms < $1 OR last_used_ms < $2")
        .bind(created_ms)
        .bind(last_used_ms)
        .execute(pool)
        .await
        .map_err(StoreError::of("sweep the sessions"))?;
    Ok(done.rows_affected())
}
