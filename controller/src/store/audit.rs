//! Rows of the audit log. The update of the head comes first in every transaction: it takes the
//! write lock, so that two writers can never read the same last hash.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;
use super::position::Position;
use super::tx::Statement;
use crate::audit::{Entry, Outcome, Row, chain};

/// Takes the next number: a row with it and the hash before it.
pub fn number() -> Statement {
    Statement::new("UPDATE audit_head SET rows = rows + 1 WHERE one = 1 RETURNING rows, hash")
}

/// Writes the entry that took this number.
pub fn entry(number: &sqlx::any::AnyRow, entry: Entry) -> [Statement; 2] {
    let entry = entry.clipped();
    let (id, previous): (i64, String) = (number.get(0), number.get(1));
    let hash = chain(&previous, id, &entry);
    let row = Statement::new(
        "INSERT INTO audit (id, at_ms, actor, action, object, detail, result, previous, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(entry.at_ms)
    .bind(entry.actor)
    .bind(entry.action)
    .bind(entry.object)
    .bind(entry.detail)
    .bind(entry.result.word())
    .bind(previous)
    .bind(hash.clone());
    [row, Statement::new("UPDATE audit_head SET hash = $1 WHERE one = 1").bind(hash)]
}

/// Appends within somebody's transaction, so that the deed and its entry stand or fall together.
pub async fn append_in(conn: &mut AnyConnection, new: Entry) -> Result<(), StoreError> {
    let fail = StoreError::of("append to the audit log");
    let taken = sqlx::query("UPDATE audit_head SET rows = rows + 1 WHERE one = 1 RETURNING rows, hash");
    let number = taken.fetch_one(&mut *conn).await.map_err(&fail)?;
    for statement in entry(&number, new) {
        statement.run(&mut *conn).await.map_err(&fail)?;
    }
    Ok(())
}

/// Appends in a transaction of its own.
pub async fn append(pool: &AnyPool, entry: Entry) -> Result<(), StoreError> {
    let fail = StoreError::of("append to the audit log");
    let mut tx = pool.begin().await.map_err(&fail)?;
    append_in(&mut tx, entry).await?;
    tx.commit().await.map_err(&fail)
}

/// Number of the last row and its hash, as the head has them.
pub async fn head(conn: &mut AnyConnection) -> Result<(i64, String), StoreError> {
    let row = sqlx::query("SELECT rows, hash FROM audit_head WHERE one = 1")
        .fetch_one(conn)
        .await
        .map_err(StoreError::of("read the head of the audit log"))?;
    Ok((row.get(0), row.get(1)))
}

/// The last row that was forgotten and its hash: what the first one that is left follows.
pub async fn anchor(conn: &mut AnyConnection) -> Result<(i64, String), StoreError> {
    let row = sqlx::query("SELECT rows, hash FROM audit_anchor WHERE one = 1")
        .fetch_one(conn)
        .await
        .map_err(StoreError::of("read the anchor of the audit log"))?;
    Ok((row.get(0), row.get(1)))
}

/// Forgets rows of before this, from the beginning up to the first that is younger; the anchor keeps
/// the hash that the rest follows.
pub async fn sweep(pool: &AnyPool, before_ms: i64) -> Result<u64, StoreError> {
    let fail = StoreError::of("sweep the audit log");
    let mut tx = pool.begin().await.map_err(&fail)?;
    // A row's number never falls, while its time may: clocks are set back.
    let moved = sqlx::query(
        "UPDATE audit_anchor SET (rows, hash) = (SELECT id, hash FROM audit WHERE id = (
             SELECT MAX(id) FROM audit
             WHERE id < (SELECT COALESCE(MIN(id), 9223372036854775807) FROM audit WHERE at_ms >= $1)))
         WHERE one = 1 AND EXISTS (SELECT 1 FROM audit
             WHERE id < (SELECT COALESCE(MIN(id), 9223372036854775807) FROM audit WHERE at_ms >= $1))",
    )
    .bind(before_ms)
    .execute(&mut *tx)
    .await
    .map_err(&fail)?;
    if moved.rows_affected() == 0 {
        return Ok(0);
    }
    let done = sqlx::query("DELETE FROM audit WHERE id <= (SELECT rows FROM audit_anchor WHERE one = 1)")
        .execute(&mut *tx)
        .await
        .map_err(&fail)?;
    tx.commit().await.map_err(&fail)?;
    Ok(done.rows_affected())
}

const COLUMNS: &str = "SELECT id, at_ms, actor, action, object, detail, result, previous, hash FROM audit";

/// Rows after `id`, the oldest first.
pub async fn after(conn: &mut AnyConnection, id: i64, limit: i64) -> Result<Vec<Row>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id > $1 ORDER BY id LIMIT $2"));
    let rows = sqlx::query(sql).bind(id).bind(limit).fetch_all(conn).await;
    Ok(rows.map_err(StoreError::of("read the audit log"))?.iter().map(read).collect())
}

/// Rows before `id`, the newest first; of one object when it is given.
pub async fn before(
    pool: &AnyPool,
    id: i64,
    object: Option<&str>,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    let rows = match object {
        None => {
            let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id < $1 ORDER BY id DESC LIMIT $2"));
            sqlx::query(sql).bind(id).bind(limit).fetch_all(pool).await
        }
        Some(object) => {
            let sql = sqlx::AssertSqlSafe(format!(
                "{COLUMNS} WHERE id < $1 AND object = $3 ORDER BY id DESC LIMIT $2"
            ));
            sqlx::query(sql).bind(id).bind(limit).bind(object.to_owned()).fetch_all(pool).await
        }
    };
    Ok(rows.map_err(StoreError::of("read the audit log"))?.iter().map(read).collect())
}

/// What was done to a terminal, and what was refused that it sent; the newest first. Its orders are
/// not here: their steps say more. A sign-in under its name is nobody's but a stranger's.
pub async fn of_terminal(
    pool: &AnyPool,
    terminal: &str,
    behind: &Position,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    // Two halves, each along its index; UNION keeps a row that is in both only once.
    let half = |which: &str| {
        format!(
            "SELECT * FROM ({COLUMNS} WHERE {which} AND at_ms <= $2 AND (at_ms < $2 OR id < $3)
             ORDER BY at_ms DESC, id DESC LIMIT $4)"
        )
    };
    let about = half("object = $1 AND action <> 'command.issue' AND action NOT LIKE 'user.%'");
    let by = half("actor = $1 AND result = 'refused' AND action <> 'login'");
    let sql = format!("{about} UNION {by} ORDER BY at_ms DESC, id DESC LIMIT $4");
    let sql = sqlx::AssertSqlSafe(sql);
    let rows = sqlx::query(sql)
        .bind(terminal.to_owned())
        .bind(behind.at_ms)
        .bind(behind.number)
        .bind(limit)
        .fetch_all(pool)
        .await;
    Ok(rows.map_err(StoreError::of("read what the audit log has of a terminal"))?.iter().map(read).collect())
}

fn read(row: &sqlx::any::AnyRow) -> Row {
    let result: String = row.get(6);
    Row {
        id: row.get(0),
        entry: Entry {
            at_ms: row.get(1),
            actor: row.get(2),
            action: row.get(3),
            object: row.get(4),
            detail: row.get(5),
            result: if result == Outcome::Ok.word() { Outcome::Ok } else { Outcome::Refused },
        },
        previous: row.get(7),
        hash: row.get(8),
    }
}
