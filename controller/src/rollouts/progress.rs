//! What a display says of the release that it was told to have: its report, read as a step of the
//! rollout. Only what it proved is a success; a report of an earlier attempt says nothing.

use migrado_protocol::content::{ContentReport, ReleaseWanted, Update, UpdateState, WaitsFor};

use super::model::Step;
use super::why::Why;

/// Word for an error that the display did not name.
const NAMELESS: &str = "unknown";

/// What a display says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Nothing of this release.
    Nothing,
    /// It is on its way.
    UnderWay(Step, Option<Why>),
    /// It serves it, and it is confirmed.
    Confirmed,
    /// It went back, or did not come that far.
    Error(Step, Why),
}

/// What is said of the release that it was told to have.
pub fn said(content: Option<&ContentReport>, told: &ReleaseWanted) -> Said {
    let Some(content) = content else { return Said::Nothing };
    let Some(update) = content.update.as_ref().filter(|update| answers(update, told)) else {
        return Said::Nothing;
    };
    let under_way = |step| Said::UnderWay(step, waits(update));
    match update.state {
        UpdateState::Confirmed if serves(content, told) => Said::Confirmed,
        // Confirmed, and something else is in service: the next report will know.
        UpdateState::Confirmed | UpdateState::Other => Said::Nothing,
        UpdateState::RolledBack => Said::Error(Step::RolledBack, finding(update)),
        UpdateState::Failed => Said::Error(Step::Failed, finding(update)),
        // Who waits for a next attempt has failed with the one before.
        _ if update.waits_for == Some(WaitsFor::NextAttempt) => Said::Error(Step::Failed, finding(update)),
        UpdateState::Downloading => under_way(Step::Downloading),
        UpdateState::Staged => under_way(Step::Staged),
        UpdateState::Waiting if update.waits_for == Some(WaitsFor::DownloadWindow) => {
            under_way(Step::Downloading)
        }
        UpdateState::Waiting if update.waits_for == Some(WaitsFor::Leave) => under_way(Step::Staged),
        UpdateState::Waiting => under_way(Step::Waiting),
        UpdateState::Activating => under_way(Step::Activating),
        UpdateState::Observing => under_way(Step::Observing),
    }
}

/// The same on the way back to what it had: that is there also without an update, when the display
/// never left it or went back by itself. `heard` says that it knows what it should have.
pub fn said_of_return(content: Option<&ContentReport>, told: &ReleaseWanted, heard: bool) -> Said {
    // What it said before it knew is of the time before it went away.
    let Some(content) = content.filter(|_| heard) else { return Said::Nothing };
    match said(Some(content), told) {
        Said::Nothing => {}
        word => return word,
    }
    let moves = content
        .update
        .as_ref()
        .is_some_and(|u| matches!(u.state, UpdateState::Activating | UpdateState::Observing));
    if serves(content, told) && !moves { Said::Confirmed } else { Said::Nothing }
}

fn answers(update: &Update, told: &ReleaseWanted) -> bool {
    update.manifest == told.manifest && update.attempt >= told.attempt
}

fn serves(content: &ContentReport, told: &ReleaseWanted) -> bool {
    content.active.as_ref().is_some_and(|active| active.manifest == told.manifest)
}

fn finding(update: &Update) -> Why {
    let finding = update.finding.clone().unwrap_or_else(|| NAMELESS.to_owned());
    Why::Reported { finding, detail: update.detail.clone() }
}

fn waits(update: &Update) -> Option<Why> {
    (update.waits_for == Some(WaitsFor::Visitor))
        .then_some(Why::Visitor { since_ms: update.waits_since_ms, at_latest_ms: update.at_latest_ms })
}

/// The attempt under which a display is told a release, so that what it says of earlier ones is
/// known as such.
pub fn next_attempt(content: Option<&ContentReport>, before: Option<&ReleaseWanted>, manifest: &str) -> u32 {
    let said = content.and_then(|c| c.update.as_ref()).filter(|u| u.manifest == manifest).map(|u| u.attempt);
    let wanted = before.filter(|b| b.manifest == manifest).map(|b| b.attempt);
    said.max(wanted).map_or(0, |attempt| attempt.saturating_add(1))
}

#[cfg(test)]
pub(crate) mod tests {
    use migrado_protocol::content::{ReleaseHeld, Window};

    use super::*;

