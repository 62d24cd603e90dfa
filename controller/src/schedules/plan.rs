//! Decides for which displays a run is, by the calendars of their sites. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use migrado_protocol::{SiteId, TerminalId};

use super::model::{OnlyWhen, Plan, SkipReason};
use crate::calendar::{Calendar, Opening, state_at};
use crate::commands::plan::{Application, Target, apply};
use crate::fleet::Terminal;

/// For whom a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// These get an order; so many others do not.
    Order(Vec<TerminalId>, usize),
    /// Nobody does; so many belong to it.
    Nobody(SkipReason, usize),
}

/// Decides for whom a run is. `calendar` gives the calendar of a site, `target` what is known of a
/// display as the receiver of an order.
pub fn choose(
    plan: &Plan,
    fleet: &[Arc<Terminal>],
    calendar: impl Fn(&SiteId) -> Arc<Calendar>,
    target: impl Fn(&Terminal) -> Target,
    now: Timestamp,
) -> Chosen {
    let mut ordered = Vec::new();
    let mut left_out: Vec<SkipReason> = Vec::new();
    for terminal in fleet.iter().filter(|terminal| plan.terminals.holds(terminal)) {
        if let Some(reason) = holds_back(plan.only_when, &calendar(&terminal.site), now) {
            left_out.push(reason);
            continue;
        }
        match apply(&plan.order, false, &target(terminal)) {
            Application::Applies(_) => ordered.push(terminal.id.clone()),
            Application::Skipped(..) => left_out.push(SkipReason::NotApplicable),
        }
    }
    match left_out.iter().min() {
        _ if !ordered.is_empty() => Chosen::Order(ordered, left_out.len()),
        Some(reason) => Chosen::Nobody(*reason, left_out.len()),
        None => Chosen::Nobody(SkipReason::NoDisplay, 0),
    }
}

/// Why a site's state holds an order back, if it does.
fn holds_back(only_when: OnlyWhen, calendar: &Calendar, now: Timestamp) -> Option<SkipReason> {
    if only_when == OnlyWhen::Any {
        return None;
    }
    match (only_when, state_at(calendar, now).opening) {
        (_, Opening::Unknown) => Some(SkipReason::HoursUnknown),
        (OnlyWhen::Open, Opening::Closed) => Some(SkipReason::NotOpen),
        (OnlyWhen::Closed, Opening::Open) => Some(SkipReason::NotClosed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::command::Verb;

    use super::super::model::{Scope, When};
    use super::*;

    fn terminal(id: &str, site: &str, label: &str) -> Arc<Terminal> {
        Arc::new(Terminal::new(id.parse().unwrap(), site.parse().unwrap(), label.into(), 0))
    }

    fn fleet() -> Vec<Arc<Terminal>> {
        vec![
            terminal("fp-01", "fp", "Eingang links"),
            terminal("fp-02", "fp", "Fenster (Unterfahrbar)"),
            terminal("bh-01", "bh", "Halle, unterfahrbar"),
            terminal("xx-01", "xx", "Lager"),
        ]
    }

    /// fp is open on Wednesdays from 8 to 12, bh on Thursdays, xx nobody knows.
    fn calendar(site: &SiteId) -> Arc<Calendar> {
        let day = match site.as_str() {
            "fp" => "wednesday",
            "bh" => "thursday",
            _ => return Arc::default(),
        };
        let calendar = serde_json::json!({"opening_hours": {day: ["08:00-12:00"]}});
        Arc::new(serde_json::from_value(calendar).unwrap())
    }

    fn chosen(terminals: Scope, only_when: OnlyWhen, enrolled: bool) -> Chosen {
        let plan = Plan {
            name: "x".into(),
            when: When::Recurring { cron: "0 3 * * *".into() },
            terminals,
            order: Verb::TestPrint,
            only_when,
            grace_minutes: 5,
        };
        let target = |t: &Terminal| Target {
            terminal: t.id.clone(),
            known: true,
            enrolled,
            connected: true,
            session: false,
            open_commands: 0,
        };
        choose(&plan, &fleet(), calendar, target, "2026-11-25T10:00+01:00".parse().unwrap())
    }

    #[test]
    fn every_scope_and_every_state_of_a_site_choose_their_displays() {
        let all = || Scope::Word("all".into());
        let site = |site: &str| Scope::Site { site: site.into() };
        let ids = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<Vec<TerminalId>>();
        use OnlyWhen::{Any, Closed, Open};
        for (scope, only_when, expected) in [
            (all(), Any, Chosen::Order(ids(&["fp-01", "fp-02", "bh-01", "xx-01"]), 0)),
            (all(), Open, Chosen::Order(ids(&["fp-01", "fp-02"]), 2)),
            (all(), Closed, Chosen::Order(ids(&["bh-01"]), 3)),
            (site("fp"), Open, Chosen::Order(ids(&["fp-01", "fp-02"]), 0)),
            (site("fp"), Closed, Chosen::Nobody(SkipReason::NotClosed, 2)),
            (site("bh"), Open, Chosen::Nobody(SkipReason::NotOpen, 1)),
            (site("xx"), Open, Chosen::Nobody(SkipReason::HoursUnknown, 1)),
            (site("xx"), Closed, Chosen::Nobody(SkipReason::HoursUnknown, 1)),
            (site("nowhere"), Any, Chosen::Nobody(SkipReason::NoDisplay, 0)),
            (Scope::Label { label: "unterfahrbar".into() }, Any, Chosen::Order(ids(&["fp-02", "bh-01"]), 0)),
            (Scope::Terminals(vec!["bh-01".into(), "gone".into()]), Any, Chosen::Order(ids(&["bh-01"]), 0)),
            (Scope::Word("some".into()), Any, Chosen::Nobody(SkipReason::NoDisplay, 0)),
        ] {
            assert_eq!(chosen(scope.clone(), only_when, true), expected, "{scope:?} {only_when:?}");
        }
        assert_eq!(chosen(site("fp"), Any, false), Chosen::Nobody(SkipReason::NotApplicable, 2));
    }
}
