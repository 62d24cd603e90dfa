//! The series of sites: whether they are open, and their windows, by their calendars.

use std::sync::Arc;

use jiff::Timestamp;
use migrado_protocol::SiteId;

use super::text::{Families, Kind};
use crate::calendar::{Calendar, Opening, WindowKind, state_at, window_at};

/// Writes the series of all sites. A site without opening hours is left out of what needs them.
pub(super) fn write(f: &mut Families, sites: &[(SiteId, Arc<Calendar>)], now_ms: i64) {
    let Ok(now) = Timestamp::from_millisecond(now_ms) else { return };
    for (site, calendar) in sites {
        let open = match state_at(calendar, now).opening {
            Opening::Open => Some(1.0),
            Opening::Closed => Some(0.0),
            Opening::Unknown => None,
        };
        if let Some(open) = open {
            let help = "Whether the site is open by its calendar.";
            f.family("migrado_site_open", help, Kind::Gauge).sample(&[("site", site.as_str())], open);
        }
        for kind in WindowKind::ALL {
            let help = "Whether displays of the site may be changed now.";
            let open = f64::from(u8::from(window_at(calendar, kind, now).open));
            f.family("migrado_site_window_open", help, Kind::Gauge)
                .sample(&[("site", site.as_str()), ("window", kind.word())], open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_without_opening_hours_is_neither_open_nor_closed() {
        let known: Calendar = serde_json::from_value(serde_json::json!({
            "opening_hours": {"wednesday": ["08:00-12:00"]}, "windows": {"activate": "closed"}
        }))
        .unwrap();
        let sites = [("bh".parse().unwrap(), Arc::default()), ("fp".parse().unwrap(), Arc::new(known))];
        let at = |time: &str| {
            let now: Timestamp = time.parse().unwrap();
            let mut f = Families::default();
            write(&mut f, &sites, now.as_millisecond());
            String::from_utf8(f.finish()).unwrap()
        };
        let (open, closed) = (at("2026-11-25T10:00+01:00"), at("2026-11-25T12:00+01:00"));
        assert!(open.contains("migrado_site_open{site=\"fp\"} 1\n"), "{open}");
        assert!(closed.contains("migrado_site_open{site=\"fp\"} 0\n"), "{closed}");
        assert!(!open.contains("migrado_site_open{site=\"bh\"}"), "{open}");
        let window = "migrado_site_window_open{site=\"fp\",window=\"activate\"}";
        assert!(open.contains(&format!("{window} 0\n")) && closed.contains(&format!("{window} 1\n")));
    }
}
