//! Missing translations: what each item has in which language, and how much it weighs that it is not
//! there. The same view gives the matrix of languages and items.

use std::collections::BTreeSet;

use crate::authoring::MAIN_FILE;
use crate::authoring::model::{Content, Form, VideoItem};
use crate::authoring::settings::{FieldYaml, Gate, Main, Translated};
use crate::authoring::yaml::Yaml;
use crate::check::matrix::Cell;
use crate::finding::{Finding, Place, Severity};

const MISSING: &str = "missing_translation";

/// Something that is translated as a whole: a form, a guide, an office.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name, as in links: `form:permit`.
    pub name: String,
    /// Where it begins.
    pub at: Place,
    /// How much a missing translation weighs.
    pub gate: Gate,
    /// Languages that a person has read.
    pub checked: Vec<String>,
    /// Where that is said.
    pub checked_at: Place,
    /// Its texts.
    pub slots: Vec<Slot>,
}

/// One text of an item.
#[derive(Debug, Clone)]
pub struct Slot {
    /// What it is: `title`, `fields[3].label`.
    pub what: String,
    /// Where it stands.
    pub at: Place,
    /// The languages in which it is there.
    pub languages: BTreeSet<String>,
    /// Languages in which it is written with their places, where they stand in one file.
    written: Vec<(String, Place)>,
}

impl Item {
    /// How far the item is in a language.
    #[must_use]
    pub fn cell(&self, language: &str) -> Cell {
        if !self.slots.iter().all(|slot| slot.languages.contains(language)) {
            Cell::Missing
        } else if self.checked.iter().any(|c| c == language) {
            Cell::Checked
        } else {
            Cell::Draft
        }
    }
}

pub(super) fn check(content: &Content) -> Vec<Finding> {
    let Some(main) = &content.main else { return Vec::new() };
    let mut found = Vec::new();
    for item in items(content) {
        unknown(&item, main, &mut found);
        // Of the strings every file says itself what it lacks.
        if item.name != STRINGS {
            missing(&item, main, &mut found);
        }
        drafts(&item, main, &mut found);
    }
    found
}

/// How much it weighs that an item is missing in a language. In the reference everything has to be.
pub(crate) fn weight(main: &Main, gate: Gate, language: &str) -> Severity {
    let own = main.languages.iter().find(|l| l.code == language).and_then(|l| l.gate);
    match gate.max(own.unwrap_or(gate)) {
        _ if language == main.reference => Severity::Error,
        Gate::Required => Severity::Error,
        Gate::Warn => Severity::Warning,
    }
}

fn missing(item: &Item, main: &Yaml<Main>, found: &mut Vec<Finding>) {
    let languages: Vec<&str> = main.value.languages.iter().map(|l| l.code.as_str()).collect();
    let lacks = |slot: &Slot, language: &&str| !slot.languages.contains(*language);
    // What is not there at all is said once, and not of every single text.
    let (nothing, some): (Vec<&str>, Vec<&str>) = languages
        .iter()
        .partition(|language| item.slots.len() > 1 && item.slots.iter().all(|slot| lacks(slot, language)));
    let mut say = |at: &Place, what: &str, languages: Vec<&str>| {
        for severity in [Severity::Error, Severity::Warning] {
            let these: Vec<&str> =
                languages.iter().filter(|l| weight(&main.value, item.gate, l) == severity).copied().collect();
            if !these.is_empty() {
                let message = format!("{} is missing in {}: translate {what}", item.name, these.join(", "));
                found.push(Finding::new(severity, MISSING, at, message));
            }
        }
    };
    say(&item.at, "all of it", nothing);
    for slot in &item.slots {
        say(&slot.at, &slot.what, some.iter().filter(|l| lacks(slot, l)).copied().collect());
    }
}

fn drafts(item: &Item, main: &Yaml<Main>, found: &mut Vec<Finding>) {
    let drafts: Vec<&str> = main
        .value
        .languages
        .iter()
        .map(|l| l.code.as_str())
        .filter(|language| item.cell(language) == Cell::Draft)
        .collect();
    if !drafts.is_empty() {
        let message = format!("{} has drafts that nobody has checked: {}", item.name, drafts.join(", "));
        found.push(Finding::notice("unchecked_translation", &item.checked_at, message));
    }
}

/// Languages that are written somewhere and not on offer.
fn unknown(item: &Item, main: &Yaml<Main>, found: &mut Vec<Finding>) {
    let known = |code: &str| main.value.languages.iter().any(|l| l.code == code);
    let mut say = |at: &Place, code: &str| {
        let message = format!("\"{code}\" is no language of {MAIN_FILE}");
        found.push(Finding::error("unknown_language", at, message));
    };
    for code in item.checked.iter().filter(|code| !known(code)) {
        say(&item.checked_at, code);
    }
    for (code, at) in item.slots.iter().flat_map(|s| &s.written).filter(|(code, _)| !known(code)) {
        say(at, code);
    }
}

/// The name of the item that the strings of the page are.
pub(crate) const STRINGS: &str = "strings";

