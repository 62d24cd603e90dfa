//! What comes of a command: the terminals' word, the passing of time, and who may overrule whom.
//! The table of states is `protocol`'s; here it is asked, and the answer written.

use migrado_protocol::command::{Ack, CommandState, Teller};
use migrado_protocol::limits::clip;
use migrado_protocol::{CommandId, TerminalId};
use tokio_util::sync::CancellationToken;

use super::Commands;
use crate::store::StoreError;
use crate::store::command_steps::{self, Step};
use crate::store::commands::{self as rows, Command};
use crate::store::tx::Tx;

/// Milliseconds after the finish-by until the controller gives up waiting: clocks differ, and a
/// result may be on its way from the outbox.
pub const GRACE_MS: i64 = 60_000;

/// Milliseconds between two looks at the deadlines.
const LOOK_PERIOD: std::time::Duration = std::time::Duration::from_secs(5);

/// What a terminal's word means for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is in this state now.
    Becomes(CommandState),
    /// It is where it was, with news about why or until when.
    News,
    /// Nothing new: a repetition, or a word that came too late.
    Nothing,
}

/// Decides about a terminal's word. Pure.
pub fn by_ack(command: &Command, ack: &Ack) -> Decision {
    if let Some(state) = command.state.after(ack.state, Teller::Terminal) {
        return Decision::Becomes(state);
    }
    let news = ack.state == command.state
        && !command.state.is_settled()
        && (ack.waits_until_ms != command.waits_until_ms
            || (ack.detail.is_some() && ack.detail.as_deref().map(clip) != command.detail));
    if news { Decision::News } else { Decision::Nothing }
}

/// Decides about the passing of time. Pure. What never left the controller expires; what left it
/// and got no result is unknown.
pub fn by_time(command: &Command, now_ms: i64) -> Option<CommandState> {
    let told = match command.state {
        CommandState::Queued if now_ms > command.start_by_ms => CommandState::Expired,
        CommandState::Sent | CommandState::Accepted | CommandState::Running
            if now_ms > command.finish_by_ms + GRACE_MS =>
        {
            CommandState::TimedOut
        }
        _ => return None,
    };
    command.state.after(told, Teller::Controller)
}

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It changed the command.
    Changed(CommandId),
    /// It changed nothing.
    Nothing,
    /// There is no such command.
    UnknownCommand,
    /// The command is another terminal's.
    Foreign,
}

/// Writes a terminal's word, heard now, within the caller's transaction.
pub async fn acknowledge(
    tx: &mut Tx,
    terminal: &TerminalId,
    ack: &Ack,
    now_ms: i64,
) -> Result<Heard, StoreError> {
    let Some(mut command) = rows::get_in(tx, ack.id).await? else {
        return Ok(Heard::UnknownCommand);
    };
    if command.terminal != *terminal {
        return Ok(Heard::Foreign);
    }
    match by_ack(&command, ack) {
        Decision::Nothing => return Ok(Heard::Nothing),
        // A terminal tells again what it does not know to be heard, from the beginning. What it told
        // before it took the order back would open an ended command anew.
        Decision::Becomes(state)
            if command.state.is_settled()
                && command_steps::told_before(tx, ack.id, state, ack.at_ms).await? =>
        {
            return Ok(Heard::Nothing);
        }
        Decision::Becomes(state) => command.state = state,
        Decision::News => {}
    }
    command.rejection = ack.rejection;
    command.waits_until_ms = ack.waits_until_ms;
    command.detail = ack.detail.as_deref().map(clip);
    let step = Step {
        state: command.state,
        at_ms: ack.at_ms,
        heard_ms: now_ms,
        teller: "terminal".to_owned(),
        detail: command.detail.clone(),
    };
    rows::update_read(tx, &command, &step);
    Ok(Heard::Changed(ack.id))
}

/// The controller's word in a history.
pub(crate) fn controller_step(state: CommandState, at_ms: i64, detail: Option<&str>) -> Step {
    let (teller, detail) = ("controller".to_owned(), detail.map(str::to_owned));
    Step { state, at_ms, heard_ms: at_ms, teller, detail }
}

impl Commands {
    /// Takes a terminal's word in a transaction of its own.
    pub async fn acknowledged(&self, terminal: &TerminalId, ack: &Ack) -> Result<Heard, StoreError> {
        let mut tx = Tx::begin(&self.pool, "write an acknowledgement").await?;
        let heard = acknowledge(&mut tx, terminal, ack, self.clock.now_ms()).await?;
        tx.commit().await?;
        if let Heard::Changed(id) = heard {
            self.changed([(id, terminal.clone())]).await;
        }
        Ok(heard)
    }

