//! `make demo`: starts the demo fleet, says where to look and how to break something, and stops
//! everything on Ctrl-C. Builds nothing; the Makefile did. The fleet itself is `migrado_tests::demo`.

#![allow(clippy::print_stdout, reason = "it talks to whoever started it")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use migrado_tests::demo::Demo;
use migrado_tests::printer::Printer;
use tokio::signal::unix::{SignalKind, signal};

/// How often agents are looked after.
const SUPERVISE_PERIOD: Duration = Duration::from_secs(1);

/// A fleet of displays on this machine.
#[derive(Debug, Parser)]
struct Cli {
    /// How many displays.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=200))]
    terminals: u16,
    /// Where everything is kept.
    #[arg(long, default_value = ".demo")]
    dir: PathBuf,
    /// Print one line of JSON with addresses and login instead of the explanation; for tests.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let began = Instant::now();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let quiet = cli.json;
    let tell = |words: &str| {
        if !quiet {
            println!("  {words}");
        }
    };
    tell(&format!("starting {} displays ...", cli.terminals));
    let start = Demo::start(&cli.dir, usize::from(cli.terminals), tell);
    // Whoever gives up early leaves nothing behind: children die with this process.
    let mut demo = tokio::select! {
        demo = start => demo?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    if cli.json {
        println!("{}", machine_words(&demo));
    } else {
        println!("{}", explanation(&demo, began.elapsed()));
        demo.roll_on(|words| println!("  {words}"));
    }
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            () = tokio::time::sleep(SUPERVISE_PERIOD) => demo.supervise(tell)?,
        }
    }
    tell("stopping ...");
    demo.stop().await;
    tell("stopped; `make demo` goes on where this ended");
    Ok(())
}

fn machine_words(demo: &Demo) -> String {
    let kiosks: serde_json::Map<String, serde_json::Value> = demo
        .terminals
        .iter()
        .map(|t| (t.id.clone(), format!("http://127.0.0.1:{}", t.kiosk_port).into()))
        .collect();
    serde_json::json!({
        "console": format!("http://127.0.0.1:{}", demo.controller.ports.loopback),
        "name": "admin",
        "password": demo.password,
        "kiosks": kiosks,
        "printers": demo.printers.iter().map(|p| p.port).collect::<Vec<_>>(),
    })
    .to_string()
}

fn explanation(demo: &Demo, took: Duration) -> String {
    let ports = demo.controller.ports;
    let first = &demo.terminals[0];
    let printer = demo.printers[0].port;
    let process = demo.terminals.last().map(|t| t.id.clone()).unwrap_or_default();
    let shared = if demo.printers.len() < demo.terminals.len() {
        format!(
            "  {} displays share {} printers, to spare memory.\n",
            demo.terminals.len(),
            demo.printers.len()
        )
    } else {
        String::new()
    };
    format!(
        "\n  The fleet stands after {:.1} s: {} displays at two sites.\n{shared}\n\
         \x20 Console    http://localhost:{}   (or https://localhost:{})\n\
         \x20 Login      admin / {}\n\
         \x20 Display    http://127.0.0.1:{}   what a visitor sees at {}\n\
         \x20 Metrics    http://127.0.0.1:{}/metrics\n\n\
         \x20 Break something, in another terminal:\n\
         \x20   take the paper of {} away\n      curl -s -o /dev/null '{}'\n\
         \x20   within seconds {} turns to \"inform only\", with the next step beside it; its page says so to visitors\n\
         \x20   and give it back\n      curl -s -o /dev/null '{}'\n\
         \x20   kill the agent of {process}\n      pkill -KILL -f 'migrado-agent run .*/{process}.yaml'\n\
         \x20   it is missed at once, comes back, and its timeline says that it crashed\n\n\
         \x20 Content: the sample of config/content is published; within a minute a second release is rolled out,
         \x20   first to one display of each site; the others of a site fetch it from that one. See it on the console under
         \x20   Rollouts, on the displays' pages, and with
         \x20   migradoctl terminals show {}\n\n\
         \x20 Ctrl-C stops everything. What happened is kept in .demo/.\n",
        took.as_secs_f32(),
        demo.terminals.len(),
        ports.loopback,
        ports.console,
        demo.password.as_deref().unwrap_or("the password that you chose"),
        first.kiosk_port,
        first.id,
        ports.metrics,
        first.id,
        Printer::sheets_url(printer, 0),
        first.id,
        Printer::sheets_url(printer, 250),
        first.id,
    )
}
