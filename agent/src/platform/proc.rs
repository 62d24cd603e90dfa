//! The kernel's own figures of the machine, from `/proc`: processor, memory, load, traffic, boot. The
//! files stay open and are read into one buffer again and again, because opening them costs more
//! than reading them. What they say is read by pure functions.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Bytes that the buffer begins with: each of these files on a machine of a few cores.
const BUFFER_BYTES: usize = 4096;
/// Bytes of the largest file: `/proc/stat` of a server with hundreds of cores. A display has four.
const FILE_BYTES_MAX: usize = 1024 * 1024;
/// The interface whose traffic never leaves the machine.
const LOOPBACK: &str = "lo";
const KIB: u64 = 1024;

/// Processor time since the boot, in the kernel's ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTicks {
    /// Spent on something.
    pub busy: u64,
    /// In all.
    pub all: u64,
}

/// Bytes of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// In all.
    pub total: u64,
    /// What programs can still have.
    pub available: u64,
}

/// Bytes over all interfaces but loopback since the boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Come in.
    pub received: u64,
    /// Gone out.
    pub sent: u64,
}

/// The files, opened once.
#[derive(Debug)]
pub struct Proc {
    stat: File,
    memory: File,
    load: File,
    traffic: File,
    buffer: Vec<u8>,
}

impl Proc {
    /// Opens them. An error where the kernel shows none of this.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            stat: File::open("/proc/stat")?,
            memory: File::open("/proc/meminfo")?,
            load: File::open("/proc/loadavg")?,
            traffic: File::open("/proc/net/dev")?,
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    /// Processor time, and when the machine was booted, in seconds since the epoch.
    pub fn cpu_and_boot(&mut self) -> io::Result<(CpuTicks, i64)> {
        let text = read(&self.stat, &mut self.buffer)?;
        cpu_ticks(text).zip(boot_s(text)).ok_or_else(|| nonsense("stat"))
    }

    /// Memory.
    pub fn memory(&mut self) -> io::Result<Memory> {
        memory(read(&self.memory, &mut self.buffer)?).ok_or_else(|| nonsense("meminfo"))
    }

    /// Mean of the processes that want to run, over the last minute.
    pub fn load1(&mut self) -> io::Result<f64> {
        let text = read(&self.load, &mut self.buffer)?;
        text.split(' ').next().and_then(|load| load.parse().ok()).ok_or_else(|| nonsense("loadavg"))
    }

    /// Traffic.
    pub fn traffic(&mut self) -> io::Result<Traffic> {
        Ok(traffic(read(&self.traffic, &mut self.buffer)?))
    }
}

fn nonsense(file: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{file} has another shape"))
}

/// Reads a file from its beginning to its end. The kernel writes it anew for whoever begins.
fn read<'b>(file: &File, buffer: &'b mut Vec<u8>) -> io::Result<&'b str> {
    let mut bytes = 0;
    loop {
        if bytes == buffer.len() {
            if bytes >= FILE_BYTES_MAX {
                return Err(io::Error::from(io::ErrorKind::FileTooLarge));
            }
            buffer.resize(bytes * 2, 0);
        }
        match file.read_at(&mut buffer[bytes..], bytes as u64)? {
            0 => break,
            read => bytes += read,
        }
    }
    str::from_utf8(&buffer[..bytes]).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; what guests
/// took, behind these, is part of user and nice already.
fn cpu_ticks(text: &str) -> Option<CpuTicks> {
    const IDLE: std::ops::RangeInclusive<usize> = 3..=4;
    const COUNTED: usize = 8;
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let mut ticks = CpuTicks::default();
    for (n, word) in line.split_ascii_whitespace().take(COUNTED).enumerate() {
        let spent: u64 = word.parse().ok()?;
        ticks.all = ticks.all.saturating_add(spent);
        if !IDLE.contains(&n) {
            ticks.busy = ticks.busy.saturating_add(spent);
        }
    }
    Some(ticks)
}

fn boot_s(text: &str) -> Option<i64> {
    text.lines().rev().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn memory(text: &str) -> Option<Memory> {
    let value = |line: &str, name: &str| {
        let kib: u64 = line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib.saturating_mul(KIB))
    };
    // Both stand at the beginning, whatever else a kernel tells.
    let total = text.lines().find_map(|line| value(line, "MemTotal:"))?;
    let available = text.lines().find_map(|line| value(line, "MemAvailable:"))?;
    Some(Memory { total, available })
}

/// Per interface, behind its name: eight columns of what came in, then those of what went out; each
/// begins with bytes. Two lines of headings have no name.
fn traffic(text: &str) -> Traffic {
    const SENT: usize = 8;
    let mut sum = Traffic::default();
    for (name, columns) in text.lines().filter_map(|line| line.split_once(':')) {
        if name.trim() == LOOPBACK {
            continue;
        }
        let mut columns = columns.split_ascii_whitespace().map(|word| word.parse::<u64>().unwrap_or(0));
        sum.received = sum.received.saturating_add(columns.next().unwrap_or(0));
        sum.sent = sum.sent.saturating_add(columns.nth(SENT - 1).unwrap_or(0));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_and_boot_stand_in_one_file() {
        let text = "cpu  100 10 50 800 40 1 2 3 60 5\ncpu0 1 2 3 4\nintr 9 0\nctxt 7\nbtime 1790000000\nprocesses 3\n";
        assert_eq!(cpu_ticks(text), Some(CpuTicks { busy: 166, all: 1006 }));
        assert_eq!(boot_s(text), Some(1_790_000_000));
        for other in ["", "cpu0 1 2 3 4\n", "cpu  1 x 3\n"] {
            assert_eq!(cpu_ticks(other), None, "{other:?}");
        }
    }

    #[test]
    fn memory_is_told_in_kibibytes() {
        let text = "MemTotal:       24684084 kB\nMemFree:  1 kB\nMemAvailable:       8 kB\nBuffers: 5 kB\n";
        assert_eq!(memory(text), Some(Memory { total: 24_684_084 * KIB, available: 8 * KIB }));
        assert_eq!(memory("MemTotal:  8 kB\nMemFree: 4 kB\n"), None);
    }

    #[test]
    fn traffic_is_that_of_all_interfaces_but_loopback() {
        let text = "Inter-|   Receive                            |  Transmit\n \
                    face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n    \
                    lo: 500 5 0 0 0 0 0 0 500 5 0 0 0 0 0 0\n  \
                    eth0:1000 9 0 0 0 0 0 0 200 5 0 0 0 0 0 0\n\
                    wlan0: 24 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n";
        assert_eq!(traffic(text), Traffic { received: 1024, sent: 208 });
        assert_eq!(traffic(""), Traffic::default());
    }

    #[test]
    fn files_are_read_anew_each_time_and_whole_whatever_their_size() {
        let mut proc = Proc::open().unwrap();
        proc.buffer = vec![0; 16];
        let (before, boot) = proc.cpu_and_boot().unwrap();
        let memory = proc.memory().unwrap();
        assert!(boot > 0 && memory.total > memory.available && memory.available > 0);
        assert!(proc.load1().unwrap() >= 0.0);
        proc.traffic().unwrap();
        let after = proc.cpu_and_boot().unwrap().0;
        assert!(after.all >= before.all && after.busy <= after.all);
    }
}
