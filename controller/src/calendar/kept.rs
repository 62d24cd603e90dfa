//! Which calendar each site has: the configuration's, until somebody changes it on the console; from
//! then on the console's, until somebody goes back. Held in memory for whoever asks often; the
//! database keeps what the console changed.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use migrado_protocol::SiteId;
use sqlx::AnyPool;

use super::model::Calendar;
use crate::audit::Entry;
use crate::auth::secret;
use crate::store::{StoreError, audit, calendars as rows};

/// Characters of a hash that tell two calendars apart.
const TAG_CHARS: usize = 16;

/// Where a calendar comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The configuration of the controller.
    Configuration,
    /// Somebody changed it on the console, by the API or on the command line.
    Console,
}

/// The calendar of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it says.
    pub calendar: Arc<Calendar>,
    /// Where it comes from.
    pub source: Source,
    /// When the console changed it.
    pub changed_ms: Option<i64>,
    /// Who did.
    pub changed_by: Option<String>,
}

impl Kept {
    fn configured(calendar: Calendar) -> Self {
        Self {
            calendar: Arc::new(calendar),
            source: Source::Configuration,
            changed_ms: None,
            changed_by: None,
        }
    }

    /// What tells this calendar from another one, for `ETag`.
    pub fn tag(&self) -> String {
        let body = serde_json::to_string(&*self.calendar).unwrap_or_default();
        let hash = secret::hash(&format!("{:?} {:?} {body}", self.source, self.changed_ms));
        hash.chars().take(TAG_CHARS).collect()
    }
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was done.
    Done,
    /// The calendar is another one by now.
    Meanwhile,
}

/// The calendars of all sites; a cheap handle.
#[derive(Debug, Clone)]
pub struct Calendars {
    pool: AnyPool,
    configured: Arc<BTreeMap<SiteId, Calendar>>,
    held: Arc<RwLock<BTreeMap<SiteId, Kept>>>,
    /// One change after the other: each is decided on what the one before it left.
    changing: Arc<tokio::sync::Mutex<()>>,
}

impl Calendars {
    /// The configured calendars, and what the database has in their place.
    pub async fn open(
        pool: AnyPool,
        sites: impl IntoIterator<Item = (SiteId, Option<Calendar>)>,
    ) -> Result<Self, StoreError> {
        let configured: BTreeMap<SiteId, Calendar> =
            sites.into_iter().map(|(site, calendar)| (site, calendar.unwrap_or_default())).collect();
        let mut held: BTreeMap<SiteId, Kept> = BTreeMap::new();
        for (site, calendar) in &configured {
            held.insert(site.clone(), Kept::configured(calendar.clone()));
        }
        for row in rows::all(&pool).await? {
            let Some(kept) = row.site.parse::<SiteId>().ok().and_then(|site| held.get_mut(&site)) else {
                tracing::info!(site = row.site, "its calendar is kept, though the site is not configured");
                continue;
            };
            match serde_json::from_str(&row.body) {
                Ok(calendar) => *kept = of_console(calendar, row.changed_ms, row.changed_by),
                Err(error) => tracing::error!(
                    site = row.site, %error,
                    "its calendar in the database cannot be read: the configuration's holds"
                ),
            }
        }
        Ok(Self {
            pool,
            configured: configured.into(),
            held: Arc::new(RwLock::new(held)),
            changing: Arc::default(),
        })
    }

