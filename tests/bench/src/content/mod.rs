//! Updates of content: a release of 741 files and 328 MB goes out, and the next one, over the wire, to
//! real displays. Every figure stands beside the least that is possible, a peer or a limit. Times end
//! at the display's disk, when the link to the active release is renamed.
//!
//! [`bundle`] makes what is published ([`author`] writes it), [`limit`] says what it takes at least,
//! [`world`] and [`display`] are who it is done with, [`ostree`] and [`install`] have the peers; the
//! rows are in [`first`], [`updates`], [`site`] and [`big`].

mod author;
mod big;
mod bundle;
mod disk;
mod display;
mod files;
mod first;
mod install;
mod limit;
mod ostree;
mod shaped;
mod site;
mod updates;
mod world;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::Arranged;
use crate::figures::Figure;

use bundle::Bundle;
use display::Display;
use limit::Limit;
use world::{Release, World, id_of};

/// Displays that are measured alone: more than are used.
const DISPLAYS: usize = 20;
/// Displays of a site.
const SITE_DISPLAYS: usize = 20;
/// The most memory that an agent may have: 64 MiB.
const MEMORY_BYTES: f64 = 64.0 * 1024.0 * 1024.0;
/// Parts that `--only` names, in the order in which they are done.
pub(crate) const PARTS: [&str; 7] = ["first", "full", "small", "shaped", "chunks", "site", "big"];

/// What the parts share.
#[derive(Debug)]
pub(crate) struct Stage {
    out: PathBuf,
    world: World,
    /// The folders of the releases.
    folders: Bundle,
    v1: Release,
    /// What a display with `v1` keeps, once one has it.
    template: Option<PathBuf>,
    full: Limit,
    small: Limit,
    displays: usize,
}

impl Stage {
    async fn start(arranged: &Arranged) -> Result<Self> {
        let mut world = World::start(&arranged.out, DISPLAYS, SITE_DISPLAYS).await?;
        let bundle = match &arranged.bundle {
            Some(folder) => Bundle::taken(folder)?,
            None => Bundle::made(&world.dir.path().join("bundle"), arranged.seed)?,
        };
        bundle.check()?;
        let full = limit::between(&bundle.v1, &bundle.v2)?;
        let small = limit::between(&bundle.v1, &bundle.v2s)?;
        for (what, limit) in [("full change set", full), ("small edits", small)] {
            println!(
                "   {what}: {} changed files of {} bytes, {} bytes as patches",
                limit.files, limit.changed_bytes, limit.bytes
            );
        }
        let folders = Bundle {
            v1: world.as_release(&bundle.v1)?,
            v2: world.as_release(&bundle.v2)?,
            v2s: world.as_release(&bundle.v2s)?,
        };
        let v1 = world.publish(&folders.v1).await?;
        world.rests().await?;
        let out = arranged.out.clone();
        Ok(Self { out, world, folders, v1, template: None, full, small, displays: 0 })
    }

    /// A display that was not used yet, online and at rest.
    async fn display(&mut self, template: Option<&Path>) -> Result<Display> {
        self.displays += 1;
        ensure!(self.displays <= DISPLAYS, "the controller knows {DISPLAYS} displays and no more");
        Display::started(&self.world, &id_of(self.displays), template).await
    }

    /// What a display with `v1` keeps.
    async fn template(&mut self) -> Result<PathBuf> {
        if let Some(template) = &self.template {
            return Ok(template.clone());
        }
        let mut display = self.display(None).await?;
        display.update(&self.world, &self.v1, false).await?;
        self.world.confirmed(&display.terminal.id, &self.v1).await;
        display.stop().await;
        self.keep_template(&display)
    }

    fn keep_template(&mut self, display: &Display) -> Result<PathBuf> {
        let template = self.world.dir.path().join("template");
        display.keep_content(&template)?;
        self.template = Some(template.clone());
        Ok(template)
    }

    /// A display that has `v1`, proven, and rests.
    async fn with_v1(&mut self) -> Result<Display> {
        let template = self.template().await?;
        let display = self.display(Some(&template)).await?;
        settle(&self.world, &display, &self.v1).await?;
        Ok(display)
    }
}

/// Has a display that has a release already find that it is wanted, and proven.
async fn settle(world: &World, display: &Display, release: &Release) -> Result<()> {
    let wanted = serde_json::json!({"release": release.name});
    migrado_tests::editor::want(&world.api, &display.terminal.id, wanted).await?;
    world.confirmed(&display.terminal.id, release).await;
    Ok(())
}

/// Figures, and what could not be had.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    figures: Vec<Figure>,
    absent: Vec<String>,
}

impl Rows {
    fn at_most(&mut self, name: &str, ours: f64, reference: f64, unit: &'static str, bar: f64) {
        self.figures.push(Figure::at_most(&format!("content: {name}"), ours, reference, unit, bar));
    }

    fn told(&mut self, name: &str, ours: f64, reference: f64, unit: &'static str) {
        self.figures.push(Figure::told(&format!("content: {name}"), ours, reference, unit));
    }

    fn absent(&mut self, why: &str) {
        println!("!! NOT MEASURED: {why}");
        self.absent.push(why.to_owned());
    }
}

/// Measures what is asked for, or everything.
pub(crate) async fn measure(arranged: &Arranged) -> Result<Vec<Figure>> {
    let is_wanted = |part: &str| arranged.only.is_empty() || arranged.only.iter().any(|only| only == part);
    for only in &arranged.only {
        ensure!(PARTS.contains(&only.as_str()), "the bench content has no part {only}; it has {PARTS:?}");
    }
    let mut rows = Rows::default();
    let began = tokio::time::Instant::now();
    let mut stage = Stage::start(arranged).await?;
    for part in PARTS.into_iter().filter(|part| is_wanted(part)) {
        println!("-- {part}, {:.0} s after the start", began.elapsed().as_secs_f64());
        match part {
            "first" => first::rows(&mut stage, &mut rows).await?,
            "full" => updates::full(&mut stage, &mut rows).await?,
            "small" => updates::small(&mut stage, &mut rows).await?,
            "shaped" => updates::shaped(&mut stage, &mut rows).await?,
            "chunks" => updates::chunks(&mut stage, &mut rows).await?,
            "site" => site::rows(&mut stage, &mut rows).await?,
            _ => big::rows(&mut stage, &mut rows).await?,
        }
    }
    for why in &rows.absent {
        println!("!! NOT MEASURED: {why}");
    }
    Ok(rows.figures)
}

/// The one in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Bytes that a folder of the controller has on the disk: for people, beside the figures.
fn disk_of(folder: &Path) -> String {
    disk::bytes(folder).map_or_else(|e| e.to_string(), |bytes| format!("{:.1} GB", bytes as f64 / 1e9))
}
