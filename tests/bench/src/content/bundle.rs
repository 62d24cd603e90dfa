//! The bundle that is measured with: what a city's displays show, and what editors made of it a day
//! later. Three folders: `v1`; `v2`, with everything changed that changes; `v2s`, without the videos
//! that changed. The same facts as anybody else's bundle that `--bundle` names: 741 files, 328 MB.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use migrado_content::manifest::Manifest;
use rand::seq::{IndexedRandom as _, SliceRandom as _};

use super::author::Author;

/// Files of `v1`, and of `v2`.
const FILES: usize = 741;
/// Bytes of `v1`: 328 MB, and what the sizes of forms vary by.
const BYTES: std::ops::RangeInclusive<u64> = 316_000_000..=340_000_000;
const VIDEOS: usize = 40;
const VIDEO_BYTES: usize = 5_000_000;
const WELCOME: &str = "videos/welcome.mp4";
const WELCOME_BYTES: usize = 60_000_000;
/// What is put into the middle of that video.
const INSERTED_BYTES: usize = 1_000_000;
const FORMS: usize = 200;
const PAGES: usize = 300;
const DRAWINGS: usize = 100;
const MENUS: usize = 100;
/// Texts that are edited: 3 %.
const TEXTS_EDITED: usize = 15;
const FORMS_EDITED: usize = 10;
const VIDEOS_REPLACED: usize = 2;
/// Files that go to other folders: two videos, two forms, one page.
const VIDEOS_MOVED: usize = 2;
const FORMS_MOVED: usize = 2;

/// Where the three folders are.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// What displays have.
    pub(crate) v1: PathBuf,
    /// The full change set.
    pub(crate) v2: PathBuf,
    /// Small edits and moves only.
    pub(crate) v2s: PathBuf,
}

impl Bundle {
    fn below(folder: &Path) -> Self {
        let [v1, v2, v2s] = ["v1", "v2", "v2s"].map(|name| folder.join(name));
        Self { v1, v2, v2s }
    }

    /// One that somebody made.
    pub(crate) fn taken(folder: &Path) -> Result<Self> {
        let bundle = Self::below(folder);
        for (folder, name) in [(&bundle.v1, "v1"), (&bundle.v2, "v2"), (&bundle.v2s, "v2s")] {
            ensure!(
                folder.is_dir(),
                "{} is not there: --bundle names a folder with {name} in it",
                folder.display()
            );
        }
        Ok(bundle)
    }

    /// Makes one; the same seed makes the same bytes.
    pub(crate) fn made(folder: &Path, seed: u64) -> Result<Self> {
        let bundle = Self::below(folder);
        let mut author = Author::new(seed);
        let mut small = small_files(&mut author);
        let videos: Vec<String> = (0..VIDEOS).map(|n| format!("videos/how-to-{n:02}.mp4")).collect();
        for path in &videos {
            write(&bundle.v1, path, &author.noise(VIDEO_BYTES))?;
        }
        let welcome = author.noise(WELCOME_BYTES);
        write(&bundle.v1, WELCOME, &welcome)?;
        for (path, bytes) in &small {
            write(&bundle.v1, path, bytes)?;
        }

        let edited = edit(&mut author, &mut small);
        let moved = moves(&mut author, &videos, &edited);
        let (replaced, _) = moved.videos.split_at(VIDEOS_REPLACED);
        let all = videos.iter().map(String::as_str).chain([WELCOME]).chain(small.keys().map(String::as_str));
        for path in all {
            let to = moved.to.get(path).map_or(path, String::as_str);
            for root in [&bundle.v2, &bundle.v2s] {
                match small.get(path).filter(|_| edited.contains(path)) {
                    Some(bytes) => write(root, to, bytes)?,
                    None => link(&bundle.v1.join(path), &root.join(to))?,
                }
            }
        }
        for path in replaced {
            fs::remove_file(bundle.v2.join(path))?;
            write(&bundle.v2, path, &author.noise(VIDEO_BYTES))?;
        }
        let (before, after) = welcome.split_at(WELCOME_BYTES / 2);
        let inserted = author.noise(INSERTED_BYTES);
        fs::remove_file(bundle.v2.join(WELCOME))?;
        write(&bundle.v2, WELCOME, &[before, &inserted, after].concat())?;
        Ok(bundle)
    }

