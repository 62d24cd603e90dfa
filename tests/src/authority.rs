//! The controller's own authority in the hands of a test: certificates with dates that the
//! controller would never give, where only the dates are what is tested.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair, SerialNumber};

use crate::controller::Controller;

/// A certificate to be made.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Common name.
    pub name: &'a str,
    /// Names and addresses of a server; none for a client.
    pub hosts: &'a [&'a str],
    /// Serial number, hexadecimal; random when there is none.
    pub serial: Option<&'a str>,
    /// Seconds from now until it begins to hold, usually negative.
    pub from_s: i64,
    /// Seconds from now until it ends.
    pub until_s: i64,
}

/// Makes a certificate for a key (PEM).
pub fn issue(controller: &Controller, wanted: &Wanted<'_>, key_pem: &str) -> Result<String> {
    let file = controller.data_dir.join("pki/private/ca.key");
    let authority = KeyPair::from_pem(&std::fs::read_to_string(file)?)?;
    let issuer = rcgen::Issuer::from_ca_cert_pem(&controller.authority_pem()?, authority)?;
    let hosts: Vec<String> = wanted.hosts.iter().map(|h| (*h).to_owned()).collect();
    let mut parameters = rcgen::CertificateParams::new(hosts)?;
    parameters.distinguished_name.push(rcgen::DnType::CommonName, wanted.name);
    parameters.extended_key_usages.push(match wanted.hosts {
        [] => ExtendedKeyUsagePurpose::ClientAuth,
        _ => ExtendedKeyUsagePurpose::ServerAuth,
    });
    if let Some(serial) = wanted.serial {
        parameters.serial_number = Some(SerialNumber::from_slice(&bytes(serial)?));
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let at = |s: i64| -> Result<Duration> {
        Ok(Duration::from_secs(now.checked_add_signed(s).context("before the epoch")?))
    };
    parameters.not_before = rcgen::date_time_ymd(1970, 1, 1) + at(wanted.from_s)?;
    parameters.not_after = rcgen::date_time_ymd(1970, 1, 1) + at(wanted.until_s)?;
    Ok(parameters.signed_by(&KeyPair::from_pem(key_pem)?, &issuer)?.pem())
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits.chunks(2).map(|pair| byte(pair).context("no hexadecimal serial")).collect()
}
