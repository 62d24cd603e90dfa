//! What a process costs, as the kernel counts it: processor time, wakeups, memory.

use std::fs;

use anyhow::{Context, Result};

/// Kernel ticks of processor time per second (`USER_HZ`): 100 on every Linux that runs Debian.
const TICKS_PER_S: f64 = 100.0;

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

/// Processor time alone: cheap enough to be read around every step. Exact to the nanosecond where
/// the kernel tells it (`schedstat` of each thread that lives), else to the tick.
pub(crate) fn cpu_s(pid: u32) -> Result<f64> {
    let stat =
        fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
    // The name in brackets may hold anything, so what counts stands behind the last bracket.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).context("an odd /proc/PID/stat");
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_S)
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
