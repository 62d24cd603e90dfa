//! A repository as files: what the controller serves, for a stick, a plain file server, or a test.
//!
//! `metadata/` and `objects/` as in the addresses under which displays ask. The file that makes the
//! rest visible, `timestamp.json`, is written last.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::{SignError, failed};
use super::files::replace;
use crate::digest::{Digest, Hasher};
use crate::freshness::{Snapshot, is_named, root_version, targets_version, timestamp};
use crate::keys::Key;
use crate::manifest::Manifest;
use crate::trust::{Files, Releases, check};

/// Bytes that are copied at once.
const COPY_BYTES: usize = 128 * 1024;

/// Who vouches in the place of a controller, and until when.
#[derive(Debug)]
pub struct Freshened<'k> {
    /// With which key.
    pub key: &'k Key,
    /// Until when.
    pub until: Timestamp,
    /// By which clock it is checked.
    pub now: Timestamp,
}

/// Writes a repository, or brings one up to date. Without `freshened` the controller's part is left
/// out, and what is checked is the rest. Gives what displays will see.
///
/// # Errors
/// When a display would refuse it, or it cannot be written.
pub fn lay_out(
    out: &Path,
    roots: &[Vec<u8>],
    targets: &[u8],
    release: Option<(&Manifest, &Path)>,
    freshened: Option<&Freshened<'_>>,
) -> Result<Option<Releases>, SignError> {
    let (metadata, objects) = (out.join("metadata"), out.join("objects"));
    for folder in [&metadata, &objects] {
        fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
    }
    if let Some((manifest, files)) = release {
        for (digest, index) in manifest.objects() {
            let entry = manifest.entries().get(index);
            let path = entry.map(|entry| files.join(entry.path.as_ref())).unwrap_or_default();
            copy(&path, &objects.join(digest.to_string()), digest)?;
        }
        let bytes = manifest.to_bytes();
        replace(&objects.join(manifest.id().to_string()), &bytes)?;
    }
    for root in roots {
        replace(&metadata.join(format!("{}.root.json", root_version(root)?)), root)?;
    }
    let version = targets_version(targets)?;
    let list = metadata.join(format!("{version}.targets.json"));
    let Some(by) = freshened else {
        replace(&list, targets)?;
        return Ok(None);
    };
    is_named(roots.last().map(Vec::as_slice).unwrap_or_default(), by.key.public())?;
    let snapshot = Snapshot::sign(targets, version, by.until, by.key)?;
    let newest = timestamp(&snapshot, last_timestamp(&metadata)? + 1, by.until, by.key)?;
    let releases = check(roots, &newest, &snapshot.bytes, targets, by.now)?;
    replace(&list, targets)?;
    replace(&metadata.join(snapshot.file_name()), &snapshot.bytes)?;
    replace(&metadata.join("timestamp.json"), &newest)?;
    Ok(Some(releases))
}

/// The version of the timestamp that is there; zero when there is none.
fn last_timestamp(metadata: &Path) -> Result<u64, SignError> {
    let files = Files::read(metadata).map_err(failed("read", metadata))?;
    let Some(bytes) = files.get("timestamp.json") else { return Ok(0) };
    let parsed = sigstore_tuf::Metadata::<sigstore_tuf::Timestamp>::from_slice(bytes);
    Ok(parsed.map_err(crate::freshness::FreshnessError::Targets)?.signed().version)
}

/// Copies a file and checks that it is what the manifest says.
fn copy(from: &Path, to: &Path, expected: Digest) -> Result<(), SignError> {
    if to.is_file() {
        return Ok(());
    }
    let half: PathBuf = to.with_extension("half");
    let mut source = fs::File::open(from).map_err(failed("open", from))?;
    let mut target = fs::File::create(&half).map_err(failed("make", &half))?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let read = std::io::Read::read(&mut source, &mut buffer).map_err(failed("read", from))?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hasher.update(bytes);
        target.write_all(bytes).map_err(failed("write", &half))?;
    }
    if hasher.finish() != expected {
        let changed = std::io::Error::other("it changed meanwhile: build the release again");
        return Err(failed("publish", from)(changed));
    }
    target.sync_all().map_err(failed("sync", &half))?;
    fs::rename(&half, to).map_err(failed("make", to))
}
