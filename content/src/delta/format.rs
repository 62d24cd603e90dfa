//! The lines of a pack. Pure: from bytes to a record that keeps its bounds, and back.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::limits::{FRAME_OUT_MAX, FRAME_PACKED_MAX, FRAME_PREFIX_MAX, MANIFEST_BYTES_MAX};
use crate::manifest::ManifestId;

use super::error::PackError;

/// What a pack begins with.
pub(super) const MAGIC: &[u8; 8] = b"MGPACK1\n";

/// Bytes that follow the line, and what they become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// The file of the base manifest that has the region; absent for the base manifest itself.
    pub(super) from: Option<u32>,
    /// Where the region begins.
    pub(super) offset: u64,
    /// Its bytes; none for a frame that refers to nothing.
    pub(super) length: u64,
    /// Bytes that the frame gives.
    pub(super) out: u64,
    /// Bytes that follow.
    pub(super) packed: u64,
}

/// One line of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// The target's manifest follows, in frames.
    Manifest { sha256: Digest, size: u64, base: Option<ManifestId> },
    /// Frames of a file of the target follow.
    File(u32),
    /// A frame follows.
    Frame(Frame),
    /// Nothing follows.
    End,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    sha256: Digest,
    size: u64,
}

/// Every field that a line may have.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Described>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<ManifestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<bool>,
}

impl Record {
    /// Reads a line that begins at a byte of the pack.
    pub(super) fn read(line: &[u8], at: u64) -> Result<Self, PackError> {
        let line: Line = serde_json::from_slice(line).map_err(|source| PackError::Line { at, source })?;
        let record = match line {
            Line {
                manifest: Some(Described { sha256, size }),
                base,
                file: None,
                from: None,
                offset: None,
                length: None,
                out: None,
                packed: None,
                end: None,
            } => Self::Manifest { sha256, size, base },
            Line {
                manifest: None,
                base: None,
                end: None,
                file: None,
                out: Some(out),
                packed: Some(packed),
                ..
            } => {
                let (offset, length) = (line.offset.unwrap_or(0), line.length.unwrap_or(0));
                Self::Frame(Frame { from: line.from, offset, length, out, packed })
            }
            Line {
                manifest: None,
                base: None,
                file: Some(file),
                from: None,
                offset: None,
                length: None,
                out: None,
                packed: None,
                end: None,
            } => Self::File(file),
            Line {
                manifest: None,
                base: None,
                file: None,
                from: None,
                offset: None,
                length: None,
                out: None,
                packed: None,
                end: Some(true),
            } => Self::End,
            _ => return Err(PackError::Record { at }),
        };
        record.check(at)?;
        Ok(record)
    }

    /// Bounds that hold whatever the releases are.
    fn check(&self, at: u64) -> Result<(), PackError> {
        let bound = |field, value: u64, max: u64| {
            if value > max { Err(PackError::Bound { at, field, value, max }) } else { Ok(()) }
        };
        match self {
            Self::Manifest { size, .. } => bound("size", *size, MANIFEST_BYTES_MAX),
            Self::Frame(frame) => {
                bound("out", frame.out, FRAME_OUT_MAX)?;
                bound("packed", frame.packed, FRAME_PACKED_MAX)?;
                bound("length", frame.length, FRAME_PREFIX_MAX)?;
                if frame.out == 0 || frame.packed == 0 {
                    return Err(PackError::Record { at });
                }
                Ok(())
            }
            Self::File(_) | Self::End => Ok(()),
        }
    }

    /// Writes the line.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let line = match *self {
            Self::Manifest { sha256, size, base } => {
                Line { manifest: Some(Described { sha256, size }), base, ..Line::default() }
            }
            Self::File(file) => Line { file: Some(file), ..Line::default() },
            Self::Frame(Frame { from, offset, length, out, packed }) => Line {
                from,
                offset: (offset > 0).then_some(offset),
                length: (length > 0).then_some(length),
                out: Some(out),
                packed: Some(packed),
                ..Line::default()
            },
            Self::End => Line { end: Some(true), ..Line::default() },
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")
    }
}
