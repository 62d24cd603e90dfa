//! Which displays of its site a display is told to ask for a release before the controller. Pure.
//!
//! First those that have it: they wait for nobody. Then those that stand before it by name: they fetch
//! it first. Nobody waits for one behind him, so there is no circle; and a wave whose first display has
//! a small name does not fetch again what the canary with a large one has.

use std::sync::Arc;

use migrado_protocol::content::{ReleaseWanted, UpdateState};
use migrado_protocol::neighbor::{NEIGHBORS_MAX, Neighbor, is_address};

use crate::fleet::Terminal;
use crate::fleet::terminal::Connection;

/// Of those that have it: enough for a site where some are switched off.
const HOLDERS_MAX: usize = 4;

/// The neighbors of the release that is wanted now. Made once for a release and an attempt, and kept
/// after that: who comes and goes must not raise anybody's generation, and an address that is old
/// costs the display one connection. `others` is asked for only where they are made anew.
pub fn renewed(
    me: &Terminal,
    wanted: &ReleaseWanted,
    before: Option<&ReleaseWanted>,
    others: impl FnOnce() -> Vec<Arc<Terminal>>,
) -> Vec<Neighbor> {
    match before.filter(|before| (&before.manifest, before.attempt) == (&wanted.manifest, wanted.attempt)) {
        Some(before) => before.neighbors.clone(),
        None => of(me, &others(), &wanted.manifest),
    }
}

/// The neighbors of a display, from what all displays of its site last said.
pub fn of(me: &Terminal, at_site: &[Arc<Terminal>], manifest: &str) -> Vec<Neighbor> {
    let mut reachable: Vec<(&Terminal, Neighbor)> =
        at_site.iter().filter(|t| t.id != me.id).filter_map(|t| Some((&**t, reached(t)?))).collect();
    reachable.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    let holders = reachable.iter().filter(|(terminal, _)| has(terminal, manifest)).take(HOLDERS_MAX);
    let before_me = reachable.iter().filter(|(terminal, _)| terminal.id < me.id && !has(terminal, manifest));
    holders.chain(before_me).take(NEIGHBORS_MAX).map(|(_, neighbor)| neighbor.clone()).collect()
}

/// Where a display is reached, if it may be asked: it is there, its certificate counts, and it says a
/// host and a port and nothing else.
fn reached(terminal: &Terminal) -> Option<Neighbor> {
    let address = terminal.reported.content.as_ref()?.serves_at.clone()?;
    let is_asked = terminal.connection == Connection::Standing && terminal.certificate.is_some();
    (is_asked && is_address(&address)).then(|| Neighbor { terminal: terminal.id.clone(), address })
}

/// Whether it says that all of a release is on its disk.
fn has(terminal: &Terminal, manifest: &str) -> bool {
    let Some(content) = &terminal.reported.content else { return false };
    let held = [content.active.as_ref(), content.previous.as_ref()];
    let is_whole = |state| {
        use UpdateState as S;
        matches!(state, S::Staged | S::Waiting | S::Activating | S::Observing | S::Confirmed)
    };
    held.into_iter().flatten().any(|held| held.manifest == manifest)
        || content.update.as_ref().is_some_and(|u| u.manifest == manifest && is_whole(u.state))
}

#[cfg(test)]
mod tests {
    use migrado_protocol::content::{ContentReport, ReleaseHeld};
    use migrado_protocol::presence::DeathCause;

    use super::*;
    use crate::fleet::terminal::Certificate;
    use crate::rollouts::progress::tests::{report, wanted};

    /// A display that serves, connected and with a certificate.
    fn display(n: usize, content: ContentReport) -> Arc<Terminal> {
        let id = format!("d-{n:02}").parse().unwrap();
        let mut terminal = Terminal::new(id, "s".parse().unwrap(), "D".into(), 0);
        terminal.connection = Connection::Standing;
        terminal.certificate = Some(Certificate { serial: "1".into(), not_after_ms: 1 });
        let serves_at = Some(format!("192.0.2.{n}:7443"));
        terminal.reported.content = Some(ContentReport { serves_at, ..content });
        Arc::new(terminal)
    }

    fn site(n: usize) -> Vec<Arc<Terminal>> {
        (1..=n).map(|n| display(n, ContentReport::default())).collect()
    }

    fn names(neighbors: &[Neighbor]) -> Vec<&str> {
        neighbors.iter().map(|neighbor| neighbor.terminal.as_str()).collect()
    }

