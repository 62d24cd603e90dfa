//! A clock that is wrong, for one program and from outside: a few lines of C stand before the clock that
//! the program asks. Only the wall clock is moved; durations stay right, as with a real wrong clock.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::programs;

/// What is put before the C library. The seconds by which the clock is wrong are read from a file that
/// is mapped, so that the clock can be moved while the program runs.
const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile long long *wrong;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("MIGRADO_TEST_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(0, sizeof *wrong, PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) wrong = mapped;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int done = (int)syscall(SYS_clock_gettime, which, now);
    if (done == 0 && wrong && which == CLOCK_REALTIME) now->tv_sec += *wrong;
    return done;
}
"#;

/// A clock that can be wrong.
#[derive(Debug)]
pub struct WrongClock {
    library: PathBuf,
    file: PathBuf,
}

impl WrongClock {
    /// Makes one that is right.
    pub fn new(dir: &Path) -> Result<Self> {
        let (source, library) = (dir.join("clock.c"), dir.join("clock.so"));
        std::fs::write(&source, SOURCE)?;
        let cc = programs::find("cc").context("cc is not installed")?;
        let made = Command::new(cc).args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let clock = Self { library, file: dir.join("clock") };
        clock.set(0)?;
        Ok(clock)
    }

    /// Makes it wrong by so many seconds, also for programs that run.
    pub fn set(&self, seconds: i64) -> Result<()> {
        use std::io::Write as _;
        // In place: it is mapped.
        let mut file = std::fs::File::options().create(true).truncate(false).write(true).open(&self.file)?;
        Ok(file.write_all(&seconds.to_ne_bytes())?)
    }

    /// What a program needs in its environment to ask it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![("LD_PRELOAD".into(), text(&self.library)), ("MIGRADO_TEST_CLOCK".into(), text(&self.file))]
    }
}
