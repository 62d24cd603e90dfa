//! Takes a pack as it comes from the line and puts its files into the store, frame by frame.
//!
//! Memory is bounded by one frame and its reference, disk by the objects themselves. After a stop the
//! download goes on at the border of a frame that [`PackReader::checkpoint`] had put on the disk.

mod apply;

use std::fs::File;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::PACK_LINE_BYTES_MAX;
use crate::manifest::{Entry, Manifest, ManifestId};
use crate::store::{Partial, Store, StoreError};

use super::error::PackError;
use super::format::{Frame, MAGIC, Record};

/// Where a pack goes on after a stop. Kept by the caller, durably, after a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Bytes of the pack that need not come again.
    pub pack_bytes: u64,
    /// The file that was begun, and how many of its bytes are there.
    pub file: Option<(u32, u64)>,
    /// The file that was begun last.
    pub last: Option<u32>,
}

/// How far a pack came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the pack that came.
    pub pack_bytes: u64,
    /// Bytes that they gave, of all files.
    pub file_bytes: u64,
    /// Whether its end came.
    pub complete: bool,
}

/// What has to come next.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expect {
    Magic,
    Line,
    Payload(Frame),
    Nothing,
    /// Nothing is taken any more.
    Failed,
}

/// The file that is being written.
#[derive(Debug)]
struct Current {
    index: u32,
    entry: Entry,
    written: u64,
    /// Absent for an object that is there already.
    partial: Option<Partial>,
}

/// Puts a pack into a store.
#[derive(Debug)]
pub struct PackReader {
    store: Arc<Store>,
    base: Option<(ManifestId, Manifest)>,
    wanted: ManifestId,
    expect: Expect,
    /// The beginning of what has to come next.
    pending: Vec<u8>,
    /// Where what has to come next begins: everything before it is done.
    border: u64,
    received: u64,
    given: u64,
    /// The manifest while it comes.
    manifest: Option<Incoming>,
    target: Option<Manifest>,
    last: Option<u32>,
    current: Option<Current>,
    /// The old file that was opened last.
    old: Option<(u32, File)>,
    prefix: Vec<u8>,
    out: Vec<u8>,
}

#[derive(Debug)]
struct Incoming {
    size: u64,
    bytes: Vec<u8>,
    reference: Vec<u8>,
}

impl PackReader {
    /// Takes a pack from its beginning. The base has to be in the store.
    ///
    /// # Errors
    /// When the manifest of the base is not there.
    pub fn new(store: Arc<Store>, base: Option<ManifestId>, wanted: ManifestId) -> Result<Self, PackError> {
        let base = match base {
            None => None,
            Some(id) => {
                let manifest = store.manifest(&id).map_err(PackError::Store)?;
                let missing = PackError::Store(StoreError::UnknownManifest(id));
                Some((id, manifest.ok_or(missing)?))
            }
        };
        Ok(Self {
            store,
            base,
            wanted,
            expect: Expect::Magic,
            pending: Vec::new(),
            border: 0,
            received: 0,
            given: 0,
            manifest: None,
            target: None,
            last: None,
            current: None,
            old: None,
            prefix: Vec::new(),
            out: Vec::new(),
        })
    }

    /// Goes on where a checkpoint was made: the next bytes are those from [`Cursor::pack_bytes`] on.
    ///
    /// # Errors
    /// When what came before is not there any more: then it begins anew.
    pub fn resume(
        store: Arc<Store>,
        base: Option<ManifestId>,
        wanted: ManifestId,
        cursor: Cursor,
    ) -> Result<Self, PackError> {
        let mut reader = Self::new(store, base, wanted)?;
        if cursor.pack_bytes == 0 {
            return Ok(reader);
        }
        let lost = PackError::Resume { at: cursor.pack_bytes };
        let Some(target) = reader.store.manifest(&wanted).map_err(PackError::Store)? else {
            return Err(lost);
        };
        reader.target = Some(target);
        (reader.border, reader.received) = (cursor.pack_bytes, cursor.pack_bytes);
        (reader.expect, reader.last) = (Expect::Line, cursor.last);
        if let Some((index, written)) = cursor.file {
            let mut current = reader.begin(index)?;
            if written > current.entry.size {
                return Err(lost);
            }
            match current.partial.as_mut().map_or(Ok(()), |partial| partial.rewind(written)) {
                Err(StoreError::Short { .. }) => return Err(lost),
                rewound => rewound.map_err(PackError::Store)?,
            }
            current.written = written;
            reader.current = Some(current);
        }
        Ok(reader)
    }

