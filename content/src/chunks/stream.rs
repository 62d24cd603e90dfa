//! Ranges on the wire: one zstd stream, so that pages and forms travel compressed. Both ends hold a
//! window of 2 MiB and a buffer, however long the stream is.

use zstd::stream::raw::{CParameter, DParameter, Decoder, Encoder, InBuffer, Operation as _, OutBuffer};

use crate::limits::RANGES_WINDOW_LOG;

use super::ChunkError;

/// Level at which a server packs for many displays at once: faster than any line.
const LEVEL: i32 = 3;
/// Bytes that are unpacked at once: whatever a stream grows to, no more is held in memory.
const OUT_BYTES: usize = 128 * 1024;

/// Unpacks a stream that comes piece by piece.
pub struct Unpack {
    decoder: Decoder<'static>,
    out: Vec<u8>,
}

impl std::fmt::Debug for Unpack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpack").finish_non_exhaustive()
    }
}

impl Unpack {
    /// At the beginning of a stream.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new() -> Result<Self, ChunkError> {
        let mut decoder = Decoder::new().map_err(ChunkError::Stream)?;
        decoder.set_parameter(DParameter::WindowLogMax(RANGES_WINDOW_LOG)).map_err(ChunkError::Stream)?;
        Ok(Self { decoder, out: vec![0; OUT_BYTES] })
    }

    /// Unpacks a piece, and gives what it holds in parts of at most 128 KiB.
    ///
    /// # Errors
    /// When it is not such a stream, or whoever takes a part refuses it.
    pub fn push<E: From<ChunkError>>(
        &mut self,
        packed: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut packed = InBuffer::around(packed);
        loop {
            let mut out = OutBuffer::around(self.out.as_mut_slice());
            self.decoder.run(&mut packed, &mut out).map_err(ChunkError::Stream)?;
            let filled = out.pos();
            take(self.out.get(..filled).unwrap_or_default())?;
            // A buffer that was filled may have left something behind.
            if filled < OUT_BYTES && packed.pos() == packed.src.len() {
                return Ok(());
            }
        }
    }
}

/// Packs a stream part by part.
pub struct Pack {
    encoder: Encoder<'static>,
}

impl std::fmt::Debug for Pack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pack").finish_non_exhaustive()
    }
}

impl Pack {
    /// At the beginning of a stream.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new() -> Result<Self, ChunkError> {
        let mut encoder = Encoder::new(LEVEL).map_err(ChunkError::Stream)?;
        encoder.set_parameter(CParameter::WindowLog(RANGES_WINDOW_LOG)).map_err(ChunkError::Stream)?;
        encoder.set_parameter(CParameter::ChecksumFlag(true)).map_err(ChunkError::Stream)?;
        Ok(Self { encoder })
    }

    /// Packs a part so that whoever has it can unpack it; with the last one the stream ends.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn push(&mut self, part: &[u8], is_last: bool) -> Result<Vec<u8>, ChunkError> {
        let mut packed = Vec::with_capacity(zstd::zstd_safe::compress_bound(part.len()));
        let mut part = InBuffer::around(part);
        while part.pos() < part.src.len() {
            grow(&mut packed);
            let at = packed.len();
            let mut out = OutBuffer::around_pos(&mut packed, at);
            self.encoder.run(&mut part, &mut out).map_err(ChunkError::Stream)?;
        }
        loop {
            grow(&mut packed);
            let at = packed.len();
            let mut out = OutBuffer::around_pos(&mut packed, at);
            let left = match is_last {
                true => self.encoder.finish(&mut out, true),
                false => self.encoder.flush(&mut out),
            };
            if left.map_err(ChunkError::Stream)? == 0 {
                return Ok(packed);
            }
        }
    }
}

/// Leaves room for more.
fn grow(packed: &mut Vec<u8>) {
    if packed.len() == packed.capacity() {
        packed.reserve(OUT_BYTES);
    }
}
