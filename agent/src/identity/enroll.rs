//! Enrolment: the token says where and whom to trust; the display makes its key, asks for a
//! certificate over HTTPS, checks what it gets, and keeps it. Each failure has its own words,
//! because somebody stands in front of the display and reads them.

use std::path::{Path, PathBuf};

use migrado_link::tls::pinned::{is_wrong_pin, pin_of, pinned_client_config};
use migrado_link::tls::{CertResolver, TlsError};
use migrado_protocol::TerminalId;
use migrado_protocol::enroll::{EnrollRequest, EnrollResponse, InvalidToken, TokenContent};

use super::listener::{ANSWER_LIMIT, Problem, bounded_body, innermost};
use super::{Identity, IdentityError, key_and_request, load, save};

const PATH: &str = "/terminal/v1/enroll";

/// Why enrolment failed.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The token cannot be read.
    #[error(transparent)]
    Token(#[from] InvalidToken),
    /// The display is another one: its outbox, journal and settings are not this token's.
    #[error(
        "this display is {here}, and the token is for {wanted}; to make it {wanted}, stop the agent and remove {} first",
        data_dir.display()
    )]
    AnotherDisplay {
        /// Who it is.
        here: TerminalId,
        /// Whom the token is for.
        wanted: TerminalId,
        /// Where its state is.
        data_dir: PathBuf,
    },
    /// Key or request could not be made.
    #[error("cannot make a key and a certificate request")]
    Key(#[source] rcgen::Error),
    /// The pin is no pin, or the HTTPS client cannot be made.
    #[error("the token's pin cannot be used")]
    Pin(#[source] TlsError),
    /// The HTTPS client cannot be made.
    #[error("cannot make an HTTPS client")]
    Client(#[source] reqwest::Error),
    /// Nobody answers there.
    #[error("controller {controller} is unreachable: {cause}")]
    Unreachable {
        /// Where.
        controller: String,
        /// Why, the innermost cause.
        cause: String,
    },
    /// Somebody else answers there.
    #[error(
        "the server at {0} is not the controller that made the token: it does not present the authority that the token pins"
    )]
    WrongAuthority(String),
    /// The answer broke off, or cannot be understood.
    #[error("controller {controller} gave an answer that cannot be used: {cause}")]
    Answer {
        /// Where.
        controller: String,
        /// What is wrong with it.
        cause: String,
    },
    /// No such token.
    #[error("the controller does not know this token: make a new one")]
    Unknown,
    /// Too late.
    #[error("the token has expired: a token lives 30 minutes, make a new one")]
    Expired,
    /// Used before.
    #[error("the token was used before: a token works once, make a new one")]
    Used,
    /// For another display.
    #[error("the token is not for terminal {0}")]
    TerminalMismatch(TerminalId),
    /// Any other refusal.
    #[error("the controller refused with status {status} ({code}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Code of the problem.
        code: String,
        /// Its words.
        detail: String,
    },
    /// What came is not what was asked for.
    #[error("the certificate that came does not fit this display: {0}")]
    Unfit(&'static str),
    /// It cannot be kept.
    #[error(transparent)]
    Keep(#[from] IdentityError),
}

/// Enrols this display with a token, keeps its identity in `data_dir` and gives its name.
/// `controller` overrides the address in the token, never its pin.
pub async fn enroll(
    data_dir: &Path,
    token: &str,
    controller: Option<&str>,
) -> Result<TerminalId, EnrollError> {
    let mut token = TokenContent::from_text(token)?;
    if let Some(given) = controller {
        given.clone_into(&mut token.controller);
    }
    // An identity that cannot be read says nothing about whose it was; a new one mends it.
    if let Ok(Some(now)) = load(data_dir)
        && now.terminal != token.terminal
    {
        let (here, wanted) = (now.terminal, token.terminal);
        return Err(EnrollError::AnotherDisplay { here, wanted, data_dir: data_dir.to_owned() });
    }
    let (key_pem, csr_pem) = key_and_request(&token.terminal).map_err(EnrollError::Key)?;
    let request = EnrollRequest { terminal: token.terminal.clone(), secret: token.secret.clone(), csr_pem };
    let response = ask(&token, &request).await?;
    let identity = checked(&token, key_pem, response)?;
    save(data_dir, &identity)?;
    Ok(identity.terminal)
}

async fn ask(token: &TokenContent, request: &EnrollRequest) -> Result<EnrollResponse, EnrollError> {
    let tls = pinned_client_config(&token.authority_sha256).map_err(EnrollError::Pin)?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_LIMIT)
        .build()
        .map_err(EnrollError::Client)?;
    let controller = &token.controller;
    let answer = client
        .post(format!("https://{controller}{PATH}"))
        .json(request)
        .send()
        .await
        .map_err(|error| not_sent(controller, &error))?;
    let status = answer.status();
    let unusable = |cause: String| EnrollError::Answer { controller: controller.clone(), cause };
    let body = bounded_body(answer).await.map_err(unusable)?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| unusable(error.to_string()));
    }
    Err(refusal(status.as_u16(), &serde_json::from_slice(&body).unwrap_or_default(), &token.terminal))
}

fn not_sent(controller: &str, error: &reqwest::Error) -> EnrollError {
    if is_wrong_pin(error) {
        EnrollError::WrongAuthority(controller.to_owned())
    } else {
        EnrollError::Unreachable { controller: controller.to_owned(), cause: innermost(error) }
    }
}

fn refusal(status: u16, problem: &Problem, terminal: &TerminalId) -> EnrollError {
    match problem.code.as_str() {
        "token_unknown" => EnrollError::Unknown,
        "token_expired" => EnrollError::Expired,
        "token_used" => EnrollError::Used,
        "terminal_mismatch" => EnrollError::TerminalMismatch(terminal.clone()),
        code => {
            let code = migrado_protocol::limits::clip(code);
            EnrollError::Refused { status, code, detail: problem.words() }
        }
    }
}

/// Nothing is kept that could not be used at the next start.
fn checked(token: &TokenContent, key_pem: String, response: EnrollResponse) -> Result<Identity, EnrollError> {
    if CertResolver::new(&response.certificate_pem, &key_pem).is_err() {
        return Err(EnrollError::Unfit("it is not for the key of this display"));
    }
    if pin_of(&response.authority_pem).ok().as_deref() != Some(token.authority_sha256.as_str()) {
        return Err(EnrollError::Unfit("its authority is not the one that the token pins"));
    }
    if response.signing_keys.is_empty() {
        return Err(EnrollError::Unfit("no key came with it that signs orders"));
    }
    Ok(Identity { terminal: token.terminal.clone(), key_pem, given: response, next: None })
}

#[cfg(test)]
#[path = "enroll_tests.rs"]
mod tests;
