//! Releases as people see them: what is live, what was, and what displays do with it.

use std::collections::BTreeSet;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use migrado_content::manifest::ManifestId;
use migrado_content::trust::Releases as List;
use migrado_protocol::content::{Update, UpdateState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Json, Nothing, Query};
use super::guard::{Operator, Viewer};
use super::problem::{Answer, Problem};
use super::state::ApiState;
use super::terminal_content::file_of;
use crate::audit::Entry;
use crate::releases::blocking;
use crate::releases::catalog::{CatalogError, Offer};
use crate::releases::mirror::{MirrorError, News};
use crate::releases::packs::Way;
use crate::store::releases::{self as rows, Release};
use crate::store::{StoreError, audit as audit_rows};

/// Earlier releases from which displays are likely to come.
const LIKELY_BASES: usize = 3;

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
    /// Those of them on which it is not in service yet, and nothing speaks against it so far.
    pub on_the_way: Vec<String>,
    /// Displays that refused it or took it back; each says why.
    pub refused: Vec<String>,
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
        let refuses = |t: &crate::fleet::Terminal| {
            let update = t.reported.content.as_ref().and_then(|c| c.update.as_ref());
            let ended = |u: &Update| matches!(u.state, UpdateState::Failed | UpdateState::RolledBack);
            !serves(t) && update.is_some_and(|u| u.manifest == release.manifest && ended(u))
        };
        let wants = desired.iter().filter(|d| {
            let wanted = d.settings.release.as_ref();
            wanted.is_some_and(|wanted| wanted.name == release.name)
        });
        let names = |is: &dyn Fn(&crate::fleet::Terminal) -> bool| -> Vec<String> {
            fleet.iter().filter(|t| is(t)).map(|t| t.id.to_string()).collect()
        };
        let (in_service, refused) = (names(&serves), names(&refuses));
        let wanted: Vec<String> = wants.map(|d| d.terminal.clone()).collect();
        let is_open = |id: &&String| !in_service.contains(id) && !refused.contains(id);
        ReleaseView {
            on_the_way: wanted.iter().filter(is_open).cloned().collect(),
            in_service,
            wanted,
            refused,
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

/// A list that an editor signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The signed list (The Update Framework, `targets.json`), as text.
    targets: String,
    /// Versions of the root that may not be here yet, in their order, each as text.
    #[serde(default)]
    roots: Vec<String>,
}

/// What went live.
#[derive(Debug, Serialize, ToSchema)]
pub struct Published {
    /// Version of the list.
    pub targets_version: u64,
    /// Names of the releases that are live, the oldest first.
    pub live: Vec<String>,
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        let detail = error.to_string();
        let refuse = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail.clone());
        match &error {
            CatalogError::Refused(refusal) => refuse(refusal.name()),
            CatalogError::Freshness(_) => refuse("not_signable"),
            CatalogError::NoRoot | CatalogError::RootGap { .. } | CatalogError::OtherRoot(_) => {
                refuse("root")
            }
            CatalogError::NotNewer { .. } => Self::new(StatusCode::CONFLICT, "not_newer", detail),
            CatalogError::Incomplete { .. } => Self::new(StatusCode::CONFLICT, "incomplete", detail),
            CatalogError::Unreadable { .. } => refuse("unreadable"),
            _ => Self::internal(&error),
        }
    }
}

impl From<MirrorError> for Problem {
    fn from(error: MirrorError) -> Self {
        match error {
            MirrorError::Catalog(error) => error.into(),
            MirrorError::Store(error) => error.into(),
        }
    }
}

/// Lets a signed list go live: checked as displays check it, with every object of every release here.
/// The same list a second time changes nothing.
#[utoipa::path(post, path = "/api/v1/releases", request_body = Publication, responses((status = 201, body = Published)))]
pub async fn publish(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Json(publication): Json<Publication>,
) -> Answer<(StatusCode, axum::Json<Published>)> {
    let offer = Offer {
        targets: publication.targets.into_bytes(),
        roots: publication.roots.into_iter().map(String::into_bytes).collect(),
    };
    let held = state.releases.publishing().await;
    let now = state.clock.now();
    let list = blocking(&state.releases, move |releases| releases.catalog().publish(&offer, now)).await?;
    let news = News::of(&state, list.clone()).await?;
    let now_ms = state.clock.now_ms();
    let fail = StoreError::of("publish");
    let mut tx = state.pool.begin().await.map_err(fail)?;
    news.write(&mut tx, &actor.name(), now_ms).await?;
    let live: Vec<String> = list.list.iter().map(|target| target.name.to_string()).collect();
    let entry = Entry::ok(now_ms, actor.name(), "release.publish", live.last().map_or("-", String::as_str));
    let words = format!("version {} of the signed list: {}", list.targets_version, live.join(", "));
    audit_rows::append_in(&mut tx, entry.detail(words)).await?;
    tx.commit().await.map_err(fail)?;
    drop(held);
    prepare(&state, &list);
    Ok((StatusCode::CREATED, axum::Json(Published { targets_version: list.targets_version, live })))
}

/// Has the packs made that displays will most likely ask for: from what they have, and from nothing,
/// to the newest release.
fn prepare(state: &ApiState, list: &List) {
    let Some(newest) = list.list.last() else { return };
    let active = |t: &std::sync::Arc<crate::fleet::Terminal>| {
        t.reported.content.as_ref()?.active.as_ref()?.manifest.parse::<ManifestId>().ok()
    };
    let mut bases: BTreeSet<Option<ManifestId>> = state.fleet.all().iter().map(active).collect();
    bases.extend(list.list.iter().rev().skip(1).take(LIKELY_BASES).map(|target| Some(target.manifest)));
    bases.insert(None);
    for base in bases.into_iter().filter(|base| *base != Some(newest.manifest)) {
        state.releases.packs().want(Way { base, target: newest.manifest });
    }
}

/// The key with which the controller says which list is the newest, for the editor's root.
#[utoipa::path(get, path = "/api/v1/content/freshness-key", responses((status = 200, body = Object)))]
pub async fn freshness_key(
    State(state): State<ApiState>,
    Viewer(_): Viewer,
) -> axum::Json<serde_json::Value> {
    axum::Json(state.releases.catalog().freshness_key())
}

/// A part of the signed list, by the name that The Update Framework gives it: an editor signs the
/// version after the newest.
#[utoipa::path(get, path = "/api/v1/content/metadata/{name}", responses((status = 200, body = Object)))]
pub async fn metadata(
    State(state): State<ApiState>,
    Viewer(_): Viewer,
    Path(name): Path<String>,
    request: Request,
) -> Answer<Response> {
    let file = state.releases.metadata(&name).ok_or_else(|| Problem::not_found("signed list"))?;
    file_of(&file, "application/json", request).await
}
