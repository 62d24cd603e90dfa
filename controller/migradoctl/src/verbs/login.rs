//! `migradoctl login`: asks for the password once, and keeps an API token instead of it.

use std::io::IsTerminal as _;

use serde_json::json;

use crate::cli::{Connection, Login};
use crate::client::Client;
use crate::context::{self, Context, Target};
use crate::exit::{Code, Failure};
use crate::output;

pub(crate) async fn run(connection: &Connection, login: &Login) -> Result<Code, Failure> {
    let target = context::target(connection)?;
    let (url, ca_pem) = (target.url.clone(), target.ca_pem.clone());
    let client = Client::to(Target { token: None, ..target })?;
    let password = password(&login.user)?;
    let session =
        client.post("/api/v1/session", &json!({"name": login.user, "password": password}), &[]).await?;
    let csrf = session["csrf_token"].as_str().unwrap_or_default();
    let name = format!("migradoctl of {}", std::env::var("USER").unwrap_or_else(|_| login.user.clone()));
    let made = client.post("/api/v1/api-tokens", &json!({ "name": name }), &[("X-CSRF-Token", csrf)]).await?;
    let token = made["token"]
        .as_str()
        .ok_or_else(|| Failure::failed("the controller made no token; does its version fit this one?"))?
        .to_owned();
    let path = context::write(&Context { url: url.clone(), token, ca_pem })?;
    output::say(&format!("Logged in at {url} as {}; the token is kept in {}", login.user, path.display()));
    Ok(Code::Ok)
}

fn password(user: &str) -> Result<String, Failure> {
    let read = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Password of {user}: "))
    } else {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line.trim_end_matches(['\n', '\r']).to_owned())
    };
    read.map_err(|e| Failure::failed(format!("cannot read the password: {e}")))
}
