//! Accounts over the store: the first administrator, logging in and out, and whose a cookie or a
//! token is. Every login, also a refused one, every logout and every change is an audit entry, in
//! the transaction of the deed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::AnyPool;

use super::limiter::{LOGIN_PER_ACCOUNT, LOGIN_PER_ADDRESS, Limiter};
use super::password::{PasswordError, Passwords};
use super::{Actor, Proof, Role, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS, secret};
use crate::audit::{Audit, Entry};
use crate::store::{StoreError, api_tokens, audit as audit_rows, sessions, users};

/// Name of the account that the first start makes.
pub const FIRST_ACCOUNT: &str = "admin";
/// What an API token begins with, so that people and scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "mfa_";
/// Milliseconds between two notes of a session's use: not every request is a write.
const USE_NOTED_MS: i64 = 60_000;

/// Why a login did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong name or wrong password; which one is not told.
    #[error("wrong name or password")]
    Wrong,
    /// Too many attempts; the next one is taken after this time.
    #[error("too many attempts")]
    TooMany {
        /// Milliseconds to wait.
        wait_ms: i64,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hashing.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// Accounts, sessions and tokens.
#[derive(Debug, Clone)]
pub struct Accounts {
    pool: AnyPool,
    audit: Arc<Audit>,
    passwords: Passwords,
    by_name: Arc<Mutex<Limiter>>,
    by_address: Arc<Mutex<Limiter>>,
    password_file: Arc<PathBuf>,
}

/// A change of an account.
#[derive(Debug)]
pub struct Change {
    /// Who changes it.
    pub by: String,
    /// As what it is audited.
    pub action: &'static str,
    /// What it may do from now on.
    pub role: Role,
    /// Its new password, if it gets one.
    pub password: Option<String>,
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It was changed.
    Done,
    /// It is another one by now, or gone: nothing was changed.
    Meanwhile,
    /// Nobody could manage any more: nothing was changed.
    LastAdmin,
}

/// A session that just began.
#[derive(Debug)]
pub struct Begun {
    /// What goes into the cookie.
    pub cookie: String,
    /// Who it is.
    pub actor: Actor,
}

impl Accounts {
    /// Accounts of this database. `password_file` holds the first account's password until it is
    /// changed.
    pub fn new(pool: AnyPool, audit: Arc<Audit>, password_file: PathBuf) -> Result<Self, PasswordError> {
        let limiter = |limit| Arc::new(Mutex::new(Limiter::new(limit)));
        Ok(Self {
            pool,
            audit,
            passwords: Passwords::new()?,
            by_name: limiter(LOGIN_PER_ACCOUNT),
            by_address: limiter(LOGIN_PER_ADDRESS),
            password_file: Arc::new(password_file),
        })
    }

    /// Makes the first administrator if there is no account yet; the password is told only here.
    pub async fn first(&self, now_ms: i64) -> Result<Option<String>, LoginError> {
        if users::count(&self.pool).await? > 0 {
            return Ok(None);
        }
        let password = super::password::generate();
        let made = self.make("controller", FIRST_ACCOUNT, Role::Admin, password.clone(), now_ms).await?;
        Ok(made.then_some(password))
    }

    /// Makes an account; `false` when the name is taken.
    pub async fn make(
        &self,
        by: &str,
        name: &str,
        role: Role,
        password: String,
        now_ms: i64,
    ) -> Result<bool, LoginError> {
        let password_hash = self.passwords.hash(password).await?;
        let user =
            users::User { name: name.to_owned(), role, password_hash, created_ms: now_ms, revision: 1 };
        let fail = StoreError::of("make an account");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        if !users::insert(&mut tx, &user).await? {
            return Ok(false);
        }
        audit_rows::append_in(&mut tx, Entry::ok(now_ms, by, "user.make", name).detail(role.word())).await?;
        tx.commit().await.map_err(fail)?;
        Ok(true)
    }

    /// Changes an account of this revision, with its audit entry in the same transaction. With a
    /// new password its sessions end.
    pub async fn change(
        &self,
        user: &users::User,
        change: Change,
        now_ms: i64,
    ) -> Result<Changed, LoginError> {
        let anew = change.password.is_some();
        let password_hash = match change.password {
            Some(password) => self.passwords.hash(password).await?,
            None => user.password_hash.clone(),
        };
        let fail = StoreError::of("change an account");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        if !users::update(&mut tx, &user.name, user.revision, change.role, &password_hash).await? {
            return Ok(Changed::Meanwhile);
        }
        // Counted behind the write: of two administrators who demote each other one stays.
        if user.role == Role::Admin && users::count_admins(&mut tx).await? == 0 {
            return Ok(Changed::LastAdmin);
        }
        if anew {
            sessions::delete_of_user(&mut tx, &user.name).await?;
        }
        let words = format!("{}{}", change.role.word(), if anew { ", new password" } else { "" });
        let entry = Entry::ok(now_ms, change.by, change.action, &user.name).detail(words);
        audit_rows::append_in(&mut tx, entry).await?;
        tx.commit().await.map_err(fail)?;
        if anew {
            self.forget_first_password(&user.name);
        }
        Ok(Changed::Done)
    }

    /// Removes an account of this revision with its sessions and tokens.
    pub async fn remove(&self, user: &users::User, by: &str, now_ms: i64) -> Result<Changed, LoginError> {
        let fail = StoreError::of("remove an account");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        if !users::delete(&mut tx, &user.name, user.revision).await? {
            return Ok(Changed::Meanwhile);
        }
        if user.role == Role::Admin && users::count_admins(&mut tx).await? == 0 {
            return Ok(Changed::LastAdmin);
        }
        audit_rows::append_in(&mut tx, Entry::ok(now_ms, by, "user.remove", &user.name)).await?;
        tx.commit().await.map_err(fail)?;
        self.forget_first_password(&user.name);
        Ok(Changed::Done)
    }

    /// Gives the first account a new password, whatever happened to it: the way back in for
    /// whoever has the machine. It is an administrator again.
    pub async fn reset(&self, password: String, now_ms: i64) -> Result<(), LoginError> {
        loop {
            let Some(user) = users::find(&self.pool, FIRST_ACCOUNT).await? else {
                if self.make("controller", FIRST_ACCOUNT, Role::Admin, password.clone(), now_ms).await? {
                    return Ok(());
                }
                continue; // Somebody made it meanwhile.
            };
            let change = Change {
                by: "controller".to_owned(),
                action: "user.reset_password",
                role: Role::Admin,
                password: Some(password.clone()),
            };
            if self.change(&user, change, now_ms).await? == Changed::Done {
                return Ok(());
            }
        }
    }

    fn forget_first_password(&self, name: &str) {
        if name != FIRST_ACCOUNT {
            return;
        }
        if let Err(error) = crate::files::remove_file(&self.password_file) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the first password's file stays; remove it"
            );
        }
    }

    /// The account of this name and password. `address` is where the attempt comes from; both it
    /// and the name are limited.
    async fn proven(
        &self,
        name: &str,
        password: String,
        address: &str,
        now_ms: i64,
    ) -> Result<users::User, LoginError> {
        // The address first: one that is blocked already must not use up the attempts of a name.
        for (limiter, key) in [(&self.by_address, address), (&self.by_name, name)] {
            let attempt = locked(limiter).attempt(key, now_ms);
            if let Err(wait_ms) = attempt {
                self.refused(name, address, "too many attempts", now_ms).await;
                return Err(LoginError::TooMany { wait_ms });
            }
        }
        let user = users::find(&self.pool, name).await?;
        // An unknown name costs the same time as a wrong password.
        let right = self.passwords.verify(password, user.as_ref().map(|u| u.password_hash.clone())).await?;
        let Some(user) = user.filter(|_| right) else {
            self.refused(name, address, "wrong name or password", now_ms).await;
            return Err(LoginError::Wrong);
        };
        locked(&self.by_name).succeeded(name);
        locked(&self.by_address).succeeded(address);
        Ok(user)
    }

    async fn refused(&self, name: &str, address: &str, why: &str, now_ms: i64) {
        let entry = Entry::refused(now_ms, name, "login", why).detail(format!("from {address}"));
        self.audit.refusal(entry).await;
    }

    /// Logs in.
    pub async fn login(
        &self,
        name: &str,
        password: String,
        address: &str,
        now_ms: i64,
    ) -> Result<Begun, LoginError> {
        let user = self.proven(name, password, address, now_ms).await?;
        let cookie = secret::random();
        let token_hash = secret::hash(&cookie);
        let fail = StoreError::of("begin a session");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        sessions::insert(&mut tx, &token_hash, &user.name, now_ms).await?;
        let entry = Entry::ok(now_ms, &user.name, "login", "session").detail(format!("from {address}"));
        audit_rows::append_in(&mut tx, entry).await?;
        tx.commit().await.map_err(fail)?;
        let proof = Proof::Session {
            token_hash,
            expires_ms: now_ms + SESSION_ABSOLUTE_MS,
            csrf_token: secret::csrf_of(&cookie),
        };
        Ok(Begun { cookie, actor: Actor { user: user.name, role: user.role, proof } })
    }

    /// Changes one's own password for one who knows the old one; the role stays.
    pub async fn change_own_password(
        &self,
        name: &str,
        old: String,
        new: String,
        address: &str,
        now_ms: i64,
    ) -> Result<Changed, LoginError> {
        let user = self.proven(name, old, address, now_ms).await?;
        let change =
            Change { by: name.to_owned(), action: "password.change", role: user.role, password: Some(new) };
        self.change(&user, change, now_ms).await
    }

    /// Whose session a cookie is, if it is one that still lives.
    pub async fn of_cookie(&self, cookie: &str, now_ms: i64) -> Result<Option<Actor>, StoreError> {
        let token_hash = secret::hash(cookie);
        let Some(session) = sessions::find(&self.pool, &token_hash).await? else { return Ok(None) };
        let expires_ms = session.created_ms + SESSION_ABSOLUTE_MS;
        if now_ms >= expires_ms || now_ms >= session.last_used_ms + SESSION_IDLE_MS {
            let mut conn = self.pool.acquire().await.map_err(StoreError::of("end a session"))?;
            sessions::delete(&mut conn, &token_hash).await?;
            return Ok(None);
        }
        if now_ms - session.last_used_ms > USE_NOTED_MS {
            sessions::used(&self.pool, &token_hash, now_ms).await?;
        }
        let proof = Proof::Session { token_hash, expires_ms, csrf_token: secret::csrf_of(cookie) };
        Ok(Some(Actor { user: session.user, role: session.role, proof }))
    }

    /// Whose an API token is.
    pub async fn of_token(&self, token: &str) -> Result<Option<Actor>, StoreError> {
        let Some(secret) = token.strip_prefix(TOKEN_PREFIX) else { return Ok(None) };
        let found = api_tokens::find(&self.pool, &secret::hash(secret)).await?;
        Ok(found.map(|t| Actor {
            user: t.user,
            role: t.role,
            proof: Proof::Token { id: t.id, name: t.name },
        }))
    }

    /// Makes an API token for an account; what is returned is told only here.
    pub async fn make_token(
        &self,
        actor: &Actor,
        name: &str,
        now_ms: i64,
    ) -> Result<(api_tokens::ApiToken, String), StoreError> {
        let secret = secret::random();
        let token = api_tokens::ApiToken {
            id: uuid::Uuid::now_v7().to_string(),
            name: name.to_owned(),
            user: actor.user.clone(),
            role: actor.role,
            created_ms: now_ms,
            last_used_ms: None,
        };
        let fail = StoreError::of("make an API token");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        api_tokens::insert(&mut tx, &token, &secret::hash(&secret)).await?;
        let words = format!("{name}, {}", actor.role.word());
        let entry = Entry::ok(now_ms, actor.name(), "make_api_token", &token.id).detail(words);
        audit_rows::append_in(&mut tx, entry).await?;
        tx.commit().await.map_err(fail)?;
        Ok((token, format!("{TOKEN_PREFIX}{secret}")))
    }

    /// Ends a session.
    pub async fn logout(&self, name: &str, token_hash: &str, now_ms: i64) -> Result<(), StoreError> {
        let fail = StoreError::of("end a session");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        if sessions::delete(&mut tx, token_hash).await? {
            audit_rows::append_in(&mut tx, Entry::ok(now_ms, name, "logout", "session")).await?;
        }
        tx.commit().await.map_err(fail)
    }
}

fn locked(limiter: &Mutex<Limiter>) -> std::sync::MutexGuard<'_, Limiter> {
    limiter.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
