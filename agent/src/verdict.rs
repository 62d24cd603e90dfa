//! The one verdict of the display: full service, inform only, out of service. Pure: a function of
//! the health tree and of what the staff ordered. The visitor's page, the console and the alerts
//! show this value; nobody computes another.

use std::collections::BTreeMap;

use migrado_protocol::health::{Component, Health, HealthState, Reason};
use migrado_protocol::verdict::{Because, Level, Verdict};

/// Judges. `before` gives the since-when of an unchanged level.
pub fn judge(
    health: &BTreeMap<Component, Health>,
    out_of_service_ordered: bool,
    before: Option<&Verdict>,
    now_ms: i64,
) -> Verdict {
    let mut grounds: Vec<(Level, Because)> = Vec::new();
    if out_of_service_ordered {
        // The order is about what visitors are shown.
        let because = Because { component: Component::Page, reason: Reason::OutOfServiceOrdered };
        grounds.push((Level::OutOfService, because));
    }
    for (&component, node) in health {
        if let Some(level) = limit_of(component, node) {
            let reason = node.reason.unwrap_or(Reason::Other);
            grounds.push((level, Because { component, reason }));
        }
    }
    for component in [Component::Page, Component::Printer] {
        if !health.contains_key(&component) {
            let level = limit_of_unknown(component).unwrap_or(Level::FullService);
            grounds.push((level, Because { component, reason: Reason::Starting }));
        }
    }
    // Stable: an order comes before what it hides.
    grounds.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let level = grounds.first().map_or(Level::FullService, |(level, _)| *level);
    let since_ms = before.filter(|b| b.level == level).map_or(now_ms, |b| b.since_ms);
    Verdict { level, because: grounds.into_iter().map(|(_, because)| because).collect(), since_ms }
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
            Component::System | Component::Services | Component::Usage | Component::Other,
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

    const COMPONENTS: [C; 8] =
        [C::System, C::Storage, C::Clock, C::Services, C::Printer, C::Page, C::Usage, C::Other];

    fn node(state: H) -> Health {
        let reason = (state != H::Ok).then_some(Reason::SensorFailed);
        Health { state, reason, detail: None, since_ms: 1 }
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
                let verdict = judge(&health, false, None, 5);
                assert_eq!(verdict.level, expected, "{component:?} {state:?}");
                assert_eq!(verdict.because.is_empty(), expected == L::FullService);
                assert!(verdict.because.iter().all(|b| b.component == component));
                assert_eq!(judge(&health, true, None, 5).level, L::OutOfService);
            }
        }
    }

    /// Every pair of parts in every pair of states: the worse decides and stands first.
    #[test]
    fn of_two_ill_parts_the_graver_decides_and_both_are_named() {
        let alone = |c: C, s: H| judge(&tree(|x| if x == c { s } else { H::Ok }), false, None, 5);
        for (a, b) in COMPONENTS.into_iter().flat_map(|a| COMPONENTS.map(|b| (a, b))).filter(|(a, b)| a != b)
        {
            for (s, t) in H::ALL.into_iter().flat_map(|s| H::ALL.map(|t| (s, t))) {
                let both = judge(
                    &tree(|c| {
                        if c == a {
                            s
                        } else if c == b {
                            t
                        } else {
                            H::Ok
                        }
                    }),
                    false,
                    None,
                    5,
                );
                let (one, two) = (alone(a, s), alone(b, t));
                assert_eq!(both.level, one.level.max(two.level), "{a:?} {s:?} {b:?} {t:?}");
                assert_eq!(both.because.len(), one.because.len() + two.because.len());
            }
        }
    }

    #[test]
    fn what_has_not_been_sensed_yet_is_no_promise() {
        let verdict = judge(&BTreeMap::new(), false, None, 5);
        assert_eq!(verdict.level, L::OutOfService);
        assert_eq!(verdict.because[0], Because { component: C::Page, reason: Reason::Starting });
    }

    #[test]
    fn an_order_stands_before_what_it_hides() {
        let verdict = judge(&tree(|c| if c == C::Page { H::Failed } else { H::Ok }), true, None, 5);
        assert_eq!(verdict.because[0].reason, Reason::OutOfServiceOrdered);
        assert_eq!(verdict.because.len(), 2);
    }

    #[test]
    fn since_when_stays_while_the_level_stays() {
        let first = judge(&tree(|_| H::Ok), false, None, 5);
        assert_eq!(judge(&tree(|_| H::Ok), false, Some(&first), 9).since_ms, 5);
        assert_eq!(judge(&tree(|_| H::Ok), true, Some(&first), 9).since_ms, 9);
    }
}
