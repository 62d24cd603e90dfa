//! The words of releases, rollouts and recalls.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Releases {
    /// List releases, newest first
    List,
    /// One release, and how far each display is that should have it
    Show { release: String },
    /// How far each thing in it is in each language: missing, draft or checked
    Languages { release: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rollouts {
    /// List rollouts, newest first
    List,
    /// Say who would get what, when, and why not; nothing is done
    Preview(Wanted),
    /// Show the plan, ask, and start
    Start {
        #[command(flatten)]
        wanted: Wanted,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Follow it until it needs somebody or is at its end
        #[arg(long)]
        watch: bool,
    },
    /// One rollout with its waves and displays
    Show { id: String },
    /// Follow a rollout until it needs somebody or is at its end
    Watch { id: String },
    /// Approve what somebody else has started
    Approve {
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Let nothing new begin
    Pause { id: String },
    /// Let it go on, or let the next wave begin
    Resume { id: String },
    /// End it; what has changed stays
    Cancel {
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Take back what it changed: every display gets again what it had
    Back {
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// The release, for example 2026-11-25.1
    pub(crate) release: String,
    /// What people call the rollout; the release's name if absent
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Only displays of this site
    #[arg(long, conflicts_with = "terminals")]
    pub(crate) site: Option<String>,
    /// Only these displays
    #[arg(long, value_name = "TERMINAL,...", value_delimiter = ',')]
    pub(crate) terminals: Vec<String>,
    /// A wave: 1, 25%, site:SITE, label:LABEL, terminals:A,B or rest; may be given several times.
    /// Without any: one display, 25 %, the rest
    #[arg(long = "wave", value_name = "WHO")]
    pub(crate) waves: Vec<String>,
    /// Percent of a wave that must be confirmed
    #[arg(long, default_value_t = 100, value_name = "PERCENT")]
    pub(crate) success: u8,
    /// Errors beyond which it halts and takes everything back: 2, or 10%
    #[arg(long, default_value = "0", value_name = "ERRORS")]
    pub(crate) errors: String,
    /// Seconds that each wave is watched after its last confirmation
    #[arg(long, default_value_t = 900, value_name = "SECONDS")]
    pub(crate) observe_s: u32,
    /// Wait for a person after the first wave
    #[arg(long)]
    pub(crate) pause_after_first: bool,
    /// Not before this time, for example 2026-12-01T06:00+01:00
    #[arg(long, value_name = "TIME")]
    pub(crate) not_before: Option<jiff::Timestamp>,
    /// Bytes a second and display
    #[arg(long, value_name = "BYTES")]
    pub(crate) throttle: Option<u64>,
    /// Seconds that a display waits for a visitor at most
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait_at_most_s: Option<u32>,
    /// The only display of its kind at a site may be away while the site is open
    #[arg(long)]
    pub(crate) allow_single: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Recalls {
    /// List recalls, and which displays have proven that they hold them
    List,
    /// Recall an edition of a form on every display
    Add {
        form: String,
        edition: String,
        /// Why; kept in the audit log
        #[arg(long)]
        reason: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Take a recall back
    Lift { form: String, edition: String },
}
