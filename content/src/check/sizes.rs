//! Oversize: files that a display cannot take or a visitor would wait for, and the release as a whole.

use crate::authoring::MAIN_FILE;
use crate::authoring::files::FileKind;
use crate::authoring::model::Content;
use crate::finding::{Finding, Place};
use crate::limits::{
    DRAWING_BYTES_MAX, PDF_BYTES_MAX, PICTURE_BYTES_MAX, RELEASE_BYTES_MAX, RELEASE_FILES_MAX,
    TEXT_BYTES_MAX, VIDEO_BYTES_MAX, YAML_BYTES_MAX,
};

const CODE: &str = "oversize";

/// The most that a file of this name may have, and what it is.
fn limit(path: &str) -> Option<(u64, &'static str)> {
    let (_, ending) = path.rsplit_once('.')?;
    match ending {
        "pdf" => Some((PDF_BYTES_MAX, "a form")),
        "png" | "jpg" | "jpeg" | "webp" => Some((PICTURE_BYTES_MAX, "a picture")),
        "svg" => Some((DRAWING_BYTES_MAX, "a drawing")),
        "webm" | "mkv" | "mp4" => Some((VIDEO_BYTES_MAX, "a video")),
        "md" | "ftl" | "vtt" | "ics" => Some((TEXT_BYTES_MAX, "a text")),
        "yaml" => Some((YAML_BYTES_MAX, "a YAML file")),
        _ => None,
    }
}

pub(super) fn check(content: &Content) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut whole_bytes = 0_u64;
    for file in content.files.iter().filter(|f| f.kind == FileKind::File) {
        whole_bytes = whole_bytes.saturating_add(file.bytes);
        if let Some((bytes_max, what)) = limit(&file.path)
            && file.bytes > bytes_max
        {
            let message =
                format!("{} is too large: {what} has at most {}", size(file.bytes), size(bytes_max));
            found.push(Finding::error(CODE, &Place::whole(&*file.path), message));
        }
    }
    let at = Place::whole(MAIN_FILE);
    if whole_bytes > RELEASE_BYTES_MAX {
        let message = format!(
            "the folder has {}: a release has at most {}",
            size(whole_bytes),
            size(RELEASE_BYTES_MAX)
        );
        found.push(Finding::error(CODE, &at, message));
    }
    if content.files.len() > RELEASE_FILES_MAX {
        let message = format!(
            "the folder has {} files: a release has at most {RELEASE_FILES_MAX}",
            content.files.len()
        );
        found.push(Finding::error(CODE, &at, message));
    }
    found
}

/// `4.0 MiB`
fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        _ if bytes < KIB * KIB => format!("{}.{} KiB", bytes / KIB, bytes % KIB * 10 / KIB),
        _ => format!("{}.{} MiB", bytes / (KIB * KIB), bytes / KIB % KIB * 10 / KIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authoring::{self, files::FileEntry};
    use crate::testing::Tiny;

    #[test]
    fn names_releases_that_no_display_can_keep() {
        let tiny = Tiny::clean();
        let said = |more: &dyn Fn(usize) -> FileEntry, count: usize| {
            let mut content = authoring::read(tiny.path()).unwrap();
            content.files.extend((0..count).map(more));
            check(&content).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let file =
            |n: usize, bytes| FileEntry { path: format!("videos/{n}.webm"), kind: FileKind::File, bytes };
        assert_eq!(said(&|n| file(n, VIDEO_BYTES_MAX), 27), [""; 0]);
        let many = said(&|n| file(n, VIDEO_BYTES_MAX), 28);
        assert!(
            many.len() == 1 && many[0].starts_with("content.yaml: error: the folder has 8400.0 MiB"),
            "{many:?}"
        );
        let many = said(&|n| file(n, 1), RELEASE_FILES_MAX);
        assert!(many.len() == 1 && many[0].contains("a release has at most 200000"), "{many:?}");
        let large = said(&|n| file(n, VIDEO_BYTES_MAX + 1), 1);
        assert_eq!(
            large,
            ["videos/0.webm: error: 300.0 MiB is too large: a video has at most 300.0 MiB [oversize]"]
        );
    }
}
