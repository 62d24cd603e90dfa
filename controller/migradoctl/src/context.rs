//! Where the controller is and with which token: from the call, the environment, or the file that
//! `migradoctl login` wrote (`~/.config/migrado/ctl.yaml`, readable only by its owner).

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cli::Connection;
use crate::exit::{Code, Failure};

/// What is kept between calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// Address of the console.
    pub(crate) url: String,
    /// API token.
    pub(crate) token: String,
    /// PEM of the controller's authority; absent where a public one vouches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_pem: Option<String>,
}

/// Everything that a connection needs.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    pub(crate) ca_pem: Option<String>,
}

/// Puts together what the call, the environment and the file say, in this order of weight.
pub(crate) fn target(connection: &Connection) -> Result<Target, Failure> {
    let kept = read()?;
    let url = connection.url.clone().or_else(|| kept.as_ref().map(|k| k.url.clone())).ok_or_else(|| {
        Failure::usage(
            "where is the controller? Give --url or MIGRADO_URL, or log in with: migradoctl --url ... login",
        )
    })?;
    // A slash at the end is the same address; without it, paths follow.
    let url = url.trim_end_matches('/').to_owned();
    // A kept token and authority belong to the kept address only.
    let kept = kept.filter(|k| k.url.trim_end_matches('/') == url);
    let token = match &connection.token_file {
        Some(path) => Some(
            fs::read_to_string(path)
                .map_err(|e| Failure::usage(format!("cannot read the token file {}: {e}", path.display())))?
                .trim()
                .to_owned(),
        ),
        None => kept.as_ref().map(|k| k.token.clone()),
    };
    let ca_pem = match &connection.ca {
        Some(path) => Some(
            fs::read_to_string(path)
                .map_err(|e| Failure::usage(format!("cannot read the authority {}: {e}", path.display())))?,
        ),
        None => kept.and_then(|k| k.ca_pem),
    };
    Ok(Target { url, token, ca_pem })
}

/// Keeps a context for the next calls.
pub(crate) fn write(context: &Context) -> Result<PathBuf, Failure> {
    let path = path().ok_or_else(|| Failure::failed("no home directory: set XDG_CONFIG_HOME or HOME"))?;
    let failed = |what: &str, e: &dyn std::fmt::Display| {
        Failure::failed(format!("cannot {what} {}: {e}", path.display()))
    };
    let text = serde_yaml::to_string(context).map_err(|e| failed("write", &e))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| failed("make the folder of", &e))?;
    }
    let fresh = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(|e| failed("write", &e))?;
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(|e| failed("protect", &e))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| failed("write", &e))?;
    fs::rename(&fresh, &path).map_err(|e| failed("replace", &e))?;
    Ok(path)
}

fn read() -> Result<Option<Context>, Failure> {
    let Some(path) = path() else { return Ok(None) };
    match fs::read_to_string(&path) {
        Ok(text) => serde_yaml::from_str(&text).map(Some).map_err(|e| {
            Failure::new(
                Code::Usage,
                format!("{} is not readable as it is: {e}; log in again", path.display()),
            )
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::failed(format!("cannot read {}: {e}", path.display()))),
    }
}

fn path() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(config.join("migrado").join("ctl.yaml"))
}
