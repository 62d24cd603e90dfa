//! Content on the command line: the sample of the repository is checked and built by the real program,
//! and its exit codes say what came of it. No controller is asked.

use std::path::Path;
use std::process::{Command, Output};

use migrado_tests::programs;
use serde_json::Value;

fn ctl(words: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(programs::ours("migradoctl"));
    command.args(words).current_dir(folder).env_remove("MIGRADO_URL").output().expect("migradoctl runs")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn the_sample_is_checked_where_it_lies_and_built_twice_the_same() {
    let checked = ctl(&["content", "check", "--today", "2026-11-25", "--json"], root());
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let said: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((&said["errors"], &said["warnings"]), (&0.into(), &0.into()), "{said}");

    let matrix = ctl(&["content", "check", "--matrix", "-o", "json"], root());
    let said: Value = serde_json::from_slice(&matrix.stdout).unwrap();
    assert_eq!(said["languages"].as_array().map(Vec::len), Some(17), "{said}");
    assert!(said["items"].as_array().unwrap().iter().all(|i| i["states"][0] == "checked"), "{said}");

    let out = tempfile::tempdir().unwrap();
    let mut built = Vec::new();
    for name in ["one", "two"] {
        let to = out.path().join(name);
        let words = ["content", "build", "config/content", to.to_str().unwrap(), "--today", "2026-11-25"];
        let output = ctl(&words, root());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        built.push(std::fs::read(to.join("release.json")).unwrap());
    }
    assert!(built[0] == built[1]);
    let again =
        ctl(&["content", "build", "config/content", out.path().join("one").to_str().unwrap()], root());
    assert_eq!(again.status.code(), Some(5), "what is there is not overwritten: {again:?}");
}

#[test]
fn mistakes_are_told_with_file_and_line_and_end_with_one() {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("config/content"), folder.path());
    let page = folder.path().join("guides/wohnung-suchen/de.md");
    let text = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&page, text.replace("(form:wohnberechtigungsschein)", "(form:wbs)")).unwrap();
    let line = 1 + text.lines().position(|l| l.contains("(form:wohnberechtigungsschein)")).unwrap();

    // Without a folder it is the one in which one stands.
    let checked = ctl(&["content", "check", "--today", "2026-11-25"], folder.path());
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    let said = String::from_utf8(checked.stdout).unwrap();
    let begin = format!("guides/wohnung-suchen/de.md:{line}\terror\tdead_link\t");
    assert!(said.lines().count() == 1 && said.starts_with(&begin), "{said}");

    let out = folder.path().join("out");
    let built =
        ctl(&["content", "build", ".", out.to_str().unwrap(), "--today", "2026-11-25"], folder.path());
    assert_eq!(built.status.code(), Some(1), "{built:?}");
    assert!(!out.exists());

    let nowhere = ctl(&["content", "check", "nowhere"], folder.path());
    assert_eq!(nowhere.status.code(), Some(3), "{nowhere:?}");
    let day = ctl(&["content", "check", "--today", "soon"], folder.path());
    assert_eq!(day.status.code(), Some(2), "{day:?}");
}
