//! Asks the controller what time it is: after each connect and every few minutes, over HTTPS with
//! the display's certificate. Only hears and hands on; what an offset means is the clock sensor's.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::commands::upload::client;
use crate::identity::Held;
use crate::platform::clock;
use crate::sensors::clock::ControllerTime;
use crate::tasks::{Stage, Tasks};
use crate::uplink::Session;

/// How long until the next question: a clock drifts by milliseconds in this time.
const PERIOD: Duration = Duration::from_secs(10 * 60);
/// How long an answer may take, connecting included.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// An answer that was longer on its way says too little: it may be wrong by half of this, and two
/// seconds already call somebody.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(1);

/// Whom it asks, and who wants to know.
#[derive(Debug)]
pub struct TimeAsker {
    /// `host:port` of the terminal listener.
    pub controller: String,
    /// Trust in the controller, and the terminal's certificate.
    pub tls: Arc<rustls::ClientConfig>,
    /// Hears the offset.
    pub time: ControllerTime,
    /// The connection to the broker: without one there is nobody to ask. Not whether the birth was
    /// heard, which waits for what is asked here.
    pub session: watch::Receiver<Option<Session>>,
}

/// Starts asking; gives what is heard.
pub fn start(tasks: &mut Tasks, held: &Held, session: watch::Receiver<Option<Session>>) -> ControllerTime {
    let time = ControllerTime::default();
    let asker = TimeAsker { controller: held.controller(), tls: held.tls(), time: time.clone(), session };
    tasks.spawn_until_canceled(Stage::Work, "time", asker.run());
    time
}

/// The controller did not tell the time.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// No connection, no success, or no time in the answer.
    #[error("cannot ask {controller} for the time")]
    Ask {
        /// Whom.
        controller: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The answer is of no use.
    #[error("{controller} took {round_trip_ms} ms to tell the time")]
    Slow {
        /// Whom.
        controller: String,
        /// How long it was on its way.
        round_trip_ms: u128,
    },
}

#[derive(Deserialize)]
struct Answer {
    now_ms: i64,
}

impl TimeAsker {
    /// Asks for as long as the process lives.
    pub async fn run(mut self) {
        loop {
            let Ok(connection) = self.session.wait_for(Option::is_some).await.map(|s| number(&s)) else {
                return;
            };
            if let Err(error) = self.ask().await {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                tracing::debug!(%error, source, "the controller's time is not known");
            }
            // Cancel-safe: both arms only wait.
            tokio::select! {
                changed = self.session.wait_for(|s| number(s) != connection) => if changed.is_err() { return },
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
    }

    async fn ask(&self) -> Result<(), TimeError> {
        let failed = |source| TimeError::Ask { controller: self.controller.clone(), source };
        let client = client(&self.tls, ANSWER_LIMIT).map_err(failed)?;
        // The first question opens the connection; only the second is a plain way there and back.
        self.question(&client).await.map_err(failed)?;
        let asked = Instant::now();
        let told = self.question(&client).await.map_err(failed)?;
        let round_trip = asked.elapsed();
        let heard_ms = clock::now_ms();
        if round_trip > ROUND_TRIP_MAX {
            let round_trip_ms = round_trip.as_millis();
            return Err(TimeError::Slow { controller: self.controller.clone(), round_trip_ms });
        }
        self.time.heard(told, midway(heard_ms, round_trip));
        Ok(())
    }

    async fn question(&self, client: &reqwest::Client) -> Result<i64, reqwest::Error> {
        let url = format!("https://{}/terminal/v1/time", self.controller);
        let answer: Answer = client.get(url).send().await?.error_for_status()?.json().await?;
        Ok(answer.now_ms)
    }
}

fn number(session: &Option<Session>) -> Option<u64> {
    session.as_ref().map(|session| session.number)
}

/// Our clock when the controller read its own: half the way back from when the answer was here.
fn midway(heard_ms: i64, round_trip: Duration) -> i64 {
    heard_ms - i64::try_from(round_trip.as_millis() / 2).unwrap_or(0)
}

#[cfg(test)]
mod tests;
