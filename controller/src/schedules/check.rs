//! What is wrong with a scheduled order, all at once. Places are JSON pointers.

use jiff::Timestamp;

use super::model::{Plan, Scope, When};
use crate::calendar::cron::Pattern;
use crate::calendar::local::moment;
use crate::commands::plan::check_verb;

/// Characters of a name: a line on the console.
const NAME_CHARS_MAX: usize = 80;
/// Minutes of grace at most: half the time for which an order's key is kept, so that a run is never
/// given twice.
pub const GRACE_MINUTES_MAX: u32 = 12 * 60;
/// Displays that are named one by one; more of them are a site or a label.
const NAMED_MAX: usize = 500;

/// Every mistake of a scheduled order.
pub fn check(plan: &Plan, sites: &[&str], now: Timestamp) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut add = |pointer: &str, message: String| found.push((pointer.to_owned(), message));
    let length = plan.name.chars().count();
    if plan.name.trim().is_empty() || length > NAME_CHARS_MAX {
        add("/name", format!("give it a name of at most {NAME_CHARS_MAX} characters"));
    }
    match &plan.when {
        When::Recurring { cron } => {
            if let Err(error) = Pattern::read(cron) {
                add("/when/cron", error.to_string());
            }
        }
        When::Dated { at } if moment(*at) <= now => {
            add("/when/at", format!("{} has passed: name a time to come", at.strftime("%Y-%m-%dT%H:%M")));
        }
        When::Dated { .. } => {}
    }
    match &plan.terminals {
        Scope::Word(word) if word != "all" => {
            add("/terminals", "use \"all\", {\"site\": ...}, {\"label\": ...} or a list".to_owned());
        }
        Scope::Site { site } if !sites.contains(&site.as_str()) => {
            add("/terminals/site", format!("there is no site \"{site}\""));
        }
        Scope::Label { label } if label.trim().is_empty() => {
            add("/terminals/label", "say what the label has in it".to_owned());
        }
        Scope::Terminals(ids) if ids.is_empty() || ids.len() > NAMED_MAX => {
            add("/terminals", format!("name 1 to {NAMED_MAX} displays"));
        }
        Scope::Terminals(ids) => {
            for (n, id) in ids.iter().enumerate() {
                if let Err(error) = id.parse::<migrado_protocol::TerminalId>() {
                    add(&format!("/terminals/{n}"), error.to_string());
                }
            }
        }
        _ => {}
    }
    for mistake in check_verb(&plan.order) {
        add(mistake.pointer, mistake.message);
    }
    if !(1..=GRACE_MINUTES_MAX).contains(&plan.grace_minutes) {
        add("/grace_minutes", format!("use 1 to {GRACE_MINUTES_MAX} minutes"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_at_once_with_its_place() {
        let told = |plan: serde_json::Value| {
            let plan: Plan = serde_json::from_value(plan).unwrap();
            let found = check(&plan, &["fp"], "2026-11-25T10:00Z".parse().unwrap());
            found.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>()
        };
        let restart = serde_json::json!({"verb": "restart_page"});
        let wrong = serde_json::json!({
            "name": " ", "when": {"cron": "0 0 31 2 *"}, "terminals": {"site": "nowhere"},
            "order": {"verb": "restart_service", "unit": "../x"}, "grace_minutes": 0
        });
        assert_eq!(told(wrong), ["/name", "/when/cron", "/terminals/site", "/order/unit", "/grace_minutes"]);
        for (when, terminals, expected) in [
            (serde_json::json!({"cron": "0 3 * * *"}), serde_json::json!("all"), &[][..]),
            (serde_json::json!({"cron": "0 3 * * *"}), serde_json::json!("some"), &["/terminals"]),
            (serde_json::json!({"cron": "0 3 * * *"}), serde_json::json!([]), &["/terminals"]),
            (serde_json::json!({"cron": "0 3 * * *"}), serde_json::json!(["fp-01", "A"]), &["/terminals/1"]),
            (
                serde_json::json!({"cron": "0 3 * * *"}),
                serde_json::json!({"label": " "}),
                &["/terminals/label"],
            ),
            (serde_json::json!({"at": "2026-11-25T11:01"}), serde_json::json!({"site": "fp"}), &[]),
            (serde_json::json!({"at": "2026-11-25T11:00"}), serde_json::json!({"site": "fp"}), &["/when/at"]),
        ] {
            let plan =
                serde_json::json!({"name": "x", "when": when, "terminals": terminals, "order": restart});
            assert_eq!(told(plan.clone()), expected, "{plan}");
        }
    }
}
