//! Which orders a terminal takes: the table of everything that is wrong with one.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use migrado_link::signing::{SignatureError, Signer, Verifier};
use migrado_protocol::signed::Purpose;
use migrado_protocol::{Signed, TerminalId};

const ISSUED_MS: i64 = 1_795_000_000_000;
const EXPIRES_MS: i64 = ISSUED_MS + 60_000;

fn me() -> TerminalId {
    "fp-01".parse().unwrap()
}

fn signed_by(signer: &Signer) -> Signed {
    let body = serde_json::json!({"do": "run", "verb": "reboot"});
    let mut order = Signed::unsigned(me(), 7, ISSUED_MS, EXPIRES_MS, &body).unwrap();
    signer.sign(&mut order, Purpose::Command);
    order
}

fn raw(json: &str) -> Box<serde_json::value::RawValue> {
    serde_json::value::RawValue::from_string(json.to_owned()).unwrap()
}

#[test]
fn only_an_order_that_is_whole_ours_known_and_timely_is_taken() {
    let (signer, _) = Signer::generate().unwrap();
    let (stranger, _) = Signer::generate().unwrap();
    let verifier = Verifier::new(vec![signer.public().clone()]);
    let foreign_key = signed_by(&stranger);
    type Change = Box<dyn Fn(&mut Signed)>;
    let table: Vec<(&str, Change, &str)> = vec![
        ("untouched", Box::new(|_| ()), "ok"),
        ("other body", Box::new(|o| o.body = raw(r#"{"do":"run","verb":"identify"}"#)), "wrong_signature"),
        ("other spacing", Box::new(|o| o.body = raw(r#"{"do":"run", "verb":"reboot"}"#)), "wrong_signature"),
        ("other sequence", Box::new(|o| o.sequence += 1), "wrong_signature"),
        ("other issue time", Box::new(|o| o.issued_ms += 1), "wrong_signature"),
        ("longer life", Box::new(|o| o.expires_ms += 1), "wrong_signature"),
        ("endless life", Box::new(|o| o.expires_ms = 0), "wrong_signature"),
        ("other terminal", Box::new(|o| o.terminal = "fp-02".parse().unwrap()), "foreign"),
        ("other version", Box::new(|o| o.v = 2), "unknown_version"),
        ("unknown key", Box::new(|o| o.key = "beef".into()), "unknown_key"),
        ("no signature", Box::new(|o| o.signature.clear()), "wrong_signature"),
        ("no base64", Box::new(|o| o.signature = "%".into()), "wrong_signature"),
        ("short signature", Box::new(|o| o.signature.truncate(8)), "wrong_signature"),
        (
            "a stranger's signature",
            Box::new(move |o| o.signature.clone_from(&foreign_key.signature)),
            "wrong_signature",
        ),
    ];
    for (what, change, expected) in table {
        let mut order = signed_by(&signer);
        change(&mut order);
        let said = verifier.verify(&order, Purpose::Command, &me(), ISSUED_MS);
        assert_eq!(said.as_ref().map_or_else(SignatureError::label, |()| "ok"), expected, "{what}: {said:?}");
    }
    let stranger = signed_by(&stranger);
    let said = verifier.verify(&stranger, Purpose::Command, &me(), ISSUED_MS).unwrap_err();
    assert_eq!(said.label(), "unknown_key");
}

#[test]
fn a_signature_for_one_purpose_is_worthless_for_another() {
    let (signer, _) = Signer::generate().unwrap();
    let verifier = Verifier::new(vec![signer.public().clone()]);
    let order = signed_by(&signer);
    assert_eq!(verifier.verify(&order, Purpose::Desired, &me(), ISSUED_MS), Err(SignatureError::Wrong));
}

#[test]
fn an_order_holds_until_its_end_and_desired_state_for_ever() {
    let (signer, _) = Signer::generate().unwrap();
    let verifier = Verifier::new(vec![signer.public().clone()]);
    let order = signed_by(&signer);
    let at = |now_ms| verifier.verify(&order, Purpose::Command, &me(), now_ms);
    assert_eq!(at(EXPIRES_MS), Ok(()));
    assert_eq!(at(EXPIRES_MS + 1), Err(SignatureError::Expired { expires_ms: EXPIRES_MS }));
    let mut desired = Signed::unsigned(me(), 1, ISSUED_MS, 0, &1).unwrap();
    signer.sign(&mut desired, Purpose::Desired);
    assert_eq!(verifier.verify(&desired, Purpose::Desired, &me(), i64::MAX), Ok(()));
}

#[test]
fn a_kept_key_signs_on_and_a_second_key_is_taken_beside_it() {
    let (signer, pkcs8) = Signer::generate().unwrap();
    let (next, _) = Signer::generate().unwrap();
    let again = Signer::from_pkcs8(&pkcs8).unwrap();
    assert_eq!(again.public(), signer.public());
    let verifier = Verifier::new(vec![signer.public().clone(), next.public().clone()]);
    for signer in [&again, &next] {
        assert_eq!(verifier.verify(&signed_by(signer), Purpose::Command, &me(), ISSUED_MS), Ok(()));
    }
    assert!(Signer::from_pkcs8(b"no key").is_err());
}

#[test]
fn an_order_survives_the_way_over_the_wire() {
    let (signer, _) = Signer::generate().unwrap();
    let wire = serde_json::to_vec(&signed_by(&signer)).unwrap();
    let read: Signed = serde_json::from_slice(&wire).unwrap();
    let verifier = Verifier::new(vec![signer.public().clone()]);
    assert_eq!(verifier.verify(&read, Purpose::Command, &me(), ISSUED_MS), Ok(()));
}
