//! The database: one file per resource, rows private to this folder.
//!
//! Every transaction that writes begins with a writing statement: `SQLite` then waits for its turn,
//! while a read that turns into a write could be refused half-way.

pub mod alive;
pub mod api_tokens;
pub mod audit;
pub mod calendars;
pub mod certificates;
pub mod command_steps;
pub mod commands;
pub mod desired;
pub mod enroll_tokens;
pub mod idempotency;
pub mod position;
pub mod recall_proofs;
pub mod releases;
pub mod rollouts;
pub mod schedules;
pub mod sessions;
pub mod terminals;
pub mod timeline;
pub mod tx;
pub mod usage;
pub mod users;

use std::path::Path;

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;

use crate::files::{self, FileError};

/// Connections to the database: readers do not wait for each other, writers queue anyway.
const CONNECTIONS_MAX: u32 = 8;

/// Why the database did not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A statement failed.
    #[error("the database could not {operation}")]
    Sql {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        #[source]
        source: sqlx::Error,
    },
    /// The file could not be made.
    #[error("the database's file could not be made private")]
    File(#[source] FileError),
    /// The schema could not be brought up to date.
    #[error("the database could not be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A row holds what this version cannot read.
    #[error("the database holds what cannot be read: {what}")]
    Corrupt {
        /// What.
        what: String,
    },
}

impl StoreError {
    /// Turns the database's error into one that names what was tried.
    pub fn of(operation: &'static str) -> impl Fn(sqlx::Error) -> Self + Copy {
        move |source| Self::Sql { operation, source }
    }

    /// Whether something is there already that may be there only once.
    pub fn is_conflict(&self) -> bool {
        let Self::Sql { source, .. } = self else { return false };
        source.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }
}

/// Opens the database file, made if absent, and brings its schema up to date.
pub async fn open(file: &Path) -> Result<AnyPool, StoreError> {
    sqlx::any::install_default_drivers();
    // Hashes of passwords and what displays logged stand in it; its companions take over its mode.
    files::make_private(file).map_err(StoreError::File)?;
    let pool = AnyPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        // A file does not go away like a server: asking each time whether it is there only costs.
        .test_before_acquire(false)
        .after_connect(|conn, _| {
            Box::pin(async move {
                // Whatever is acknowledged is synced: NORMAL loses commits in a power cut.
                for pragma in [
                    "PRAGMA busy_timeout = 10000",
                    "PRAGMA journal_mode = WAL",
                    "PRAGMA synchronous = FULL",
                    "PRAGMA foreign_keys = ON",
                ] {
                    sqlx::query(pragma).execute(&mut *conn).await?;
                }
                Ok(())
            })
        })
        .connect(&format!("sqlite://{}?mode=rwc", file.display()))
        .await
        .map_err(StoreError::of("open its file"))?;
    sqlx::migrate!("./migrations").run(&pool).await.map_err(StoreError::Migrate)?;
    Ok(pool)
}
