//! What a process costs, as the kernel counts it: processor time, wakeups, memory.

use std::fs;

use anyhow::{Context, Result};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// What a process has cost so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Processor time, user and system, of all its threads.
    pub(crate) cpu_s: f64,
    /// Voluntary context switches of all its threads: each is a wakeup.
    pub(crate) wakeups: u64,
    /// Its share of memory (PSS).
    pub(crate) pss_bytes: u64,
    /// Anonymous memory: what it allocated for itself.
    pub(crate) anonymous_bytes: u64,
}

impl Usage {
    /// Reads it now.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))
            .with_context(|| format!("reading the memory of process {pid}"))?;
        Ok(Self {
            cpu_s: cpu_s(pid)?,
            wakeups: wakeups(pid)?,
            pss_bytes: field(&rollup, "Pss:")? * 1024,
            anonymous_bytes: field(&rollup, "Anonymous:")? * 1024,
        })
    }
}

/// Processor time of all threads, also of those that ended, to the nanosecond: ticks of 10 ms would
/// be a third of what a small daemon takes in five minutes.
pub(crate) fn cpu_s(pid: u32) -> Result<f64> {
    let gone = || format!("process {pid} is gone");
    let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(pid)?)).with_context(gone)?;
    let time = clock_gettime(clock).with_context(gone)?;
    Ok(std::time::Duration::from(time).as_secs_f64())
}

/// Lets the kernel forget the most memory that a process had (`5` does that and nothing else).
pub(crate) fn forget_peak(pid: u32) -> Result<()> {
    let file = format!("/proc/{pid}/clear_refs");
    fs::write(&file, "5").with_context(|| format!("writing {file}"))
}

/// The most memory that a process had at once since then: resident, with the pages of its program.
pub(crate) fn peak_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("reading the memory of process {pid}"))?;
    Ok(field(&status, "VmHWM:")? * 1024)
}

fn wakeups(pid: u32) -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let status = fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
        sum += field(&status, "voluntary_ctxt_switches:").unwrap_or(0);
    }
    Ok(sum)
}

fn field(text: &str, name: &str) -> Result<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|value| value.parse().ok())
        .with_context(|| format!("no {name} here"))
}
