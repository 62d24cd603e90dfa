//! Floors: the least that the same parts can cost. A session that stands and does nothing; a table
//! of decoded reports that is neither checked nor kept, printed as text.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use clap::Args;
use migrado_link::session::{LinkEvent, LinkOptions, Sessions, Will, link, link_with_receipts};
use migrado_link::tls::{CertResolver, client_config};
use migrado_protocol::ids::CONTROLLER_NAME;
use migrado_protocol::topic::{Channel, Topic, controller_filters, terminal_filters};
use migrado_protocol::{Envelope, Report, TerminalId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Messages of one turn, as many as the controller takes.
const GROUP_MAX: usize = 2048;

/// Where a floor runs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// `host:port` of the broker
    #[arg(long)]
    pub(crate) broker: String,
    /// Who it is
    #[arg(long, default_value = CONTROLLER_NAME)]
    pub(crate) name: String,
    /// Certificate, key and authority, PEM files
    #[arg(long)]
    pub(crate) cert: PathBuf,
    /// Key
    #[arg(long)]
    pub(crate) key: PathBuf,
    /// Authority
    #[arg(long)]
    pub(crate) authority: PathBuf,
    /// Port on which the table is told
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}

/// What is printed.
#[derive(Debug, Clone, Args)]
pub(crate) struct Print {
    /// Port
    #[arg(long)]
    pub(crate) port: u16,
    /// Displays
    #[arg(long)]
    pub(crate) displays: usize,
    /// Numbers of each
    #[arg(long)]
    pub(crate) numbers: usize,
}

struct Silent(u64);

impl Sessions for Silent {
    fn next(&mut self) -> (u64, Will) {
        self.0 += 1;
        (self.0, Will { topic: Topic::ControllerPresence, payload: b"{}".to_vec() })
    }
}

struct Own(TerminalId);

impl Sessions for Own {
    fn next(&mut self) -> (u64, Will) {
        (1, Will { topic: Topic::of(&self.0, Channel::Presence), payload: b"{}".to_vec() })
    }
}

fn options(place: &Place, filters: Vec<String>, keep_alive_s: u16) -> Result<LinkOptions> {
    migrado_link::tls::install_provider();
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()));
    let resolver = CertResolver::new(&read(&place.cert)?, &read(&place.key)?)?;
    Ok(LinkOptions {
        broker: place.broker.clone(),
        client_id: place.name.clone(),
        tls: client_config(&read(&place.authority)?, resolver)?,
        keep_alive_s,
        session_expiry_s: 3600,
        filters,
        username: None,
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// A bare session, a ping every 15 s.
pub(crate) fn session(place: &Place) -> Result<()> {
    let terminal: TerminalId = place.name.parse().context("a terminal's name")?;
    let options = options(place, Vec::new(), 15)?;
    runtime()?.block_on(async move {
        let (_publisher, mut events, driver) = link(options, Own(terminal));
        // Cancel-safe: neither ends before the process does.
        tokio::select! {
            () = driver => {}
            () = async { while events.recv().await.is_some() {} } => {}
        }
    });
    Ok(())
}

/// A bare session that answers each order with what it got, and does nothing of it.
pub(crate) fn answer(place: &Place) -> Result<()> {
    let terminal: TerminalId = place.name.parse().context("a terminal's name")?;
    let options = options(place, terminal_filters(&terminal), 60)?;
    let ack = Topic::of(&terminal, Channel::Ack);
    runtime()?.block_on(async move {
        let (publisher, mut events, driver) = link(options, Own(terminal));
        let answer = async move {
            while let Some(event) = events.recv().await {
                if let LinkEvent::Message { payload, receipt, .. } = event {
                    receipt.confirm();
                    publisher.publish(&ack, payload, false, None).await?;
                }
            }
            anyhow::Ok(())
        };
        // Cancel-safe: neither ends before the process does.
        tokio::select! {
            () = driver => Ok(()),
            ended = answer => ended,
        }
    })
}

/// Numbers that the table keeps of a display.
const NUMBERS: usize = 21;

/// Reports so far, and the numbers that each display told.
type Table = Arc<Mutex<(u64, HashMap<TerminalId, Vec<f64>>)>>;

/// Prints a table that never changes.
pub(crate) fn print(what: &Print) -> Result<()> {
    let mut rows = HashMap::new();
    for at in 0..what.displays {
        let id: TerminalId = format!("sim-{at:05}").parse().context("a name")?;
        let row = (0..what.numbers).map(|n| (at * 31 + n * 7_919) as f64 * 1.25).collect();
        rows.insert(id, row);
    }
    let table = Arc::new(Mutex::new((0, rows)));
    runtime()?.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", what.port)).await?;
        tell(listener, table).await
    })
}

/// Decodes reports into a table.
pub(crate) fn table(place: &Place) -> Result<()> {
    let options = options(place, controller_filters(), 30)?;
    let table = Table::default();
    runtime()?.block_on(async move {
        let listener = TcpListener::bind(("127.0.0.1", place.port)).await?;
        let (_publisher, mut events, driver) = link_with_receipts(options, Silent(0));
        let told = table.clone();
        let decode = async move {
            let mut buffer = Vec::with_capacity(GROUP_MAX);
            while events.recv_many(&mut buffer, GROUP_MAX).await > 0 {
                for event in buffer.drain(..) {
                    if let LinkEvent::Message { topic, payload, receipt, .. } = event {
                        keep(&table, &topic, &payload);
                        receipt.confirm();
                    }
                }
            }
        };
        // Cancel-safe: none of them ends before the process does.
        tokio::select! {
            () = driver => {}
            () = decode => {}
            ended = tell(listener, told) => ended?,
        }
        Ok(())
    })
}

fn keep(table: &Table, topic: &str, payload: &[u8]) {
    let Ok(Topic::Terminal(id, Channel::Report)) = topic.parse::<Topic>() else { return };
    let Ok(envelope) = Envelope::<Report>::decode(payload) else { return };
    let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
    table.0 += 1;
    let row = table.1.entry(id).or_insert_with(|| vec![0.0; NUMBERS]);
    row[0] = envelope.seq as f64;
    if let Some(s) = envelope.body.system {
        row[1] = f64::from(s.cpu_percent);
        row[2] = f64::from(s.load1_centi);
        row[3] = s.memory_used_bytes as f64;
        row[4] = s.memory_total_bytes as f64;
        row[5] = s.received_bytes as f64;
        row[6] = s.sent_bytes as f64;
    }
    if let Some(s) = envelope.body.storage {
        row[7] = s.free_bytes as f64;
        row[8] = s.total_bytes as f64;
    }
}

/// Answers every request with the table as text: no HTTP library, no registry, no decision.
async fn tell(listener: TcpListener, table: Table) -> Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let mut request = [0; 1024];
        let read = stream.read(&mut request).await?;
        if read == 0 {
            continue;
        }
        let text = text(&table);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await?;
    }
}

fn text(table: &Table) -> String {
    let table = table.lock().unwrap_or_else(PoisonError::into_inner);
    let mut text = format!("reports {}\n", table.0);
    let numbers = table.1.values().next().map_or(0, Vec::len);
    for n in 0..numbers {
        for (id, row) in &table.1 {
            writeln!(text, "floor_number_{n}{{terminal=\"{id}\",site=\"friedensplatz\"}} {}", row[n]).ok();
        }
    }
    text
}
