//! Rollouts played through: displays do what they are told, or not, and what follows is looked at.

use std::collections::BTreeSet;

use migrado_protocol::content::{UpdateState as U, WaitsFor};
use migrado_protocol::verdict::{Level, Verdict};

use super::super::budget::WHEELCHAIR;
use super::super::model::{Capability, ErrorsMax, Limits, Targets, Wave, Who};
use super::super::progress::tests::{report, wanted};
use super::super::windows::AlwaysOpen;
use super::super::windows::tests::Listed;
use super::*;
use crate::fleet::terminal::Connection;

pub(in crate::rollouts) fn spec(waves: Vec<Wave>) -> Spec {
    Spec {
        title: "t".into(),
        release: "release new".into(),
        manifest: "new".into(),
        targets: Targets::All,
        waves,
        start_ms: None,
        throttle_bytes_s: None,
        wait_at_most_s: Some(600),
        limits: Limits { reach_s: 1000, download_s: 100, activate_s: 100 },
        allow_single: false,
    }
}

pub(in crate::rollouts) fn wave(who: Who) -> Wave {
    let name = "w".to_owned();
    Wave {
        name,
        who,
        success_percent: 100,
        errors_max: ErrorsMax::Count(0),
        observe_s: 0,
        pause_after: false,
    }
}

pub(in crate::rollouts) fn terminal(id: &str, site: &str) -> Terminal {
    let mut terminal = Terminal::new(id.parse().unwrap(), site.parse().unwrap(), String::new(), 0);
    terminal.connection = Connection::Standing;
    let level = Level::FullService;
    terminal.reported.verdict = Some(Verdict { level, because: Vec::new(), since_ms: 0 });
    terminal.reported.content = Some(report("old", "old", U::Confirmed));
    terminal.certificate = Some(crate::fleet::terminal::Certificate { serial: "1".into(), not_after_ms: 1 });
    terminal
}

struct Play {
    whole: Whole,
    terminals: BTreeMap<TerminalId, Arc<Terminal>>,
    wanted: BTreeMap<TerminalId, ReleaseWanted>,
    labels: Labels,
    windows: Box<dyn Windows>,
    live: bool,
    now_ms: i64,
}

fn id(n: usize) -> TerminalId {
    format!("fp-{n:02}").parse().unwrap()
}

impl Play {
    /// A started rollout of displays `1..=n` of one site, in these waves.
    fn new(waves: Vec<Wave>, members: &[(usize, usize)]) -> Self {
        let rollout = Rollout {
            id: uuid::Uuid::nil(),
            spec: spec(waves),
            state: State::Scheduled,
            since_ms: 0,
            reason: None,
            paused_by: None,
            wave: 0,
            begun_ms: Vec::new(),
            made_by: "a".into(),
            made_ms: 0,
            started_by: None,
            approved_by: None,
            revision: 1,
        };
        let displays = members.iter().map(|(n, wave)| (id(*n), Display::pending(id(*n), *wave, 0))).collect();
        let terminals = members.iter().map(|(n, _)| (id(*n), Arc::new(terminal(id(*n).as_str(), "fp"))));
        Self {
            whole: Whole { rollout, displays },
            terminals: terminals.collect(),
            wanted: members.iter().map(|(n, _)| (id(*n), wanted("old"))).collect(),
            labels: Labels::new(),
            windows: Box::new(AlwaysOpen),
            live: true,
            now_ms: 1_000,
        }
    }

    fn change(&mut self, n: usize, change: impl FnOnce(&mut Terminal)) {
        change(Arc::make_mut(self.terminals.get_mut(&id(n)).unwrap()));
    }

    /// A display says this of what it was told.
    fn says(&mut self, n: usize, state: U) {
        let told = self.wanted[&id(n)].clone();
        self.change(n, |t| {
            let serves = matches!(state, U::Observing | U::Confirmed);
            let other = if told.manifest == "new" { "old" } else { "new" };
            let mut content = report(if serves { &told.manifest } else { other }, &told.manifest, state);
            content.update.as_mut().unwrap().attempt = told.attempt;
            t.reported.content = Some(content);
            t.reported.generation = Some(u64::MAX);
        });
    }

    fn step(&self, n: usize) -> Step {
        self.whole.displays[&id(n)].step
    }

    fn steps(&self) -> Vec<Step> {
        self.whole.displays.values().map(|d| d.step).collect()
    }

    fn code(&self, n: usize) -> Option<String> {
        self.whole.displays[&id(n)].why.as_ref().map(Why::code)
    }

