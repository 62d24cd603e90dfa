//! Translations, and what `content.yaml` knows.

use super::each;
use crate::testing::Tiny;

#[test]
fn a_clean_folder_is_clean() {
    assert_eq!(Tiny::clean().findings(), []);
}

#[test]
fn names_missing_translations() {
    each(&[
        (
            "title",
            |t| t.spoil("forms/permit/form.yaml", ", en: Application", ""),
            "forms/permit/form.yaml:7: error: form:permit is missing in en: translate title",
            "missing_translation",
        ),
        (
            "blank",
            |t| t.spoil("forms/permit/form.yaml", "en: Application", "en: \" \""),
            "forms/permit/form.yaml:7: error: form:permit is missing in en",
            "",
        ),
        (
            "reference",
            |t| {
                t.spoil("content.yaml", "gate: required", "gate: warn");
                t.spoil("events/course/event.yaml", "de: Kurs, ", "");
            },
            "events/course/event.yaml:3: error: event:course is missing in de",
            "",
        ),
        (
            "warned",
            |t| {
                t.spoil(
                    "events/course/event.yaml",
                    "title: { de: Kurs, en: Course }",
                    "gate: warn\ntitle: { de: Kurs }",
                )
            },
            "events/course/event.yaml:4: warning: event:course is missing in en",
            "",
        ),
        (
            "a language that weighs less",
            |t| {
                t.spoil("content.yaml", "name: English", "name: English, gate: warn");
                t.spoil("content.yaml", "de: Arbeit, en: Work", "de: Arbeit");
            },
            "content.yaml:12: warning: topic:work is missing in en",
            "",
        ),
        (
            "page",
            |t| t.remove("guides/start/en.md"),
            "guides/start/guide.yaml:1: error: guide:start is missing in en: translate its page",
            "",
        ),
        (
            "captions",
            |t| t.remove("videos/use/en.vtt"),
            "videos/use/video.yaml:1: error: video:use is missing in en: translate its captions",
            "",
        ),
        (
            "shared field",
            |t| t.spoil("forms/fields.yaml", ", en: Name", ""),
            "forms/fields.yaml:2: error: fields is missing in en: translate fields.name.label",
            "",
        ),
        (
            "option",
            |t| t.spoil("forms/permit/form.yaml", "de: Arbeit, en: Work", "de: Arbeit"),
            "forms/permit/form.yaml:10: error: form:permit is missing in en: translate fields.1.options.0.label",
            "",
        ),
        (
            "all of an item at once",
            |t| {
                t.remove("videos/use/en.vtt");
                t.spoil("videos/use/video.yaml", ", en: How to", "");
            },
            "videos/use/video.yaml:1: error: video:use is missing in en: translate all of it",
            "",
        ),
        (
            "strings",
            |t| t.spoil("strings/en.ftl", "back = Back\n", ""),
            "strings/en.ftl: error: these words are missing: back",
            "",
        ),
        (
            "file of strings",
            |t| t.remove("strings/en.ftl"),
            "strings/en.ftl: error: the words of the page are missing in en",
            "",
        ),
    ]);
}

#[test]
fn a_draft_is_a_notice() {
    let tiny = Tiny::clean();
    tiny.spoil("guides/start/guide.yaml", "topics", "checked: [de]\ntopics");
    let said: Vec<String> = tiny.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "guides/start/guide.yaml:1: notice: guide:start has drafts that nobody has checked: en [unchecked_translation]"
        ]
    );
}

#[test]
fn names_what_content_yaml_does_not_know() {
    each(&[
        (
            "office",
            |t| t.spoil("forms/permit/form.yaml", "office: migration", "office: migratoin"),
            "forms/permit/form.yaml:1: error: unknown office \"migratoin\"",
            "unknown_office",
        ),
        (
            "topic",
            |t| t.spoil("guides/start/guide.yaml", "[work]", "[work, wrok]"),
            "guides/start/guide.yaml:1: error: unknown topic \"wrok\"",
            "unknown_topic",
        ),
        (
            "language of a text",
            |t| t.spoil("events/course/event.yaml", "de: Kurs", "de: Kurs, xx: X"),
            "events/course/event.yaml:3: error: \"xx\" is no language",
            "unknown_language",
        ),
        (
            "language of a file",
            |t| t.put("strings/xx.ftl", b"back = X\nsheets = { $n }\n"),
            "strings/xx.ftl: error: the name of this file is \"xx\"",
            "unknown_language",
        ),
        (
            "language of a check",
            |t| t.spoil("guides/start/guide.yaml", "topics", "checked: [de, en, xx]\ntopics"),
            "guides/start/guide.yaml:1: error: \"xx\" is no language",
            "",
        ),
        (
            "mode",
            |t| t.spoil("content.yaml", "name: English", "name: English, mode_of: fr"),
            "content.yaml:6: error: \"fr\" is not another language",
            "",
        ),
        (
            "key",
            |t| t.spoil("events/course/event.yaml", "topics", "offcie: a\ntopics"),
            "events/course/event.yaml:2: error: offcie: this key is not known; did you mean \"office\"?",
            "yaml",
        ),
        (
            "id twice",
            |t| t.spoil("content.yaml", "topics:\n", "topics:\n  - { id: work, name: { de: A, en: A } }\n"),
            "content.yaml:13: error: the id \"work\" is taken",
            "id_twice",
        ),
    ]);
}

#[test]
fn names_what_is_wrong_with_strings() {
    each(&[
        (
            "variable",
            |t| t.spoil("strings/en.ftl", "$n", "$count"),
            "strings/en.ftl:2: error: \"sheets\" has other variables than in de: $count here, $n there",
            "string_variables",
        ),
        (
            "unknown",
            |t| t.spoil("strings/en.ftl", "back = Back\n", "back = Back\nbakc = Back\n"),
            "strings/en.ftl:2: warning: \"bakc\" is not in de",
            "string_unknown",
        ),
        (
            "syntax",
            |t| t.spoil("strings/en.ftl", "back = Back\n", "back = Back\n\nnext { x\n\n"),
            "strings/en.ftl:3: error: this is not Fluent",
            "fluent",
        ),
    ]);
}
