//! A file of two gigabytes: the first install of it, and an update that inserts into its middle. What
//! is looked at is memory. Nothing of it is kept here; it is made piece by piece while it is brought.

use anyhow::Result;
use migrado_content::digest::{Digest, Hasher};
use migrado_content::manifest::{Entry, Manifest};

use super::author::Author;
use super::world::{Release, World};
use super::{MEMORY_BYTES, Rows, Stage, disk_of, settle};

/// Pieces of the file: 2,000,000,000 bytes.
const PIECES: u64 = 500;
const PIECE_BYTES: usize = 4_000_000;
/// The piece before which something is inserted, and how many bytes: no multiple of anything.
const INSERTED_AT: usize = 250;
const INSERTED_BYTES: usize = 1_000_001;
/// The pieces that are replaced.
const REPLACED: [usize; 2] = [100, 400];
/// Where it lies in the release.
const PATH: &str = "videos/tour.mp4";

/// A file as the seeds and the lengths of its pieces.
#[derive(Debug, Clone)]
pub(super) struct BigFile(Vec<(u64, usize)>);

impl BigFile {
    pub(super) fn first() -> Self {
        Self((0..PIECES).map(|seed| (seed, PIECE_BYTES)).collect())
    }

    pub(super) fn second(&self) -> Self {
        let mut pieces = self.0.clone();
        for (n, at) in REPLACED.into_iter().enumerate() {
            pieces[at].0 = PIECES + n as u64;
        }
        pieces.insert(INSERTED_AT, (2 * PIECES, INSERTED_BYTES));
        Self(pieces)
    }

    fn bytes(&self) -> u64 {
        self.0.iter().map(|(_, bytes)| *bytes as u64).sum()
    }

    fn pieces(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.0.iter().map(|(seed, bytes)| Author::new(*seed).noise(*bytes))
    }

    fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        self.pieces().for_each(|piece| hasher.update(&piece));
        hasher.finish()
    }
}

/// Brings such a file and lets a release with it go live.
async fn publish(world: &mut World, file: &BigFile) -> Result<Release> {
    let (object, total) = (file.digest(), file.bytes());
    let path = format!("/api/v1/content/objects/{object}");
    let mut begins = 0;
    for piece in file.pieces() {
        let ends = begins + piece.len() as u64;
        let range = format!("bytes {begins}-{}/{total}", ends - 1);
        world.api.put_part(&path, piece, Some(&range)).await?.ok()?;
        begins = ends;
    }
    let small = world.dir.path().join("big");
    std::fs::create_dir_all(&small)?;
    if !small.join("de.ftl").exists() {
        world.add_index(&small)?;
    }
    let least = world.bring(&small).await?;
    let mut entries = least.entries().to_vec();
    entries.push(Entry { path: PATH.into(), sha256: object, size: total });
    world.list(&Manifest::new(entries)?).await
}

pub(super) async fn rows(stage: &mut Stage, rows: &mut Rows) -> Result<()> {
    let first_file = BigFile::first();
    let second_file = first_file.second();
    let first = publish(&mut stage.world, &first_file).await?;
    stage.world.rests().await?;
    let mut display = stage.display(None).await?;
    let taken = display.update(&stage.world, &first, false).await?;
    rows.at_most(
        "memory, first install of 2 GB vs 64 MiB",
        taken.peak_bytes as f64,
        MEMORY_BYTES,
        "bytes",
        1.0,
    );
    stage.world.confirmed(&display.terminal.id, &first).await;
    display.stop().await;
    // Two gigabytes that nobody asks for again.
    stage.world.remove_packs(|pack| pack.starts_with("none-"))?;
    let kept = stage.world.dir.path().join("big-template");
    display.keep_content(&kept)?;
    let mut other = stage.display(Some(&kept)).await?;
    settle(&stage.world, &other, &first).await?;
    other.stop().await;
    std::fs::remove_dir_all(&kept)?;

    let second = publish(&mut stage.world, &second_file).await?;
    stage.world.rests().await?;
    stage.world.remove_packs(|pack| pack.starts_with("none-"))?;
    println!("   the controller keeps {}", disk_of(&stage.world.content()));
    let fresh = (INSERTED_BYTES + REPLACED.len() * PIECE_BYTES) as f64;
    display.start(&stage.world).await?;
    let taken = display.update(&stage.world, &second, false).await?;
    display.stop().await;
    std::fs::remove_dir_all(display.content())?;
    rows.at_most(
        "memory, update of 2 GB by pack vs 64 MiB",
        taken.peak_bytes as f64,
        MEMORY_BYTES,
        "bytes",
        1.0,
    );
    rows.told("update of 2 GB by pack, https vs new bytes", taken.https.sum() as f64, fresh, "bytes");

    stage.world.forget(&first)?;
    other.start(&stage.world).await?;
    let taken = other.update(&stage.world, &second, false).await?;
    other.stop().await;
    std::fs::remove_dir_all(other.content())?;
    stage.world.remember(&first)?;
    rows.at_most(
        "memory, update of 2 GB by chunks vs 64 MiB",
        taken.peak_bytes as f64,
        MEMORY_BYTES,
        "bytes",
        1.0,
    );
    rows.told("update of 2 GB by chunks, https vs new bytes", taken.https.sum() as f64, fresh, "bytes");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_file_is_the_first_one_with_what_was_inserted() {
        let first = BigFile::first();
        let second = first.second();
        assert_eq!(second.bytes(), first.bytes() + INSERTED_BYTES as u64);
        let same = second.0.iter().filter(|piece| first.0.contains(piece)).count();
        assert_eq!(same, first.0.len() - REPLACED.len());
    }
}
