//! Plans of small fleets: who is in which wave, who in none, and what makes it impossible.

use migrado_protocol::content::UpdateState;

use super::super::decide::tests::{spec, terminal, wave};
use super::super::progress::tests::report;
use super::super::windows::AlwaysOpen;
use super::super::windows::tests::Listed;
use super::*;
use crate::fleet::terminal::Connection;

struct Given {
    terminals: BTreeMap<TerminalId, Arc<Terminal>>,
    wanted: BTreeMap<TerminalId, String>,
    taken: BTreeMap<TerminalId, String>,
    labels: Labels,
    windows: Box<dyn Windows>,
}

impl Given {
    /// Four displays at one site, two at the other.
    fn new() -> Self {
        let all = [("a-1", "a"), ("a-2", "a"), ("a-3", "a"), ("a-4", "a"), ("b-1", "b"), ("b-2", "b")];
        let all = all.map(|(id, site)| (id.parse().unwrap(), Arc::new(terminal(id, site))));
        Self {
            terminals: all.into(),
            wanted: BTreeMap::new(),
            taken: BTreeMap::new(),
            labels: Labels::from([("low".to_owned(), ["a-4".parse().unwrap()].into())]),
            windows: Box::new(AlwaysOpen),
        }
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Terminal)) {
        change(Arc::make_mut(self.terminals.get_mut(&id.parse().unwrap()).unwrap()));
    }

    fn plan(&self, spec: &Spec) -> Plan {
        let terminals = self.terminals.values().map(AsRef::as_ref);
        let budget = Budget::count(terminals, std::iter::empty(), &self.labels, 1_000);
        let fleet = Fleet {
            terminals: &self.terminals,
            wanted: &self.wanted,
            taken: &self.taken,
            labels: &self.labels,
            windows: self.windows.as_ref(),
            budget: &budget,
            now_ms: 1_000,
        };
        plan(spec, &fleet)
    }
}

fn waves_of(plan: &Plan) -> Vec<(String, Option<usize>)> {
    plan.displays.iter().map(|d| (d.terminal.to_string(), d.wave)).collect()
}

fn why_of(plan: &Plan, id: &str) -> Option<String> {
    plan.displays.iter().find(|d| d.terminal.as_str() == id)?.why.as_ref().map(Why::code)
}

#[test]
fn waves_are_filled_in_their_order_from_what_is_left() {
    let rows = [
        (vec![Who::Count(2), Who::Rest], [0, 1, 1, 1, 0, 1], "canaries stand at both sites"),
        (vec![Who::Percent(50), Who::Percent(100)], [0, 0, 1, 1, 0, 1], "percentages are of all"),
        (vec![Who::Count(1), Who::Percent(50), Who::Rest], [0, 1, 2, 2, 1, 2], "and include earlier waves"),
        (vec![Who::Site("b".parse().unwrap()), Who::Rest], [1, 1, 1, 1, 0, 0], "a site"),
        (vec![Who::Label("low".into()), Who::Rest], [1, 1, 1, 0, 1, 1], "a label"),
        (vec![Who::Terminals(vec!["b-2".parse().unwrap()]), Who::Rest], [1, 1, 1, 1, 1, 0], "named ones"),
        (vec![Who::Percent(1), Who::Rest], [0, 1, 1, 1, 1, 1], "a little of something is one"),
    ];
    for (who, expected, what) in rows {
        let plan = Given::new().plan(&spec(who.into_iter().map(wave).collect()));
        let waves: Vec<usize> = plan.displays.iter().filter_map(|d| d.wave).collect();
        assert_eq!(waves, expected, "{what}");
        assert_eq!(plan.obstacles, [], "{what}");
    }
}

