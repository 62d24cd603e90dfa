//! The fleet at a glance.

use std::collections::BTreeMap;

use axum::extract::State;

use super::convert::summary;
use super::guard::Viewer;
use super::state::ApiState;
use super::text::text;
use super::views::{FleetView, Important, SiteSummary, Status, TerminalSummary, Why};

/// Lines of what is important: what fits a screen.
const IMPORTANT_MAX: usize = 50;

fn counts<'a>(of: impl Iterator<Item = &'a TerminalSummary>) -> BTreeMap<Status, u32> {
    let mut counts: BTreeMap<Status, u32> = Status::ALL.into_iter().map(|s| (s, 0)).collect();
    for t in of {
        *counts.entry(t.status).or_default() += 1;
    }
    counts
}

/// A site of which every display is gone is one line, not twenty.
fn important(all: &[TerminalSummary], dead: &[&str]) -> Vec<Important> {
    let mut lines: Vec<(Status, Important)> = Vec::new();
    for site in dead {
        let gone = all.iter().filter(|t| t.site == *site);
        let since_ms = gone.map(|t| t.presence.since_ms).min().unwrap_or_default();
        let why = Why {
            code: "site_offline".to_owned(),
            component: None,
            part: None,
            text: text("Der ganze Standort ist nicht verbunden.", "The whole site is not connected."),
            next_step: text(
                "Netz und Strom des Standorts prüfen.",
                "Check the network and the power of the site.",
            ),
            detail: None,
            since_ms,
        };
        lines.push((Status::Offline, Important { terminal: None, site: Some((*site).to_owned()), why }));
    }
    for t in all {
        let grave = matches!(t.status, Status::Fault | Status::Offline | Status::Warning);
        if let (true, false, Some(why)) = (grave, dead.contains(&t.site.as_str()), t.why.first()) {
            let line = Important { terminal: Some(t.id.clone()), site: None, why: why.clone() };
            lines.push((t.status, line));
        }
    }
    lines.sort_by_key(|(status, line)| (*status, line.why.since_ms));
    lines.into_iter().take(IMPORTANT_MAX).map(|(_, line)| line).collect()
}

/// The fleet as it is now.
pub fn view(state: &ApiState) -> FleetView {
    let revision = state.events.revision();
    let now_ms = state.clock.now_ms();
    let all: Vec<_> = state.fleet.all().iter().map(|t| summary(state, t, now_ms)).collect();
    let dead: Vec<&str> = state
        .settings
        .sites
        .iter()
        .map(|s| s.id.as_str())
        .filter(|site| {
            let of_site = || all.iter().filter(|t| t.site == *site);
            of_site().count() > 1 && of_site().all(|t| t.status == Status::Offline)
        })
        .collect();
    let sites = state.settings.sites.iter().map(|site| SiteSummary {
        id: site.id.to_string(),
        name: site.name.clone(),
        address: site.address.clone(),
        counts: counts(all.iter().filter(|t| t.site == site.id.as_str())),
    });
    FleetView {
        revision,
        now_ms,
        sites: sites.collect(),
        counts: counts(all.iter()),
        important: important(&all, &dead),
    }
}

/// Sites, counts and what needs somebody now.
#[utoipa::path(get, path = "/api/v1/fleet", responses((status = 200, body = FleetView)))]
pub async fn show(State(state): State<ApiState>, _: Viewer) -> axum::Json<FleetView> {
    axum::Json(view(&state))
}
