//! The line to the controller for content: HTTPS with the terminal's certificate, answers as streams
//! that go on at any byte, within a throttle, a budget and a least speed. Knows nothing of what the
//! bytes mean.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use reqwest::{Method, Response, StatusCode, header};
use tokio::time::Instant;

use super::machine::Broken;
use super::pace::{Pace, Watch};

/// Bytes of a refusal that are read.
const REFUSAL_BYTES_MAX: usize = 4 * 1024;

/// Why something could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The connection was not possible, or broke.
    #[error("cannot fetch {path} from {from}")]
    Broken {
        /// What.
        path: String,
        /// From whom.
        from: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// Fewer bytes than any line brings: somebody holds the display up.
    #[error("{from} gives {path} slower than {} bytes in {} s", pace.bytes, pace.span.as_secs())]
    Slow {
        /// What.
        path: String,
        /// From whom.
        from: String,
        /// What is expected of it.
        pace: Pace,
    },
    /// It is not there, or not yet.
    #[error("{from} has no {path}")]
    Missing {
        /// What.
        path: String,
        /// From whom.
        from: String,
        /// Seconds after which it may be there.
        retry_after_s: Option<u64>,
    },
    /// Refused.
    #[error("{from} refused {path} with status {status}: {words}")]
    Refused {
        /// What.
        path: String,
        /// From whom.
        from: String,
        /// HTTP status.
        status: u16,
        /// The other side's words.
        words: String,
    },
    /// More than there may be.
    #[error("{from} gives more than the {max} bytes that {path} may have")]
    Endless {
        /// What.
        path: String,
        /// From whom.
        from: String,
        /// How many there may be.
        max: u64,
    },
    /// The update has taken what it may take.
    #[error("this update may take {max} bytes from the line, and has")]
    Budget {
        /// How many.
        max: u64,
    },
}

impl LineError {
    /// The name under which it is reported.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Broken { .. } => "transport",
            Self::Slow { .. } => "slow_data",
            Self::Missing { .. } => "not_found",
            Self::Refused { .. } => "refused",
            Self::Endless { .. } => "endless_data",
            Self::Budget { .. } => "budget",
        }
    }

    /// Whether trying again soon may help: the release is not at fault.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Broken { .. } | Self::Slow { .. } | Self::Missing { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::Endless { .. } | Self::Budget { .. } => false,
        }
    }

    /// As the record keeps it.
    pub fn broken(&self) -> Broken {
        Broken { finding: self.name().to_owned(), detail: with_causes(self) }
    }
}

/// An error with everything that it comes from, in one line.
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// What an update has taken, and may take.
#[derive(Debug)]
pub struct Meter {
    taken: AtomicU64,
    /// Taken before this meter was made.
    before: u64,
    max: u64,
    /// Bytes a second; 0: no limit.
    throttle: u64,
    began: Instant,
}

impl Meter {
    /// Goes on at what was taken before.
    pub fn new(taken: u64, max: u64, throttle: Option<u64>) -> Arc<Self> {
        let throttle = throttle.unwrap_or(0);
        Arc::new(Self { taken: AtomicU64::new(taken), before: taken, max, throttle, began: Instant::now() })
    }

    /// Bytes taken in all.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Counts bytes of an answer, of which `here` have come, and waits where they came faster than
    /// they may.
    async fn count(&self, bytes: u64, here: &mut u64) -> Result<(), LineError> {
        let taken = self.taken.fetch_add(bytes, Ordering::Relaxed) + bytes;
        *here += bytes;
        if taken > self.max {
            return Err(LineError::Budget { max: self.max });
        }
        let since_began = taken.saturating_sub(self.before);
        if let Some(due_us) = since_began.saturating_mul(1_000_000).checked_div(self.throttle) {
            tokio::time::sleep_until(self.began + Duration::from_micros(due_us)).await;
        }
        Ok(())
    }
}

/// A line to one server. Lives for one update: an idle connection is memory for nothing.
#[derive(Debug, Clone)]
pub struct Line {
    client: reqwest::Client,
    scheme: &'static str,
    /// `host:port`.
    from: String,
    meter: Arc<Meter>,
    pace: Pace,
}

impl Line {
    /// A line to the controller.
    pub fn new(tls: &rustls::ClientConfig, from: String, meter: Arc<Meter>) -> Result<Self, LineError> {
        Self::at(tls, from, meter, Pace::UPLINK)
    }