    /// How far it came.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let complete = self.expect == Expect::Nothing;
        Progress { pack_bytes: self.received, file_bytes: self.given, complete }
    }

    /// Puts on the disk what came so far, and says where to go on after a stop.
    ///
    /// # Errors
    /// When the disk does not take it, or the pack failed.
    pub fn checkpoint(&self) -> Result<Cursor, PackError> {
        if self.expect == Expect::Failed {
            return Err(PackError::Failed);
        }
        if self.target.is_none() {
            // The manifest comes as a whole.
            return Ok(Cursor { pack_bytes: 0, file: None, last: None });
        }
        self.store.sync().map_err(PackError::Store)?;
        let file = self.current.as_ref().map(|current| (current.index, current.written));
        Ok(Cursor { pack_bytes: self.border, file, last: self.last })
    }

    /// Takes the next bytes, however many.
    ///
    /// # Errors
    /// When they are not those of a pack that makes the wanted release here. What was on its way is
    /// given up unless it was the disk that failed.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress, PackError> {
        match self.take(bytes) {
            Ok(()) => Ok(self.progress()),
            Err(error) => {
                self.expect = Expect::Failed;
                let partial = self.current.take().and_then(|current| current.partial);
                if let Some(partial) = partial.filter(|_| error.is_about_data()) {
                    // The first error is the one to tell; what stays is overwritten or collected.
                    partial.discard().ok();
                }
                Err(error)
            }
        }
    }

    /// Says that nothing comes any more.
    ///
    /// # Errors
    /// When the pack is not complete.
    pub fn finish(self) -> Result<ManifestId, PackError> {
        match self.expect {
            Expect::Nothing => Ok(self.wanted),
            Expect::Failed => Err(PackError::Failed),
            _ => Err(PackError::Truncated { at: self.received }),
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), PackError> {
        while !bytes.is_empty() {
            let wanted = match self.expect {
                Expect::Nothing => return Err(PackError::Trailing { at: self.received }),
                Expect::Failed => return Err(PackError::Failed),
                Expect::Magic => MAGIC.len() - self.pending.len(),
                Expect::Payload(frame) => usize::try_from(frame.packed).unwrap_or(0) - self.pending.len(),
                Expect::Line => {
                    let end = bytes.iter().take(PACK_LINE_BYTES_MAX).position(|byte| *byte == b'\n');
                    end.map_or(PACK_LINE_BYTES_MAX, |end| end + 1)
                }
            };
            let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
            self.received += now.len() as u64;
            bytes = rest;
            self.pending.extend_from_slice(now);
            let complete = match self.expect {
                Expect::Line => self.pending.ends_with(b"\n"),
                _ => now.len() == wanted,
            };
            if self.pending.len() > PACK_LINE_BYTES_MAX && self.expect == Expect::Line {
                return Err(PackError::LineLength { at: self.border });
            }
            if complete {
                let pending = std::mem::take(&mut self.pending);
                self.handle(&pending)?;
                // Its room is used again.
                self.pending = pending;
                self.pending.clear();
            }
        }
        Ok(())
    }

    /// Takes what was expected, as a whole.
    fn handle(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        match self.expect {
            Expect::Magic if bytes != MAGIC => Err(PackError::Magic),
            Expect::Magic => {
                self.expect = Expect::Line;
                self.border = self.received;
                Ok(())
            }
            Expect::Line => {
                let record = Record::read(bytes, self.border)?;
                // The border of a frame is before its line.
                self.line(record)?;
                if !matches!(self.expect, Expect::Payload(_)) {
                    self.border = self.received;
                }
                Ok(())
            }
            Expect::Payload(frame) => {
                self.expect = Expect::Line;
                self.apply(frame, bytes)?;
                self.border = self.received;
                Ok(())
            }
            Expect::Nothing | Expect::Failed => Err(PackError::Failed),
        }
    }

    fn line(&mut self, record: Record) -> Result<(), PackError> {
        let at = self.border;
        let order = |found, expected| Err(PackError::Order { at, found, expected });
        match record {
            Record::Manifest { sha256, size, base } => {
                if self.target.is_some() || self.manifest.is_some() {
                    return order("manifest", "a file");
                }
                self.expect_release(ManifestId::from(sha256), base)?;
                let reference = match &self.base {
                    Some((id, _)) => self.store.manifest_bytes(id).map_err(PackError::Store)?,
                    None => Vec::new(),
                };
                // Bounded by its line, and what is not written takes no memory.
                let bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
                self.manifest = Some(Incoming { size, bytes, reference });
                Ok(())
            }
            Record::Frame(frame) => {
                self.expect = Expect::Payload(frame);
                self.check(frame)
            }
            Record::File(_) | Record::End if self.target.is_none() => order("file or end", "the manifest"),
            Record::File(index) => {
                self.left()?;
                if self.last.is_some_and(|last| last >= index) {
                    return order("file", "a later one");
                }
                let mut current = self.begin(index)?;
                if let Some(partial) = &mut current.partial {
                    partial.rewind(0).map_err(PackError::Store)?;
                }
                self.last = Some(index);
                self.current = Some(current);
                self.complete_file()
            }
            Record::End => {
                self.left()?;
                self.expect = Expect::Nothing;
                Ok(())
            }
        }
    }

    fn expect_release(&self, found: ManifestId, base: Option<ManifestId>) -> Result<(), PackError> {
        let here = self.base.as_ref().map(|(id, _)| *id);
        if base != here {
            return Err(PackError::WrongBase { wanted: base, found: here });
        }
        if found != self.wanted {
            return Err(PackError::WrongTarget { found, wanted: self.wanted });
        }
        Ok(())
    }

    /// Nothing may be left in the middle.
    fn left(&self) -> Result<(), PackError> {
        match &self.current {
            Some(Current { written, entry, .. }) => {
                Err(PackError::Incomplete { at: self.border, written: *written, size: entry.size })
            }
            None => Ok(()),
        }
    }
}
