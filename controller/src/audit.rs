//! The audit log: who did what, when, and what came of it: orders, logins, enrolments, tokens,
//! refusals. Each row carries the hash of the one before it, and the head carries the last one, so
//! that a changed, inserted or removed row is found by [`verify`].
//!
//! It does not decide what is worth an entry; the callers do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::AnyPool;

use crate::store::{StoreError, audit as rows};

/// Refusals of one kind and object that get a row within the window; the rest are only counted.
const REFUSALS_PER_WINDOW: u32 = 5;

/// The window for refusals: one row a minute and kind tells the story as well as a thousand.
const REFUSAL_WINDOW_MS: i64 = 60_000;

/// Refusals of one kind and actor that get a row within a day. A revoked display that is left running
/// knocks about every 40 seconds: 2,000 rows a day would hide what else there is, for a year.
const REFUSALS_PER_DAY: u32 = 50;

/// The window for that.
const DAY_MS: i64 = 24 * 3_600_000;

/// Kinds of refusals remembered at most.
const REFUSAL_KEYS_MAX: usize = 4_096;

/// Characters of an object or detail that are kept: what strangers send must not fill the disk.
const TEXT_CHARS_MAX: usize = 500;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The word in the database and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
        }
    }
}

/// Something to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at_ms: i64,
    /// Who: an account, a token's account, a terminal, an address, or `controller`.
    pub actor: String,
    /// What, for example `command.issue`.
    pub action: String,
    /// To what: a terminal, an account, a command.
    pub object: String,
    /// In words, for people. No secrets.
    pub detail: Option<String>,
    /// What came of it.
    pub result: Outcome,
}

impl Entry {
    /// Something that was done.
    pub fn ok(at_ms: i64, actor: impl Into<String>, action: &str, object: impl Into<String>) -> Self {
        Self {
            at_ms,
            actor: actor.into(),
            action: action.to_owned(),
            object: object.into(),
            detail: None,
            result: Outcome::Ok,
        }
    }

    /// Something that was refused.
    pub fn refused(at_ms: i64, actor: impl Into<String>, action: &str, object: impl Into<String>) -> Self {
        Self { result: Outcome::Refused, ..Self::ok(at_ms, actor, action, object) }
    }

    /// With words for people.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(crate) fn clipped(mut self) -> Self {
        let clip = |text: &str| text.chars().take(TEXT_CHARS_MAX).collect::<String>();
        self.actor = clip(&self.actor);
        self.object = clip(&self.object);
        self.detail = self.detail.as_deref().map(clip);
        self
    }
}

/// The hash of a row: over the previous hash and every field, each with its length before it, so
/// that no two different rows have the same bytes.
pub(crate) fn chain(previous: &str, id: i64, entry: &Entry) -> String {
    let mut digest = Sha256::new();
    let (id, at) = (id.to_string(), entry.at_ms.to_string());
    let detail = entry.detail.as_deref().map_or("-".to_owned(), |d| format!("+{d}"));
    let fields =
        [previous, &id, &at, &entry.actor, &entry.action, &entry.object, &detail, entry.result.word()];
    for field in fields {
        digest.update(field.len().to_be_bytes());
        digest.update(field.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// Where the log first does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log was changed at row {row}: {what}")]
pub struct Tampered {
    /// The row.
    pub row: i64,
    /// What is wrong with it.
    pub what: &'static str,
}

/// A row as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number, from 1 without gaps.
    pub id: i64,
    /// What it remembers.
    pub entry: Entry,
    /// The hash before it.
    pub previous: String,
    /// Its own hash.
    pub hash: String,
}

/// Checks rows that follow `(last id, last hash)`; gives the new last ones.
pub fn verify_rows(mut last: (i64, String), rows: &[Row]) -> Result<(i64, String), Tampered> {
    for row in rows {
        if row.id != last.0 + 1 {
            return Err(Tampered { row: last.0 + 1, what: "it is missing" });
        }
        if row.previous != last.1 {
            return Err(Tampered { row: row.id, what: "it does not follow the row before it" });
        }
        if chain(&row.previous, row.id, &row.entry) != row.hash {
            return Err(Tampered { row: row.id, what: "its content does not fit its hash" });
        }
        last = (row.id, row.hash.clone());
    }
    Ok(last)
}

/// Why a log could not be verified, or does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("cannot read the audit log")]
    Store(#[source] StoreError),
    /// It was changed.
    #[error(transparent)]
    Tampered(Tampered),
}

/// Time between two checks of the whole log: it costs one pass over a year's entries.
const VERIFY_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);

/// Rows read at once while verifying.
const VERIFY_PAGE: i64 = 1_000;

/// Checks the whole log, from where it begins now; gives the number of its last row.
pub async fn verify(pool: &AnyPool) -> Result<i64, VerifyError> {
    let fail = StoreError::of("read the audit log");
    // One reading of one moment: what is appended or forgotten meanwhile is no tampering.
    let mut tx = pool.begin().await.map_err(|e| VerifyError::Store(fail(e)))?;
    let mut last = rows::anchor(&mut tx).await.map_err(VerifyError::Store)?;
    let head = rows::head(&mut tx).await.map_err(VerifyError::Store)?;
    loop {
        let page = rows::after(&mut tx, last.0, VERIFY_PAGE).await.map_err(VerifyError::Store)?;
        if page.is_empty() {
            break;
        }
        last = verify_rows(last, &page).map_err(VerifyError::Tampered)?;
    }
    if head != last {
        return Err(VerifyError::Tampered(Tampered { row: head.0, what: "rows at the end are missing" }));
    }
    Ok(last.0)
}

/// Checks the log now and once a day, and keeps in `whole` whether it is.
pub async fn watch(pool: AnyPool, whole: Arc<AtomicBool>) {
    loop {
        let found = verify(&pool).await;
        match &found {
            Ok(rows) => tracing::info!(rows, "the audit log is whole"),
            Err(VerifyError::Tampered(found)) => {
                tracing::error!(row = found.row, what = found.what, "the audit log was changed");
            }
            Err(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "the audit log was not checked")
            }
        }
        // Only what was seen to be wrong is told as wrong.
        whole.store(!matches!(found, Err(VerifyError::Tampered(_))), Ordering::Relaxed);
        tokio::time::sleep(VERIFY_PERIOD).await;
    }
}

