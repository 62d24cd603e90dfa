//! A full disk under the agent's and under the controller's data. Needs root, for a small tmpfs.

use migrado_tests::controller::{self, Controller, Ports};
use migrado_tests::disk::SmallDisk;
use migrado_tests::skip::{is_root, skip};
use migrado_tests::terminal::{self, Terminal};
use migrado_tests::tls::plain_http;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{Fleet, ports};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_whose_disk_is_full_lives_says_so_and_recovers() {
    if !is_root() {
        return skip("disk_full", "mounting a tmpfs needs root");
    }
    let mut fleet = Fleet::builder().without_agents().start().await;
    let data = fleet.dir().join("small");
    let disk = SmallDisk::mount(&data, 24);
    let port = ports::free();
    let config = terminal::config(&data, port, &json!([]));
    let mut terminal = Terminal::prepare(fleet.dir(), "fp-01", &data, port, &config).unwrap();
    terminal.enroll(&fleet.controller, &fleet.api).await.unwrap();
    terminal.start().unwrap();
    fleet.until_online("fp-01").await;
    let filler = disk.fill();
    // A display must be heard also when it comes back while its disk is full, and after that.
    fleet.line.cut().await;
    let state =
        |t: &serde_json::Value| t["components"]["storage"]["state"].as_str().unwrap_or_default().to_owned();
    fleet.until_terminal("fp-01", "says that its disk is full", |t| state(t) == "failed").await;
    terminal.process().must_live().unwrap();
    std::fs::remove_file(filler).unwrap();
    fleet.until_terminal("fp-01", "has recovered", |t| state(t) == "ok").await;
    assert!(terminal.stop().await);
    fleet.controller.process().must_live().unwrap();
}

/// The controller's whole data folder, database and embedded broker, has no room left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_whose_disk_is_full_says_so_loses_nothing_and_goes_on() {
    if !is_root() {
        return skip("disk_full", "mounting a tmpfs needs root");
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("small");
    let disk = SmallDisk::mount(&data, 96);
    let mut fleet = Fleet::builder().controller_data(data).start().await;
    let url = format!("http://127.0.0.1:{}/readyz", fleet.controller.ports.metrics);
    let ready = || async { plain_http().get(&url).send().await.map_or(0, |a| a.status().as_u16()) };
    assert_eq!(ready().await, 200);
    let filler = disk.fill();
    let kiosk = fleet.terminals[0].kiosk();
    kiosk.begin("de").await.unwrap();
    kiosk.end().await.unwrap();
    until("the controller says that it is not ready", seconds(60), || async {
        let status = ready().await;
        if status == 503 { Ok(()) } else { Err(status) }
    })
    .await;
    let order = json!({"terminals": ["fp-01"], "order": {"verb": "report_now"}});
    let refused = fleet.api.send(reqwest::Method::POST, "/api/v1/commands", Some(order.clone()), &[]).await;
    let refused = refused.unwrap();
    assert!(refused.status.is_server_error(), "{refused:?}");
    assert!(refused.content_type.starts_with("application/problem+json"), "{refused:?}");
    fleet.controller.process().must_live().unwrap();
    std::fs::remove_file(filler).unwrap();
    until("the controller is ready again", seconds(60), || async {
        let status = ready().await;
        if status == 200 { Ok(()) } else { Err(status) }
    })
    .await;
    fleet.until_terminal("fp-01", "has counted", |t| t["usage_today"]["sessions_begun"] == 1).await;
    let id = fleet.api.order("fp-01", json!({"verb": "report_now"})).await.unwrap();
    fleet.until_command(&id, &["succeeded"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_controller_whose_disk_is_full_is_not_ready_and_recovers() {
    if !is_root() {
        return skip("disk_full_idle_controller", "mounting a tmpfs needs root");
    }
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("small");
    let disk = SmallDisk::mount(&data, 32);
    let ports = Ports::free();
    let address = format!("localhost:{}", ports.mqtt);
    let config = controller::config(&data, ports, "embedded", &address, &[]);
    let mut controller = Controller::prepare(dir.path(), &data, ports, &config).unwrap();
    controller.start().await.unwrap();
    let ready = || async {
        let url = format!("http://127.0.0.1:{}/readyz", ports.metrics);
        let answer = plain_http().get(url).send().await.map_err(|e| e.to_string())?;
        Ok::<_, String>((answer.status().as_u16(), answer.text().await.map_err(|e| e.to_string())?))
    };
    let filler = disk.fill();
    until("nobody calls it ready", seconds(60), || async {
        match ready().await? {
            (503, why) if why.contains("database") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    controller.process().must_live().unwrap();
    std::fs::remove_file(filler).unwrap();
    until("it is ready again", seconds(60), || async {
        match ready().await? {
            (200, _) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert!(controller.stop().await);
}
