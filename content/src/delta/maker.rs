//! Makes a pack. Reads the changed files of the target and what they came from; holds one frame and the
//! chunks of the file at hand in memory.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};

use crate::chunks::{Chunk, ChunkHash, cut};
use crate::digest::Digest;
use crate::limits::{FRAME_OUT_MAX, FRAME_PACKED_MAX, FRAME_PREFIX_MAX};
use crate::manifest::{Entry, Manifest, ManifestId};
use crate::store::Objects;

use super::codec;
use super::error::MakeError;
use super::format::{Frame, MAGIC, Record};
use super::regions::{Matches, Part, Relation};

/// Old files up to so many bytes are referred to as a whole.
const WHOLE_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes without a counterpart that a frame takes at first: with what refers to the others they fit.
const FRESH_BYTES: u64 = 1024 * 1024 - 16 * 1024;
/// A frame is tried with more data when it came out smaller than one in so many of what it may have.
const ROOM_SHARE: u64 = 2;
/// Of ten tenths, what is counted on when more data is tried.
const GROWTH_TENTHS: u64 = 9;

/// What a pack has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PackSummary {
    /// Its bytes.
    pub bytes: u64,
    /// Files that it brings.
    pub files: usize,
    /// The bytes of these files.
    pub file_bytes: u64,
    /// Frames, those of the manifest included.
    pub frames: usize,
}

struct Maker<'m, W: Write> {
    base: Option<(&'m Manifest, &'m dyn Objects)>,
    target: (&'m Manifest, &'m dyn Objects),
    /// Every chunk of the base; made when a file has no obvious predecessor.
    everywhere: Option<HashMap<ChunkHash, u32>>,
    out: W,
    summary: PackSummary,
    prefix: Vec<u8>,
    data: Vec<u8>,
}

/// Writes the pack that turns a release into another, or that makes one from nothing.
///
/// # Errors
/// When an object cannot be read, or the pack cannot be written.
pub fn make_pack(
    base: Option<(&Manifest, &dyn Objects)>,
    target: (&Manifest, &dyn Objects),
    out: &mut impl Write,
) -> Result<PackSummary, MakeError> {
    let mut maker = Maker {
        base,
        target,
        everywhere: None,
        out: Counted { out, bytes: 0 },
        summary: PackSummary::default(),
        prefix: Vec::new(),
        data: Vec::new(),
    };
    maker.make()?;
    maker.out.flush().map_err(MakeError::Write)?;
    Ok(PackSummary { bytes: maker.out.bytes, ..maker.summary })
}

struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Maker<'_, W> {
    fn make(&mut self) -> Result<(), MakeError> {
        self.out.write_all(MAGIC).map_err(MakeError::Write)?;
        self.manifest()?;
        let has = self.base.map(|(base, _)| base.objects()).unwrap_or_default();
        let mut changed: Vec<usize> = self
            .target
            .0
            .objects()
            .into_iter()
            .filter(|(o, _)| !has.contains_key(o))
            .map(|(_, at)| at)
            .collect();
        changed.sort_unstable();
        for index in changed {
            self.file(index)?;
        }
        self.record(Record::End)
    }

    fn record(&mut self, record: Record) -> Result<(), MakeError> {
        record.write(&mut self.out).map_err(MakeError::Write)
    }

    fn frame(&mut self, from: Option<u32>, part: Part, packed: &[u8]) -> Result<(), MakeError> {
        let Part { out, offset, length, .. } = part;
        let from = from.filter(|_| length > 0);
        self.record(Record::Frame(Frame { from, offset, length, out, packed: packed.len() as u64 }))?;
        self.summary.frames += 1;
        self.out.write_all(packed).map_err(MakeError::Write)
    }

    /// The target's manifest, with that of the base as reference.
    fn manifest(&mut self) -> Result<(), MakeError> {
        let new = self.target.0.to_bytes();
        let old = self.base.map(|(base, _)| base.to_bytes());
        let base = old.as_deref().map(|bytes| ManifestId::from(Digest::of(bytes)));
        let size = new.len() as u64;
        self.record(Record::Manifest { sha256: Digest::of(&new), size, base })?;
        let old = old.unwrap_or_default();
        let mut at = 0;
        while at < size {
            // What stands at the same share of the old one, and around.
            let middle = at.saturating_mul(old.len() as u64) / size;
            let offset = middle.saturating_sub(FRAME_OUT_MAX / 2).min(old.len() as u64);
            let length = (old.len() as u64 - offset).min(FRAME_PREFIX_MAX);
            let prefix = slice(&old, offset, length);
            let mut part = Part { out: (size - at).min(FRAME_OUT_MAX), offset, length, fresh: 0 };
            let packed = loop {
                let data = slice(&new, at, part.out);
                match codec::pack(prefix, data, data.len()).map_err(MakeError::Codec)? {
                    Some(packed) => break packed,
                    None => part.out /= 2,
                }
            };
            self.frame(None, part, &packed)?;
            at += part.out;
        }
        Ok(())
    }

    fn file(&mut self, index: usize) -> Result<(), MakeError> {
        let (target, objects) = self.target;
        let Some(entry) = target.entries().get(index) else { return Ok(()) };
        // At most RELEASE_FILES_MAX.
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        self.record(Record::File(number(index)))?;
        self.summary.files += 1;
        self.summary.file_bytes += entry.size;
        let failed = |source| MakeError::Object { object: entry.sha256, source };
        let mut new = objects.open(&entry.sha256).map_err(failed)?;
        let old = self.predecessor(entry)?;
        let (relation, mut source) = match old {
            Some(old) => self.relation(entry, old)?,
            None => (Relation::None, None),
        };
        let mut at = 0;
        while at < entry.size {
            let (part, packed) = self.fit(&relation, (&mut new, entry), source.as_mut(), at)?;
            self.frame(old.map(number), part, &packed)?;
            at += part.out;
        }
        Ok(())
    }

    /// A part that fits into a frame, and fills it as well as one more try can.
    fn fit(
        &mut self,
        relation: &Relation,
        new: (&mut File, &Entry),
        mut old: Option<&mut (File, Digest)>,
        at: u64,
    ) -> Result<(Part, Vec<u8>), MakeError> {
        let (file, entry) = new;
        let mut try_part = |maker: &mut Self, out_max, fresh_max| -> Result<_, MakeError> {
            let part = relation.part(at, entry.size, out_max, fresh_max);
            read_at(file, at, part.out, &mut maker.data)
                .map_err(|source| MakeError::Object { object: entry.sha256, source })?;
            maker.prefix.clear();
            if let Some((file, object)) = old.as_deref_mut() {
                read_at(file, part.offset, part.length, &mut maker.prefix)
                    .map_err(|source| MakeError::Object { object: *object, source })?;
            }
            let fresh = usize::try_from(part.fresh).unwrap_or(usize::MAX);
            Ok((part, codec::pack(&maker.prefix, &maker.data, fresh).map_err(MakeError::Codec)?))
        };
        let mut out_max = FRAME_OUT_MAX;
        let (part, packed) = loop {
            match try_part(self, out_max, FRESH_BYTES)? {
                (part, Some(packed)) => break (part, packed),
                (part, None) => out_max = part.out / 2,
            }
        };
        let bytes = packed.len() as u64;
        let more = part.out < (entry.size - at).min(out_max);
        if more && bytes.saturating_mul(ROOM_SHARE) < FRAME_PACKED_MAX {
            let fresh_max = FRESH_BYTES.saturating_mul(FRAME_PACKED_MAX) / bytes.max(1) * GROWTH_TENTHS / 10;
            if let (larger, Some(packed)) = try_part(self, out_max, fresh_max)? {
                return Ok((larger, packed));
            }
        }
        Ok((part, packed))
    }

    /// The file of the base that a new one most likely came from.
    fn predecessor(&mut self, entry: &Entry) -> Result<Option<usize>, MakeError> {
        let Some((base, _)) = self.base else { return Ok(None) };
        let same = base.entries().binary_search_by(|old| old.path.cmp(&entry.path));
        if let Ok(same) = same {
            return Ok(Some(same));
        }
        let mut common: BTreeMap<u32, u64> = BTreeMap::new();
        let objects = self.target.1;
        let everywhere = self.everywhere()?;
        cut_object(objects, &entry.sha256, |chunk| {
            if let Some(file) = everywhere.get(&chunk.hash) {
                *common.entry(*file).or_default() += u64::from(chunk.length);
            }
        })?;
        let most = common.into_iter().max_by_key(|(file, bytes)| (*bytes, u32::MAX - file));
        Ok(match most {
            Some((file, _)) => usize::try_from(file).ok(),
            None => sibling(base.entries(), &entry.path),
        })
    }

    /// Which file of the base has a chunk, for every chunk of it.
    fn everywhere(&mut self) -> Result<&HashMap<ChunkHash, u32>, MakeError> {
        if self.everywhere.is_none() {
            let mut everywhere = HashMap::new();
            if let Some((base, objects)) = self.base {
                for (object, index) in base.objects() {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    cut_object(objects, &object, |chunk| {
                        everywhere.entry(chunk.hash).or_insert(index);
                    })?;
                }
            }
            self.everywhere = Some(everywhere);
        }
        Ok(self.everywhere.get_or_insert_default())
    }

    /// How a file is related to its predecessor, and that one, opened.
    fn relation(&self, entry: &Entry, old: usize) -> Result<(Relation, Option<(File, Digest)>), MakeError> {
        let found = self.base.and_then(|(base, objects)| Some((base.entries().get(old)?, objects)));
        let Some((old, objects)) = found else { return Ok((Relation::None, None)) };
        let relation = if old.size <= WHOLE_BYTES_MAX {
            Relation::Whole(old.size)
        } else {
            let (mut new_chunks, mut old_chunks) = (Vec::new(), Vec::new());
            cut_object(self.target.1, &entry.sha256, |chunk| new_chunks.push(chunk))?;
            cut_object(objects, &old.sha256, |chunk| old_chunks.push(chunk))?;
            let matches = Matches::new(&new_chunks, &old_chunks, old.size);
            if matches.common() == 0 { Relation::None } else { Relation::Chunks(matches) }
        };
        let failed = |source| MakeError::Object { object: old.sha256, source };
        let file = objects.open(&old.sha256).map_err(failed)?;
        Ok((relation, Some((file, old.sha256))))
    }
}

