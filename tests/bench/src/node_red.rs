//! The peer of the ingest: Node-RED, the way small installations turn MQTT reports into figures. One
//! function node decodes a report and keeps a table; an HTTP node tells how many there were.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use migrado_tests::process::Process;
use serde_json::json;

use crate::ingest::Consumer;

/// The last major version that runs on Node 20.
const VERSION: &str = "4.1.15";
/// How long it may take to load its nodes.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Decodes, decides whether the terminal is well, keeps the newest by terminal.
const DECODE: &str = "
const e = JSON.parse(msg.payload);
const id = msg.topic.split('/')[3];
const table = global.get('table') || new Map();
if (!table.size) global.set('table', table);
global.set('count', (global.get('count') || 0) + 1);
const row = table.get(id) || {};
Object.assign(row, e.body, { session: e.session, seq: e.seq, at: Date.now() });
row.well = row.storage && row.storage.writable && row.system.cpu_percent < 95;
table.set(id, row);
return null;";

/// Installs Node-RED below `out`, once, and starts it in the place of the controller.
pub(crate) async fn start(out: &Path, dir: &Path, pki: &Path, mqtt_port: u16, port: u16) -> Result<Consumer> {
    let home = out.join("node-red");
    let program = home.join("node_modules/node-red/red.js");
    if !program.is_file() {
        std::fs::create_dir_all(&home)?;
        std::fs::write(home.join("package.json"), "{\"private\": true}\n")?;
        let wanted = format!("node-red@{VERSION}");
        let npm = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--loglevel=error", &wanted])
            .current_dir(&home)
            .status()
            .context("npm is missing")?;
        ensure!(npm.success(), "npm install {wanted} failed");
    }
    let user_dir = dir.join("node-red");
    std::fs::create_dir_all(&user_dir)?;
    std::fs::write(user_dir.join("flows.json"), flows(pki, mqtt_port).to_string())?;
    let settings = format!(
        "module.exports = {{ uiPort: {port}, uiHost: '127.0.0.1', userDir: '{}', flowFile: 'flows.json', \
         httpAdminRoot: false, telemetry: {{ enabled: false }}, logging: {{ console: {{ level: 'info' }} }} }};\n",
        user_dir.display()
    );
    std::fs::write(user_dir.join("settings.js"), settings)?;
    let node = migrado_tests::programs::find("node").context("node is missing")?;
    let process = Process::start(dir, "node-red-log", &node, |c| {
        c.arg(program).arg("-s").arg(user_dir.join("settings.js"));
    })?;
    let mut peer = Consumer::new(process, format!("http://127.0.0.1:{port}/table"), "reports ")?;
    let end = tokio::time::Instant::now() + START_LIMIT;
    while !peer.process.words().contains("Connected to broker") {
        peer.process.must_live()?;
        ensure!(tokio::time::Instant::now() < end, "Node-RED does not start: {}", peer.process.words());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(peer)
}

fn flows(pki: &Path, mqtt_port: u16) -> serde_json::Value {
    let file = |name: &str| -> PathBuf { pki.join(name) };
    json!([
        {"id": "tab", "type": "tab", "label": "fleet"},
        {"id": "tls", "type": "tls-config", "cert": file("private/controller.crt"),
         "key": file("private/controller.key"), "ca": file("ca.crt"), "verifyservercert": true, "servername": "localhost"},
        {"id": "broker", "type": "mqtt-broker", "broker": "localhost", "port": mqtt_port.to_string(), "tls": "tls",
         "clientid": "controller", "autoConnect": true, "usetls": true, "protocolVersion": "5",
         "keepalive": "60", "cleansession": true},
        {"id": "in", "type": "mqtt in", "z": "tab", "topic": "migrado/v1/t/+/report", "qos": "1",
         "datatype": "utf8", "broker": "broker", "nl": false, "rap": false, "inputs": 0, "wires": [["decode"]]},
        {"id": "decode", "type": "function", "z": "tab", "func": DECODE, "outputs": 1, "wires": [[]]},
        {"id": "ask", "type": "http in", "z": "tab", "url": "/table", "method": "get", "wires": [["count"]]},
        {"id": "count", "type": "function", "z": "tab", "outputs": 1, "wires": [["say"]],
         "func": "msg.payload = 'reports ' + (global.get('count') || 0) + '\\n'; return msg;"},
        {"id": "say", "type": "http response", "z": "tab", "statusCode": "200", "wires": []}
    ])
}
