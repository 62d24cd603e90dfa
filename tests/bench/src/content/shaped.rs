//! A display behind a line of 50 Mbit/s: a network namespace of its own, a pair of virtual cards, and
//! the kernel's token bucket on both. Needs root.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use migrado_tests::network::Proxy;

use super::display::Display;
use super::world::World;

/// Bits a second.
pub(crate) const RATE: f64 = 50e6;
/// As `tc` says it. The bucket takes one segment as the card hands it over; what waits is 50 ms of it.
const BUCKET: &str = "tbf rate 50mbit burst 64kb latency 50ms";
/// This end and the display's: of the range that is set apart for measuring.
const HERE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);

/// The namespace; it goes with it.
#[derive(Debug)]
struct Namespace(String);

impl Drop for Namespace {
    fn drop(&mut self) {
        // The pair of cards goes with the one that is in it.
        if let Err(error) = run(&format!("ip netns del {}", self.0)) {
            println!("!! the network namespace {} is still there: {error:#}", self.0);
        }
    }
}

/// A line of 50 Mbit/s to the controller and the broker.
#[derive(Debug)]
pub(crate) struct Shaped {
    namespace: Namespace,
    mqtt: Option<Proxy>,
}

impl Shaped {
    /// Lays it. `None` for whoever is not root.
    pub(crate) fn new() -> Result<Option<Self>> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(None);
        }
        // A card's name has fifteen letters at most.
        let name = format!("mfb{}", std::process::id());
        run(&format!("ip netns add {name}"))?;
        let namespace = Namespace(name.clone());
        run(&format!("ip link add {name} type veth peer name eth0 netns {name}"))?;
        for words in [format!("addr add {HERE}/30 dev {name}"), format!("link set {name} up")] {
            run(&format!("ip {words}"))?;
        }
        for words in [&format!("addr add {THERE}/30 dev eth0"), "link set eth0 up", "link set lo up"] {
            run(&format!("ip -n {name} {words}"))?;
        }
        run(&format!("tc qdisc add dev {name} root {BUCKET}"))?;
        run(&format!("ip netns exec {name} tc qdisc add dev eth0 root {BUCKET}"))?;
        Ok(Some(Self { namespace, mqtt: None }))
    }

    /// Moves a display that is enrolled and does not run behind the line: there, `localhost` is this
    /// end.
    pub(crate) async fn take(&mut self, world: &World, display: &mut Display) -> Result<()> {
        let ports = world.controller.ports;
        let at = |port| SocketAddr::from((HERE, port));
        let enrolled_at = display.lines.first().context("a display has a line")?.address.port();
        display.lines.push(Proxy::at(at(enrolled_at), ports.terminal).await);
        self.mqtt = Some(Proxy::at(at(world.mqtt.address.port()), ports.mqtt).await);
        let hosts = world.dir.path().join("hosts");
        std::fs::write(&hosts, format!("{HERE} localhost\n"))?;
        let hosts = hosts.to_str().context("a path that is text")?;
        let mounted = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
        display.terminal.under =
            ["ip", "netns", "exec", &self.namespace.0, "sh", "-c", mounted, hosts].map(str::to_owned).into();
        Ok(())
    }

    /// Bytes that left towards the display, with the headers of every segment down to the card's.
    pub(crate) fn on_the_cable(&self) -> Result<u64> {
        let said = run(&format!("tc -s -j qdisc show dev {}", self.namespace.0))?;
        let said: serde_json::Value = serde_json::from_str(&said)?;
        said[0]["bytes"].as_u64().with_context(|| format!("tc counts no bytes: {said}"))
    }
}

/// Runs a program to its end. Gives what it says.
fn run(words: &str) -> Result<String> {
    let mut parts = words.split(' ');
    let name = parts.next().unwrap_or_default();
    let program = migrado_tests::programs::find(name).with_context(|| format!("{name} is missing"))?;
    let done = Command::new(program).args(parts).output().with_context(|| format!("running {words}"))?;
    ensure!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
