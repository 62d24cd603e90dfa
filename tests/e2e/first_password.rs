//! The first password: told once, never in the log, gone when it is changed; and the demo, which
//! logs in with it, goes on afterwards.

use std::process::Command;

use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::demo::Demo;
use migrado_tests::process::Process;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{api, programs};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_password_is_told_to_a_person_and_not_to_the_journal() {
    for under_systemd in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (data, ports) = (dir.path().join("data"), Ports::free());
        let address = format!("localhost:{}", ports.mqtt);
        let config = controller::config(&data, ports, "embedded", &address, &[]);
        Controller::prepare(dir.path(), &data, ports, &config).unwrap();
        let file = dir.path().join("controller.yaml");
        let program = programs::ours("migrado-controller");
        let mut process = Process::start(dir.path(), "controller", &program, |command| {
            command.arg("run").arg("--config").arg(&file);
            if under_systemd {
                command.env("JOURNAL_STREAM", "8:1");
            }
        })
        .unwrap();
        let password = until("the password is kept", seconds(60), || async {
            api::initial_password(&data).map_err(|e| e.to_string())
        })
        .await;
        until("it serves", seconds(60), || async {
            if migrado_tests::ports::is_open(ports.metrics) { Ok(()) } else { Err("closed") }
        })
        .await;
        let words = process.words();
        let told: Vec<&str> = words.lines().filter(|line| line.contains(&password)).collect();
        assert_eq!(told.len(), usize::from(!under_systemd), "{told:?}");
        assert!(
            told.iter().all(|line| line.starts_with("The password of the account admin is: ")),
            "{told:?}"
        );
        assert!(process.stop(seconds(30)).await);
        // The way back in, and the file goes, for it is no longer true.
        let said = Command::new(&program).args(["reset-password", "--config"]).arg(&file).output().unwrap();
        let words = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success() && words.contains("The new password of admin is: "), "{words}");
        assert!(api::initial_password(&data).is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_goes_on_and_grows_after_its_password_was_changed() {
    migrado_tests::needs_program!("the_demo_goes_on", "ippeveprinter", "dbus-daemon");
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let demo = Demo::start(dir.path(), 1, |_| {}).await.unwrap();
    let old = demo.password.clone().unwrap();
    let admin = demo.controller.admin().await.unwrap();
    let change = json!({"old_password": old, "new_password": "chosen by somebody 1"});
    admin.send(Method::POST, "/api/v1/session/password", Some(change), &[]).await.unwrap().ok().unwrap();
    demo.stop().await;
    let demo = Demo::start(dir.path(), 2, |_| {}).await.unwrap();
    assert_eq!(demo.password, None);
    let admin = demo.controller.stranger().unwrap().login("admin", "chosen by somebody 1").await.unwrap();
    until("the second display is online", seconds(60), || async {
        let seen = admin.terminal("fp-02").await.map_err(|e| e.to_string())?;
        if seen["presence"]["state"] == "online" { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    demo.stop().await;
}