    /// A line that shows the terminal's certificate and trusts as the configuration says.
    pub fn at(
        tls: &rustls::ClientConfig,
        from: String,
        meter: Arc<Meter>,
        pace: Pace,
    ) -> Result<Self, LineError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .connect_timeout(pace.connect)
            .read_timeout(pace.silence)
            .build()
            .map_err(|source| LineError::Broken {
                path: "a connection".into(),
                from: from.clone(),
                source,
            })?;
        Ok(Self { client, scheme: "https", from, meter, pace })
    }

    /// A line without TLS, to a server of a test.
    #[cfg(test)]
    pub(super) fn plain(from: String, meter: Arc<Meter>) -> Self {
        let client = reqwest::Client::builder().no_proxy().read_timeout(Pace::UPLINK.silence).build();
        Self { client: client.unwrap_or_default(), scheme: "http", from, meter, pace: Pace::UPLINK }
    }

    /// The same line with another budget, which counts what was taken before.
    #[must_use]
    pub fn within(&self, max: u64) -> Self {
        let throttle = Some(self.meter.throttle).filter(|throttle| *throttle > 0);
        Self { meter: Meter::new(self.meter.taken(), max, throttle), ..self.clone() }
    }

    /// Bytes that came over all lines of this update.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Asks for a path from a byte on; of the version with this tag, or else from its beginning. At
    /// most `max` bytes are taken of the answer.
    pub async fn get(
        &self,
        path: &str,
        begins: u64,
        tag: Option<&str>,
        max: u64,
    ) -> Result<Answer, LineError> {
        let mut request = self.client.request(Method::GET, self.address(path));
        if begins > 0 {
            request = request.header(header::RANGE, format!("bytes={begins}-"));
            if let Some(tag) = tag {
                request = request.header(header::IF_RANGE, tag);
            }
        }
        self.send(path, request, max).await
    }

    /// Asks with a body.
    pub async fn post(
        &self,
        path: &str,
        body: &impl serde::Serialize,
        max: u64,
    ) -> Result<Answer, LineError> {
        self.send(path, self.client.request(Method::POST, self.address(path)).json(body), max).await
    }

    fn address(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.from)
    }

    async fn send(
        &self,
        path: &str,
        request: reqwest::RequestBuilder,
        max: u64,
    ) -> Result<Answer, LineError> {
        let (path, from) = (path.to_owned(), self.from.clone());
        let response = match request.send().await {
            Ok(response) => response,
            Err(source) => return Err(LineError::Broken { path, from, source }),
        };
        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok());
        let mut answer = Answer {
            response,
            path,
            from,
            meter: self.meter.clone(),
            here: 0,
            max,
            watch: Watch::new(self.pace),
        };
        if status.is_success() {
            return Ok(answer);
        }
        // Read also where it says nothing more: what is left unread costs the connection.
        let mut words = Vec::new();
        while let (true, Ok(Some(piece))) = (words.len() < REFUSAL_BYTES_MAX, answer.piece().await) {
            words.extend_from_slice(&piece);
        }
        if status == StatusCode::NOT_FOUND {
            return Err(LineError::Missing { path: answer.path, from: answer.from, retry_after_s: wait });
        }
        words.truncate(REFUSAL_BYTES_MAX);
        let words = String::from_utf8_lossy(&words).into_owned();
        Err(LineError::Refused { path: answer.path, from: answer.from, status: status.as_u16(), words })
    }
}

/// An answer under way.
#[derive(Debug)]
pub struct Answer {
    response: Response,
    path: String,
    from: String,
    meter: Arc<Meter>,
    /// Bytes of it that have come.
    here: u64,
    max: u64,
    watch: Watch,
}

impl Answer {
    /// The byte of the file that it begins with.
    pub fn begins(&self) -> u64 {
        self.range().map_or(0, |(begins, _)| begins)
    }

    /// Bytes of the whole file, if the other side says.
    pub fn total(&self) -> Option<u64> {
        self.range().map(|(_, total)| total).or_else(|| self.response.content_length())
    }

    /// The tag of the version.
    pub fn tag(&self) -> Option<String> {
        let tag = self.response.headers().get(header::ETAG)?;
        tag.to_str().ok().map(str::to_owned)
    }

    fn range(&self) -> Option<(u64, u64)> {
        let range = self.response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
        let (range, total) = range.strip_prefix("bytes ")?.split_once('/')?;
        Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()?))
    }

    /// The next bytes; `None` at the end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, LineError> {
        let (path, from) = (self.path.clone(), self.from.clone());
        let piece = match self.response.chunk().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ok(None),
            Err(source) => return Err(LineError::Broken { path, from, source }),
        };
        let bytes = piece.len() as u64;
        self.meter.count(bytes, &mut self.here).await?;
        if self.here > self.max {
            return Err(LineError::Endless { path, from, max: self.max });
        }
        if self.meter.throttle == 0 && self.watch.is_slow(bytes, Instant::now()) {
            return Err(LineError::Slow { path, from, pace: self.watch.pace() });
        }
        Ok(Some(piece))
    }

    /// Everything, where it is little.
    pub async fn whole(mut self) -> Result<Vec<u8>, LineError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