/// A small neighbor with the same ending: what is new often looks like what stands beside it.
fn sibling(entries: &[Entry], path: &str) -> Option<usize> {
    let ending = |path: &str| path.rsplit_once('.').map(|(_, ending)| ending.to_owned());
    let after = entries.partition_point(|old| old.path.as_ref() < path);
    let near = [after.checked_sub(1), Some(after)];
    near.into_iter().flatten().find(|at| {
        let old = entries.get(*at);
        old.is_some_and(|old| old.size <= WHOLE_BYTES_MAX && ending(&old.path) == ending(path))
    })
}

fn cut_object(objects: &dyn Objects, object: &Digest, each: impl FnMut(Chunk)) -> Result<(), MakeError> {
    let cut = objects.open(object).and_then(|file| cut(file, each));
    cut.map_err(|source| MakeError::Object { object: *object, source })
}

fn slice(bytes: &[u8], offset: u64, length: u64) -> &[u8] {
    let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    bytes.get(at(offset)..at(offset + length)).unwrap_or_default()
}

/// Reads exactly so many bytes into a buffer whose room is reused.
pub(super) fn read_at(file: &mut File, offset: u64, length: u64, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    if length == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::Start(offset))?;
    let read = file.take(length).read_to_end(into)?;
    if read as u64 == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