    #[test]
    fn who_has_it_comes_first_and_then_who_stands_before() {
        let mut site = site(6);
        assert_eq!(names(&of(&site[0], &site, "new")), [""; 0], "the first one has nobody to ask");
        assert_eq!(names(&of(&site[3], &site, "new")), ["d-01", "d-02", "d-03"]);
        site[4] = display(5, report("new", "new", UpdateState::Confirmed));
        assert_eq!(names(&of(&site[0], &site, "new")), ["d-05"], "a canary that stands behind");
        assert_eq!(names(&of(&site[2], &site, "new")), ["d-05", "d-01", "d-02"]);
        assert_eq!(names(&of(&site[4], &site, "old")), ["d-01", "d-02", "d-03", "d-04"]);
        let neighbor = &of(&site[0], &site, "new")[0];
        assert_eq!(neighbor.address, "192.0.2.5:7443");
    }

    #[test]
    fn who_has_it_is_known_by_what_it_says_of_its_disk() {
        use UpdateState as S;
        let held =
            |manifest: &str| Some(ReleaseHeld { name: "r".into(), manifest: manifest.into(), since_ms: 0 });
        let previous = ContentReport { previous: held("new"), ..ContentReport::default() };
        let rows = [
            (previous, true),
            (report("new", "newer", S::Downloading), true),
            (report("old", "new", S::Staged), true),
            (report("old", "new", S::Waiting), true),
            (report("old", "new", S::Observing), true),
            (report("old", "new", S::Downloading), false),
            (report("old", "new", S::RolledBack), false),
            (report("old", "new", S::Failed), false),
            (report("old", "other", S::Staged), false),
        ];
        for (content, expected) in rows {
            assert_eq!(has(&display(1, content.clone()), "new"), expected, "{content:?}");
        }
    }

    #[test]
    fn nobody_is_named_who_is_away_or_revoked_or_says_no_address() {
        let me = display(9, ContentReport::default());
        let changed = |change: fn(&mut Terminal)| {
            let mut other = (*display(1, ContentReport::default())).clone();
            change(&mut other);
            of(&me, &[Arc::new(other), me.clone()], "new").len()
        };
        assert_eq!(changed(|_| {}), 1);
        assert_eq!(changed(|t| t.connection = Connection::Never), 0);
        assert_eq!(changed(|t| t.connection = Connection::Ended(DeathCause::Restart)), 0);
        assert_eq!(changed(|t| t.certificate = None), 0);
        assert_eq!(changed(|t| t.reported.content = None), 0);
        assert_eq!(changed(|t| t.reported.content.as_mut().unwrap().serves_at = None), 0);
        let odd = |t: &mut Terminal| {
            t.reported.content.as_mut().unwrap().serves_at = Some("evil.example:1/x".into());
        };
        assert_eq!(changed(odd), 0);
    }

    #[test]
    fn a_large_site_names_a_dozen_and_some_of_those_that_have_it() {
        let mut site = site(40);
        for (n, one) in site.iter_mut().enumerate().take(10) {
            *one = display(n + 1, report("new", "new", UpdateState::Confirmed));
        }
        let list = of(&site[39], &site, "new");
        assert_eq!(list.len(), NEIGHBORS_MAX);
        assert_eq!(names(&list)[..5], ["d-01", "d-02", "d-03", "d-04", "d-11"]);
    }

    #[test]
    fn the_list_is_made_once_for_a_release_and_an_attempt() {
        let site = site(3);
        let first = wanted("new");
        let made = renewed(&site[2], &first, None, || site.clone());
        assert_eq!(names(&made), ["d-01", "d-02"]);
        let before = ReleaseWanted { neighbors: made.clone(), ..first.clone() };
        let nobody = || -> Vec<Arc<Terminal>> { panic!("nobody is looked at") };
        assert_eq!(renewed(&site[2], &first, Some(&before), nobody), made);
        let throttled = ReleaseWanted { throttle_bytes_s: Some(9), ..first.clone() };
        assert_eq!(renewed(&site[2], &throttled, Some(&before), nobody), made);
        let again = ReleaseWanted { attempt: 1, ..first };
        assert_eq!(renewed(&site[2], &again, Some(&before), Vec::new), []);
        assert_eq!(renewed(&site[2], &wanted("newer"), Some(&before), Vec::new), []);
    }
}