/// The log, shared by all who write to it.
#[derive(Debug)]
pub struct Audit {
    pool: AnyPool,
    refusals: Mutex<HashMap<String, Told>>,
}

/// How many refusals of a kind and actor came, in this minute and of them in rows on this day.
#[derive(Debug, Clone, Copy)]
struct Told {
    begin_ms: i64,
    count: u32,
    day_begin_ms: i64,
    rows: u32,
}

impl Told {
    fn new(now_ms: i64) -> Self {
        Self { begin_ms: now_ms, count: 0, day_begin_ms: now_ms, rows: 0 }
    }

    /// Whether one more gets a row.
    fn admits(&mut self, now_ms: i64) -> bool {
        if now_ms - self.begin_ms >= REFUSAL_WINDOW_MS {
            (self.begin_ms, self.count) = (now_ms, 0);
        }
        if now_ms - self.day_begin_ms >= DAY_MS {
            (self.day_begin_ms, self.rows) = (now_ms, 0);
        }
        self.count += 1;
        let admitted = self.count <= REFUSALS_PER_WINDOW && self.rows < REFUSALS_PER_DAY;
        self.rows += u32::from(admitted);
        admitted
    }
}

impl Audit {
    /// The log in this database.
    pub fn new(pool: AnyPool) -> Self {
        Self { pool, refusals: Mutex::new(HashMap::new()) }
    }

    /// Remembers something.
    pub async fn record(&self, entry: Entry) -> Result<(), StoreError> {
        rows::append(&self.pool, entry).await
    }

    /// Remembers a refusal of something that may come in masses (foreign topics, wrong tokens).
    /// Rows beyond [`REFUSALS_PER_WINDOW`] per minute and [`REFUSALS_PER_DAY`], by action and actor,
    /// are left out; an error of the store is logged, since there is nobody to tell.
    pub async fn refusal(&self, entry: Entry) {
        if !self.admits(&entry) {
            return;
        }
        let (action, actor) = (entry.action.clone(), entry.actor.clone());
        if let Err(error) = self.record(entry).await {
            tracing::error!(%action, %actor, %error, "a refusal could not be audited");
        }
    }

