//! docs/architecture.md and README.md stay true: every path that they name exists.

use crate::{none, root};

/// Documents that name files.
const DOCUMENTS: [&str; 2] = ["docs/architecture.md", "README.md"];
/// Ends by which a word in backticks is taken for a path of the repository.
const PATH_ENDS: [&str; 12] =
    [".rs", ".md", ".ts", ".svelte", ".yaml", ".yml", ".sh", ".toml", ".json", ".conf", ".png", "/"];

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
    for document in DOCUMENTS {
        let text =
            std::fs::read_to_string(root().join(document)).unwrap_or_else(|e| panic!("{document}: {e}"));
        for path in paths(&text) {
            let beside = root().join(document).parent().unwrap().join(&path);
            if !root().join(&path).exists() && !beside.exists() {
                missing.push(format!("{document} names `{path}`"));
            }
        }
    }
    none("documents name what is there", &missing);
}

#[test]
fn the_walks_are_complete_hop_by_hop() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
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
}
