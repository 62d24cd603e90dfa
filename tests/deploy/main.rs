//! What is shipped besides the programs is right: units, alerting rules, dashboards, broker
//! configuration, examples.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

mod broker;
mod polkit;

use std::path::PathBuf;
use std::process::{Command, Output};

use migrado_tests::programs::repository;
use migrado_tests::{needs_program, programs};

/// `systemd-analyze security` calls 0 to 10; below this a service is well closed.
const EXPOSURE_MAX: f64 = 3.0;

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(programs::find(program).unwrap()).args(arguments).current_dir(repository()).output().unwrap()
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn shipped(folder: &str, end: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join(folder)).unwrap();
    let found: Vec<PathBuf> =
        entries.map(|e| e.unwrap().path()).filter(|p| p.to_str().unwrap().ends_with(end)).collect();
    assert!(!found.is_empty(), "{folder} holds no {end}");
    found
}

#[test]
fn units_are_well_formed() {
    needs_program!("units_are_well_formed", "systemd-analyze");
    // The programs they start are not installed here: copies point to one that is.
    let dir = tempfile::tempdir().unwrap();
    for unit in shipped("deploy/systemd", ".service") {
        let text = std::fs::read_to_string(&unit).unwrap();
        let text = text
            .replace("/usr/bin/migrado-agent", "/bin/true")
            .replace("/usr/bin/migrado-controller", "/bin/true");
        let copy = dir.path().join(unit.file_name().unwrap());
        std::fs::write(&copy, text).unwrap();
        let said = run("systemd-analyze", &["verify", "--man=no", copy.to_str().unwrap()]);
        let about_us: Vec<String> =
            words(&said).lines().filter(|l| l.contains("migrado")).map(str::to_owned).collect();
        assert!(about_us.is_empty(), "{}:\n{}", unit.display(), about_us.join("\n"));
    }
}

#[test]
fn services_are_well_closed() {
    needs_program!("services_are_well_closed", "systemd-analyze");
    for unit in shipped("deploy/systemd", ".service") {
        let said =
            run("systemd-analyze", &["security", "--offline=yes", "--no-pager", unit.to_str().unwrap()]);
        let text = words(&said);
        let line =
            text.lines().find(|l| l.contains("Overall exposure level")).unwrap_or_else(|| panic!("{text}"));
        let exposure: f64 =
            line.split(": ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
        assert!(exposure < EXPOSURE_MAX, "{}: {line}", unit.display());
    }
}

#[test]
fn alerting_rules_do_what_their_tests_say() {
    needs_program!("alerting_rules_do_what_their_tests_say", "promtool");
    for test in shipped("dashboards/prometheus", ".test.yml") {
        let said = run("promtool", &["test", "rules", test.to_str().unwrap()]);
        assert!(said.status.success(), "{}", words(&said));
    }
    for rules in shipped("dashboards/prometheus", ".rules.yml") {
        let said = run("promtool", &["check", "rules", rules.to_str().unwrap()]);
        assert!(said.status.success(), "{}", words(&said));
    }
}

#[test]
fn dashboards_leave_the_data_source_to_whoever_imports_them() {
    for file in shipped("dashboards/grafana", ".json") {
        let text = std::fs::read_to_string(&file).unwrap();
        let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut uids = Vec::new();
        data_sources(&dashboard, &mut uids);
        assert!(!uids.is_empty(), "{} names no data source", file.display());
        for uid in uids {
            let free = uid.starts_with("${") || uid == "-- Grafana --" || uid == "grafana";
            assert!(free, "{} is bound to the data source {uid}", file.display());
        }
    }
}

fn data_sources(value: &serde_json::Value, uids: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                if name == "datasource"
                    && let Some(uid) = value["uid"].as_str()
                {
                    uids.push(uid.to_owned());
                }
                data_sources(value, uids);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| data_sources(item, uids)),
        _ => {}
    }
}

#[test]
fn the_prerequisites_are_a_script_that_any_shell_reads() {
    let said = run("sh", &["-n", "deploy/dev/prerequisites.sh"]);
    assert!(said.status.success(), "{}", words(&said));
}
