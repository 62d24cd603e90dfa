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
fn the_example_of_a_prometheus_is_right() {
    needs_program!("the_example_of_a_prometheus_is_right", "promtool");
    for example in shipped("dashboards/prometheus", ".example.yml") {
        let said = run("promtool", &["check", "config", example.to_str().unwrap()]);
        assert!(said.status.success(), "{}", words(&said));
    }
}

#[test]
fn every_alert_has_a_case_that_fires_and_one_that_does_not() {
    let read = |end: &str| -> Vec<serde_json::Value> {
        let texts =
            shipped("dashboards/prometheus", end).into_iter().map(|p| std::fs::read_to_string(p).unwrap());
        texts.map(|text| serde_yaml::from_str(&text).unwrap()).collect()
    };
    let mut cases = Vec::new();
    for test in read(".test.yml").iter().flat_map(|file| file["tests"].as_array().unwrap()) {
        for case in test["alert_rule_test"].as_array().unwrap() {
            let fires = !case["exp_alerts"].as_array().unwrap().is_empty();
            cases.push((case["alertname"].as_str().unwrap().to_owned(), fires));
        }
    }
    let mut lacking = Vec::new();
    for rule in read(".rules.yml")
        .iter()
        .flat_map(|file| file["groups"].as_array().unwrap())
        .flat_map(|group| group["rules"].as_array().unwrap())
    {
        let alert = rule["alert"].as_str().unwrap();
        for fires in [true, false] {
            if !cases.contains(&(alert.to_owned(), fires)) {
                lacking
                    .push(format!("{alert} has no case that {}", if fires { "fires" } else { "does not" }));
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn rules_and_dashboards_name_only_metrics_that_there_are() {
    let told: String = ["metrics.rs", "metrics/terminals.rs"]
        .iter()
        .map(|file| std::fs::read_to_string(repository().join("controller/src").join(file)).unwrap())
        .collect();
    let mut asked = 0;
    let mut unknown = Vec::new();
    for (folder, end) in [("dashboards/prometheus", ".rules.yml"), ("dashboards/grafana", ".json")] {
        for file in shipped(folder, end) {
            let text = std::fs::read_to_string(&file).unwrap();
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for metric in words.filter(|word| word.starts_with("migrado_")) {
                asked += 1;
                if !told.contains(&format!("\"{metric}\"")) {
                    unknown.push(format!("{}: {metric}", file.display()));
                }
            }
        }
    }
    assert!(asked > 30, "only {asked} names were found");
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
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
