//! The authority and what it issues, over restarts, clocks and hostile requests.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use migrado_link::tls::Validity;
use migrado_protocol::enroll::TokenContent;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};

use super::*;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const NOW_MS: i64 = 1_795_000_000_000;

fn open(folder: &tempfile::TempDir, now_ms: i64) -> Pki {
    Pki::open(folder.path(), &["fleet.dortmund.example"], now_ms).unwrap()
}

fn fp01() -> TerminalId {
    "fp-01".parse().unwrap()
}

fn csr(params: &CertificateParams, key: &KeyPair) -> String {
    params.serialize_request(key).unwrap().pem().unwrap()
}

fn issuer_of_chain(pem: &str) -> Vec<String> {
    x509_parser::pem::Pem::iter_from_buffer(pem.as_bytes())
        .map(|pem| pem.unwrap().parse_x509().unwrap().subject().to_string())
        .collect()
}

#[test]
fn the_first_start_makes_everything_and_a_restart_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(&folder, NOW_MS);
    let again = open(&folder, NOW_MS + DAY_MS);
    assert_eq!(first.authority_pem(), again.authority_pem());
    assert_eq!(first.authority_sha256().len(), 64);
    assert_eq!(first.https().validity(), again.https().validity());
    assert_eq!(first.controller().validity(), again.controller().validity());
    assert_eq!(first.signing_keys(), again.signing_keys());
}

#[test]
fn keys_are_readable_by_their_owner_only_and_the_brokers_by_its_group() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder, NOW_MS);
    for (file, mode) in [
        ("private/ca.key", 0o600),
        ("private/controller.key", 0o600),
        ("private/signing.pk8", 0o600),
        ("https.key", 0o600),
        ("broker.key", 0o640),
        ("ca.crt", 0o644),
        ("private", 0o700),
    ] {
        let found = fs::metadata(folder.path().join("pki").join(file)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{file}");
    }
}

#[test]
fn server_certificates_carry_the_authority_in_their_chain_and_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let pki = open(&folder, NOW_MS);
    let pem = fs::read_to_string(pki.broker_files().0).unwrap();
    let chain = issuer_of_chain(&pem);
    assert_eq!(chain.len(), 2, "{chain:?}");
    assert!(chain[1].contains("MigraDo Fleet authority"), "{chain:?}");
    let names = ["fleet.dortmund.example", "localhost", "127.0.0.1", "::1"].map(str::to_owned);
    assert!(authority::bears(&pem, &names));
    assert!(!authority::bears(&pem, &["elsewhere.example".to_owned()]));
}

#[test]
fn a_changed_public_name_gets_new_server_certificates_of_the_same_authority() {
    let folder = tempfile::tempdir().unwrap();
    let before = open(&folder, NOW_MS);
    let after = Pki::open(folder.path(), &["new.dortmund.example", "192.0.2.7"], NOW_MS).unwrap();
    assert_eq!(before.authority_pem(), after.authority_pem());
    assert_ne!(before.https().validity().serial, after.https().validity().serial);
    assert_eq!(before.controller().validity().serial, after.controller().validity().serial);
}

#[test]
fn own_certificates_are_renewed_when_a_third_of_their_life_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let pki = open(&folder, NOW_MS);
    let old = pki.https().validity();
    assert_eq!(pki.renew_due(NOW_MS + 200 * DAY_MS).unwrap(), Renewed::default());
    let all = Renewed { broker: true, https: true, controller: true };
    assert_eq!(pki.renew_due(NOW_MS + 250 * DAY_MS).unwrap(), all);
    assert_ne!(pki.https().validity().serial, old.serial);
    assert_eq!(pki.renew_due(NOW_MS + 250 * DAY_MS).unwrap(), Renewed::default());
    let reopened = open(&folder, NOW_MS + 250 * DAY_MS);
    assert_eq!(reopened.https().validity(), pki.https().validity());
}

#[test]
fn a_power_cut_between_key_and_certificate_is_mended_on_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let pki = open(&folder, NOW_MS);
    let (cert, key) = pki.broker_files();
    fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let mended = open(&folder, NOW_MS);
    let (cert, key) = (fs::read_to_string(cert).unwrap(), fs::read_to_string(key).unwrap());
    CertResolver::new(&cert, &key).unwrap();
    assert_eq!(mended.authority_pem(), pki.authority_pem());
}

