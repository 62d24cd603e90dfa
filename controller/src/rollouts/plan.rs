//! Who gets what, when, and why not: waves are filled, times are estimated from the windows, and what
//! makes the whole impossible is named before anything begins. Purely from the fleet as it is; the
//! start uses the same, so that what was shown is what happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use migrado_protocol::content::WaitsFor;
use migrado_protocol::{SiteId, TerminalId};

use super::budget::{self, Budget, Labels};
use super::model::{Spec, Targets, Who};
use super::why::Why;
use super::windows::{Kind, Windows, while_closed};
use crate::fleet::{Presence, Terminal, presence};

/// What a plan is made from.
#[derive(Debug)]
pub struct Fleet<'f> {
    /// Every display.
    pub terminals: &'f BTreeMap<TerminalId, Arc<Terminal>>,
    /// What a display should have, by the SHA-256 of the manifest.
    pub wanted: &'f BTreeMap<TerminalId, String>,
    /// Titles of the rollouts that have displays.
    pub taken: &'f BTreeMap<TerminalId, String>,
    /// Displays by label.
    pub labels: &'f Labels,
    /// The calendar.
    pub windows: &'f dyn Windows,
    /// What every site has.
    pub budget: &'f Budget,
    /// Now.
    pub now_ms: i64,
}

/// One display in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Which.
    pub terminal: TerminalId,
    /// Its site, where it is known.
    pub site: Option<SiteId>,
    /// Its wave; `None`: it takes no part, and why stands beside.
    pub wave: Option<usize>,
    /// When it may be fetched at the earliest.
    pub download_ms: Option<i64>,
    /// When it may be put in service at the earliest.
    pub activate_ms: Option<i64>,
    /// Why not, or what it waits for.
    pub why: Option<Why>,
}

/// One wave in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedWave {
    /// How many displays.
    pub displays: usize,
    /// When it begins at the earliest.
    pub from_ms: i64,
}

/// Something that makes the whole impossible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Where.
    pub terminal: TerminalId,
    /// What.
    pub why: Why,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Every display of the targets, by identity.
    pub displays: Vec<Planned>,
    /// Every wave.
    pub waves: Vec<PlannedWave>,
    /// What has to be solved before the start.
    pub obstacles: Vec<Obstacle>,
}

/// Makes a plan.
pub fn plan(spec: &Spec, fleet: &Fleet<'_>) -> Plan {
    let (waves, out) = assign(spec, fleet);
    let mut planned: BTreeMap<TerminalId, Planned> = BTreeMap::new();
    let mut found = Vec::new();
    let mut from_ms = fleet.now_ms.max(spec.start_ms.unwrap_or(i64::MIN));
    let mut all = Vec::new();
    for (n, wave) in spec.waves.iter().enumerate() {
        let members = waves.iter().filter(|(_, of)| **of == n).map(|(id, _)| id);
        let (mut displays, mut last_ms) = (0, from_ms);
        for terminal in members.filter_map(|id| fleet.terminals.get(id)) {
            displays += 1;
            let one = times(spec, fleet, terminal, n, from_ms, &mut found);
            last_ms = last_ms.max(one.activate_ms.unwrap_or(from_ms));
            planned.insert(terminal.id.clone(), one);
        }
        all.push(PlannedWave { displays, from_ms });
        if displays > 0 {
            from_ms = last_ms.saturating_add(i64::from(wave.observe_s) * 1000);
        }
    }
    for (terminal, why) in out {
        if matches!(why, Why::InAnotherRollout { .. }) {
            found.push(Obstacle { terminal: terminal.clone(), why: why.clone() });
        }
        let site = fleet.terminals.get(&terminal).map(|t| t.site.clone());
        let one =
            Planned { site, wave: None, download_ms: None, activate_ms: None, why: Some(why), terminal };
        planned.insert(one.terminal.clone(), one);
    }
    Plan { displays: planned.into_values().collect(), waves: all, obstacles: found }
}

/// When one display may begin, and what stands in its way.
fn times(
    spec: &Spec,
    fleet: &Fleet<'_>,
    terminal: &Terminal,
    wave: usize,
    from_ms: i64,
    found: &mut Vec<Obstacle>,
) -> Planned {
    let (site, now_ms) = (&terminal.site, fleet.now_ms);
    let mut obstacle = |why: Why| {
        found.push(Obstacle { terminal: terminal.id.clone(), why: why.clone() });
        Some(why)
    };
    let begins =
        |window: migrado_protocol::content::Window, at_ms: i64| window.from_ms.unwrap_or(at_ms).max(at_ms);
    let download_ms = fleet.windows.next(Kind::Download, site, from_ms).map(|w| begins(w, from_ms));
    let open_ms = download_ms.unwrap_or(from_ms);
    let able = budget::abilities(terminal, fleet.labels, now_ms);
    let only = fleet.budget.only_one(site, &able).filter(|_| !spec.allow_single);
    let window = match only {
        Some(_) => while_closed(fleet.windows, site, open_ms),
        None => fleet.windows.next(Kind::Activate, site, open_ms),
    };
    let activate_ms = window.map(|w| begins(w, open_ms));
    let (present, since_ms) = presence::decide(terminal, now_ms);
    let why = match (only, activate_ms) {
        _ if download_ms.is_none() => obstacle(Why::NoWindow),
        (None, None) => obstacle(Why::NoWindow),
        (Some(capability), None) => obstacle(Why::OnlyWhenClosed { capability, from_ms: None }),
        (Some(capability), from_ms) => Some(Why::OnlyWhenClosed { capability, from_ms }),
        (None, Some(_)) if present != Presence::Online => Some(Why::Offline { since_ms }),
        (None, Some(at_ms)) if at_ms > open_ms => Some(Why::WindowOpens { from_ms: at_ms }),
        (None, Some(_)) => None,
    };
    Planned {
        terminal: terminal.id.clone(),
        site: Some(site.clone()),
        wave: Some(wave),
        download_ms,
        activate_ms,
        why,
    }
}

