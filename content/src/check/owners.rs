//! What an item refers to in `content.yaml`: its office, its topics, its languages.

use std::collections::BTreeSet;

use crate::authoring::model::Content;
use crate::authoring::settings::Main;
use crate::authoring::yaml::Yaml;
use crate::finding::{Finding, Place};
use crate::index::ItemKind;

pub(super) fn check(content: &Content) -> Vec<Finding> {
    // Without content.yaml nothing can be said of offices; why it is missing is said.
    let Some(main) = &content.main else { return Vec::new() };
    let mut found = languages(main);
    for yaml in content.forms.iter().filter_map(|f| f.yaml.as_ref()) {
        refers(content, yaml, Some(&yaml.value.office), &yaml.value.topics, &mut found);
    }
    for yaml in content.guides.iter().filter_map(|g| g.yaml.as_ref()) {
        refers(content, yaml, yaml.value.office.as_ref(), &yaml.value.topics, &mut found);
    }
    for yaml in content.videos.iter().filter_map(|v| v.yaml.as_ref()) {
        refers(content, yaml, yaml.value.office.as_ref(), &yaml.value.topics, &mut found);
    }
    for yaml in content.events.iter().filter_map(|e| e.yaml.as_ref()) {
        refers(content, yaml, yaml.value.office.as_ref(), &yaml.value.topics, &mut found);
    }
    found.extend(files_of_languages(content));
    found
}

fn refers<T>(
    content: &Content,
    yaml: &Yaml<T>,
    office: Option<&String>,
    topics: &[String],
    found: &mut Vec<Finding>,
) {
    let Some(main) = content.main.as_ref().map(|m| &m.value) else { return };
    if let Some(office) = office.filter(|office| !content.has(ItemKind::Office, office)) {
        let known: Vec<&str> = main.offices.iter().map(|o| o.id.as_str()).collect();
        let message = format!("unknown office \"{office}\": content.yaml has {}", known.join(", "));
        found.push(Finding::error("unknown_office", &yaml.at("/office"), message));
    }
    for (n, topic) in topics.iter().enumerate().filter(|(_, topic)| !content.has(ItemKind::Topic, topic)) {
        let known: Vec<&str> = main.topics.iter().map(|t| t.id.as_str()).collect();
        let message = format!("unknown topic \"{topic}\": content.yaml has {}", known.join(", "));
        found.push(Finding::error("unknown_topic", &yaml.at(&format!("/topics/{n}")), message));
    }
}

/// The list of languages itself.
fn languages(main: &Yaml<Main>) -> Vec<Finding> {
    const CODE: &str = "unknown_language";
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let known = |code: &str| main.value.languages.iter().any(|l| l.code == code);
    for (n, language) in main.value.languages.iter().enumerate() {
        let at = main.at(&format!("/languages/{n}/code"));
        if !is_tag(&language.code) {
            let message = format!("\"{}\" is no language tag such as de or de-simple", language.code);
            found.push(Finding::error(CODE, &at, message));
        }
        if !seen.insert(&language.code) {
            found.push(Finding::error("id_twice", &at, format!("\"{}\" is there already", language.code)));
        }
        if let Some(other) = language.mode_of.as_ref().filter(|o| !known(o) || **o == language.code) {
            let message = format!("\"{other}\" is not another language of this list");
            found.push(Finding::error(CODE, &main.at(&format!("/languages/{n}/mode_of")), message));
        }
    }
    if !known(&main.value.reference) {
        let message = format!("\"{}\" is not in the list of languages", main.value.reference);
        found.push(Finding::error(CODE, &main.at("/reference"), message));
    }
    found
}

/// Lower-case subtags with hyphens, the first with two or three letters.
fn is_tag(code: &str) -> bool {
    let mut parts = code.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Files whose names are languages: pages, captions, strings.
fn files_of_languages(content: &Content) -> Vec<Finding> {
    let known = content.languages();
    let pages = content.guides.iter().flat_map(|g| g.pages.iter().map(|(code, p)| (code, &p.file)));
    let captions = content.videos.iter().flat_map(|v| v.captions.iter().map(|(code, c)| (code, &c.file)));
    let strings = content.strings.iter().map(|(code, s)| (code, &s.file));
    pages
        .chain(captions)
        .chain(strings)
        .filter(|(code, _)| !known.contains(&code.as_str()))
        .map(|(code, file)| {
            let message =
                format!("the name of this file is \"{code}\", which is no language of content.yaml");
            Finding::error("unknown_language", &Place::whole(file), message)
        })
        .collect()
}
