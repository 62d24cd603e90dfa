//! The words of `migradoctl content`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use migrado_content::trust::ReleaseName;

#[derive(Debug, Subcommand)]
pub(crate) enum Content {
    /// Name every mistake of a folder at once, with file and line; ends with 1 when nothing can be built
    Check {
        /// The folder; without it this one if it has a content.yaml, else config/content
        folder: Option<PathBuf>,
        /// Print how far each item is in each language, instead of the mistakes
        #[arg(long)]
        matrix: bool,
        /// Also say what is only good to know, for example which translations are drafts
        #[arg(long)]
        notices: bool,
        /// The same as --output json
        #[arg(long)]
        json: bool,
        /// Check as if it were this day
        #[arg(long, value_name = "DAY")]
        today: Option<jiff::civil::Date>,
    },
    /// Show a folder as the visitor sees it, in a browser on this machine, until Ctrl-C
    Preview {
        /// The folder; without it this one if it has a content.yaml, else config/content
        folder: Option<PathBuf>,
        /// Where to listen on 127.0.0.1; 0 takes any that is free
        #[arg(long, default_value_t = 7092)]
        port: u16,
        /// Show it as if it were this day
        #[arg(long, value_name = "DAY")]
        today: Option<jiff::civil::Date>,
    },
    /// Make the files of a release from a folder without mistakes
    Build {
        /// The folder
        folder: PathBuf,
        /// Where to: a folder that does not exist yet
        out: PathBuf,
        /// Build as if it were this day
        #[arg(long, value_name = "DAY")]
        today: Option<jiff::civil::Date>,
    },
    /// Build, sign and upload a release; displays get it when a rollout says so
    Publish(Publish),
    /// Take a release back: no display installs it any more
    Recall(Recall),
    /// The keys that sign content
    Keys {
        #[command(subcommand)]
        verb: Keys,
    },
}

/// How files of keys are opened.
#[derive(Debug, Args)]
pub(crate) struct Passphrase {
    /// File with the passphrase of the keys, instead of being asked for it
    #[arg(long, env = "MIGRADO_PASSPHRASE_FILE", value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The folder of content, or a release that was built from it
    pub(crate) folder: PathBuf,
    /// The folder of keys
    #[arg(long, env = "MIGRADO_KEYS", value_name = "FOLDER")]
    pub(crate) keys: PathBuf,
    /// What it brings, for example "Winter opening hours"
    #[arg(long)]
    pub(crate) title: String,
    /// Its name; without it today and the next number, for example 2026-11-25.1
    #[arg(long)]
    pub(crate) name: Option<ReleaseName>,
    /// Take this release back at the same time
    #[arg(long, value_name = "NAME")]
    pub(crate) recall: Vec<ReleaseName>,
    /// Write the repository into this folder instead of uploading it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// File of a content key that does not lie in the folder of keys
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// Build as if it were this day
    #[arg(long, value_name = "DAY")]
    pub(crate) today: Option<jiff::civil::Date>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

#[derive(Debug, Args)]
pub(crate) struct Recall {
    /// Which releases
    #[arg(required = true)]
    pub(crate) names: Vec<ReleaseName>,
    /// The folder of keys
    #[arg(long, env = "MIGRADO_KEYS", value_name = "FOLDER")]
    pub(crate) keys: PathBuf,
    /// Write the repository into this folder instead of uploading it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// File of a content key that does not lie in the folder of keys
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make root keys, content keys and the first root in a new folder
    Init(InitKeys),
    /// Which keys there are, where they lie, and until when the root holds
    Show {
        /// The folder of keys
        folder: PathBuf,
    },
    /// Make the next root: replace lost keys or the controller's, or only renew it
    Rotate(RotateKeys),
    /// Upload the roots, with the list that is live signed anew, without a new release
    Send(SendKeys),
}

#[derive(Debug, Args)]
pub(crate) struct SendKeys {
    /// The folder of keys
    pub(crate) folder: PathBuf,
    /// File of a content key that does not lie in the folder of keys
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

#[derive(Debug, Args)]
pub(crate) struct InitKeys {
    /// The new folder
    pub(crate) folder: PathBuf,
    /// How many root keys
    #[arg(long, default_value_t = 3)]
    pub(crate) roots: usize,
    /// How many of them it takes to make the next root
    #[arg(long, default_value_t = 2)]
    pub(crate) threshold: usize,
    /// How many content keys, one for each editor
    #[arg(long, default_value_t = 1)]
    pub(crate) content_keys: usize,
    /// File with the controller's freshness key, instead of asking it
    #[arg(long, value_name = "FILE")]
    pub(crate) freshness_key: Option<PathBuf>,
    /// Make a freshness key here as well, for a repository without a controller
    #[arg(long, conflicts_with = "freshness_key")]
    pub(crate) own_freshness: bool,
    /// Do not encrypt the keys
    #[arg(long, conflicts_with = "passphrase_file")]
    pub(crate) no_passphrase: bool,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}

#[derive(Debug, Args)]
pub(crate) struct RotateKeys {
    /// The folder of keys
    pub(crate) folder: PathBuf,
    /// A key that is lost or in wrong hands, as `keys show` names it; it gets a new one in its place
    #[arg(long, value_name = "PUBLIC")]
    pub(crate) lost: Vec<String>,
    /// File with the controller's new freshness key
    #[arg(long, value_name = "FILE", conflicts_with = "ask_controller")]
    pub(crate) freshness_key: Option<PathBuf>,
    /// Ask the controller for its freshness key, and take that
    #[arg(long)]
    pub(crate) ask_controller: bool,
    /// How many root keys it takes from now on
    #[arg(long)]
    pub(crate) threshold: Option<usize>,
    /// File of a key that does not lie in the folder, for example on a stick
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// Do not encrypt the new keys
    #[arg(long, conflicts_with = "passphrase_file")]
    pub(crate) no_passphrase: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
}