/// Who is in which wave, and who in none and why.
pub fn assign(spec: &Spec, fleet: &Fleet<'_>) -> (BTreeMap<TerminalId, usize>, BTreeMap<TerminalId, Why>) {
    let (mut left, mut out) = (Vec::new(), BTreeMap::new());
    let named: Vec<TerminalId> = match &spec.targets {
        Targets::All => fleet.terminals.keys().cloned().collect(),
        Targets::Site(site) => {
            fleet.terminals.values().filter(|t| t.site == *site).map(|t| t.id.clone()).collect()
        }
        Targets::Terminals(ids) => ids.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
    };
    for id in named {
        match (fleet.terminals.get(&id), fleet.terminals.get(&id).and_then(|t| excluded(spec, fleet, t))) {
            (None, _) => drop(out.insert(id, Why::NotFound)),
            (Some(_), Some(why)) => drop(out.insert(id, why)),
            (Some(terminal), None) => left.push(terminal.clone()),
        }
    }
    let of = left.len();
    let mut left = spread(left, fleet.now_ms);
    let mut waves = BTreeMap::new();
    for (n, wave) in spec.waves.iter().enumerate() {
        let quota = match &wave.who {
            Who::Count(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Who::Percent(percent) => (of * usize::from(*percent)).div_ceil(100).saturating_sub(waves.len()),
            _ => usize::MAX,
        };
        let takes = |t: &Terminal| match &wave.who {
            Who::Terminals(ids) => ids.contains(&t.id),
            Who::Site(site) => t.site == *site,
            Who::Label(label) => fleet.labels.get(label).is_some_and(|these| these.contains(&t.id)),
            Who::Count(_) | Who::Percent(_) | Who::Rest => true,
        };
        let mut taken = 0;
        left.retain(|terminal| {
            let takes = taken < quota && takes(terminal);
            if takes {
                taken += 1;
                waves.insert(terminal.id.clone(), n);
            }
            !takes
        });
    }
    out.extend(left.into_iter().map(|t| (t.id.clone(), Why::NoWave)));
    (waves, out)
}

/// Why a display takes no part.
fn excluded(spec: &Spec, fleet: &Fleet<'_>, terminal: &Terminal) -> Option<Why> {
    if terminal.certificate.is_none() {
        return Some(Why::NotEnrolled);
    }
    if let Some(rollout) = fleet.taken.get(&terminal.id) {
        return Some(Why::InAnotherRollout { rollout: rollout.clone() });
    }
    let content = terminal.reported.content.as_ref()?;
    let wanted = fleet.wanted.get(&terminal.id);
    let serves = content.active.as_ref().is_some_and(|a| a.manifest == spec.manifest);
    if serves && wanted.is_none_or(|manifest| *manifest == spec.manifest) {
        return Some(Why::HasItAlready);
    }
    let update = content.update.as_ref().filter(|u| u.manifest == spec.manifest)?;
    let waits = update.waits_for == Some(WaitsFor::NextAttempt)
        && update.at_latest_ms.is_none_or(|until_ms| until_ms > fleet.now_ms);
    waits.then_some(Why::PenaltyBox { failures: update.attempts, until_ms: update.at_latest_ms })
}

/// An order in which the first few stand at as many sites as there are, those first that are there:
/// a canary that is switched off says nothing.
fn spread(terminals: Vec<Arc<Terminal>>, now_ms: i64) -> Vec<Arc<Terminal>> {
    let mut seen: BTreeMap<(bool, SiteId), usize> = BTreeMap::new();
    let mut keyed: Vec<_> = terminals
        .into_iter()
        .map(|terminal| {
            let away = presence::decide(&terminal, now_ms).0 != Presence::Online;
            let turn = seen.entry((away, terminal.site.clone())).or_default();
            *turn += 1;
            ((away, *turn, terminal.id.clone()), terminal)
        })
        .collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    keyed.into_iter().map(|(_, terminal)| terminal).collect()
}

#[cfg(test)]
mod tests;
