//! The matrix of languages of a release: how far each thing in it is in each language, so that gaps
//! are seen before somebody stands in front of them.

use axum::extract::{Path, State};
use migrado_content::coverage::{self, Cell};
use migrado_content::index::Direction;
use migrado_content::manifest::ManifestId;
use serde::Serialize;
use utoipa::ToSchema;

use super::guard::Viewer;
use super::problem::{Answer, Problem};
use super::state::ApiState;
use crate::releases::blocking;
use crate::store::releases as rows;

/// A language of a release.
#[derive(Debug, Serialize, ToSchema)]
pub struct LanguageView {
    /// Its tag (BCP 47).
    pub code: String,
    /// What those who speak it call it.
    pub name: String,
    /// Whether its lines begin at the right.
    pub rtl: bool,
    /// The language that it is a mode of, and from which comes what it lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode_of: Option<String>,
    /// Things that are missing in it, as a whole or in part.
    pub missing: usize,
    /// Things that nobody has checked in it.
    pub draft: usize,
}

/// How far a thing is in a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellView {
    /// Something of it is not there.
    Missing,
    /// It is there, and nobody has checked all of it.
    Draft,
    /// It is there, and somebody has.
    Checked,
}

/// A thing of a release.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoverageView {
    /// `home`, `strings`, `topic`, `office`, `form`, `guide`, `video` or `event`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What it is called in the language of reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How far it is, in the order of the languages.
    pub cells: Vec<CellView>,
}

/// The matrix of languages of a release.
#[derive(Debug, Serialize, ToSchema)]
pub struct LanguagesView {
    /// The release.
    pub release: String,
    /// The language in which everything is there.
    pub reference: String,
    /// The languages, in the order of the choice.
    pub languages: Vec<LanguageView>,
    /// What is in it.
    pub items: Vec<CoverageView>,
}

fn cell(cell: Cell) -> CellView {
    match cell {
        Cell::Missing => CellView::Missing,
        Cell::Draft => CellView::Draft,
        Cell::Checked => CellView::Checked,
    }
}

/// How far each thing of a release is in each of its languages.
#[utoipa::path(get, path = "/api/v1/releases/{name}/languages", responses((status = 200, body = LanguagesView)))]
pub async fn languages(
    State(state): State<ApiState>,
    _: Viewer,
    Path(name): Path<String>,
) -> Answer<axum::Json<LanguagesView>> {
    let release = rows::get(&state.pool, &name).await?.ok_or_else(|| Problem::not_found("release"))?;
    // A name that is in the database and no manifest's: somebody has changed it there.
    let id: ManifestId = release.manifest.parse().map_err(|e| Problem::internal(&e))?;
    let of = release.name.clone();
    let index = blocking(&state.releases, move |releases| releases.catalog().index(&of, id)).await?;
    let matrix = coverage::matrix(&index);
    let count = |n: usize, of: Cell| matrix.iter().filter(|row| row.cells.get(n) == Some(&of)).count();
    let languages = index.languages.iter().enumerate().map(|(n, language)| LanguageView {
        code: language.code.clone(),
        name: language.name.clone(),
        rtl: language.direction == Direction::Rtl,
        mode_of: language.mode_of.clone(),
        missing: count(n, Cell::Missing),
        draft: count(n, Cell::Draft),
    });
    Ok(axum::Json(LanguagesView {
        release: release.name,
        reference: index.reference.clone(),
        languages: languages.collect(),
        items: matrix
            .iter()
            .map(|row| CoverageView {
                kind: row.kind.to_owned(),
                id: row.id.clone(),
                title: row.title.clone(),
                cells: row.cells.iter().copied().map(cell).collect(),
            })
            .collect(),
    }))
}
