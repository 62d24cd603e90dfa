//! One frame of a pack: zstd with a region of the old file as reference. In memory, within bounds.

use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, zstd_sys::ZSTD_ErrorCode};

use crate::limits::FRAME_PACKED_MAX;

/// Level where little data makes the best one cheap, and below which nothing is gained by haste.
const LEVEL_BEST: i32 = 19;
/// Level for a first look at much data, and the final one where it is as good as it gets. Not level 3:
/// its search loses long matches with a large reference (measured: 12.7 KB where this has 0.9 KB).
const LEVEL_FAST: i32 = 1;
/// Bytes of data and reference up to which the best level is tried at once.
const BEST_BYTES_MAX: usize = 1024 * 1024;
/// Bytes without a reference from which on it is looked first whether they compress at all: most bytes
/// of a first install are videos, and the best level spends 50 ms on each MiB of them for nothing.
const LOOK_BYTES: usize = 64 * 1024;
/// A large frame of fewer bytes than one in so many is not looked at twice.
const TINY_SHARE: usize = 2000;
/// Of a hundred bytes without a counterpart, so many in the frame: they do not compress.
const DENSE_PERCENT: usize = 97;
/// References from here on are searched for long matches first: the ordinary search forgets.
const LONG_BYTES: usize = 256 * 1024;
/// Logarithms of the window that zstd takes, in bytes: what a reference and a frame have together.
const WINDOW_LOG: std::ops::RangeInclusive<u32> = 10..=25;
/// In the fifth byte of a frame: a checksum follows the data.
const CHECKSUM_BIT: u8 = 0b100;

/// A frame is not what it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Not one whole frame.
    #[error("it is not exactly one zstd frame")]
    Shape,
    /// A frame without its checksum.
    #[error("it has no checksum")]
    NoChecksum,
    /// It gives another number of bytes.
    #[error("it does not give the bytes that it is to give")]
    Length,
    /// What zstd says.
    #[error("zstd: {0}")]
    Zstd(&'static str),
}

fn zstd_error(code: usize) -> CodecError {
    CodecError::Zstd(zstd_safe::get_error_name(code))
}

/// Packs data, with `fresh` of its bytes not in the reference as far as is known. Nothing when it does
/// not fit into a frame.
pub(super) fn pack(prefix: &[u8], data: &[u8], fresh: usize) -> Result<Option<Vec<u8>>, CodecError> {
    if is_best_at_once(prefix.len(), data.len()) {
        return compress(prefix, data, LEVEL_BEST);
    }
    let fast = compress(prefix, data, LEVEL_FAST)?;
    let worth = fast.as_ref().is_none_or(|fast| {
        fast.len() > data.len() / TINY_SHARE && fast.len() < fresh.saturating_mul(DENSE_PERCENT) / 100
    });
    if !worth {
        return Ok(fast);
    }
    let best = compress(prefix, data, LEVEL_BEST)?;
    Ok(match (fast, best) {
        (Some(fast), Some(best)) if fast.len() < best.len() => Some(fast),
        (fast, best) => best.or(fast),
    })
}

/// Pure: whether there is so little, and something that it may resemble, that the best level is cheap.
fn is_best_at_once(prefix: usize, data: usize) -> bool {
    prefix + data <= BEST_BYTES_MAX && (prefix > 0 || data < LOOK_BYTES)
}

fn compress(prefix: &[u8], data: &[u8], level: i32) -> Result<Option<Vec<u8>>, CodecError> {
    // The context borrows the reference, so that it cannot outlive it: one for each frame.
    let mut context = CCtx::create();
    let mut set = |parameter| context.set_parameter(parameter).map_err(zstd_error);
    set(CParameter::CompressionLevel(level))?;
    set(CParameter::ChecksumFlag(true))?;
    set(CParameter::ContentSizeFlag(true))?;
    if !prefix.is_empty() {
        let window = (prefix.len() + data.len()).next_power_of_two().trailing_zeros();
        set(CParameter::WindowLog(window.clamp(*WINDOW_LOG.start(), *WINDOW_LOG.end())))?;
        set(CParameter::EnableLongDistanceMatching(prefix.len() >= LONG_BYTES))?;
        context.ref_prefix(prefix).map_err(zstd_error)?;
    }
    let bound = zstd_safe::compress_bound(data.len());
    let max = usize::try_from(FRAME_PACKED_MAX).unwrap_or(usize::MAX);
    let mut packed = Vec::with_capacity(bound.min(max));
    match context.compress2(&mut packed, data) {
        Ok(_) if packed.len() <= max => Ok(Some(packed)),
        Ok(_) => Ok(None),
        Err(code) if zstd_safe::is_error_kind(code, ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall) => Ok(None),
        Err(code) => Err(zstd_error(code)),
    }
}