    fn look_once(&mut self) -> bool {
        for terminal in self.terminals.values_mut() {
            Arc::make_mut(terminal).last_seen_ms = Some(self.now_ms);
        }
        let displays = self.whole.displays.values();
        let terminals = self.terminals.values().map(AsRef::as_ref);
        let mut budget = Budget::count(terminals, displays, &self.labels, self.now_ms);
        let world = World {
            terminals: &self.terminals,
            wanted: &self.wanted,
            labels: &self.labels,
            windows: self.windows.as_ref(),
            live: self.live,
            now_ms: self.now_ms,
        };
        let decision = decide(&self.whole, &world, &mut budget);
        let moved = !decision.is_nothing(&self.whole.rollout);
        self.take(decision);
        moved
    }

    fn take(&mut self, decision: Decision) {
        self.whole.rollout = decision.rollout;
        for display in decision.displays {
            self.whole.displays.insert(display.terminal.clone(), display);
        }
        for (id, wanted) in decision.tells {
            match wanted {
                Some(wanted) => drop(self.wanted.insert(id, wanted)),
                None => drop(self.wanted.remove(&id)),
            }
        }
    }

    /// Looks until nothing follows any more.
    fn look(&mut self) -> State {
        let looks = (0..50).take_while(|_| self.look_once()).count();
        assert!(looks < 50, "it does not come to rest: {:?}", self.whole);
        self.whole.rollout.state
    }

    fn pass(&mut self, seconds: i64) -> State {
        self.now_ms += seconds * 1000;
        self.look()
    }

    fn obey_times(&mut self, times: usize) {
        for _ in 0..times {
            self.obey();
        }
    }

    /// Every display does what it may, one step further; how many are away then.
    fn obey(&mut self) -> usize {
        for n in 1..=self.terminals.len() {
            let display = &self.whole.displays[&id(n)];
            match (display.step, display.leave_ms) {
                (Step::Downloading, _) => self.says(n, U::Staged),
                (Step::Waiting, Some(_)) => self.says(n, U::Observing),
                (Step::Observing, _) => self.says(n, U::Confirmed),
                (Step::Returning, Some(_)) => self.says(n, U::Confirmed),
                _ => {}
            }
        }
        self.look();
        self.whole.displays.values().filter(|d| d.is_away()).count()
    }
}

#[test]
fn waves_follow_each_other_and_a_site_keeps_half_of_its_displays() {
    let waves = vec![wave(Who::Count(1)), wave(Who::Percent(50)), wave(Who::Rest)];
    let members = [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2)];
    let mut play = Play::new(waves, &members);
    assert_eq!(play.look(), State::Running);
    assert_eq!(play.steps()[..2], [Step::Downloading, Step::Pending], "only the canary begins");
    let mut most = 0;
    for _ in 0..30 {
        most = most.max(play.obey());
        let begun: Vec<usize> =
            play.whole.displays.values().filter(|d| d.told.is_some()).map(|d| d.wave).collect();
        let now = play.whole.rollout.wave;
        assert!(begun.iter().all(|wave| *wave <= now), "{begun:?} in {now}");
    }
    assert_eq!(play.whole.rollout.state, State::Completed, "{:?}", play.whole);
    assert!(play.steps().iter().all(|step| *step == Step::Confirmed));
    assert_eq!(most, 3, "three of six at once, and never more");
    assert!(!play.look_once(), "looking twice changes nothing");
}

#[test]
fn an_error_halts_and_everything_goes_back_to_what_it_was() {
    let mut play = Play::new(vec![wave(Who::Count(2)), wave(Who::Rest)], &[(1, 0), (2, 0), (3, 1), (4, 1)]);
    play.look();
    play.obey();
    play.obey();
    play.says(1, U::Confirmed);
    play.look();
    play.says(2, U::RolledBack);
    assert_eq!(play.look(), State::Halted);
    assert_eq!(play.whole.rollout.reason.as_ref().unwrap().code(), "errors");
    assert_eq!(play.steps()[2..], [Step::LeftOut; 2], "who was not told is not touched");
    assert_eq!(play.wanted[&id(1)].manifest, "old");
    // The one that went back by itself is there already once it has heard.
    play.change(2, |t| t.reported.content = Some(report("old", "new", U::RolledBack)));
    play.look();
    assert_eq!((play.step(1), play.step(2)), (Step::Returning, Step::Returned));
    play.says(1, U::Confirmed);
    assert_eq!(play.look(), State::RolledBack);
    assert_eq!(play.step(1), Step::Returned);
    assert!(play.wanted.values().all(|w| w.manifest == "old"));
}

#[test]
fn a_withdrawn_release_is_taken_back_also_from_a_paused_rollout() {
    let mut play = Play::new(vec![wave(Who::Rest)], &[(1, 0), (2, 0)]);
    play.look();
    play.whole.rollout.state = State::Paused;
    play.live = false;
    assert_eq!(play.look(), State::Halted);
    assert_eq!(play.whole.rollout.reason, Some(Why::Withdrawn));
}

