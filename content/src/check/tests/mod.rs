//! Each mistake alone is found with its file and line; a clean folder is clean; all mistakes come at
//! once.

mod files;
mod forms;
mod media;
mod translations;

use crate::testing::Tiny;

/// What is done to a clean folder, and the beginning of the one line that must come of it.
type Case = (&'static str, fn(&Tiny), &'static str, &'static str);

fn each(cases: &[Case]) {
    for (name, spoil, begins, has) in cases {
        let tiny = Tiny::clean();
        spoil(&tiny);
        let said = tiny.said();
        let right = said.len() == 1 && said[0].starts_with(begins) && said[0].contains(has);
        assert!(right, "{name}: expected one finding {begins} ... {has}, got {said:#?}");
    }
}

#[test]
fn names_all_mistakes_at_once_sorted_by_file_and_line() {
    let tiny = Tiny::clean();
    tiny.spoil("content.yaml", "de: Arbeit, en: Work", "de: Arbeit");
    tiny.spoil("content.yaml", "form:permit", "guide:nowhere");
    tiny.spoil("forms/permit/form.yaml", "office: migration", "office: migratoin");
    tiny.spoil("forms/permit/form.yaml", "2027-12-31", "2026-11-24");
    tiny.spoil("forms/permit/form.yaml", "name: familienname", "name: nachname");
    tiny.spoil("guides/start/en.md", "form:permit", "form:premit");
    tiny.spoil("guides/start/guide.yaml", "topics", "topcis");
    tiny.spoil("strings/en.ftl", "$n", "$count");
    tiny.spoil("events/course/event.ics", "FREQ=WEEKLY", "FREQ=OFTEN");
    tiny.put("videos/use/video.webm", b"hello, this is no video");
    let places: Vec<String> = tiny
        .findings()
        .iter()
        .filter(|f| f.severity == crate::finding::Severity::Error)
        .map(|f| format!("{} {}", f.at(), f.code))
        .collect();
    assert_eq!(
        places,
        [
            "content.yaml:10 dead_link",
            "content.yaml:12 missing_translation",
            "events/course/event.ics:6 calendar",
            "forms/permit/form.yaml:1 unknown_office",
            "forms/permit/form.yaml:5 edition_expired",
            "forms/permit/form.yaml:9 field_not_in_pdf",
            "guides/start/en.md:5 dead_link",
            "guides/start/guide.yaml:1 yaml",
            "guides/start/guide.yaml:1 yaml",
            "strings/en.ftl:2 string_variables",
            "videos/use/video.webm video_unplayable",
        ]
    );
}
