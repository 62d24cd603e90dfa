//! What a video file says: its tracks, its size, and whether it goes on to its end.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use matroska_demuxer::{Frame, MatroskaFile, TrackType};

/// Bytes at the beginning and at the end of an MP4 file in which its codecs are named.
const MP4_HEAD_BYTES: u64 = 1024 * 1024;
/// Codecs of MP4 files by the mark that they leave, for people.
const MP4_CODECS: [(&[u8], &str); 7] = [
    (b"avc1", "H.264"),
    (b"avc3", "H.264"),
    (b"hvc1", "HEVC"),
    (b"hev1", "HEVC"),
    (b"av01", "AV1"),
    (b"mp4a", "AAC"),
    (b"Opus", "Opus"),
];

/// What a video says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Video {
    /// A WebM or Matroska file.
    Matroska(Matroska),
    /// An MP4 file with these codecs.
    Mp4(Vec<&'static str>),
}

/// A WebM or Matroska file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matroska {
    /// `webm` or `matroska`.
    pub doc_type: String,
    /// Codecs of its pictures.
    pub video: Vec<String>,
    /// Codecs of its sound.
    pub audio: Vec<String>,
    /// Wide and high.
    pub pixels: (u64, u64),
    /// How long it says that it is.
    pub length_ms: u64,
    /// When its last picture or sound begins.
    pub last_frame_ms: u64,
    /// Why reading it stopped before the end.
    pub broken: Option<String>,
}

/// Reads a video.
///
/// # Errors
/// A sentence, when it is none or is broken from the start.
pub fn read(path: &Path) -> Result<Video, String> {
    let mut file = File::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    let mut head = [0_u8; 12];
    let known = file.read(&mut head).map_err(|e| format!("cannot be read: {e}"))?;
    match head.get(..known).unwrap_or_default() {
        [0x1a, 0x45, 0xdf, 0xa3, ..] => {}
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => return mp4(&mut file).map(Video::Mp4),
        [] => return Err("the file is empty".to_owned()),
        _ => return Err("this is not a WebM file".to_owned()),
    }
    file.rewind().map_err(|e| format!("cannot be read: {e}"))?;
    matroska(file).map(Video::Matroska)
}

fn mp4(file: &mut File) -> Result<Vec<&'static str>, String> {
    let failed = |e: std::io::Error| format!("cannot be read: {e}");
    let bytes = file.metadata().map_err(failed)?.len();
    let mut found: Vec<&'static str> = Vec::new();
    for from in [0, bytes.saturating_sub(MP4_HEAD_BYTES)] {
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        file.take(MP4_HEAD_BYTES).read_to_end(&mut part).map_err(failed)?;
        let marks = MP4_CODECS.iter().filter(|(mark, _)| part.windows(4).any(|w| w == *mark));
        found.extend(marks.map(|(_, name)| *name));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn matroska(file: File) -> Result<Matroska, String> {
    // What the reader says of it helps nobody: it names elements of the format.
    let mut file = MatroskaFile::open(BufReader::new(file))
        .map_err(|_| "it is cut off or broken: its table of contents leads nowhere".to_owned())?;
    let scale_ns = file.info().timestamp_scale().get();
    let mut read = Matroska { doc_type: file.ebml_header().doc_type().to_owned(), ..Matroska::default() };
    read.length_ms = file.info().duration().map_or(0, |ticks| milliseconds(ticks, scale_ns));
    for track in file.tracks() {
        match track.track_type() {
            TrackType::Video => {
                read.video.push(track.codec_id().to_owned());
                if let Some(video) = track.video() {
                    read.pixels = (video.pixel_width().get(), video.pixel_height().get());
                }
            }
            TrackType::Audio => read.audio.push(track.codec_id().to_owned()),
            _ => {}
        }
    }
    let mut frame = Frame::default();
    let mut last_ticks = 0;
    loop {
        match file.next_frame(&mut frame) {
            Ok(true) => last_ticks = last_ticks.max(frame.timestamp),
            Ok(false) => break,
            Err(error) => {
                read.broken = Some(error.to_string());
                break;
            }
        }
    }
    read.last_frame_ms = last_ticks.saturating_mul(scale_ns) / 1_000_000;
    Ok(read)
}

/// A file may claim any length; what is no sensible number counts as none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "checked to be finite, not negative and small"
)]
fn milliseconds(ticks: f64, scale_ns: u64) -> u64 {
    let ms = ticks * scale_ns as f64 / 1_000_000.0;
    if ms.is_finite() && (0.0..1e12).contains(&ms) { ms.round() as u64 } else { 0 }
}
