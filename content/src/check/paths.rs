//! Unsafe paths: names that leave the folder, look like others, or mean something else elsewhere.

use std::collections::BTreeMap;

use unicode_normalization::is_nfc;

use crate::authoring::files::FileKind;
use crate::authoring::model::Content;
use crate::finding::{Finding, Place};
use crate::path;

const CODE: &str = "path_unsafe";

pub(super) fn check(content: &Content) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for file in &content.files {
        let at = Place::whole(&*file.path);
        let wrong = match file.kind {
            FileKind::NotUtf8 => Some("its name is not UTF-8: give it a new one".to_owned()),
            FileKind::Symlink => Some("this is a link: put the file itself here".to_owned()),
            FileKind::Special => Some("this is no ordinary file: take it out".to_owned()),
            FileKind::TooDeep => Some("this lies too deep in folders".to_owned()),
            FileKind::File => name(&file.path),
        };
        found.extend(wrong.map(|message| Finding::error(CODE, &at, message)));
        // Some disks take names for the same that differ in capitals only.
        if let Some(other) = seen.insert(file.path.to_lowercase(), &file.path) {
            let message = format!("its name differs from {other:?} only in capital letters: rename one");
            found.push(Finding::error(CODE, &at, message));
        }
    }
    found.extend(ids(content));
    found.extend(named(content));
    found
}

/// What is wrong with a path.
fn name(text: &str) -> Option<String> {
    match path::check(text) {
        Err(wrong) => Some(format!("unsafe path {text:?}: {wrong}")),
        Ok(()) if !is_nfc(text) => {
            Some(format!("unsafe path {text:?}: its letters are taken apart (not NFC): type the name anew"))
        }
        Ok(()) => None,
    }
}

/// Folders of items, whose names are their ids, and ids in `content.yaml`.
fn ids(content: &Content) -> Vec<Finding> {
    let forms = content.forms.iter().map(|i| ("forms", &i.id));
    let guides = content.guides.iter().map(|i| ("guides", &i.id));
    let videos = content.videos.iter().map(|i| ("videos", &i.id));
    let events = content.events.iter().map(|i| ("events", &i.id));
    let folders = forms.chain(guides).chain(videos).chain(events);
    let mut found: Vec<Finding> = folders
        .filter(|(_, id)| !path::is_id(id))
        .map(|(kind, id)| wrong_id(&Place::whole(format!("{kind}/{id}")), id))
        .collect();
    let Some(main) = &content.main else { return found };
    let topics = main.value.topics.iter().enumerate().map(|(n, t)| (format!("/topics/{n}/id"), &t.id));
    let offices = main.value.offices.iter().enumerate().map(|(n, o)| (format!("/offices/{n}/id"), &o.id));
    let mut seen = BTreeMap::new();
    for (pointer, id) in topics.chain(offices) {
        if !path::is_id(id) {
            found.push(wrong_id(&main.at(&pointer), id));
        }
        let list = pointer.split('/').nth(1).unwrap_or_default().to_owned();
        if seen.insert((list, id), ()).is_some() {
            found.push(Finding::error("id_twice", &main.at(&pointer), format!("the id \"{id}\" is taken")));
        }
    }
    found
}

fn wrong_id(at: &Place, id: &str) -> Finding {
    let message =
        format!("\"{id}\" is no id: lower-case letters, digits and hyphens, beginning with a letter");
    Finding::error("id_unusable", at, message)
}

/// Files that are named in YAML and Markdown.
fn named(content: &Content) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut look = |at: Place, text: &str| {
        found.extend(name(text).map(|message| Finding::error(CODE, &at, message)));
    };
    for yaml in content.forms.iter().filter_map(|f| f.yaml.as_ref()) {
        look(yaml.at("/pdf"), &yaml.value.pdf);
    }
    for yaml in content.videos.iter().filter_map(|v| v.yaml.as_ref()) {
        look(yaml.at("/video"), &yaml.value.video);
    }
    for page in content.guides.iter().flat_map(|g| g.pages.values()) {
        for (line, target, _) in &page.pictures {
            look(Place::new(&*page.file, *line), target);
        }
    }
    found
}