    /// Looks at every open command's deadlines once; gives how many ended.
    pub async fn pass_time(&self) -> Result<usize, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut changed = Vec::new();
        for mut command in rows::open(&self.pool).await? {
            let Some(state) = by_time(&command, now_ms) else { continue };
            command.state = state;
            command.waits_until_ms = None;
            let step = controller_step(state, now_ms, None);
            let fail = StoreError::of("end a command");
            let mut tx = self.pool.begin().await.map_err(&fail)?;
            // Somebody faster knows more than the clock: leave it.
            if rows::update(&mut tx, &command, Some(&step)).await? {
                tx.commit().await.map_err(&fail)?;
                changed.push((command.id, command.terminal));
            }
        }
        let count = changed.len();
        if count > 0 {
            self.changed(changed).await;
        }
        Ok(count)
    }

    /// The task that watches deadlines.
    pub async fn settle_task(self, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_PERIOD);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            // Both arms are cancel-safe: they hold nothing between polls.
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => {}
            }
            if let Err(error) = self.pass_time().await {
                tracing::error!(%error, "deadlines of commands could not be checked");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::command::Verb;

    use super::*;
    use CommandState as S;

    fn command(state: S) -> Command {
        Command {
            id: CommandId(uuid::Uuid::from_u128(7)),
            batch: "b".into(),
            terminal: "fp-01".parse().unwrap(),
            verb: Verb::Reboot,
            state,
            issued_by: "admin".into(),
            issued_ms: 0,
            start_by_ms: 1_000,
            finish_by_ms: 2_000,
            force_reason: None,
            reason: None,
            rejection: None,
            detail: None,
            waits_until_ms: None,
            cancel_requested: false,
            sent_mark: String::new(),
            cancel_mark: String::new(),
            has_logs: false,
            revision: 1,
        }
    }

    fn ack(state: S) -> Ack {
        let id = CommandId(uuid::Uuid::from_u128(7));
        Ack { id, state, at_ms: 1, rejection: None, waits_until_ms: None, detail: None }
    }

    /// All ten states, told by the terminal in all ten states.
    #[test]
    fn the_terminals_word_wins_forwards_only() {
        for now in S::ALL {
            for told in S::ALL {
                let decision = by_ack(&command(now), &ack(told));
                let forwards = match now {
                    S::Succeeded | S::Failed | S::Rejected => false,
                    // What the controller guessed is overruled by whatever the terminal did.
                    S::TimedOut | S::Expired | S::Canceled => {
                        told >= S::Accepted && told != S::TimedOut && told != now
                    }
                    _ => told >= S::Accepted && told > now,
                };
                let expected = if forwards { Decision::Becomes(told) } else { Decision::Nothing };
                assert_eq!(decision, expected, "{now:?} told {told:?}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_told_again_opens_no_ended_command_and_what_is_new_does() {
        let dir = tempfile::tempdir().unwrap();
        let pool = crate::store::open(&dir.path().join("c.db")).await.unwrap();
        let mut tx = Tx::begin(&pool, "test").await.unwrap();
        rows::insert(&mut tx, &command(S::Sent), &[]);
        let terminal = "fp-01".parse().unwrap();
        let told = |state, at_ms| Ack { at_ms, ..ack(state) };
        let (taken, canceled) = (told(S::Accepted, 10), told(S::Canceled, 11));
        for (ack, now) in [
            (&taken, S::Accepted),
            (&canceled, S::Canceled),
            // After a crash it tells everything again.
            (&taken, S::Canceled),
            (&canceled, S::Canceled),
            // It did it all the same, and that counts.
            (&told(S::Running, 12), S::Running),
        ] {
            acknowledge(&mut tx, &terminal, ack, 20).await.unwrap();
            assert_eq!(rows::get_in(&mut tx, ack.id).await.unwrap().unwrap().state, now, "{ack:?}");
        }
        tx.commit().await.unwrap();
        let steps = command_steps::of_command(&pool, ack(S::Sent).id).await.unwrap();
        let states: Vec<S> = steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [S::Accepted, S::Canceled, S::Running]);
    }

    #[test]
    fn news_about_the_same_state_is_kept() {
        let mut waiting = ack(S::Accepted);
        waiting.waits_until_ms = Some(900);
        assert_eq!(by_ack(&command(S::Accepted), &waiting), Decision::News);
        let mut known = command(S::Accepted);
        known.waits_until_ms = Some(900);
        assert_eq!(by_ack(&known, &waiting), Decision::Nothing);
    }

    /// All ten states before and after each deadline.
    #[test]
    fn time_expires_what_never_left_and_gives_up_on_what_did() {
        for state in S::ALL {
            let after = |now_ms| by_time(&command(state), now_ms);
            assert_eq!(after(1_000), None, "{state:?}");
            let queued = (state == S::Queued).then_some(S::Expired);
            assert_eq!(after(1_001), queued, "{state:?}");
            assert_eq!(after(2_000 + GRACE_MS), queued, "{state:?}");
            let expected = match state {
                S::Queued => Some(S::Expired),
                S::Sent | S::Accepted | S::Running => Some(S::TimedOut),
                _ => None,
            };
            assert_eq!(after(2_001 + GRACE_MS), expected, "{state:?}");
        }
    }
}
