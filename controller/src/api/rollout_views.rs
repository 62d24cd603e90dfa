//! Rollouts and their plans as people see them, made from the domain in named functions.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::convert;
use super::state::ApiState;
use super::text::Text;
use super::views::DownloadView;
use crate::fleet::Terminal;
use crate::rollouts::gate::{self, Gate};
use crate::rollouts::lifecycle::State;
use crate::rollouts::model::{Display, ErrorsMax, Limits, PausedBy, Rollout, Step, Wave, Who, Whole};
use crate::rollouts::plan::{Plan, Planned};
use crate::rollouts::why::Why;

/// Why something is so.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhyView {
    /// For programs.
    pub code: String,
    /// In words.
    pub text: Text,
    /// The time that belongs to it: since when, from when or until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// Since when, where `at_ms` is the end of a wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
}

fn why(why: &Why) -> WhyView {
    WhyView { code: why.code(), text: why.words(), at_ms: why.at_ms(), since_ms: why.since_ms() }
}

/// A rollout in lists and events.
#[derive(Debug, Serialize, ToSchema)]
pub struct RolloutSummary {
    pub id: String,
    pub title: String,
    pub release: String,
    pub state: State,
    pub since_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<WhyView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<PausedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    pub made_by: String,
    pub made_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// The wave that goes on, from 0; as many as there are waves when all are through.
    pub wave: usize,
    /// Displays by step.
    pub counts: BTreeMap<Step, usize>,
    pub revision: i64,
}

/// Where a wave stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaveState {
    /// Has not begun.
    Pending,
    /// Goes on.
    Running,
    /// Enough are confirmed, and it is watched.
    Observing,
    /// Is through.
    Through,
}

/// A wave.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaveView {
    pub name: String,
    pub who: Who,
    pub state: WaveState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observing_until_ms: Option<i64>,
    pub success_percent: u8,
    pub errors_max: ErrorsMax,
    pub observe_s: u32,
    pub pause_after: bool,
    /// Displays that count.
    pub displays: u32,
    pub confirmed: u32,
    pub errors: u32,
    /// Displays by step.
    pub counts: BTreeMap<Step, usize>,
}

/// A display of a rollout.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisplayView {
    pub terminal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its wave, from 0; absent: it takes no part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    pub state: Step,
    pub since_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<WhyView>,
    /// Since when it may put the release in service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_ms: Option<i64>,
    /// Name of what it had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How far the download is, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<DownloadView>,
}

/// A rollout.
#[derive(Debug, Serialize, ToSchema)]
pub struct RolloutView {
    #[serde(flatten)]
    pub summary: RolloutSummary,
    pub manifest: String,
    pub allow_single: bool,
    pub limits: Limits,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle_bytes_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_at_most_s: Option<u32>,
    /// Whether somebody else than its maker has to approve it.
    pub four_eyes: bool,
    pub waves: Vec<WaveView>,
    pub displays: Vec<DisplayView>,
}

fn counts<'d>(displays: impl Iterator<Item = &'d Display>) -> BTreeMap<Step, usize> {
    let mut counts = BTreeMap::new();
    displays.for_each(|display| *counts.entry(display.step).or_default() += 1);
    counts
}

/// A rollout in lists and events.
pub(super) fn summary(whole: &Whole) -> RolloutSummary {
    let r = &whole.rollout;
    RolloutSummary {
        id: r.id.to_string(),
        title: r.spec.title.clone(),
        release: r.spec.release.clone(),
        state: r.state,
        since_ms: r.since_ms,
        reason: r.reason.as_ref().map(why),
        paused_by: r.paused_by,
        start_ms: r.spec.start_ms,
        made_by: r.made_by.clone(),
        made_ms: r.made_ms,
        started_by: r.started_by.clone(),
        approved_by: r.approved_by.clone(),
        wave: r.wave,
        counts: counts(whole.displays.values()),
        revision: r.revision,
    }
}

