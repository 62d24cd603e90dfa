//! Files that were damaged anywhere give findings, never a panic: bytes of the sample are flipped, cut
//! off and doubled.

use jiff::civil::date;
use proptest::prelude::*;

use super::{calendar, captions, fluent, markdown, occurrences, pdf, picture, video};
use crate::testing::sample;

/// Something that happens to a file.
#[derive(Debug, Clone)]
enum Damage {
    Flip(usize, u8),
    Cut(usize),
    Double(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<usize>(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        1 => any::<usize>().prop_map(Damage::Cut),
        1 => (any::<usize>(), 1..400_usize).prop_map(|(at, length)| Damage::Double(at, length)),
    ]
}

fn damaged(mut bytes: Vec<u8>, all: &[Damage]) -> Vec<u8> {
    for damage in all {
        let length = bytes.len().max(1);
        match damage {
            Damage::Flip(at, bits) => bytes.iter_mut().skip(at % length).take(1).for_each(|b| *b ^= bits),
            Damage::Cut(at) => bytes.truncate(at % length),
            Damage::Double(at, count) => {
                let at = (at % length).min(bytes.len());
                let part = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_pdf_is_read_or_refused(all in prop::collection::vec(damage(), 1..6)) {
        let bytes = damaged(sample("forms/kita-anmelden/form.pdf"), &all);
        // The reader of PDFs is not ours: what it panics over is caught where it is called.
super::guarded(|| pdf::read(&bytes)).ok();
    }

    #[test]
    fn a_damaged_video_is_read_or_refused(all in prop::collection::vec(damage(), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("video.webm");
        std::fs::write(&path, damaged(sample("videos/formular-drucken/video.webm"), &all)).unwrap();
        super::guarded(|| video::read(&path)).ok();
    }

    #[test]
    fn damaged_texts_are_read_or_refused(all in prop::collection::vec(damage(), 1..8)) {
        let text = |path: &str| String::from_utf8_lossy(&damaged(sample(path), &all)).into_owned();
        let calendar = calendar::read("event.ics", &text("events/deutschkurs/event.ics"));
        occurrences::expand(&calendar, date(2026, 11, 25)).ok();
        let captions = captions::read("de.vtt", &text("videos/anzeige-bedienen/de.vtt"));
        let strings = fluent::read("de.ftl", &text("strings/de.ftl"));
        let page = markdown::read("de.md", text("guides/erste-schritte/de.md"));
        picture::read("haus.svg", &damaged(sample("guides/erste-schritte/haus.svg"), &all)).ok();
        // Whatever is said of a file is said of one of its lines.
        let lines = |path: &str| 1 + text(path).bytes().filter(|b| *b == b'\n').count();
        prop_assert!(calendar.wrong.iter().all(|(n, _)| *n <= lines("events/deutschkurs/event.ics")));
        prop_assert!(captions.wrong.iter().all(|(n, _)| *n <= lines("videos/anzeige-bedienen/de.vtt")));
        prop_assert!(strings.wrong.iter().all(|(n, _)| *n <= lines("strings/de.ftl")));
        prop_assert!(page.links.iter().all(|(n, _)| *n <= lines("guides/erste-schritte/de.md")));
    }
}

#[test]
fn what_panics_is_said_of_the_file() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let said = super::guarded(|| -> Result<(), String> { panic!("a reader of other people's") });
    std::panic::set_hook(hook);
    assert_eq!(said, Err("the file is broken in a way that nobody can read".to_owned()));
}
