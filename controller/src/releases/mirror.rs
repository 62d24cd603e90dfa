//! Writes down in the database what the signed list says, so that people find it: releases, their
//! editions of forms, and which are withdrawn. The list is the truth; at each start, and after each
//! publication, what stands in the database follows it.

use migrado_content::trust::Releases as List;
use sqlx::AnyConnection;

use super::catalog::{CatalogError, Listed};
use crate::api::state::ApiState;
use crate::store::{StoreError, releases as rows};

/// Why the database does not follow.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The list.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has the database follow the list that is live.
pub async fn mirror(state: &ApiState) -> Result<(), MirrorError> {
    let Some(list) = state.releases.catalog().live(state.clock.now()).await.or_else(stale)? else {
        return Ok(());
    };
    let fail = StoreError::of("write the releases down");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    write(&mut tx, state, &list, "controller", state.clock.now_ms()).await?;
    tx.commit().await.map_err(fail)?;
    Ok(())
}

/// A list that is past its end is signed anew by the task that follows the start.
fn stale(error: CatalogError) -> Result<Option<List>, CatalogError> {
    match &error {
        CatalogError::Refused(refused) if refused.name() == "freeze" => {
            tracing::warn!(%error, "the signed list of releases is past its end; it is freshened");
            Ok(None)
        }
        _ => Err(error),
    }
}

/// Writes a list down; releases that are new in it are brought by `who`.
pub async fn write(
    conn: &mut AnyConnection,
    state: &ApiState,
    list: &List,
    who: &str,
    now_ms: i64,
) -> Result<(), MirrorError> {
    let known = rows::all(&state.pool).await?;
    for target in &list.list {
        let name = target.name.to_string();
        if known.iter().any(|k| k.name == name && k.withdrawn_ms.is_none()) {
            continue;
        }
        let listed = state.releases.catalog().listed(target)?;
        rows::put(conn, &release(&listed, who, now_ms)).await?;
        for edition in editions(&listed) {
            rows::put_edition(conn, &edition).await?;
        }
    }
    let is_live = |name: &str| list.list.iter().any(|target| target.name.to_string() == name);
    for gone in known.iter().filter(|k| k.withdrawn_ms.is_none() && !is_live(&k.name)) {
        rows::withdraw(conn, &gone.name, now_ms).await?;
    }
    Ok(())
}

fn release(listed: &Listed, who: &str, now_ms: i64) -> rows::Release {
    rows::Release {
        name: listed.target.name.to_string(),
        manifest: listed.target.manifest.to_string(),
        title: listed.target.title.clone(),
        bytes: listed.manifest.bytes(),
        files: listed.manifest.entries().len() as u64,
        published_ms: now_ms,
        published_by: who.to_owned(),
        withdrawn_ms: None,
    }
}

fn editions(listed: &Listed) -> Vec<rows::Edition> {
    let index = &listed.index;
    let title = |form: &migrado_content::index::Form| {
        form.title.get(&index.reference).map(|text| text.text.clone()).unwrap_or_else(|| form.id.clone())
    };
    let edition = |form: &migrado_content::index::Form| rows::Edition {
        release: listed.target.name.to_string(),
        form: form.id.clone(),
        edition: form.edition.clone(),
        title: title(form),
        office: form.office.clone(),
        valid_from: form.valid_from.clone(),
        valid_until: form.valid_until.clone(),
    };
    index.forms.iter().map(edition).collect()
}
