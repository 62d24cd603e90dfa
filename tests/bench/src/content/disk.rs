//! What a folder takes on the disk: blocks, each inode counted once, since a release is a tree of
//! links to the objects.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow};

/// Time between two looks. What an update adds is taken away only after it has proven itself.
const LOOK: Duration = Duration::from_millis(20);
/// What `st_blocks` counts in.
const BLOCK_BYTES: u64 = 512;

/// Bytes that a folder takes. What disappears while it is looked at is not counted.
pub(crate) fn bytes(folder: &Path) -> io::Result<u64> {
    let mut seen = HashSet::new();
    let mut sum = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let about = match entry.metadata() {
                Ok(about) => about,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if about.is_dir() {
                folders.push(entry.path());
            }
            if seen.insert((about.dev(), about.ino())) {
                sum += about.blocks() * BLOCK_BYTES;
            }
        }
    }
    Ok(sum)
}

/// Looks at a folder again and again, on a thread of its own.
#[derive(Debug)]
pub(crate) struct DiskWatch {
    ends: Arc<AtomicBool>,
    watching: JoinHandle<io::Result<u64>>,
}

impl DiskWatch {
    /// Begins.
    pub(crate) fn start(folder: &Path) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let (is_over, folder): (_, PathBuf) = (ends.clone(), folder.to_path_buf());
        let watching = std::thread::spawn(move || {
            let before = bytes(&folder)?;
            let mut most = before;
            while !is_over.load(Ordering::Relaxed) {
                std::thread::park_timeout(LOOK);
                most = most.max(bytes(&folder)?);
            }
            Ok(most - before)
        });
        Self { ends, watching }
    }

    /// The most that it took beyond what it took at the start.
    pub(crate) fn stop(self) -> Result<u64> {
        self.ends.store(true, Ordering::Relaxed);
        self.watching.thread().unpark();
        Ok(self.watching.join().map_err(|_| anyhow!("the watch of the disk ended by itself"))??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_takes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let before = bytes(dir.path()).unwrap();
        fs::write(dir.path().join("a"), vec![1; 1_000_000]).unwrap();
        let once = bytes(dir.path()).unwrap();
        assert!((1_000_000..1_100_000).contains(&(once - before)), "{once}");
        fs::hard_link(dir.path().join("a"), dir.path().join("b")).unwrap();
        assert_eq!(bytes(dir.path()).unwrap(), once);
    }
}
