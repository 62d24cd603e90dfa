//! What there is to do at which time, and what stands on the disk after each step: a step may be
//! the last before a power cut.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use migrado_protocol::enroll::CERTIFICATE_REFUSED;

use super::super::testing::{Authority, serve};
use super::super::{Identity, load, save};
use super::*;

fn terminal() -> TerminalId {
    "fp-01".parse().unwrap()
}

#[test]
fn what_there_is_to_do_follows_from_what_is_held_and_the_time() {
    let validity = Validity { serial: "1".into(), not_before_ms: -7 * DAY_MS, not_after_ms: 90 * DAY_MS };
    for (day, has_next, renewed, expected) in [
        (0, false, false, Step::Nothing),
        (57, false, false, Step::Nothing),
        (58, false, false, Step::Ask),
        (90, false, false, Step::Ask),
        (91, false, false, Step::Expired),
        // A clock that is months ahead calls every new certificate due.
        (60, false, true, Step::Nothing),
        (91, false, true, Step::Expired),
        // What was brought is proved first, whatever the old one says.
        (0, true, false, Step::Prove),
        (60, true, true, Step::Prove),
        (91, true, false, Step::Prove),
    ] {
        let found = decide(&validity, has_next, renewed, day * DAY_MS);
        assert_eq!(found, expected, "day {day}, next {has_next}, renewed {renewed}");
    }
}

#[test]
fn pauses_double_up_to_a_limit_and_are_never_the_same_for_all() {
    let seconds = |step, failures| pause(step, failures).as_secs();
    assert_eq!([1, 2, 3, 9, 40].map(|n| seconds(Step::Ask, n)), [10, 20, 40, 2560, 3600]);
    assert_eq!([1, 2, 6, 7, 40].map(|n| seconds(Step::Prove, n)), [2, 4, 60, 60, 60]);
    assert_eq!([0, 40].map(|n| seconds(Step::Nothing, n)), [30, 30]);
    let pauses: Vec<Duration> = (0..50).map(|_| jittered(LOOK_PERIOD)).collect();
    assert!(pauses.iter().all(|p| (15..=45).contains(&p.as_secs())));
    assert!(pauses.iter().any(|p| *p != pauses[0]));
}

/// A controller that issues, and knows the new certificate or not.
async fn controller(authority: &Arc<Authority>, knows: &Arc<AtomicBool>) -> String {
    let (issuer, knows) = (authority.clone(), knows.clone());
    let app = Router::new()
        .route(
            RENEW,
            post(move |Json(request): Json<RenewRequest>| async move {
                Json(RenewResponse { certificate_pem: issuer.certificate(&request.csr_pem) })
            }),
        )
        .route(
            KNOWN_AS,
            get(move || async move {
                if knows.load(Ordering::SeqCst) {
                    return Json(KnownAs { terminal: terminal(), serial: "1".into() }).into_response();
                }
                let problem = serde_json::json!({"code": CERTIFICATE_REFUSED, "detail": "replaced"});
                (StatusCode::FORBIDDEN, Json(problem)).into_response()
            }),
        );
    serve(authority.server("localhost"), app).await
}

fn renewal(held: &Arc<Held>) -> Renewal {
    Renewal { terminal: terminal(), held: held.clone(), leaving: watch::Sender::new(Leaving::No) }
}

fn on_disk(dir: &std::path::Path) -> Identity {
    load(dir).unwrap().unwrap()
}

#[tokio::test]
async fn every_step_leaves_a_pair_on_the_disk_that_counts() {
    let (authority, knows) = (Arc::new(Authority::new()), Arc::new(AtomicBool::new(true)));
    let address = controller(&authority, &knows).await;
    let folder = tempfile::tempdir().unwrap();
    let held = authority.display(folder.path(), &address, vec![]);
    let before = on_disk(folder.path());
    let serial = held.validity().serial;

    renewal(&held).ask_for_next().await.unwrap();
    let asked = on_disk(folder.path());
    assert_eq!(asked.key_pem, before.key_pem, "the old pair stays in use");
    let next = asked.next.expect("the new one stands beside it");
    assert_ne!(next.key_pem, before.key_pem, "a new key each time");
    assert_eq!(held.validity().serial, serial);

    // A power cut here: the next start goes on with what is on the disk.
    let held = Held::new(folder.path(), on_disk(folder.path())).unwrap();
    renewal(&held).prove_next().await.unwrap();
    let proved = on_disk(folder.path());
    assert_eq!((proved.key_pem, proved.next), (next.key_pem, None));
    assert_ne!(held.validity().serial, serial, "the next handshake shows the new one");
    Held::new(folder.path(), on_disk(folder.path())).unwrap();
}

#[tokio::test]
async fn a_pair_that_the_controller_does_not_know_is_forgotten_and_the_old_one_stays() {
    let (authority, knows) = (Arc::new(Authority::new()), Arc::new(AtomicBool::new(false)));
    let address = controller(&authority, &knows).await;
    let folder = tempfile::tempdir().unwrap();
    let held = authority.display(folder.path(), &address, vec![]);
    let before = on_disk(folder.path());
    renewal(&held).ask_for_next().await.unwrap();
    let error = renewal(&held).prove_next().await.unwrap_err();
    assert!(matches!(error, RenewError::Unknown), "{error}");
    let after = on_disk(folder.path());
    assert_eq!((after.key_pem, after.next), (before.key_pem, None));
}

#[tokio::test]
async fn while_nobody_answers_both_pairs_are_kept() {
    let (authority, knows) = (Arc::new(Authority::new()), Arc::new(AtomicBool::new(true)));
    let address = controller(&authority, &knows).await;
    let folder = tempfile::tempdir().unwrap();
    let held = authority.display(folder.path(), &address, vec![]);
    renewal(&held).ask_for_next().await.unwrap();
    let mut moved = on_disk(folder.path());
    moved.given.controller = "localhost:9".into();
    save(folder.path(), &moved).unwrap();
    let held = Held::new(folder.path(), moved.clone()).unwrap();
    let error = renewal(&held).prove_next().await.unwrap_err();
    assert!(matches!(error, RenewError::Ask(AskError::Unreachable { .. })), "{error}");
    let after = on_disk(folder.path());
    assert_eq!((after.key_pem, after.next), (moved.key_pem, moved.next));
}

#[tokio::test]
async fn a_new_enrolment_is_never_overwritten_and_the_agent_starts_anew() {
    let (authority, knows) = (Arc::new(Authority::new()), Arc::new(AtomicBool::new(true)));
    let address = controller(&authority, &knows).await;
    let folder = tempfile::tempdir().unwrap();
    let held = authority.display(folder.path(), &address, vec![]);
    let renewal = renewal(&held);
    renewal.leave_if_replaced();
    assert_eq!(*renewal.leaving.borrow(), Leaving::No);
    authority.display(folder.path(), &address, vec![]);
    let enrolled = on_disk(folder.path());
    let error = renewal.ask_for_next().await.unwrap_err();
    assert!(matches!(error, RenewError::Identity(IdentityError::Replaced)), "{error}");
    assert_eq!(on_disk(folder.path()).key_pem, enrolled.key_pem);
    renewal.leave_if_replaced();
    assert_eq!(*renewal.leaving.borrow(), Leaving::Restart);
}
