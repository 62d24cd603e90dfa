//! An update of what is there: the full change set, small edits, nothing changed, and all of it over
//! a slow line.

use std::time::Duration;

use anyhow::Result;
use migrado_content::manifest::Manifest;
use migrado_tests::editor;
use migrado_tests::network::Carried;
use serde_json::json;
use tokio::time::sleep;

use super::display::{Display, Taken};
use super::ostree::Ostree;
use super::shaped::{self, Shaped};
use super::world::quiet;
use super::{MEMORY_BYTES, Rows, Stage, median, settle};

/// Displays that take the full change set one after the other.
const TURNS: usize = 3;
/// Bytes that small edits may take.
const SMALL_BYTES: f64 = 40_000.0;
/// Bytes that nothing changed may take.
const NOTHING_BYTES: f64 = 2_000.0;
/// What TLS, lists and a bound on memory may add to the least possible.
const WIRE_BAR: f64 = 1.03;
const DISK_BAR: f64 = 1.05;
/// The same where no pack is to be had: chunks of 8 KiB.
const CHUNKS_BAR: f64 = 1.05;
/// What handshakes, lists, the disk and the switch may add to the time of the bytes.
const TIME_BAR: f64 = 1.3;
/// How long it is looked what a wish that changes nothing makes a display say.
const NOTHING_SPAN: Duration = Duration::from_secs(5);

/// The full change set, and nothing changed after it.
pub(super) async fn full(stage: &mut Stage, rows: &mut Rows) -> Result<()> {
    let mut ostree = Ostree::start(&stage.out, &stage.folders.v1, TURNS).await?;
    let mut displays = Vec::new();
    for _ in 0..TURNS {
        let mut display = stage.with_v1().await?;
        display.stop().await;
        displays.push(display);
    }
    let v2 = stage.world.publish(&stage.folders.v2).await?;
    if let Some(ostree) = &ostree {
        ostree.commit(&stage.folders.v2).await?;
    }
    stage.world.rests().await?;
    let (mut ours, mut theirs): (Vec<Taken>, Vec<_>) = (Vec::new(), Vec::new());
    for (turn, display) in displays.iter_mut().enumerate() {
        display.start(&stage.world).await?;
        // The watch of the disk takes processor time: the first one tells of the disk, the others do not.
        ours.push(display.update(&stage.world, &v2, turn == 0).await?);
        stage.world.confirmed(&display.terminal.id, &v2).await;
        if turn + 1 < TURNS {
            display.stop().await;
        }
        if let Some(ostree) = &ostree {
            let pulled = ostree.pull(turn).await?;
            println!("   ostree pull: {:.2} s CPU, {} B", pulled.cpu_s, pulled.wire_bytes);
            theirs.push(pulled);
        }
    }
    ostree.take();
    let limit = stage.full;
    let (most, disk) =
        (|what: fn(&Taken) -> u64| ours.iter().map(what).max().unwrap_or(0) as f64, ours[0].disk_bytes);
    let wire = most(|t| t.https.sum());
    rows.at_most("full change set, https both ways vs limit", wire, limit.bytes as f64, "bytes", WIRE_BAR);
    rows.told(
        "full change set, with all of mqtt vs limit",
        most(Taken::wire_bytes),
        limit.bytes as f64,
        "bytes",
    );
    rows.at_most("extra disk vs changed files", disk as f64, limit.changed_bytes as f64, "bytes", DISK_BAR);
    rows.at_most("memory, full change set vs 64 MiB", most(|t| t.peak_bytes), MEMORY_BYTES, "bytes", 1.0);
    if theirs.is_empty() {
        rows.absent("the processor time of ostree pull: apt-get install ostree");
    } else {
        let cpu = median(ours.iter().map(|t| t.cpu_s).collect());
        rows.at_most("CPU vs ostree pull", cpu, median(theirs.iter().map(|t| t.cpu_s).collect()), "s", 1.0);
        let theirs = median(theirs.iter().map(|t| t.wire_bytes as f64).collect());
        rows.told("full change set, https both ways vs ostree", wire, theirs, "bytes");
    }
    let Some(display) = displays.last_mut() else { return Ok(()) };
    nothing(stage, rows, display, &v2.name).await?;
    display.stop().await;
    for display in &displays {
        std::fs::remove_dir_all(display.content())?;
    }
    Ok(())
}

