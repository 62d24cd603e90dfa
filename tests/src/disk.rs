//! A small file system in memory, to be filled. Needs root.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system that goes away with its owner.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of this size. What nobody writes takes no memory.
    pub fn mount(at: &Path, megabytes: u64) -> Self {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m,mode=0755");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at));
        Self(at.to_owned())
    }

    /// Makes it as large as this, or as small.
    pub fn resize(&self, bytes: u64) {
        run(Command::new("mount").args(["-o", &format!("remount,size={bytes}")]).arg(&self.0));
    }

    /// Bytes that are taken of it.
    pub fn taken(&self) -> u64 {
        let said = Command::new("df").args(["-B1", "--output=used"]).arg(&self.0).output().unwrap();
        String::from_utf8_lossy(&said.stdout).lines().last().unwrap().trim().parse().unwrap()
    }

    /// Fills it to the last byte and gives the file that does.
    pub fn fill(&self) -> PathBuf {
        let file = self.0.join("filler");
        // `dd` ends with an error when nothing is left; that is the point.
        let full = Command::new("dd")
            .args(["if=/dev/zero", "bs=4096"])
            .arg(format!("of={}", file.display()))
            .output();
        assert!(!full.unwrap().status.success(), "the disk is not full");
        file
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let gone = Command::new("umount").arg("-l").arg(&self.0).status().is_ok();
        assert!(gone || std::thread::panicking());
    }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