#[test]
fn an_authority_without_its_key_is_named_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder, NOW_MS);
    fs::remove_file(folder.path().join("pki/private/ca.key")).unwrap();
    let error = Pki::open(folder.path(), &["fleet.dortmund.example"], NOW_MS).unwrap_err();
    assert!(matches!(error, PkiError::Half(_)), "{error}");
    assert!(error.to_string().contains("ca.key"), "{error}");
}

#[test]
fn a_terminal_gets_its_own_name_for_ninety_days_whatever_it_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let pki = open(&folder, NOW_MS);
    let key = KeyPair::generate().unwrap();
    let mut greedy = CertificateParams::new(vec!["fleet.dortmund.example".to_owned()]).unwrap();
    greedy.distinguished_name.push(DnType::CommonName, "controller");
    greedy.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    greedy.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issued = pki.issue_terminal(&fp01(), &csr(&greedy, &key), NOW_MS).unwrap();

    let (_, pem) = x509_parser::pem::parse_x509_pem(issued.certificate_pem.as_bytes()).unwrap();
    let cert = pem.parse_x509().unwrap();
    assert_eq!(cert.subject().to_string(), "CN=fp-01");
    assert!(!cert.is_ca());
    assert!(cert.subject_alternative_name().unwrap().is_none());
    let usage = cert.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
    let validity = Validity::of(&issued.certificate_pem).unwrap();
    assert_eq!((validity.not_before_ms, validity.not_after_ms), (NOW_MS - 7 * DAY_MS, NOW_MS + 90 * DAY_MS));
    assert_eq!((validity.serial, validity.not_after_ms), (issued.serial, issued.not_after_ms));
    CertResolver::new(&issued.certificate_pem, &key.serialize_pem()).unwrap();
}

/// Breaks the signature by which a request proves its key.
fn with_last_byte_flipped(csr_pem: &str) -> String {
    let (_, pem) = x509_parser::pem::parse_x509_pem(csr_pem.as_bytes()).unwrap();
    let mut der = pem.contents;
    *der.last_mut().unwrap() ^= 1;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n")
}

#[test]
fn bad_requests_are_refused_by_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let pki = open(&folder, NOW_MS);
    let key = KeyPair::generate().unwrap();
    let good = csr(&CertificateParams::default(), &key);
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let p384 = csr(&CertificateParams::default(), &p384);
    let altered = with_last_byte_flipped(&good);
    let cut = good.get(..good.len() / 2).unwrap();
    let refusal = |terminal: &str, csr: &str| {
        let error = pki.issue_terminal(&terminal.parse().unwrap(), csr, NOW_MS).unwrap_err();
        format!("{error:?}").split(['(', ' ']).next().unwrap().to_owned()
    };
    assert_eq!(refusal("fp-01", ""), "Unreadable");
    assert_eq!(refusal("fp-01", cut), "Unreadable");
    assert_eq!(refusal("fp-01", pki.authority_pem()), "Unreadable");
    assert_eq!(refusal("fp-01", &p384), "KeyKind");
    assert_eq!(refusal("fp-01", &" ".repeat(9000)), "TooLarge");
    assert_eq!(refusal("controller", &good), "Reserved");
    assert_eq!(refusal("fp-01", &altered), "Unreadable");
}

#[test]
fn a_token_holds_the_pin_and_a_secret_of_which_only_a_hash_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let pki = open(&folder, NOW_MS);
    let mint = || token::mint("fleet.dortmund.example:8444", pki.authority_sha256(), &fp01());
    let (one, two) = (mint(), mint());
    let content = TokenContent::from_text(&one.text).unwrap();
    assert_eq!(content.authority_sha256, pki.authority_sha256());
    assert_eq!(content.terminal, fp01());
    assert_eq!(content.secret.len(), 32);
    assert_eq!(token::hash(&content.secret), one.secret_sha256);
    assert_ne!(one.secret_sha256, two.secret_sha256);
}