/// Everything that is translated, in the order in which people look for it.
#[must_use]
pub fn items(content: &Content) -> Vec<Item> {
    let Some(main) = &content.main else { return Vec::new() };
    let mut items = of_main(main);
    if let Some(care) = strings(content, main) {
        items.push(care);
    }
    if let Some(shared) = &content.shared {
        let mut item =
            Making::of(main, shared, "fields".to_owned(), "", shared.value.gate, &shared.value.checked);
        for (id, field) in &shared.value.fields {
            item.texts(&format!("/fields/{id}/label"), &field.label);
            item.optional(&format!("/fields/{id}/help"), &field.help);
        }
        items.push(item.done());
    }
    items.extend(content.forms.iter().filter_map(|form| of_form(main, form)));
    for guide in &content.guides {
        let Some(yaml) = &guide.yaml else { continue };
        let name = format!("guide:{}", guide.id);
        let mut item = Making::of(main, yaml, name, "", yaml.value.gate, &yaml.value.checked);
        item.files("its page (LANGUAGE.md)", guide.pages.keys().cloned().collect());
        items.push(item.done());
    }
    items.extend(content.videos.iter().filter_map(|video| of_video(main, video)));
    for event in &content.events {
        let Some(yaml) = &event.yaml else { continue };
        let name = format!("event:{}", event.id);
        let mut item = Making::of(main, yaml, name, "", yaml.value.gate, &yaml.value.checked);
        item.texts("/title", &yaml.value.title);
        items.push(item.done());
    }
    items
}

fn of_main(main: &Yaml<Main>) -> Vec<Item> {
    let home = &main.value.home;
    let mut item = Making::of(main, main, "home".to_owned(), "/home", home.gate, &home.checked);
    item.texts("/home/title", &home.title);
    item.texts("/home/intro", &home.intro);
    let mut items = vec![item.done()];
    for (n, topic) in main.value.topics.iter().enumerate() {
        let base = format!("/topics/{n}");
        let mut item =
            Making::of(main, main, format!("topic:{}", topic.id), &base, topic.gate, &topic.checked);
        item.texts(&format!("{base}/name"), &topic.name);
        items.push(item.done());
    }
    for (n, office) in main.value.offices.iter().enumerate() {
        let base = format!("/offices/{n}");
        let mut item =
            Making::of(main, main, format!("office:{}", office.id), &base, office.gate, &office.checked);
        item.texts(&format!("{base}/name"), &office.name);
        item.texts(&format!("{base}/hours"), &office.hours);
        items.push(item.done());
    }
    items
}

fn strings(content: &Content, main: &Yaml<Main>) -> Option<Item> {
    let care = &main.value.strings;
    let reference = content.strings.get(&main.value.reference)?;
    let mut item = Making::of(main, main, STRINGS.to_owned(), "/strings", care.gate, &care.checked);
    for (key, message) in &reference.messages {
        let there = content.strings.iter().filter(|(_, s)| s.messages.contains_key(key));
        item.item.slots.push(Slot {
            what: key.clone(),
            at: Place::new(&*reference.file, message.line),
            languages: there.map(|(code, _)| code.clone()).collect(),
            written: Vec::new(),
        });
    }
    Some(item.done())
}

fn of_form(main: &Yaml<Main>, form: &Form) -> Option<Item> {
    let yaml = form.yaml.as_ref()?;
    let mut item =
        Making::of(main, yaml, format!("form:{}", form.id), "", yaml.value.gate, &yaml.value.checked);
    item.texts("/title", &yaml.value.title);
    for (n, field) in yaml.value.fields.iter().enumerate() {
        let base = format!("/fields/{n}");
        if has_own_label(field) {
            item.texts(&format!("{base}/label"), &field.label);
        }
        item.optional(&format!("{base}/help"), &field.help);
        for (m, option) in field.options.iter().enumerate() {
            item.texts(&format!("{base}/options/{m}/label"), &option.label);
        }
    }
    Some(item.done())
}

/// Whether a field says itself what it asks for, and does not take it from `forms/fields.yaml`.
fn has_own_label(field: &FieldYaml) -> bool {
    field.same_as.is_none() || !field.label.is_empty()
}

fn of_video(main: &Yaml<Main>, video: &VideoItem) -> Option<Item> {
    let yaml = video.yaml.as_ref()?;
    let mut item =
        Making::of(main, yaml, format!("video:{}", video.id), "", yaml.value.gate, &yaml.value.checked);
    item.texts("/title", &yaml.value.title);
    item.files("its captions (LANGUAGE.vtt)", video.captions.keys().cloned().collect());
    Some(item.done())
}

/// An item that is being put together from one YAML file.
struct Making<'c, T> {
    yaml: &'c Yaml<T>,
    item: Item,
}

impl<'c, T> Making<'c, T> {
    fn of(
        main: &Yaml<Main>,
        yaml: &'c Yaml<T>,
        name: String,
        base: &str,
        gate: Option<Gate>,
        checked: &Option<Vec<String>>,
    ) -> Self {
        let at = yaml.at(base);
        let gate = gate.unwrap_or(main.value.gate);
        let checked_at = if checked.is_some() { yaml.at(&format!("{base}/checked")) } else { at.clone() };
        let checked = checked.clone().unwrap_or_else(|| main.value.checked.clone());
        Self { yaml, item: Item { name, at, gate, checked, checked_at, slots: Vec::new() } }
    }

    /// A text that has to be there.
    fn texts(&mut self, pointer: &str, texts: &Translated) {
        let there = texts.iter().filter(|(_, text)| !text.trim().is_empty());
        self.item.slots.push(Slot {
            what: pointer.trim_start_matches('/').replace('/', "."),
            at: self.yaml.key(pointer),
            languages: there.map(|(code, _)| code.clone()).collect(),
            written: texts.keys().map(|c| (c.clone(), self.yaml.key(&format!("{pointer}/{c}")))).collect(),
        });
    }

    /// A text that has to be there in every language once it is there in one.
    fn optional(&mut self, pointer: &str, texts: &Translated) {
        if !texts.is_empty() {
            self.texts(pointer, texts);
        }
    }

    /// A text that is a file of its own.
    fn files(&mut self, what: &str, languages: BTreeSet<String>) {
        let at = self.item.at.clone();
        self.item.slots.push(Slot { what: what.to_owned(), at, languages, written: Vec::new() });
    }

    fn done(self) -> Item {
        self.item
    }
}