    /// The calendar of a site; absent when there is no such site.
    pub fn of(&self, site: &SiteId) -> Option<Kept> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).get(site).cloned()
    }

    /// What the calendar of a site says; a site that nobody configured has one that knows nothing.
    pub fn calendar(&self, site: &SiteId) -> Arc<Calendar> {
        self.of(site).map(|kept| kept.calendar).unwrap_or_default()
    }

    /// Every site with what its calendar says.
    pub fn all(&self) -> Vec<(SiteId, Arc<Calendar>)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.iter().map(|(site, kept)| (site.clone(), kept.calendar.clone())).collect()
    }

    /// Puts a calendar, already checked, in place of the one with this tag.
    pub async fn set(
        &self,
        site: &SiteId,
        calendar: Calendar,
        decided_on: &str,
        entry: Entry,
    ) -> Result<Change, StoreError> {
        let _turn = self.changing.lock().await;
        if self.of(site).is_none_or(|kept| kept.tag() != decided_on) {
            return Ok(Change::Meanwhile);
        }
        let (at_ms, actor) = (entry.at_ms, entry.actor.clone());
        let body = serde_json::to_string(&calendar)
            .map_err(|error| StoreError::Corrupt { what: format!("the calendar of {site}: {error}") })?;
        let row = rows::Row { site: site.to_string(), body, changed_ms: at_ms, changed_by: actor.clone() };
        let fail = StoreError::of("keep a calendar");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        rows::put(&mut tx, &row).await?;
        audit::append_in(&mut tx, entry).await?;
        tx.commit().await.map_err(fail)?;
        self.hold(site, of_console(calendar, at_ms, actor));
        Ok(Change::Done)
    }

    /// Goes back to the configuration's calendar.
    pub async fn forget(&self, site: &SiteId, decided_on: &str, entry: Entry) -> Result<Change, StoreError> {
        let _turn = self.changing.lock().await;
        if self.of(site).is_none_or(|kept| kept.tag() != decided_on) {
            return Ok(Change::Meanwhile);
        }
        let fail = StoreError::of("forget a calendar");
        let mut tx = self.pool.begin().await.map_err(fail)?;
        rows::delete(&mut tx, site.as_str()).await?;
        audit::append_in(&mut tx, entry).await?;
        tx.commit().await.map_err(fail)?;
        self.hold(site, Kept::configured(self.configured.get(site).cloned().unwrap_or_default()));
        Ok(Change::Done)
    }

    fn hold(&self, site: &SiteId, kept: Kept) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).insert(site.clone(), kept);
    }
}

fn of_console(calendar: Calendar, changed_ms: i64, changed_by: String) -> Kept {
    Kept {
        calendar: Arc::new(calendar),
        source: Source::Console,
        changed_ms: Some(changed_ms),
        changed_by: Some(changed_by),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(closure: &str) -> Calendar {
        let closure = serde_json::json!({"from": "2026-12-28", "until": "2026-12-31", "reason": closure});
        serde_json::from_value(serde_json::json!({"closures": [closure]})).unwrap()
    }

    fn entry(at_ms: i64) -> Entry {
        Entry::ok(at_ms, "admin", "calendar.change", "fp")
    }

    #[tokio::test]
    async fn the_console_wins_until_somebody_goes_back_also_across_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let pool = crate::store::open(&folder.path().join("c.db")).await.unwrap();
        let site: SiteId = "fp".parse().unwrap();
        let open =
            async || Calendars::open(pool.clone(), [(site.clone(), Some(calendar("configured")))]).await;
        let calendars = open().await.unwrap();
        let first = calendars.of(&site).unwrap();
        assert_eq!((first.source, &*first.calendar), (Source::Configuration, &calendar("configured")));

        let said = calendars.set(&site, calendar("changed"), "another tag", entry(1)).await.unwrap();
        assert_eq!(said, Change::Meanwhile);
        assert_eq!(calendars.of(&site).unwrap(), first, "nothing was changed");
        let said = calendars.set(&site, calendar("changed"), &first.tag(), entry(2)).await.unwrap();
        assert_eq!(said, Change::Done);
        for calendars in [calendars, open().await.unwrap()] {
            let kept = calendars.of(&site).unwrap();
            assert_eq!((kept.source, &*kept.calendar), (Source::Console, &calendar("changed")));
            assert_eq!((kept.changed_ms, kept.changed_by.as_deref()), (Some(2), Some("admin")));
            assert_ne!(kept.tag(), first.tag());
        }

        let calendars = open().await.unwrap();
        let tag = calendars.of(&site).unwrap().tag();
        assert_eq!(calendars.forget(&site, &first.tag(), entry(3)).await.unwrap(), Change::Meanwhile);
        assert_eq!(calendars.forget(&site, &tag, entry(4)).await.unwrap(), Change::Done);
        for calendars in [calendars, open().await.unwrap()] {
            assert_eq!(calendars.of(&site).unwrap(), first);
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_leaves_the_configuration_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let pool = crate::store::open(&folder.path().join("c.db")).await.unwrap();
        let row = |site: &str| rows::Row {
            site: site.into(),
            body: "{\"opening\":1}".into(),
            changed_ms: 1,
            changed_by: "admin".into(),
        };
        let mut conn = pool.acquire().await.unwrap();
        rows::put(&mut conn, &row("fp")).await.unwrap();
        rows::put(&mut conn, &row("gone")).await.unwrap();
        drop(conn);
        let site: SiteId = "fp".parse().unwrap();
        let calendars = Calendars::open(pool, [(site.clone(), None)]).await.unwrap();
        assert_eq!(calendars.of(&site).unwrap().source, Source::Configuration);
        assert_eq!(calendars.of(&"gone".parse().unwrap()), None);
        assert_eq!(*calendars.calendar(&"gone".parse().unwrap()), Calendar::default());
    }
}
