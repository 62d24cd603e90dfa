//! Serves the visitor's page without a display around it, to look at it while building it:
//! `cargo run -p migrado-agent --example page -- 127.0.0.1:7090 inform_only`. No link, no sensors.

use std::sync::Arc;

use anyhow::Context as _;
use migrado_agent::kiosk::counters::Counters;
use migrado_agent::kiosk::{Kiosk, KioskFacts, server};
use migrado_protocol::desired::Desired;
use migrado_protocol::verdict::{Level, Verdict};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:7090".into()).parse()?;
    let word = arguments.next().unwrap_or_else(|| Level::FullService.word().into());
    let verdict = match word.as_str() {
        "starting" => None,
        word => {
            let level = Level::ALL.into_iter().find(|l| l.word() == word).context("no such verdict")?;
            Some(Verdict { level, because: Vec::new(), since_ms: 0 })
        }
    };
    let db = redb::Database::builder().create_with_backend(redb::backends::InMemoryBackend::new())?;
    let facts = KioskFacts {
        verdict,
        desired: Some(Desired {
            generation: 1,
            label: "Eingang links".into(),
            site_name: "MigraDo Friedensplatz".into(),
            session_idle_s: 120,
            languages: Vec::new(),
            release: None,
            recalled: Vec::new(),
        }),
        ..KioskFacts::of("fp-01".parse()?)
    };
    let kiosk = Kiosk::new(facts, Counters::new(Arc::new(db)));
    server::serve(server::bind(listen).await?, kiosk).await;
    Ok(())
}
