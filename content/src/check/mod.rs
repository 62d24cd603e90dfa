//! Every mistake of a content folder at once: one file per kind of check, each a function of the model.

mod events;
pub(crate) mod forms;
mod links;
pub mod matrix;
mod owners;
mod pages;
mod paths;
mod sizes;
mod strings;
pub mod translations;
mod unused;
mod videos;

use jiff::civil::Date;

use crate::authoring::model::Content;
use crate::finding::{Finding, Severity};

/// Names everything that is wrong with a folder on a day, sorted by file and line.
#[must_use]
pub fn check(content: &Content, today: Date) -> Vec<Finding> {
    let mut found = content.mistakes.clone();
    found.extend(paths::check(content));
    found.extend(sizes::check(content));
    found.extend(owners::check(content));
    found.extend(translations::check(content));
    found.extend(strings::check(content));
    found.extend(forms::check(content, today));
    found.extend(pages::check(content));
    found.extend(links::check(content));
    found.extend(videos::check(content));
    found.extend(events::check(content, today));
    found.extend(unused::check(content));
    found.sort();
    found.dedup();
    found
}

/// How many findings weigh this much.
#[must_use]
pub fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|f| f.severity == severity).count()
}

#[cfg(test)]
mod tests;
