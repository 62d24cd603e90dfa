//! Accounts over the store: the first administrator, logging in and out, and whose a cookie or a
//! token is. Every login, also a refused one, is an audit entry.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::AnyPool;

use super::limiter::{LOGIN_PER_ACCOUNT, LOGIN_PER_ADDRESS, Limiter};
use super::password::{PasswordError, Passwords};
use super::{Actor, Proof, Role, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS, secret};
use crate::audit::{Audit, Entry};
use crate::store::{StoreError, api_tokens, sessions, users};

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
    /// Accounts of this database.
    pub fn new(pool: AnyPool, audit: Arc<Audit>) -> Result<Self, PasswordError> {
        let limiter = |limit| Arc::new(Mutex::new(Limiter::new(limit)));
        Ok(Self {
            pool,
            audit,
            passwords: Passwords::new()?,
            by_name: limiter(LOGIN_PER_ACCOUNT),
            by_address: limiter(LOGIN_PER_ADDRESS),
        })
    }

    /// Makes the first administrator if there is no account yet; the password is told only here.
    pub async fn first(&self, now_ms: i64) -> Result<Option<String>, LoginError> {
        if users::count(&self.pool).await? > 0 {
            return Ok(None);
        }
        let password = super::password::generate();
        self.put(FIRST_ACCOUNT, Role::Admin, password.clone(), now_ms).await?;
        Ok(Some(password))
    }

    /// Gives an account a new password and ends its sessions; makes the account if it is missing.
    pub async fn put(&self, name: &str, role: Role, password: String, now_ms: i64) -> Result<(), LoginError> {
        let password_hash = self.passwords.hash(password).await?;
        let fail = StoreError::of("write an account");
        let mut conn = self.pool.acquire().await.map_err(fail)?;
        match users::find(&self.pool, name).await? {
            Some(user) => {
                users::update(&mut conn, name, user.revision, role, &password_hash).await?;
                sessions::delete_of_user(&mut conn, name, "").await?;
            }
            None => {
                let user = users::User {
                    name: name.to_owned(),
                    role,
                    password_hash,
                    created_ms: now_ms,
                    revision: 1,
                };
                users::insert(&mut conn, &user).await?;
            }
        }
        Ok(())
    }

    /// Logs in. `address` is where the attempt comes from; both it and the name are limited.
    pub async fn login(
        &self,
        name: &str,
        password: String,
        address: &str,
        now_ms: i64,
    ) -> Result<Begun, LoginError> {
        for (limiter, key) in [(&self.by_name, name), (&self.by_address, address)] {
            let attempt = locked(limiter).attempt(key, now_ms);
            if let Err(wait_ms) = attempt {
                self.audit.refusal(Entry::refused(now_ms, name, "login", "too many attempts")).await;
                return Err(LoginError::TooMany { wait_ms });
            }
        }
        let user = users::find(&self.pool, name).await?;
        // An unknown name costs the same time as a wrong password.
        let right = self.passwords.verify(password, user.as_ref().map(|u| u.password_hash.clone())).await?;
        let Some(user) = user.filter(|_| right) else {
            self.audit.refusal(Entry::refused(now_ms, name, "login", "wrong name or password")).await;
            return Err(LoginError::Wrong);
        };
        locked(&self.by_name).succeeded(name);
        locked(&self.by_address).succeeded(address);
        let cookie = secret::random();
        let token_hash = secret::hash(&cookie);
        let mut conn = self.pool.acquire().await.map_err(StoreError::of("begin a session"))?;
        sessions::insert(&mut conn, &token_hash, &user.name, now_ms).await?;
        drop(conn);
        self.audit.record(Entry::ok(now_ms, &user.name, "login", "session")).await?;
        let proof = Proof::Session {
            token_hash,
            expires_ms: now_ms + SESSION_ABSOLUTE_MS,
            csrf_token: secret::csrf_of(&cookie),
        };
        Ok(Begun { cookie, actor: Actor { user: user.name, role: user.role, proof } })
    }

    /// Whose session a cookie is, if it is one that still lives.
    pub async fn of_cookie(&self, cookie: &str, now_ms: i64) -> Result<Option<Actor>, StoreError> {
        let token_hash = secret::hash(cookie);
        let Some(session) = sessions::find(&self.pool, &token_hash).await? else { return Ok(None) };
        let expires_ms = session.created_ms + SESSION_ABSOLUTE_MS;
        if now_ms >= expires_ms || now_ms >= session.last_used_ms + SESSION_IDLE_MS {
            sessions::delete(&self.pool, &token_hash).await?;
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
        let mut conn = self.pool.acquire().await.map_err(StoreError::of("make an API token"))?;
        api_tokens::insert(&mut conn, &token, &secret::hash(&secret)).await?;
        drop(conn);
        let entry = Entry::ok(now_ms, actor.name(), "make_api_token", &token.id);
        self.audit.record(entry.detail(name)).await?;
        Ok((token, format!("{TOKEN_PREFIX}{secret}")))
    }

    /// Ends a session.
    pub async fn logout(&self, token_hash: &str) -> Result<(), StoreError> {
        sessions::delete(&self.pool, token_hash).await
    }
}

fn locked(limiter: &Mutex<Limiter>) -> std::sync::MutexGuard<'_, Limiter> {
    limiter.lock().unwrap_or_else(PoisonError::into_inner)
}