    fn admits(&self, entry: &Entry) -> bool {
        let key = format!("{}\n{}", entry.action, entry.actor);
        let mut refusals = self.refusals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if refusals.len() >= REFUSAL_KEYS_MAX {
            refusals.retain(|_, told| entry.at_ms - told.begin_ms < REFUSAL_WINDOW_MS);
            if refusals.len() >= REFUSAL_KEYS_MAX && !refusals.contains_key(&key) {
                return false;
            }
        }
        refusals.entry(key).or_insert_with(|| Told::new(entry.at_ms)).admits(entry.at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(n: i64) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut previous = String::new();
        for id in 1..=n {
            let entry = Entry::ok(id * 10, "admin", "command.issue", "fp-01").detail(format!("{id}"));
            let hash = chain(&previous, id, &entry);
            rows.push(Row { id, entry, previous: std::mem::replace(&mut previous, hash.clone()), hash });
        }
        rows
    }

    #[test]
    fn every_change_to_a_row_is_found() {
        let start = (0, String::new());
        assert_eq!(verify_rows(start.clone(), &log(3)).unwrap().0, 3);
        let changes: [fn(&mut Vec<Row>); 7] = [
            |l| l[1].entry.actor = "somebody".into(),
            |l| l[1].entry.result = Outcome::Refused,
            |l| l[1].entry.detail = None,
            |l| l[1].entry.at_ms += 1,
            |l| drop(l.remove(1)),
            |l| l.swap(0, 1),
            |l| {
                // A forger who recomputes the hash of his row still breaks the next one.
                l[1].entry.object = "fp-02".into();
                l[1].hash = chain(&l[1].previous, 2, &l[1].entry);
            },
        ];
        for (n, change) in changes.into_iter().enumerate() {
            let mut rows = log(3);
            change(&mut rows);
            assert!(verify_rows(start.clone(), &rows).is_err(), "change {n}");
        }
    }

    #[test]
    fn what_knocks_for_days_gets_some_rows_a_minute_and_some_a_day() {
        let rows = |period_ms: i64, days: i64| {
            let mut told = Told::new(0);
            (0..days * DAY_MS / period_ms).filter(|n| told.admits(n * period_ms)).count()
        };
        assert_eq!(rows(40_000, 1), 50);
        assert_eq!(rows(40_000, 3), 150);
        assert_eq!(rows(3_600_000, 2), 48, "what comes seldom is told whole");
        let mut told = Told::new(0);
        assert_eq!((0..100).filter(|_| told.admits(0)).count(), 5, "a burst");
        assert!(told.admits(REFUSAL_WINDOW_MS));
    }

    #[test]
    fn fields_cannot_be_shifted_into_each_other() {
        let a = Entry::ok(1, "ab", "c", "d");
        let b = Entry::ok(1, "a", "bc", "d");
        assert_ne!(chain("", 1, &a), chain("", 1, &b));
    }

    async fn stored(n: i64) -> (tempfile::TempDir, AnyPool) {
        let folder = tempfile::tempdir().unwrap();
        let pool = crate::store::open(&folder.path().join("c.db")).await.unwrap();
        for at_ms in 1..=n {
            rows::append(&pool, Entry::ok(at_ms, "admin", "command.issue", "fp-01")).await.unwrap();
        }
        (folder, pool)
    }

    #[tokio::test]
    async fn a_row_that_is_changed_or_gone_in_the_database_is_noticed() {
        for (n, harm) in [
            "UPDATE audit SET actor = 'somebody' WHERE id = 2",
            "DELETE FROM audit WHERE id = 2",
            "DELETE FROM audit WHERE id = 3",
            "DELETE FROM audit",
            "UPDATE audit_anchor SET rows = 1",
        ]
        .into_iter()
        .enumerate()
        {
            let (_folder, pool) = stored(3).await;
            assert_eq!(verify(&pool).await.unwrap(), 3);
            sqlx::query(harm).execute(&pool).await.unwrap();
            assert!(matches!(verify(&pool).await, Err(VerifyError::Tampered(_))), "{n}: {harm}");
            let whole = Arc::new(AtomicBool::new(true));
            let looked = tokio::time::timeout(Duration::from_secs(2), watch(pool, whole.clone()));
            assert!(looked.await.is_err(), "it goes on");
            assert!(!whole.load(Ordering::Relaxed), "{n}: {harm}");
        }
    }

    #[tokio::test]
    async fn what_is_too_old_is_forgotten_and_the_rest_still_holds() {
        let (_folder, pool) = stored(5).await;
        assert_eq!(rows::sweep(&pool, 4).await.unwrap(), 3);
        assert_eq!(rows::sweep(&pool, 4).await.unwrap(), 0);
        assert_eq!(verify(&pool).await.unwrap(), 5);
        rows::append(&pool, Entry::ok(6, "admin", "command.issue", "fp-01")).await.unwrap();
        assert_eq!(verify(&pool).await.unwrap(), 6);
        assert_eq!(rows::sweep(&pool, 100).await.unwrap(), 3);
        assert_eq!(verify(&pool).await.unwrap(), 6);
        rows::append(&pool, Entry::ok(7, "admin", "command.issue", "fp-01")).await.unwrap();
        assert_eq!(verify(&pool).await.unwrap(), 7);
        sqlx::query("UPDATE audit_anchor SET hash = 'x'").execute(&pool).await.unwrap();
        assert!(verify(&pool).await.is_err());
    }
}
