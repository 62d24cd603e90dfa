//! What is known at one moment, read once for a plan or a look: the fleet, what each display should
//! have, the releases, and every rollout that moves.

use std::collections::BTreeMap;
use std::sync::Arc;

use migrado_protocol::TerminalId;
use migrado_protocol::content::{Recalled, ReleaseWanted};

use super::budget::{Budget, Labels};
use super::decide::World;
use super::model::{Rollout, Spec, Whole};
use super::plan::{self, Fleet, Plan};
use crate::api::state::ApiState;
use crate::fleet::Terminal;
use crate::store::desired::{self, Stored};
use crate::store::{StoreError, releases, rollouts as rows};

/// What is known.
#[derive(Debug)]
pub struct Known {
    /// Every display.
    pub terminals: BTreeMap<TerminalId, Arc<Terminal>>,
    /// What is stored of each.
    pub stored: BTreeMap<TerminalId, Stored>,
    /// What each should have.
    pub wanted: BTreeMap<TerminalId, ReleaseWanted>,
    /// What is recalled.
    pub recalled: Vec<Recalled>,
    /// Names and manifests of live releases.
    live: Vec<(String, String)>,
    /// Rollouts that move.
    pub moving: Vec<Whole>,
    /// Titles of rollouts by the displays that they hold.
    taken: BTreeMap<TerminalId, String>,
    /// When.
    pub now_ms: i64,
}

impl Known {
    /// Reads it.
    pub async fn gather(state: &ApiState) -> Result<Self, StoreError> {
        let pool = &state.pool;
        let stored: BTreeMap<TerminalId, Stored> = desired::all(pool)
            .await?
            .into_iter()
            .filter_map(|s| Some((s.terminal.parse().ok()?, s)))
            .collect();
        let wanted =
            stored.iter().filter_map(|(id, s)| Some((id.clone(), s.settings.release.clone()?))).collect();
        let all = releases::all(pool).await?.into_iter().filter(|r| r.withdrawn_ms.is_none());
        let mut moving = Vec::new();
        for id in rows::moving(pool).await? {
            moving.extend(rows::whole(pool, id).await?);
        }
        let titles: BTreeMap<_, _> =
            rows::list(pool).await?.into_iter().map(|r| (r.id, r.spec.title)).collect();
        let taken = rows::claims(pool).await?.into_iter().filter_map(|(terminal, rollout)| {
            let title = titles.get(&rollout).cloned().unwrap_or_else(|| rollout.to_string());
            Some((terminal.parse().ok()?, title))
        });
        Ok(Self {
            terminals: state.fleet.all().into_iter().map(|t| (t.id.clone(), t)).collect(),
            stored,
            wanted,
            recalled: releases::recalled(pool).await?,
            live: all.map(|r| (r.name, r.manifest)).collect(),
            moving,
            taken: taken.collect(),
            now_ms: state.clock.now_ms(),
        })
    }

    /// Title of the rollout that holds a display.
    pub fn taken_by(&self, id: &TerminalId) -> Option<&str> {
        self.taken.get(id).map(String::as_str)
    }

    /// Whether the signed list has this release.
    pub fn is_live(&self, spec: &Spec) -> bool {
        self.live.iter().any(|(name, manifest)| *name == spec.release && *manifest == spec.manifest)
    }

    /// The world as a rollout sees it.
    pub fn world<'w>(&'w self, state: &'w ApiState, rollout: &Rollout) -> World<'w> {
        World {
            terminals: &self.terminals,
            wanted: &self.wanted,
            labels: &state.rollouts.labels,
            windows: state.rollouts.windows.as_ref(),
            live: self.is_live(&rollout.spec),
            now_ms: self.now_ms,
        }
    }

    /// What every site has.
    pub fn budget(&self, labels: &Labels) -> Budget {
        let displays = self.moving.iter().flat_map(|whole| whole.displays.values());
        Budget::count(self.terminals.values().map(AsRef::as_ref), displays, labels, self.now_ms)
    }

    /// The plan of a rollout that holds no displays yet.
    pub fn plan(&self, state: &ApiState, spec: &Spec) -> Plan {
        let wanted = self.wanted.iter().map(|(id, w)| (id.clone(), w.manifest.clone())).collect();
        let labels = &state.rollouts.labels;
        let budget = self.budget(labels);
        let fleet = Fleet {
            terminals: &self.terminals,
            wanted: &wanted,
            taken: &self.taken,
            labels,
            windows: state.rollouts.windows.as_ref(),
            budget: &budget,
            now_ms: self.now_ms,
        };
        plan::plan(spec, &fleet)
    }
}
