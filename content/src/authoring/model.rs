//! A content folder as it was read. Every value knows its file and line; what could not be read is
//! absent, and why stands with the mistakes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::authoring::calendar::Calendar;
use crate::authoring::captions::Captions;
use crate::authoring::files::FileEntry;
use crate::authoring::fluent::Strings;
use crate::authoring::markdown::Page;
use crate::authoring::pdf::Pdf;
use crate::authoring::picture::Picture;
use crate::authoring::settings::{EventYaml, FormYaml, GuideYaml, Main, SharedFields, VideoYaml};
use crate::authoring::video::Video;
use crate::authoring::yaml::Yaml;
use crate::finding::Finding;
use crate::index::{ItemKind, Language};

/// A content folder.
#[derive(Debug)]
pub struct Content {
    /// Where it is.
    pub root: PathBuf,
    /// Its files.
    pub files: Vec<FileEntry>,
    /// `content.yaml`
    pub main: Option<Yaml<Main>>,
    /// `forms/fields.yaml`
    pub shared: Option<Yaml<SharedFields>>,
    /// `forms/`
    pub forms: Vec<Form>,
    /// `guides/`
    pub guides: Vec<Guide>,
    /// `videos/`
    pub videos: Vec<VideoItem>,
    /// `events/`
    pub events: Vec<EventItem>,
    /// `strings/`
    pub strings: BTreeMap<Language, Strings>,
    /// What could not be read.
    pub mistakes: Vec<Finding>,
    /// Files that something here uses.
    pub used: BTreeSet<String>,
}

/// A form.
#[derive(Debug)]
pub struct Form {
    /// The name of its folder.
    pub id: String,
    /// What is said of it.
    pub yaml: Option<Yaml<FormYaml>>,
    /// The form itself; absent when there is no such file, or it is too large.
    pub pdf: Option<(String, Result<Pdf, String>)>,
}

/// A guide.
#[derive(Debug)]
pub struct Guide {
    /// The name of its folder.
    pub id: String,
    /// What is said of it.
    pub yaml: Option<Yaml<GuideYaml>>,
    /// Its pages.
    pub pages: BTreeMap<Language, Page>,
    /// Its pictures, by path relative to the content folder, with what is wrong by line.
    pub pictures: BTreeMap<String, Result<Picture, (usize, String)>>,
}

/// A video.
#[derive(Debug)]
pub struct VideoItem {
    /// The name of its folder.
    pub id: String,
    /// What is said of it.
    pub yaml: Option<Yaml<VideoYaml>>,
    /// The video itself; absent when there is no such file, or it is too large.
    pub video: Option<(String, Result<Video, String>)>,
    /// Its captions.
    pub captions: BTreeMap<Language, Captions>,
}

/// An event.
#[derive(Debug)]
pub struct EventItem {
    /// The name of its folder.
    pub id: String,
    /// What is said of it.
    pub yaml: Option<Yaml<EventYaml>>,
    /// When it takes place.
    pub calendar: Option<Calendar>,
}

impl Content {
    /// A file, by its path relative to the content folder.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&FileEntry> {
        self.files.binary_search_by(|f| f.path.as_str().cmp(path)).ok().and_then(|at| self.files.get(at))
    }

    /// The languages on offer, in order.
    #[must_use]
    pub fn languages(&self) -> Vec<&str> {
        self.main.iter().flat_map(|m| &m.value.languages).map(|l| l.code.as_str()).collect()
    }

    /// Whether something can be linked to. Also what has mistakes of its own counts: they are told
    /// where they are.
    #[must_use]
    pub fn has(&self, kind: ItemKind, id: &str) -> bool {
        let main = self.main.as_ref().map(|m| &m.value);
        match kind {
            ItemKind::Form => self.forms.iter().any(|f| f.id == id),
            ItemKind::Guide => self.guides.iter().any(|g| g.id == id),
            ItemKind::Video => self.videos.iter().any(|v| v.id == id),
            ItemKind::Event => self.events.iter().any(|e| e.id == id),
            ItemKind::Office => main.is_none_or(|m| m.offices.iter().any(|o| o.id == id)),
            ItemKind::Topic => main.is_none_or(|m| m.topics.iter().any(|t| t.id == id)),
        }
    }
}

/// `form:permit` as kind and id; `None` when it is no link to something of the release.
#[must_use]
pub fn item_link(link: &str) -> Option<(ItemKind, &str)> {
    let (word, id) = link.split_once(':')?;
    ItemKind::WORDS.iter().find(|(_, w)| *w == word).map(|(kind, _)| (*kind, id))
}
