//! `make bench`: what the programs cost, beside a peer measured in the same run. Prints one table
//! and writes one JSON line per figure to `target/bench/`. Never part of the tests: time and load
//! of a machine are no assertion.
#![allow(clippy::print_stdout, reason = "its table is its purpose")]

mod agent;
mod figures;
mod usage;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// Measures.
#[derive(Debug, Parser)]
struct Cli {
    /// Which bench; all without it
    #[arg(long)]
    bench: Option<String>,
    /// Folder of the release programs
    #[arg(long, default_value = "target/release")]
    programs: PathBuf,
    /// Where the figures are written
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// How long the agent is watched
    #[arg(long, default_value_t = 120)]
    seconds: u64,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let mut all = Vec::new();
    if cli.bench.as_deref().is_none_or(|b| b == "agent") {
        let figures = agent::measure(&cli.programs, cli.seconds)?;
        figures::keep(&cli.out, "agent", &figures)?;
        all.extend(figures);
    }
    anyhow::ensure!(!all.is_empty(), "there is no such bench; there is: agent");
    print!("{}", figures::table(&all));
    Ok(())
}
