//! Which release and which edition of a form is live where: what releases have, held against what
//! displays report.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use migrado_protocol::content::Recalled;
use serde::Serialize;
use utoipa::ToSchema;

use super::guard::Viewer;
use super::problem::Answer;
use super::state::ApiState;
use crate::fleet::Terminal;
use crate::store::releases::{self as rows, Edition};

/// The recall of an edition.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EditionRecall {
    pub reason: String,
    pub recalled_by: String,
    pub recalled_ms: i64,
}

/// An edition of a form.
#[derive(Debug, Serialize, ToSchema)]
pub struct EditionView {
    pub form: String,
    pub edition: String,
    pub title: String,
    pub office: String,
    pub valid_from: String,
    pub valid_until: String,
    /// Releases that have it.
    pub releases: Vec<String>,
    /// Displays that hand it out.
    pub live_on: Vec<String>,
    /// Displays that have it and do not hand it out, because it is recalled.
    pub held_back_on: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall: Option<EditionRecall>,
}

/// The release that displays serve.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveRelease {
    /// Its name; what the display calls it, where it is not known here.
    pub name: String,
    pub manifest: String,
    pub terminals: Vec<String>,
}

/// Which release and edition is live where.
#[derive(Debug, Serialize, ToSchema)]
pub struct Editions {
    pub releases: Vec<LiveRelease>,
    /// Displays that serve none, or do not say.
    pub without_release: Vec<String>,
    /// By form and edition.
    pub editions: Vec<EditionView>,
}

fn served(terminal: &Terminal) -> Option<&migrado_protocol::content::ReleaseHeld> {
    terminal.reported.content.as_ref()?.active.as_ref()
}

/// Lists which release and which edition of a form is live where.
#[utoipa::path(get, path = "/api/v1/editions", responses((status = 200, body = Editions)))]
pub async fn list_editions(State(state): State<ApiState>, _: Viewer) -> Answer<axum::Json<Editions>> {
    let fleet = state.fleet.all();
    let manifests: BTreeMap<String, String> =
        rows::all(&state.pool).await?.into_iter().map(|r| (r.name, r.manifest)).collect();
    let recalls: BTreeMap<Recalled, EditionRecall> = rows::recalls(&state.pool)
        .await?
        .into_iter()
        .map(|r| {
            let Recalled { form, edition } = r.what;
            let (reason, recalled_by, recalled_ms) = (r.reason, r.recalled_by, r.recalled_ms);
            (Recalled { form, edition }, EditionRecall { reason, recalled_by, recalled_ms })
        })
        .collect();
    let mut grouped: BTreeMap<Recalled, Vec<Edition>> = BTreeMap::new();
    for edition in rows::editions(&state.pool).await? {
        let key = Recalled { form: edition.form.clone(), edition: edition.edition.clone() };
        grouped.entry(key).or_default().push(edition);
    }
    let editions = grouped.into_iter().filter_map(|(what, of)| {
        let recall = recalls.get(&what).cloned();
        view(what, &of, recall, &manifests, &fleet)
    });
    let mut live: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for terminal in &fleet {
        if let Some(held) = served(terminal) {
            let known = manifests.iter().find(|(_, manifest)| **manifest == held.manifest);
            let name = known.map_or(&held.name, |(name, _)| name);
            let key = (name.clone(), held.manifest.clone());
            live.entry(key).or_default().push(terminal.id.to_string());
        }
    }
    let release = |((name, manifest), terminals)| LiveRelease { name, manifest, terminals };
    Ok(axum::Json(Editions {
        editions: editions.collect(),
        releases: live.into_iter().rev().map(release).collect(),
        without_release: fleet.iter().filter(|t| served(t).is_none()).map(|t| t.id.to_string()).collect(),
    }))
}

fn view(
    what: Recalled,
    of: &[Edition],
    recall: Option<EditionRecall>,
    manifests: &BTreeMap<String, String>,
    fleet: &[std::sync::Arc<Terminal>],
) -> Option<EditionView> {
    let newest = of.iter().max_by(|a, b| a.release.cmp(&b.release))?;
    let having: BTreeSet<&str> =
        of.iter().filter_map(|e| manifests.get(&e.release)).map(String::as_str).collect();
    let has = fleet.iter().filter(|t| served(t).is_some_and(|held| having.contains(held.manifest.as_str())));
    let (held_back, live): (Vec<_>, Vec<_>) = has
        .partition(|t| t.reported.content.as_ref().is_some_and(|content| content.recalled.contains(&what)));
    let names =
        |terminals: Vec<&std::sync::Arc<Terminal>>| terminals.iter().map(|t| t.id.to_string()).collect();
    Some(EditionView {
        title: newest.title.clone(),
        office: newest.office.clone(),
        valid_from: newest.valid_from.clone(),
        valid_until: newest.valid_until.clone(),
        releases: of.iter().map(|e| e.release.clone()).collect(),
        live_on: names(live),
        held_back_on: names(held_back),
        recall,
        form: what.form,
        edition: what.edition,
    })
}
