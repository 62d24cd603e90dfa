//! From the model to `release.json`. Called only for a model without errors; what is absent there is
//! left out here.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::authoring::model::{Content, EventItem, Form, Guide, VideoItem, item_link};
use crate::authoring::settings::{FieldYaml, LanguageYaml, Main, OfficeYaml, Translated};
use crate::authoring::video::Video as VideoFile;
use crate::authoring::{calendar, occurrences};
use crate::check::forms::{kind_of, shared_field};
use crate::index::{
    Contact, Event, FORMAT, Field, FieldOption, FieldType, FileText, Form as IndexForm, Guide as IndexGuide,
    Home, Item, LanguageEntry, Office, Release, Series, State, Text, Texts, Topic, Video,
};

/// Says what a release has.
#[must_use]
pub(super) fn index(content: &Content, main: &Main, today: Date) -> Release {
    let strings = content.strings.iter().filter(|(code, _)| offered(main, code));
    let care = main.strings.checked.as_ref().unwrap_or(&main.checked);
    Release {
        format: FORMAT,
        day: today.to_string(),
        time_zone: calendar::ZONE.to_owned(),
        reference: main.reference.clone(),
        languages: main.languages.iter().map(language).collect(),
        strings: strings.map(|(code, s)| (code.clone(), file_text(&s.file, code, care))).collect(),
        home: home(main),
        topics: main
            .topics
            .iter()
            .map(|t| Topic { id: t.id.clone(), name: texts(main, &t.name, &t.checked) })
            .collect(),
        offices: main.offices.iter().map(|o| office(main, o)).collect(),
        forms: content.forms.iter().filter_map(|f| form(content, main, f)).collect(),
        guides: content.guides.iter().filter_map(|g| guide(main, g)).collect(),
        videos: content.videos.iter().filter_map(|v| video(main, v)).collect(),
        series: content.events.iter().filter_map(|e| series(main, e)).collect(),
        events: events(content, today),
    }
}

fn offered(main: &Main, code: &str) -> bool {
    main.languages.iter().any(|l| l.code == code)
}

fn state(code: &str, checked: &[String]) -> State {
    if checked.iter().any(|c| c == code) { State::Checked } else { State::Draft }
}

fn file_text(path: &str, code: &str, checked: &[String]) -> FileText {
    FileText { path: path.to_owned(), state: state(code, checked) }
}

/// The texts that are there. An empty one is none.
fn texts(main: &Main, texts: &Translated, checked: &Option<Vec<String>>) -> Texts {
    let checked = checked.as_ref().unwrap_or(&main.checked);
    let there = texts.iter().filter(|(_, text)| !text.trim().is_empty());
    let text = |code: &str, text: &str| Text { text: text.trim().to_owned(), state: state(code, checked) };
    there.map(|(code, words)| (code.clone(), text(code, words))).collect()
}

fn language(language: &LanguageYaml) -> LanguageEntry {
    LanguageEntry {
        code: language.code.clone(),
        name: language.name.clone(),
        direction: language.direction,
        mode_of: language.mode_of.clone(),
    }
}

fn home(main: &Main) -> Home {
    let home = &main.home;
    let featured = home.featured.iter().filter_map(|link| item_link(link));
    Home {
        title: texts(main, &home.title, &home.checked),
        intro: texts(main, &home.intro, &home.checked),
        featured: featured.map(|(kind, id)| Item { kind, id: id.to_owned() }).collect(),
    }
}

fn office(main: &Main, office: &OfficeYaml) -> Office {
    Office {
        id: office.id.clone(),
        name: texts(main, &office.name, &office.checked),
        address: office.address.clone(),
        hours: texts(main, &office.hours, &office.checked),
        contact: Contact {
            phone: office.phone.clone(),
            email: office.email.clone(),
            web: office.web.clone(),
        },
    }
}

fn form(content: &Content, main: &Main, form: &Form) -> Option<IndexForm> {
    let yaml = &form.yaml.as_ref()?.value;
    Some(IndexForm {
        id: form.id.clone(),
        edition: yaml.edition.clone(),
        title: texts(main, &yaml.title, &yaml.checked),
        office: yaml.office.clone(),
        topics: yaml.topics.clone(),
        pdf: form.pdf.as_ref()?.0.clone(),
        fields: yaml.fields.iter().filter_map(|f| field(content, main, form, f)).collect(),
        valid_from: yaml.valid_from.to_string(),
        valid_until: yaml.valid_until.to_string(),
        sheets: yaml.sheets,
    })
}

