//! A rollout as somebody asks for it, checked: every mistake at once, with its place.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::Targets;
use super::problem::{Answer, FieldError, Problem};
use super::state::ApiState;
use super::text::{DISRUPTIVE, is_disruptive};
use crate::rollouts::model::{self, ErrorsMax, Limits, Spec, Wave, Who};
use crate::store::releases;

/// Characters of a title or of a wave's name.
const NAME_CHARS_MAX: usize = 80;
/// Waves of a rollout: more are not told apart by anybody.
const WAVES_MAX: usize = 20;
/// Seconds that a wave is watched when nobody says: time for the first visitors of a morning.
const OBSERVE_S_DEFAULT: u32 = 15 * 60;
/// Seconds that a wave is watched, and that a step takes, at most: two weeks.
const SECONDS_MAX: u32 = 14 * 24 * 3600;
/// How far ahead a start may be: a year, and a day for leap years.
const START_AHEAD_MS_MAX: i64 = 367 * 24 * 3600 * 1000;
/// The least throttle: slower, and a display counts its line as held up.
const THROTTLE_MIN: u64 = 1024;

/// A wave.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaveRequest {
    /// What people call it; its number if absent.
    #[serde(default)]
    name: Option<String>,
    /// Which displays, of those that no earlier wave has: `{"terminals": [...]}`, `{"count": 1}`,
    /// `{"percent": 25}` (of all, earlier waves included), `{"site": ...}`, `{"label": ...}` or `"rest"`.
    who: Who,
    /// Percent that must be confirmed before the next wave; all if absent.
    #[serde(default)]
    success_percent: Option<u8>,
    /// Errors beyond which the rollout halts: `{"count": 0}` if absent, or `{"percent": 10}`.
    #[serde(default)]
    errors_max: Option<ErrorsMax>,
    /// Seconds that it is watched after its last confirmation; a quarter of an hour if absent.
    #[serde(default)]
    observe_s: Option<u32>,
    /// Whether a person lets the next wave begin.
    #[serde(default)]
    pause_after: bool,
}

/// A rollout.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolloutRequest {
    /// What people call it.
    title: String,
    /// Name of the release.
    release: String,
    /// For which displays: `"all"` if absent, `{"site": ...}` or a list.
    #[serde(default)]
    terminals: Option<Targets>,
    /// One after the other.
    waves: Vec<WaveRequest>,
    /// Not before this.
    #[serde(default)]
    start_ms: Option<i64>,
    /// Bytes a second and display.
    #[serde(default)]
    throttle_bytes_s: Option<u64>,
    /// Seconds that a display waits for a visitor at most.
    #[serde(default)]
    wait_at_most_s: Option<u32>,
    /// Seconds that each step may take on one display.
    #[serde(default)]
    limits: Limits,
    /// The only display of its kind at a site may be away while the site is open.
    #[serde(default)]
    allow_single: bool,
}

#[derive(Default)]
struct Mistakes(Vec<FieldError>);

impl Mistakes {
    fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), message: message.into() });
    }

    fn name(&mut self, pointer: &str, text: &str) -> String {
        let text = text.trim();
        if !(1..=NAME_CHARS_MAX).contains(&text.chars().count()) {
            self.add(pointer, format!("use 1 to {NAME_CHARS_MAX} characters"));
        } else if text.chars().any(is_disruptive) {
            self.add(pointer, DISRUPTIVE);
        }
        text.to_owned()
    }

    fn range<T: PartialOrd + std::fmt::Display>(&mut self, pointer: String, value: T, min: T, max: T) {
        if value < min || value > max {
            self.add(pointer, format!("use {min} to {max}"));
        }
    }
}

