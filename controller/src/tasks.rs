//! The one place that spawns. Every task has a name and a stage; a task that ends while nobody
//! asked it to ends the process. Stopping goes by stages: first whatever works, then the link, so
//! that the planned farewell still finds a way out; each stage has its deadline.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// Which tasks stop together, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Ingest, dispatch, API: whatever works.
    Work,
    /// What carries words to the broker.
    Link,
}

/// The tasks of the process.
#[derive(Debug, Default)]
pub struct Tasks {
    work: Group,
    link: Group,
}

#[derive(Debug, Default)]
struct Group {
    token: CancellationToken,
    set: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

/// A task ended though it should run as long as the process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("task {task} ended unasked ({how})")]
pub struct Death {
    /// Its name.
    pub task: &'static str,
    /// Whether it returned or panicked.
    pub how: &'static str,
}

impl Tasks {
    /// The token that is canceled when a stage stops. A task listens to the one of its stage.
    pub fn token(&self, stage: Stage) -> CancellationToken {
        self.group(stage).token.clone()
    }

    /// Starts a task that lives as long as its stage. It is dropped at its next await once the
    /// stage is canceled *and* its deadline has passed; until then it may finish in order.
    pub fn spawn(
        &mut self,
        stage: Stage,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let group = match stage {
            Stage::Work => &mut self.work,
            Stage::Link => &mut self.link,
        };
        let handle = group.set.spawn(task);
        group.names.insert(handle.id(), name);
    }

    /// Like [`Self::spawn`] for a task that has nothing to bring in order: it ends where it stands
    /// when its stage is canceled.
    pub fn spawn_until_canceled(
        &mut self,
        stage: Stage,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let token = self.token(stage);
        self.spawn(stage, name, async move {
            // Cancel-safe: the task is dropped as a whole.
            tokio::select! {
                () = token.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Waits until a task ends that should not have.
    pub async fn death(&mut self) -> Death {
        loop {
            // Cancel-safe: join_next_with_id loses nothing when dropped.
            let (task, how, canceled) = tokio::select! {
                Some(ended) = self.work.set.join_next_with_id() => self.work.name(ended),
                Some(ended) = self.link.set.join_next_with_id() => self.link.name(ended),
                else => std::future::pending().await,
            };
            if !canceled {
                return Death { task, how };
            }
        }
    }

    /// Stops a stage: cancels it, waits for its tasks up to the deadline, then drops what is left.
    /// Returns the names of those.
    pub async fn drain(&mut self, stage: Stage, deadline: Duration) -> Vec<&'static str> {
        let group = match stage {
            Stage::Work => &mut self.work,
            Stage::Link => &mut self.link,
        };
        group.token.cancel();
        let all_ended = async {
            while let Some(ended) = group.set.join_next_with_id().await {
                let id = match &ended {
                    Ok((id, ())) => *id,
                    Err(error) => error.id(),
                };
                group.names.remove(&id);
            }
        };
        let in_time = tokio::time::timeout(deadline, all_ended).await.is_ok();
        if in_time {
            return Vec::new();
        }
        group.set.abort_all();
        let mut late: Vec<&'static str> = group.names.drain().map(|(_, name)| name).collect();
        late.sort_unstable();
        late
    }

    fn group(&self, stage: Stage) -> &Group {
        match stage {
            Stage::Work => &self.work,
            Stage::Link => &self.link,
        }
    }
}

impl Group {
    fn name(
        &mut self,
        ended: Result<(Id, ()), tokio::task::JoinError>,
    ) -> (&'static str, &'static str, bool) {
        let (id, how) = match &ended {
            Ok((id, ())) => (*id, "returned"),
            Err(error) if error.is_panic() => (error.id(), "panicked"),
            Err(error) => (error.id(), "aborted"),
        };
        (self.names.remove(&id).unwrap_or("unnamed"), how, self.token.is_cancelled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_returns_unasked_is_a_death_with_its_name() {
        let mut tasks = Tasks::default();
        tasks.spawn_until_canceled(Stage::Link, "link", std::future::pending());
        tasks.spawn(Stage::Work, "ingest", async {});
        assert_eq!(tasks.death().await, Death { task: "ingest", how: "returned" });
    }

    #[tokio::test]
    async fn a_panic_is_a_death_and_not_the_end_of_the_others() {
        let mut tasks = Tasks::default();
        tasks.spawn(Stage::Work, "broken", async { panic!("as a test") });
        assert_eq!(tasks.death().await.how, "panicked");
    }

    #[tokio::test(start_paused = true)]
    async fn stages_stop_one_after_the_other_and_what_is_late_is_named() {
        let mut tasks = Tasks::default();
        let token = tasks.token(Stage::Work);
        tasks.spawn(Stage::Work, "polite", async move { token.cancelled().await });
        tasks.spawn(Stage::Work, "deaf", std::future::pending());
        tasks.spawn_until_canceled(Stage::Link, "link", std::future::pending());
        assert_eq!(tasks.drain(Stage::Work, Duration::from_secs(5)).await, ["deaf"]);
        assert!(!tasks.token(Stage::Link).is_cancelled());
        assert!(tasks.drain(Stage::Link, Duration::from_secs(5)).await.is_empty());
    }
}
