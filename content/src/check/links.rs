//! Dead links: between the parts of a release, and to places that a display cannot go to.

use crate::authoring::model::{Content, item_link};
use crate::finding::{Finding, Place};
use crate::index::ItemKind;

/// Addresses outside that a page shows, as words: displays do not open them.
pub(crate) const SHOWN: [&str; 3] = ["https://", "mailto:", "tel:"];

pub(super) fn check(content: &Content) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(main) = &content.main {
        for (n, link) in main.value.home.featured.iter().enumerate() {
            let wrong = match item_link(link) {
                Some((ItemKind::Office | ItemKind::Topic, _)) | None => Some(words_for(link)),
                Some((kind, id)) => (!content.has(kind, id)).then(|| dead(kind, id)),
            };
            let at = main.at(&format!("/home/featured/{n}"));
            found.extend(wrong.map(|message| Finding::error("dead_link", &at, message)));
        }
    }
    for page in content.guides.iter().flat_map(|g| g.pages.values()) {
        for (line, link) in &page.links {
            let wrong = match item_link(link) {
                Some((kind, id)) => (!content.has(kind, id)).then(|| dead(kind, id)),
                None if SHOWN.iter().any(|s| link.len() > s.len() && link.starts_with(s)) => None,
                None => Some(words_for(link)),
            };
            let at = Place::new(&*page.file, *line);
            found.extend(wrong.map(|message| Finding::error("dead_link", &at, message)));
        }
    }
    found
}

fn dead(kind: ItemKind, id: &str) -> String {
    let word = ItemKind::WORDS.iter().find(|(k, _)| *k == kind).map_or("item", |(_, word)| word);
    format!("dead link: there is no {word} \"{id}\"")
}

fn words_for(link: &str) -> String {
    format!(
        "dead link: {link:?} leads nowhere; links are form:ID, guide:ID, video:ID, event:ID, or in guides also office:ID, topic:ID, https:, mailto: and tel:"
    )
}
