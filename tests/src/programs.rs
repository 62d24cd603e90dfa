//! Where programs are: our own, built when they are missing or old, and those of the system.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folder of built programs that the running test or program stands in.
fn built() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let folder = here.parent().unwrap();
    if folder.ends_with("deps") { folder.parent().unwrap().to_owned() } else { folder.to_owned() }
}

/// One of our programs. Tests bring them up to date once per process, with the same selection of
/// packages as `make build`, so that nothing is compiled twice; `MIGRADO_BUILT=1` says they are.
pub fn ours(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let folder = built();
        let is_test = std::env::current_exe().unwrap().parent().unwrap().ends_with("deps");
        let all_there = folder.join(name).is_file();
        if (is_test && std::env::var_os("MIGRADO_BUILT").is_none()) || !all_there {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut build = Command::new(cargo);
            build.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(repository());
            build.arg("--target-dir").arg(folder.parent().unwrap());
            assert!(build.status().expect("cargo runs").success(), "the programs do not build");
        }
        folder
    });
    folder.join(name)
}

/// A program of the system; the folders of daemons are not on everybody's path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin", "/sbin", "/usr/lib/cups/daemon"])
        .map(|folder| Path::new(folder).join(name))
        .find(|candidate| candidate.is_file())
}
