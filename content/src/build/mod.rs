//! From a folder without mistakes to the files of a release.
//!
//! What is to be written is first listed, then written into a folder beside the one that was asked for,
//! and that is renamed: there is a whole release or none. The same folder and day give the same bytes.

mod html;
mod release;
mod tree;

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::authoring::model::Content;
use crate::check;
use crate::finding::{Finding, Severity};
use crate::index;

pub use html::render;

/// A release was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The folder has mistakes; all findings are here.
    #[error("the folder has {} mistakes", check::count(.0, Severity::Error))]
    Mistakes(Vec<Finding>),
    /// There is something already where the release is to be.
    #[error("{0} exists already: remove it, or give another name")]
    Exists(PathBuf),
    /// A file could not be read or written.
    #[error("cannot {operation} {path}: {source}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Built {
    /// Its files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Where a file of a release comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// It is a file of the folder.
    Copy(PathBuf),
    /// It is made.
    Made(Vec<u8>),
}

/// Builds the release of a day.
///
/// # Errors
/// When the folder has mistakes, when there is something at `out`, or a file cannot be written. Nothing
/// is left at `out` then.
pub fn build(content: &Content, today: Date, out: &Path) -> Result<Built, BuildError> {
    let findings = check::check(content, today);
    let Some(main) = content.main.as_ref().filter(|_| check::count(&findings, Severity::Error) == 0) else {
        return Err(BuildError::Mistakes(findings));
    };
    let index = release::index(content, &main.value, today);
    tree::write(&files(content, &index), out)
}

/// Every file of a release, by its path.
fn files(content: &Content, index: &index::Release) -> Vec<(String, Source)> {
    let mut files = vec![(index::FILE.to_owned(), Source::Made(json(index)))];
    let copied = |path: &String| (path.clone(), Source::Copy(content.root.join(path)));
    files.extend(index.strings.values().map(|s| copied(&s.path)));
    files.extend(index.forms.iter().map(|f| copied(&f.pdf)));
    for video in &index.videos {
        files.push(copied(&video.path));
        files.extend(video.captions.values().map(|c| copied(&c.path)));
    }
    for guide in &content.guides {
        let pages = guide.pages.iter().filter(|(code, _)| index.languages.iter().any(|l| l.code == **code));
        for (code, page) in pages {
            let html = render(page, &|picture| format!("guides/{}/{picture}", guide.id));
            files.push((release::page_path(&guide.id, code), Source::Made(html.into_bytes())));
        }
        files.extend(guide.pictures.keys().filter(|path| content.used.contains(*path)).map(copied));
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files.dedup_by(|a, b| a.0 == b.0);
    files
}

/// People read it, too: indented, with a line break at its end.
fn json(index: &index::Release) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(index).unwrap_or_default();
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests;
