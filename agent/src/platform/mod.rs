//! The operating system, each part behind a small door: clock, disk, proc, process, pulse, runtime,
//! signals, systemd. Nothing above this folder reads a clock, asks for a boot id or speaks D-Bus.

pub mod clock;
pub mod disk;
pub mod proc;
pub mod process;
pub mod pulse;
pub mod runtime;
pub mod signals;
pub mod systemd;
