//! Why a pack was not made, or not taken.

use std::io;

use crate::digest::Digest;
use crate::limits::{FRAME_OUT_MIN, PACK_LINE_BYTES_MAX};
use crate::manifest::ManifestId;
use crate::store::StoreError;

use super::codec::CodecError;

/// A pack was not taken. Objects that were whole before are kept; what was on its way when the pack
/// turned out to be wrong is given up.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Does not begin like one.
    #[error("this is not a pack, or one of a format that this program does not know")]
    Magic,
    /// A line without an end.
    #[error("the line at byte {at} of the pack is longer than {PACK_LINE_BYTES_MAX} bytes")]
    LineLength {
        /// Where.
        at: u64,
    },
    /// A line that is not JSON of its shape.
    #[error("the line at byte {at} of the pack is damaged")]
    Line {
        /// Where.
        at: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// A line with the wrong fields.
    #[error("the line at byte {at} of the pack is none of those that a pack has")]
    Record {
        /// Where.
        at: u64,
    },
    /// A line that does not belong here.
    #[error("the pack has a {found} at byte {at}, where {expected} belongs")]
    Order {
        /// Where.
        at: u64,
        /// What is there.
        found: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A number beyond its bound.
    #[error("the pack says {field} {value} at byte {at}, at most {max} is allowed")]
    Bound {
        /// Where.
        at: u64,
        /// Which number.
        field: &'static str,
        /// What it is.
        value: u64,
        /// What it may be.
        max: u64,
    },
    /// A frame that gives too little.
    #[error("the frame at byte {at} gives {out} bytes, at least {FRAME_OUT_MIN} belong before the last")]
    FrameSmall {
        /// Where.
        at: u64,
        /// How many it gives.
        out: u64,
    },
    /// A file number that the manifest does not have.
    #[error("the pack names file {index} at byte {at}, the manifest has {files}")]
    Index {
        /// Where.
        at: u64,
        /// Which.
        index: u32,
        /// How many there are.
        files: usize,
    },
    /// A region that the old file does not have.
    #[error("the pack refers to bytes {offset} to {end} at byte {at}, the old file has {size}")]
    Outside {
        /// Where.
        at: u64,
        /// Where the region begins.
        offset: u64,
        /// Where it ends.
        end: u64,
        /// How many bytes there are.
        size: u64,
    },
    /// A frame beyond the end of the file.
    #[error("the frames of a file give more than its {size} bytes at byte {at}")]
    Overrun {
        /// Where.
        at: u64,
        /// What the file has.
        size: u64,
    },
    /// A file that was left before its end.
    #[error("the frames of a file give {written} of its {size} bytes before byte {at}")]
    Incomplete {
        /// Where.
        at: u64,
        /// What came.
        written: u64,
        /// What the file has.
        size: u64,
    },
    /// A pack for another release.
    #[error("the pack makes the release {found}, {wanted} is wanted")]
    WrongTarget {
        /// What it makes.
        found: ManifestId,
        /// What is wanted.
        wanted: ManifestId,
    },
    /// A pack from another release.
    #[error("the pack starts from {}, this display has {}", or_nothing(.wanted), or_nothing(.found))]
    WrongBase {
        /// What it starts from.
        wanted: Option<ManifestId>,
        /// What is here.
        found: Option<ManifestId>,
    },
    /// An object of the base that is not here.
    #[error("the object {object} of the base is not here: fetch what is missing without a pack")]
    BaseObject {
        /// Which.
        object: Digest,
        /// What the disk said.
        source: io::Error,
    },
    /// A frame that does not become what it says.
    #[error("the frame at byte {at} of the pack is damaged, or the old file is not what it was")]
    Frame {
        /// Where.
        at: u64,
        /// The object of the base that it refers to: worth a look.
        base: Option<Digest>,
        /// Why.
        source: CodecError,
    },
    /// Bytes after the end.
    #[error("the pack goes on after its end at byte {at}")]
    Trailing {
        /// Where.
        at: u64,
    },
    /// No end.
    #[error("the pack ends at byte {at} and is not complete")]
    Truncated {
        /// Where.
        at: u64,
    },
    /// It cannot go on where it was left.
    #[error("the pack cannot go on at byte {at}: what came before is not on the disk any more")]
    Resume {
        /// Where.
        at: u64,
    },
    /// An earlier call failed.
    #[error("the pack failed before: open it again")]
    Failed,
    /// The store did not take it.
    #[error("the store did not take what the pack brings")]
    Store(#[source] StoreError),
}

fn or_nothing(id: &Option<ManifestId>) -> String {
    id.map_or_else(|| "nothing".to_owned(), |id| id.to_string())
}

impl PackError {
    /// One word for it, for findings and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Magic => "unknown_format",
            Self::Truncated { .. } | Self::Incomplete { .. } => "truncated",
            Self::Trailing { .. } | Self::Overrun { .. } | Self::LineLength { .. } | Self::Bound { .. } => {
                "endless_data"
            }
            Self::WrongBase { .. } | Self::BaseObject { .. } => "wrong_base",
            Self::Resume { .. } | Self::Failed => "not_resumable",
            Self::Store(error) => error.name(),
            _ => "tampered",
        }
    }

    /// Whether the pack itself is of no use, so that asking for it again does not help.
    #[must_use]
    pub fn is_about_data(&self) -> bool {
        match self {
            Self::Store(error) => error.is_about_data(),
            Self::Truncated { .. } | Self::BaseObject { .. } | Self::Resume { .. } | Self::Failed => false,
            _ => true,
        }
    }
}

/// A pack was not made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// An object could not be read.
    #[error("cannot read the object {object}")]
    Object {
        /// Which.
        object: Digest,
        /// Why.
        source: io::Error,
    },
    /// The pack could not be written.
    #[error("cannot write the pack")]
    Write(#[source] io::Error),
    /// The compressor refused.
    #[error("cannot compress a frame")]
    Codec(#[source] CodecError),
}