    /// Fails when it is another bundle than the bars were set for.
    pub(crate) fn check(&self) -> Result<()> {
        for folder in [&self.v1, &self.v2, &self.v2s] {
            let manifest = Manifest::of_folder(folder)?;
            let (files, bytes) = (manifest.entries().len(), manifest.bytes());
            ensure!(
                files == FILES && BYTES.contains(&bytes),
                "{} has {files} files of {bytes} bytes: the bars are for {FILES} files of about 328 MB",
                folder.display()
            );
        }
        Ok(())
    }
}

/// Forms, pages, drawings and menus of `v1`.
fn small_files(author: &mut Author) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for n in 0..FORMS {
        let bytes = author.between(50_000..=500_000);
        files.insert(format!("pdf/form-{n:03}.pdf"), author.form(bytes));
    }
    for n in 0..PAGES {
        let bytes = author.between(4_000..=40_000);
        files.insert(format!("guides/guide-{n:03}.html"), author.page(n, bytes));
    }
    for n in 0..DRAWINGS {
        let bytes = author.between(2_000..=60_000);
        files.insert(format!("img/{n}.svg"), author.drawing(bytes));
    }
    for n in 0..MENUS {
        let rows = author.between(12..=375);
        files.insert(format!("data/menu-{n:03}.json"), author.menu(rows));
    }
    files
}

/// Edits texts and forms. Gives the paths of what changed.
fn edit(author: &mut Author, files: &mut BTreeMap<String, Vec<u8>>) -> BTreeSet<String> {
    let (forms, texts): (Vec<String>, Vec<String>) = files.keys().cloned().partition(|path| is_form(path));
    let mut edited = BTreeSet::new();
    for path in texts.choose_multiple(&mut author.0, TEXTS_EDITED) {
        let Some(bytes) = files.get_mut(path) else { continue };
        let at = author.between(0..=bytes.len() - 1);
        let long = author.between(20..=300);
        bytes.splice(at..bytes.len().min(at + 20), author.text(long).into_bytes());
        edited.insert(path.clone());
    }
    for path in forms.choose_multiple(&mut author.0, FORMS_EDITED) {
        let Some(bytes) = files.get_mut(path) else { continue };
        for _ in 0..author.between(2..=6) {
            let at = author.between(100..=bytes.len() - 200);
            if author.between(0..=1) == 0 {
                bytes.splice(at..at + 24, author.noise(24));
            } else {
                let long = author.between(40..=2000);
                bytes.splice(at..at, author.text(long).into_bytes());
            }
        }
        edited.insert(path.clone());
    }
    edited
}

/// What goes to other folders.
struct Moves {
    to: BTreeMap<String, String>,
    /// Videos in an order of their own: the first ones are replaced, the next ones move.
    videos: Vec<String>,
}

fn moves(author: &mut Author, videos: &[String], edited: &BTreeSet<String>) -> Moves {
    let mut videos = videos.to_vec();
    videos.shuffle(&mut author.0);
    let mut to = BTreeMap::new();
    for (n, path) in videos.iter().skip(VIDEOS_REPLACED).take(VIDEOS_MOVED).enumerate() {
        to.insert(path.clone(), format!("videos/paper/load-tray-{n}.mp4"));
    }
    let forms: Vec<String> =
        (0..FORMS).map(|n| format!("pdf/form-{n:03}.pdf")).filter(|path| !edited.contains(path)).collect();
    for path in forms.choose_multiple(&mut author.0, FORMS_MOVED) {
        to.insert(path.clone(), path.replace("pdf/", "forms/2026/"));
    }
    let pages = (0..PAGES).map(|n| format!("guides/guide-{n:03}.html"));
    if let Some(path) = pages.into_iter().find(|path| !edited.contains(path)) {
        to.insert(path.clone(), path.replace("guides/", "guides/en/"));
    }
    Moves { to, videos }
}

fn is_form(path: &str) -> bool {
    path.starts_with("pdf/")
}

fn write(root: &Path, path: &str, bytes: &[u8]) -> Result<()> {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap_or(root))?;
    fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))
}

/// The same file under another name; a copy where the disk has no links for it.
pub(crate) fn link(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
    }
    Ok(())
}

/// The same tree again, by links.
pub(crate) fn link_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            link_tree(&path, &to)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path)?, &to)?;
        } else {
            link(&path, &to)?;
        }
    }
    Ok(())
}
