//! A pack: one stream of bytes that turns one release into another.
//!
//! [`make_pack`] writes it where both releases are at hand; [`PackReader`] takes it as it comes from
//! the line, on a display that has the first release. Changed files only, each frame compressed with the
//! region of the old file that it most likely came from. A pack is not signed and need not be: what it
//! makes is verified by the digests of the target's manifest, and that is signed.
//!
//! The format is in `docs/content-format.md`; [`format`] has its lines, [`codec`] its frames.

mod codec;
mod error;
mod format;
mod maker;
mod reader;
mod regions;

#[cfg(test)]
mod tests;

pub use codec::CodecError;
pub use error::{MakeError, PackError};
pub use maker::{PackSummary, make_pack};
pub use reader::{Cursor, PackReader, Progress};
