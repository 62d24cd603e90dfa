//! A real Mosquitto with mutual TLS for the link's tests: own authority, own port, own folder, a
//! child process that ends with its owner. Also the readings of a link that tests wait for.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses a part of it")]
#![allow(
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test's harness"
)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use migrado_link::tls::{self, CertResolver};
use migrado_link::{LinkEvent, LinkOptions, Publisher, Receipt, Sessions, Will, link, link_with_receipts};
use migrado_protocol::Topic;
use migrado_protocol::topic::Channel;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// For anything that happens at all; long, because the machine may be busy.
pub const LIMIT: Duration = Duration::from_secs(60);

pub struct Pair {
    pub cert: String,
    pub key: String,
}

pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    pub fn server(&self) -> Pair {
        self.pair("broker", ExtendedKeyUsagePurpose::ServerAuth, 4000)
    }

    pub fn client(&self, name: &str) -> Pair {
        self.pair(name, ExtendedKeyUsagePurpose::ClientAuth, 4000)
    }

    pub fn expired_client(&self, name: &str) -> Pair {
        self.pair(name, ExtendedKeyUsagePurpose::ClientAuth, 2001)
    }

    /// As the controller issues them: these common names, these purposes, no host.
    pub fn leaf(&self, names: &[&str], purposes: &[ExtendedKeyUsagePurpose], last_year: i32) -> Pair {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (n, name) in names.iter().enumerate() {
            // A name of a kind stands once in this list, so a second one comes in as its own kind.
            let kind = if n == 0 { DnType::CommonName } else { DnType::CustomDnType(vec![2, 5, 4, 3]) };
            params.distinguished_name.push(kind, *name);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = purposes.to_vec();
        params.use_authority_key_identifier_extension = true;
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Pair { cert: params.signed_by(&key, &self.issuer).unwrap().pem(), key: key.serialize_pem() }
    }

    fn pair(&self, name: &str, purpose: ExtendedKeyUsagePurpose, last_year: i32) -> Pair {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Pair { cert: params.signed_by(&key, &self.issuer).unwrap().pem(), key: key.serialize_pem() }
    }
}

pub struct Broker {
    child: Option<Child>,
    folder: TempDir,
    pub port: u16,
    pub authority: Authority,
}

impl Broker {
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// `extra` goes into the listener's configuration.
    pub fn start_with(extra: &str) -> Self {
        tls::install_provider();
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let server = authority.server();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let (ca, cert, key) = (
            write("ca.crt", &authority.pem),
            write("server.crt", &server.cert),
            write("server.key", &server.key),
        );
        let acl = write(
            "acl",
            "pattern write migrado/v1/t/%u/report\npattern write migrado/v1/t/%u/presence\n\
             pattern write migrado/v1/t/%u/ack\npattern write migrado/v1/t/%u/usage\n\
             pattern read migrado/v1/t/%u/command\npattern read migrado/v1/t/%u/desired\n\
             pattern read migrado/v1/controller/presence\nuser controller\ntopic readwrite migrado/v1/#\n",
        );
        let port = free_port();
        let data = folder.path().display();
        // Running as root, Mosquitto would change to its own user, who cannot read this folder.
        write(
            "mosquitto.conf",
            &format!(
                "user root\npersistence true\npersistence_location {data}/\nset_tcp_nodelay true\n\
                 max_queued_messages 100000\nmax_inflight_messages 2000\nlistener {port} 127.0.0.1\ncafile {ca}\n\
                 certfile {cert}\nkeyfile {key}\nrequire_certificate true\nuse_identity_as_username true\n\
                 allow_anonymous false\nacl_file {acl}\n{extra}\n"
            ),
        );
        let mut broker = Self { child: None, folder, port, authority };
        broker.run();
        broker
    }

