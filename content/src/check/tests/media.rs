//! Pages, pictures, links and videos.

use super::each;
use crate::testing::{Tiny, sample};

#[test]
fn names_dead_links() {
    each(&[
        (
            "form",
            |t| t.spoil("guides/start/en.md", "form:permit", "form:premit"),
            "guides/start/en.md:5: error: dead link: there is no form \"premit\"",
            "dead_link",
        ),
        (
            "home",
            |t| t.spoil("content.yaml", "form:permit", "guide:nowhere"),
            "content.yaml:10: error: dead link: there is no guide \"nowhere\"",
            "dead_link",
        ),
        (
            "file",
            |t| t.spoil("guides/start/de.md", "form:permit", "../permit.html"),
            "guides/start/de.md:5: error: dead link: \"../permit.html\" leads nowhere",
            "",
        ),
        (
            "plain http",
            |t| t.spoil("guides/start/de.md", "form:permit", "http://a.example"),
            "guides/start/de.md:5: error: dead link",
            "",
        ),
        (
            "picture",
            |t| t.spoil("guides/start/en.md", "house.svg", "hose.svg"),
            "guides/start/en.md:3: error: dead link: there is no picture \"hose.svg\"",
            "",
        ),
    ]);
    let tiny = Tiny::clean();
    tiny.spoil("guides/start/de.md", "form:permit", "https://a.example");
    assert_eq!(tiny.said(), [""; 0], "an address is shown, not opened");
}

#[test]
fn names_what_is_wrong_with_pages_and_pictures() {
    each(&[
        (
            "html",
            |t| t.spoil("guides/start/en.md", "The", "The <b>bold</b>"),
            "guides/start/en.md:5: error: raw HTML",
            "raw_html",
        ),
        (
            "script",
            |t| t.spoil("guides/start/en.md", "The", "<script>x()</script>\n\nThe"),
            "guides/start/en.md:5: error: raw HTML",
            "raw_html",
        ),
        ("title", |t| t.spoil("guides/start/en.md", "# Start", "## Start"), "guides/start/", "page"),
        (
            "words",
            |t| t.spoil("guides/start/en.md", "A house", ""),
            "guides/start/en.md:3: warning: the picture \"house.svg\" has no words",
            "",
        ),
        (
            "drawing that runs",
            |t| t.spoil("guides/start/house.svg", "<path", "<script/><path"),
            "guides/start/house.svg:2: error: the drawing has a <script>",
            "drawing_unsafe",
        ),
        (
            "drawing that clicks",
            |t| t.spoil("guides/start/house.svg", "<path", "<path onclick=\"a\""),
            "guides/start/house.svg:2: error: the drawing runs something (onclick)",
            "",
        ),
        (
            "drawing that loads",
            |t| t.spoil("guides/start/house.svg", "<path", "<image href=\"https://a.example/b.png\"/><path"),
            "guides/start/house.svg:2: error: the drawing loads",
            "",
        ),
        (
            "drawing with entities",
            |t| t.spoil("guides/start/house.svg", "<svg", "<!DOCTYPE x [<!ENTITY a \"b\">]><svg"),
            "guides/start/house.svg:1: error: the drawing is not well-formed",
            "",
        ),
        (
            "drawing that is none",
            |t| t.put("guides/start/house.svg", b"<svg"),
            "guides/start/house.svg:1: error: the drawing is not well-formed",
            "picture_unreadable",
        ),
        (
            "unused",
            |t| t.put("guides/start/old.svg", &sample("guides/arztbesuch/karte.svg")),
            "guides/start/old.svg: warning: nothing uses this file",
            "file_unused",
        ),
        (
            "unknown",
            |t| t.put("guide/start/de.md", b"# a\n\nb\n"),
            "guide/start/de.md: warning: this is not part of a content folder",
            "file_unknown",
        ),
    ]);
}

#[test]
fn names_pictures_that_are_something_else() {
    let tiny = Tiny::clean();
    for page in ["guides/start/de.md", "guides/start/en.md"] {
        tiny.spoil(page, "house.svg", "house.png");
    }
    tiny.remove("guides/start/house.svg");
    tiny.put("guides/start/house.png", b"GIF89a\x01\x00\x01\x00");
    assert!(
        tiny.said()[0].starts_with("guides/start/house.png: error: this is not a png file"),
        "{:?}",
        tiny.said()
    );
}

#[test]
fn names_videos_that_are_not_played() {
    each(&[
        (
            "mp4",
            |t| t.put("videos/use/video.webm", b"\0\0\0\x18ftypmp42....avc1....mp4a....\0\0\0\0"),
            "videos/use/video.webm: error: this is an MP4 file with AAC and H.264",
            "video_unplayable",
        ),
        (
            "nothing",
            |t| t.put("videos/use/video.webm", b""),
            "videos/use/video.webm: error: the file is empty",
            "",
        ),
        (
            "text",
            |t| t.put("videos/use/video.webm", b"hello, this is no video"),
            "videos/use/video.webm: error: this is not a WebM file",
            "",
        ),
        (
            "cut off",
            |t| {
                let whole = sample("videos/anzeige-bedienen/video.webm");
                t.put("videos/use/video.webm", &whole[..whole.len() / 2]);
            },
            "videos/use/video.webm: error: it is cut off",
            "video_unplayable",
        ),
        (
            "missing",
            |t| t.remove("videos/use/video.webm"),
            "videos/use/video.yaml:1: error: there is no file \"video.webm\"",
            "file_missing",
        ),
        (
            "captions",
            |t| t.spoil("videos/use/en.vtt", "00:00.000", "0:0,0"),
            "videos/use/en.vtt:3: error: times are written as",
            "captions",
        ),
        (
            "long captions",
            |t| t.spoil("videos/use/en.vtt", "00:02.000", "00:59.000"),
            "videos/use/en.vtt:3: warning: these words go on until 59.0 s, the video is over after 6.0 s",
            "",
        ),
    ]);
}

#[test]
fn names_codecs_of_real_files() {
    for (bytes, expected) in [
        (
            include_bytes!("../../../fixtures/h264.mp4").as_slice(),
            ["error: this is an MP4 file with AAC and H.264; videos are WebM with VP9 and Opus"].as_slice(),
        ),
        (
            include_bytes!("../../../fixtures/h264.mkv"),
            &[
                "error: Debian's Chromium does not play AAC in WebM",
                "error: Debian's Chromium does not play H.264 in WebM",
                "error: this is a matroska file and not WebM",
            ],
        ),
        (
            include_bytes!("../../../fixtures/vp8.webm"),
            &[
                "warning: VP8 is played, but we agreed on VP9 and Opus",
                "warning: Vorbis is played, but we agreed on VP9 and Opus",
            ],
        ),
    ] {
        let tiny = Tiny::clean();
        tiny.put("videos/use/video.webm", bytes);
        let said: Vec<String> = tiny.said().into_iter().filter(|s| s.contains("video.webm: ")).collect();
        let right = said.len() == expected.len() && said.iter().zip(expected).all(|(s, e)| s.contains(e));
        assert!(right, "expected {expected:#?}, got {said:#?}");
    }
}
