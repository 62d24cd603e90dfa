//! The first account: made on the first start, its password told once, and the way back in for
//! whoever has the machine. Who may do what afterwards is `auth`'s part.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use crate::api::state::ApiState;
use crate::audit::Audit;
use crate::auth::accounts::{Accounts, FIRST_ACCOUNT};
use crate::auth::password;
use crate::config::{self, ControllerConfig};
use crate::{clock, files, store};

/// Where the first account's password stands until it is changed.
pub(crate) fn password_file(config: &ControllerConfig) -> PathBuf {
    config.data_dir.join("initial-admin-password")
}

/// Gives the first account a new password.
pub async fn reset_password(config: &ControllerConfig) -> Result<String> {
    let pool = store::open(&config.data_dir.join("controller.db")).await?;
    let accounts = Accounts::new(pool.clone(), Arc::new(Audit::new(pool)), password_file(config))?;
    let password = password::generate();
    accounts.reset(password.clone(), clock::now_ms()).await?;
    Ok(password)
}

/// Makes the first administrator and tells the password once: in a file that only the controller's
/// user can read, and to the person who started it. Never in the log, which many can read and which
/// is kept; where systemd reads stderr that is the log.
pub(crate) async fn account(config: &ControllerConfig, state: &ApiState) -> Result<()> {
    let Some(password) = state.accounts.first(state.clock.now_ms()).await? else { return Ok(()) };
    let file = password_file(config);
    files::replace_file(&file, format!("{password}\n").as_bytes(), files::PRIVATE)?;
    tracing::warn!(
        account = FIRST_ACCOUNT,
        file = %file.display(),
        "the first account was made and its password stands in the file; change it"
    );
    if !config::under_journal() {
        // Nobody is left to be told when stderr is closed; the file has it.
        writeln!(std::io::stderr(), "The password of the account {FIRST_ACCOUNT} is: {password}").ok();
    }
    Ok(())
}
