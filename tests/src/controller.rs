//! The controller as a program: its configuration, its start, its ends.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::api::{self, Api};
use crate::process::Process;
use crate::wait::{seconds, until};
use crate::{mqtt, ports, programs, tls};

/// Where a controller listens.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Ports {
    /// Console and API, HTTPS.
    pub console: u16,
    /// Console and API, plain HTTP on loopback.
    pub loopback: u16,
    /// Enrolment and logs.
    pub terminal: u16,
    /// MQTT.
    pub mqtt: u16,
    /// Metrics and health.
    pub metrics: u16,
}

impl Ports {
    /// Ports that nobody uses.
    pub fn free() -> Self {
        Self {
            console: ports::free(),
            loopback: ports::free(),
            terminal: ports::free(),
            mqtt: ports::free(),
            metrics: ports::free(),
        }
    }
}

/// A controller.
#[derive(Debug)]
pub struct Controller {
    process: Option<Process>,
    dir: PathBuf,
    config: PathBuf,
    /// Its data.
    pub data_dir: PathBuf,
    /// Where it listens.
    pub ports: Ports,
}

/// The configuration of a controller under test. `mqtt_address` is what terminals dial.
pub fn config(
    data_dir: &Path,
    ports: Ports,
    broker: &str,
    mqtt_address: &str,
    terminals: &[(String, String)],
) -> Value {
    let terminals: Vec<Value> = terminals
        .iter()
        .map(|(id, label)| {
            let site = if id.starts_with("bh") { "berswordthalle" } else { "friedensplatz" };
            json!({"id": id, "site": site, "label": label})
        })
        .collect();
    json!({
        "data_dir": data_dir,
        "public_host": "localhost",
        "console": {"listen": format!("127.0.0.1:{}", ports.console), "loopback_http": format!("127.0.0.1:{}", ports.loopback)},
        "terminal": {"listen": format!("127.0.0.1:{}", ports.terminal)},
        "broker": broker,
        "mqtt": {"listen": format!("127.0.0.1:{}", ports.mqtt), "address": mqtt_address},
        "metrics": {"listen": format!("127.0.0.1:{}", ports.metrics)},
        "languages": ["de", "en", "ar", "uk", "tr", "fr"],
        "sites": [
            {"id": "friedensplatz", "name": "MigraDo Friedensplatz", "address": "Friedensplatz 7, 44135 Dortmund"},
            {"id": "berswordthalle", "name": "Self-Service-Center Berswordthalle", "address": "Berswordthalle, 44135 Dortmund"},
        ],
        "terminals": terminals,
        "log": "info",
    })
}

impl Controller {
    /// Writes its configuration; it does not run yet. JSON is YAML.
    pub fn prepare(dir: &Path, data_dir: &Path, ports: Ports, config: &Value) -> Result<Self> {
        std::fs::create_dir_all(data_dir)?;
        let file = dir.join("controller.yaml");
        std::fs::write(&file, serde_json::to_string_pretty(config)?)?;
        Ok(Self { process: None, dir: dir.into(), config: file, data_dir: data_dir.into(), ports })
    }

    /// Starts it and does not wait for anything.
    pub fn launch(&mut self) -> Result<()> {
        let program = programs::ours("migrado-controller");
        let config = self.config.clone();
        self.process = Some(Process::start(&self.dir, "controller", &program, |c| {
            c.arg("run").arg("--config").arg(config);
        })?);
        Ok(())
    }

    /// Starts it and waits until it says that it is ready.
    pub async fn start(&mut self) -> Result<()> {
        self.launch()?;
        self.wait_ready().await
    }

    /// Waits until it says that it is ready. Fails at once when it ends.
    pub async fn wait_ready(&mut self) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/readyz", self.ports.metrics);
        let http = tls::plain_http();
        let process = self.process.as_mut().context("it was not started")?;
        let end = tokio::time::Instant::now() + seconds(90);
        loop {
            process.must_live()?;
            let ready = http.get(&url).send().await;
            if ready.as_ref().is_ok_and(|a| a.status().is_success()) {
                return Ok(());
            }
            let late = tokio::time::Instant::now() > end;
            anyhow::ensure!(!late, "the controller is not ready: {ready:?}\n{}", process.words());
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Ends it at once, as `kill -9` does.
    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Ends it in order. True when it ended by itself.
    pub async fn stop(&mut self) -> bool {
        match self.process.take() {
            Some(mut process) => process.stop(seconds(30)).await,
            None => true,
        }
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the controller runs")
    }

    /// Its last words.
    pub fn words(&self) -> String {
        self.process.as_ref().map(Process::words).unwrap_or_default()
    }

    /// The certificate of its authority.
    pub fn authority_pem(&self) -> Result<String> {
        let file = self.data_dir.join("pki/ca.crt");
        std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
    }

    /// An identity signed with the controller's own authority, whatever its name and its years: whoever
    /// wrote the test holds the key.
    pub fn forge(&self, name: &str, from: i32, until: i32) -> Result<mqtt::Identity> {
        let key = std::fs::read_to_string(self.data_dir.join("pki/private/ca.key"))?;
        let authority_pem = self.authority_pem()?;
        let issuer = rcgen::Issuer::from_ca_cert_pem(&authority_pem, rcgen::KeyPair::from_pem(&key)?)?;
        let key = rcgen::KeyPair::generate()?;
        let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new())?;
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        parameters.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
        parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate_pem = parameters.signed_by(&key, &issuer)?.pem();
        Ok(mqtt::Identity { certificate_pem, key_pem: key.serialize_pem(), authority_pem })
    }

    /// A client that nobody knows.
    pub fn stranger(&self) -> Result<Api> {
        Api::stranger(self.ports.console, &self.authority_pem()?)
    }

    /// A client logged in as the first administrator.
    pub async fn admin(&self) -> Result<Api> {
        self.stranger()?.login("admin", &api::initial_password(&self.data_dir)?).await
    }

    /// The text of its metrics.
    pub async fn metrics(&self) -> Result<String> {
        let url = format!("http://127.0.0.1:{}/metrics", self.ports.metrics);
        Ok(tls::plain_http().get(url).send().await?.error_for_status()?.text().await?)
    }

    /// The sum of a metric's series whose labels contain all these words.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let text = self.metrics().await?;
        Ok(text
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
            .filter(|line| labels.iter().all(|label| line.contains(label)))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    /// Waits until a metric reaches a value.
    pub async fn wait_metric(&self, name: &str, labels: &[&str], at_least: f64) {
        until(&format!("{name} {labels:?} reaches {at_least}"), seconds(20), || async {
            let value = self.metric(name, labels).await.map_err(|e| e.to_string())?;
            if value >= at_least { Ok(()) } else { Err(format!("{value}")) }
        })
        .await;
    }
}
