//! From the domain to views, in named functions.

use std::collections::BTreeMap;

use migrado_protocol::health::roll_up;

use super::state::ApiState;
use super::text::{Text, text};
use super::views::{
    AwayView, CertificateView, ComponentView, DownloadView, HealthView, PresenceState, PresenceView, Status,
    TerminalDetail, TerminalSummary, Why,
};
use crate::fleet::{self, Terminal, presence, status, why, words};

/// The word of the API.
pub fn status_view(status: fleet::Status) -> Status {
    match status {
        fleet::Status::Fault => Status::Fault,
        fleet::Status::Offline => Status::Offline,
        fleet::Status::Warning => Status::Warning,
        fleet::Status::Maintenance => Status::Maintenance,
        fleet::Status::Off => Status::Off,
        fleet::Status::Unknown => Status::Unknown,
        fleet::Status::Ok => Status::Ok,
    }
}

fn presence_view(state: fleet::Presence) -> PresenceState {
    match state {
        fleet::Presence::Online => PresenceState::Online,
        fleet::Presence::Late => PresenceState::Late,
        fleet::Presence::Offline => PresenceState::Offline,
        fleet::Presence::OffOnPurpose => PresenceState::OffOnPurpose,
        fleet::Presence::Unknown => PresenceState::Unknown,
    }
}

fn named((de, en): words::Name) -> Text {
    text(de, en)
}

fn why_view(why: why::Why) -> Why {
    Why {
        code: why.code,
        component: why.component,
        part: why.component.map(|component| named(words::component(component))),
        text: text(why.words.de, why.words.en),
        next_step: text(why.words.next_de, why.words.next_en),
        detail: why.detail,
        since_ms: why.since_ms,
    }
}

/// A terminal in lists.
pub fn summary(state: &ApiState, t: &Terminal, now_ms: i64) -> TerminalSummary {
    let (present, since_ms) = presence::decide(t, now_ms);
    let health = roll_up(t.reported.health.values());
    TerminalSummary {
        id: t.id.to_string(),
        site: t.site.to_string(),
        label: t.label.clone(),
        status: status_view(status::decide(t, present, now_ms)),
        why: why::explain(t, now_ms).into_iter().map(why_view).collect(),
        presence: PresenceView { state: presence_view(present), since_ms, last_seen_ms: t.last_seen_ms },
        health: HealthView {
            state: health,
            since_ms: t.reported.health.values().filter(|h| h.state == health).map(|h| h.since_ms).min(),
        },
        verdict: t.reported.verdict.clone(),
        heartbeats: t.heartbeats.up_to(now_ms).into_iter().map(|s| s.map(status_view)).collect(),
        session: t.session_runs(),
        open_commands: state.commands.open_count(&t.id),
        drift: t.drifts(),
        agent_version: t.agent_version.clone(),
        enrolled: t.certificate.is_some(),
        revision: t.revision,
        at_ms: now_ms,
    }
}

/// All of a terminal; desired state and usage are added by the handler.
pub fn detail(state: &ApiState, t: &Terminal, now_ms: i64) -> TerminalDetail {
    let reported = t.reported.clone();
    let summary = summary(state, t, now_ms);
    let components = reported
        .health
        .iter()
        .map(|(component, health)| {
            let why = summary.why.iter().find(|w| w.component == Some(*component)).cloned();
            let name = named(words::component(*component));
            let text = health.reason.map(|reason| named(words::reason(reason)));
            (*component, ComponentView { health: health.clone(), name, text, why })
        })
        .collect();
    TerminalDetail {
        components,
        system: reported.system,
        storage: reported.storage,
        clock: reported.clock,
        services: reported.services,
        printers: reported.printers,
        page: reported.page,
        content: reported.content,
        download: download(t, now_ms),
        desired: None,
        desired_at_ms: None,
        reported_generation: reported.generation,
        certificate: t
            .certificate
            .as_ref()
            .map(|c| CertificateView { serial: c.serial.clone(), not_after_ms: c.not_after_ms }),
        away: t.away.clone().map(|away| AwayView { text: named(words::away(away.cause)), away }),
        started_ms: t.started_ms,
        usage_today: BTreeMap::new(),
        summary,
    }
}

/// How far the download of a display is, while there is one.
pub fn download(t: &Terminal, now_ms: i64) -> Option<DownloadView> {
    let download = t.pace.download(t.reported.content.as_ref(), now_ms)?;
    Some(DownloadView {
        bytes_done: download.bytes_done,
        bytes_total: download.bytes_total,
        bytes_from_neighbors: download.bytes_from_neighbors,
        bytes_s: download.bytes_s,
        left_s: download.left_s,
    })
}
