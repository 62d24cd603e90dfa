//! `release.json`: what a release says of itself, at the root of its files. The display's page reads
//! it, and nothing else tells the page what there is.
//!
//! Types only. Lists are in the order in which the page shows them; maps are sorted. Paths are
//! relative to the folder of the release and safe in the sense of [`crate::path`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of this format. A display refuses one that it does not know.
pub const FORMAT: u32 = 1;
/// The file at the root of a release.
pub const FILE: &str = "release.json";

/// A language's tag (BCP 47), for example `de-simple`.
pub type Language = String;
/// What a person has made of a text in each language.
pub type Texts = BTreeMap<Language, Text>;

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The version of the format.
    pub format: u32,
    /// The day for which it was built: events from here on, in [`Self::time_zone`].
    pub day: String,
    /// Where its days and hours are meant.
    pub time_zone: String,
    /// The language in which everything is there, and to which the page falls back.
    pub reference: Language,
    /// The languages, in the order of the choice.
    pub languages: Vec<LanguageEntry>,
    /// The words of the page itself.
    pub strings: BTreeMap<Language, FileText>,
    /// The first page.
    pub home: Home,
    /// What things are about.
    pub topics: Vec<Topic>,
    /// Whose they are.
    pub offices: Vec<Office>,
    /// What can be filled in and printed.
    pub forms: Vec<Form>,
    /// What explains, step by step.
    pub guides: Vec<Guide>,
    /// What is watched.
    pub videos: Vec<Video>,
    /// What takes place.
    pub series: Vec<Series>,
    /// When it does, in the order of time. The titles stand with the series: a weekly course has
    /// fifty days and one title in every language.
    pub events: Vec<Event>,
}

/// Whether a person who speaks the language has read a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has.
    Draft,
    /// Somebody has.
    Checked,
}

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The words.
    pub text: String,
    /// Whether they were read.
    pub state: State,
}

/// A text in one language that is a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileText {
    /// The file.
    pub path: String,
    /// Whether it was read.
    pub state: State,
}

/// Where a line of text begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// At the left.
    #[default]
    Ltr,
    /// At the right.
    Rtl,
}

/// A language on offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageEntry {
    /// Its tag.
    pub code: Language,
    /// What those who speak it call it, in their script.
    pub name: String,
    /// Where its lines begin.
    pub direction: Direction,
    /// The language that this is a mode of, as plain language is one of German. What is missing in
    /// the mode is taken from it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode_of: Option<Language>,
}

/// The first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Its heading.
    pub title: Texts,
    /// What one can do here.
    pub intro: Texts,
    /// What is shown first.
    pub featured: Vec<Item>,
}

/// A thing of the release: its kind and its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// Which list it stands in.
    pub kind: ItemKind,
    /// Its id there.
    pub id: String,
}

/// The lists of a release that can be linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// `forms`
    Form,
    /// `guides`
    Guide,
    /// `videos`
    Video,
    /// `events`
    Event,
    /// `offices`
    Office,
    /// `topics`
    Topic,
}

impl ItemKind {
    /// Every kind with its word in links.
    pub const WORDS: [(Self, &'static str); 6] = [
        (Self::Form, "form"),
        (Self::Guide, "guide"),
        (Self::Video, "video"),
        (Self::Event, "event"),
        (Self::Office, "office"),
        (Self::Topic, "topic"),
    ];
}

/// What things are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: Texts,
}

/// An office of the city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: Texts,
    /// Street, number, postal code and town.
    pub address: String,
    /// When it is open, as a sentence.
    pub hours: Texts,
    /// How to reach it.
    pub contact: Contact,
}

/// How to reach an office.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Address on the web; shown, not opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// A form: one edition of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Its id, the same for all editions.
    pub id: String,
    /// Which edition.
    pub edition: String,
    /// What it is called.
    pub title: Texts,
    /// Whose it is.
    pub office: String,
    /// What it is about.
    pub topics: Vec<String>,
    /// The form itself.
    pub pdf: String,
    /// What is filled in, in this order.
    pub fields: Vec<Field>,
    /// The first day on which it may be handed in.
    pub valid_from: String,
    /// The last.
    pub valid_until: String,
    /// Sheets of paper that one print needs.
    pub sheets: u16,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name in the PDF.
    pub name: String,
    /// What is put in.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether it has to be.
    pub required: bool,
    /// Characters that fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u16>,
    /// What is asked for.
    pub label: Texts,
    /// What helps to answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub help: Texts,
    /// What can be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<FieldOption>,
}

/// What is put into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "authoring", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// A line.
    Text,
    /// Several lines.
    Multiline,
    /// A day.
    Date,
    /// A cross or none.
    Checkbox,
    /// One of several.
    Choice,
}

/// One of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldOption {
    /// Its value in the PDF.
    pub value: String,
    /// What it is called.
    pub label: Texts,
}

/// A guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guide {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: Texts,
    /// Whose it is, if it is one office's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// What it is about.
    pub topics: Vec<String>,
    /// Its pages: pieces of HTML below the title, without scripts. Links are `#kind/id`; the paths of
    /// pictures are relative to the folder of the release, because a piece has no place of its own.
    pub pages: BTreeMap<Language, FileText>,
}

/// A video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: Texts,
    /// Whose it is, if it is one office's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// What it is about.
    pub topics: Vec<String>,
    /// The video itself.
    pub path: String,
    /// How long it takes.
    pub length_ms: u64,
    /// What is said in it.
    pub captions: BTreeMap<Language, FileText>,
}

/// Something that takes place, once or again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: Texts,
    /// Whose it is, if it is one office's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// What it is about.
    pub topics: Vec<String>,
}

/// One time that something takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The id of the series, which says what it is.
    pub series: String,
    /// When it begins, with the offset that holds then: `2026-11-30T10:00:00+01:00`.
    pub start: String,
    /// When it ends.
    pub end: String,
    /// It takes the whole day, or several; `end` is the first moment after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_day: bool,
    /// Where; a single day may differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}
