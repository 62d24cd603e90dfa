//! Accounts.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;
use crate::auth::Role;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// argon2id.
    pub password_hash: String,
    /// When it was made.
    pub created_ms: i64,
    /// Rises with every change.
    pub revision: i64,
}

const COLUMNS: &str = "SELECT name, role, password_hash, created_ms, revision FROM users";

/// One account.
pub async fn find(pool: &AnyPool, name: &str) -> Result<Option<User>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE name = $1"));
    let row = sqlx::query(sql).bind(name.to_owned()).fetch_optional(pool).await;
    Ok(row.map_err(StoreError::of("find an account"))?.as_ref().map(read))
}

/// Every account by name.
pub async fn all(pool: &AnyPool) -> Result<Vec<User>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY name"));
    let rows = sqlx::query(sql).fetch_all(pool).await.map_err(StoreError::of("list the accounts"))?;
    Ok(rows.iter().map(read).collect())
}

/// How many accounts there are.
pub async fn count(pool: &AnyPool) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT COUNT(*) FROM users").fetch_one(pool).await;
    Ok(row.map_err(StoreError::of("count the accounts"))?.get(0))
}

/// How many administrators there are, as the caller's transaction sees it.
pub async fn count_admins(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    let counted = sqlx::query("SELECT COUNT(*) FROM users WHERE role = $1").bind(Role::Admin.word());
    let row = counted.fetch_one(conn).await;
    Ok(row.map_err(StoreError::of("count the administrators"))?.get(0))
}

/// Makes an account; `false` when the name is taken.
pub async fn insert(conn: &mut AnyConnection, user: &User) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO users (name, role, password_hash, created_ms, revision) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO NOTHING",
    )
    .bind(user.name.clone())
    .bind(user.role.word())
    .bind(user.password_hash.clone())
    .bind(user.created_ms)
    .bind(user.revision)
    .execute(conn)
    .await
    .map_err(StoreError::of("make an account"))?;
    Ok(done.rows_affected() == 1)
}

/// Changes an account of this revision; `false` when it is another by now.
pub async fn update(
    conn: &mut AnyConnection,
    name: &str,
    revision: i64,
    role: Role,
    password_hash: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE users SET role = $1, password_hash = $2, revision = revision + 1
         WHERE name = $3 AND revision = $4",
    )
    .bind(role.word())
    .bind(password_hash.to_owned())
    .bind(name.to_owned())
    .bind(revision)
    .execute(conn)
    .await
    .map_err(StoreError::of("change an account"))?;
    Ok(done.rows_affected() == 1)
}

/// Removes an account of this revision with its sessions and tokens.
pub async fn delete(conn: &mut AnyConnection, name: &str, revision: i64) -> Result<bool, StoreError> {
    let fail = StoreError::of("remove an account");
    let done = sqlx::query("DELETE FROM users WHERE name = $1 AND revision = $2")
        .bind(name.to_owned())
        .bind(revision)
        .execute(&mut *conn)
        .await
        .map_err(&fail)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for sql in ["DELETE FROM sessions WHERE user_name = $1", "DELETE FROM api_tokens WHERE user_name = $1"] {
        sqlx::query(sql).bind(name.to_owned()).execute(&mut *conn).await.map_err(&fail)?;
    }
    Ok(true)
}

fn read(row: &sqlx::any::AnyRow) -> User {
    let role: String = row.get(1);
    User {
        name: row.get(0),
        role: Role::of_word(&role),
        password_hash: row.get(2),
        created_ms: row.get(3),
        revision: row.get(4),
    }
}
