//! Desired state of each terminal: the settings that were changed for it, and the body that was
//! last made of settings, site and configuration, with its generation.

use migrado_protocol::content::ReleaseWanted;
use migrado_protocol::desired::Desired;
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;

/// Settings that were changed for one terminal; what is absent is the configuration's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Seconds without a touch after which a session ends.
    pub session_idle_s: Option<u32>,
    /// Languages offered, in this order.
    pub languages: Option<Vec<String>>,
    /// The release to have; absent until a rollout or a person says so.
    pub release: Option<ReleaseWanted>,
}

/// What is stored of one terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The terminal.
    pub terminal: String,
    /// The body with its generation; absent before the first.
    pub body: Option<Desired>,
    /// When it changed.
    pub changed_ms: i64,
    /// Changed settings.
    pub settings: Settings,
}

impl Stored {
    /// Its generation; 0 before the first.
    pub fn generation(&self) -> u64 {
        self.body.as_ref().map_or(0, |body| body.generation)
    }
}

/// All that is stored.
pub async fn all(pool: &AnyPool) -> Result<Vec<Stored>, StoreError> {
    let rows =
        sqlx::query("SELECT terminal, body, changed_ms, session_idle_s, languages, release FROM desired")
            .fetch_all(pool)
            .await
            .map_err(StoreError::of("read desired states"))?;
    Ok(rows.iter().map(read).collect())
}

/// What is stored of one terminal.
pub async fn get(pool: &AnyPool, terminal: &str) -> Result<Option<Stored>, StoreError> {
    let row = sqlx::query(
        "SELECT terminal, body, changed_ms, session_idle_s, languages, release FROM desired WHERE terminal = $1",
    )
    .bind(terminal.to_owned())
    .fetch_optional(pool)
    .await
    .map_err(StoreError::of("read a desired state"))?;
    Ok(row.as_ref().map(read))
}

/// Stores body and settings of a terminal, decided on this generation (0: there was none). `false`
/// when it is another one by now: decide again.
pub async fn put(conn: &mut AnyConnection, stored: &Stored, decided_on: u64) -> Result<bool, StoreError> {
    let fail = StoreError::of("keep a desired state");
    let generation = stored.body.as_ref().map_or(0, |b| number(b.generation));
    let body = stored.body.as_ref().and_then(|b| serde_json::to_string(b).ok()).unwrap_or_default();
    let languages = stored.settings.languages.as_ref().map(|l| serde_json::to_string(l).unwrap_or_default());
    let done = sqlx::query(
        "INSERT INTO desired (terminal, generation, body, changed_ms, session_idle_s, languages, release)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (terminal) DO UPDATE SET generation = excluded.generation, body = excluded.body,
           changed_ms = excluded.changed_ms, session_idle_s = excluded.session_idle_s,
           languages = excluded.languages, release = excluded.release
         WHERE desired.generation = $8",
    )
    .bind(stored.terminal.clone())
    .bind(generation)
    .bind(body)
    .bind(stored.changed_ms)
    .bind(stored.settings.session_idle_s.map(i64::from))
    .bind(languages)
    .bind(stored.settings.release.as_ref().and_then(|r| serde_json::to_string(r).ok()))
    .bind(number(decided_on))
    .execute(conn)
    .await
    .map_err(fail)?;
    Ok(done.rows_affected() == 1)
}

fn number(generation: u64) -> i64 {
    i64::try_from(generation).unwrap_or(i64::MAX)
}

/// Forgets a terminal whose desired state has this generation (0: it has none); `false` when it is
/// another one by now.
pub async fn delete(conn: &mut AnyConnection, terminal: &str, generation: u64) -> Result<bool, StoreError> {
    let fail = StoreError::of("forget a desired state");
    let done = sqlx::query("DELETE FROM desired WHERE terminal = $1 AND generation = $2")
        .bind(terminal.to_owned())
        .bind(number(generation))
        .execute(conn)
        .await
        .map_err(fail)?;
    Ok(done.rows_affected() == 1 || generation == 0)
}

fn read(row: &sqlx::any::AnyRow) -> Stored {
    let idle: Option<i64> = row.get(3);
    let languages: Option<String> = row.get(4);
    let release: Option<String> = row.get(5);
    Stored {
        terminal: row.get(0),
        body: serde_json::from_str(&row.get::<String, _>(1)).ok(),
        changed_ms: row.get(2),
        settings: Settings {
            session_idle_s: idle.and_then(|s| u32::try_from(s).ok()),
            languages: languages.and_then(|l| serde_json::from_str(&l).ok()),
            release: release.and_then(|r| serde_json::from_str(&r).ok()),
        },
    }
}
