//! Writes down in the database what the signed list says, so that people find it: releases, their
//! editions of forms, and which are withdrawn. The list is the truth; at each start, and after each
//! publication, what stands in the database follows it.

use migrado_content::index::Form;
use migrado_content::trust::Releases as List;
use sqlx::AnyConnection;

use super::catalog::{CatalogError, Listed};
use super::{Releases, blocking};
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

/// A list, and what of it the database does not have yet.
#[derive(Debug)]
pub struct News {
    list: List,
    known: Vec<rows::Release>,
    releases: Vec<Listed>,
}

impl News {
    /// Reads what is new in a list.
    pub async fn of(state: &ApiState, list: List) -> Result<Self, MirrorError> {
        let known = rows::all(&state.pool).await?;
        let is_known = |name: &str| known.iter().any(|k| k.name == name && k.withdrawn_ms.is_none());
        let new: Vec<_> = list.list.iter().filter(|t| !is_known(&t.name.to_string())).cloned().collect();
        let read =
            move |releases: Releases| new.iter().map(|target| releases.catalog().listed(target)).collect();
        let releases = blocking(&state.releases, read).await?;
        Ok(Self { list, known, releases })
    }

    /// Writes it down; releases that are new are brought by `who`.
    pub async fn write(&self, conn: &mut AnyConnection, who: &str, now_ms: i64) -> Result<(), StoreError> {
        for listed in &self.releases {
            rows::put(conn, &release(listed, who, now_ms)).await?;
            for form in &listed.index.forms {
                rows::put_edition(conn, &edition(listed, form)).await?;
            }
        }
        let is_live = |name: &str| self.list.list.iter().any(|target| target.name.to_string() == name);
        for gone in self.known.iter().filter(|k| k.withdrawn_ms.is_none() && !is_live(&k.name)) {
            rows::withdraw(conn, &gone.name, now_ms).await?;
        }
        Ok(())
    }
}

/// Has the database follow the list that is live.
pub async fn follow(state: &ApiState) -> Result<(), MirrorError> {
    let now = state.clock.now();
    let live = blocking(&state.releases, move |releases| releases.catalog().live(now)).await;
    let Some(list) = live.or_else(stale)? else { return Ok(()) };
    let news = News::of(state, list).await?;
    let fail = StoreError::of("write the releases down");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    news.write(&mut tx, "controller", state.clock.now_ms()).await?;
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

fn edition(listed: &Listed, form: &Form) -> rows::Edition {
    let title = form.title.get(&listed.index.reference);
    rows::Edition {
        release: listed.target.name.to_string(),
        form: form.id.clone(),
        edition: form.edition.clone(),
        title: title.map_or_else(|| form.id.clone(), |text| text.text.clone()),
        office: form.office.clone(),
        valid_from: form.valid_from.clone(),
        valid_until: form.valid_until.clone(),
    }
}
