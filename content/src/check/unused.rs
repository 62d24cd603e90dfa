//! Files that nothing uses: a picture that was renamed, a folder with a typing error in its name.

use crate::authoring::files::FileKind;
use crate::authoring::model::Content;
use crate::finding::{Finding, Place};

/// What the root of a content folder may have; a README is for people.
const KNOWN: [&str; 7] = ["content.yaml", "README.md", "forms/", "guides/", "videos/", "events/", "strings/"];

pub(super) fn check(content: &Content) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in content.files.iter().filter(|f| f.kind == FileKind::File) {
        let at = Place::whole(&*file.path);
        let known = KNOWN.iter().any(|known| match known.strip_suffix('/') {
            Some(folder) => file.path.split_once('/').is_some_and(|(first, _)| first == folder),
            None => file.path == **known,
        });
        if !known {
            let message =
                format!("this is not part of a content folder: known here are {}", KNOWN.join(", "));
            found.push(Finding::warning("file_unknown", &at, message));
        } else if file.path.contains('/') && !content.used.contains(&file.path) {
            found.push(Finding::warning(
                "file_unused",
                &at,
                "nothing uses this file: name it, or take it out",
            ));
        }
    }
    found
}
