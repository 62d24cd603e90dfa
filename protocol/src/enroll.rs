//! Enrolment: a terminal shows a one-time token and a certificate request over HTTPS and gets its
//! identity. The token pins the authority's key, so that nobody is trusted on first use. Renewal:
//! the same with the certificate that it holds in place of the token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::ids::TerminalId;

/// What a token says. As text: `mft1.` and the JSON of this in base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenContent {
    /// `host:port` of the controller's terminal listener.
    pub controller: String,
    /// SHA-256 of the authority's public key (SPKI, DER), hex.
    pub authority_sha256: String,
    /// For which terminal.
    pub terminal: TerminalId,
    /// 128 random bits, hex. The controller keeps only a hash of them.
    pub secret: String,
}

/// First characters of a token: what it is, and its version.
pub const TOKEN_PREFIX: &str = "mft1.";

/// Characters of a token: several times what any host name needs, so that a pasted file is refused.
const TOKEN_CHARS_MAX: usize = 2048;

/// Why a text is not a token. Never repeats the text: it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Does not begin like a token.
    #[error("the text is no enrolment token: one begins with \"{TOKEN_PREFIX}\"")]
    Prefix,
    /// Begins like a token of another version.
    #[error("the token is of a version that is not known here; this side reads \"{TOKEN_PREFIX}\"")]
    Version,
    /// Cut off, or altered on the way.
    #[error("the token is damaged: copy it whole, it is one line without spaces")]
    Damaged,
}

impl TokenContent {
    /// The token as people copy it.
    pub fn to_text(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }

    /// Reads a token, with the white space that copying leaves around it.
    pub fn from_text(text: &str) -> Result<Self, InvalidToken> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix(TOKEN_PREFIX) else {
            return Err(if text.starts_with("mft") { InvalidToken::Version } else { InvalidToken::Prefix });
        };
        if rest.len() > TOKEN_CHARS_MAX {
            return Err(InvalidToken::Damaged);
        }
        let json = URL_SAFE_NO_PAD.decode(rest).map_err(|_| InvalidToken::Damaged)?;
        serde_json::from_slice(&json).map_err(|_| InvalidToken::Damaged)
    }
}

/// Body of `POST /terminal/v1/enroll`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrollRequest {
    /// For which terminal.
    pub terminal: TerminalId,
    /// The token's secret, hex.
    pub secret: String,
    /// Certificate request, PEM. Its key never leaves the terminal.
    pub csr_pem: String,
}

/// What an enrolled terminal gets, and keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrollResponse {
    /// The terminal's certificate, PEM.
    pub certificate_pem: String,
    /// The authority's certificate, PEM.
    pub authority_pem: String,
    /// `host:port` of the broker.
    pub broker: String,
    /// `host:port` of the controller's terminal listener (logs, later content).
    pub controller: String,
    /// Keys that sign orders.
    pub signing_keys: Vec<SigningKey>,
    /// The first root of the signed list of releases (The Update Framework, `1.root.json`), as text;
    /// absent while nothing has been published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_root: Option<String>,
}

/// Body of `POST /terminal/v1/renew`, with the certificate in use on the connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RenewRequest {
    /// Certificate request, PEM, with a new key that never leaves the terminal.
    pub csr_pem: String,
}

/// Answer of `POST /terminal/v1/renew`. The certificate that was shown goes on counting until the
/// new one was seen on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewResponse {
    /// The terminal's next certificate, PEM.
    pub certificate_pem: String,
}

/// Answer of `GET /terminal/v1/identity`: as whom the controller knows the one who asks. Asking with
/// a renewed certificate makes it the one that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAs {
    /// The terminal.
    pub terminal: TerminalId,
    /// Serial number of the certificate that was shown, hexadecimal.
    pub serial: String,
}

/// Code of the problem with which a certificate is refused that does not count (any more): revoked,
/// replaced, or of a terminal that is gone.
pub const CERTIFICATE_REFUSED: &str = "certificate_refused";

/// A public key that signs orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// Its identity, as named in orders.
    pub id: String,
    /// Ed25519 public key, base64.
    pub public: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> TokenContent {
        TokenContent {
            controller: "fleet.dortmund.example:8444".into(),
            authority_sha256: "ab".repeat(32),
            terminal: "fp-01".parse().unwrap(),
            secret: "0f".repeat(16),
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_made() {
        let text = content().to_text();
        assert!(text.starts_with(TOKEN_PREFIX) && !text.contains(char::is_whitespace), "{text}");
        assert_eq!(TokenContent::from_text(&format!("  {text}\n")), Ok(content()));
    }

    #[test]
    fn a_text_that_is_no_token_is_refused_by_what_is_wrong_with_it() {
        let text = content().to_text();
        let cut = text.get(..text.len() - 5).unwrap();
        let newer = text.replace("mft1.", "mft2.");
        let inner_space = text.replacen('e', "e ", 1);
        let long = format!("{TOKEN_PREFIX}{}", "A".repeat(TOKEN_CHARS_MAX + 1));
        for (given, why) in [
            ("", InvalidToken::Prefix),
            ("hello", InvalidToken::Prefix),
            (newer.as_str(), InvalidToken::Version),
            (TOKEN_PREFIX, InvalidToken::Damaged),
            (cut, InvalidToken::Damaged),
            (inner_space.as_str(), InvalidToken::Damaged),
            (long.as_str(), InvalidToken::Damaged),
        ] {
            assert_eq!(TokenContent::from_text(given), Err(why), "{given}");
        }
    }
}
