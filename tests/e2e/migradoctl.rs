//! The command line as people and scripts call it: the real program, its words and its exit codes.

use std::path::PathBuf;
use std::process::Stdio;

use migrado_tests::editor::{Editor, want};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, api, programs};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

/// The exit codes as `--help` documents them.
const OK: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const NOT_FOUND: i32 = 3;
const DENIED: i32 = 4;
const CONFLICT: i32 = 5;
const TIMED_OUT: i32 = 6;
const PARTIAL: i32 = 7;

/// What a call said and how it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// The command line of somebody with a home of his own.
struct Ctl {
    home: tempfile::TempDir,
    url: String,
    authority: PathBuf,
}

impl Ctl {
    fn of(fleet: &Fleet) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            url: fleet.api.base.clone(),
            authority: fleet.controller.data_dir.join("pki/ca.crt"),
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(programs::ours("migradoctl"));
        command.args(words).env("XDG_CONFIG_HOME", self.home.path()).env("LANG", "C");
        for name in ["MIGRADO_URL", "MIGRADO_TOKEN_FILE", "MIGRADO_CA", "LC_ALL", "LC_MESSAGES"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    async fn run_with(&self, words: &[&str], stdin: &str) -> Said {
        let mut child = self.command(words).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // Who does not read what it is told has ended; that is seen below.
        input.write_all(stdin.as_bytes()).await.ok();
        drop(input);
        let output = tokio::time::timeout(seconds(120), child.wait_with_output()).await.unwrap().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    async fn run(&self, words: &[&str]) -> Said {
        self.run_with(words, "").await
    }

    /// A call that must end like this.
    async fn ends(&self, code: i32, words: &[&str]) -> Said {
        let said = self.run(words).await;
        assert_eq!(said.code, code, "migradoctl {}: {said:?}", words.join(" "));
        said
    }

    async fn login(&self, fleet: &Fleet, url: &str) {
        let password = api::initial_password(&fleet.controller.data_dir).unwrap();
        let words = ["--url", url, "--ca", self.authority.to_str().unwrap(), "login"];
        let said = self.run_with(&words, &format!("{password}\n")).await;
        assert_eq!(said.code, OK, "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_shows_the_fleet_in_every_form() {
    let fleet = Fleet::builder().start().await;
    let ctl = Ctl::of(&fleet);
    // A slash at the end is the same address, at the login and afterwards.
    ctl.login(&fleet, &format!("{}/", ctl.url)).await;
    let listed = ctl.ends(OK, &["terminals", "list", "--output", "json"]).await.json();
    assert_eq!(listed["items"][0]["id"], "fp-01", "{listed}");
    for url in [ctl.url.clone(), format!("{}/", ctl.url)] {
        let names = ctl.ends(OK, &["--url", &url, "terminals", "list", "--output", "name"]).await;
        assert_eq!(names.out, "fp-01\n");
    }
    let row = ctl.ends(OK, &["terminals", "list"]).await.out;
    assert_eq!(row.split('\t').take(2).collect::<Vec<_>>(), ["fp-01", "friedensplatz"], "a pipe gets tabs");
    let table = ctl.ends(OK, &["terminals", "list", "--output", "table"]).await.out;
    assert!(table.starts_with("TERMINAL"), "{table}");
    let shown = ctl.ends(OK, &["terminals", "show", "fp-01", "-o", "json"]).await.json();
    assert_eq!(shown["presence"]["state"], "online", "{shown}");
    assert!(ctl.ends(NOT_FOUND, &["terminals", "show", "fp-99"]).await.err.contains("no such terminal"));
    let counts = ctl.ends(OK, &["fleet", "-o", "json"]).await.json();
    assert!(counts["counts"].is_object(), "{counts}");

    let token = ctl.ends(OK, &["terminals", "enroll-token", "fp-01", "-o", "json"]).await.json();
    assert!(token["token"].as_str().is_some_and(|t| !t.is_empty()), "{token}");
    assert!(token["command"].as_str().unwrap().starts_with("migrado-agent enroll"), "{token}");
    let bare = ctl.ends(OK, &["terminals", "enroll-token", "fp-01"]).await.out;
    assert_eq!(bare.lines().count(), 1, "{bare}");

    let whole = ctl.ends(OK, &["audit", "verify", "-o", "json"]).await.json();
    assert_eq!(whole["ok"], true, "{whole}");
    let entries = ctl.ends(OK, &["audit", "--limit", "3", "-o", "json"]).await.json();
    assert_eq!(entries["items"].as_array().unwrap().len(), 3, "{entries}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(ctl.ends(OK, &["completions", shell]).await.out.contains("enroll-token"), "{shell}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_end_with_the_code_of_what_came_of_them() {
    let mut fleet = Fleet::builder().terminals(2).start().await;
    let ctl = Ctl::of(&fleet);
    ctl.login(&fleet, &ctl.url).await;
    let send = ["commands", "send"];
    let identify = [&send[..], &["identify", "--seconds", "1"]].concat();
    let of = |words: &[&'static str]| [&identify[..], words].concat();

    let done = ctl.ends(OK, &of(&["fp-01", "--wait", "60", "-o", "json"])).await.json();
    assert_eq!(done["items"][0]["state"], "succeeded", "{done}");
    let id = done["items"][0]["id"].as_str().unwrap().to_owned();
    assert!(ctl.ends(CONFLICT, &["commands", "cancel", &id]).await.err.contains("succeeded"));
    let shown = ctl.ends(OK, &["commands", "show", &id, "-o", "json"]).await.json();
    assert_eq!(shown["order"]["verb"], "identify", "{shown}");
    ctl.ends(NOT_FOUND, &["commands", "show", "01890000-0000-7000-8000-000000000000"]).await;

    // Ordered for one, not for all; also when it was waited for.
    ctl.ends(PARTIAL, &of(&["fp-01", "fp-99"])).await;
    ctl.ends(PARTIAL, &of(&["fp-01", "fp-99", "--wait", "60"])).await;
    ctl.ends(NOT_FOUND, &of(&["fp-99"])).await;
    let refused =
        [&send[..], &["restart_service", "--unit", "ssh.service", "fp-01", "--wait", "60"]].concat();
    assert!(ctl.ends(FAILED, &refused).await.out.contains("unit_not_listed"));
    ctl.ends(USAGE, &[&send[..], &["dance", "fp-01"]].concat()).await;
    ctl.ends(USAGE, &[&send[..], &["identify"]].concat()).await;
    // Two displays are asked about, and nobody is there to answer.
    ctl.ends(USAGE, &of(&["fp-01", "fp-02"])).await;
    ctl.ends(OK, &of(&["fp-01", "fp-02", "--yes", "--wait", "60"])).await;
    let foreseen = ctl.ends(OK, &of(&["fp-01", "--dry-run", "-o", "json"])).await.json();
    assert_eq!(foreseen["applies"][0]["terminal"], "fp-01", "{foreseen}");

    assert!(fleet.terminals[1].stop().await);
    fleet.until_terminal("fp-02", "is away", |t| t["presence"]["state"] != "online").await;
    let late = ctl.ends(TIMED_OUT, &of(&["fp-02", "--wait", "2", "-o", "json"])).await.json();
    assert_eq!(late["items"][0]["state"], "queued", "whoever waited in vain has its id: {late}");
    let open = ctl.ends(OK, &["commands", "list", "--open", "-o", "name"]).await.out;
    assert_eq!(open.trim(), late["items"][0]["id"].as_str().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_an_order_outlives_the_controllers_restart() {
    let mut fleet = Fleet::builder().start().await;
    let ctl = Ctl::of(&fleet);
    ctl.login(&fleet, &ctl.url).await;
    // A visitor sits there: the order waits.
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("uk").await.unwrap();
    let words = ["commands", "send", "reset_session", "fp-01", "--wait", "90", "-o", "json"];
    let mut waiting = ctl.command(&words).spawn().unwrap();
    drop(waiting.stdin.take());
    let accepted = || async {
        let open = fleet.api.get("/api/v1/commands?state=accepted").await.map_err(|e| e.to_string())?;
        if open["items"].as_array().is_some_and(|all| !all.is_empty()) {
            Ok(())
        } else {
            Err(open.to_string())
        }
    };
    until("the display has the order", seconds(60), accepted).await;
    fleet.controller.kill().await;
    // Long enough for a look into the void.
    let mut words = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let missed = async {
        while let Some(line) = words.next_line().await.unwrap() {
            if line.contains("looking again") {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(seconds(30), missed).await.unwrap(), "it gave up");
    fleet.controller.start().await.unwrap();
    kiosk.end().await.unwrap();
    let ended = tokio::time::timeout(seconds(120), waiting.wait_with_output()).await.unwrap().unwrap();
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!(ended.status.code(), Some(OK), "{out}");
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(said["items"][0]["state"], "succeeded", "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_the_present_state_or_what_changes() {
    let fleet = Fleet::builder().start().await;
    let ctl = Ctl::of(&fleet);
    ctl.login(&fleet, &ctl.url).await;
    let now = ctl.ends(OK, &["events", "-o", "json"]).await.out;
    let lines: Vec<Value> = now.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(lines.iter().any(|e| e["event"] == "terminal" && e["data"]["id"] == "fp-01"), "{now}");
    assert_eq!(ctl.ends(OK, &["events", "--terminal", "fp-99"]).await.out, "");

    let mut watching = ctl.command(&["events", "--watch", "-o", "json"]).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = tokio::time::timeout(seconds(30), lines.next_line()).await.unwrap().unwrap();
        serde_json::from_str::<Value>(&line.expect("it goes on")).unwrap()
    };
    assert_eq!(next().await["event"], "hello");
    let id = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    loop {
        let event = next().await;
        if event["event"] == "command" && event["data"]["id"] == id {
            break;
        }
    }
    watching.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_logged_in_is_told_so() {
    let fleet = Fleet::builder().without_agents().start().await;
    let ctl = Ctl::of(&fleet);
    let authority = ctl.authority.to_str().unwrap();
    ctl.ends(USAGE, &["terminals", "list"]).await;
    ctl.ends(DENIED, &["--url", &ctl.url, "--ca", authority, "terminals", "list"]).await;
    let token = ctl.home.path().join("token");
    std::fs::write(&token, "mfa_wrong\n").unwrap();
    let token = token.to_str().unwrap();
    let with = ["--ca", authority, "--token-file", token, "terminals", "list"];
    ctl.ends(DENIED, &[&["--url", &ctl.url][..], &with].concat()).await;
    ctl.ends(FAILED, &[&["--url", "https://localhost:1"][..], &with].concat()).await;
    // A kept token is not shown to another address.
    ctl.login(&fleet, &ctl.url).await;
    let other = ctl.url.replace("localhost", "127.0.0.1");
    ctl.ends(DENIED, &["--url", &other, "--ca", authority, "terminals", "list"]).await;
    ctl.ends(OK, &["terminals", "list"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calendars_and_schedules_are_kept_from_the_command_line() {
    let fleet = Fleet::builder().without_agents().start().await;
    let ctl = Ctl::of(&fleet);
    ctl.login(&fleet, &ctl.url).await;
    let site = "friedensplatz";
    let shown = ctl.ends(OK, &["calendar", "show", site, "-o", "json"]).await.json();
    assert_eq!((&shown["from"], &shown["now"]["opening"]), (&json!("configuration"), &json!("unknown")));
    let file = ctl.home.path().join("calendar.yaml");
    let file = file.to_str().unwrap();
    std::fs::write(file, "opening_hours: { monday: [\"08:00-12:00\"] }\nwindows: { activate: closed }\n")
        .unwrap();
    let set = ctl.ends(OK, &["calendar", "set", site, file, "-o", "json"]).await.json();
    assert_eq!(
        (&set["from"], &set["changed_by"]),
        (&json!("console"), &json!("admin (token migradoctl of admin)")),
        "{set}"
    );
    // What is printed as a file is taken as one, and says the same.
    let printed = ctl.ends(OK, &["calendar", "show", site, "--yaml"]).await.out;
    std::fs::write(file, &printed).unwrap();
    let again = ctl.ends(OK, &["calendar", "set", site, file, "-o", "json"]).await.json();
    assert_eq!(again["calendar"], set["calendar"]);
    let days = ["calendar", "days", site, "--from", "2026-12-21", "--to", "2026-12-25"];
    let days = ctl.ends(OK, &days).await.out;
    assert!(days.starts_with("2026-12-21\tMon\tweekday\t08:00-12:00\t00:00-08:00, 12:00-24:00"), "{days}");
    assert!(days.contains("2026-12-25\tFri\tholiday\t-\t00:00-24:00\t00:00-24:00\tChristmas Day"), "{days}");
    std::fs::write(
        file,
        "opening_hours: { monday: [\"8-12\"] }\nwindows: { restart: { cron: x, minutes: 5 } }\n",
    )
    .unwrap();
    let said = ctl.ends(USAGE, &["calendar", "set", site, file]).await.err;
    assert!(said.contains("/opening_hours/monday/0: ") && said.contains("/windows/restart/cron: "), "{said}");
    ctl.ends(NOT_FOUND, &["calendar", "show", "nowhere"]).await;
    let back = ctl.ends(OK, &["calendar", "reset", site, "--yes", "-o", "json"]).await.json();
    assert_eq!(back["from"], "configuration");

    let add =
        ["schedules", "add", "Nachts", "restart_page", "--site", site, "--cron", "30 2 * * *", "-o", "json"];
    let made = ctl.ends(OK, &[&add[..], &["--only-when", "closed"]].concat()).await.json();
    let id = made["id"].as_str().unwrap();
    let listed = ctl.ends(OK, &["schedules", "list"]).await.out;
    assert!(listed.contains("\tNachts\trestart_page\tsite friedensplatz\t30 2 * * *\tclosed\t"), "{listed}");
    assert_eq!(ctl.ends(OK, &["schedules", "pause", id, "-o", "json"]).await.json()["paused"], true);
    assert_eq!(ctl.ends(OK, &["schedules", "resume", id, "-o", "json"]).await.json()["paused"], false);
    assert!(ctl.ends(OK, &["schedules", "show", id]).await.out.contains("30 2 * * *"));
    let wrong = ["schedules", "add", "x", "restart_page", "--site", "nowhere", "--cron", "0 0 31 2 *"];
    let said = ctl.ends(USAGE, &wrong).await.err;
    assert!(said.contains("/when/cron: ") && said.contains("/terminals/site: "), "{said}");
    ctl.ends(OK, &["schedules", "remove", id, "--yes"]).await;
    ctl.ends(NOT_FOUND, &["schedules", "show", id]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollout_is_planned_started_followed_and_taken_back_from_the_command_line() {
    let fleet = Fleet::builder().start().await;
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let folder = editor.release("one", &[("a.txt", b"one")]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.1", &folder).await.unwrap();
    let ctl = Ctl::of(&fleet);
    ctl.login(&fleet, &ctl.url).await;
    let release = "2026-11-25.1";
    let plan = ctl.ends(OK, &["rollouts", "preview", release, "--wave", "rest", "-o", "json"]).await.json();
    assert_eq!(plan["displays"][0]["wave"], 0, "{plan}");
    ctl.ends(USAGE, &["rollouts", "preview", release, "--wave", "some"]).await;
    ctl.ends(USAGE, &["rollouts", "preview", "2026-11-25.9"]).await;
    let unknown = ctl.ends(CONFLICT, &["rollouts", "preview", release, "--terminals", "fp-99"]).await;
    assert!(unknown.out.contains("no such display"), "{unknown:?}");
    // Who cannot be asked has to say yes.
    ctl.ends(USAGE, &["rollouts", "start", release]).await;
    assert_eq!(ctl.ends(OK, &["rollouts", "list"]).await.out, "", "nothing was made");

    let id = ctl.ends(OK, &["rollouts", "start", release, "--yes", "-o", "name"]).await.out.trim().to_owned();
    let listed = ctl.ends(OK, &["rollouts", "list", "-o", "json"]).await.json();
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["title"]), (&json!(id), &json!(release)));
    // The display is the first one's.
    let taken = ctl.ends(CONFLICT, &["rollouts", "start", release, "--yes"]).await;
    assert!(taken.err.contains("Belongs to the rollout \"2026-11-25.1\""), "{taken:?}");
    ctl.ends(NOT_FOUND, &["rollouts", "show", "no-such"]).await;
    until("the rollout has begun", seconds(30), || async {
        let shown = ctl.ends(OK, &["rollouts", "show", &id, "-o", "json"]).await.json();
        if shown["state"] == "scheduled" { Err(shown) } else { Ok(()) }
    })
    .await;
    let back = ctl.ends(OK, &["rollouts", "back", &id, "--yes", "-o", "json"]).await.json();
    assert!(["halted", "rolled_back"].contains(&back["state"].as_str().unwrap()), "{back}");
    let end = ctl.ends(FAILED, &["rollouts", "watch", &id, "-o", "json"]).await.json();
    assert_eq!(end["state"], "rolled_back", "{end}");
    assert!(ctl.ends(CONFLICT, &["rollouts", "resume", &id]).await.err.contains("rolled_back"));

    let live = ctl.ends(OK, &["editions", "-o", "json"]).await.json();
    assert_eq!(live["without_release"], json!(["fp-01"]), "{live}");
    let words = ["recalls", "add", "wbs", "2026-01", "--reason", "x", "--yes"];
    assert!(ctl.ends(USAGE, &words).await.err.contains("no release has such a form"));
    ctl.ends(NOT_FOUND, &["recalls", "lift", "wbs", "2026-01"]).await;
    assert_eq!(ctl.ends(OK, &["recalls", "list"]).await.out, "");
}

/// Bytes that nothing makes smaller on the way.
fn noise(n: u32) -> Vec<u8> {
    let digest = |n: u32| migrado_content::digest::Digest::of(&n.to_le_bytes()).to_string();
    (0..n.div_ceil(64)).flat_map(|n| digest(n).into_bytes()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_is_a_bar_with_its_rate_and_the_time_left() {
    let fleet = Fleet::builder().start().await;
    let ctl = Ctl::of(&fleet);
    ctl.login(&fleet, &ctl.url).await;
    let mut editor = Editor::with_keys(&fleet.api).await.unwrap();
    let folder = editor.release("one", &[("noise.txt", &noise(1_000_000))]).unwrap();
    editor.publish(&fleet.api, "2026-11-25.1", &folder).await.unwrap();
    let slowly = json!({"release": "2026-11-25.1", "throttle_bytes_s": 8192});
    want(&fleet.api, "fp-01", slowly).await.unwrap();
    let shown = fleet
        .until_terminal("fp-01", "says how fast it fetches", |t| {
            t["download"]["left_s"].as_u64().is_some_and(|s| s > 0)
        })
        .await;
    let download = &shown["download"];
    let rate = download["bytes_s"].as_u64().unwrap();
    assert!((2_000..=16_384).contains(&rate), "as the throttle has it: {download}");
    let (done, total) = (download["bytes_done"].as_u64().unwrap(), download["bytes_total"].as_u64().unwrap());
    assert!(done > 0 && done < total && total > 400_000, "{download}");
    let said = ctl.ends(OK, &["terminals", "show", "fp-01", "-o", "table"]).await.out;
    let bar = said.lines().find(|line| line.trim_start().starts_with("download")).unwrap_or_default();
    assert!(bar.contains("[#") || bar.contains("[."), "{said}");
    assert!(bar.contains("KiB/s") && bar.ends_with(" left"), "{said}");
    let released = ctl.ends(OK, &["releases", "show", "2026-11-25.1", "-o", "table"]).await.out;
    assert!(released.contains("on the way to fp-01") && released.contains("downloading ["), "{released}");
    let listed = ctl.ends(OK, &["releases", "list", "-o", "json"]).await.json();
    assert_eq!(listed["releases"][0]["on_the_way"], json!(["fp-01"]), "{listed}");
    let languages = ctl.ends(OK, &["releases", "languages", "2026-11-25.1", "-o", "table"]).await.out;
    assert!(languages.starts_with("ITEM") && languages.contains("topic:work"), "{languages}");
    ctl.ends(NOT_FOUND, &["releases", "languages", "2026-11-25.9"]).await;
}
