//! Tests that need something this machine does not have say so, loudly, and are counted.

use std::io::Write;

/// Notes that a test did not run. `tests/run.sh` prints the count; on CI it fails.
pub fn skip(test: &str, why: &str) {
    eprintln!("SKIPPED {test}: {why}");
    let Some(list) = std::env::var_os("MIGRADO_SKIPS") else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(list);
    if let Err(error) = file.and_then(|mut file| writeln!(file, "{test}: {why}")) {
        eprintln!("cannot note that: {error}");
    }
}

/// Whether this runs as root, which tmpfs mounts need.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}

/// Leaves the test when a program is missing.
#[macro_export]
macro_rules! needs_program {
    ($test:literal, $($program:literal),+) => {
        $(if $crate::programs::find($program).is_none() {
            $crate::skip::skip($test, concat!($program, " is not installed"));
            return;
        })+
    };
}
