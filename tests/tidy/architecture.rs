//! README.md and the documents in docs/ stay true: every path, alert, finding and test that they name
//! exists.

use crate::{none, root, rust_files};

/// Ends by which a word in backticks is taken for a path of the repository.
const PATH_ENDS: [&str; 12] =
    [".rs", ".md", ".ts", ".svelte", ".yaml", ".yml", ".sh", ".toml", ".json", ".conf", ".png", "/"];

/// Documents that name files: README.md and everything in docs/.
fn documents() -> Vec<String> {
    let docs = std::fs::read_dir(root().join("docs")).expect("docs/").flatten();
    let docs = docs.map(|entry| format!("docs/{}", entry.file_name().to_string_lossy()));
    docs.filter(|name| name.ends_with(".md")).chain(["README.md".to_owned()]).collect()
}

fn read(document: &str) -> String {
    std::fs::read_to_string(root().join(document)).unwrap_or_else(|e| panic!("{document}: {e}"))
}

/// Words in blocks of commands that begin with a folder of the repository.
fn paths_in_commands(text: &str) -> Vec<String> {
    let folders = [
        "agent/",
        "config/",
        "content/",
        "controller/",
        "dashboards/",
        "deploy/",
        "docs/",
        "link/",
        "tests/",
    ];
    let blocks = text.split("```").skip(1).step_by(2);
    let words = blocks.flat_map(str::split_whitespace);
    words.filter(|word| folders.iter().any(|folder| word.starts_with(folder))).map(str::to_owned).collect()
}

/// The words of a document that name a path of the repository.
fn paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    quoted
        .chain(linked)
        .map(|word| word.split('#').next().unwrap_or(word).trim_start_matches("../").trim_start_matches("./"))
        .filter(|word| !word.contains("://") && !word.contains([' ', '*', '{', '<', '$', '~', '|']))
        .filter(|word| !word.starts_with(['/', '-', '.']) && PATH_ENDS.iter().any(|end| word.ends_with(end)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_path_that_the_documents_name_exists() {
    let mut missing = Vec::new();
    for document in documents() {
        let text = read(&document);
        for path in paths(&text).into_iter().chain(paths_in_commands(&text)) {
            let beside = root().join(&document).parent().unwrap().join(&path);
            if !root().join(&path).exists() && !beside.exists() {
                missing.push(format!("{document} names `{path}`"));
            }
        }
    }
    none("documents name what is there", &missing);
}

/// Every reason has its line, and every alert; nothing is explained that does not exist.
#[test]
fn operations_explains_every_finding_and_every_alert() {
    let text = read("docs/operations.md");
    let reasons = read("protocol/src/health.rs");
    let reasons = reasons.split("pub enum Reason {").nth(1).and_then(|rest| rest.split("\n}").next());
    let reasons = reasons.expect("protocol/src/health.rs has the reasons").lines().map(str::trim);
    let reasons = reasons.filter_map(|line| line.strip_suffix(',')).map(snake);
    let rules = read("dashboards/prometheus/migrado.rules.yml");
    let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned);
    let known: Vec<String> = reasons.chain(alerts).collect();
    assert!(known.len() > 40, "only {known:?} were found");
    let quoted = |word: &&String| text.contains(&format!("`{word}`"));
    let missing: Vec<String> = known.iter().filter(|w| !quoted(w)).cloned().collect();
    none("docs/operations.md explains every finding and alert", &missing);
    let named = text.split('`').skip(1).step_by(2).filter(|w| w.starts_with("Migrado"));
    let gone: Vec<String> = named.filter(|w| !known.iter().any(|k| k == w)).map(str::to_owned).collect();
    none("docs/operations.md explains only alerts that exist", &gone);
}

fn snake(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

/// A quoted word of at least four parts is the name of a test.
#[test]
fn every_proof_that_security_names_is_a_test() {
    let text = read("docs/security.md");
    let proofs = text.split('`').skip(1).step_by(2);
    let proofs: Vec<&str> = proofs.filter(|w| w.matches('_').count() >= 3 && !w.contains(' ')).collect();
    assert!(proofs.len() > 30, "only {proofs:?} were found");
    let sources = rust_files();
    let is_test = |name: &str| sources.iter().any(|(_, text)| text.contains(&format!("fn {name}(")));
    let missing: Vec<String> = proofs.iter().filter(|p| !is_test(p)).map(|p| (*p).to_owned()).collect();
    none("docs/security.md names tests that exist", &missing);
}

#[test]
fn the_walks_are_complete_hop_by_hop() {
    let text = read("docs/architecture.md");
    for walk in ["## The data walk", "## The control walk"] {
        let part = text.split(walk).nth(1).unwrap_or_else(|| panic!("docs/architecture.md lost \"{walk}\""));
        let part = part.split("\n## ").next().unwrap_or(part);
        let hops = paths(part).into_iter().filter(|p| p.ends_with(".rs")).count();
        assert!(hops >= 8, "{walk} names only {hops} sources");
    }
}

#[test]
fn paths_are_told_from_words() {
    let named =
        paths("see `agent/src/app.rs`, `make demo`, `t/{id}/x.rs`, [a](docs/b.md#c), `ok`, `config/`");
    assert_eq!(named, ["agent/src/app.rs", "config/", "docs/b.md"]);
    let block = "```sh\ninstall deploy/a.conf target/b -t /etc/x/\n```\nand deploy/c";
    assert_eq!(paths_in_commands(block), ["deploy/a.conf"]);
}
