//! Accounts over a real database file: who may change what, and what is remembered of it.

use super::*;
use crate::store::audit as rows;

struct World {
    folder: tempfile::TempDir,
    accounts: Accounts,
    pool: AnyPool,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pool = crate::store::open(&folder.path().join("fleet.db")).await.unwrap();
        let audit = Arc::new(Audit::new(pool.clone()));
        let accounts = Accounts::new(pool.clone(), audit, folder.path().join("first")).unwrap();
        Self { folder, accounts, pool }
    }

    async fn user(&self, name: &str) -> users::User {
        users::find(&self.pool, name).await.unwrap().unwrap()
    }

    /// What was remembered, the oldest first.
    async fn audited(&self) -> Vec<(String, String, String)> {
        let found = rows::before(&self.pool, i64::MAX, None, 100).await.unwrap();
        let of = |r: crate::audit::Row| (r.entry.actor, r.entry.action, r.entry.detail.unwrap_or_default());
        found.into_iter().rev().map(of).collect()
    }
}

fn to(role: Role, password: Option<&str>) -> Change {
    Change { by: "admin".into(), action: "user.change", role, password: password.map(str::to_owned) }
}

#[tokio::test]
async fn a_change_of_an_older_revision_changes_nothing_also_with_a_password() {
    let world = World::new().await;
    world.accounts.make("controller", "eva", Role::Operator, "first password 1".into(), 1).await.unwrap();
    let read = world.user("eva").await;
    for (n, password) in [Some("second password 2"), None].into_iter().enumerate() {
        let before = world.user("eva").await;
        let first = world.accounts.change(&before, to(Role::Viewer, None), 2).await.unwrap();
        assert_eq!(first, Changed::Done);
        let late = world.accounts.change(&read, to(Role::Admin, password), 3).await.unwrap();
        assert_eq!(late, Changed::Meanwhile, "{n}");
        assert_eq!(world.user("eva").await.role, Role::Viewer);
        assert_eq!(world.user("eva").await.password_hash, before.password_hash);
    }
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let world = World::new().await;
    world.accounts.first(1).await.unwrap().unwrap();
    let admin = world.user("admin").await;
    assert_eq!(world.accounts.change(&admin, to(Role::Viewer, None), 2).await.unwrap(), Changed::LastAdmin);
    assert_eq!(world.accounts.remove(&admin, "admin", 2).await.unwrap(), Changed::LastAdmin);
    assert_eq!(world.user("admin").await, admin);
    world.accounts.make("admin", "eva", Role::Admin, "first password 1".into(), 1).await.unwrap();
    assert_eq!(world.accounts.change(&admin, to(Role::Viewer, None), 3).await.unwrap(), Changed::Done);
}

#[tokio::test]
async fn everything_about_accounts_is_remembered_with_where_it_came_from() {
    let world = World::new().await;
    let first = world.accounts.first(1).await.unwrap().unwrap();
    let begun = world.accounts.login("admin", first.clone(), "192.0.2.7", 2).await.unwrap();
    let Proof::Session { token_hash, .. } = &begun.actor.proof else { panic!("a session") };
    world.accounts.logout("admin", token_hash, 3).await.unwrap();
    let new = "another password 3";
    let changed = world.accounts.change_own_password("admin", first, new.into(), "192.0.2.7", 4).await;
    assert_eq!(changed.unwrap(), Changed::Done);
    assert!(world.accounts.login("admin", "wrong".into(), "192.0.2.8", 5).await.is_err());
    world.accounts.reset("a third password 4".into(), 6).await.unwrap();
    let said = world.audited().await;
    let said: Vec<(&str, &str, &str)> = said.iter().map(|(a, b, c)| (&**a, &**b, &**c)).collect();
    assert_eq!(
        said,
        [
            ("controller", "user.make", "admin"),
            ("admin", "login", "from 192.0.2.7"),
            ("admin", "logout", ""),
            ("admin", "password.change", "admin, new password"),
            ("admin", "login", "from 192.0.2.8"),
            ("controller", "user.reset_password", "admin, new password"),
        ]
    );
}

#[tokio::test]
async fn the_file_with_the_first_password_goes_when_it_is_no_longer_true() {
    let world = World::new().await;
    let first = world.accounts.first(1).await.unwrap().unwrap();
    let file = world.folder.path().join("first");
    crate::files::replace_file(&file, first.as_bytes(), crate::files::PRIVATE).unwrap();
    world.accounts.make("admin", "eva", Role::Admin, "first password 1".into(), 1).await.unwrap();
    let eva = world.user("eva").await;
    world.accounts.change(&eva, to(Role::Admin, Some("second password 2")), 2).await.unwrap();
    assert!(file.exists(), "another account's password is not the first one's");
    let new = "another password 3".to_owned();
    world.accounts.change_own_password("admin", first, new, "192.0.2.7", 4).await.unwrap();
    assert!(!file.exists());
}

#[tokio::test]
async fn an_address_that_is_blocked_does_not_lock_an_account_out() {
    let world = World::new().await;
    let first = world.accounts.first(1).await.unwrap().unwrap();
    let attempts = LOGIN_PER_ADDRESS.attempts_max + LOGIN_PER_ACCOUNT.attempts_max;
    for n in 0..attempts {
        // First at names that nobody has, until the address is blocked, then at the administrator's.
        let name = if n < LOGIN_PER_ADDRESS.attempts_max { format!("nobody{n}") } else { "admin".into() };
        assert!(world.accounts.login(&name, "wrong".into(), "192.0.2.66", 2).await.is_err());
    }
    assert!(world.accounts.login("admin", first, "192.0.2.7", 3).await.is_ok());
}
