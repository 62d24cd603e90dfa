//! When each display was first heard to hold a recall.

use std::collections::BTreeMap;

use migrado_protocol::content::Recalled;
use sqlx::{AnyConnection, AnyPool, Row as _};

use super::StoreError;

/// Every proof: recall and display, and since when.
pub async fn all(pool: &AnyPool) -> Result<BTreeMap<(Recalled, String), i64>, StoreError> {
    let rows = sqlx::query("SELECT form, edition, terminal, at_ms FROM recall_proofs").fetch_all(pool).await;
    let rows = rows.map_err(StoreError::of("list the proofs of recalls"))?;
    let proof = |row: &sqlx::any::AnyRow| {
        ((Recalled { form: row.get(0), edition: row.get(1) }, row.get(2)), row.get(3))
    };
    Ok(rows.iter().map(proof).collect())
}

/// Notes a proof; a second one changes nothing.
pub async fn note(
    conn: &mut AnyConnection,
    what: &Recalled,
    terminal: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO recall_proofs (form, edition, terminal, at_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (form, edition, terminal) DO NOTHING",
    )
    .bind(what.form.clone())
    .bind(what.edition.clone())
    .bind(terminal.to_owned())
    .bind(now_ms)
    .execute(conn)
    .await
    .map_err(StoreError::of("note the proof of a recall"))?;
    Ok(())
}

/// Forgets the proofs of a recall that is taken back.
pub async fn forget(conn: &mut AnyConnection, what: &Recalled) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM recall_proofs WHERE form = $1 AND edition = $2")
        .bind(what.form.clone())
        .bind(what.edition.clone())
        .execute(conn)
        .await
        .map_err(StoreError::of("forget the proofs of a recall"))?;
    Ok(())
}
