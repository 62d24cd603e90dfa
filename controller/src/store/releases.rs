//! Releases of content, their editions of forms, and recalls. The signed list of releases is the
//! truth (`releases::catalog`); what stands here is made from it, and keeps what it no longer names.

use migrado_protocol::content::Recalled;
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;

/// A release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its name, for example `2026-11-25.1`.
    pub name: String,
    /// SHA-256 of its manifest, hex.
    pub manifest: String,
    /// What the editor calls it.
    pub title: String,
    /// Bytes of all its files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// When it came here.
    pub published_ms: i64,
    /// Who brought it.
    pub published_by: String,
    /// Since when the signed list has not named it any more.
    pub withdrawn_ms: Option<i64>,
}

/// An edition of a form in a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The release.
    pub release: String,
    /// The form.
    pub form: String,
    /// Its edition.
    pub edition: String,
    /// What it is called in the language that every text has.
    pub title: String,
    /// Whose it is.
    pub office: String,
    /// First day on which it may be handed in.
    pub valid_from: String,
    /// The last.
    pub valid_until: String,
}

/// A recall of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// What is recalled.
    pub what: Recalled,
    /// Why.
    pub reason: String,
    /// By whom.
    pub recalled_by: String,
    /// When.
    pub recalled_ms: i64,
}

const COLUMNS: &str =
    "SELECT name, manifest, title, bytes, files, published_ms, published_by, withdrawn_ms FROM releases";

/// Every release that was ever here, the newest first.
pub async fn all(pool: &AnyPool) -> Result<Vec<Release>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY published_ms DESC, name DESC"));
    let rows = sqlx::query(sql).fetch_all(pool).await.map_err(StoreError::of("list the releases"))?;
    Ok(rows.iter().map(read).collect())
}

/// The release with this name.
pub async fn get(pool: &AnyPool, name: &str) -> Result<Option<Release>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE name = $1"));
    let row = sqlx::query(sql).bind(name.to_owned()).fetch_optional(pool).await;
    Ok(row.map_err(StoreError::of("find a release"))?.as_ref().map(read))
}

/// Keeps a release that the signed list names. One that is here already keeps who brought it, and
/// when.
pub async fn put(conn: &mut AnyConnection, release: &Release) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO releases (name, manifest, title, bytes, files, published_ms, published_by, withdrawn_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (name) DO UPDATE SET title = excluded.title, withdrawn_ms = excluded.withdrawn_ms",
    )
    .bind(release.name.clone())
    .bind(release.manifest.clone())
    .bind(release.title.clone())
    .bind(number(release.bytes))
    .bind(number(release.files))
    .bind(release.published_ms)
    .bind(release.published_by.clone())
    .bind(release.withdrawn_ms)
    .execute(conn)
    .await
    .map_err(StoreError::of("keep a release"))?;
    Ok(())
}

/// Notes that the signed list does not name a release any more.
pub async fn withdraw(conn: &mut AnyConnection, name: &str, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE releases SET withdrawn_ms = $1 WHERE name = $2 AND withdrawn_ms IS NULL")
        .bind(now_ms)
        .bind(name.to_owned())
        .execute(conn)
        .await
        .map_err(StoreError::of("withdraw a release"))?;
    Ok(())
}

/// The editions of all releases.
pub async fn editions(pool: &AnyPool) -> Result<Vec<Edition>, StoreError> {
    let rows = sqlx::query(
        "SELECT release, form, edition, title, office, valid_from, valid_until FROM editions
         ORDER BY form, release",
    )
    .fetch_all(pool)
    .await
    .map_err(StoreError::of("list the editions"))?;
    let edition = |row: &sqlx::any::AnyRow| Edition {
        release: row.get(0),
        form: row.get(1),
        edition: row.get(2),
        title: row.get(3),
        office: row.get(4),
        valid_from: row.get(5),
        valid_until: row.get(6),
    };
    Ok(rows.iter().map(edition).collect())
}

/// Keeps an edition of a release.
pub async fn put_edition(conn: &mut AnyConnection, edition: &Edition) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO editions (release, form, edition, title, office, valid_from, valid_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (release, form) DO NOTHING",
    )
    .bind(edition.release.clone())
    .bind(edition.form.clone())
    .bind(edition.edition.clone())
    .bind(edition.title.clone())
    .bind(edition.office.clone())
    .bind(edition.valid_from.clone())
    .bind(edition.valid_until.clone())
    .execute(conn)
    .await
    .map_err(StoreError::of("keep an edition"))?;
    Ok(())
}

/// Every recall, sorted by form and edition.
pub async fn recalls(pool: &AnyPool) -> Result<Vec<Recall>, StoreError> {
    let rows = sqlx::query(
        "SELECT form, edition, reason, recalled_by, recalled_ms FROM recalls ORDER BY form, edition",
    )
    .fetch_all(pool)
    .await
    .map_err(StoreError::of("list the recalls"))?;
    let recall = |row: &sqlx::any::AnyRow| Recall {
        what: Recalled { form: row.get(0), edition: row.get(1) },
        reason: row.get(2),
        recalled_by: row.get(3),
        recalled_ms: row.get(4),
    };
    Ok(rows.iter().map(recall).collect())
}

/// What is recalled, as displays are told.
pub async fn recalled(pool: &AnyPool) -> Result<Vec<Recalled>, StoreError> {
    Ok(recalls(pool).await?.into_iter().map(|recall| recall.what).collect())
}

/// Recalls an edition; a second time changes nothing.
pub async fn recall(conn: &mut AnyConnection, recall: &Recall) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO recalls (form, edition, reason, recalled_by, recalled_ms)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (form, edition) DO NOTHING",
    )
    .bind(recall.what.form.clone())
    .bind(recall.what.edition.clone())
    .bind(recall.reason.clone())
    .bind(recall.recalled_by.clone())
    .bind(recall.recalled_ms)
    .execute(conn)
    .await
    .map_err(StoreError::of("recall an edition"))?;
    Ok(())
}

/// Takes a recall back; `false` when there is none.
pub async fn lift(conn: &mut AnyConnection, what: &Recalled) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM recalls WHERE form = $1 AND edition = $2")
        .bind(what.form.clone())
        .bind(what.edition.clone())
        .execute(conn)
        .await
        .map_err(StoreError::of("take a recall back"))?;
    Ok(done.rows_affected() == 1)
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read(row: &sqlx::any::AnyRow) -> Release {
    let count = |column: usize| u64::try_from(row.get::<i64, _>(column)).unwrap_or(0);
    Release {
        name: row.get(0),
        manifest: row.get(1),
        title: row.get(2),
        bytes: count(3),
        files: count(4),
        published_ms: row.get(5),
        published_by: row.get(6),
        withdrawn_ms: row.get(7),
    }
}
