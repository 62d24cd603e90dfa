//! What the page says of itself with its heartbeats: its build, which load of it speaks, and which
//! release it has drawn. Decides which of that is news.

use migrado_protocol::limits::clip;

/// After how long a silence a heartbeat is news. The page beats every five seconds, and what does not
/// change must wake nobody; whoever judges silence at 15 s looks up the newest heartbeat then.
const NEWS_MS: i64 = 10_000;

/// A heartbeat as it came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beat<'a> {
    /// The build of the page.
    pub(crate) build: &'a str,
    /// Made anew at each load of it.
    pub(crate) load: &'a str,
    /// What it shows: `welcome`, or `session` during a visit.
    pub(crate) route: &'a str,
    /// The release that it has drawn; `None` while it shows its built-in words only.
    pub(crate) release: Option<&'a str>,
    /// Why it could not draw the release in service.
    pub(crate) error: Option<&'a str>,
}

/// The newest that the page said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The build of the page.
    pub(super) build: Option<String>,
    /// Which load of it speaks.
    pub(super) load: String,
    /// What it shows.
    pub(super) route: String,
    /// The release that it has drawn.
    pub(super) release: Option<String>,
    /// Why not the one in service.
    pub(super) error: Option<String>,
}

impl Said {
    /// Hears a heartbeat. Returns whether it is news, by the times of the last one and of this one.
    pub(super) fn hear(&mut self, beat: Beat<'_>, before_ms: i64, now_ms: i64) -> bool {
        if self.load != beat.load {
            self.load = clip(beat.load);
        }
        let moved = self.route != beat.route;
        if moved {
            self.route = clip(beat.route);
        }
        let changes = [
            moved,
            renew(&mut self.build, Some(beat.build)),
            renew(&mut self.release, beat.release),
            renew(&mut self.error, beat.error),
        ];
        // A clock that was stepped back is news as well.
        changes.contains(&true) || !(0..NEWS_MS).contains(&(now_ms - before_ms))
    }
}

/// Usually nothing has changed, and then nothing is allocated.
fn renew(held: &mut Option<String>, heard: Option<&str>) -> bool {
    let changed = held.as_deref() != heard;
    if changed {
        *held = heard.map(clip);
    }
    changed
}
