//! What the records of a pack do: a file is begun, a frame is checked and unpacked, what is complete is
//! verified and kept.

use crate::digest::Digest;
use crate::limits::FRAME_OUT_MIN;
use crate::manifest::{Entry, Manifest};
use crate::store::{Objects as _, StoreError};

use super::super::codec;
use super::super::error::PackError;
use super::super::format::Frame;
use super::super::maker::read_at;
use super::{Current, PackReader};

impl PackReader {
    pub(super) fn begin(&self, index: u32) -> Result<Current, PackError> {
        let entries = self.target.as_ref().map_or(&[][..], Manifest::entries);
        let entry = usize::try_from(index).ok().and_then(|index| entries.get(index));
        let outside = PackError::Index { at: self.border, index, files: entries.len() };
        let entry = entry.cloned().ok_or(outside)?;
        let partial = match self.store.has(&entry.sha256, entry.size) {
            true => None,
            false => Some(self.store.partial(&entry.sha256, entry.size).map_err(PackError::Store)?),
        };
        Ok(Current { index, entry, written: 0, partial })
    }

    /// Checks a frame before its bytes are waited for.
    pub(super) fn check(&self, frame: Frame) -> Result<(), PackError> {
        let at = self.border;
        let end = frame.offset.saturating_add(frame.length);
        let outside = |size| PackError::Outside { at, offset: frame.offset, end, size };
        let (written, size, old_size) = match (&self.manifest, &self.current) {
            (Some(incoming), _) if frame.from.is_none() => {
                (incoming.bytes.len() as u64, incoming.size, incoming.reference.len() as u64)
            }
            (None, Some(current)) => {
                let old = frame.from.map(|from| self.old_entry(from).map(|entry| entry.size)).transpose()?;
                (current.written, current.entry.size, old.unwrap_or(0))
            }
            _ => return Err(PackError::Order { at, found: "frame", expected: "a file" }),
        };
        if end > old_size {
            return Err(outside(old_size));
        }
        if frame.out > size - written {
            return Err(PackError::Overrun { at, size });
        }
        if frame.out < FRAME_OUT_MIN && frame.out < size - written {
            return Err(PackError::FrameSmall { at, out: frame.out });
        }
        Ok(())
    }

    fn old_entry(&self, from: u32) -> Result<&Entry, PackError> {
        let entries = self.base.as_ref().map_or(&[][..], |(_, base)| base.entries());
        let entry = usize::try_from(from).ok().and_then(|from| entries.get(from));
        entry.ok_or(PackError::Index { at: self.border, index: from, files: entries.len() })
    }

    pub(super) fn apply(&mut self, frame: Frame, packed: &[u8]) -> Result<(), PackError> {
        // Nothing is unpacked for an object that is there already.
        if let Some(current) = self.current.as_mut().filter(|current| current.partial.is_none()) {
            current.written += frame.out;
            self.given += frame.out;
            return self.complete_file();
        }
        let base = self.reference(frame)?;
        let length = usize::try_from(frame.out).unwrap_or(usize::MAX);
        codec::unpack(&self.prefix, packed, length, &mut self.out).map_err(|source| PackError::Frame {
            at: self.border,
            base,
            source,
        })?;
        if let Some(incoming) = &mut self.manifest {
            incoming.bytes.extend_from_slice(&self.out);
            return self.complete_manifest();
        }
        if let Some(Current { written, partial: Some(partial), .. }) = &mut self.current {
            partial.append(&self.out).map_err(PackError::Store)?;
            *written += frame.out;
            self.given += frame.out;
        }
        self.complete_file()
    }

    /// Reads what a frame refers to. The object that has it, when it is one.
    fn reference(&mut self, frame: Frame) -> Result<Option<Digest>, PackError> {
        self.prefix.clear();
        if let Some(incoming) = &self.manifest {
            let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
            let region = incoming.reference.get(at(frame.offset)..at(frame.offset + frame.length));
            self.prefix.extend_from_slice(region.unwrap_or_default());
            return Ok(None);
        }
        let Some(from) = frame.from else { return Ok(None) };
        let object = self.old_entry(from)?.sha256;
        let failed = |source| PackError::BaseObject { object, source };
        let (_, file) = match self.old.take().filter(|(index, _)| *index == from) {
            Some(open) => self.old.insert(open),
            None => self.old.insert((from, self.store.open(&object).map_err(failed)?)),
        };
        read_at(file, frame.offset, frame.length, &mut self.prefix).map_err(failed)?;
        Ok(Some(object))
    }

    pub(super) fn complete_file(&mut self) -> Result<(), PackError> {
        match self.current.take_if(|current| current.written == current.entry.size) {
            Some(Current { partial: Some(partial), .. }) => partial.finish().map_err(PackError::Store),
            _ => Ok(()),
        }
    }

    fn complete_manifest(&mut self) -> Result<(), PackError> {
        let Some(incoming) = self.manifest.take_if(|m| m.bytes.len() as u64 == m.size) else { return Ok(()) };
        // Both can be large, and only one of them is still needed.
        let bytes = incoming.bytes;
        drop(incoming.reference);
        let found = Digest::of(&bytes);
        if found != self.wanted.digest() {
            let object = self.wanted.digest();
            return Err(PackError::Store(StoreError::Mismatch { object, found }));
        }
        let target = self.store.put_manifest(&bytes, &self.wanted).map_err(PackError::Store)?;
        drop(bytes);
        // Before the first byte of a file.
        self.store.admit(&target).map_err(PackError::Store)?;
        self.target = Some(target);
        Ok(())
    }
}
