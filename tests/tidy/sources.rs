//! What a Rust source must have, and what belongs into one place only.

use crate::{files, is_test_source, none, root, rust_files, shipped};

/// Bytes of the largest file that belongs into a repository.
const FILE_BYTES_MAX: u64 = 500_000;

/// A spelling and the files that may use it. The reason stands in the message.
struct OnePlace {
    spelled: &'static [&'static str],
    /// Folders in which the rule holds.
    within: &'static [&'static str],
    /// Ends of the file names that are the one place.
    only_in: &'static [&'static str],
    why: &'static str,
}

const ONE_PLACE: [OnePlace; 6] = [
    OnePlace {
        spelled: &["migrado/v1"],
        within: &["link/", "agent/", "controller/", "config/", "protocol/"],
        only_in: &["protocol/src/topic.rs"],
        why: "topics are built and read by protocol::topic::Topic",
    },
    OnePlace {
        spelled: &["SystemTime::now", "Timestamp::now(", "Zoned::now(", "Utc::now("],
        within: &["link/", "agent/", "content/", "controller/src/", "protocol/"],
        only_in: &["platform/clock.rs", "controller/src/clock.rs"],
        why: "time is an argument; the clock is read in one place",
    },
    OnePlace {
        spelled: &["tokio::spawn(", "task::spawn(", ".spawn_local("],
        within: &["link/", "agent/", "controller/src/"],
        only_in: &["/tasks.rs"],
        why: "every task has a name, an owner and an end",
    },
    OnePlace {
        spelled: &["fs::write("],
        within: &["link/", "agent/", "controller/src/"],
        only_in: &["platform/disk.rs", "controller/src/disk.rs", "controller/src/files.rs"],
        why: "durability has one implementation: temporary file, fsync, rename, fsync of the folder",
    },
    OnePlace {
        spelled: &["env::var(", "env::var_os(", "env::vars("],
        within: &["link/", "agent/", "content/", "controller/src/"],
        only_in: &["/config.rs", "/build.rs"],
        why: "the environment is read once",
    },
    OnePlace {
        spelled: &["process::exit("],
        within: &["link/", "agent/", "controller/src/"],
        only_in: &["/main.rs", "/app.rs"],
        why: "a process ends in one place, after everything was put down",
    },
];

#[test]
fn every_source_introduces_itself() {
    let silent: Vec<String> = rust_files()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!") && text.lines().count() > 3)
        .map(|(name, _)| name)
        .collect();
    none("the first line of a source is `//!`: what it is for, and what not", &silent);
}

#[test]
fn what_belongs_into_one_place_is_nowhere_else() {
    let mut wrong = Vec::new();
    for (name, text) in rust_files() {
        if is_test_source(&name) {
            continue;
        }
        for rule in &ONE_PLACE {
            let applies = rule.within.iter().any(|folder| name.starts_with(folder))
                && !rule.only_in.iter().any(|end| name.ends_with(end));
            if !applies {
                continue;
            }
            for (n, line) in shipped(&text).lines().enumerate() {
                let code = line.trim_start();
                if !code.starts_with("//") && rule.spelled.iter().any(|s| code.contains(s)) {
                    wrong.push(format!("{name}:{}: {code}\n      ({})", n + 1, rule.why));
                }
            }
        }
    }
    none("one thing, one place", &wrong);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X:"].concat()];
    let macros = [["todo", "!("].concat(), ["unimplemented", "!("].concat()];
    let ours = |name: &str| {
        [".rs", ".ts", ".svelte", ".md", ".yaml", ".yml", ".sh", ".toml"].iter().any(|e| name.ends_with(e))
    };
    let mut found = Vec::new();
    for name in files().into_iter().filter(|n| ours(n)) {
        let text = std::fs::read_to_string(root().join(&name)).unwrap_or_default();
        for (n, line) in text.lines().enumerate() {
            let marked = line
                .split(|c: char| !c.is_ascii_alphanumeric() && c != ':')
                .any(|w| marks.iter().any(|m| w == m || w.strip_suffix(':') == Some(m)));
            if marked || macros.iter().any(|m| line.contains(m)) {
                found.push(format!("{name}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    none("what is not done is an issue, not a comment", &found);
}

#[test]
fn no_file_is_too_large_for_a_repository() {
    let large: Vec<String> = files()
        .into_iter()
        .filter(|name| std::fs::metadata(root().join(name)).is_ok_and(|m| m.len() > FILE_BYTES_MAX))
        .collect();
    none("build output and media live elsewhere", &large);
}

#[test]
fn metric_names_stand_in_metrics_only() {
    let mut wrong = Vec::new();
    for (name, text) in rust_files() {
        let applies = (name.starts_with("controller/src/") || name.starts_with("agent/src/"))
            && !is_test_source(&name)
            && !name.ends_with("metrics.rs")
            && !name.contains("/metrics/");
        if !applies {
            continue;
        }
        for (n, line) in shipped(&text).lines().enumerate() {
            let metric = line.split('"').skip(1).step_by(2).any(is_metric_name);
            if metric && !line.trim_start().starts_with("//") {
                wrong.push(format!("{name}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    none("metric names are spelled in metrics.rs", &wrong);
}

fn is_metric_name(text: &str) -> bool {
    let prefixed = text.starts_with("migrado_");
    let unit =
        ["_total", "_seconds", "_bytes", "_ratio", "_percent", "_info"].iter().any(|u| text.ends_with(u));
    prefixed && unit && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}