#[test]
fn a_pause_after_a_wave_waits_for_a_person_and_nothing_new_begins() {
    let canary = Wave { pause_after: true, ..wave(Who::Count(1)) };
    let mut play = Play::new(vec![canary, wave(Who::Rest)], &[(1, 0), (2, 1)]);
    play.look();
    play.obey_times(4);
    assert_eq!(play.whole.rollout.state, State::Paused);
    assert_eq!(play.whole.rollout.paused_by, Some(PausedBy::Wave));
    assert_eq!(play.pass(5_000), State::Paused);
    assert_eq!(play.step(2), Step::Pending);
}

#[test]
fn observation_counts_from_the_last_confirmation() {
    let watched = Wave { observe_s: 60, ..wave(Who::Count(1)) };
    let mut play = Play::new(vec![watched, wave(Who::Rest)], &[(1, 0), (2, 1)]);
    play.look();
    play.obey_times(4);
    assert_eq!(play.step(1), Step::Confirmed);
    play.pass(59);
    assert_eq!(play.whole.rollout.wave, 0);
    play.pass(1);
    assert_eq!(play.whole.rollout.wave, 1);
}

#[test]
fn a_late_word_after_a_time_out_wins() {
    let lenient = Wave { errors_max: ErrorsMax::Count(1), success_percent: 50, ..wave(Who::Rest) };
    let mut play = Play::new(vec![lenient], &[(1, 0), (2, 0), (3, 0)]);
    play.look();
    for _ in 0..6 {
        // Display 1 is silent; the others go on.
        for n in [2, 3] {
            match play.step(n) {
                Step::Downloading => play.says(n, U::Staged),
                Step::Waiting => play.says(n, U::Confirmed),
                _ => {}
            }
        }
        play.look();
    }
    play.pass(100);
    assert_eq!(play.steps(), [Step::TimedOut, Step::Confirmed, Step::Confirmed]);
    assert_eq!(play.whole.rollout.state, State::Completed);
    play.says(1, U::Downloading);
    play.look();
    assert_eq!(play.step(1), Step::TimedOut, "on its way is no last word");
    play.says(1, U::Confirmed);
    play.look();
    assert_eq!(play.step(1), Step::Confirmed);
}

#[test]
fn who_is_away_takes_its_turn_when_it_is_back_and_holds_nobody_up() {
    let mut play = Play::new(vec![wave(Who::Count(2)), wave(Who::Rest)], &[(1, 0), (2, 0), (3, 1)]);
    play.change(2, |t| t.connection = Connection::Never);
    play.look();
    assert_eq!(play.code(2).as_deref(), Some("offline"));
    play.obey_times(8);
    assert_eq!((play.step(1), play.step(2), play.step(3)), (Step::Confirmed, Step::Pending, Step::Confirmed));
    assert_eq!(play.whole.rollout.state, State::Running, "one is still to come");
    play.change(2, |t| t.connection = Connection::Standing);
    play.look();
    assert_eq!(play.step(2), Step::Downloading);
    // Negative control: one that stays away is not waited for without end.
    let mut play = Play::new(vec![wave(Who::Rest)], &[(1, 0), (2, 0)]);
    play.whole.rollout.spec.allow_single = true;
    play.change(2, |t| t.connection = Connection::Never);
    play.look();
    play.obey_times(6);
    assert_eq!(play.pass(1_000), State::Completed);
    assert_eq!(play.step(2), Step::Unreached);
}

#[test]
fn the_only_one_of_its_kind_waits_until_the_site_is_closed() {
    let windows = |closed| Listed { download: vec![(0, 90_000)], activate: vec![(0, 90_000)], closed };
    for (closed, allowed, expected) in [
        (vec![], false, Step::Staged),
        (vec![(50_000, 60_000)], false, Step::Staged),
        (vec![(500, 60_000)], false, Step::Waiting),
        (vec![], true, Step::Waiting),
    ] {
        let mut play = Play::new(vec![wave(Who::Rest)], &[(1, 0)]);
        play.whole.rollout.spec.allow_single = allowed;
        play.windows = Box::new(windows(closed.clone()));
        play.look();
        play.says(1, U::Staged);
        play.look();
        assert_eq!(play.step(1), expected, "{closed:?} {allowed}");
        if expected == Step::Staged {
            assert_eq!(play.code(1).as_deref(), Some("only_when_closed"));
        }
    }
}

