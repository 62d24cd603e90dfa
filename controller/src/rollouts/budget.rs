//! How many displays of a site may be away at once, counted by what they can do: at least one of each
//! kind stays in service, and never more are away than stay. Purely from what stands there now.

use std::collections::{BTreeMap, BTreeSet};

use migrado_protocol::content::UpdateState;
use migrado_protocol::verdict::Level;
use migrado_protocol::{SiteId, TerminalId};

use super::model::{Capability, Display};
use super::why::Why;
use crate::fleet::{Presence, Terminal, presence};

/// Label of displays that can be used from a wheelchair.
pub const WHEELCHAIR: &str = "wheelchair";

/// Displays by label, as the configuration names them.
pub type Labels = BTreeMap<String, BTreeSet<TerminalId>>;

/// What a display can do for a visitor now. Unknown is not able.
pub fn abilities(terminal: &Terminal, labels: &Labels, now_ms: i64) -> BTreeSet<Capability> {
    let mut able = BTreeSet::new();
    if presence::decide(terminal, now_ms).0 != Presence::Online {
        return able;
    }
    let level = terminal.reported.verdict.as_ref().map(|verdict| verdict.level);
    if level == Some(Level::FullService) {
        able.insert(Capability::Printing);
    }
    let serves = matches!(level, Some(Level::FullService | Level::InformOnly));
    if serves && labels.get(WHEELCHAIR).is_some_and(|these| these.contains(&terminal.id)) {
        able.insert(Capability::Wheelchair);
    }
    able
}

/// What one kind has at one site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    /// In service now, none of them away or about to be.
    serving: usize,
    /// Away, or free to be at any moment.
    away: usize,
}

/// What every site has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget(BTreeMap<(SiteId, Capability), Count>);

impl Budget {
    /// Counts the fleet. Who is away by leave of a rollout counts with what its site misses; who puts
    /// something in service on anybody else's word, with what it can do.
    pub fn count<'t>(
        terminals: impl Iterator<Item = &'t Terminal>,
        displays: impl Iterator<Item = &'t Display>,
        labels: &Labels,
        now_ms: i64,
    ) -> Self {
        let away = displays.filter(|display| display.is_away());
        let away: BTreeMap<_, _> = away.map(|display| (&display.terminal, &display.misses)).collect();
        let mut budget = Self::default();
        for terminal in terminals {
            let able = abilities(terminal, labels, now_ms);
            if let Some(misses) = away.get(&terminal.id) {
                budget.is_away(&terminal.site, misses);
            } else if is_changing(terminal) {
                budget.is_away(&terminal.site, &able);
            } else {
                budget.serves(&terminal.site, &able);
            }
        }
        budget
    }

    /// Counts a display that is in service, with what it can do.
    pub fn serves(&mut self, site: &SiteId, able: &BTreeSet<Capability>) {
        for capability in able {
            self.0.entry((site.clone(), *capability)).or_default().serving += 1;
        }
    }

    /// Counts a display that is away, with what its site misses.
    pub fn is_away(&mut self, site: &SiteId, misses: &BTreeSet<Capability>) {
        for capability in misses {
            self.0.entry((site.clone(), *capability)).or_default().away += 1;
        }
    }

    /// The kind of which a display is the only one that its site has.
    pub fn only_one(&self, site: &SiteId, able: &BTreeSet<Capability>) -> Option<Capability> {
        let count = |c: &Capability| self.0.get(&(site.clone(), *c)).copied().unwrap_or_default();
        able.iter().copied().find(|c| count(c).serving <= 1 && count(c).away == 0)
    }

    /// Whether the site can spare a display that is in service and counted; else what it would miss.
    pub fn can_spare(&self, site: &SiteId, able: &BTreeSet<Capability>) -> Result<(), Why> {
        for capability in able {
            let count = self.0.get(&(site.clone(), *capability)).copied().unwrap_or_default();
            let (left, away) = (count.serving.saturating_sub(1), count.away + 1);
            if left == 0 || left < away {
                return Err(Why::SiteCannotSpare { capability: *capability });
            }
        }
        Ok(())
    }

    /// Takes a display out of service.
    pub fn spare(&mut self, site: &SiteId, able: &BTreeSet<Capability>) {
        for capability in able {
            let count = self.0.entry((site.clone(), *capability)).or_default();
            count.serving = count.serving.saturating_sub(1);
            count.away += 1;
        }
    }
}

fn is_changing(terminal: &Terminal) -> bool {
    let update = terminal.reported.content.as_ref().and_then(|content| content.update.as_ref());
    update.is_some_and(|u| matches!(u.state, UpdateState::Activating | UpdateState::Observing))
}

#[cfg(test)]
mod tests {
    use migrado_protocol::verdict::Verdict;

    use super::*;
    use crate::fleet::terminal::Connection;

    fn site() -> SiteId {
        "fp".parse().unwrap()
    }

    fn prints() -> BTreeSet<Capability> {
        BTreeSet::from([Capability::Printing])
    }

    #[test]
    fn one_stays_and_never_more_are_away_than_stay() {
        for (displays, most_away) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (10, 5)] {
            let mut budget = Budget::default();
            (0..displays).for_each(|_| budget.serves(&site(), &prints()));
            let mut away = 0;
            while budget.can_spare(&site(), &prints()).is_ok() {
                budget.spare(&site(), &prints());
                away += 1;
            }
            assert_eq!(away, most_away, "of {displays}");
        }
    }

    #[test]
    fn every_kind_is_counted_apart_and_a_display_without_any_can_always_go() {
        let both = BTreeSet::from(Capability::ALL);
        let mut budget = Budget::default();
        budget.serves(&site(), &both);
        budget.serves(&site(), &prints());
        budget.serves(&site(), &prints());
        let wheelchair = Err(Why::SiteCannotSpare { capability: Capability::Wheelchair });
        assert_eq!(budget.can_spare(&site(), &both), wheelchair);
        assert_eq!(budget.only_one(&site(), &both), Some(Capability::Wheelchair));
        assert_eq!(budget.can_spare(&site(), &prints()), Ok(()));
        assert_eq!(budget.can_spare(&site(), &BTreeSet::new()), Ok(()));
        let elsewhere = "bh".parse().unwrap();
        assert!(budget.can_spare(&elsewhere, &prints()).is_err(), "another site's do not help");
        // The last one that serves while another is away is not the only one: it waits its turn.
        budget.spare(&site(), &prints());
        budget.spare(&site(), &prints());
        assert_eq!(budget.only_one(&site(), &prints()), None);
        assert!(budget.can_spare(&site(), &prints()).is_err());
    }

    #[test]
    fn only_who_is_there_and_serves_counts() {
        let labels = Labels::from([(WHEELCHAIR.to_owned(), BTreeSet::from(["fp-01".parse().unwrap()]))]);
        let both: &[Capability] = &Capability::ALL;
        for (level, connection, expected) in [
            (Some(Level::FullService), Connection::Standing, both),
            (Some(Level::InformOnly), Connection::Standing, &[Capability::Wheelchair]),
            (Some(Level::OutOfService), Connection::Standing, &[]),
            (None, Connection::Standing, &[]),
            (Some(Level::FullService), Connection::Never, &[]),
        ] {
            let mut terminal = Terminal::new("fp-01".parse().unwrap(), site(), String::new(), 0);
            terminal.connection = connection;
            terminal.reported.verdict =
                level.map(|level| Verdict { level, because: Vec::new(), since_ms: 0 });
            let able: Vec<_> = abilities(&terminal, &labels, 1).into_iter().collect();
            assert_eq!(able, expected, "{level:?} {connection:?}");
        }
    }
}