/// Nothing changed: the same wish again, and the same files under a new name.
async fn nothing(stage: &mut Stage, rows: &mut Rows, display: &mut Display, name: &str) -> Result<()> {
    quiet(display.pid()?).await?;
    let before = (display.https(), stage.world.mqtt.bytes());
    editor::want(&stage.world.api, &display.terminal.id, json!({"release": name})).await?;
    sleep(NOTHING_SPAN).await;
    let same = since(before, stage, display, "the same wish");
    rows.at_most("nothing changed, same wish, https and mqtt vs 2 KB", same, NOTHING_BYTES, "bytes", 1.0);

    let manifest = Manifest::of_folder(&stage.folders.v2)?;
    let again = stage.world.list(&manifest).await?;
    stage.world.rests().await?;
    let before = (display.https(), stage.world.mqtt.bytes());
    settle(&stage.world, display, &again).await?;
    sleep(NOTHING_SPAN).await;
    let named = since(before, stage, display, "a new name for the same files");
    rows.at_most("nothing changed, new name, https and mqtt vs 2 KB", named, NOTHING_BYTES, "bytes", 1.0);
    Ok(())
}

fn since(before: (Carried, Carried), stage: &Stage, display: &Display, what: &str) -> f64 {
    let https = display.https().since(before.0).sum();
    let mqtt = stage.world.mqtt.bytes().since(before.1).sum();
    println!("   {what}: {https} B https, {mqtt} B mqtt, of which the usual reports are a part");
    (https + mqtt) as f64
}

/// Small edits only.
pub(super) async fn small(stage: &mut Stage, rows: &mut Rows) -> Result<()> {
    let mut display = stage.with_v1().await?;
    let v2s = stage.world.publish(&stage.folders.v2s).await?;
    stage.world.rests().await?;
    let taken = display.update(&stage.world, &v2s, false).await?;
    display.stop().await;
    let wire = taken.https.sum() as f64;
    rows.at_most("small edits, https both ways vs 40 KB", wire, SMALL_BYTES, "bytes", 1.0);
    rows.told("small edits, https both ways vs limit", wire, stage.small.bytes as f64, "bytes");
    rows.told(
        "small edits, with all of mqtt vs limit",
        taken.wire_bytes() as f64,
        stage.small.bytes as f64,
        "bytes",
    );
    std::fs::remove_dir_all(display.content())?;
    Ok(())
}

/// The full change set over 50 Mbit/s.
pub(super) async fn shaped(stage: &mut Stage, rows: &mut Rows) -> Result<()> {
    let Some(mut line) = Shaped::new()? else {
        rows.absent("the time at 50 Mbit/s: only root makes a network namespace");
        return Ok(());
    };
    let mut display = stage.with_v1().await?;
    display.stop().await;
    let v2 = stage.world.publish(&stage.folders.v2).await?;
    stage.world.rests().await?;
    line.take(&stage.world, &mut display).await?;
    display.start(&stage.world).await?;
    let before = line.on_the_cable()?;
    let taken = display.update(&stage.world, &v2, false).await?;
    let cable = (line.on_the_cable()? - before) as f64;
    display.stop().await;
    let limit_s = stage.full.bytes as f64 * 8.0 / shaped::RATE;
    rows.at_most("time at 50 Mbit/s vs limit's bytes / rate", taken.seconds, limit_s, "s", TIME_BAR);
    let wire_s = cable * 8.0 / shaped::RATE;
    rows.told("time at 50 Mbit/s vs bytes on the cable / rate", taken.seconds, wire_s, "s");
    rows.told("bytes on the cable, all headers, vs limit", cable, stage.full.bytes as f64, "bytes");
    std::fs::remove_dir_all(display.content())?;
    Ok(())
}

/// The full change set from a base that the controller does not know.
pub(super) async fn chunks(stage: &mut Stage, rows: &mut Rows) -> Result<()> {
    let mut display = stage.with_v1().await?;
    let v2 = stage.world.publish(&stage.folders.v2).await?;
    stage.world.rests().await?;
    stage.world.forget(&stage.v1)?;
    let taken = display.update(&stage.world, &v2, true).await?;
    stage.world.remember(&stage.v1)?;
    display.stop().await;
    let (wire, limit) = (taken.https.sum() as f64, stage.full);
    rows.at_most("any other base, https both ways vs limit", wire, limit.bytes as f64, "bytes", CHUNKS_BAR);
    let (disk, changed) = (taken.disk_bytes as f64, limit.changed_bytes as f64);
    rows.at_most("any other base, extra disk vs changed files", disk, changed, "bytes", DISK_BAR);
    rows.at_most("memory, any other base vs 64 MiB", taken.peak_bytes as f64, MEMORY_BYTES, "bytes", 1.0);
    rows.told("any other base, CPU vs by pack's bar of 0.6 s", taken.cpu_s, 0.6, "s");
    std::fs::remove_dir_all(display.content())?;
    Ok(())
}
