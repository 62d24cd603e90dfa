//! The authority: made on the first start, ten years, one level. Issues three kinds of
//! certificates, each for one purpose only, backdated by a week so that a display whose clock is
//! behind can still come, and the list of those that are void.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use migrado_link::tls::{TlsError, Validity};
use migrado_protocol::TerminalId;
use migrado_protocol::ids::CONTROLLER_NAME;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertificateSigningRequestParams,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, RevokedCertParams, SerialNumber, date_time_ymd,
};

use super::PkiError;
use crate::files;

const DAY_S: u64 = 24 * 60 * 60;
/// A wrong clock of a display that was in the cupboard; also covers a time zone mistaken for UTC.
const BACKDATED_DAYS: u64 = 7;
/// The authority outlives the hardware; replacing it means enrolling every terminal anew.
const AUTHORITY_DAYS: u64 = 10 * 365;
/// Ours, renewed by ourselves.
const OWN_DAYS: u64 = 365;
/// At least three times the longest closure of a site, with renewal when a third is left.
const TERMINAL_DAYS: u64 = 90;
/// A list that ended would lock every display out of a broker that reads it, and it is written anew
/// with every change and every start: so it holds as long as the authority.
const REVOCATIONS_DAYS: u64 = AUTHORITY_DAYS;
/// Bytes of a certificate request; one with a P-256 key has about 500.
const CSR_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a serial number: random, so that no counter has to survive a restore from backup.
const SERIAL_BYTES: usize = 16;
/// Bytes of an uncompressed point on P-256.
const P256_POINT_BYTES: usize = 65;

/// Why a certificate request is refused.
#[derive(Debug, thiserror::Error)]
pub enum CsrError {
    /// Larger than any request of ours.
    #[error("the certificate request is larger than {CSR_BYTES_MAX} bytes")]
    TooLarge,
    /// Not a request, or its signature does not prove the key.
    #[error("the certificate request cannot be read, or does not prove its key")]
    Unreadable(#[source] rcgen::Error),
    /// Another kind of key.
    #[error("the certificate request has a key that is not P-256")]
    KeyKind,
    /// The name of the controller.
    #[error("no terminal can be named \"{CONTROLLER_NAME}\"")]
    Reserved,
    /// The certificate could not be made.
    #[error("the certificate could not be issued")]
    Issue(#[source] rcgen::Error),
    /// The certificate that was made cannot be read back.
    #[error("the issued certificate cannot be read back")]
    ReadBack(#[source] TlsError),
}

/// A terminal's new certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// PEM.
    pub certificate_pem: String,
    /// Serial number, hexadecimal, lower case: what the broker sees and revocation names.
    pub serial: String,
    /// Until when it holds.
    pub not_after_ms: i64,
}

/// What a certificate of the controller's own is for.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Shown to clients that dial one of these names.
    Server { names: Vec<String> },
    /// Shown to a broker as this identity.
    Client { name: String },
}

/// Names and addresses for server certificates: the given ones and the loopback, each once.
pub(super) fn server_names(hosts: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for host in hosts.iter().copied().chain(["localhost", "127.0.0.1", "::1"]) {
        if !host.is_empty() && !names.iter().any(|n| n == host) {
            names.push(host.to_owned());
        }
    }
    names
}

pub(super) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of logs.
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    pub(super) fn open(cert: &Path, key: &Path, now_ms: i64) -> Result<Self, PkiError> {
        let broken = |source| PkiError::Certificate { what: "the authority", source };
        match (files::read_text(cert)?, files::read_text(key)?) {
            (Some(pem), Some(key)) => {
                let key = KeyPair::from_pem(&key).map_err(broken)?;
                let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(broken)?;
                Ok(Self { pem, issuer })
            }
            // The certificate is written last: a key alone is a first start that was cut off.
            (None, _) => {
                let made = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
                let params = authority_params(now_ms);
                let pem = params.self_signed(&made).map_err(broken)?.pem();
                files::replace_file(key, made.serialize_pem().as_bytes(), files::PRIVATE)?;
                files::replace_file(cert, pem.as_bytes(), files::PUBLIC)?;
                Ok(Self { pem, issuer: Issuer::new(params, made) })
            }
            (Some(_), None) => Err(PkiError::Half(key.to_path_buf())),
        }
    }

    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate of the controller's own, followed by the authority's: clients that know only
    /// the pin find it in the chain.
    pub(super) fn issue_own(&self, kind: &Kind, key: &KeyPair, now_ms: i64) -> Result<String, rcgen::Error> {
        let params = match kind {
            Kind::Server { names } => {
                let name = names.first().map_or("controller", String::as_str);
                let mut params = leaf_params(name, ExtendedKeyUsagePurpose::ServerAuth, OWN_DAYS, now_ms);
                params.subject_alt_names = CertificateParams::new(names.clone())?.subject_alt_names;
                params
            }
            Kind::Client { name } => leaf_params(name, ExtendedKeyUsagePurpose::ClientAuth, OWN_DAYS, now_ms),
        };
        Ok(format!("{}{}", params.signed_by(key, &self.issuer)?.pem(), self.pem))
    }

