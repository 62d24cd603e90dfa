//! Releases as people see them: what is live, what was, and what displays do with it.

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Nothing, Query};
use super::guard::Viewer;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use crate::store::releases::{self as rows, Release};

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReleaseView {
    /// Its name.
    pub name: String,
    /// What the editor calls it.
    pub title: String,
    /// SHA-256 of its manifest, hex.
    pub manifest: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// When it came here.
    pub published_ms: i64,
    /// Who brought it.
    pub published_by: String,
    /// Since when the signed list has not named it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_ms: Option<i64>,
    /// Displays that serve it now.
    pub in_service: Vec<String>,
    /// Displays that should have it.
    pub wanted: Vec<String>,
}

/// Every release.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseList {
    /// The newest first.
    pub releases: Vec<ReleaseView>,
}

async fn views(state: &ApiState, releases: Vec<Release>) -> Answer<Vec<ReleaseView>> {
    let desired = crate::store::desired::all(&state.pool).await?;
    let fleet = state.fleet.all();
    let view = |release: Release| {
        let serves = |t: &crate::fleet::Terminal| {
            t.reported
                .content
                .as_ref()
                .and_then(|c| c.active.as_ref())
                .is_some_and(|a| a.manifest == release.manifest)
        };
        let wants = desired.iter().filter(|d| {
            let wanted = d.settings.release.as_ref();
            wanted.is_some_and(|wanted| wanted.name == release.name)
        });
        ReleaseView {
            in_service: fleet.iter().filter(|t| serves(t)).map(|t| t.id.to_string()).collect(),
            wanted: wants.map(|d| d.terminal.clone()).collect(),
            name: release.name,
            title: release.title,
            manifest: release.manifest,
            bytes: release.bytes,
            files: release.files,
            published_ms: release.published_ms,
            published_by: release.published_by,
            withdrawn_ms: release.withdrawn_ms,
        }
    };
    Ok(releases.into_iter().map(view).collect())
}

/// Lists releases, the newest first, also those that were withdrawn.
#[utoipa::path(get, path = "/api/v1/releases", responses((status = 200, body = ReleaseList)))]
pub async fn list(
    State(state): State<ApiState>,
    Viewer(_): Viewer,
    _: Query<Nothing>,
) -> Answer<axum::Json<ReleaseList>> {
    let releases = rows::all(&state.pool).await?;
    Ok(axum::Json(ReleaseList { releases: views(&state, releases).await? }))
}

/// A release.
#[utoipa::path(get, path = "/api/v1/releases/{name}", responses((status = 200, body = ReleaseView)))]
pub async fn show(
    State(state): State<ApiState>,
    Viewer(_): Viewer,
    Path(name): Path<String>,
) -> Answer<axum::Json<ReleaseView>> {
    let release = rows::get(&state.pool, &name).await?.ok_or_else(|| Problem::not_found("release"))?;
    let view = views(&state, vec![release]).await?.pop();
    view.map(axum::Json).ok_or_else(|| Problem::not_found("release"))
}
