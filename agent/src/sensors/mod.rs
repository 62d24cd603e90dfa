//! What the display senses. Each sensor knows one part, runs in a task of its own with a period and
//! a time limit ([`crate::telemetry::sampler`]), and ends in a [`Sensed`]: a reading and a judgement.
//! A sensor decides nothing about others and sends nothing.

pub mod clock;
pub mod page;
pub mod printer;
pub mod services;
pub mod storage;
pub mod system;
pub mod usage;

use std::collections::BTreeMap;
use std::future::Future;

use migrado_protocol::health::{Component, Health, HealthState, Reason};
use migrado_protocol::limits::clip;
use migrado_protocol::printer::Printer;
use migrado_protocol::report::{Clock, Storage, System, UnitState};

/// One part of the display that can be read.
pub trait Sensor: Send {
    /// Which part.
    const COMPONENT: Component;

    /// Reads it once. Dropped at its time limit, so that a slow part delays nobody.
    fn read(&mut self, now_ms: i64) -> impl Future<Output = Sensed> + Send;
}

/// What a sensor found.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensed {
    /// The reading; absent where there is none.
    pub reading: Option<Reading>,
    /// What it means.
    pub judgement: Judgement,
}

/// A reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Processor, memory, network.
    System(System),
    /// The data directory's file system.
    Storage(Storage),
    /// The clock.
    Clock(Clock),
    /// The listed units.
    Services(BTreeMap<String, UnitState>),
    /// Printers by name.
    Printers(BTreeMap<String, Option<Printer>>),
}

/// How a part is, without a since-when: that is the state's to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How it is.
    pub state: HealthState,
    /// Why it is not `ok`.
    pub reason: Option<Reason>,
    /// The raw words.
    pub detail: Option<String>,
}

impl Judgement {
    /// As it should be.
    pub fn ok() -> Self {
        Self { state: HealthState::Ok, reason: None, detail: None }
    }

    /// Works, but somebody should look.
    pub fn degraded(reason: Reason, detail: impl Into<Option<String>>) -> Self {
        Self::of(HealthState::Degraded, reason, detail.into())
    }

    /// Does not work.
    pub fn failed(reason: Reason, detail: impl Into<Option<String>>) -> Self {
        Self::of(HealthState::Failed, reason, detail.into())
    }

    /// Nothing can be said.
    pub fn unknown(reason: Reason, detail: impl Into<Option<String>>) -> Self {
        Self::of(HealthState::Unknown, reason, detail.into())
    }

    /// This machine has nothing to sense here.
    pub fn unsupported() -> Self {
        Self::unknown(Reason::Unsupported, None)
    }

    fn of(state: HealthState, reason: Reason, detail: Option<String>) -> Self {
        Self { state, reason: Some(reason), detail: detail.map(|d| clip(&d)) }
    }

    /// As a node of the tree: since-when stays while state and reason stay.
    pub fn into_health(self, before: Option<&Health>, now_ms: i64) -> Health {
        let unchanged = before.filter(|b| b.state == self.state && b.reason == self.reason);
        let since_ms = unchanged.map_or(now_ms, |b| b.since_ms);
        Health { state: self.state, reason: self.reason, detail: self.detail, since_ms }
    }
}

impl Sensed {
    /// A reading and what it means.
    pub fn new(reading: Reading, judgement: Judgement) -> Self {
        Self { reading: Some(reading), judgement }
    }

    /// A judgement without a reading.
    pub fn only(judgement: Judgement) -> Self {
        Self { reading: None, judgement }
    }
}