/// A field: what it says itself, and what it takes from the shared one of the same meaning.
fn field(content: &Content, main: &Main, form: &Form, field: &FieldYaml) -> Option<Field> {
    let checked = &form.yaml.as_ref()?.value.checked;
    let in_pdf = form.pdf.as_ref().and_then(|(_, read)| read.as_ref().ok()?.fields.get(&field.name));
    let shared = field.same_as.as_ref().and_then(|id| shared_field(content, id));
    let shared_checked = content.shared.as_ref().and_then(|s| s.value.checked.clone());
    let said = |own: &Translated, shared: Option<&Translated>| match shared {
        Some(shared) if own.is_empty() => texts(main, shared, &shared_checked),
        _ => texts(main, own, checked),
    };
    let options = field
        .options
        .iter()
        .map(|o| FieldOption { value: o.value.clone(), label: texts(main, &o.label, checked) });
    let kind: FieldType = kind_of(content, field)?;
    Some(Field {
        name: field.name.clone(),
        kind,
        required: field.required,
        max_length: field
            .max_length
            .or(shared.and_then(|s| s.max_length))
            .or(in_pdf.and_then(|f| f.max_length)),
        label: said(&field.label, shared.map(|s| &s.label)),
        help: said(&field.help, shared.map(|s| &s.help)),
        options: options.collect(),
    })
}

/// Where the page of a guide lies in a release.
#[must_use]
pub(super) fn page_path(guide: &str, code: &str) -> String {
    format!("guides/{guide}/{code}.html")
}

fn guide(main: &Main, guide: &Guide) -> Option<IndexGuide> {
    let yaml = &guide.yaml.as_ref()?.value;
    let checked = yaml.checked.as_ref().unwrap_or(&main.checked);
    let there = || guide.pages.iter().filter(|(code, _)| offered(main, code));
    let title = |code: &str, title: &str| Text { text: title.to_owned(), state: state(code, checked) };
    Some(IndexGuide {
        id: guide.id.clone(),
        title: there().map(|(code, page)| (code.clone(), title(code, &page.title))).collect(),
        office: yaml.office.clone(),
        topics: yaml.topics.clone(),
        pages: there()
            .map(|(code, _)| (code.clone(), file_text(&page_path(&guide.id, code), code, checked)))
            .collect(),
    })
}

fn video(main: &Main, item: &VideoItem) -> Option<Video> {
    let yaml = &item.yaml.as_ref()?.value;
    let (path, Ok(VideoFile::Matroska(file))) = item.video.as_ref()? else { return None };
    let checked = yaml.checked.as_ref().unwrap_or(&main.checked);
    let captions: BTreeMap<String, FileText> = item
        .captions
        .iter()
        .filter(|(code, _)| offered(main, code))
        .map(|(code, captions)| (code.clone(), file_text(&captions.file, code, checked)))
        .collect();
    Some(Video {
        id: item.id.clone(),
        title: texts(main, &yaml.title, &yaml.checked),
        office: yaml.office.clone(),
        topics: yaml.topics.clone(),
        path: path.clone(),
        length_ms: file.length_ms,
        captions,
    })
}

fn series(main: &Main, item: &EventItem) -> Option<Series> {
    let yaml = &item.yaml.as_ref()?.value;
    Some(Series {
        id: item.id.clone(),
        title: texts(main, &yaml.title, &yaml.checked),
        office: yaml.office.clone(),
        topics: yaml.topics.clone(),
    })
}

/// The times of all series, in the order in which they take place.
fn events(content: &Content, today: Date) -> Vec<Event> {
    let mut events: Vec<Event> = content.events.iter().flat_map(|item| times(item, today)).collect();
    // By the moment, not by its spelling: offsets differ within a year.
    let moment = |e: &Event| e.start.parse::<jiff::Timestamp>().unwrap_or_default();
    events.sort_by(|a, b| (moment(a), &a.series).cmp(&(moment(b), &b.series)));
    events
}

fn times(item: &EventItem, today: Date) -> Vec<Event> {
    let expanded =
        item.calendar.as_ref().and_then(|c| occurrences::expand(c, today).ok()).unwrap_or_default();
    let event = |at: occurrences::Occurrence| Event {
        series: item.id.clone(),
        start: at.start,
        end: at.end,
        all_day: at.all_day,
        place: at.place,
    };
    expanded.occurrences.into_iter().map(event).collect()
}
