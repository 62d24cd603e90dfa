//! What the fallback by chunks would send to turn one folder into another. For measuring.
//!
//! `chunk_sizes OLD NEW`: bytes of the indexes of changed files, and of the ranges that are not in OLD.

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use migrado_content::chunks::{Index, Plan};
use migrado_content::manifest::Manifest;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [old, new] = &arguments[..] else { return Err("chunk_sizes OLD NEW".into()) };
    let (old_at, new_at) = (Path::new(old), Path::new(new));
    let (old, new) = (Manifest::of_folder(old_at)?, Manifest::of_folder(new_at)?);
    let has = old.objects();
    let (mut index_bytes, mut range_bytes, mut ranges) = (0, 0, 0);
    let mut indexes = Vec::new();
    for at in new.objects().into_iter().filter(|(object, _)| !has.contains_key(object)).map(|(_, at)| at) {
        let entry = new.entries().get(at).ok_or("the manifest lost a file")?;
        let index = Index::of(File::open(new_at.join(&*entry.path))?)?;
        index_bytes += index.to_bytes().len();
        indexes.push(index);
    }
    let files = indexes.len();
    let mut plan = Plan::new(indexes);
    for entry in old.entries() {
        plan.look_in(entry.sha256, File::open(old_at.join(&*entry.path))?)?;
    }
    for missing in (0..files).map(|file| plan.ranges(file, 0)) {
        ranges += missing.len();
        range_bytes += missing.iter().map(|range| range.length).sum::<u64>();
    }
    writeln!(std::io::stdout(), "indexes {index_bytes} bytes, {ranges} ranges with {range_bytes} bytes")?;
    Ok(())
}
