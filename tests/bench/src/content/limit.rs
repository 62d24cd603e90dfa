//! The least that a display can be brought from one release to the next with, file by file: each
//! changed file as a patch of the file that was at its path, moves for nothing, and the list of both.
//! zstd with the old file as prefix, level 3, long distances, a window of 128 MiB. No transport, no
//! verification, no bound on memory: nobody ships it, everybody is measured by it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use migrado_content::digest::Digest;
use migrado_content::manifest::Manifest;
use serde_json::json;

/// Level of a patch.
const LEVEL: u32 = 3;
/// Level of the list, and of a file that has no forerunner.
const LEVEL_BEST: u32 = 19;
/// The window: 128 MiB.
const WINDOW: &str = "--long=27";

/// What it comes to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Bytes of patches and list.
    pub(crate) bytes: u64,
    /// Files that are patched.
    pub(crate) files: usize,
    /// Bytes that the changed files have, each counted once.
    pub(crate) changed_bytes: u64,
}

/// The limit from one folder to another.
pub(crate) fn between(old: &Path, new: &Path) -> Result<Limit> {
    let (before, after) = (Manifest::of_folder(old)?, Manifest::of_folder(new)?);
    let here: BTreeMap<Digest, &str> = before.entries().iter().map(|e| (e.sha256, &*e.path)).collect();
    let mut list = Vec::new();
    let (mut payload, mut files) = (0, 0);
    let mut changed: BTreeMap<Digest, u64> = BTreeMap::new();
    for entry in after.entries() {
        let at_its_path = before.find(&entry.path);
        if at_its_path.is_some_and(|old| old.sha256 == entry.sha256) {
            continue;
        }
        if let Some(from) = here.get(&entry.sha256) {
            list.push(json!(["mv", from, &*entry.path]));
            continue;
        }
        let file = new.join(&*entry.path);
        let patch = match at_its_path {
            Some(_) => pack(Some(&old.join(&*entry.path)), &file, LEVEL)?,
            None => pack(None, &file, LEVEL_BEST)?,
        };
        files += 1;
        payload += patch;
        changed.insert(entry.sha256, entry.size);
        list.push(json!(["d", &*entry.path, patch, entry.sha256.to_string()]));
    }
    let mut lines = tempfile::NamedTempFile::new()?;
    lines.write_all(&serde_json::to_vec(&list)?)?;
    let list = pack(None, lines.path(), LEVEL_BEST)?;
    Ok(Limit { bytes: payload + list, files, changed_bytes: changed.values().sum() })
}

/// Bytes that a file is with another one as prefix.
fn pack(prefix: Option<&Path>, file: &Path, level: u32) -> Result<u64> {
    let mut zstd = Command::new("zstd");
    zstd.args(["-q", "-c", "--single-thread", &format!("-{level}")]);
    if let Some(prefix) = prefix {
        zstd.arg(WINDOW).arg(format!("--patch-from={}", prefix.display()));
    }
    let done = zstd.arg(file).output().context("zstd is missing: apt-get install zstd")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "zstd {}: {said}", file.display());
    Ok(done.stdout.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::author::Author;

    #[test]
    fn a_move_is_free_and_an_insertion_costs_what_is_inserted() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        for folder in [&old, &new] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let mut author = Author::new(1);
        let (video, inserted) = (author.noise(3_000_000), author.noise(50_000));
        std::fs::write(old.join("a"), &video).unwrap();
        std::fs::write(old.join("b"), author.noise(900_000)).unwrap();
        std::fs::write(new.join("a"), [&video[..1_000_000], &inserted, &video[1_000_000..]].concat())
            .unwrap();
        std::fs::copy(old.join("b"), new.join("elsewhere")).unwrap();
        let limit = between(&old, &new).unwrap();
        assert!((50_000..60_000).contains(&limit.bytes), "{limit:?}");
        assert_eq!((limit.files, limit.changed_bytes), (1, 3_050_000));
    }
}
