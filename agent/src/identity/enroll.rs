//! Enrolment: makes a key here, shows the one-time token and a certificate request to the controller
//! whose authority the token pins, and keeps what comes back. Nobody is trusted on first use.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use migrado_link::tls;
use migrado_protocol::enroll::{EnrollRequest, EnrollResponse, TOKEN_PREFIX, TokenContent};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};

use super::{Identity, IdentityError, save};

/// How long the controller may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Characters of the controller's refusal that are shown.
const ANSWER_CHARS_MAX: usize = 300;

/// The terminal could not be enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The text is no token.
    #[error("this is not an enrolment token; copy it whole, it begins with {TOKEN_PREFIX}")]
    Token,
    /// The key or the request could not be made.
    #[error("cannot make a key and a certificate request")]
    Key(#[from] rcgen::Error),
    /// The answer's certificate is no use, or the token's pin is none.
    #[error("the controller's trust cannot be used")]
    Tls(#[from] tls::TlsError),
    /// The controller did not answer, or is not the one that the token pins.
    #[error("cannot enroll at {controller}")]
    Ask {
        /// Who was asked.
        controller: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The controller said no.
    #[error("{controller} refused with status {status}: {answer}")]
    Refused {
        /// Who.
        controller: String,
        /// HTTP status.
        status: u16,
        /// Its words.
        answer: String,
    },
    /// What came back belongs to another authority than the one that the token pins.
    #[error("{0} answered with an authority that the token does not name")]
    WrongAuthority(String),
    /// It could not be kept.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Enrolls this terminal. `controller` overrides the address in the token. Gives the terminal's name.
pub async fn enroll(
    data_dir: &Path,
    token: &str,
    controller: Option<&str>,
) -> Result<migrado_protocol::TerminalId, EnrollError> {
    let token = read_token(token)?;
    let controller = controller.map_or(token.controller.clone(), str::to_owned);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, token.terminal.as_str());
    let csr_pem = params.serialize_request(&key)?.pem()?;
    let request = EnrollRequest { terminal: token.terminal.clone(), secret: token.secret, csr_pem };
    let given = ask(&controller, &token.authority_sha256, &request).await?;
    if tls::pinned::pin_of(&given.authority_pem)? != token.authority_sha256.to_ascii_lowercase() {
        return Err(EnrollError::WrongAuthority(controller));
    }
    let identity = Identity { terminal: token.terminal, key_pem: key.serialize_pem(), given };
    // Used once before it is kept: a certificate that does not fit the key is noticed here.
    identity.tls()?;
    save(data_dir, &identity)?;
    Ok(identity.terminal)
}

async fn ask(controller: &str, pin: &str, request: &EnrollRequest) -> Result<EnrollResponse, EnrollError> {
    let failed = |source| EnrollError::Ask { controller: controller.to_owned(), source };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::pinned::pinned_client_config(pin)?)
        .no_proxy()
        .timeout(LIMIT)
        .build()
        .map_err(failed)?;
    let url = format!("https://{controller}/terminal/v1/enroll");
    let answer = client.post(url).json(request).send().await.map_err(failed)?;
    let status = answer.status();
    if status.is_success() {
        return answer.json().await.map_err(failed);
    }
    let answer = answer.text().await.unwrap_or_default().chars().take(ANSWER_CHARS_MAX).collect();
    Err(EnrollError::Refused { controller: controller.to_owned(), status: status.as_u16(), answer })
}

fn read_token(text: &str) -> Result<TokenContent, EnrollError> {
    let content = text.trim().strip_prefix(TOKEN_PREFIX).ok_or(EnrollError::Token)?;
    let content = URL_SAFE_NO_PAD.decode(content).map_err(|_| EnrollError::Token)?;
    serde_json::from_slice(&content).map_err(|_| EnrollError::Token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_token_is_read() {
        let content = TokenContent {
            controller: "fleet.example:8444".into(),
            authority_sha256: "00".repeat(32),
            terminal: "fp-01".parse().unwrap(),
            secret: "11".repeat(16),
        };
        let text = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(&content).unwrap()));
        assert_eq!(read_token(&format!(" {text}\n")).unwrap(), content);
        for bad in ["", "mft1.", &text[..text.len() - 9], &text[5..], "mft1.!!!"] {
            assert!(matches!(read_token(bad), Err(EnrollError::Token)), "{bad}");
        }
    }
}
