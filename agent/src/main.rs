//! `migrado-agent`: the daemon on each display.
//!
//! Reads the command line and the configuration, then hands over to [`migrado_agent::app`]. The only
//! place that ends the process. Exit codes: 0 stopped in order, 64 the configuration has mistakes,
//! 70 something died, 75 ordered to restart.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use migrado_agent::app;
use migrado_agent::config::{self, AgentConfig, apart};

/// Where packages put the configuration.
const CONFIG_FILE: &str = "/etc/migrado/agent.yaml";

/// The daemon on each display: senses, reports, serves the visitor's page, carries out orders.
#[derive(Debug, Parser)]
#[command(name = "migrado-agent", version)]
struct Cli {
    /// Check the configuration, name all its mistakes, and end.
    #[arg(long)]
    check_config: bool,
    /// The configuration file.
    #[arg(long, value_name = "FILE", global = true, default_value = CONFIG_FILE)]
    config: PathBuf,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the daemon.
    Run,
    /// Give this display its identity, with a one-time token from the console or migradoctl.
    Enroll {
        /// `host:port` of the controller's terminal listener; usually the one in the token.
        #[arg(long, value_name = "HOST:PORT")]
        controller: Option<String>,
        /// The token; `-` reads it from standard input, absent: from the environment
        /// (`MIGRADO_ENROLL_TOKEN`).
        #[arg(long, value_name = "TOKEN")]
        token: Option<String>,
    },
    /// Print the JSON schema of the configuration.
    Schema,
    /// Print the checked configuration for the process that asked.
    #[command(name = apart::READER_VERB, hide = true)]
    ReadConfig,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.verb, Some(Verb::Schema)) {
        let schema = migrado_settings::schema::<AgentConfig>();
        return say(&mut std::io::stdout(), &format!("{schema:#}"), 0);
    }
    let is_resident = !cli.check_config && matches!(cli.verb, Some(Verb::Run) | None);
    let config = match if is_resident { read_apart(&cli.config) } else { read_here(&cli.config) } {
        Ok(config) => config,
        Err(words) => return say(&mut std::io::stderr(), &words, app::EXIT_CONFIG),
    };
    if matches!(cli.verb, Some(Verb::ReadConfig)) {
        return match apart::told(&config) {
            Ok(value) => say(&mut std::io::stdout(), &value, 0),
            Err(error) => say(&mut std::io::stderr(), &error.to_string(), app::EXIT_DIED),
        };
    }
    if cli.check_config {
        return say(&mut std::io::stderr(), &format!("{} is right", cli.config.display()), 0);
    }
    let environment = config::Environment::read();
    let done = match cli.verb {
        Some(Verb::Enroll { controller, token }) => read_token(token, &environment)
            .and_then(|token| app::enroll(&config, &token, controller.as_deref()))
            .map(|words| say(&mut std::io::stderr(), &words, 0)),
        Some(Verb::Run | Verb::Schema | Verb::ReadConfig) | None => {
            app::run(config, &environment).map(app::exit)
        }
    };
    done.unwrap_or_else(|error| say(&mut std::io::stderr(), &format!("{error:#}"), app::EXIT_DIED))
}

/// For whoever ends soon.
fn read_here(file: &Path) -> Result<AgentConfig, String> {
    config::load(file).map_err(|error| {
        let source = std::error::Error::source(&error).map_or_else(String::new, |s| format!(": {s}"));
        format!("{error}{source}")
    })
}

/// For the one that stays.
fn read_apart(file: &Path) -> Result<AgentConfig, String> {
    match apart::read(file, app::EXIT_CONFIG) {
        apart::Read::Right(config) => Ok(*config),
        apart::Read::Wrong(words) => Err(words),
        apart::Read::NotRead => read_here(file),
    }
}

fn read_token(token: Option<String>, environment: &config::Environment) -> anyhow::Result<String> {
    match token.as_deref() {
        Some("-") => Ok(std::io::read_to_string(std::io::stdin().lock())?),
        Some(token) => Ok(token.to_owned()),
        None => environment
            .enroll_token
            .clone()
            .ok_or_else(|| anyhow::anyhow!("no token: give --token, --token - or MIGRADO_ENROLL_TOKEN")),
    }
}

/// Says one thing to the one who called, and ends with this code.
fn say(to: &mut impl std::io::Write, words: &str, code: u8) -> ExitCode {
    // Whoever called is gone when this fails; nobody is left to tell.
    match writeln!(to, "{words}") {
        Ok(()) | Err(_) => app::exit(code),
    }
}
