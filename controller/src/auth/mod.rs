//! Who may do what: accounts, sessions, API tokens, roles, and the limit on login attempts.
//!
//! Pure parts (roles, limiter, secrets) and the accounts over the store. HTTP is `api/guard.rs`'s
//! part: it turns a request into an [`Actor`] before any handler sees it.

pub mod accounts;
pub mod limiter;
pub mod password;
pub mod secret;

use serde::{Deserialize, Serialize};

/// Milliseconds a session lives at most, however busy it is: one working day with some overtime.
pub const SESSION_ABSOLUTE_MS: i64 = 12 * 60 * 60 * 1000;

/// Milliseconds after which an unused session ends: a console left open at the desk is closed.
pub const SESSION_IDLE_MS: i64 = 30 * 60 * 1000;

/// What an account may do. Each role may do all that the one before it may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Give orders.
    Operator,
    /// Manage terminals, accounts and tokens.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The word in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Reads the word; a word of a newer version may do least.
    pub fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|r| r.word() == word).unwrap_or(Self::Viewer)
    }
}

/// How somebody proved who he is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A session's cookie; writes need its CSRF token besides.
    Session {
        /// SHA-256 of the cookie, as stored.
        token_hash: String,
        /// When it ends at the latest.
        expires_ms: i64,
        /// What writes must show in `X-CSRF-Token`.
        csrf_token: String,
    },
    /// An API token.
    Token {
        /// Its identity.
        id: String,
        /// What its owner called it.
        name: String,
    },
}

/// Somebody who may use the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name of the account.
    pub user: String,
    /// What it may do.
    pub role: Role,
    /// How it was proven.
    pub proof: Proof,
}

impl Actor {
    /// As it stands in audit entries: the account, and the token it used.
    pub fn name(&self) -> String {
        match &self.proof {
            Proof::Session { .. } => self.user.clone(),
            Proof::Token { name, .. } => format!("{} (token {name})", self.user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_role_may_do_what_a_lower_may() {
        assert!(Role::Admin > Role::Operator && Role::Operator > Role::Viewer);
        for role in Role::ALL {
            assert_eq!(Role::of_word(role.word()), role);
        }
        assert_eq!(Role::of_word("emperor"), Role::Viewer);
    }
}
