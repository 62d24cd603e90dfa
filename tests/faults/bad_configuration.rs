//! A bad configuration: every mistake at once with line and column, before any socket opens.

use std::path::Path;
use std::process::{Command, Output};

use migrado_tests::programs;

/// The exit code that tells systemd not to try again.
const EXIT_CONFIG: i32 = 64;

fn check(program: &str, text: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yaml");
    std::fs::write(&file, text).unwrap();
    call(program, "--check-config", &file)
}

fn call(program: &str, verb: &str, file: &Path) -> Output {
    Command::new(programs::ours(program)).arg(verb).arg("--config").arg(file).output().unwrap()
}

#[test]
fn the_agent_names_all_mistakes_of_a_file_at_once() {
    let said =
        check("migrado-agent", "kisok: {}\nprinters:\n  - { name: main, uri: \"http://x\" }\nlog: loud\n");
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(EXIT_CONFIG), "{words}");
    for expected in ["kisok", "line 1", "log", "line 4"] {
        assert!(words.contains(expected), "{expected} is missing in:\n{words}");
    }
}

#[test]
fn an_agent_that_is_to_run_says_the_same_and_ends_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent.yaml");
    std::fs::write(&file, "sensors: { timeout_s: 61 }\nlog: loud\n").unwrap();
    let (checked, run) =
        (call("migrado-agent", "--check-config", &file), call("migrado-agent", "run", &file));
    assert_eq!(run.status.code(), Some(EXIT_CONFIG));
    let words = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(words.contains("line 1, column 23: sensors.timeout_s: "), "{words}");
    assert_eq!(words, String::from_utf8_lossy(&checked.stderr));

    let none = call("migrado-agent", "run", &dir.path().join("none.yaml"));
    assert_eq!(none.status.code(), Some(EXIT_CONFIG));
    assert!(String::from_utf8_lossy(&none.stderr).contains("none.yaml"));
}

#[test]
fn the_agent_takes_the_example_that_is_shipped() {
    let example = std::fs::read_to_string(programs::repository().join("config/agent.yaml")).unwrap();
    let said = check("migrado-agent", &example);
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn the_controller_names_all_mistakes_of_a_file_at_once() {
    let text = "public_host: a\nconsole: { listen: nowhere }\nmqtt: { listen: \"1:2\" }\nsties: []\n\
                sites: [{ id: A, name: a }]\nterminals:\n  - { id: controller, site: x, label: a }\n  \
                - { id: B, site: x, label: b }\n";
    let said = check("migrado-controller", text);
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(EXIT_CONFIG), "{words}");
    let expected = [
        "line 2, column 20: console.listen: ",
        "line 3, column 17: mqtt.listen: ",
        "line 4, column 1: sties: ",
        "line 5, column 15: sites[0].id: ",
        "line 7, column 11: terminals[0].id: ",
        "line 7, column 29: terminals[0].site: ",
        "line 8, column 11: terminals[1].id: ",
        "line 8, column 20: terminals[1].site: ",
    ];
    assert_eq!(words.lines().count(), expected.len(), "{words}");
    for (line, expected) in words.lines().zip(expected) {
        assert!(line.contains(expected), "{expected} is missing in:\n{line}");
    }
}

#[test]
fn the_controller_takes_the_example_that_is_shipped() {
    let example = std::fs::read_to_string(programs::repository().join("config/controller.yaml")).unwrap();
    let said = check("migrado-controller", &example);
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
}
