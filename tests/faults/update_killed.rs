//! The agent is killed while it updates: at every durable step of an update and at 200 random moments. What is in service is the old release or the new one, whole, each time,
//! and the display comes to what is wanted by itself.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use migrado_content::manifest::ManifestId;
use migrado_tests::api::Api;
use migrado_tests::dice::{self, Dice};
use migrado_tests::editor::{Editor, want};
use migrado_tests::terminal::Terminal;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, needs_program, shelf, visitor};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const RELEASES: [&str; 2] = ["2026-11-25.1", "2026-11-25.2"];
/// How often the played page beats: a display that was just started hears it at once.
const BEAT: Duration = Duration::from_millis(200);
/// Random kills in all, and the displays that share them.
const KILLS: u64 = 200;
const DISPLAYS: u64 = 2;
/// The longest life before a random kill: what an update takes to be watched, and some.
const LIFE_MAX_MS: u64 = 700;
/// Lives in which a display may come to a release before it is to have the other one.
const LIVES: u64 = 5;

/// The displays that share the durable steps: each dies at every fourth one.
const DISPLAYS_STEPS: u32 = 4;
/// Times that a display goes through the steps at most.
const ROUNDS_MAX: u32 = 4;
/// The states in which a kill has to have found an update.
const STATES: [&str; 5] = ["downloading", "staged", "activating", "observing", "confirmed"];

/// A fleet that serves the first of two releases, which differ in every file.
async fn serving(displays: usize) -> (Fleet, [ManifestId; 2], CancellationToken) {
    let fleet = Fleet::builder()
        .terminals(displays)
        .content(json!({"observe_s": 2, "scrub_period_s": 600}))
        .start()
        .await;
    let end = CancellationToken::new();
    for terminal in &fleet.terminals {
        tokio::spawn(visitor::showing_page_every(BEAT, terminal.kiosk(), end.clone()));
    }
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let mut ids = Vec::new();
    for name in RELEASES {
        let text = name.repeat(20_000);
        let files = [("a/b.txt", text.as_bytes()), ("a/c/d.txt", name.as_bytes()), ("same.txt", b"same")];
        let folder = editor.release(name, &files).unwrap();
        ids.push(editor.publish(&fleet.api, name, &folder).await.unwrap().parse().unwrap());
    }
    for terminal in &fleet.terminals {
        want(&fleet.api, &terminal.id, json!({"release": RELEASES[0]})).await.unwrap();
    }
    for terminal in &fleet.terminals {
        let serves = |t: &serde_json::Value| t["content"]["update"]["state"] == "confirmed";
        fleet.until_terminal(&terminal.id, "serves the first release", serves).await;
    }
    (fleet, [ids[0], ids[1]], end)
}

