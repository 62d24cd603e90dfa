//! A terminal under test: a real agent, restarted as systemd would, or a puppet with a real identity
//! that says whatever a test wants.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use serde_json::{Value, json};

use crate::api::Api;
use crate::controller::Controller;
use crate::kiosk::Kiosk;
use crate::mqtt;
use crate::process::Process;
use crate::programs;
use crate::wait::seconds;

/// With this the agent asks to be started again.
const EXIT_RESTART: i32 = 75;
/// The file of its identity, below its data.
const IDENTITY: &str = "identity.json";

/// A display with its agent.
#[derive(Debug)]
pub struct Terminal {
    /// Its identity.
    pub id: String,
    dir: PathBuf,
    config: PathBuf,
    /// The agent's data.
    pub data_dir: PathBuf,
    /// The port of its page.
    pub kiosk_port: u16,
    /// What its agent finds in its environment.
    pub environment: Vec<(String, String)>,
    /// A file that stands in place of the kernel's boot id, for a machine that was rebooted. Root's.
    pub boot_id: Option<PathBuf>,
    /// A program before the agent's, with its arguments: one that leaves the agent in its own place.
    pub under: Vec<String>,
    process: Option<Process>,
}

/// The configuration of an agent under test: sensors are quick, so that tests need not wait.
pub fn config(data_dir: &Path, kiosk_port: u16, printers: &Value) -> Value {
    json!({
        "data_dir": data_dir,
        "kiosk": {"listen": format!("127.0.0.1:{kiosk_port}")},
        "printers": printers,
        "sensors": {"system_period_s": 2, "storage_period_s": 2, "clock_period_s": 5, "services_period_s": 5,
                    "printer_period_s": 1, "timeout_s": 3},
        "limits": {"reboots_per_hour": 3, "resets_per_hour": 100},
        "content": {"observe_s": 4, "scrub_period_s": 2},
        "log": "debug",
    })
}

impl Terminal {
    /// Writes its configuration; nothing runs yet.
    pub fn prepare(dir: &Path, id: &str, data_dir: &Path, kiosk_port: u16, config: &Value) -> Result<Self> {
        std::fs::create_dir_all(data_dir)?;
        let file = dir.join(format!("{id}.yaml"));
        std::fs::write(&file, serde_json::to_string_pretty(config)?)?;
        Ok(Self {
            id: id.into(),
            dir: dir.into(),
            config: file,
            data_dir: data_dir.into(),
            kiosk_port,
            environment: Vec::new(),
            boot_id: None,
            under: Vec::new(),
            process: None,
        })
    }

    /// Changes its configuration, for its next start.
    pub fn reconfigure(&self, change: impl FnOnce(&mut Value)) -> Result<()> {
        let mut config = serde_json::from_slice(&std::fs::read(&self.config)?)?;
        change(&mut config);
        Ok(std::fs::write(&self.config, serde_json::to_string_pretty(&config)?)?)
    }

    /// Enrols with a fresh token, as a technician would.
    pub async fn enroll(&self, controller: &Controller, api: &Api) -> Result<()> {
        let token = api.enroll_token(&self.id).await?;
        let said = self.try_enroll(controller, &token).await?;
        anyhow::ensure!(
            said.status.success(),
            "enrolling {}: {}",
            self.id,
            String::from_utf8_lossy(&said.stderr)
        );
        Ok(())
    }

    /// Runs the enrolment with this token.
    pub async fn try_enroll(&self, controller: &Controller, token: &str) -> Result<std::process::Output> {
        let address = format!("localhost:{}", controller.ports.terminal);
        let said = tokio::process::Command::new(programs::ours("migrado-agent"))
            .args(["enroll", "--controller", &address, "--token", token, "--config"])
            .arg(&self.config)
            .kill_on_drop(true)
            .output();
        Ok(tokio::time::timeout(seconds(60), said).await.context("enrolment hangs")??)
    }

