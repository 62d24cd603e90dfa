//! Which keys are trusted after the chain was read, in memory and on the disk.

use std::path::Path;

use axum::routing::get;
use axum::{Json, Router};
use migrado_link::signing::Signer;
use migrado_protocol::endorse::Endorsement;

use super::super::load;
use super::super::testing::{Authority, serve};
use super::*;

fn signer() -> Signer {
    Signer::generate().unwrap().0
}

async fn display(dir: &Path, key: &Signer, endorsements: Vec<Endorsement>) -> Arc<Held> {
    let authority = Authority::new();
    let app =
        Router::new().route(SIGNING_KEYS, get(move || async move { Json(SigningChain { endorsements }) }));
    let address = serve(authority.server("localhost"), app).await;
    authority.display(dir, &address, vec![key.public().clone()])
}

/// Names of the keys that are trusted now, and after a restart.
fn trusted(held: &Held, dir: &Path) -> Vec<String> {
    let now: Vec<String> = held.verifier().borrow().keys().iter().map(|k| k.id.clone()).collect();
    let kept = load(dir).unwrap().unwrap().given.signing_keys;
    assert_eq!(now, kept.into_iter().map(|k| k.id).collect::<Vec<_>>());
    now
}

#[tokio::test]
async fn the_key_at_the_end_of_the_chain_takes_the_place_of_the_held_one() {
    let (first, second, third) = (signer(), signer(), signer());
    let chain = vec![first.endorse(second.public(), 1), second.endorse(third.public(), 2)];
    let folder = tempfile::tempdir().unwrap();
    let held = display(folder.path(), &first, chain).await;
    let reached = renew(&held).await.unwrap();
    assert_eq!(reached.as_ref(), Some(&third.public().id));
    assert_eq!(trusted(&held, folder.path()), [third.public().id.clone()]);
    assert_eq!(renew(&held).await.unwrap(), None, "there is nothing newer");
}

#[tokio::test]
async fn whoever_answers_without_a_held_key_changes_nothing() {
    let (ours, thief, accomplice) = (signer(), signer(), signer());
    let forged = Endorsement { by: ours.public().id.clone(), ..thief.endorse(thief.public(), 1) };
    for (chain, what) in [
        (vec![forged], "signed in the name of a held key"),
        (vec![accomplice.endorse(thief.public(), 1)], "endorsed by a stranger"),
        (vec![], "no chain at all"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let held = display(folder.path(), &ours, chain).await;
        assert!(!matches!(renew(&held).await, Ok(Some(_))), "{what}");
        assert_eq!(trusted(&held, folder.path()), [ours.public().id.clone()], "{what}");
    }
}

#[test]
fn questions_that_lead_nowhere_become_rare() {
    assert_eq!([0, 1, 2, 3, 60].map(|n| pause(n).as_secs()), [10, 10, 20, 40, 600]);
}