#[test]
fn the_last_wheelchair_height_stays_though_others_print() {
    let mut play = Play::new(vec![wave(Who::Rest)], &[(1, 0), (2, 0), (3, 0)]);
    let low: BTreeSet<TerminalId> = [id(1), id(2)].into();
    play.labels = Labels::from([(WHEELCHAIR.to_owned(), low)]);
    play.look();
    (1..=3).for_each(|n| play.says(n, U::Staged));
    play.look();
    assert_eq!(play.step(1), Step::Waiting);
    assert_eq!(play.step(2), Step::Staged);
    let misses = &play.whole.displays[&id(1)].misses;
    assert!(misses.contains(&Capability::Wheelchair), "{misses:?}");
    assert_eq!(play.code(2).as_deref(), Some("site_cannot_spare"));
}

#[test]
fn leave_ends_with_its_window_and_comes_again_with_the_next() {
    let mut play = Play::new(vec![wave(Who::Rest)], &[(1, 0), (2, 0)]);
    play.windows = Box::new(Listed {
        download: vec![(0, 900_000)],
        activate: vec![(0, 10_000), (50_000, 60_000)],
        closed: vec![],
    });
    play.look();
    play.says(1, U::Staged);
    play.look();
    assert_eq!(play.wanted[&id(1)].activate.and_then(|w| w.until_ms), Some(10_000));
    play.pass(20);
    assert_eq!((play.step(1), play.wanted[&id(1)].activate), (Step::Staged, None));
    assert_eq!(play.code(1).as_deref(), Some("window_opens"));
    play.pass(30);
    assert_eq!(play.step(1), Step::Waiting);
}

#[test]
fn a_visitor_is_no_time_out() {
    let mut play = Play::new(vec![wave(Who::Rest)], &[(1, 0), (2, 0)]);
    play.look();
    play.says(1, U::Staged);
    play.look();
    play.says(1, U::Waiting);
    play.change(1, |t| {
        let update = t.reported.content.as_mut().and_then(|c| c.update.as_mut()).unwrap();
        update.waits_for = Some(WaitsFor::Visitor);
    });
    play.look();
    play.change(2, |t| t.reported.content = Some(report("new", "new", U::Confirmed)));
    play.pass(5_000);
    assert_eq!((play.step(1), play.code(1).as_deref()), (Step::Waiting, Some("visitor")));
}

#[test]
fn what_a_person_gives_a_display_meanwhile_stays() {
    let mut play = Play::new(vec![wave(Who::Rest)], &[(1, 0), (2, 0)]);
    play.look();
    play.wanted.insert(id(1), wanted("other"));
    play.look();
    assert_eq!((play.step(1), play.code(1).as_deref()), (Step::LeftOut, Some("overridden")));
    play.whole.rollout.state = State::Halted;
    play.look();
    assert_eq!(play.wanted[&id(1)].manifest, "other");
}

#[test]
fn a_failed_display_has_no_leave_and_is_tried_again_when_a_person_says_so() {
    let lenient = Wave { errors_max: ErrorsMax::Count(1), ..wave(Who::Rest) };
    let mut play = Play::new(vec![lenient], &[(1, 0), (2, 0)]);
    play.look();
    play.says(1, U::Staged);
    play.look();
    play.says(1, U::RolledBack);
    play.look();
    assert_eq!((play.step(1), play.wanted[&id(1)].activate), (Step::RolledBack, None));
    play.whole.rollout.state = State::Running;
    play.wanted.get_mut(&id(1)).unwrap().attempt += 1;
    play.look();
    assert_eq!(play.step(1), Step::Downloading, "what was said before is no longer meant");
}

#[test]
fn who_has_no_leave_keeps_what_it_had_when_a_rollout_is_ended() {
    let mut play = Play::new(vec![wave(Who::Rest)], &[(1, 0), (2, 0), (3, 0)]);
    play.look();
    play.says(1, U::Staged);
    play.look();
    assert_eq!(play.steps(), [Step::Waiting, Step::Downloading, Step::Downloading]);
    let mut rollout = play.whole.rollout.clone();
    assert!(to(&mut rollout, Event::Cancel, Some(Why::Person { name: "a".into() }), 9));
    let world = World {
        terminals: &play.terminals,
        wanted: &play.wanted,
        labels: &play.labels,
        windows: &AlwaysOpen,
        live: true,
        now_ms: 9,
    };
    let decision = cancel(&play.whole, rollout, &world, &mut Budget::default());
    play.take(decision);
    assert_eq!(play.steps(), [Step::Waiting, Step::LeftOut, Step::LeftOut]);
    let manifests: Vec<&str> = play.wanted.values().map(|w| w.manifest.as_str()).collect();
    assert_eq!(manifests, ["new", "old", "old"]);
}
