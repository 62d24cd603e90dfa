//! API tokens for machines, by the hash of their secret.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;
use crate::auth::Role;

/// An API token; what it may do is bounded by what its account may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its identity, for lists and audit entries.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose.
    pub user: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_ms: i64,
    /// When it was last used, to the minute.
    pub last_used_ms: Option<i64>,
}

const COLUMNS: &str = "SELECT t.id, t.name, t.user_name, t.role, t.created_ms, t.last_used_ms, u.role
    FROM api_tokens t JOIN users u ON u.name = t.user_name";

/// Makes a token.
pub async fn insert(conn: &mut AnyConnection, token: &ApiToken, token_hash: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO api_tokens (id, name, user_name, role, token_hash, created_ms)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(token.id.clone())
    .bind(token.name.clone())
    .bind(token.user.clone())
    .bind(token.role.word())
    .bind(token_hash.to_owned())
    .bind(token.created_ms)
    .execute(conn)
    .await
    .map_err(StoreError::of("make an API token"))?;
    Ok(())
}

/// The token with this secret's hash.
pub async fn find(pool: &AnyPool, token_hash: &str) -> Result<Option<ApiToken>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE t.token_hash = $1"));
    let row = sqlx::query(sql).bind(token_hash.to_owned()).fetch_optional(pool).await;
    Ok(row.map_err(StoreError::of("find an API token"))?.as_ref().map(read))
}

/// The token with this identity.
pub async fn get(pool: &AnyPool, id: &str) -> Result<Option<ApiToken>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE t.id = $1"));
    let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(pool).await;
    Ok(row.map_err(StoreError::of("find an API token"))?.as_ref().map(read))
}

/// Tokens, of one account or all.
pub async fn all(pool: &AnyPool, user: Option<&str>) -> Result<Vec<ApiToken>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY t.created_ms, t.id"));
    let rows = sqlx::query(sql).fetch_all(pool).await.map_err(StoreError::of("list the API tokens"))?;
    Ok(rows.iter().map(read).filter(|t| user.is_none_or(|u| u == t.user)).collect())
}

/// Notes that a token was used.
pub async fn used(pool: &AnyPool, id: &str, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE api_tokens SET last_used_ms = $1 WHERE id = $2")
        .bind(now_ms)
        .bind(id.to_owned())
        .execute(pool)
        .await
        .map_err(StoreError::of("note the use of an API token"))?;
    Ok(())
}

/// Withdraws a token; `false` when there is none.
pub async fn delete(conn: &mut AnyConnection, id: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM api_tokens WHERE id = $1")
        .bind(id.to_owned())
        .execute(conn)
        .await
        .map_err(StoreError::of("withdraw an API token"))?;
    Ok(done.rows_affected() == 1)
}

fn read(row: &sqlx::any::AnyRow) -> ApiToken {
    let own = Role::of_word(&row.get::<String, _>(3));
    let account = Role::of_word(&row.get::<String, _>(6));
    ApiToken {
        id: row.get(0),
        name: row.get(1),
        user: row.get(2),
        role: own.min(account),
        created_ms: row.get(4),
        last_used_ms: row.get(5),
    }
}
