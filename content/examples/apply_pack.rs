//! Applies a pack to a store as a display does, and says what it took: CPU, memory, disk. For measuring.
//!
//! `apply_pack STORE import FOLDER` puts a folder into the store and into service;
//! `apply_pack STORE apply NEW-ID PACK` applies a pack to what is active, assembles and switches.

use std::error::Error;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use migrado_content::delta::PackReader;
use migrado_content::manifest::{Manifest, ManifestId};
use migrado_content::store::{Floor, Store};

/// What the line gives at once.
const READ_BYTES: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, verb, rest @ ..] = &arguments[..] else { return Err("apply_pack STORE VERB ...".into()) };
    let store = Arc::new(Store::open_with(Path::new(root), Floor { percent: 0, bytes: 0 }, None)?);
    let id = match (verb.as_str(), rest) {
        ("import", [folder]) => import(&store, Path::new(folder))?,
        ("apply", [id, pack]) => apply(&store, id.parse()?, Path::new(pack))?,
        _ => return Err("apply_pack STORE import FOLDER | apply NEW-ID PACK".into()),
    };
    store.assemble(&id)?;
    store.switch(&id)?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let ticks: Vec<u64> = stat.split(' ').skip(13).take(2).filter_map(|n| n.parse().ok()).collect();
    writeln!(std::io::stdout(), "{verb} {id}: {peak}, user and system {ticks:?} hundredths of a second")?;
    Ok(())
}

fn import(store: &Store, folder: &Path) -> Result<ManifestId, Box<dyn Error>> {
    let manifest = Manifest::of_folder(folder)?;
    store.put_manifest(&manifest.to_bytes(), &manifest.id())?;
    store.admit(&manifest)?;
    let mut buffer = vec![0; READ_BYTES];
    for entry in store.missing(&manifest) {
        let mut file = File::open(folder.join(&*entry.path))?;
        let mut partial = store.partial(&entry.sha256, entry.size)?;
        partial.rewind(0)?;
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            partial.append(buffer.get(..read).unwrap_or_default())?;
        }
        partial.finish()?;
    }
    Ok(manifest.id())
}

fn apply(store: &Arc<Store>, id: ManifestId, pack: &Path) -> Result<ManifestId, Box<dyn Error>> {
    let mut reader = PackReader::new(Arc::clone(store), store.active(), id)?;
    let mut pack = File::open(pack)?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = pack.read(&mut buffer)?;
        if read == 0 {
            return Ok(reader.finish()?);
        }
        reader.push(buffer.get(..read).unwrap_or_default())?;
    }
}