/// Kills a display at random moments while it goes to and fro between the releases. Gives how often
/// another one was in service than the time before.
async fn kill_at_random(api: &Api, terminal: &mut Terminal, mut dice: Dice, ids: &[ManifestId; 2]) -> usize {
    let (mut changes, mut before) = (0, None);
    terminal.kill().await;
    for n in 0..KILLS / DISPLAYS {
        if n % LIVES == 0 {
            let release = RELEASES[usize::from((n / LIVES).is_multiple_of(2))];
            want(api, &terminal.id, json!({"release": release})).await.unwrap();
        }
        terminal.start().unwrap();
        let life = Duration::from_millis(dice.between((0, LIFE_MAX_MS)));
        tokio::time::sleep(life).await;
        terminal.process().must_live().unwrap();
        terminal.kill().await;
        let seen = shelf::in_service(&terminal.data_dir);
        let seen =
            seen.unwrap_or_else(|error| panic!("kill {n} of {} after {life:?}: {error:#}", terminal.id));
        assert!(seen.is_some_and(|id| ids.contains(&id)), "kill {n} of {}: {seen:?}", terminal.id);
        changes += usize::from(before.is_some() && seen != before);
        before = seen;
    }
    changes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_a_display_serves_the_old_release_or_the_new_one() {
    let seed = dice::seed();
    let (mut fleet, ids, end) = serving(usize::try_from(DISPLAYS).unwrap()).await;
    let api = &fleet.api;
    let displays = fleet.terminals.iter_mut().zip(1..);
    let killing = displays.map(|(t, n)| kill_at_random(api, t, Dice::new(seed.wrapping_mul(n)), &ids));
    let changes: Vec<usize> = join_all(killing).await;
    assert!(changes.iter().all(|n| *n > 0), "no kill was near a switch, of {KILLS}: {changes:?}");
    for terminal in &mut fleet.terminals {
        want(&fleet.api, &terminal.id, json!({"release": RELEASES[0]})).await.unwrap();
        terminal.start().unwrap();
    }
    for terminal in &fleet.terminals {
        // A person asks again where it was taken back for all the restarts.
        retry(&fleet.api, terminal).await;
        let whole = |t: &serde_json::Value| {
            t["content"]["active"]["name"] == RELEASES[0] && t["content"]["update"]["state"] == "confirmed"
        };
        fleet.until_terminal(&terminal.id, "comes to what is wanted", whole).await;
        assert_eq!(shelf::in_service(&terminal.data_dir).unwrap(), Some(ids[0]));
    }
    let spoilt = fleet.terminals[0].data_dir.join(shelf::FOLDER).join("active/a/c/d.txt");
    std::fs::write(spoilt, RELEASES[1]).unwrap();
    let seen = shelf::in_service(&fleet.terminals[0].data_dir);
    assert!(seen.is_err(), "negative control: what is between two releases is seen: {seen:?}");
    end.cancel();
}

async fn retry(api: &Api, terminal: &Terminal) {
    api.post(&format!("/api/v1/terminals/{}/release/retry", terminal.id), json!({})).await.unwrap();
}

/// How the kernel is told to kill the agent when it is about to put its memory on the disk for the `n`th
/// time: what it remembers of an update is in there, and written before each effect.
fn killed_at(terminal: &Terminal, n: u32) -> Vec<String> {
    let memory = terminal.data_dir.join("agent.redb").display().to_string();
    let inject = format!("inject=fdatasync,fsync:signal=KILL:when={n}");
    // In the agent's own place (`-D`), so that signals and its end are the agent's.
    let words =
        ["strace", "-D", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-P", &memory];
    words.iter().map(|word| (*word).to_owned()).chain(["-e".to_owned(), inject]).collect()
}

/// The state of the update that the agent found when it was started the last time.
fn left_at(terminal: &Terminal) -> String {
    let words = terminal.words();
    let line =
        words.lines().rfind(|line| line.contains("the update is where it was left")).unwrap_or_default();
    let state = line.split("state=").nth(1).unwrap_or_default();
    state.trim_matches('"').split(['"', ' ']).next().unwrap_or_default().to_owned()
}

/// Brings the other release again and again, and dies at the next durable step each time, until an
/// update comes through without having died. As long as the displays together were not dead in every
/// state, it goes through all steps again: what else the agent remembers meanwhile moves them about.
async fn kill_at_every_step(
    api: &Api,
    terminal: &mut Terminal,
    ids: &[ManifestId; 2],
    first: u32,
    dead_in: &Mutex<BTreeSet<String>>,
) {
    terminal.kill().await;
    let begun = |terminal: &Terminal| terminal.words().matches("an update begins").count();
    let (mut wanted, mut n, mut rounds, mut early) = (1, first, 0, first);
    loop {
        let before = begun(terminal);
        want(api, &terminal.id, json!({"release": RELEASES[wanted]})).await.unwrap();
        terminal.under = killed_at(terminal, n);
        terminal.start().unwrap();
        let came = ends(api, terminal, RELEASES[wanted]).await;
        let at = shelf::in_service(&terminal.data_dir);
        let at = at.unwrap_or_else(|error| panic!("step {n} of {}: {error:#}", terminal.id));
        assert!(at.is_some_and(|id| ids.contains(&id)), "step {n}: {at:?}");
        terminal.under.clear();
        let is_done = || STATES.iter().all(|state| dead_in.lock().unwrap().contains(*state));
        rounds += u32::from(came);
        if rounds == ROUNDS_MAX || (rounds > 0 && is_done()) {
            return;
        }
        if came {
            terminal.kill().await;
            // From the last step before the update on.
            (n, wanted) = (early, 1 - wanted);
            continue;
        }
        n += if rounds == 0 { DISPLAYS_STEPS } else { 1 };
        if begun(terminal) == before {
            // It died while it started, and is to die later: nothing was left half done.
            early = n;
            continue;
        }
        terminal.start().unwrap();
        assert!(ends(api, terminal, RELEASES[wanted]).await, "step {n}: it died again\n{}", terminal.words());
        dead_in.lock().unwrap().insert(left_at(terminal));
        assert_eq!(shelf::in_service(&terminal.data_dir).unwrap(), Some(ids[wanted]), "step {n}");
        terminal.kill().await;
        wanted = 1 - wanted;
    }
}

/// Waits until the agent has died, or serves the release and has confirmed it; which is true.
async fn ends(api: &Api, terminal: &mut Terminal, release: &str) -> bool {
    let terminal = tokio::sync::Mutex::new(terminal);
    until("the agent is dead, or the release is confirmed", seconds(60), || async {
        let mut terminal = terminal.lock().await;
        if !terminal.is_running() {
            return Ok(false);
        }
        let told = api.terminal(&terminal.id).await.map_err(|e| json!(format!("{e:#}")))?;
        let content = &told["content"];
        let serves = content["active"]["name"] == release && content["update"]["state"] == "confirmed";
        if serves { Ok(true) } else { Err(content.clone()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_durable_step_a_display_serves_the_old_release_or_the_new_one() {
    needs_program!("update_killed", "strace");
    let (mut fleet, ids, end) = serving(usize::try_from(DISPLAYS_STEPS).unwrap()).await;
    let (api, dead_in) = (&fleet.api, Mutex::default());
    let displays = fleet.terminals.iter_mut().zip(1..);
    join_all(displays.map(|(t, n)| kill_at_every_step(api, t, &ids, n, &dead_in))).await;
    let dead_in = dead_in.into_inner().unwrap();
    for state in STATES {
        assert!(dead_in.contains(state), "no kill came after {state} was remembered: {dead_in:?}");
    }
    end.cancel();
}
