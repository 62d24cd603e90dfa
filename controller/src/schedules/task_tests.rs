//! Runs over a real database: never twice, not after the controller ended between any two steps.

use migrado_protocol::command::Verb;

use super::super::model::{OnlyWhen, Plan, Scope, When};
use super::*;
use crate::api::tests::World;
use crate::clock::Clock;
use crate::store::commands::{self as command_rows, Filter};

/// 2026-11-25 03:00 in Berlin.
const THREE_MS: i64 = 1_795_572_000_000;

fn schedule(only_when: OnlyWhen) -> Schedule {
    Schedule {
        id: "s1".into(),
        plan: Plan {
            name: "Nachts neu starten".into(),
            when: When::Recurring { cron: "0 3 * * *".into() },
            terminals: Scope::Word("all".into()),
            order: Verb::RestartPage,
            only_when,
            grace_minutes: 60,
        },
        paused: false,
        since_ms: THREE_MS - 3_600_000,
        last_due_ms: None,
        changed_ms: 0,
        changed_by: "admin".into(),
        revision: 1,
    }
}

async fn world(schedule: &Schedule) -> World {
    let world = World::new().await;
    world.enrolled();
    let mut conn = world.state.pool.acquire().await.unwrap();
    rows::add(&mut conn, schedule).await.unwrap();
    drop(conn);
    world
}

/// The same controller at another time.
fn at(world: &World, ms: i64) -> ApiState {
    ApiState { clock: Clock::of(move || ms), ..world.state.clone() }
}

async fn orders(world: &World) -> Vec<command_rows::Command> {
    command_rows::list(&world.state.pool, &Filter::default(), i64::MAX).await.unwrap()
}

async fn runs(world: &World) -> Vec<Run> {
    rows::runs(&world.state.pool, "s1", i64::MAX, 100).await.unwrap()
}

#[tokio::test]
async fn a_run_gives_its_orders_once_however_often_it_is_looked_at() {
    let world = world(&schedule(OnlyWhen::Any)).await;
    for ms in [THREE_MS - 1, THREE_MS + 1_000, THREE_MS + 6_000, THREE_MS + 3_000_000, THREE_MS + 90_100_000]
    {
        pass(&at(&world, ms)).await.unwrap();
    }
    let made = orders(&world).await;
    assert_eq!(made.len(), 1);
    assert_eq!((&*made[0].issued_by, made[0].reason.as_deref()), (ACTOR, Some("Nachts neu starten")));
    let runs = runs(&world).await;
    // The next night's run came an hour after its time: too late, and recorded as such.
    assert_eq!(
        runs.iter().map(|run| (run.state, run.reason, run.ordered)).collect::<Vec<_>>(),
        [(RunState::Skipped, Some(SkipReason::TooLate), 0), (RunState::Ordered, None, 1),]
    );
    assert_eq!(runs[1].batch.as_deref(), Some(&*made[0].batch));
    assert!(crate::audit::verify(&world.state.pool).await.is_ok());
}

#[tokio::test]
async fn a_controller_that_ended_between_two_steps_neither_loses_a_run_nor_gives_it_twice() {
    // It ended after the record and before the orders.
    let before = world(&schedule(OnlyWhen::Any)).await;
    let state = at(&before, THREE_MS + 1_000);
    let due = Timestamp::from_millisecond(THREE_MS).unwrap();
    let recorded = Run { state: RunState::Ordering, ..new_run(&state, &schedule(OnlyWhen::Any), due, 0) };
    let record = async |world: &World| {
        let mut conn = world.state.pool.acquire().await.unwrap();
        assert!(rows::record(&mut conn, &recorded, 1).await.unwrap());
        assert!(!rows::record(&mut conn, &recorded, 1).await.unwrap(), "it stands there already");
    };
    record(&before).await;
    pass(&at(&before, THREE_MS + 600_000)).await.unwrap();
    pass(&at(&before, THREE_MS + 605_000)).await.unwrap();
    assert_eq!(orders(&before).await.len(), 1);
    assert_eq!(runs(&before).await[0].state, RunState::Ordered);

    // It ended after the orders and before that was noted; a day later it is still known.
    let after = world(&schedule(OnlyWhen::Any)).await;
    record(&after).await;
    order(&at(&after, THREE_MS + 1_000), &schedule(OnlyWhen::Any), recorded.clone()).await.unwrap();
    rows::settle(&after.state.pool, &recorded).await.unwrap();
    pass(&at(&after, THREE_MS + 10_000)).await.unwrap();
    assert_eq!(orders(&after).await.len(), 1);
    let run = runs(&after).await.remove(0);
    assert_eq!((run.state, run.ordered), (RunState::Ordered, 1));

    // The same, and it came back after the grace: what was ordered is told as ordered.
    rows::settle(&after.state.pool, &recorded).await.unwrap();
    pass(&at(&after, THREE_MS + 3_700_000)).await.unwrap();
    let run = runs(&after).await.remove(0);
    assert_eq!((run.state, run.ordered, orders(&after).await.len()), (RunState::Ordered, 1, 1));

    // It ended after the record and came back after the grace: nobody knows, nothing is done.
    let late = world(&schedule(OnlyWhen::Any)).await;
    record(&late).await;
    pass(&at(&late, THREE_MS + 3_700_000)).await.unwrap();
    assert_eq!(orders(&late).await.len(), 0);
    assert_eq!(runs(&late).await[0].state, RunState::Unknown);
}

#[tokio::test]
async fn the_calendar_holds_a_run_back_and_the_record_says_so() {
    let world = world(&schedule(OnlyWhen::Closed)).await;
    pass(&at(&world, THREE_MS + 1_000)).await.unwrap();
    assert_eq!(orders(&world).await.len(), 0);
    let run = runs(&world).await.remove(0);
    assert_eq!((run.state, run.reason, run.left_out), (RunState::Skipped, Some(SkipReason::HoursUnknown), 1));
}

#[tokio::test]
async fn a_schedule_that_changed_meanwhile_is_not_run_by_its_old_words() {
    let world = world(&schedule(OnlyWhen::Any)).await;
    let changed = Schedule { paused: true, revision: 2, ..schedule(OnlyWhen::Any) };
    let mut conn = world.state.pool.acquire().await.unwrap();
    assert!(rows::change(&mut conn, &changed).await.unwrap());
    assert!(!rows::change(&mut conn, &changed).await.unwrap(), "decided on a revision that is gone");
    drop(conn);
    let due = Timestamp::from_millisecond(THREE_MS).unwrap();
    begin(&at(&world, THREE_MS), &schedule(OnlyWhen::Any), due, 0).await.unwrap();
    assert_eq!((orders(&world).await.len(), runs(&world).await.len()), (0, 0));
}