    pub(super) fn issue_terminal(
        &self,
        terminal: &TerminalId,
        csr_pem: &str,
        now_ms: i64,
    ) -> Result<Issued, CsrError> {
        if csr_pem.len() > CSR_BYTES_MAX {
            return Err(CsrError::TooLarge);
        }
        if terminal.as_str() == CONTROLLER_NAME {
            return Err(CsrError::Reserved);
        }
        let csr = CertificateSigningRequestParams::from_pem(csr_pem).map_err(CsrError::Unreadable)?;
        // The algorithm is that of the request's signature; the length tells the curve of the key.
        if csr.public_key.algorithm() != &PKCS_ECDSA_P256_SHA256
            || csr.public_key.der_bytes().len() != P256_POINT_BYTES
        {
            return Err(CsrError::KeyKind);
        }
        // Nothing that the request asks for is taken over, only its key.
        let params =
            leaf_params(terminal.as_str(), ExtendedKeyUsagePurpose::ClientAuth, TERMINAL_DAYS, now_ms);
        let pem = params.signed_by(&csr.public_key, &self.issuer).map_err(CsrError::Issue)?.pem();
        let validity = Validity::of(&pem).map_err(CsrError::ReadBack)?;
        Ok(Issued { certificate_pem: pem, serial: validity.serial, not_after_ms: validity.not_after_ms })
    }

    /// A list of these serial numbers (hexadecimal) and since when each is void, PEM.
    pub(super) fn revocation_list(
        &self,
        revoked: &[(&str, i64)],
        now_ms: i64,
    ) -> Result<String, rcgen::Error> {
        let now_s = seconds(now_ms);
        let at = |s: u64| date_time_ymd(1970, 1, 1) + Duration::from_secs(s);
        let revoked_certs = revoked
            .iter()
            .filter_map(|(serial, at_ms)| Some((hex::decode(serial).ok()?, at_ms)))
            .map(|(serial, at_ms)| RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: at(seconds(*at_ms)),
                reason_code: None,
                invalidity_date: None,
            })
            .collect();
        let list = CertificateRevocationListParams {
            this_update: at(now_s.saturating_sub(BACKDATED_DAYS * DAY_S)),
            next_update: at(now_s.saturating_add(REVOCATIONS_DAYS * DAY_S)),
            crl_number: SerialNumber::from(now_s),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer)?.pem()
    }
}

fn authority_params(now_ms: i64) -> CertificateParams {
    // Two installations must not be mistaken for one another by their authority's name.
    let mark: String = serial_bytes().iter().take(4).map(|b| format!("{b:02x}")).collect();
    let mut params = dated_params(&format!("MigraDo Fleet authority {mark}"), AUTHORITY_DAYS, now_ms);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf_params(name: &str, purpose: ExtendedKeyUsagePurpose, days: u64, now_ms: i64) -> CertificateParams {
    let mut params = dated_params(name, days, now_ms);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    params
}

fn dated_params(name: &str, days: u64, now_ms: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now_s = seconds(now_ms);
    let at = |s: u64| date_time_ymd(1970, 1, 1) + Duration::from_secs(s);
    params.not_before = at(now_s.saturating_sub(BACKDATED_DAYS * DAY_S));
    params.not_after = at(now_s.saturating_add(days * DAY_S));
    params.serial_number = Some(SerialNumber::from_slice(&serial_bytes()));
    params
}

fn seconds(ms: i64) -> u64 {
    u64::try_from(ms / 1000).unwrap_or_default()
}

/// Random, positive and without a leading zero, so that every reader writes it the same way.
fn serial_bytes() -> [u8; SERIAL_BYTES] {
    let mut serial: [u8; SERIAL_BYTES] = rand::random();
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    serial
}

/// Whether the certificate bears all these names.
pub(super) fn bears(cert_pem: &str, names: &[String]) -> bool {
    use x509_parser::extensions::GeneralName;
    let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(cert_pem.as_bytes()) else { return false };
    let Ok(cert) = pem.parse_x509() else { return false };
    let Ok(Some(borne)) = cert.subject_alternative_name() else { return false };
    names.iter().all(|name| {
        let address = name.parse::<IpAddr>().ok().map(|ip| match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        });
        borne.value.general_names.iter().any(|borne| match (borne, &address) {
            (GeneralName::DNSName(dns), None) => dns == name,
            (GeneralName::IPAddress(ip), Some(address)) => ip == address,
            _ => false,
        })
    })
}