/// Unpacks a frame into `out`, whose room is reused. One call without a window of its own: memory is
/// what the caller gives.
pub(super) fn unpack(
    prefix: &[u8],
    packed: &[u8],
    length: usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    if zstd_safe::find_frame_compressed_size(packed) != Ok(packed.len()) {
        return Err(CodecError::Shape);
    }
    if packed.get(4).is_none_or(|flags| flags & CHECKSUM_BIT == 0) {
        return Err(CodecError::NoChecksum);
    }
    if zstd_safe::get_frame_content_size(packed).ok().flatten() != Some(length as u64) {
        return Err(CodecError::Length);
    }
    out.clear();
    out.reserve(length);
    let mut context = DCtx::create();
    context.ref_prefix(prefix).map_err(zstd_error)?;
    context.decompress(out, packed).map_err(zstd_error)?;
    if out.len() == length { Ok(()) } else { Err(CodecError::Length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch_tests::noise;

    #[test]
    fn a_frame_becomes_its_data_with_the_right_reference_only() {
        let old = noise(1, 360_000);
        let mut new = old.clone();
        new.splice(1000..1010, *b"something else");
        let mut out = Vec::new();
        for (prefix, most) in [(&old[..], 200), (&[][..], new.len() + 100)] {
            let packed = pack(prefix, &new, new.len()).unwrap().unwrap();
            assert!(packed.len() < most, "{}", packed.len());
            unpack(prefix, &packed, new.len(), &mut out).unwrap();
            assert_eq!(out, new);
        }
        let packed = pack(&old, &new, 0).unwrap().unwrap();
        let mut wrong = old.clone();
        wrong[50_000] ^= 1;
        for prefix in [&[][..], &old[..old.len() - 1], &wrong] {
            assert!(matches!(unpack(prefix, &packed, new.len(), &mut out), Err(CodecError::Zstd(_))));
        }
    }

    #[test]
    fn the_best_level_is_tried_at_once_only_where_it_is_cheap() {
        let (kib, mib) = (1024, 1024 * 1024);
        for (prefix, data, at_once) in [
            (0, 4 * kib, true),
            (0, 64 * kib, false),
            (0, mib - 16 * kib, false),
            (400 * kib, 400 * kib, true),
            (mib, kib, false),
        ] {
            assert_eq!(is_best_at_once(prefix, data), at_once, "{prefix} {data}");
        }
        // What does compress still gets the best level.
        let text = b"the tray of the printer is open; ".repeat(4000);
        let text: Vec<u8> = text.iter().zip(noise(5, text.len())).map(|(t, n)| t ^ (n & 1)).collect();
        let best = compress(&[], &text, LEVEL_BEST).unwrap().unwrap();
        assert!(best.len() < compress(&[], &text, LEVEL_FAST).unwrap().unwrap().len());
        assert_eq!(pack(&[], &text, text.len()).unwrap().unwrap(), best);
    }

    #[test]
    fn what_is_not_exactly_the_frame_is_refused() {
        let data = vec![b'x'; 1000];
        let packed = pack(&[], &data, 1000).unwrap().unwrap();
        let mut out = Vec::new();
        assert_eq!(unpack(&[], &packed, 999, &mut out), Err(CodecError::Length));
        assert_eq!(unpack(&[], &packed, 1001, &mut out), Err(CodecError::Length));
        let twice = [&packed[..], &packed[..]].concat();
        for shape in [&packed[1..], &packed[..packed.len() - 1], &twice, b"", b"nonsense"] {
            assert_eq!(unpack(&[], shape, 1000, &mut out), Err(CodecError::Shape), "{shape:?}");
        }
        let mut bare = Vec::with_capacity(100);
        zstd_safe::compress(&mut bare, &data, 3).unwrap();
        assert_eq!(unpack(&[], &bare, 1000, &mut out), Err(CodecError::NoChecksum));
        for byte in 0..packed.len() {
            let mut flipped = packed.clone();
            flipped[byte] ^= 4;
            let got = unpack(&[], &flipped, 1000, &mut out);
            assert!(got.is_err() || out == data, "byte {byte}");
        }
    }

    #[test]
    fn noise_of_a_mebibyte_fits_and_of_two_does_not() {
        let data = noise(1, 2 * 1024 * 1024);
        assert!(pack(&[], &data[..1024 * 1024], 1024 * 1024).unwrap().is_some());
        assert!(pack(&[], &data, data.len()).unwrap().is_none());
    }
}
