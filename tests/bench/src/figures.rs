//! Figures of one run: ours beside a reference, as a ratio with its bar; one table for people, one
//! JSON line per figure in `target/bench/`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// One figure. `ratio` is ours / reference.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// What was measured, and against what.
    pub(crate) name: String,
    /// Our value.
    pub(crate) ours: f64,
    /// The peer's, the floor's or the limit's value, measured in the same run where it is a peer.
    pub(crate) reference: f64,
    /// Unit of both.
    pub(crate) unit: &'static str,
    /// Ours divided by the reference.
    pub(crate) ratio: f64,
    /// The ratio must not be higher; absent where the figure is only reported.
    pub(crate) bar: Option<f64>,
    /// Whether it holds.
    pub(crate) holds: bool,
}

impl Figure {
    /// A figure whose ratio must stay at or below the bar.
    pub(crate) fn at_most(name: &str, ours: f64, reference: f64, unit: &'static str, bar: f64) -> Self {
        let ratio = ours / reference;
        Self { name: name.into(), ours, reference, unit, ratio, bar: Some(bar), holds: ratio <= bar }
    }

    /// A figure that is only reported, side by side with its reference.
    pub(crate) fn told(name: &str, ours: f64, reference: f64, unit: &'static str) -> Self {
        Self { name: name.into(), ours, reference, unit, ratio: ours / reference, bar: None, holds: true }
    }
}

/// Writes the figures of one bench where programs find them.
pub(crate) fn keep(folder: &Path, bench: &str, figures: &[Figure]) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{bench}.jsonl"));
    let mut file = std::fs::File::create(&path).with_context(|| format!("writing {}", path.display()))?;
    for figure in figures {
        writeln!(file, "{}", serde_json::to_string(figure)?)?;
    }
    Ok(())
}

/// The table of a run.
pub(crate) fn table(figures: &[Figure]) -> String {
    let width = figures.iter().map(|f| f.name.chars().count()).max().unwrap_or(4).max(6);
    let mut text = format!(
        "{:width$}  {:>12}  {:>12}  {:<14}  {:>7}  {:>7}  holds\n",
        "figure", "ours", "reference", "unit", "ratio", "bar"
    );
    for f in figures {
        let bar = f.bar.map_or("-".to_owned(), |b| format!("{b:.2}"));
        let holds = match (f.bar, f.holds) {
            (None, _) => "told",
            (Some(_), true) => "yes",
            (Some(_), false) => "NO",
        };
        writeln!(
            text,
            "{:width$}  {:>12}  {:>12}  {:<14}  {:>7.2}  {:>7}  {holds}",
            f.name,
            short(f.ours),
            short(f.reference),
            f.unit,
            f.ratio,
            bar
        )
        .ok();
    }
    text
}

fn short(value: f64) -> String {
    if value.abs() >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}
