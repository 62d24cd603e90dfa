//! The first install: a display without anything gets everything, beside `curl | tar --zstd`.

use anyhow::Result;

use super::install::Archive;
use super::{Rows, Stage, median};

/// How often, in turn.
const TURNS: usize = 3;
/// What it may cost: everything is verified and put on the disk twice, as files and as a release.
const BAR: f64 = 1.15;

pub(super) async fn rows(stage: &mut Stage, rows: &mut Rows) -> Result<()> {
    let archive = Archive::of(&stage.out, &stage.folders.v1).await?;
    let (mut ours, mut theirs, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let mut display = stage.display(None).await?;
        let taken = display.update(&stage.world, &stage.v1, false).await?;
        ours.push(taken.seconds);
        peaks.push(taken.peak_bytes as f64);
        if turn == 0 {
            stage.world.confirmed(&display.terminal.id, &stage.v1).await;
        }
        display.stop().await;
        if stage.template.is_none() {
            stage.keep_template(&display)?;
        }
        std::fs::remove_dir_all(display.content())?;
        let took = archive.install(turn).await?;
        println!("   curl | tar --zstd, sync: {took:.2} s");
        theirs.push(took);
    }
    rows.at_most("first install vs curl | tar --zstd, sync", median(ours), median(theirs), "s", BAR);
    rows.at_most(
        "memory, first install vs 64 MiB",
        peaks.into_iter().fold(0.0, f64::max),
        super::MEMORY_BYTES,
        "bytes",
        1.0,
    );
    Ok(())
}
