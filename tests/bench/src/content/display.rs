//! A display with a real agent, its own counted line to the controller and a page that shows what it
//! is told to; and what one update of it took.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use migrado_content::store::active_below;
use migrado_tests::network::{Carried, Proxy};
use migrado_tests::terminal::Terminal;
use migrado_tests::wait::{seconds, until};
use migrado_tests::{editor, ports, visitor};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::usage;

use super::bundle::link_tree;
use super::disk::DiskWatch;
use super::world::{Release, World, quiet};

/// How often it is looked whether the switch has happened.
const LOOK: Duration = Duration::from_millis(2);
/// Within this every update here has come.
const UPDATE_LIMIT: Duration = Duration::from_secs(300);
/// A line is closed in this time after its last byte.
const CLOSING: Duration = Duration::from_millis(500);

/// A display. It is ended with [`Display::stop`].
#[derive(Debug)]
pub(crate) struct Display {
    /// Its agent.
    pub(crate) terminal: Terminal,
    /// Its own lines to the controller's HTTPS port: the one that it was enrolled with, and others that
    /// lead there. None where it shares its site's.
    pub(crate) lines: Vec<Proxy>,
    page: JoinSet<()>,
    end: CancellationToken,
}

/// What an update took, from the wish to the switch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Time.
    pub(crate) seconds: f64,
    /// Processor time of the agent.
    pub(crate) cpu_s: f64,
    /// The most memory that the agent had at once (resident, with the pages of its program).
    pub(crate) peak_bytes: u64,
    /// The most that its data took on the disk, beyond what they took before.
    pub(crate) disk_bytes: u64,
    /// Bytes of its HTTPS connections, TLS and all.
    pub(crate) https: Carried,
    /// Bytes of all displays' MQTT connections in that time, TLS and all.
    pub(crate) mqtt: Carried,
    /// Its HTTPS connections.
    pub(crate) connections: u64,
}

impl Taken {
    /// Everything on the wire.
    pub(crate) fn wire_bytes(&self) -> u64 {
        self.https.sum() + self.mqtt.sum()
    }
}

impl Display {
    /// A display that is enrolled and does not run yet. With a template it has the content that
    /// another display had; with an uplink it is one of a site, whose displays share that line and
    /// give each other content.
    pub(crate) async fn enrolled(
        world: &World,
        id: &str,
        template: Option<&Path>,
        uplink: Option<&Proxy>,
    ) -> Result<Self> {
        let data = world.dir.path().join(id);
        let kiosk = ports::free();
        let mut config = json!({
            "data_dir": data,
            "kiosk": {"listen": format!("127.0.0.1:{kiosk}")},
            "content": {"observe_s": 4},
        });
        let mut lines = Vec::new();
        let port = match uplink {
            Some(uplink) => {
                config["neighbors"]["listen"] = json!("127.0.0.1:0");
                uplink.address.port()
            }
            None => {
                let line = Proxy::before(world.controller.ports.terminal).await;
                let port = line.address.port();
                lines.push(line);
                port
            }
        };
        let terminal = Terminal::prepare(world.dir.path(), id, &data, kiosk, &config)?;
        terminal.enroll(&world.controller, &world.api).await?;
        terminal.set_controller(port)?;
        if let Some(template) = template {
            link_tree(template, &data.join("content"))?;
        }
        Ok(Self { terminal, lines, page: JoinSet::new(), end: CancellationToken::new() })
    }

    /// A display that is online and at rest.
    pub(crate) async fn started(world: &World, id: &str, template: Option<&Path>) -> Result<Self> {
        let mut display = Self::enrolled(world, id, template, None).await?;
        display.start(world).await?;
        Ok(display)
    }

