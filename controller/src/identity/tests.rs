//! The life of a terminal's certificates over a real database: what counts after each step, and
//! again after a restart.

use super::*;
use crate::api::tests::World;
use crate::store;

const NOW_MS: i64 = 1_795_000_000_000;

fn fp01() -> TerminalId {
    "fp-01".parse().unwrap()
}

fn certificate(serial: &str) -> Certificate {
    Certificate { serial: serial.into(), not_after_ms: NOW_MS + 1_000_000 }
}

fn entry() -> Entry {
    Entry::ok(NOW_MS, "test", "test", "fp-01")
}

struct Life(World);

impl Life {
    async fn begin() -> Self {
        let life = Self(World::new().await);
        let terminal = life.0.state.fleet.get(&fp01()).unwrap();
        life.0.state.registry.put(&terminal).await.unwrap();
        life
    }

    fn identities(&self) -> &Identities {
        &self.0.state.identities
    }

    async fn enroll(&self, serial: &str) -> bool {
        let hash = format!("hash of {serial}");
        let mut conn = self.0.state.pool.acquire().await.unwrap();
        enroll_tokens::insert(&mut conn, &hash, "fp-01", "test", NOW_MS, NOW_MS + 1).await.unwrap();
        drop(conn);
        self.identities().enroll(&fp01(), &hash, &certificate(serial), entry()).await.unwrap()
    }

    async fn renew(&self, shown: &str, serial: &str) -> bool {
        self.identities().renew(&fp01(), shown, &certificate(serial), entry()).await.unwrap()
    }

    /// Which of the serials `a1` to `d4` count, in the table and after a restart.
    async fn counts(&self) -> String {
        let all = ["a1", "b2", "c3", "d4"];
        let table = &self.0.state.fleet;
        let restarted = FleetHandle::new(store::terminals::all(&self.0.state.pool).await.unwrap());
        let of = |fleet: &FleetHandle| {
            all.into_iter().filter(|s| fleet.holds_certificate(&fp01(), s)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of(table), of(&restarted), "the table and the database say the same");
        of(table)
    }
}

#[tokio::test]
async fn a_lost_answer_never_leaves_a_terminal_without_a_certificate_that_counts() {
    let life = Life::begin().await;
    assert!(life.enroll("a1").await);
    assert_eq!(life.counts().await, "a1");
    // The answer is lost: it asks again with what it has, and again.
    assert!(life.renew("a1", "b2").await);
    assert_eq!(life.counts().await, "a1 b2");
    assert!(life.renew("A1", "c3").await);
    assert_eq!(life.counts().await, "a1 c3", "only what was issued last counts beside the one in use");
    // The old one on a connection changes nothing; the new one ends it.
    life.identities().seen(&fp01(), "a1", NOW_MS).await;
    assert_eq!(life.counts().await, "a1 c3");
    life.identities().seen(&fp01(), "0C3", NOW_MS).await;
    assert_eq!(life.counts().await, "c3");
    assert!(!life.renew("a1", "d4").await, "a replaced certificate renews nothing");
    assert!(!life.renew("b2", "d4").await, "one that was never used renews nothing");
    assert!(life.renew("c3", "d4").await);
    assert_eq!(life.counts().await, "c3 d4");
}

#[tokio::test]
async fn a_snapshot_of_what_a_terminal_said_brings_no_replaced_certificate_back() {
    let life = Life::begin().await;
    life.enroll("a1").await;
    let earlier = life.0.state.fleet.get(&fp01()).unwrap();
    life.renew("a1", "b2").await;
    life.identities().seen(&fp01(), "b2", NOW_MS).await;
    life.0.state.registry.put(&earlier).await.unwrap();
    assert_eq!(life.counts().await, "b2");
}

#[tokio::test]
async fn revoking_and_enrolling_anew_void_everything_before() {
    let life = Life::begin().await;
    life.enroll("a1").await;
    life.renew("a1", "b2").await;
    life.identities().revoke(&fp01(), entry()).await.unwrap();
    assert_eq!(life.counts().await, "");
    life.identities().seen(&fp01(), "b2", NOW_MS).await;
    assert!(!life.renew("a1", "c3").await, "a revoked terminal renews nothing");
    assert_eq!(life.counts().await, "");
    life.enroll("c3").await;
    life.renew("c3", "d4").await;
    assert_eq!(life.counts().await, "c3 d4");
    life.enroll("a1b").await;
    assert_eq!(life.counts().await, "");
    assert!(life.0.state.fleet.holds_certificate(&fp01(), "a1b"));
}

#[tokio::test]
async fn of_a_hundred_parallel_tries_with_one_token_one_certificate_comes() {
    let life = Life::begin().await;
    let mut conn = life.0.state.pool.acquire().await.unwrap();
    enroll_tokens::insert(&mut conn, "hash", "fp-01", "test", NOW_MS, NOW_MS + 1).await.unwrap();
    drop(conn);
    let tries = (0..100).map(async |n| {
        let certificate = certificate(&format!("f{n:03}"));
        life.identities().enroll(&fp01(), "hash", &certificate, entry()).await.unwrap()
    });
    let won = futures_util::future::join_all(tries).await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    let rows = sqlx::query("SELECT serial FROM certificates").fetch_all(&life.0.state.pool).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn a_renewal_and_a_revocation_at_once_leave_nothing_that_counts() {
    let life = Life::begin().await;
    for n in 0..20 {
        life.enroll(&format!("e{n}")).await;
        let (old, new, id) = (format!("e{n}"), format!("f{n}"), fp01());
        let revoke = life.identities().revoke(&id, entry());
        let (_, revoked) = tokio::join!(life.renew(&old, &new), revoke);
        revoked.unwrap();
        let terminal = life.0.state.fleet.get(&fp01()).unwrap();
        assert_eq!((&terminal.certificate, &terminal.renewed), (&None, &None));
    }
}

#[tokio::test]
async fn the_revocation_list_names_what_is_void_and_nothing_else() {
    let life = Life::begin().await;
    life.enroll("a1").await;
    life.renew("a1", "b2").await;
    life.identities().seen(&fp01(), "b2", NOW_MS).await;
    let file = life.0.state.pki.authority_file().with_extension("crl");
    let listed = || {
        let pem = std::fs::read(&file).unwrap();
        let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
        let (_, list) = x509_parser::parse_x509_crl(&pem.contents).unwrap();
        let mut serials: Vec<String> =
            list.iter_revoked_certificates().map(|c| format!("{:x}", c.serial())).collect();
        serials.sort();
        serials
    };
    assert_eq!(listed(), ["a1"]);
    life.identities().revoke(&fp01(), entry()).await.unwrap();
    assert_eq!(listed(), ["a1", "b2"]);
}
