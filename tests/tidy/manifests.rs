//! Who may depend on whom: `protocol <- link <- {agent, controller, migradoctl} <- tests`, and
//! `content <- migradoctl`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::{files, none, root};

/// Crates that read clocks, sockets or files; the language of the wire needs none of them.
const IO_CRATES: [&str; 14] = [
    "tokio",
    "tokio-util",
    "reqwest",
    "axum",
    "hyper",
    "rustls",
    "tokio-rustls",
    "rumqttc-next",
    "rmqtt",
    "sqlx",
    "redb",
    "ipp",
    "sysinfo",
    "tempfile",
];

/// The packages of this workspace, as cargo tells them.
fn packages() -> Vec<serde_json::Value> {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(out.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&out.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Package name to the names of the packages that its shipped code depends on.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    packages()
        .iter()
        .map(|package| {
            let needs = package["dependencies"].as_array().unwrap().iter();
            let needs = needs.filter(|d| d["kind"].is_null()).map(|d| text(&d["name"])).collect();
            (text(&package["name"]), needs)
        })
        .collect()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn agent_controller_and_migradoctl_never_depend_on_each_other() {
    let parts = ["migrado-agent", "migrado-controller", "migradoctl"];
    let all = dependencies();
    let mut wrong = Vec::new();
    for part in parts {
        let needs = all.get(part).unwrap_or_else(|| panic!("{part} is a package of this workspace"));
        for other in parts.iter().filter(|other| needs.contains(**other)) {
            wrong.push(format!("{part} depends on {other}"));
        }
    }
    none("the three programs only share protocol, link and settings", &wrong);
}

#[test]
fn the_language_of_the_wire_needs_no_input_or_output() {
    let all = dependencies();
    let needs = &all["migrado-protocol"];
    let wrong: Vec<String> = IO_CRATES.iter().filter(|c| needs.contains(**c)).map(|c| (*c).into()).collect();
    none("protocol is pure and must not depend on", &wrong);
}

#[test]
fn content_is_files_in_and_files_out() {
    let all = dependencies();
    let needs = &all["migrado-content"];
    let network = IO_CRATES.iter().filter(|c| needs.contains(**c));
    let ours = ["migrado-link", "migrado-agent", "migrado-controller"];
    let wrong: Vec<String> =
        network.chain(ours.iter().filter(|o| needs.contains(**o))).map(|c| (*c).into()).collect();
    none("content must not depend on", &wrong);
}

#[test]
fn only_the_command_line_links_the_readers_of_an_editors_folder() {
    let mut wrong = Vec::new();
    for package in packages().iter().filter(|p| p["name"] != "migradoctl" && p["name"] != "migrado-tests") {
        for need in
            package["dependencies"].as_array().unwrap().iter().filter(|d| d["name"] == "migrado-content")
        {
            let features = need["features"].as_array().unwrap();
            if features.iter().any(|f| f == "authoring") {
                wrong.push(format!("{} turns on authoring", text(&package["name"])));
            }
        }
    }
    none("a display links the types of a release and nothing else", &wrong);
}

#[test]
fn only_the_link_knows_the_mqtt_client_and_only_the_controller_the_broker_and_the_store() {
    let owners = [
        ("rumqttc-next", vec!["migrado-link"]),
        ("rmqtt", vec!["migrado-controller"]),
        ("sqlx", vec!["migrado-controller"]),
        ("redb", vec!["migrado-agent"]),
        ("sysinfo", vec!["migrado-agent"]),
        ("lopdf", vec!["migrado-content"]),
        ("matroska-demuxer", vec!["migrado-content"]),
        ("rrule", vec!["migrado-content"]),
        ("zstd", vec!["migrado-content"]),
        ("fastcdc", vec!["migrado-content"]),
    ];
    let mut wrong = Vec::new();
    for (package, needs) in dependencies() {
        // The bench compares with floors built on the bare parts.
        if package == "migrado-bench" {
            continue;
        }
        for (dependency, owners) in &owners {
            if needs.contains(*dependency) && !owners.contains(&package.as_str()) {
                wrong.push(format!("{package} depends on {dependency}, which belongs to {owners:?}"));
            }
        }
    }
    none("a part has one user", &wrong);
}

#[test]
fn every_test_target_is_run() {
    let steps = std::fs::read_to_string(root().join("tests/run.sh")).unwrap();
    let words: Vec<&str> = steps.split([' ', ';', '\n']).collect();
    let mut wrong = Vec::new();
    for package in packages() {
        for target in package["targets"].as_array().unwrap() {
            let is_test = target["kind"].as_array().unwrap().iter().any(|kind| kind == "test");
            let name = text(&target["name"]);
            if is_test && !words.windows(2).any(|two| two == ["--test", name.as_str()]) {
                wrong.push(format!("{} of {} is named nowhere", name, text(&package["name"])));
            }
        }
    }
    none("tests/run.sh runs every test target", &wrong);
}

#[test]
fn every_decision_on_a_crate_names_one_that_is_there() {
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut wrong = Vec::new();
    for name in files().into_iter().filter(|n| n.starts_with("docs/decisions/")) {
        let decision = std::fs::read_to_string(root().join(&name)).unwrap();
        let crates = decision.lines().filter_map(|l| l.strip_prefix("Crates: ")).flat_map(|l| l.split(", "));
        for named in crates.map(|c| c.trim_matches(['`', '.', ' '])) {
            let there = workspace.lines().any(|line| line.split([' ', '=']).next() == Some(named));
            if !there {
                wrong.push(format!("{name}: `{named}` is not in Cargo.toml"));
            }
        }
    }
    none("decisions are true", &wrong);
}
