//! Every verb on a whole display: what is ordered is seen to have happened, not only said.

use migrado_tests::printer::cups::Cups;
use migrado_tests::printer::{Bus, Printer};
use migrado_tests::skip::{is_root, skip};
use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, needs_program, ports, programs, visitor};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Orders something and gives what became of it.
async fn ordered(fleet: &Fleet, order: Value) -> Value {
    let id = fleet.api.order("fp-01", order).await.unwrap();
    fleet.until_command(&id, &["succeeded", "failed", "rejected"]).await
}

fn state(command: &Value) -> &str {
    command["state"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_page_comes_out_of_the_printer() {
    needs_program!("test_print", "ippeveprinter", "dbus-daemon");
    let mut fleet = Fleet::builder().real_printers().start().await;
    assert_eq!(fleet.printers[0].printed().await, 0);
    let done = ordered(&fleet, json!({"verb": "test_print"})).await;
    assert_eq!((state(&done), fleet.printers[0].printed().await), ("succeeded", 1), "{done}");
    assert!(fleet.printers[0].has_printed("(fp-01 ").await, "the page does not say where it is from");
    // Without paper it is not waited for until the deadline, and the printer's word is the answer.
    fleet.printers[0].set_sheets(0).await.unwrap();
    let failed = ordered(&fleet, json!({"verb": "test_print"})).await;
    assert_eq!(state(&failed), "failed", "{failed}");
    let said = failed["detail"].as_str().unwrap();
    assert!(said.starts_with("main: media-empty; the page was "), "{said}");
    // Nor is it in anybody's way when there is paper again.
    fleet.printers[0].set_sheets(250).await.unwrap();
    fleet.until_terminal("fp-01", "sees its printer at rest", |t| t["printers"]["main"]["jobs"] == 0).await;
    let done = ordered(&fleet, json!({"verb": "test_print"})).await;
    assert_eq!(state(&done), "succeeded", "{done}");
    // Negative control: without a printer nothing is proven.
    fleet.printers[0].kill().await;
    let failed = ordered(&fleet, json!({"verb": "test_print"})).await;
    assert_eq!(state(&failed), "failed", "{failed}");
}

/// Runs a program of CUPS against a private one and gives its words.
async fn cups(server: &Cups, program: &str, arguments: &[&str]) -> String {
    let said = tokio::process::Command::new(programs::find(program).unwrap())
        .args(["-h", &format!("127.0.0.1:{}", server.port)])
        .args(arguments)
        .output()
        .await
        .unwrap();
    assert!(said.status.success(), "{program}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8_lossy(&said.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_is_seen_with_its_device_printed_on_and_cleared() {
    needs_program!("queue", "dbus-daemon", "ippeveprinter", "cupsd", "lpadmin", "lp", "lpstat");
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let bus = Bus::start(dir.path()).await.unwrap();
    let device = Printer::start(dir.path(), &bus, "main", ports::free()).await.unwrap();
    let server = Cups::start(dir.path()).await.unwrap();
    let queue = server.add_queue("main", &device.uri()).await.unwrap();
    let printers = json!([{"name": "main", "uri": queue, "device_uri": device.uri()}]);
    let fleet = Fleet::builder().printers(printers).start().await;
    // Jobs are the queue's to know, paper the device's.
    let paper = |t: &Value, reason: &str| t["components"]["printer"]["reason"] == reason;
    fleet.until_terminal("fp-01", "sees its printer", |t| t["components"]["printer"]["state"] == "ok").await;
    device.set_sheets(0).await.unwrap();
    fleet.until_terminal("fp-01", "sees that the paper is gone", |t| paper(t, "paper_empty")).await;
    device.set_sheets(250).await.unwrap();
    fleet.until_terminal("fp-01", "sees the paper", |t| t["components"]["printer"]["state"] == "ok").await;

    let done = ordered(&fleet, json!({"verb": "test_print"})).await;
    assert_eq!(state(&done), "succeeded", "{done}");
    until("the page came out behind the queue", seconds(30), || async {
        if device.printed().await > 0 { Ok(()) } else { Err(device.words()) }
    })
    .await;

    cups(&server, "lp", &["-d", "main", "-H", "hold", "/etc/hostname"]).await;
    assert!(cups(&server, "lpstat", &["-o"]).await.contains("main-"), "the job is not held");
    let done = ordered(&fleet, json!({"verb": "clear_print_queue"})).await;
    assert_eq!(state(&done), "succeeded", "{done}");
    assert_eq!(cups(&server, "lpstat", &["-o"]).await, "", "a job is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_is_taken_out_of_service_and_put_back() {
    needs_program!("service", "ippeveprinter", "dbus-daemon");
    let fleet = Fleet::builder().real_printers().start().await;
    let kiosk = fleet.terminals[0].kiosk();
    let end = CancellationToken::new();
    let page = tokio::spawn(visitor::page(kiosk.clone(), end.clone()));
    let level = |t: &Value, level: &str| t["verdict"]["level"] == level;
    fleet.until_terminal("fp-01", "is in full service", |t| level(t, "full_service")).await;
    assert_eq!(kiosk.view().await.unwrap()["state"], "ready");

    let out = ordered(&fleet, json!({"verb": "set_out_of_service", "reason": "Glas gesprungen"})).await;
    assert_eq!(state(&out), "succeeded", "{out}");
    let seen = fleet.until_terminal("fp-01", "is out of service", |t| level(t, "out_of_service")).await;
    assert_eq!(seen["verdict"]["because"][0]["reason"], "out_of_service_ordered", "{seen}");
    let view = kiosk.view().await.unwrap();
    assert_eq!(view["state"], "out_of_service");
    assert!(!view.to_string().contains("Glas"), "a visitor reads what is the staff's: {view}");

    let back = ordered(&fleet, json!({"verb": "set_in_service"})).await;
    assert_eq!(state(&back), "succeeded", "{back}");
    fleet.until_terminal("fp-01", "is in full service again", |t| level(t, "full_service")).await;
    assert_eq!(kiosk.view().await.unwrap()["state"], "ready");
    end.cancel();
    page.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_is_proven_by_a_page_that_obeys_and_by_no_other() {
    let fleet = Fleet::builder().start().await;
    for obeys in [true, false] {
        let (kiosk, end) = (fleet.terminals[0].kiosk(), CancellationToken::new());
        kiosk.heartbeat_of("stubborn").await.unwrap();
        let page = if obeys {
            tokio::spawn(visitor::obedient_page(kiosk, end.clone()))
        } else {
            tokio::spawn(visitor::page(kiosk, end.clone()))
        };
        let done = ordered(&fleet, json!({"verb": "reload_page"})).await;
        assert_eq!(state(&done), if obeys { "succeeded" } else { "failed" }, "{done}");
        end.cancel();
        page.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_arrive_without_what_is_personal() {
    needs_program!("logs", "dbus-daemon");
    let fleet = Fleet::builder().played_systemd().start().await;
    // A unit whose name is read as an address comes into the log with what became of it.
    let restarted = ordered(&fleet, json!({"verb": "restart_service", "unit": "getty@tty1.service"})).await;
    assert_eq!(state(&restarted), "succeeded", "{restarted}");
    let personal = "getty@tty1.service";
    assert!(fleet.terminals[0].words().contains(personal), "the log itself does not name it");
    let done = ordered(&fleet, json!({"verb": "collect_logs", "since_s": 600})).await;
    assert_eq!(state(&done), "succeeded", "{done}");
    let path = format!("/api/v1/commands/{}/logs", done["id"].as_str().unwrap());
    let logs = fleet.api.get(&path).await.unwrap();
    let text = logs.as_str().unwrap();
    // Where this machine's journal has lines, those are brought instead of the agent's own.
    if done["detail"].as_str().unwrap_or_default().contains("the agent's memory") {
        assert!(text.contains("command over") && text.contains("[…]"), "{text}");
    }
    assert!(!text.contains(personal), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_are_restarted_and_seen_to_run_anew() {
    needs_program!("restarts", "dbus-daemon");
    let fleet = Fleet::builder().played_systemd().start().await;
    let systemd = fleet.systemd.as_ref().unwrap();
    let restart = |unit: &str| json!({"verb": "restart_service", "unit": unit});
    let done = ordered(&fleet, restart("cups.service")).await;
    assert_eq!((state(&done), systemd.asked("RestartUnit cups.service")), ("succeeded", 1), "{done}");
    let failed = ordered(&fleet, restart("broken.service")).await;
    assert_eq!(state(&failed), "failed", "{failed}");
    // It calls itself active all the time and was never started anew: that proves nothing.
    let id = fleet
        .api
        .order_with("fp-01", restart("deaf.service"), json!({"start_by_s": 10, "finish_by_s": 20}))
        .await
        .unwrap();
    let deaf = fleet.until_command(&id, &["succeeded", "failed"]).await;
    assert_eq!((state(&deaf), systemd.asked("RestartUnit deaf.service")), ("failed", 1), "{deaf}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_restarted_and_proven_by_a_new_one() {
    needs_program!("restart_page", "dbus-daemon");
    let fleet = Fleet::builder().played_systemd().start().await;
    let systemd = fleet.systemd.as_ref().unwrap();
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.heartbeat_of("before").await.unwrap();
    let id = fleet.api.order("fp-01", json!({"verb": "restart_page"})).await.unwrap();
    until("the unit is restarted", seconds(20), || async {
        let n = systemd.asked("RestartUnit kiosk-session.service");
        if n == 1 { Ok(()) } else { Err(n) }
    })
    .await;
    kiosk.heartbeat_of("before").await.unwrap();
    migrado_tests::wait::never("the old page proved it", seconds(2), || async {
        fleet.api.command_in(&id, &["succeeded"]).await
    })
    .await;
    kiosk.heartbeat_of("after").await.unwrap();
    fleet.until_command(&id, &["succeeded"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reboot_happens_once_and_the_next_boot_tells_it() {
    needs_program!("reboot", "dbus-daemon", "unshare");
    if !is_root() {
        return skip("reboot", "another boot id needs a mount, and that root");
    }
    let mut fleet = Fleet::builder().played_systemd().start().await;
    let id = fleet.api.order("fp-01", json!({"verb": "reboot"})).await.unwrap();
    let asked = |fleet: &Fleet| fleet.systemd.as_ref().unwrap().asked("Reboot");
    until("logind is asked", seconds(20), || async {
        if asked(&fleet) == 1 { Ok(()) } else { Err(fleet.terminals[0].words()) }
    })
    .await;
    assert!(fleet.terminals[0].stop().await);
    // Started once more before the machine is down: nothing is proven, nothing asked again.
    fleet.terminals[0].start().unwrap();
    fleet.until_online("fp-01").await;
    assert_eq!(state(&fleet.api.command(&id).await.unwrap()), "running");
    assert!(fleet.terminals[0].stop().await);
    let boot_id = fleet.dir().join("next-boot");
    std::fs::write(&boot_id, "11111111-2222-4333-8444-555555555555\n").unwrap();
    fleet.terminals[0].boot_id = Some(boot_id);
    fleet.terminals[0].start().unwrap();
    let done = fleet.until_command(&id, &["succeeded", "failed"]).await;
    assert_eq!((state(&done), asked(&fleet)), ("succeeded", 1), "{done}");
}
