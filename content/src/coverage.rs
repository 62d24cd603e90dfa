//! How far each thing of a release is in each language, read from its index: what the console shows
//! of a release that is published. What an editor's folder lacks is told by `check`, before that.

use serde::Serialize;

use crate::index::{FileText, ItemKind, Release, State, Text, Texts};

/// How far a thing is in a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Something of it is not there.
    Missing,
    /// It is there, and nobody has checked all of it.
    Draft,
    /// It is there, and somebody has.
    Checked,
}

/// What is translated as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its kind, as in links: `form`; `home` and `strings` are there once.
    pub kind: &'static str,
    /// Its id; the kind again where there is one only.
    pub id: String,
    /// What it is called in the language of reference.
    pub title: Option<String>,
    /// How far it is, in the order of the languages.
    pub cells: Vec<Cell>,
}

/// A text in every language that has it.
struct Slot<'r>(Vec<(&'r str, State)>);

impl<'r> Slot<'r> {
    fn of(texts: &'r Texts) -> Self {
        Self(texts.iter().map(|(language, Text { state, .. })| (language.as_str(), *state)).collect())
    }

    fn files(files: &'r std::collections::BTreeMap<String, FileText>) -> Self {
        Self(files.iter().map(|(language, FileText { state, .. })| (language.as_str(), *state)).collect())
    }

    fn cell(&self, language: &str) -> Cell {
        match self.0.iter().find(|(of, _)| *of == language) {
            None => Cell::Missing,
            Some((_, State::Draft)) => Cell::Draft,
            Some((_, State::Checked)) => Cell::Checked,
        }
    }
}

/// The matrix of a release: a row for each thing, a cell for each of its languages.
#[must_use]
pub fn matrix(release: &Release) -> Vec<Row> {
    let row = |kind: &'static str, id: &str, title: Option<&Texts>, slots: &[Slot<'_>]| {
        let cell = |language: &str| slots.iter().map(|slot| slot.cell(language)).min();
        let cells = release.languages.iter().map(|l| cell(&l.code).unwrap_or(Cell::Checked));
        let title = title.and_then(|texts| texts.get(&release.reference)).map(|text| text.text.clone());
        Row { kind, id: id.to_owned(), title, cells: cells.collect() }
    };
    let kind = |kind: ItemKind| ItemKind::WORDS.iter().find(|(of, _)| *of == kind).map_or("", |(_, w)| w);
    let home = &release.home;
    let mut rows = vec![
        row("home", "home", Some(&home.title), &[Slot::of(&home.title), Slot::of(&home.intro)]),
        row("strings", "strings", None, &[Slot::files(&release.strings)]),
    ];
    for topic in &release.topics {
        rows.push(row(kind(ItemKind::Topic), &topic.id, Some(&topic.name), &[Slot::of(&topic.name)]));
    }
    for office in &release.offices {
        let slots = [Slot::of(&office.name), Slot::of(&office.hours)];
        rows.push(row(kind(ItemKind::Office), &office.id, Some(&office.name), &slots));
    }
    for form in &release.forms {
        let mut slots = vec![Slot::of(&form.title)];
        for field in &form.fields {
            slots.push(Slot::of(&field.label));
            slots.extend(Some(&field.help).filter(|help| !help.is_empty()).map(Slot::of));
            slots.extend(field.options.iter().map(|option| Slot::of(&option.label)));
        }
        rows.push(row(kind(ItemKind::Form), &form.id, Some(&form.title), &slots));
    }
    for guide in &release.guides {
        let slots = [Slot::of(&guide.title), Slot::files(&guide.pages)];
        rows.push(row(kind(ItemKind::Guide), &guide.id, Some(&guide.title), &slots));
    }
    for video in &release.videos {
        let slots = [Slot::of(&video.title), Slot::files(&video.captions)];
        rows.push(row(kind(ItemKind::Video), &video.id, Some(&video.title), &slots));
    }
    for series in &release.series {
        rows.push(row(kind(ItemKind::Event), &series.id, Some(&series.title), &[Slot::of(&series.title)]));
    }
    rows
}

#[cfg(test)]
#[cfg(feature = "authoring")]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::authoring;
    use crate::build::build;
    use crate::testing::Tiny;

    fn built(tiny: &Tiny) -> Release {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().join("release");
        build(&authoring::read(tiny.path()).unwrap(), date(2026, 11, 25), &folder).unwrap();
        serde_json::from_slice(&std::fs::read(folder.join(crate::index::FILE)).unwrap()).unwrap()
    }

    #[test]
    fn says_of_a_built_release_what_the_check_said_of_its_folder() {
        let tiny = Tiny::clean();
        tiny.spoil("events/course/event.yaml", "topics", "checked: [de]\ntopics");
        let release = built(&tiny);
        let of_folder = crate::check::matrix::matrix(&authoring::read(tiny.path()).unwrap());
        let rows = matrix(&release);
        for row in rows.iter().filter(|row| !["home", "strings", "form"].contains(&row.kind)) {
            let name = format!("{}:{}", row.kind, row.id);
            let checked = of_folder.items.iter().find(|item| item.item == name).unwrap();
            let words = |cell: &crate::check::matrix::Cell| serde_json::to_value(cell).unwrap();
            let theirs: Vec<_> = checked.states.iter().map(words).collect();
            let ours: Vec<_> = row.cells.iter().map(|cell| serde_json::to_value(cell).unwrap()).collect();
            assert_eq!(ours, theirs, "{name}");
        }
        let course = rows.iter().find(|row| row.kind == "event").unwrap();
        assert_eq!(course.cells, [Cell::Checked, Cell::Draft]);
        assert!(course.title.is_some());
    }

    #[test]
    fn a_thing_is_as_far_as_the_least_of_its_texts() {
        let mut release = built(&Tiny::clean());
        let cells = |release: &Release, kind: &str| {
            matrix(release).into_iter().find(|row| row.kind == kind).unwrap().cells
        };
        assert_eq!(cells(&release, "form"), [Cell::Checked, Cell::Checked]);
        release.forms[0].fields[0].label.get_mut("en").unwrap().state = State::Draft;
        assert_eq!(cells(&release, "form"), [Cell::Checked, Cell::Draft]);
        release.forms[0].title.remove("en");
        assert_eq!(cells(&release, "form"), [Cell::Checked, Cell::Missing]);
        release.guides[0].pages.remove("en");
        assert_eq!(cells(&release, "guide"), [Cell::Checked, Cell::Missing]);
    }
}
