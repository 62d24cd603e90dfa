//! Displays of one site that give each other verified content: where one can be asked, and which one
//! was asked no more. The content itself travels between them over mutual TLS, not here.

use serde::{Deserialize, Serialize};

use crate::TerminalId;

/// Neighbors that a desired state names: those that have the release, and those that fetch it first.
pub const NEIGHBORS_MAX: usize = 12;
/// Neighbors that an update names as dropped: one that lies is rare, and the log has them all.
pub const DROPPED_MAX: usize = 4;
/// Characters of a host: what DNS allows.
const HOST_CHARS_MAX: usize = 253;

/// A display that may be asked for content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Neighbor {
    /// Who it has to prove to be.
    pub terminal: TerminalId,
    /// Where it listens: `host:port`, `address:port` or `[address]:port`.
    pub address: String,
}

/// A neighbor that is not asked any more for this update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dropped {
    /// Who.
    pub terminal: TerminalId,
    /// Why, by name: `neighbor_lied`, `neighbor_slow` or `neighbor_endless`.
    pub finding: String,
    /// SHA-256 of the object that it was asked for, hex.
    pub object: String,
}

/// Whether a text says a host and a port to connect to, and nothing else.
pub fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    let in_brackets = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    is_port
        && match in_brackets {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => is_name(host),
        }
}

/// Whether it has the letters of a host's name, or of an IPv4 address.
fn is_name(host: &str) -> bool {
    (1..=HOST_CHARS_MAX).contains(&host.len())
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port_and_nothing_else() {
        for right in ["192.0.2.7:7443", "display-7.ssc.example:1", "[2001:db8::7]:65535", "localhost:7443"] {
            assert!(is_address(right), "{right}");
        }
        let long = format!("{}:1", "a".repeat(HOST_CHARS_MAX + 1));
        for wrong in [
            "",
            ":7443",
            "192.0.2.7",
            "192.0.2.7:",
            "192.0.2.7:0",
            "192.0.2.7:65536",
            "192.0.2.7:+1",
            "2001:db8::7:7443",
            "[192.0.2.7]:1",
            "[::1:1",
            "a b:1",
            "a/b:1",
            "user@a:1",
            "a..b:1",
            "-a:1",
            "a-:1",
            "a:1/x",
            "a:1 ",
            "ä:1",
            long.as_str(),
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
