//! The words of `migradoctl calendar` and `migradoctl schedules`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Calendar {
    /// Whether a site is open, its windows, and what its calendar says
    Show {
        site: String,
        /// Print the calendar as a file that `calendar set` takes
        #[arg(long)]
        yaml: bool,
    },
    /// What holds on each day, and why
    Days {
        site: String,
        /// The first day; without it today
        #[arg(long, value_name = "DAY")]
        from: Option<jiff::civil::Date>,
        /// The last day; without it four weeks in all
        #[arg(long, value_name = "DAY")]
        to: Option<jiff::civil::Date>,
    },
    /// Give a site the calendar of a file (YAML), in place of the configuration's
    Set { site: String, file: PathBuf },
    /// Go back to the calendar of the configuration
    Reset {
        site: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Schedules {
    /// List scheduled orders with what comes next and what came of the last run
    List,
    /// A scheduled order and its last runs
    Show {
        id: String,
        /// How many runs
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Make a scheduled order
    Add(Box<AddSchedule>),
    /// Have one rest; its times pass without being made up for
    Pause { id: String },
    /// Have one go on with the next time that is due
    Resume { id: String },
    /// Remove one with the record of its runs
    Remove {
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddSchedule {
    /// What people call it
    pub(crate) name: String,
    /// What to do, for example restart_page or test_print; see `commands verbs`
    pub(crate) verb: String,
    /// For which displays
    #[arg(required_unless_present_any = ["site", "label", "all"])]
    pub(crate) terminals: Vec<String>,
    /// For all displays of this site
    #[arg(long, conflicts_with_all = ["terminals", "label", "all"])]
    pub(crate) site: Option<String>,
    /// For all displays whose label has this in it
    #[arg(long, conflicts_with_all = ["terminals", "all"])]
    pub(crate) label: Option<String>,
    /// For all displays
    #[arg(long, conflicts_with = "terminals")]
    pub(crate) all: bool,
    /// Again and again: minute, hour, day, month and weekday in Europe/Berlin, like "0 3 * * *"
    #[arg(long, required_unless_present = "at", conflicts_with = "at")]
    pub(crate) cron: Option<String>,
    /// Once, at this time in Europe/Berlin, like 2026-12-24T13:00
    #[arg(long)]
    pub(crate) at: Option<String>,
    /// Only while the display's site is open or closed: any, open, closed
    #[arg(long, default_value = "any", value_parser = ["any", "open", "closed"])]
    pub(crate) only_when: String,
    /// For how many minutes a run that was missed is made up for
    #[arg(long, default_value_t = 60)]
    pub(crate) grace_minutes: u32,
    /// Unit to restart (restart_service)
    #[arg(long)]
    pub(crate) unit: Option<String>,
    /// For how long (identify)
    #[arg(long)]
    pub(crate) seconds: Option<u16>,
    /// From how long ago (collect_logs)
    #[arg(long)]
    pub(crate) since_s: Option<u32>,
    /// Why (set_out_of_service)
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    #[test]
    fn a_scheduled_order_needs_a_time_and_displays() {
        let parse = |words: &[&str]| {
            crate::cli::Cli::try_parse_from([&["migradoctl", "schedules", "add", "Nachts"], words].concat())
        };
        assert!(parse(&["restart_page", "--all", "--cron", "0 3 * * *"]).is_ok());
        assert!(parse(&["restart_page", "fp-01", "--at", "2026-12-24T13:00"]).is_ok());
        assert!(parse(&["restart_page", "--label", "Halle", "--cron", "0 3 * * *"]).is_ok());
        assert!(parse(&["restart_page", "--all"]).is_err());
        assert!(parse(&["restart_page", "--cron", "0 3 * * *"]).is_err());
        assert!(
            parse(&["restart_page", "--all", "--cron", "0 3 * * *", "--at", "2026-12-24T13:00"]).is_err()
        );
        assert!(parse(&["restart_page", "--all", "--cron", "0 3 * * *", "--only-when", "sunny"]).is_err());
    }
}
