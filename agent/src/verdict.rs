//! The one verdict of the display: full service, inform only, out of service. Pure: a function of
//! the health tree and of what the staff ordered. The visitor's page, the console and the alerts
//! show this value; nobody computes another.
//!
//! There is none while the display starts: what has not been sensed yet is neither a promise nor a
//! fault. How long that may last is the sensors' to say: each ends in a finding of its own.

use std::collections::BTreeMap;

use migrado_protocol::health::{Component, Health, HealthState, Reason};
use migrado_protocol::verdict::{Because, Level, Verdict};

/// Judges. `before` gives the since-when of an unchanged level. `None` while a part that has not
/// been sensed yet could still make it worse.
pub fn judge(
    health: &BTreeMap<Component, Health>,
    out_of_service_ordered: bool,
    before: Option<&Verdict>,
    now_ms: i64,
) -> Option<Verdict> {
    let mut grounds: Vec<(Level, Because)> = Vec::new();
    if out_of_service_ordered {
        // The order is about what visitors are shown.
        let because = Because { component: Component::Page, reason: Reason::OutOfServiceOrdered };
        grounds.push((Level::OutOfService, because));
    }
    for (&component, node) in health.iter().filter(|(_, node)| !node.is_starting()) {
        if let Some(level) = limit_of(component, node) {
            let reason = node.reason.unwrap_or(Reason::Other);
            grounds.push((level, Because { component, reason }));
        }
    }
    // Stable: an order comes before what it hides.
    grounds.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let level = grounds.first().map_or(Level::FullService, |(level, _)| *level);
    let is_open = [Component::Page, Component::Printer].into_iter().any(|component| {
        health.get(&component).is_none_or(Health::is_starting) && limit_of_unknown(component) > Some(level)
    });
    if is_open {
        return None;
    }
    let since_ms = before.filter(|b| b.level == level).map_or(now_ms, |b| b.since_ms);
    Some(Verdict { level, because: grounds.into_iter().map(|(_, because)| because).collect(), since_ms })
}

/// The best that the display can do with this part as it is; `None` if the part takes nothing away.
/// What only staff must look at (degraded) never takes anything from a visitor.
fn limit_of(component: Component, node: &Health) -> Option<Level> {
    match (component, node.state) {
        (_, HealthState::Ok | HealthState::Degraded) => None,
        (component, HealthState::Unknown) => limit_of_unknown(component),
        // Without the page there is nothing to see.
        (Component::Page, HealthState::Failed) => Some(Level::OutOfService),
        // Printing needs the printer and room for the job; a form with a wrong date is no form.
        (Component::Printer | Component::Storage | Component::Clock, HealthState::Failed) => {
            Some(Level::InformOnly)
        }
        // What these take from a visitor is seen at page and printer.
        (
            Component::System
            | Component::Services
            | Component::Usage
            | Component::Content
            | Component::Other,
            HealthState::Failed,
        ) => None,
    }
}