    /// What it keeps of its identity.
    pub fn identity(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&std::fs::read(self.data_dir.join(IDENTITY))?)?)
    }

    /// Puts another identity in its place, while the agent does not run.
    pub fn set_identity(&self, identity: &Value) -> Result<()> {
        Ok(std::fs::write(self.data_dir.join(IDENTITY), serde_json::to_vec(identity)?)?)
    }

    /// Its certificate and key, for a client beside the agent.
    pub fn as_client(&self) -> Result<mqtt::Identity> {
        let identity = self.identity()?;
        let text = |name: &str| identity[name].as_str().map(str::to_owned).context("no such part");
        Ok(mqtt::Identity {
            certificate_pem: text("certificate_pem")?,
            key_pem: text("key_pem")?,
            authority_pem: text("authority_pem")?,
        })
    }

    /// Has it look for the controller at this port from its next start on.
    pub fn set_controller(&self, port: u16) -> Result<()> {
        let mut identity = self.identity()?;
        let controller = identity.get_mut("controller").context("an identity names the controller")?;
        *controller = format!("localhost:{port}").into();
        self.set_identity(&identity)
    }

    /// Starts the agent.
    pub fn start(&mut self) -> Result<()> {
        let agent = programs::ours("migrado-agent");
        let program = match (&self.boot_id, self.under.first()) {
            (None, None) => agent.clone(),
            (None, Some(under)) => {
                programs::find(under).with_context(|| format!("{under} is not installed"))?
            }
            (Some(_), _) => programs::find("unshare").context("unshare is not installed")?,
        };
        self.process = Some(Process::start(&self.dir, &self.id, &program, |c| {
            if let Some(boot_id) = &self.boot_id {
                // The agent takes the shell's place, so that signals reach it.
                let mounted = "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\"";
                c.args(["-m", "sh", "-c", mounted]).arg(boot_id).arg(&agent);
            } else if let Some((_, arguments)) = self.under.split_first() {
                c.args(arguments).arg(&agent);
            }
            c.arg("run").arg("--config").arg(&self.config).envs(self.environment.clone());
        })?);
        Ok(())
    }

    /// Starts the agent again when it asked for that. Fails when it ended in another way.
    pub fn supervise(&mut self) -> Result<bool> {
        let Some(process) = &mut self.process else { return Ok(false) };
        match process.ended() {
            None => Ok(false),
            Some(status) if status.code() == Some(EXIT_RESTART) => {
                self.start()?;
                Ok(true)
            }
            Some(_) => {
                process.must_live()?;
                Ok(false)
            }
        }
    }

    /// Whether the agent runs.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|p| p.ended().is_none())
    }

    /// The agent's process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the agent runs")
    }

    /// Ends the agent at once.
    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Ends the agent in order. True when it ended by itself.
    pub async fn stop(&mut self) -> bool {
        match self.process.take() {
            Some(mut process) => process.stop(seconds(20)).await,
            None => true,
        }
    }

    /// The agent's last words.
    pub fn words(&self) -> String {
        std::fs::read_to_string(self.dir.join(format!("{}.log", self.id))).unwrap_or_default()
    }

    /// Its page.
    pub fn kiosk(&self) -> Kiosk {
        Kiosk::at(self.kiosk_port)
    }
}

/// What a token says.
pub fn token_content(token: &str) -> Result<migrado_protocol::enroll::TokenContent> {
    let text = token.strip_prefix(migrado_protocol::enroll::TOKEN_PREFIX).context("not a token")?;
    Ok(serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text)?)?)
}

/// Enrols without an agent: a puppet's identity, and the answer with the signing keys.
pub async fn puppet(
    controller: &Controller,
    token: &str,
) -> Result<(mqtt::Identity, migrado_protocol::enroll::EnrollResponse)> {
    let content = token_content(token)?;
    let key = rcgen::KeyPair::generate()?;
    let mut request = rcgen::CertificateParams::new(Vec::<String>::new())?;
    request.distinguished_name.push(rcgen::DnType::CommonName, content.terminal.as_str());
    let body = json!({
        "terminal": content.terminal,
        "secret": content.secret,
        "csr_pem": request.serialize_request(&key)?.pem()?,
    });
    let mut enrollment = Api::stranger(controller.ports.terminal, &controller.authority_pem()?)?;
    enrollment.base = format!("https://localhost:{}", controller.ports.terminal);
    let answer =
        enrollment.send(reqwest::Method::POST, "/terminal/v1/enroll", Some(body), &[]).await?.ok()?;
    let response: migrado_protocol::enroll::EnrollResponse = serde_json::from_value(answer)?;
    let identity = mqtt::Identity {
        certificate_pem: response.certificate_pem.clone(),
        key_pem: key.serialize_pem(),
        authority_pem: response.authority_pem.clone(),
    };
    Ok((identity, response))
}

/// A client of the terminal listener that shows this certificate.
pub fn https(controller: &Controller, identity: &mqtt::Identity) -> Result<Listener> {
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured((*identity.tls()?).clone())
        .no_proxy()
        .timeout(seconds(20))
        .build()?;
    Ok(Listener { http, base: format!("https://localhost:{}", controller.ports.terminal) })
}

/// The terminal listener, as a display sees it.
#[derive(Debug)]
pub struct Listener {
    http: reqwest::Client,
    base: String,
}

impl Listener {
    /// Asks for something; gives status and body.
    pub async fn get(&self, path: &str) -> Result<(u16, Value)> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await?;
        Ok((answer.status().as_u16(), answer.json().await.unwrap_or_default()))
    }

    /// Asks for a certificate with a new key; gives status, the new identity if there is one, and
    /// the body.
    pub async fn renew(&self, old: &mqtt::Identity) -> Result<(u16, Option<mqtt::Identity>, Value)> {
        let key = rcgen::KeyPair::generate()?;
        let request = rcgen::CertificateParams::new(Vec::<String>::new())?;
        let csr_pem = request.serialize_request(&key)?.pem()?;
        let url = format!("{}/terminal/v1/renew", self.base);
        let answer = self.http.post(url).json(&json!({ "csr_pem": csr_pem })).send().await?;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        let new = body["certificate_pem"].as_str().map(|pem| mqtt::Identity {
            certificate_pem: pem.to_owned(),
            key_pem: key.serialize_pem(),
            authority_pem: old.authority_pem.clone(),
        });
        Ok((status, new, body))
    }
}
