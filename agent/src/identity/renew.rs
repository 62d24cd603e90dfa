//! Renewal of the display's certificate, with a new key each time. In steps that each may be the
//! last before a power cut: ask for the next certificate and keep it beside the one in use; show it
//! to the controller; only when the controller knows it, use it. Until then the old one is kept and
//! counts, so an answer that is lost, late or for another request locks nobody out.
//!
//! What to do follows from what is held and the time (`decide`, pure); this file does it.

use std::sync::Arc;
use std::time::Duration;

use migrado_link::tls::Validity;
use migrado_protocol::enroll::{KnownAs, RenewRequest, RenewResponse};
use migrado_protocol::ids::TerminalId;
use reqwest::Method;
use tokio::sync::watch;
use tokio::time::Instant;

use super::listener::{AskError, ask};
use super::{Held, IdentityError, Pair, key_and_request};
use crate::commands::handlers::Leaving;
use crate::platform::{clock, pulse, systemd};

const RENEW: &str = "/terminal/v1/renew";
const KNOWN_AS: &str = "/terminal/v1/identity";
/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Between two looks at the certificate, and at whether somebody enrolled the display anew.
const LOOK_PERIOD: Duration = Duration::from_secs(30);
/// Before the first look: after an outage the whole fleet starts at once, and orders come first.
const FIRST_PAUSE: Duration = Duration::from_secs(3);
/// After a request for a certificate that failed; doubles, for weeks are left to succeed.
const RETRY_FIRST: Duration = Duration::from_secs(10);
/// The longest pause between two requests.
const RETRY_MAX: Duration = Duration::from_secs(60 * 60);
/// After a proof that failed; short, because the controller may already refuse the old certificate.
const PROVE_FIRST: Duration = Duration::from_secs(2);
/// The longest pause between two proofs.
const PROVE_MAX: Duration = Duration::from_secs(60);
/// Between two renewals, whatever the clock says: one that is months ahead calls every certificate
/// due.
const RENEWED_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);
/// Milliseconds before the end from which on every failure is an error: the console warns, too.
const ALARMING_MS: i64 = 14 * DAY_MS;

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Nothing.
    Nothing,
    /// Ask for the next certificate.
    Ask,
    /// Show the next certificate to the controller, and use it when it is known.
    Prove,
    /// Too late: only a new enrolment helps.
    Expired,
}

/// Decides. `renewed` says that a renewal succeeded a short time ago.
fn decide(validity: &Validity, has_next: bool, renewed: bool, now_ms: i64) -> Step {
    if has_next {
        Step::Prove
    } else if now_ms > validity.not_after_ms {
        Step::Expired
    } else if validity.is_due(now_ms) && !renewed {
        Step::Ask
    } else {
        Step::Nothing
    }
}

/// How long to wait after a step that failed this often in a row.
fn pause(step: Step, failures: u32) -> Duration {
    let (first, max) = match step {
        Step::Nothing | Step::Expired => return LOOK_PERIOD,
        Step::Ask => (RETRY_FIRST, RETRY_MAX),
        Step::Prove => (PROVE_FIRST, PROVE_MAX),
    };
    first.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1))).min(max)
}

/// Half to one and a half of it, so that a fleet does not come at once.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..1.5))
}

