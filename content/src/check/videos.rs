//! Videos: what Debian's Chromium plays, what the house agreed on, and captions that fit.

use crate::authoring::model::{Content, VideoItem};
use crate::authoring::video::{Matroska, Video};
use crate::finding::{Finding, Place};
use crate::limits::{VIDEO_PIXELS_MAX, VIDEO_SECONDS_MAX};

const UNPLAYABLE: &str = "video_unplayable";
/// What everything is made with: free, played by every browser, and small.
const HOUSE: (&str, &str) = ("V_VP9", "A_OPUS");
/// What Debian's Chromium plays as well.
const ALSO_PLAYED: [&str; 4] = ["V_VP8", "V_AV1", "A_VORBIS", "A_OPUS"];
/// Milliseconds by which a length and the last picture may differ: two seconds of a still end.
const LENGTH_TOLERANCE_MS: u64 = 2000;
/// Milliseconds by which captions may outlast the video.
const CAPTIONS_TOLERANCE_MS: u64 = 500;

pub(super) fn check(content: &Content) -> Vec<Finding> {
    let mut found = Vec::new();
    for item in &content.videos {
        if let (Some(yaml), None) = (&item.yaml, &item.video) {
            let name = &yaml.value.video;
            // One that is too large is told by its size.
            if content.file(&format!("videos/{}/{name}", item.id)).is_none() {
                let message = format!("there is no file \"{name}\" beside this one");
                found.push(Finding::error("file_missing", &yaml.at("/video"), message));
            }
        }
        let mut length_ms = None;
        if let Some((path, read)) = &item.video {
            let at = Place::whole(&**path);
            match read {
                Err(message) => found.push(Finding::error(UNPLAYABLE, &at, message)),
                Ok(Video::Mp4(codecs)) => found.push(Finding::error(UNPLAYABLE, &at, of_mp4(codecs))),
                Ok(Video::Matroska(video)) => {
                    matroska(video, &at, &mut found);
                    length_ms = Some(video.length_ms).filter(|ms| *ms > 0);
                }
            }
        }
        captions(item, length_ms, &mut found);
    }
    found
}

/// The command that makes of anything what displays play.
const REMEDY: &str = "convert it with: ffmpeg -i FILE -c:v libvpx-vp9 -c:a libopus video.webm";

fn of_mp4(codecs: &[&str]) -> String {
    let codecs = if codecs.is_empty() { "unknown codecs".to_owned() } else { codecs.join(" and ") };
    format!("this is an MP4 file with {codecs}; videos are WebM with VP9 and Opus: {REMEDY}")
}

fn matroska(video: &Matroska, at: &Place, found: &mut Vec<Finding>) {
    let mut say = |message: String| found.push(Finding::error(UNPLAYABLE, at, message));
    if video.doc_type != "webm" {
        say(format!("this is a {} file and not WebM: {REMEDY}", video.doc_type));
    }
    if video.video.is_empty() {
        say(format!("there are no pictures in it: {REMEDY}"));
    }
    if video.video.len() > 1 || video.audio.len() > 1 {
        say("it has several tracks of pictures or sound: a browser plays the first, keep only that"
            .to_owned());
    }
    if let Some(why) = &video.broken {
        say(format!("it is cut off or broken after {}: {why}", seconds(video.last_frame_ms)));
    } else if video.length_ms == 0 {
        say("it does not say how long it is: write it anew with ffmpeg -i FILE -c copy video.webm".to_owned());
    } else if video.last_frame_ms + LENGTH_TOLERANCE_MS < video.length_ms {
        let (end, length) = (seconds(video.last_frame_ms), seconds(video.length_ms));
        say(format!("it is cut off: it ends after {end} of {length}"));
    }
    for codec in video.video.iter().chain(&video.audio) {
        if *codec == HOUSE.0 || *codec == HOUSE.1 {
            continue;
        }
        let name = name(codec);
        if ALSO_PLAYED.contains(&codec.as_str()) {
            let message = format!("{name} is played, but we agreed on VP9 and Opus: {REMEDY}");
            found.push(Finding::warning("video_house_rule", at, message));
        } else {
            let message = format!("Debian's Chromium does not play {name} in WebM: {REMEDY}");
            found.push(Finding::error(UNPLAYABLE, at, message));
        }
    }
    let (wide, high) = video.pixels;
    if wide > VIDEO_PIXELS_MAX.0 || high > VIDEO_PIXELS_MAX.1 {
        let (wide_max, high_max) = VIDEO_PIXELS_MAX;
        let message = format!("{wide} x {high} pixels do not play smoothly: at most {wide_max} x {high_max}");
        found.push(Finding::error("oversize", at, message));
    }
    if video.length_ms > VIDEO_SECONDS_MAX * 1000 {
        let message = format!("{} is too long: at most {VIDEO_SECONDS_MAX} s", seconds(video.length_ms));
        found.push(Finding::error("oversize", at, message));
    }
}

/// A codec as people know it.
fn name(codec: &str) -> &str {
    match codec {
        "V_MPEG4/ISO/AVC" => "H.264",
        "V_MPEGH/ISO/HEVC" => "HEVC",
        "V_AV1" => "AV1",
        "V_VP8" => "VP8",
        "A_AAC" => "AAC",
        "A_VORBIS" => "Vorbis",
        other if other.starts_with("A_AAC") => "AAC",
        other => other,
    }
}

fn captions(item: &VideoItem, length_ms: Option<u64>, found: &mut Vec<Finding>) {
    for captions in item.captions.values() {
        for (line, message) in &captions.wrong {
            found.push(Finding::error("captions", &Place::new(&*captions.file, *line), message));
        }
        let (end_ms, line) = captions.last_end_ms;
        if let Some(length_ms) = length_ms
            && end_ms > length_ms + CAPTIONS_TOLERANCE_MS
        {
            let message = format!(
                "these words go on until {}, the video is over after {}",
                seconds(end_ms),
                seconds(length_ms)
            );
            found.push(Finding::warning("captions", &Place::new(&*captions.file, line), message));
        }
    }
}

/// `2.5 s`
fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