/// Never a promise on what is not known: a display without a printer informs, one whose page nobody
/// has seen is of no use.
fn limit_of_unknown(component: Component) -> Option<Level> {
    match component {
        Component::Page => Some(Level::OutOfService),
        Component::Printer => Some(Level::InformOnly),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Component as C;
    use HealthState as H;
    use Level as L;

    const COMPONENTS: [C; 9] =
        [C::System, C::Storage, C::Clock, C::Services, C::Printer, C::Page, C::Usage, C::Content, C::Other];

    fn node(state: H) -> Health {
        let reason = (state != H::Ok).then_some(Reason::SensorFailed);
        Health { state, reason, detail: None, since_ms: 1 }
    }

    fn judged(health: &BTreeMap<C, Health>, ordered: bool) -> Verdict {
        judge(health, ordered, None, 5).unwrap()
    }

    fn tree(of: impl Fn(C) -> H) -> BTreeMap<C, Health> {
        COMPONENTS.into_iter().map(|c| (c, node(of(c)))).collect()
    }

    /// Every component in every state, all others well.
    #[test]
    fn one_ill_part_takes_away_what_it_gives() {
        for component in COMPONENTS {
            for state in H::ALL {
                let expected = match (component, state) {
                    (C::Page, H::Failed | H::Unknown) => L::OutOfService,
                    (C::Printer, H::Failed | H::Unknown) => L::InformOnly,
                    (C::Storage | C::Clock, H::Failed) => L::InformOnly,
                    _ => L::FullService,
                };
                let health = tree(|c| if c == component { state } else { H::Ok });
                let verdict = judged(&health, false);
                assert_eq!(verdict.level, expected, "{component:?} {state:?}");
                assert_eq!(verdict.because.is_empty(), expected == L::FullService);
                assert!(verdict.because.iter().all(|b| b.component == component));
                assert_eq!(judged(&health, true).level, L::OutOfService);
            }
        }
    }

    /// Every pair of parts in every pair of states: the worse decides and stands first.
    #[test]
    fn of_two_ill_parts_the_graver_decides_and_both_are_named() {
        let alone = |c: C, s: H| judged(&tree(|x| if x == c { s } else { H::Ok }), false);
        for (a, b) in COMPONENTS.into_iter().flat_map(|a| COMPONENTS.map(|b| (a, b))).filter(|(a, b)| a != b)
        {
            for (s, t) in H::ALL.into_iter().flat_map(|s| H::ALL.map(|t| (s, t))) {
                let of = |c| match c {
                    c if c == a => s,
                    c if c == b => t,
                    _ => H::Ok,
                };
                let both = judged(&tree(of), false);
                let (one, two) = (alone(a, s), alone(b, t));
                assert_eq!(both.level, one.level.max(two.level), "{a:?} {s:?} {b:?} {t:?}");
                assert_eq!(both.because.len(), one.because.len() + two.because.len());
            }
        }
    }

    /// Page and printer each absent, starting, well, failed or unknown; storage well or failed.
    #[test]
    fn what_has_not_been_sensed_yet_is_neither_a_promise_nor_a_fault() {
        let part = |word| match word {
            "absent" => None,
            "starting" => Some(Health::not_ok(H::Unknown, Reason::Starting, None, 1)),
            "failed" => Some(node(H::Failed)),
            "unknown" => Some(node(H::Unknown)),
            _ => Some(Health::ok(1)),
        };
        let rows = [
            // page, printer, storage, verdict
            ("absent", "absent", "ok", None),
            ("starting", "ok", "ok", None),
            ("starting", "failed", "failed", None),
            ("absent", "unknown", "ok", None),
            ("ok", "absent", "ok", None),
            ("ok", "starting", "ok", None),
            // Nothing that the printer may turn out to be makes these worse.
            ("ok", "absent", "failed", Some(L::InformOnly)),
            ("failed", "absent", "ok", Some(L::OutOfService)),
            ("failed", "starting", "ok", Some(L::OutOfService)),
            ("ok", "unknown", "ok", Some(L::InformOnly)),
            ("unknown", "ok", "ok", Some(L::OutOfService)),
            ("ok", "ok", "ok", Some(L::FullService)),
        ];
        for (page, printer, storage, expected) in rows {
            let parts = [(C::Page, page), (C::Printer, printer), (C::Storage, storage)];
            let health = parts.into_iter().filter_map(|(c, word)| Some((c, part(word)?))).collect();
            let verdict = judge(&health, false, None, 5);
            assert_eq!(verdict.as_ref().map(|v| v.level), expected, "{page} {printer} {storage}");
            let named = verdict.iter().flat_map(|v| &v.because).any(|b| b.reason == Reason::Starting);
            assert!(!named, "what is only starting is no reason: {page} {printer} {storage}");
            // What the staff ordered holds from the first moment.
            assert_eq!(judged(&health, true).level, L::OutOfService);
        }
    }

    #[test]
    fn an_order_stands_before_what_it_hides() {
        let verdict = judged(&tree(|c| if c == C::Page { H::Failed } else { H::Ok }), true);
        assert_eq!(verdict.because[0].reason, Reason::OutOfServiceOrdered);
        assert_eq!(verdict.because.len(), 2);
    }

    #[test]
    fn since_when_stays_while_the_level_stays() {
        let first = judged(&tree(|_| H::Ok), false);
        let since = |ordered| judge(&tree(|_| H::Ok), ordered, Some(&first), 9).map(|v| v.since_ms);
        assert_eq!(since(false), Some(5));
        assert_eq!(since(true), Some(9));
    }
}
