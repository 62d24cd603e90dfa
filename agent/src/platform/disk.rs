//! The disk: the one way in which a state file is written, and what there is to know of the file
//! system below the data directory. Blocking; sensors call it on a blocking thread.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

/// Bytes of the write test: one block, enough to need one.
const PROBE_BYTES: usize = 4096;
/// The file of the write test, in the data directory.
const PROBE_FILE: &str = ".write-test";

/// What the file system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Left for the agent, without what is reserved for root.
    pub free_bytes: u64,
    /// In all.
    pub total_bytes: u64,
    /// Inodes left and in all; absent where the file system has none (btrfs says 0).
    pub inodes: Option<(u64, u64)>,
    /// Mounted read-only.
    pub read_only: bool,
}

/// What tells that a file is the one that was looked at before, unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

/// The stamp of a file: asking for it costs a fraction of reading the file.
pub fn stamp(path: &Path) -> io::Result<Stamp> {
    let meta = std::fs::metadata(path)?;
    // ctime, which nobody can set: a file that was copied with its times is seen all the same.
    Ok(Stamp { inode: meta.ino(), bytes: meta.len(), changed: (meta.ctime(), meta.ctime_nsec()) })
}

/// Puts `bytes` in the place of a file as a whole: after a power cut it is the old or the new one.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = dir.join(name);
    // For the agent alone: one of these files is its key.
    let mut options = File::options();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    // Without this the name itself may be lost.
    File::open(dir)?.sync_all()
}

/// Asks the file system below `dir`.
pub fn space(dir: &Path) -> io::Result<Space> {
    let vfs = statvfs(dir)?;
    Ok(Space {
        free_bytes: vfs.f_bavail.saturating_mul(vfs.f_frsize),
        total_bytes: vfs.f_blocks.saturating_mul(vfs.f_frsize),
        inodes: (vfs.f_files > 0).then_some((vfs.f_favail, vfs.f_files)),
        read_only: vfs.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

/// Writes, syncs, reads back: a disk that is dying often still says how much room it has.
pub fn write_test(dir: &Path, stamp: i64) -> io::Result<()> {
    let path = dir.join(PROBE_FILE);
    let mut written = vec![0u8; PROBE_BYTES];
    for (n, byte) in written.iter_mut().zip(stamp.to_le_bytes().iter().cycle()) {
        *n = *byte;
    }
    let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
    file.write_all(&written)?;
    file.sync_data()?;
    drop(file);
    let mut read = Vec::with_capacity(PROBE_BYTES);
    File::open(&path)?.take(PROBE_BYTES as u64).read_to_end(&mut read)?;
    if read == written { Ok(()) } else { Err(io::Error::other("read back something else than was written")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        for content in ["one", "another, longer one", ""] {
            replace_file(&path, content.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
            let stamped = stamp(&path).unwrap();
            assert_eq!(stamp(&path).unwrap(), stamped);
            replace_file(&path, content.as_bytes()).unwrap();
            assert_ne!(stamp(&path).unwrap(), stamped, "the same content is another file");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing temporary is left");
    }

    #[test]
    fn a_failed_replacement_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        replace_file(&path, b"old").unwrap();
        std::fs::create_dir(dir.path().join("state.json.tmp")).unwrap();
        assert!(replace_file(&path, b"new").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn the_write_test_writes_and_a_missing_directory_fails_it() {
        let dir = tempfile::tempdir().unwrap();
        for stamp in [1, i64::MAX, 0] {
            write_test(dir.path(), stamp).unwrap();
        }
        assert!(write_test(&dir.path().join("absent"), 1).is_err());
        let space = space(dir.path()).unwrap();
        assert!(space.total_bytes >= space.free_bytes && space.total_bytes > 0 && !space.read_only);
    }
}