fn wave(whole: &Whole, n: usize, wave: &Wave, now_ms: i64) -> WaveView {
    let r: &Rollout = &whole.rollout;
    let members = || whole.displays.values().filter(|d| d.wave == n);
    let tally = gate::tally(members());
    let begun_ms = r.begun_ms.get(n).copied();
    let gate = gate::evaluate(wave, tally, now_ms);
    let (state, observing_until_ms) = match (begun_ms, gate) {
        (None, _) => (WaveState::Pending, None),
        _ if n < r.wave => (WaveState::Through, None),
        (_, Gate::Observing { until_ms }) => (WaveState::Observing, Some(until_ms)),
        _ => (WaveState::Running, None),
    };
    WaveView {
        name: wave.name.clone(),
        who: wave.who.clone(),
        state,
        begun_ms,
        observing_until_ms,
        success_percent: wave.success_percent,
        errors_max: wave.errors_max,
        observe_s: wave.observe_s,
        pause_after: wave.pause_after,
        displays: tally.of,
        confirmed: tally.confirmed,
        errors: tally.errors,
        counts: counts(members()),
    }
}

fn display(state: &ApiState, whole: &Whole, d: &Display, now_ms: i64) -> DisplayView {
    let terminal = state.fleet.get(&d.terminal);
    let is_of_this = |t: &&std::sync::Arc<Terminal>| {
        let update = t.reported.content.as_ref().and_then(|c| c.update.as_ref());
        update.is_some_and(|u| Some(u.manifest.as_str()) == d.told_manifest())
    };
    let fetches = terminal.as_ref().filter(|_| d.step.is_under_way()).filter(is_of_this);
    DisplayView {
        terminal: d.terminal.to_string(),
        site: terminal.as_ref().map(|t| t.site.to_string()),
        label: terminal.as_ref().map(|t| t.label.clone()),
        wave: (d.wave < whole.rollout.spec.waves.len()).then_some(d.wave),
        state: d.step,
        since_ms: d.since_ms,
        reason: d.why.as_ref().map(why),
        leave_ms: d.leave_ms,
        before: d.before.as_ref().map(|before| before.name.clone()),
        download: fetches.and_then(|t| convert::download(t, now_ms)),
    }
}

/// A rollout with its waves and displays.
pub(super) fn view(state: &ApiState, whole: &Whole) -> RolloutView {
    let (spec, now_ms) = (&whole.rollout.spec, state.clock.now_ms());
    RolloutView {
        summary: summary(whole),
        manifest: spec.manifest.clone(),
        allow_single: spec.allow_single,
        limits: spec.limits,
        throttle_bytes_s: spec.throttle_bytes_s,
        wait_at_most_s: spec.wait_at_most_s,
        four_eyes: state.rollouts.four_eyes,
        waves: spec.waves.iter().enumerate().map(|(n, w)| wave(whole, n, w, now_ms)).collect(),
        displays: whole.displays.values().map(|d| display(state, whole, d, now_ms)).collect(),
    }
}

/// A display in a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedView {
    pub terminal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Its wave, from 0; absent: it takes no part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    /// When it may be fetched at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_ms: Option<i64>,
    /// When it may be put in service at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activate_ms: Option<i64>,
    /// Why not, or what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<WhyView>,
}

/// A wave in a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedWaveView {
    pub name: String,
    pub displays: usize,
    /// When it begins at the earliest.
    pub from_ms: i64,
}

/// Something that makes the whole impossible.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObstacleView {
    pub terminal: String,
    pub reason: WhyView,
}

/// Who gets what, when, and why not.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    /// Whether it could start.
    pub solvable: bool,
    pub obstacles: Vec<ObstacleView>,
    pub waves: Vec<PlannedWaveView>,
    pub displays: Vec<PlannedView>,
    /// Whether somebody else than its maker has to approve it.
    pub four_eyes: bool,
}

/// A plan.
pub(super) fn plan(state: &ApiState, waves: &[Wave], plan: Plan) -> PlanView {
    let takes_part = plan.displays.iter().any(|display| display.wave.is_some());
    let planned = |p: Planned| PlannedView {
        terminal: p.terminal.to_string(),
        site: p.site.map(|site| site.to_string()),
        wave: p.wave,
        download_ms: p.download_ms,
        activate_ms: p.activate_ms,
        reason: p.why.as_ref().map(why),
    };
    let named = plan.waves.iter().zip(waves).map(|(planned, wave)| PlannedWaveView {
        name: wave.name.clone(),
        displays: planned.displays,
        from_ms: planned.from_ms,
    });
    PlanView {
        solvable: plan.obstacles.is_empty() && takes_part,
        waves: named.collect(),
        obstacles: plan
            .obstacles
            .iter()
            .map(|o| ObstacleView { terminal: o.terminal.to_string(), reason: why(&o.why) })
            .collect(),
        displays: plan.displays.into_iter().map(planned).collect(),
        four_eyes: state.rollouts.four_eyes,
    }
}
