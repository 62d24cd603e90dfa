//! `migradoctl`: the operator's and the editor's command line.
//!
//! Talks to the controller's API and to nothing else, but for `content`, which reads and writes files
//! and shows them on loopback; its words are those of the API and of the console. Data goes to stdout, everything else to stderr. The exit codes are those of
//! [`exit::Code`] and stand in `--help`.

#[expect(clippy::doc_markdown, reason = "clap prints these comments as they stand, backticks included")]
mod cli;
mod client;
mod context;
mod exit;
mod output;
mod progress;
mod sse;
mod verbs;

use clap::Parser as _;

use crate::cli::{Cli, Group};
use crate::exit::Failure;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::failed(format!("the runtime did not start: {error}")).report(),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code.into(),
        Err(failure) => failure.report(),
    }
}

async fn run(cli: Cli) -> Result<exit::Code, Failure> {
    let output = cli.connection.output();
    match cli.group {
        Group::Completions { shell } => cli::completions(shell),
        Group::Content { verb } => verbs::content::run(&cli.connection, output, verb).await,
        Group::Login(login) => verbs::login::run(&cli.connection, &login).await,
        group => {
            let client = client::Client::connect(&cli.connection)?;
            match group {
                Group::Fleet => verbs::fleet::show(&client, output).await,
                Group::Terminals { verb } => verbs::terminals::run(&client, output, verb).await,
                Group::Commands { verb } => verbs::commands::run(&client, output, verb).await,
                Group::Calendar { verb } => verbs::calendar::run(&client, output, verb).await,
                Group::Schedules { verb } => verbs::schedules::run(&client, output, verb).await,
                Group::Events(events) => verbs::events::run(&client, output, &events).await,
                Group::Audit { limit, verb: None } => verbs::audit::list(&client, output, limit).await,
                Group::Audit { verb: Some(cli::Audit::Verify), .. } => {
                    verbs::audit::verify(&client, output).await
                }
                Group::Releases { verb } => verbs::releases::run(&client, output, verb).await,
                Group::Rollouts { verb } => verbs::rollouts::run(&client, output, verb).await,
                Group::Recalls { verb } => verbs::recalls::run(&client, output, verb).await,
                Group::Editions => verbs::recalls::editions(&client, output).await,
                Group::SigningKey { verb } => verbs::signing_key::run(&client, output, verb).await,
                Group::Login(_) | Group::Content { .. } | Group::Completions { .. } => Ok(exit::Code::Ok),
            }
        }
    }
}
