//! The YAML files of a content folder, as people write them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use migrado_settings::Settings;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::index::{Direction, FieldType};

/// A text in several languages, by tag.
pub type Translated = BTreeMap<String, String>;

/// How much a missing translation weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Nothing is built without it.
    Required,
    /// It is told; the page falls back, and says so.
    Warn,
}

/// What most files say of their item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Care {
    /// How much a missing translation weighs; without it as in `content.yaml`.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages whose texts a person has read; the others are drafts. Without it as in `content.yaml`.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

/// `content.yaml`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Main {
    /// The language in which everything has to be.
    pub reference: String,
    /// How much a missing translation weighs where an item does not say it.
    pub gate: Gate,
    /// Languages whose texts a person has read where an item does not say it.
    #[serde(default)]
    pub checked: Vec<String>,
    /// The languages, in the order of the choice.
    #[schemars(extend("minItems" = 1))]
    pub languages: Vec<LanguageYaml>,
    /// The first page.
    pub home: HomeYaml,
    /// What things are about.
    pub topics: Vec<TopicYaml>,
    /// Whose they are.
    pub offices: Vec<OfficeYaml>,
    /// The words of the page itself (`strings/*.ftl`).
    #[serde(default)]
    pub strings: Care,
}

/// A language.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageYaml {
    /// Its tag (BCP 47).
    pub code: String,
    /// Its own name, in its script.
    pub name: String,
    /// Where its lines begin.
    #[serde(default)]
    pub direction: Direction,
    /// The language that it is a mode of.
    #[serde(default)]
    pub mode_of: Option<String>,
    /// At most this weighs what is missing in it.
    #[serde(default)]
    pub gate: Option<Gate>,
}

/// The first page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HomeYaml {
    /// Its heading.
    pub title: Translated,
    /// What one can do here.
    pub intro: Translated,
    /// What is shown first: `form:ID`, `guide:ID`, `video:ID`, `event:ID`.
    #[serde(default)]
    pub featured: Vec<String>,
    /// Gate of the translations.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages that were read.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

/// A topic.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicYaml {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: Translated,
    /// Gate of the translations.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages that were read.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

/// An office.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficeYaml {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: Translated,
    /// Street, number, postal code and town.
    pub address: String,
    /// When it is open.
    pub hours: Translated,
    /// Telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Address on the web.
    #[serde(default)]
    pub web: Option<String>,
    /// Gate of the translations.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages that were read.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

/// `forms/fields.yaml`: fields that several forms have, translated once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedFields {
    /// The fields by id.
    pub fields: BTreeMap<String, SharedField>,
    /// Gate of the translations.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages that were read.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

/// A field that several forms have.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedField {
    /// What is put in.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Characters that fit.
    #[serde(default)]
    pub max_length: Option<u16>,
    /// What is asked for.
    pub label: Translated,
    /// What helps to answer.
    #[serde(default)]
    pub help: Translated,
}

/// `forms/<id>/form.yaml`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormYaml {
    /// What it is called.
    pub title: Translated,
    /// Whose it is.
    pub office: String,
    /// What it is about.
    #[schemars(extend("minItems" = 1))]
    pub topics: Vec<String>,
    /// Which edition.
    pub edition: String,
    /// The form itself, beside this file.
    #[serde(default = "form_pdf")]
    pub pdf: String,
    /// The first day on which it may be handed in.
    #[schemars(with = "String", extend("format" = "date", "x-expected" = "a day such as 2026-11-25"))]
    pub valid_from: Date,
    /// The last.
    #[schemars(with = "String", extend("format" = "date", "x-expected" = "a day such as 2026-11-25"))]
    pub valid_until: Date,
    /// Sheets of paper that one print needs.
    #[schemars(extend("minimum" = 1, "maximum" = 50))]
    pub sheets: u16,
    /// What is filled in, in the order in which it is asked.
    pub fields: Vec<FieldYaml>,
    /// Gate of the translations.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages that were read.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

fn form_pdf() -> String {
    "form.pdf".to_owned()
}

/// A field of a form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldYaml {
    /// Its name in the PDF.
    pub name: String,
    /// The field of `forms/fields.yaml` from which everything comes that is not said here.
    #[serde(default)]
    pub same_as: Option<String>,
    /// What is put in.
    #[serde(default, rename = "type")]
    pub kind: Option<FieldType>,
    /// Whether something has to be.
    #[serde(default)]
    pub required: bool,
    /// Characters that fit.
    #[serde(default)]
    pub max_length: Option<u16>,
    /// What is asked for.
    #[serde(default)]
    pub label: Translated,
    /// What helps to answer.
    #[serde(default)]
    pub help: Translated,
    /// What can be chosen.
    #[serde(default)]
    pub options: Vec<OptionYaml>,
}

/// One of several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionYaml {
    /// Its value in the PDF.
    pub value: String,
    /// What it is called.
    pub label: Translated,
}

/// `guides/<id>/guide.yaml`; title and text stand in one Markdown file per language beside it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuideYaml {
    /// Whose it is, if it is one office's.
    #[serde(default)]
    pub office: Option<String>,
    /// What it is about.
    #[schemars(extend("minItems" = 1))]
    pub topics: Vec<String>,
    /// Gate of the translations.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages that were read.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

/// `videos/<id>/video.yaml`; captions stand in one WebVTT file per language beside it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VideoYaml {
    /// What it is called.
    pub title: Translated,
    /// Whose it is, if it is one office's.
    #[serde(default)]
    pub office: Option<String>,
    /// What it is about.
    #[schemars(extend("minItems" = 1))]
    pub topics: Vec<String>,
    /// The video itself, beside this file.
    #[serde(default = "video_webm")]
    pub video: String,
    /// Gate of the translations.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages that were read.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

fn video_webm() -> String {
    "video.webm".to_owned()
}

/// `events/<id>/event.yaml`; when and where stands in `event.ics` beside it, as a calendar wrote it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventYaml {
    /// What it is called.
    pub title: Translated,
    /// Whose it is, if it is one office's.
    #[serde(default)]
    pub office: Option<String>,
    /// What it is about.
    #[schemars(extend("minItems" = 1))]
    pub topics: Vec<String>,
    /// Gate of the translations.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Languages that were read.
    #[serde(default)]
    pub checked: Option<Vec<String>>,
}

impl Settings for Main {}
impl Settings for SharedFields {}
impl Settings for FormYaml {}
impl Settings for GuideYaml {}
impl Settings for VideoYaml {}
impl Settings for EventYaml {}
