//! Reads a content folder into a model.
//!
//! Everything is read that can be, whatever is wrong beside it, so that all mistakes come at once. What
//! a file *means* is judged in [`crate::check`]; here is only said what could not be read.

pub mod calendar;
pub mod captions;
mod content_lines;
pub mod files;
pub mod fluent;
mod lines;
pub mod markdown;
pub mod model;
pub mod occurrences;
pub mod pdf;
pub mod picture;
pub mod settings;
pub mod video;
pub mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::authoring::files::{Folder, ReadError};
use crate::authoring::model::{Content, EventItem, Form, Guide, VideoItem};
use crate::finding::{Finding, Place};
use crate::limits::{DRAWING_BYTES_MAX, PDF_BYTES_MAX, PICTURE_BYTES_MAX, TEXT_BYTES_MAX, VIDEO_BYTES_MAX};

/// The file at the root of a content folder.
pub const MAIN_FILE: &str = "content.yaml";
/// Fields that several forms have.
pub const SHARED_FIELDS_FILE: &str = "forms/fields.yaml";

/// Reads a content folder.
///
/// # Errors
/// Only when the folder itself cannot be looked at. What is wrong in it stands in the model.
pub fn read(root: &Path) -> Result<Content, ReadError> {
    let folder = Folder { root: root.to_path_buf(), files: files::list(root)? };
    let mut reader = Reader { folder, mistakes: Vec::new(), used: BTreeSet::new() };
    let main = reader.yaml(MAIN_FILE);
    let shared =
        reader.folder.file(SHARED_FIELDS_FILE).is_some().then(|| reader.yaml(SHARED_FIELDS_FILE)).flatten();
    let forms = reader.each("forms", Reader::form);
    let guides = reader.each("guides", Reader::guide);
    let videos = reader.each("videos", Reader::video);
    let events = reader.each("events", Reader::event);
    let strings = reader.by_language("strings", ".ftl", fluent::read);
    let Reader { folder, mistakes, used } = reader;
    Ok(Content {
        root: folder.root,
        files: folder.files,
        main,
        shared,
        forms,
        guides,
        videos,
        events,
        strings,
        mistakes,
        used,
    })
}

struct Reader {
    folder: Folder,
    mistakes: Vec<Finding>,
    used: BTreeSet<String>,
}

impl Reader {
    fn each<T>(&mut self, kind: &str, read: fn(&mut Self, String) -> T) -> Vec<T> {
        self.folder.folders(kind).into_iter().map(|id| read(self, id)).collect()
    }

    fn yaml<T: migrado_settings::Settings>(&mut self, path: &str) -> Option<yaml::Yaml<T>> {
        self.used.insert(path.to_owned());
        yaml::read(&self.folder, path, &mut self.mistakes)
    }

    fn text(&mut self, path: &str) -> Option<String> {
        self.used.insert(path.to_owned());
        let text = self.folder.text(path, TEXT_BYTES_MAX);
        text.unwrap_or_else(|finding| {
            self.mistakes.push(finding);
            None
        })
    }

    fn bytes(&mut self, path: &str, bytes_max: u64) -> Option<Vec<u8>> {
        let bytes = self.folder.bytes(path, bytes_max);
        bytes.unwrap_or_else(|finding| {
            self.mistakes.push(finding);
            None
        })
    }

    /// The files `<language><ending>` directly in a folder.
    fn by_language<T>(
        &mut self,
        folder: &str,
        ending: &str,
        read: fn(&str, &str) -> T,
    ) -> BTreeMap<String, T> {
        let files: Vec<(String, String)> = self
            .folder
            .below(folder)
            .filter_map(|(file, rest)| Some((file.path.clone(), rest.strip_suffix(ending)?.to_owned())))
            .filter(|(_, language)| !language.contains('/'))
            .collect();
        files
            .into_iter()
            .filter_map(|(path, language)| self.text(&path).map(|text| (language, read(&path, &text))))
            .collect()
    }

    fn form(&mut self, id: String) -> Form {
        let base = format!("forms/{id}");
        let yaml: Option<yaml::Yaml<settings::FormYaml>> = self.yaml(&format!("{base}/form.yaml"));
        let name = yaml.as_ref().map_or("form.pdf", |y| y.value.pdf.as_str());
        let path = format!("{base}/{name}");
        self.used.insert(path.clone());
        let bytes = self.bytes(&path, PDF_BYTES_MAX);
        let pdf = bytes.map(|bytes| (path, guarded(|| pdf::read(&bytes))));
        Form { id, yaml, pdf }
    }

    fn guide(&mut self, id: String) -> Guide {
        let base = format!("guides/{id}");
        let yaml = self.yaml(&format!("{base}/guide.yaml"));
        let pages = self.by_language(&base, ".md", |file, text| markdown::read(file, text.to_owned()));
        let files: Vec<String> = self.folder.below(&base).map(|(file, _)| file.path.clone()).collect();
        let mut pictures = BTreeMap::new();
        for path in files.into_iter().filter(|path| picture::is_picture(path)) {
            let bytes_max = if picture::is_drawing(&path) { DRAWING_BYTES_MAX } else { PICTURE_BYTES_MAX };
            if let Some(bytes) = self.bytes(&path, bytes_max) {
                let read = picture::read(&path, &bytes);
                pictures.insert(path, read);
            }
        }
        for page in pages.values() {
            self.used.extend(page.pictures.iter().map(|(_, target, _)| format!("{base}/{target}")));
        }
        Guide { id, yaml, pages, pictures }
    }

    fn video(&mut self, id: String) -> VideoItem {
        let base = format!("videos/{id}");
        let yaml: Option<yaml::Yaml<settings::VideoYaml>> = self.yaml(&format!("{base}/video.yaml"));
        let name = yaml.as_ref().map_or("video.webm", |y| y.value.video.as_str());
        let path = format!("{base}/{name}");
        self.used.insert(path.clone());
        let readable = self.folder.file(&path).is_some_and(|f| f.bytes <= VIDEO_BYTES_MAX);
        let file = self.folder.root.join(&path);
        let video = readable.then(|| (path, guarded(|| video::read(&file))));
        let captions = self.by_language(&base, ".vtt", captions::read);
        VideoItem { id, yaml, video, captions }
    }

    fn event(&mut self, id: String) -> EventItem {
        let base = format!("events/{id}");
        let yaml = self.yaml(&format!("{base}/event.yaml"));
        let path = format!("{base}/event.ics");
        if self.folder.file(&path).is_none() {
            let message = "this file is missing: save the event from a calendar under this name";
            self.mistakes.push(Finding::error("file_missing", &Place::whole(&*path), message));
        }
        let calendar = self.text(&path).map(|text| calendar::read(&path, &text));
        EventItem { id, yaml, calendar }
    }
}

/// Other people's readers meet other people's files here: should one panic over a file that nobody has
/// thought of, that is said of the file, and all others are still read.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err("the file is broken in a way that nobody can read".to_owned()))
}

#[cfg(test)]
mod broken_tests;
