//! `migrado-controller`: reads its words and its configuration, then runs [`migrado_controller::app`].

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use migrado_controller::config::ControllerConfig;
use migrado_controller::{app, first};

/// The configuration is wrong; starting again would not mend it (`EX_USAGE`).
const EXIT_BAD_CONFIG: u8 = 64;

/// The controller of the fleet.
#[derive(Debug, Parser)]
#[command(name = "migrado-controller", version)]
struct Cli {
    /// Only check the configuration
    #[arg(long)]
    check_config: bool,
    /// Configuration file
    #[arg(long, global = true, default_value = "/etc/migrado/controller.yaml")]
    config: PathBuf,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run until told to stop
    Run,
    /// Print the JSON schema of the configuration
    Schema,
    /// Print the OpenAPI document
    Openapi,
    /// Give the account "admin" a new password, print it, and end its sessions
    ResetPassword,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.verb {
        Some(Verb::Schema) => {
            let schema = migrado_settings::schema::<ControllerConfig>();
            return print(&(serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"));
        }
        Some(Verb::Openapi) => return print(&migrado_controller::api::router::document()),
        _ => {}
    }
    let config = match read(&cli.config) {
        Ok(config) => config,
        Err(message) => {
            say(&message);
            return ExitCode::from(EXIT_BAD_CONFIG);
        }
    };
    if cli.check_config {
        say(&format!("{} is right", cli.config.display()));
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("the runtime did not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let ended = match cli.verb {
        Some(Verb::ResetPassword) => runtime.block_on(first::reset_password(&config)).map(|password| {
            say(&format!(
                "The new password of {} is: {password}",
                migrado_controller::auth::accounts::FIRST_ACCOUNT
            ));
        }),
        _ => runtime.block_on(app::run(config)),
    };
    let code = match ended {
        Ok(()) => 0,
        Err(error) => {
            say(&format!("migrado-controller: {error:#}"));
            1
        }
    };
    // The only exit: the broker's storage keeps threads that never end; everything is synced by now.
    std::process::exit(code)
}

fn read(path: &std::path::Path) -> Result<ControllerConfig, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    migrado_settings::load(&text).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.0.iter().map(|m| format!("{}: {m}", path.display())).collect();
        lines.join("\n")
    })
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn say(text: &str) {
    // Nobody is left to be told when stderr is closed.
    writeln!(std::io::stderr(), "{text}").ok();
}
