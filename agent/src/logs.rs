//! Where log lines go: to the journal under systemd, else to standard error and, bounded, to memory,
//! so that `collect_logs` has something to bring also where no journal is.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::platform::clock;

/// Bytes of log lines that are kept in memory: some hours of a quiet display, and little beside
/// the agent's six megabytes.
const RING_BYTES_MAX: usize = 192 * 1024;
/// Libraries that tell more than is ours to know; only their warnings are kept.
const TALKATIVE: [&str; 6] = ["rumqttc", "rustls", "hyper", "hyper_util", "reqwest", "ipp"];

/// Recent log lines in memory. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Ring(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<(i64, String)>,
    bytes: usize,
}

impl Ring {
    /// The lines since a time, the newest last, at most so many bytes of the newest.
    pub fn since(&self, since_ms: i64, bytes_max: usize) -> Vec<String> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        let newest = ring.lines.iter().rev().take_while(|(at_ms, line)| {
            bytes += line.len() + 1;
            *at_ms >= since_ms && bytes <= bytes_max
        });
        let mut lines: Vec<String> = newest.map(|(_, line)| line.clone()).collect();
        lines.reverse();
        lines
    }

    fn push(&self, at_ms: i64, line: String) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.bytes += line.len() + 1;
        ring.lines.push_back((at_ms, line));
        while ring.bytes > RING_BYTES_MAX {
            let Some((_, oldest)) = ring.lines.pop_front() else { break };
            ring.bytes -= oldest.len() + 1;
        }
    }
}

impl io::Write for Ring {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.push(clock::now_ms(), text.trim_end().to_owned());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Ring {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Begins to log. The ring stays empty where the journal keeps the lines.
pub fn begin(level: LevelFilter, to_journal: bool) -> Ring {
    let ring = Ring::default();
    let mut filter = Targets::new().with_default(level);
    for library in TALKATIVE {
        filter = filter.with_target(library, level.min(LevelFilter::WARN));
    }
    let registry = tracing_subscriber::registry().with(filter);
    let journal = if to_journal { tracing_journald::layer().ok() } else { None };
    let begun = match journal {
        Some(journal) => registry.with(journal).try_init(),
        None => {
            let plain = tracing_subscriber::fmt::layer().with_ansi(false);
            registry
                .with(plain.with_writer(ring.clone()))
                .with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(io::stderr))
                .try_init()
        }
    };
    // An error only says that somebody (a test) logs already.
    begun.ok();
    ring
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest_within_its_bound() {
        let ring = Ring::default();
        let line = "x".repeat(1000);
        for n in 0..1000 {
            ring.push(n, format!("{n} {line}"));
        }
        let kept = ring.since(0, usize::MAX);
        assert!(kept.len() < 200 && kept.len() > 150, "{}", kept.len());
        assert!(kept.last().unwrap().starts_with("999 "));
        assert_eq!(ring.since(995, usize::MAX).len(), 5);
        assert_eq!(ring.since(0, 2100).len(), 2);
    }
}