    pub(crate) fn wanted(manifest: &str) -> ReleaseWanted {
        ReleaseWanted {
            name: format!("release {manifest}"),
            manifest: manifest.to_owned(),
            download: Window::default(),
            activate: None,
            at_latest_ms: None,
            throttle_bytes_s: None,
            budget_bytes: None,
            attempt: 0,
            neighbors: Vec::new(),
        }
    }

    pub(crate) fn report(active: &str, of: &str, state: UpdateState) -> ContentReport {
        ContentReport {
            active: Some(ReleaseHeld { name: active.into(), manifest: active.into(), since_ms: 0 }),
            update: Some(Update {
                name: of.into(),
                manifest: of.into(),
                state,
                since_ms: 0,
                bytes_done: 0,
                bytes_total: 0,
                bytes_from_neighbors: 0,
                waits_for: None,
                waits_since_ms: None,
                at_latest_ms: None,
                attempts: 1,
                attempt: 0,
                neighbors_dropped: Vec::new(),
                finding: None,
                detail: None,
                log: Vec::new(),
            }),
            ..ContentReport::default()
        }
    }

    fn step(said: &Said) -> Option<Step> {
        match said {
            Said::Nothing => None,
            Said::UnderWay(step, _) | Said::Error(step, _) => Some(*step),
            Said::Confirmed => Some(Step::Confirmed),
        }
    }

    #[test]
    fn every_state_of_an_update_is_a_step_and_only_proof_is_success() {
        use UpdateState as U;
        let rows = [
            ("old", "new", U::Downloading, None, Some(Step::Downloading)),
            ("old", "new", U::Waiting, Some(WaitsFor::DownloadWindow), Some(Step::Downloading)),
            ("old", "new", U::Staged, None, Some(Step::Staged)),
            ("old", "new", U::Waiting, Some(WaitsFor::Leave), Some(Step::Staged)),
            ("old", "new", U::Waiting, Some(WaitsFor::Visitor), Some(Step::Waiting)),
            ("old", "new", U::Waiting, Some(WaitsFor::ActivateWindow), Some(Step::Waiting)),
            ("old", "new", U::Waiting, Some(WaitsFor::NextAttempt), Some(Step::Failed)),
            ("old", "new", U::Activating, None, Some(Step::Activating)),
            ("new", "new", U::Observing, None, Some(Step::Observing)),
            ("new", "new", U::Confirmed, None, Some(Step::Confirmed)),
            ("old", "new", U::Confirmed, None, None),
            ("old", "new", U::RolledBack, None, Some(Step::RolledBack)),
            ("old", "new", U::Failed, None, Some(Step::Failed)),
            ("old", "new", U::Other, None, None),
            ("old", "other", U::Confirmed, None, None),
            ("new", "other", U::Confirmed, None, None),
        ];
        for (active, of, state, waits_for, expected) in rows {
            let mut content = report(active, of, state);
            content.update.as_mut().unwrap().waits_for = waits_for;
            assert_eq!(step(&said(Some(&content), &wanted("new"))), expected, "{active} {of} {state:?}");
        }
        assert_eq!(said(None, &wanted("new")), Said::Nothing);
    }

    #[test]
    fn what_is_said_of_an_earlier_attempt_does_not_count() {
        let content = report("old", "new", UpdateState::Failed);
        let again = ReleaseWanted { attempt: next_attempt(Some(&content), None, "new"), ..wanted("new") };
        assert_eq!(again.attempt, 1);
        assert_eq!(said(Some(&content), &again), Said::Nothing);
        assert_eq!(next_attempt(Some(&content), None, "other"), 0);
        assert_eq!(next_attempt(None, Some(&again), "new"), 2);
    }

    #[test]
    fn a_return_is_proven_by_what_is_in_service_once_the_display_knows() {
        let back = wanted("old");
        for (content, heard, expected) in [
            (report("old", "new", UpdateState::RolledBack), true, Some(Step::Confirmed)),
            (report("old", "new", UpdateState::RolledBack), false, None),
            (report("old", "new", UpdateState::Activating), true, None),
            (report("new", "new", UpdateState::Confirmed), true, None),
            (report("old", "old", UpdateState::Observing), true, Some(Step::Observing)),
            (report("old", "old", UpdateState::Confirmed), true, Some(Step::Confirmed)),
            (report("new", "old", UpdateState::Failed), true, Some(Step::Failed)),
        ] {
            assert_eq!(step(&said_of_return(Some(&content), &back, heard)), expected, "{content:?}");
        }
    }
}
