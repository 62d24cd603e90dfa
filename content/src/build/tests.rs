//! Releases are whole or absent, the same bytes every time, and hold what the folder says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::civil::date;

use super::*;
use crate::authoring;
use crate::index::Release;
use crate::path;
use crate::testing::{TODAY, Tiny};

/// The folder of the repository.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("config/content")
}

fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let listed = authoring::files::list(folder).unwrap();
    listed.into_iter().map(|f| (f.path.clone(), fs::read(folder.join(&f.path)).unwrap())).collect()
}

fn built(folder: &Path, day: Date) -> BTreeMap<String, Vec<u8>> {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("release");
    let built = build(&authoring::read(folder).unwrap(), day, &to).unwrap();
    let files = files_in(&to);
    assert_eq!((built.files, built.bytes), (files.len(), files.values().map(|f| f.len() as u64).sum()));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1, "nothing is left beside it");
    files
}

fn release(files: &BTreeMap<String, Vec<u8>>) -> Release {
    serde_json::from_slice(&files[index::FILE]).unwrap()
}

#[test]
fn the_same_folder_and_day_give_the_same_bytes() {
    let copy = tempfile::tempdir().unwrap();
    // In another order, with other times.
    for (path, bytes) in files_in(&sample()).into_iter().rev() {
        let to = copy.path().join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }
    assert!(built(&sample(), TODAY) == built(copy.path(), TODAY), "two builds differ");
}

#[test]
fn every_file_is_named_in_the_index_or_a_page_and_every_name_is_a_file() {
    let files = built(&sample(), TODAY);
    let release = release(&files);
    let mut named: Vec<&str> = vec![index::FILE];
    named.extend(release.strings.values().map(|s| s.path.as_str()));
    named.extend(release.forms.iter().map(|f| f.pdf.as_str()));
    named.extend(release.guides.iter().flat_map(|g| g.pages.values()).map(|p| p.path.as_str()));
    named.extend(release.videos.iter().map(|v| v.path.as_str()));
    named.extend(release.videos.iter().flat_map(|v| v.captions.values()).map(|c| c.path.as_str()));
    let pages = release.guides.iter().flat_map(|g| g.pages.values());
    let pages: Vec<&str> = pages.map(|p| std::str::from_utf8(&files[&p.path]).unwrap()).collect();
    named.extend(
        pages.iter().flat_map(|html| html.split("src=\"").skip(1)).map(|s| s.split('"').next().unwrap()),
    );
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, files.keys().map(String::as_str).collect::<Vec<_>>());
    assert!(named.iter().all(|name| path::check(name).is_ok()));
}

#[test]
fn the_sample_has_what_the_offices_asked_for() {
    let release = release(&built(&sample(), TODAY));
    assert_eq!(release.languages.len(), 17, "sixteen, and plain German");
    assert_eq!((release.offices.len(), release.topics.len(), release.forms.len()), (6, 8, 6));
    assert!(release.guides.len() >= 4 && release.videos.len() == 2 && release.series.len() == 6);
    for office in &release.offices {
        assert!(release.forms.iter().any(|f| f.office == office.id), "{} has a form", office.id);
    }
    for guide in &release.guides {
        assert_eq!(guide.pages.len(), 17, "{}", guide.id);
    }
    let course: Vec<&str> =
        release.events.iter().filter(|e| e.series == "deutschkurs").map(|e| e.start.as_str()).collect();
    assert_eq!(course[0], "2026-11-30T10:00:00+01:00");
    assert!(!course.contains(&"2026-12-28T10:00:00+01:00"), "between the years there is none");
    assert!(course.contains(&"2027-04-05T10:00:00+02:00"), "in summer it is at ten as well");
}

#[test]
fn the_sample_has_no_mistakes_and_is_small() {
    let findings = check::check(&authoring::read(&sample()).unwrap(), TODAY);
    let loud: Vec<&Finding> = findings.iter().filter(|f| f.severity != Severity::Notice).collect();
    assert!(loud.is_empty(), "{loud:#?}");
    let bytes: usize = files_in(&sample()).values().map(Vec::len).sum();
    assert!(bytes < 3_000_000, "{bytes} bytes");
}

#[test]
fn a_field_takes_from_the_shared_one_what_it_does_not_say() {
    let tiny = Tiny::clean();
    let release = release(&built(tiny.path(), TODAY));
    let field = &release.forms[0].fields[0];
    assert_eq!((field.label["en"].text.as_str(), field.max_length, field.required), ("Name", Some(40), true));
}

#[test]
fn what_is_over_is_left_out_by_the_day() {
    let tiny = Tiny::clean();
    let starts =
        |day| release(&built(tiny.path(), day)).events.iter().map(|e| e.start.clone()).collect::<Vec<_>>();
    assert_eq!(starts(TODAY).len(), 4);
    assert_eq!(starts(date(2026, 12, 20)), ["2026-12-21T10:00:00+01:00"]);
}

#[test]
fn nothing_is_built_of_a_folder_with_mistakes_and_nothing_is_overwritten() {
    let tiny = Tiny::clean();
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("release");
    fs::create_dir(&to).unwrap();
    let content = authoring::read(tiny.path()).unwrap();
    assert!(matches!(build(&content, TODAY, &to), Err(BuildError::Exists(_))));
    fs::remove_dir(&to).unwrap();
    // A file that is gone between reading and writing.
    tiny.remove("strings/en.ftl");
    let error = build(&content, TODAY, &to).unwrap_err();
    assert!(error.to_string().contains("strings/en.ftl"), "{error}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0, "nothing half-made is left");
    let content = authoring::read(tiny.path()).unwrap();
    assert!(matches!(build(&content, TODAY, &to), Err(BuildError::Mistakes(found)) if found.len() == 1));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn what_a_build_left_that_was_ended_is_replaced() {
    let tiny = Tiny::clean();
    let out = tempfile::tempdir().unwrap();
    fs::create_dir_all(out.path().join(".release.half/forms")).unwrap();
    build(&authoring::read(tiny.path()).unwrap(), TODAY, &out.path().join("release")).unwrap();
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}
