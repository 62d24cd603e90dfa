//! Is there room for a release, before its first byte is fetched? Where the disk is roomy the signed list
//! alone says so. Where it is tight, the manifest decides, which costs a few kilobytes: what is here
//! already needs no room.

use std::sync::Arc;

use migrado_content::digest::Digest;
use migrado_content::limits::MANIFEST_BYTES_MAX;
use migrado_content::manifest::{Manifest, ManifestId};
use migrado_content::store::{Space, Store as Content};

use super::fetch::{Trouble, blocking};
use super::line::Line;
use super::list::Found;
use super::machine::Broken;

/// Refuses a release for which there is no room, by name.
pub(super) async fn admit(content: &Arc<Content>, line: &Line, found: &Found) -> Result<(), Trouble> {
    let (asked, wanted, bytes) = (content.clone(), found.manifest, found.bytes);
    let known = blocking(move || {
        let space = asked.space()?;
        Ok((is_roomy(&space, bytes), asked.manifest(&wanted)?))
    })
    .await?;
    let manifest = match known {
        (true, _) => return Ok(()),
        (false, Some(manifest)) => manifest,
        (false, None) => offered(line, wanted).await?,
    };
    let content = content.clone();
    blocking(move || Ok(content.admit(&manifest)?)).await
}

/// Whether everything of a release fits, whatever is here already.
fn is_roomy(space: &Space, release_bytes: u64) -> bool {
    // Twice: blocks, folders and lists take room as well, and nothing is lost by looking closely.
    release_bytes.saturating_mul(2).saturating_add(space.floor_bytes) <= space.free_bytes
}

/// The manifest, read and not kept: there may be no room for it.
async fn offered(line: &Line, wanted: ManifestId) -> Result<Manifest, Trouble> {
    let bytes = line
        .get(&format!("/content/v1/objects/{wanted}"), 0, None, MANIFEST_BYTES_MAX)
        .await?
        .whole()
        .await?;
    let found = Digest::of(&bytes);
    let tampered =
        |detail| Trouble { broken: Broken { finding: "tampered".into(), detail }, is_passing: false };
    if ManifestId::from(found) != wanted {
        return Err(tampered(format!("the manifest {wanted} came with the SHA-256 {found}")));
    }
    Manifest::parse(&bytes)
        .map_err(|error| tampered(format!("the manifest {wanted} cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_roomy_when_everything_fits_twice_above_the_floor() {
        let space = Space { free_bytes: 1200, total_bytes: 9000, floor_bytes: 1000, free_files: None };
        for (bytes, expected) in [(0, true), (100, true), (101, false), (u64::MAX, false)] {
            assert_eq!(is_roomy(&space, bytes), expected, "{bytes}");
        }
        assert!(!is_roomy(&Space { free_bytes: 900, ..space }, 0), "below the floor it is looked closely");
    }
}
