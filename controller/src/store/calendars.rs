//! Calendars of sites that were changed on the console. A site without a row has the configuration's.

use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;

/// A calendar as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The site.
    pub site: String,
    /// The calendar as JSON.
    pub body: String,
    /// When it was changed.
    pub changed_ms: i64,
    /// By whom.
    pub changed_by: String,
}

/// Every calendar that was changed.
pub async fn all(pool: &AnyPool) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query("SELECT site, body, changed_ms, changed_by FROM calendars ORDER BY site")
        .fetch_all(pool)
        .await
        .map_err(StoreError::of("read the calendars"))?;
    let row = |row: &sqlx::any::AnyRow| Row {
        site: row.get(0),
        body: row.get(1),
        changed_ms: row.get(2),
        changed_by: row.get(3),
    };
    Ok(rows.iter().map(row).collect())
}

/// Keeps the calendar of a site.
pub async fn put(conn: &mut AnyConnection, row: &Row) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO calendars (site, body, changed_ms, changed_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (site) DO UPDATE SET body = excluded.body, changed_ms = excluded.changed_ms,
           changed_by = excluded.changed_by",
    )
    .bind(row.site.clone())
    .bind(row.body.clone())
    .bind(row.changed_ms)
    .bind(row.changed_by.clone())
    .execute(conn)
    .await
    .map_err(StoreError::of("keep a calendar"))?;
    Ok(())
}

/// Forgets the calendar of a site, so that the configuration's holds again.
pub async fn delete(conn: &mut AnyConnection, site: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM calendars WHERE site = $1")
        .bind(site.to_owned())
        .execute(conn)
        .await
        .map_err(StoreError::of("forget a calendar"))?;
    Ok(())
}