/// What was asked for, checked.
pub(super) async fn checked(state: &ApiState, request: RolloutRequest) -> Answer<Spec> {
    let mut found = Mistakes::default();
    let title = found.name("/title", &request.title);
    let release = releases::get(&state.pool, &request.release).await?.filter(|r| r.withdrawn_ms.is_none());
    if release.is_none() {
        let name = migrado_protocol::limits::clip(&request.release);
        found
            .add("/release", format!("there is no live release \"{name}\"; GET /api/v1/releases lists them"));
    }
    let targets = targets(state, request.terminals, &mut found);
    if request.waves.is_empty() || request.waves.len() > WAVES_MAX {
        found.add("/waves", format!("name 1 to {WAVES_MAX} waves"));
    }
    let waves = request.waves.into_iter().take(WAVES_MAX).enumerate();
    let waves = waves.map(|(n, wave)| checked_wave(state, n, wave, &mut found)).collect();
    let Limits { reach_s, download_s, activate_s } = request.limits;
    for (name, value) in [("reach_s", reach_s), ("download_s", download_s), ("activate_s", activate_s)] {
        found.range(format!("/limits/{name}"), value, 1, SECONDS_MAX);
    }
    if let Some(seconds) = request.wait_at_most_s {
        found.range("/wait_at_most_s".to_owned(), seconds, 0, SECONDS_MAX);
    }
    if request.throttle_bytes_s.is_some_and(|bytes| bytes < THROTTLE_MIN) {
        found.add("/throttle_bytes_s", format!("use at least {THROTTLE_MIN} bytes a second"));
    }
    if request.start_ms.is_some_and(|at| !(0..=state.clock.now_ms() + START_AHEAD_MS_MAX).contains(&at)) {
        found.add("/start_ms", "use a time within the next year, in milliseconds since 1970");
    }
    let Some(release) = release.filter(|_| found.0.is_empty()) else { return Err(Problem::invalid(found.0)) };
    Ok(Spec {
        title,
        release: release.name,
        manifest: release.manifest,
        targets,
        waves,
        start_ms: request.start_ms,
        throttle_bytes_s: request.throttle_bytes_s,
        wait_at_most_s: request.wait_at_most_s,
        limits: request.limits,
        allow_single: request.allow_single,
    })
}

fn targets(state: &ApiState, asked: Option<Targets>, found: &mut Mistakes) -> model::Targets {
    match asked {
        None => model::Targets::All,
        Some(Targets::Word(word)) => {
            if word != "all" {
                found.add("/terminals", "use \"all\", {\"site\": ...} or a list");
            }
            model::Targets::All
        }
        Some(Targets::Site { site }) => match state.known_site(&site) {
            Ok(site) => model::Targets::Site(site),
            Err(message) => {
                found.add("/terminals/site", message);
                model::Targets::All
            }
        },
        Some(Targets::Terminals(ids)) => {
            if ids.is_empty() {
                found.add("/terminals", "name at least one display");
            }
            let mut list = Vec::new();
            for (n, id) in ids.iter().enumerate() {
                match id.parse() {
                    Ok(id) => list.push(id),
                    Err(error) => {
                        let error: migrado_protocol::ids::InvalidId = error;
                        found.add(format!("/terminals/{n}"), error.to_string());
                    }
                }
            }
            model::Targets::Terminals(list)
        }
    }
}

fn checked_wave(state: &ApiState, n: usize, wave: WaveRequest, found: &mut Mistakes) -> Wave {
    let at = |name: &str| format!("/waves/{n}/{name}");
    let name = wave.name.unwrap_or_else(|| (n + 1).to_string());
    let name = found.name(&at("name"), &name);
    match &wave.who {
        Who::Terminals(ids) if ids.is_empty() => found.add(at("who/terminals"), "name at least one display"),
        Who::Terminals(_) | Who::Rest => {}
        Who::Count(count) => found.range(at("who/count"), *count, 1, u32::MAX),
        Who::Percent(percent) => found.range(at("who/percent"), *percent, 1, 100),
        Who::Site(site) => {
            if let Err(message) = state.known_site(site.as_str()) {
                found.add(at("who/site"), message);
            }
        }
        Who::Label(label) => {
            if !state.rollouts.labels.contains_key(label) {
                let known: Vec<&str> = state.rollouts.labels.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none is configured".to_owned() } else { known.join(", ") };
                let name = migrado_protocol::limits::clip(label);
                found.add(
                    at("who/label"),
                    format!("there is no label \"{name}\" under rollouts.labels: {known}"),
                );
            }
        }
    }
    let success_percent = wave.success_percent.unwrap_or(100);
    found.range(at("success_percent"), success_percent, 0, 100);
    let errors_max = wave.errors_max.unwrap_or(ErrorsMax::Count(0));
    if let ErrorsMax::Percent(percent) = errors_max {
        found.range(at("errors_max/percent"), percent, 0, 100);
    }
    let observe_s = wave.observe_s.unwrap_or(OBSERVE_S_DEFAULT);
    found.range(at("observe_s"), observe_s, 0, SECONDS_MAX);
    Wave { name, who: wave.who, success_percent, errors_max, observe_s, pause_after: wave.pause_after }
}