#[test]
fn who_takes_no_part_is_told_why() {
    let mut given = Given::new();
    given.change("a-1", |t| t.certificate = None);
    given.change("a-2", |t| t.reported.content = Some(report("new", "new", UpdateState::Confirmed)));
    given.change("a-3", |t| {
        let mut content = report("old", "new", UpdateState::Failed);
        let update = content.update.as_mut().unwrap();
        (update.waits_for, update.at_latest_ms, update.attempts) =
            (Some(WaitsFor::NextAttempt), Some(5_000), 3);
        t.reported.content = Some(content);
    });
    given.change("b-1", |t| t.connection = Connection::Never);
    let mut spec = spec(vec![wave(Who::Count(1)), wave(Who::Site("b".parse().unwrap()))]);
    let ids = ["a-1", "a-2", "a-3", "a-4", "b-1", "gone"].map(|id| id.parse().unwrap());
    spec.targets = Targets::Terminals(ids.to_vec());
    let plan = given.plan(&spec);
    for (id, code) in [
        ("a-1", Some("not_enrolled")),
        ("a-2", Some("has_it_already")),
        ("a-3", Some("penalty_box")),
        ("a-4", None),
        ("b-1", Some("offline")),
        ("gone", Some("not_found")),
    ] {
        assert_eq!(why_of(&plan, id).as_deref(), code, "{id}");
    }
    let takes_part = waves_of(&plan).into_iter().filter(|(_, wave)| wave.is_some()).map(|(id, _)| id);
    assert_eq!(takes_part.collect::<Vec<_>>(), ["a-4", "b-1"], "who is away is waited for");
    spec.waves.pop();
    assert_eq!(why_of(&given.plan(&spec), "b-1").as_deref(), Some("no_wave"));
}

#[test]
fn a_display_of_another_rollout_is_named_and_stands_in_the_way() {
    let mut given = Given::new();
    given.taken.insert("b-1".parse().unwrap(), "Weihnachten".to_owned());
    let plan = given.plan(&spec(vec![wave(Who::Rest)]));
    let expected = Why::InAnotherRollout { rollout: "Weihnachten".to_owned() };
    assert_eq!(plan.obstacles, [Obstacle { terminal: "b-1".parse().unwrap(), why: expected }]);
}

#[test]
fn the_only_display_of_its_kind_needs_a_closed_site_or_leave_by_name() {
    let closed = |spans| Listed { download: vec![(0, 90_000)], activate: vec![(0, 90_000)], closed: spans };
    let mut given = Given::new();
    given.change("b-2", |t| t.connection = Connection::Never);
    let mut spec = spec(vec![wave(Who::Rest)]);
    let obstacles = |given: &Given, spec: &Spec| {
        given.plan(spec).obstacles.iter().map(|o| (o.terminal.to_string(), o.why.code())).collect::<Vec<_>>()
    };
    let expected = [("b-1".to_owned(), "only_when_closed".to_owned())];
    assert_eq!(obstacles(&given, &spec), expected, "nobody knows when it is closed");
    given.windows = Box::new(closed(vec![(20_000, 30_000)]));
    assert_eq!(obstacles(&given, &spec), []);
    let plan = given.plan(&spec);
    let single = plan.displays.iter().find(|d| d.terminal.as_str() == "b-1").unwrap();
    assert_eq!(single.activate_ms, Some(20_000));
    assert_eq!(why_of(&plan, "b-1").as_deref(), Some("only_when_closed"), "it is said");
    given.windows = Box::new(closed(vec![]));
    spec.allow_single = true;
    assert_eq!(obstacles(&given, &spec), []);
}

#[test]
fn times_come_from_windows_and_a_site_without_one_is_named() {
    let mut given = Given::new();
    let windows = |activate| Listed { download: vec![(5_000, 90_000)], activate, closed: vec![] };
    given.windows = Box::new(windows(vec![(20_000, 90_000)]));
    let mut first = wave(Who::Count(1));
    first.observe_s = 10;
    let plan = given.plan(&spec(vec![first, wave(Who::Rest)]));
    assert_eq!(plan.waves[0], PlannedWave { displays: 1, from_ms: 1_000 });
    assert_eq!(plan.waves[1], PlannedWave { displays: 5, from_ms: 30_000 }, "after the observation");
    let canary = plan.displays.iter().find(|d| d.wave == Some(0)).unwrap();
    assert_eq!((canary.download_ms, canary.activate_ms), (Some(5_000), Some(20_000)));
    given.windows = Box::new(windows(vec![]));
    let plan = given.plan(&spec(vec![wave(Who::Rest)]));
    assert_eq!(plan.obstacles.len(), 6);
    assert!(plan.obstacles.iter().all(|o| o.why == Why::NoWindow), "{:?}", plan.obstacles);
}
