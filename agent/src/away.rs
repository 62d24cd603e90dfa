//! Why the terminal was away: decided purely, from marks that an earlier moment left on the disk
//! and from what is known now. Says `unknown` rather than guessing. Part of every birth message.

use migrado_protocol::presence::{Away, AwayCause, DeathCause};
use serde::{Deserialize, Serialize};

use crate::platform::process::Evidence;

/// What the terminal keeps on its disk for the day on which it returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// The last moment at which it knows that it was connected; at most a minute old while it is.
    pub connected_ms: i64,
    /// Who wrote this.
    pub by: Evidence,
    /// The connection was seen to end while the agent ran on.
    #[serde(default)]
    pub disconnected: bool,
    /// The agent ended in order, and how.
    #[serde(default)]
    pub ended: Option<Ended>,
}

/// How the agent ended in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It was stopped or restarted.
    Restart,
    /// It knew that the machine goes down.
    Planned,
}

impl Ended {
    /// The same in the words of the death message.
    pub fn cause(self) -> DeathCause {
        match self {
            Self::Restart => DeathCause::Restart,
            Self::Planned => DeathCause::Planned,
        }
    }
}

/// The absence that ends now. `None` on the very first day.
pub fn decide(marks: Option<&Marks>, here: &Evidence, now_ms: i64) -> Option<Away> {
    let marks = marks?;
    Some(Away { cause: cause(marks, here), from_ms: marks.connected_ms, until_ms: now_ms })
}

fn cause(marks: &Marks, here: &Evidence) -> AwayCause {
    // Still the same run, or the connection went first and whatever came after came later.
    if marks.by.run_id == here.run_id || marks.disconnected {
        return AwayCause::Network;
    }
    match (marks.ended, marks.by.rebooted_until(here)) {
        // An orderly end and a new boot: the machine was taken down in order, whoever did it.
        (Some(_), Some(true)) => AwayCause::Planned,
        (Some(_), Some(false)) => AwayCause::Restart,
        (Some(Ended::Planned), None) => AwayCause::Planned,
        (Some(Ended::Restart), None) => AwayCause::Restart,
        (None, Some(true)) => AwayCause::Power,
        (None, Some(false)) => AwayCause::Crash,
        (None, None) => AwayCause::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(boot: Option<&str>, run: &str) -> Evidence {
        Evidence { boot_id: boot.map(str::to_owned), run_id: run.to_owned() }
    }

    #[test]
    fn nothing_is_told_on_the_first_day() {
        assert_eq!(decide(None, &evidence(Some("a"), "1"), 5), None);
    }

    #[test]
    fn every_combination_of_marks_has_its_cause() {
        use AwayCause as C;
        let same_boot = Some("a");
        let table = [
            // (run, disconnected, ended, boot now, cause)
            ("1", true, None, same_boot, C::Network),
            ("1", false, None, same_boot, C::Network),
            ("2", true, None, same_boot, C::Network),
            ("2", true, None, Some("b"), C::Network),
            ("2", true, Some(Ended::Restart), same_boot, C::Network),
            ("2", false, Some(Ended::Restart), same_boot, C::Restart),
            ("2", false, Some(Ended::Planned), same_boot, C::Restart),
            ("2", false, Some(Ended::Restart), Some("b"), C::Planned),
            ("2", false, Some(Ended::Planned), Some("b"), C::Planned),
            ("2", false, Some(Ended::Planned), None, C::Planned),
            ("2", false, Some(Ended::Restart), None, C::Restart),
            ("2", false, None, Some("b"), C::Power),
            ("2", false, None, same_boot, C::Crash),
            ("2", false, None, None, C::Unknown),
        ];
        for (run, disconnected, ended, boot, cause) in table {
            let marks = Marks { connected_ms: 7, by: evidence(same_boot, "1"), disconnected, ended };
            let away = decide(Some(&marks), &evidence(boot, run), 9).unwrap();
            assert_eq!((away.from_ms, away.until_ms), (7, 9));
            assert_eq!(away.cause, cause, "{run} {disconnected} {ended:?} {boot:?}");
        }
    }
}