    #[allow(clippy::disallowed_methods, reason = "waits for a condition, outside of any runtime's timers")]
    pub fn run(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        let child = Command::new("/usr/sbin/mosquitto")
            .arg("-v")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("Mosquitto is installed at /usr/sbin/mosquitto");
        self.child = Some(child);
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(began.elapsed() < LIMIT, "Mosquitto does not listen:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Ends it in order, so that it keeps its sessions.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            Command::new("kill").arg(child.id().to_string()).status().unwrap();
            child.wait().unwrap();
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    pub fn options(&self, name: &str) -> LinkOptions {
        self.options_as(name, &self.authority.client(name), &self.authority.pem)
    }

    pub fn options_as(&self, name: &str, pair: &Pair, ca_pem: &str) -> LinkOptions {
        let resolver = CertResolver::new(&pair.cert, &pair.key).unwrap();
        options(&self.address(), name, tls::client_config(ca_pem, resolver).unwrap())
    }

    pub fn terminal(&self, name: &str) -> Side {
        Side::start(self.options(name), name)
    }

    pub async fn controller(&self) -> Side {
        let mut side = Side::start_with_receipts(self.controller_options());
        side.connected().await;
        side
    }

    pub fn controller_options(&self) -> LinkOptions {
        LinkOptions { filters: migrado_protocol::topic::controller_filters(), ..self.options("controller") }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("log of the broker:\n{}", self.log());
        }
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

pub fn options(address: &str, name: &str, tls: Arc<rustls::ClientConfig>) -> LinkOptions {
    let filters = name.parse().map(|t| migrado_protocol::topic::terminal_filters(&t)).unwrap_or_default();
    LinkOptions {
        broker: address.to_owned(),
        client_id: name.to_owned(),
        tls,
        keep_alive_s: 30,
        session_expiry_s: 3600,
        filters,
        username: None,
    }
}

/// Numbers from 1, with a will that bears the number.
pub struct Counting {
    topic: Topic,
    asked: Arc<AtomicU64>,
}

impl Sessions for Counting {
    fn next(&mut self) -> (u64, Will) {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        (number, Will { topic: self.topic.clone(), payload: format!("lost {number}").into_bytes() })
    }
}

pub fn topic(name: &str, channel: Channel) -> Topic {
    Topic::of(&name.parse().unwrap(), channel)
}

/// One end of a link with its driver running.
pub struct Side {
    pub publisher: Publisher,
    pub events: mpsc::Receiver<LinkEvent>,
    pub asked: Arc<AtomicU64>,
    pub driver: JoinHandle<()>,
}

pub struct Heard {
    pub topic: String,
    pub text: String,
    pub retained: bool,
    pub receipt: Receipt,
}

impl Side {
    pub fn start(options: LinkOptions, name: &str) -> Self {
        let (sessions, asked) = counting(topic(name, Channel::Presence));
        let (publisher, events, driver) = link(options, sessions);
        Self { publisher, events, asked, driver: tokio::spawn(driver) }
    }

    pub fn start_with_receipts(options: LinkOptions) -> Self {
        let (sessions, asked) = counting(Topic::ControllerPresence);
        let (publisher, events, driver) = link_with_receipts(options, sessions);
        Self { publisher, events, asked, driver: tokio::spawn(driver) }
    }

    pub async fn event(&mut self) -> LinkEvent {
        tokio::time::timeout(LIMIT, self.events.recv())
            .await
            .expect("an event in time")
            .expect("a living link")
    }

    /// Waits for the next connection and gives its number.
    pub async fn connected(&mut self) -> u64 {
        loop {
            if let LinkEvent::Connected { session } = self.event().await {
                return session;
            }
        }
    }

    /// Waits for the next loss or failed attempt and gives its reason.
    pub async fn disconnected(&mut self) -> String {
        loop {
            if let LinkEvent::Disconnected { reason } = self.event().await {
                return reason;
            }
        }
    }

    /// Waits for the next message, over reconnects.
    pub async fn message(&mut self) -> Heard {
        loop {
            if let LinkEvent::Message { topic, payload, retained, receipt } = self.event().await {
                let text = String::from_utf8(payload).unwrap();
                return Heard { topic, text, retained, receipt };
            }
        }
    }

    /// Waits for a message on this topic and acknowledges it and those before it.
    pub async fn text_on(&mut self, topic: &Topic) -> String {
        loop {
            let heard = self.message().await;
            heard.receipt.confirm();
            if heard.topic == topic.to_string() {
                return heard.text;
            }
        }
    }

    pub async fn say(&self, topic: &Topic, text: &str) -> Result<(), migrado_link::PublishError> {
        let publish = self.publisher.publish(topic, text.as_bytes().to_vec(), false, None);
        tokio::time::timeout(LIMIT, publish).await.expect("an answer in time")
    }
}

fn counting(topic: Topic) -> (Counting, Arc<AtomicU64>) {
    let asked = Arc::new(AtomicU64::new(0));
    (Counting { topic, asked: asked.clone() }, asked)
}
