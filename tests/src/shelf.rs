//! What a display keeps of content, looked at from outside while its agent runs or is dead: nothing is
//! locked, tidied or mended here.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use migrado_content::digest::Digest;
use migrado_content::manifest::{Manifest, ManifestId};
use migrado_content::store::active_below;

/// The folder of content below a display's data.
pub const FOLDER: &str = "content";

/// The release in service below a display's data, if there is one. Fails where it is not whole: a file
/// more, a file less, or a byte that is not what was signed.
pub fn in_service(data_dir: &Path) -> Result<Option<ManifestId>> {
    let content = data_dir.join(FOLDER);
    let Some((id, tree)) = active_below(&content) else {
        let named = std::fs::read_link(content.join("current"));
        ensure!(named.is_err(), "{named:?} is named as the one in service, and is none");
        return Ok(None);
    };
    let kept = content.join("manifests").join(format!("{id}.json"));
    let kept = std::fs::read(&kept).with_context(|| format!("reading {}", kept.display()))?;
    ensure!(ManifestId::from(Digest::of(&kept)) == id, "the manifest of {id} is another one");
    let stands = Manifest::of_folder(&tree).with_context(|| format!("reading {}", tree.display()))?;
    ensure!(stands.to_bytes() == kept, "{id} is in service, and what stands there is {}", stands.id());
    Ok(Some(id))
}
