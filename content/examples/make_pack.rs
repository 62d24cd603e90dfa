//! Makes the pack that turns one folder into another, and says what it has. For measuring.
//!
//! `make_pack OLD|- NEW PACK`; with `-` from nothing. Writes the manifests beside the pack.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use migrado_content::delta::make_pack;
use migrado_content::manifest::Manifest;
use migrado_content::store::{FolderObjects, Objects};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [old, new, pack] = &arguments[..] else { return Err("make_pack OLD|- NEW PACK".into()) };
    let release = |folder: &str| -> Result<_, Box<dyn Error>> {
        let manifest = Manifest::of_folder(Path::new(folder))?;
        Ok((FolderObjects::new(Path::new(folder), &manifest), manifest))
    };
    let base = if old == "-" { None } else { Some(release(old)?) };
    let (objects, manifest) = release(new)?;
    let base = base.as_ref().map(|(objects, manifest)| (manifest, objects as &dyn Objects));
    let mut out = BufWriter::new(File::create(pack)?);
    let summary = make_pack(base, (&manifest, &objects), &mut out)?;
    let bytes = summary.bytes;
    writeln!(
        std::io::stdout(),
        "pack {bytes} bytes, {} frames, {} files with {} bytes; release {}",
        summary.frames,
        summary.files,
        summary.file_bytes,
        manifest.id()
    )?;
    Ok(())
}
