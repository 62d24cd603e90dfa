//! Repository rules that no lint can hold. A rule stands here, in clippy.toml or in the workspace
//! lints; else it is not a rule. Lists of exemptions only shrink: an entry that is no longer needed
//! fails the test as well.

#![allow(clippy::unwrap_used, reason = "a surprise in a test is a failed test")]

mod architecture;
mod budgets;
mod manifests;
mod sources;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file of the repository as git sees it: tracked, or new and not ignored.
fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    names.split('\0').filter(|n| !n.is_empty() && root().join(n).is_file()).map(str::to_owned).collect()
}

/// Every Rust source with its text.
fn rust_files() -> Vec<(String, String)> {
    files()
        .into_iter()
        .filter(|name| name.ends_with(".rs"))
        .map(|name| {
            let text = std::fs::read_to_string(root().join(&name)).expect("sources are UTF-8");
            (name, text)
        })
        .collect()
}

/// The part of a source that is shipped: everything before its `#[cfg(test)]` module.
fn shipped(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| text.get(..at).unwrap_or(text))
}

/// Whether a source exists only for tests.
fn is_test_source(name: &str) -> bool {
    name.starts_with("tests/")
        || name.contains("/tests/")
        || name.ends_with("/tests.rs")
        || name.ends_with("_tests.rs")
        || name.ends_with("/testing.rs")
}

/// Fails with every finding at once.
fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}\n", findings.join("\n  "));
}