    /// Starts agent and page; returns when it is online and at rest.
    pub(crate) async fn start(&mut self, world: &World) -> Result<()> {
        self.terminal.start()?;
        self.end = CancellationToken::new();
        self.page.spawn(visitor::showing_page(self.terminal.kiosk(), self.end.clone()));
        until(&format!("{} is online", self.terminal.id), seconds(60), || async {
            let seen = world.api.terminal(&self.terminal.id).await.map_err(|e| format!("{e:#}"))?;
            if seen["presence"]["state"] == "online" { Ok(()) } else { Err(seen.to_string()) }
        })
        .await;
        quiet(self.pid()?).await
    }

    /// Ends agent and page. What it has stays.
    pub(crate) async fn stop(&mut self) {
        self.end.cancel();
        self.page.abort_all();
        self.terminal.stop().await;
    }

    /// Bytes that its HTTPS connections carried.
    pub(crate) fn https(&self) -> Carried {
        let sum = |a: Carried, b: Carried| Carried { up: a.up + b.up, down: a.down + b.down };
        self.lines.iter().map(Proxy::bytes).fold(Carried::default(), sum)
    }

    fn connections(&self) -> u64 {
        self.lines.iter().map(Proxy::connections).sum()
    }

    /// Where it keeps content.
    pub(crate) fn content(&self) -> PathBuf {
        self.terminal.data_dir.join("content")
    }

    /// Keeps what it has in another folder, for displays to begin with. All but the lock: it is held on
    /// the file, whatever its name, and two displays run at once.
    pub(crate) fn keep_content(&self, to: &Path) -> Result<()> {
        link_tree(&self.content(), to)?;
        Ok(std::fs::remove_file(to.join("lock"))?)
    }

    /// The agent.
    pub(crate) fn pid(&mut self) -> Result<u32> {
        self.terminal.process().id().context("the agent ended")
    }

    /// Gives it a release and waits until the agent has switched to it. `watches_disk` also looks at
    /// the disk all the time, which takes processor time of its own.
    pub(crate) async fn update(
        &mut self,
        world: &World,
        release: &Release,
        watches_disk: bool,
    ) -> Result<Taken> {
        let pid = self.pid()?;
        // Nothing of what was written before is to be waited for by this update's syncs.
        nix::unistd::sync();
        usage::forget_peak(pid)?;
        let disk = watches_disk.then(|| DiskWatch::start(&self.terminal.data_dir));
        let (https, mqtt, connections) = (self.https(), world.mqtt.bytes(), self.connections());
        let cpu_s = usage::cpu_s(pid)?;
        let began = Instant::now();
        editor::want(&world.api, &self.terminal.id, json!({"release": release.name})).await?;
        self.switched(release).await?;
        let (seconds, cpu_s) = (began.elapsed().as_secs_f64(), usage::cpu_s(pid)? - cpu_s);
        let peak_bytes = usage::peak_bytes(pid)?;
        sleep(CLOSING).await;
        let taken = Taken {
            seconds,
            cpu_s,
            peak_bytes,
            disk_bytes: disk.map_or(Ok(0), DiskWatch::stop)?,
            https: self.https().since(https),
            mqtt: world.mqtt.bytes().since(mqtt),
            connections: self.connections() - connections,
        };
        println!(
            "   {} to {}: {:.2} s, {:.2} s CPU, {:.1} MiB memory, {} B https in {} connections, {} B mqtt",
            self.terminal.id,
            release.name,
            taken.seconds,
            taken.cpu_s,
            taken.peak_bytes as f64 / 1_048_576.0,
            taken.https.sum(),
            taken.connections,
            taken.mqtt.sum(),
        );
        Ok(taken)
    }

    /// Waits until this is active on its disk.
    pub(crate) async fn switched(&mut self, release: &Release) -> Result<()> {
        let (content, end) = (self.content(), Instant::now() + UPDATE_LIMIT);
        while active_below(&content).is_none_or(|(id, _)| id != release.id) {
            let agent = self.terminal.process();
            agent.must_live()?;
            let (id, name) = (&agent.name, &release.name);
            ensure!(
                Instant::now() < end,
                "{id} has not switched to {name} in {UPDATE_LIMIT:?}:\n{}",
                agent.words()
            );
            sleep(LOOK).await;
        }
        Ok(())
    }
}
