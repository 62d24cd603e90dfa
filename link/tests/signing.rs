//! Which orders a terminal takes: the table of everything that is wrong with one.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use migrado_link::signing::{ChainError, SignatureError, Signer, Verifier, follow};
use migrado_protocol::endorse::{ENDORSEMENTS_MAX, Endorsement, SigningChain};
use migrado_protocol::enroll::SigningKey;
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

/// `n` keys of which each endorses the next.
fn rotated(n: usize) -> (Vec<Signer>, SigningChain) {
    let signers: Vec<Signer> = (0..n).map(|_| Signer::generate().unwrap().0).collect();
    let pairs = signers.iter().zip(signers.iter().skip(1));
    let endorsements = pairs.map(|(old, new)| old.endorse(new.public(), 7)).collect();
    (signers, SigningChain { endorsements })
}

#[test]
fn a_chain_leads_from_any_earlier_key_to_the_newest() {
    let (signers, chain) = rotated(4);
    let newest = signers[3].public().clone();
    for signer in &signers[..3] {
        assert_eq!(follow(&[signer.public().clone()], &chain), Ok(Some(newest.clone())));
    }
    assert_eq!(follow(&[newest], &chain), Ok(None), "the newest key has nowhere to go");
    let (stranger, _) = Signer::generate().unwrap();
    assert_eq!(follow(&[stranger.public().clone()], &chain), Ok(None));
    assert_eq!(follow(&[], &chain), Ok(None));
}

#[test]
fn whoever_lacks_a_held_key_leads_nowhere() {
    let (signers, chain) = rotated(3);
    let held = [signers[0].public().clone()];
    let (thief, _) = Signer::generate().unwrap();
    let forged = |by: &str, key: &SigningKey, signature: &str| {
        let endorsement =
            Endorsement { key: key.clone(), by: by.into(), at_ms: 7, signature: signature.into() };
        follow(&held, &SigningChain { endorsements: vec![endorsement] })
    };
    let by_held = &held[0].id;
    let real = &chain.endorsements[0];
    let own = thief.endorse(thief.public(), 7);
    // Signed by himself in another's name, with a signature from elsewhere, with none.
    for signature in [own.signature.as_str(), real.signature.as_str(), "", "no base64"] {
        let said = forged(by_held, thief.public(), signature);
        assert!(matches!(said, Err(ChainError::Forged { .. })), "{said:?}");
    }
    // His key under the endorsed one's name, and another time.
    let renamed = SigningKey { id: real.key.id.clone(), public: thief.public().public.clone() };
    assert!(forged(by_held, &renamed, &real.signature).is_err());
    let moved = Endorsement { at_ms: 8, ..real.clone() };
    assert!(follow(&held, &SigningChain { endorsements: vec![moved] }).is_err());
    // Under his own name he is nobody.
    assert_eq!(forged(&thief.public().id, thief.public(), &own.signature), Ok(None));
    // An order's signature is no endorsement, nor the other way round: the first lines differ.
    assert!(real.signing_input().starts_with(b"migrado/1/endorse\n"));
    // Once a step is taken, the key before it leads nowhere any more.
    let fork = SigningChain { endorsements: vec![real.clone(), signers[0].endorse(thief.public(), 9)] };
    assert_eq!(follow(&held, &fork), Ok(Some(signers[1].public().clone())));
    // Negative control.
    assert_eq!(forged(by_held, &real.key, &real.signature), Ok(Some(real.key.clone())));
}

#[test]
fn a_chain_longer_than_a_controller_keeps_is_not_followed() {
    let (signers, chain) = rotated(2);
    let endorsements = vec![chain.endorsements[0].clone(); ENDORSEMENTS_MAX + 1];
    let said = follow(&[signers[0].public().clone()], &SigningChain { endorsements });
    assert_eq!(said, Err(ChainError::TooLong(ENDORSEMENTS_MAX + 1)));
}
