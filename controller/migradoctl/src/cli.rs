//! The words of the command line: noun, then verb. Those of content are in `content`, those of
//! calendars and schedules in `office`, those of rollouts and recalls in `rollouts`.

mod content;
mod office;
pub(crate) mod rollouts;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use content::{Content, InitKeys, Keys, Passphrase, Publish, Recall, RotateKeys, SendKeys};
pub(crate) use office::{AddSchedule, Calendar, Schedules};
pub(crate) use rollouts::Releases;
use rollouts::{Recalls, Rollouts};

use crate::exit::{Code, Failure, HELP};
/// Manages MigraDo's self-service displays.
#[derive(Debug, Parser)]
#[command(name = "migradoctl", version, after_help = HELP, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(subcommand)]
    pub(crate) group: Group,
}

/// Where the controller is, who asks, and how the answer looks.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Address of the console
    #[arg(long, global = true, env = "MIGRADO_URL")]
    pub(crate) url: Option<String>,
    /// File with an API token
    #[arg(long, global = true, env = "MIGRADO_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file of the controller's own authority
    #[arg(long, global = true, env = "MIGRADO_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// How the answer looks; without it a table on a terminal, tab-separated in a pipe
    #[arg(long, short, global = true, value_name = "FORMAT")]
    output: Option<Format>,
}

/// How an answer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// Tab-separated, without head
    Tsv,
    /// The API's own answer
    Json,
    /// The first column only
    Name,
}

impl Connection {
    pub(crate) fn output(&self) -> Format {
        use std::io::IsTerminal as _;
        self.output.unwrap_or(if std::io::stdout().is_terminal() { Format::Table } else { Format::Tsv })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// How the fleet is: counts by state, and what needs somebody now
    Fleet,
    /// The displays
    #[command(alias = "t")]
    Terminals {
        #[command(subcommand)]
        verb: Terminals,
    },
    /// Orders to displays
    #[command(alias = "c")]
    Commands {
        #[command(subcommand)]
        verb: Commands,
    },
    /// When sites are open, and when their displays may be changed
    Calendar {
        #[command(subcommand)]
        verb: Calendar,
    },
    /// Recurring and dated orders
    Schedules {
        #[command(subcommand)]
        verb: Schedules,
    },
    /// What changes, as it changes
    Events(Events),
    /// Who did what, newest first
    #[command(args_conflicts_with_subcommands = true)]
    Audit {
        /// How many entries
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(subcommand)]
        verb: Option<Audit>,
    },
    /// What visitors see: check, preview, build and publish a folder of content
    Content {
        #[command(subcommand)]
        verb: Content,
    },
    /// What is published, and where it is
    Releases {
        #[command(subcommand)]
        verb: Releases,
    },
    /// One release brought to many displays, in waves
    #[command(alias = "r")]
    Rollouts {
        #[command(subcommand)]
        verb: Rollouts,
    },
    /// Editions of forms that no display may hand out
    Recalls {
        #[command(subcommand)]
        verb: Recalls,
    },
    /// Which release and which edition of a form is live where
    Editions,
    /// The key that signs orders
    SigningKey {
        #[command(subcommand)]
        verb: SigningKey,
    },
    /// Log in once and keep an API token for this user
    Login(Login),
    /// Print the completions for a shell
    Completions { shell: Shell },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Terminals {
    /// List displays, the worst first
    List {
        /// Only of this site
        #[arg(long)]
        site: Option<String>,
        /// Only with this status: fault, offline, warning, maintenance, off, unknown, ok
        #[arg(long)]
        status: Option<String>,
        /// Only those whose id or label contains this
        #[arg(long, short)]
        query: Option<String>,
    },
    /// Everything that is known of a display
    Show { terminal: String },
    /// What happened to a display, newest first: what it said, what was ordered, what was done to it
    Timeline {
        terminal: String,
        /// How many lines
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Add a display
    Add {
        terminal: String,
        #[arg(long)]
        site: String,
        /// What people call it, for example "Eingang links"
        #[arg(long)]
        label: String,
    },
    /// Make a one-time token with which a display enrolls
    EnrollToken { terminal: String },
    /// Revoke a display's certificate and end its connection
    Revoke {
        terminal: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Retire a display: revoke its certificate and forget it
    Remove {
        terminal: String,
        /// The display's id once more, instead of being asked for it
        #[arg(long, value_name = "TERMINAL")]
        confirm: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Commands {
    /// Give an order
    Send(Send),
    /// What can be ordered
    Verbs,
    /// List orders, newest first
    List {
        /// Only of this display
        #[arg(long)]
        terminal: Option<String>,
        /// Only those that are not settled
        #[arg(long)]
        open: bool,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One order with its history
    Show { id: String },
    /// Take an order back, if it has not begun
    Cancel { id: String },
    /// The logs that an order brought back
    Logs { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SigningKey {
    /// Which key signs orders, and since when
    Show,
    /// Replace the key; displays follow by themselves
    Rotate {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// What to do, for example reset_session or test_print; see `commands verbs`
    pub(crate) verb: String,
    /// For which displays
    #[arg(required_unless_present_any = ["site", "all"])]
    pub(crate) terminals: Vec<String>,
    /// For all displays of this site
    #[arg(long, conflicts_with_all = ["terminals", "all"])]
    pub(crate) site: Option<String>,
    /// For all displays
    #[arg(long, conflicts_with = "terminals")]
    pub(crate) all: bool,
    /// Unit to restart (restart_service)
    #[arg(long)]
    pub(crate) unit: Option<String>,
    /// For how long (identify)
    #[arg(long)]
    pub(crate) seconds: Option<u16>,
    /// From how long ago (collect_logs)
    #[arg(long)]
    pub(crate) since_s: Option<u32>,
    /// Why; needed by set_out_of_service, kept in the audit log
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Do not wait for a visitor's session to end, because of this
    #[arg(long, value_name = "REASON")]
    pub(crate) force: Option<String>,
    /// Must begin within this many seconds
    #[arg(long)]
    pub(crate) start_by_s: Option<u32>,
    /// Must end within this many seconds
    #[arg(long)]
    pub(crate) finish_by_s: Option<u32>,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Wait for the display's word, at most this many seconds
    #[arg(long, num_args = 0..=1, default_missing_value = "300", value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check that no entry was changed, inserted or removed; ends with 1 when one was
    Verify,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Go on until interrupted; without it the state of now is printed and that is it
    #[arg(long, short)]
    pub(crate) watch: bool,
    /// Only of this display
    #[arg(long)]
    pub(crate) terminal: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Name of the account; the password is asked for, or read from stdin in a pipe
    #[arg(long, default_value = "admin")]
    pub(crate) user: String,
}

/// Prints completions.
pub(crate) fn completions(shell: Shell) -> Result<Code, Failure> {
    // Written by us and not by clap_complete, which panics when the reader closes the pipe.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "migradoctl", &mut script);
    crate::output::line(String::from_utf8_lossy(&script).trim_end());
    Ok(Code::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_order_needs_displays_a_site_or_all() {
        let parse =
            |words: &[&str]| Cli::try_parse_from([&["migradoctl", "commands", "send"], words].concat());
        assert!(parse(&["test_print", "fp-01", "fp-02"]).is_ok());
        assert!(parse(&["test_print", "--site", "friedensplatz"]).is_ok());
        assert!(parse(&["test_print", "--all"]).is_ok());
        assert!(parse(&["test_print"]).is_err());
        assert!(parse(&["test_print", "fp-01", "--all"]).is_err());
    }
}