/// A step did not succeed.
#[derive(Debug, thiserror::Error)]
enum RenewError {
    #[error("cannot make a key and a certificate request")]
    Key(#[source] rcgen::Error),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("the controller knows this display as {0}")]
    Another(TerminalId),
    #[error("the controller does not know the certificate that it issued: another was issued later")]
    Unknown,
}

/// The task.
#[derive(Debug)]
pub(super) struct Renewal {
    /// This display.
    pub(super) terminal: TerminalId,
    /// What it holds.
    pub(super) held: Arc<Held>,
    /// Tells the composition root to start anew.
    pub(super) leaving: watch::Sender<Leaving>,
}

impl Renewal {
    /// Renews for as long as the process lives.
    pub(super) async fn run(self) {
        let (mut last, mut failures, mut renewed_at) = (Step::Nothing, 0, None::<Instant>);
        if self.held.next().is_none() {
            tokio::time::sleep(jittered(FIRST_PAUSE)).await;
        }
        loop {
            self.leave_if_replaced();
            let renewed = renewed_at.is_some_and(|at| at.elapsed() < RENEWED_PAUSE);
            let validity = self.held.validity();
            let step = decide(&validity, self.held.next().is_some(), renewed, clock::now_ms());
            if step != last {
                (last, failures) = (step, 0);
            }
            let done = match step {
                Step::Nothing => Ok(()),
                Step::Ask => self.ask_for_next().await,
                Step::Prove => self.prove_next().await,
                Step::Expired => {
                    tell_expired(&validity, failures);
                    failures = 1;
                    Ok(())
                }
            };
            match done {
                Ok(()) if step == Step::Ask => continue,
                Ok(()) if step == Step::Prove => renewed_at = Some(Instant::now()),
                Ok(()) => {}
                Err(error) => {
                    failures += 1;
                    tell_failure(&error, &validity, failures);
                }
            }
            let pause = pause(step, failures);
            match step {
                // A look at what is held asks nobody, so it may be together with the sensors'.
                Step::Nothing | Step::Expired => pulse::sleep(pause).await,
                Step::Ask | Step::Prove => tokio::time::sleep(jittered(pause)).await,
            }
        }
    }

    /// A new key, and a certificate for it, kept beside the pair in use.
    async fn ask_for_next(&self) -> Result<(), RenewError> {
        let (key_pem, csr_pem) = key_and_request(&self.terminal).map_err(RenewError::Key)?;
        let request = RenewRequest { csr_pem };
        let response: RenewResponse =
            ask(&self.held.tls(), &self.held.controller(), Method::POST, RENEW, Some(&request)).await?;
        self.held.keep_next(Pair { key_pem, certificate_pem: response.certificate_pem })?;
        Ok(())
    }

    /// Shows the next pair to the controller; uses it when it counts there, forgets it when not.
    async fn prove_next(&self) -> Result<(), RenewError> {
        let Some(pair) = self.held.next() else { return Ok(()) };
        let tls = self.held.tls_with(&pair)?;
        let known = ask::<KnownAs>(&tls, &self.held.controller(), Method::GET, KNOWN_AS, None::<&()>).await;
        match known {
            Ok(known) if known.terminal == self.terminal => {
                self.held.use_next()?;
                let validity = self.held.validity();
                tracing::info!(serial = validity.serial, not_after_ms = validity.not_after_ms, "renewed");
                Ok(())
            }
            Ok(known) => Err(RenewError::Another(known.terminal)),
            Err(error) if error.is_certificate_refused() => {
                // The one in use counts then: the controller forgets it only after seeing this one.
                self.held.drop_next()?;
                Err(RenewError::Unknown)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Starts the agent anew with an identity that somebody put in the place of this one.
    fn leave_if_replaced(&self) {
        if matches!(self.held.is_replaced(), Ok(true)) {
            tracing::warn!("the display was enrolled anew; the agent restarts to use it");
            self.leaving.send_replace(Leaving::Restart);
        }
    }
}

fn tell_expired(validity: &Validity, told: u32) {
    if told == 0 {
        systemd::notify_status("the certificate has expired: run migrado-agent enroll");
        tracing::error!(
            not_after_ms = validity.not_after_ms,
            "the certificate has expired and is refused everywhere: get a token from the console and run migrado-agent enroll"
        );
    }
}

fn tell_failure(error: &RenewError, validity: &Validity, failures: u32) {
    let refused = matches!(error, RenewError::Ask(error) if error.is_certificate_refused());
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let days_left = validity.not_after_ms.saturating_sub(clock::now_ms()).div_euclid(DAY_MS);
    if refused {
        tracing::error!(
            %error,
            "the certificate was revoked or replaced: get a token from the console and run migrado-agent enroll"
        );
    } else if days_left.saturating_mul(DAY_MS) < ALARMING_MS {
        tracing::error!(%error, cause, days_left, failures, "the certificate ends soon and was not renewed");
    } else {
        tracing::warn!(%error, cause, days_left, failures, "the certificate was not renewed");
    }
}

#[cfg(test)]
#[path = "renew_tests.rs"]
mod tests;
