//! Writes files into a folder as a whole: into a sibling that is then renamed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::build::{BuildError, Built, Source};

fn failed<'p>(operation: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> BuildError + 'p {
    move |source| BuildError::File { operation, path: path.to_path_buf(), source }
}

/// Writes files to `out`, which must not exist.
pub(super) fn write(files: &[(String, Source)], out: &Path) -> Result<Built, BuildError> {
    if fs::symlink_metadata(out).is_ok() {
        return Err(BuildError::Exists(out.to_path_buf()));
    }
    let half = sibling(out);
    // What another build left that was ended in the middle.
    match fs::remove_dir_all(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &half)(error)),
        _ => {}
    }
    let built = fill(files, &half).and_then(|built| {
        fs::rename(&half, out).map_err(failed("rename the release to", out))?;
        Ok(built)
    });
    if built.is_err() {
        // The failure itself is told; that this fails as well changes nothing for who reads that.
        fs::remove_dir_all(&half).ok();
    }
    built
}

/// `.NAME.half` beside `NAME`.
fn sibling(out: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(".half");
    out.with_file_name(name)
}

fn fill(files: &[(String, Source)], folder: &Path) -> Result<Built, BuildError> {
    if let Some(parent) = folder.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(failed("create folder", parent))?;
    }
    fs::create_dir(folder).map_err(failed("create folder", folder))?;
    let mut made: BTreeSet<PathBuf> = BTreeSet::new();
    let mut bytes = 0;
    for (path, source) in files {
        let to = folder.join(path);
        if let Some(parent) = to.parent().filter(|p| !made.contains(*p)) {
            fs::create_dir_all(parent).map_err(failed("create folder", parent))?;
            made.insert(parent.to_path_buf());
        }
        bytes += match source {
            Source::Made(content) => {
                fs::write(&to, content).map_err(failed("write", &to))?;
                content.len() as u64
            }
            Source::Copy(from) => {
                let mut original = fs::File::open(from).map_err(failed("read", from))?;
                let mut copy = fs::File::create(&to).map_err(failed("write", &to))?;
                // Not fs::copy: what may be read here is no property of the content.
                io::copy(&mut original, &mut copy).map_err(failed("write", &to))?
            }
        };
    }
    // Once for all files: after a power cut the name must not stand for half of them.
    let opened = fs::File::open(folder).map_err(failed("open", folder))?;
    rustix::fs::syncfs(&opened).map_err(|e| failed("sync", folder)(e.into()))?;
    Ok(Built { files: files.len(), bytes })
}
