//! `make bench`: what the programs cost, beside a peer or a floor measured in the same run. Prints
//! one table and writes one JSON line per figure to `target/bench/`. Never part of the tests: time
//! and load of a machine are no assertion.
//!
//! A floor is this program again, under a hidden verb: the least that the same parts can cost.
#![allow(clippy::print_stdout, reason = "its table is its purpose")]

mod agent;
mod bare;
mod broker;
mod content;
mod displays;
mod figures;
mod floor;
mod ingest;
mod known;
mod metrics;
mod node_red;
mod orders;
mod usage;
mod wire_orders;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::figures::Figure;

/// Measures.
#[derive(Debug, Parser)]
struct Cli {
    /// Which bench: agent, ingest, metrics, orders, broker, content; all without it
    #[arg(long)]
    bench: Option<String>,
    /// Where the figures are written
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// How long the agent is watched
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Displays of the large fleet
    #[arg(long, default_value_t = 10_000)]
    large: usize,
    /// Parts of the bench content: first, full, small, shaped, chunks, site, big; all without it
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// A bundle of content that somebody made: a folder with v1, v2 and v2s in it
    #[arg(long)]
    bundle: Option<PathBuf>,
    /// What the bundle of content is made from, where none is named
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    #[command(subcommand)]
    floor: Option<Floor>,
}

/// The floors, started by the benches.
#[derive(Debug, Clone, Subcommand)]
enum Floor {
    /// One MQTT session that stands and does nothing.
    #[command(hide = true)]
    Session(floor::Place),
    /// A bare session that answers
    Answer(floor::Place),
    /// Decodes reports into a table and prints it.
    #[command(hide = true)]
    Table(floor::Place),
    /// Prints a table.
    #[command(hide = true)]
    Print(floor::Print),
    /// The embedded broker by itself.
    #[command(hide = true)]
    Broker(broker::Place),
}

/// What every bench is told.
#[derive(Debug, Clone)]
pub(crate) struct Arranged {
    /// Folder of the figures and of what is downloaded once.
    pub(crate) out: PathBuf,
    /// How long the agent is watched.
    pub(crate) seconds: u64,
    /// Displays of the large fleet.
    pub(crate) large: usize,
    /// Parts of the bench content; all where none is named.
    pub(crate) only: Vec<String>,
    /// A bundle of content that is there.
    pub(crate) bundle: Option<PathBuf>,
    /// What a bundle of content is made from.
    pub(crate) seed: u64,
}

const BENCHES: [&str; 6] = ["agent", "ingest", "metrics", "orders", "broker", "content"];

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.floor {
        Some(Floor::Session(place)) => return floor::session(&place),
        Some(Floor::Answer(place)) => return floor::answer(&place),
        Some(Floor::Table(place)) => return floor::table(&place),
        Some(Floor::Print(what)) => return floor::print(&what),
        Some(Floor::Broker(place)) => return broker::alone(&place),
        None => {}
    }
    if let Some(bench) = &cli.bench {
        anyhow::ensure!(BENCHES.contains(&bench.as_str()), "there is no bench {bench}; there is {BENCHES:?}");
    }
    migrado_link::tls::install_provider();
    std::fs::create_dir_all(&cli.out)?;
    let Cli { seconds, large, only, bundle, seed, .. } = cli;
    let arranged = Arranged { out: cli.out.canonicalize()?, seconds, large, only, bundle, seed };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut all = Vec::new();
    for bench in BENCHES.into_iter().filter(|b| cli.bench.as_deref().is_none_or(|wanted| wanted == *b)) {
        println!("== {bench}");
        let figures = runtime.block_on(measure(bench, &arranged))?;
        figures::keep(&arranged.out, bench, &figures)?;
        all.extend(figures);
    }
    print!("{}", figures::table(&all));
    let missed = all.iter().filter(|f| !f.holds).count();
    anyhow::ensure!(missed == 0, "{missed} figures are over their bar");
    Ok(())
}

async fn measure(bench: &str, arranged: &Arranged) -> Result<Vec<Figure>> {
    match bench {
        "agent" => agent::measure(arranged).await,
        "ingest" => ingest::measure(arranged).await,
        "metrics" => metrics::measure().await,
        "orders" => orders::measure().await,
        "content" => content::measure(arranged).await,
        _ => broker::measure().await,
    }
}
