//! How content is, for the health tree. Pure. Nothing of it takes service away: what was in service
//! goes on, so the worst is `degraded`.

use migrado_protocol::content::{ContentReport, UpdateState};
use migrado_protocol::health::{HealthState, Reason};

use crate::sensors::Judgement;

/// Findings that say that somebody offers what editors did not sign.
const ATTACKS: [&str; 8] = [
    "rollback",
    "freeze",
    "mix_and_match",
    "endless_data",
    "slow_data",
    "wrong_key",
    "tampered",
    "unsafe_path",
];

/// What upkeep found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Findings<'a> {
    /// Files that the disk spoiled.
    pub damaged: Option<&'a str>,
    /// Why the signed list that was offered is not taken, by name and in words.
    pub refused: Option<&'a str>,
}

/// Judges what is told; `is_wanted`: whether a release is to be had.
pub fn judge(report: &ContentReport, is_wanted: bool, findings: Findings<'_>) -> Judgement {
    if !is_wanted && report.active.is_none() && report.update.is_none() {
        return Judgement::unsupported();
    }
    if let Some(damaged) = findings.damaged {
        return degraded(Reason::ContentDamaged, Some(damaged));
    }
    if let Some(refused) = findings.refused {
        return degraded(Reason::ContentRefused, Some(refused));
    }
    let update = report.update.as_ref();
    let finding = update.and_then(|u| u.finding.as_deref());
    let detail = update.and_then(|u| u.detail.as_deref());
    let words = finding.map(|finding| format!("{finding}: {}", detail.unwrap_or("-")));
    let is_attack = finding.is_some_and(|finding| ATTACKS.contains(&finding));
    match update.map(|u| u.state) {
        Some(UpdateState::RolledBack) => degraded(Reason::ContentRolledBack, words.as_deref()),
        Some(UpdateState::Failed) if is_attack => degraded(Reason::ContentRefused, words.as_deref()),
        Some(UpdateState::Failed) if finding == Some("no_space") => {
            degraded(Reason::ContentNoSpace, words.as_deref())
        }
        Some(UpdateState::Failed) => degraded(Reason::ContentFailed, words.as_deref()),
        // Still trying, and what comes is not what was signed.
        Some(UpdateState::Downloading) if is_attack => degraded(Reason::ContentRefused, words.as_deref()),
        _ if report.stale_since_ms.is_some() => degraded(Reason::ContentStale, None),
        _ => Judgement::ok(),
    }
}

fn degraded(reason: Reason, detail: Option<&str>) -> Judgement {
    Judgement { state: HealthState::Degraded, reason: Some(reason), detail: detail.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use migrado_protocol::content::{ReleaseHeld, Update};
    use migrado_protocol::health::HealthState as H;

    use super::*;

    fn report(state: Option<UpdateState>, finding: Option<&str>, stale: bool) -> ContentReport {
        let update = state.map(|state| Update {
            name: "r".into(),
            manifest: "0b".into(),
            state,
            since_ms: 1,
            bytes_done: 0,
            bytes_total: 0,
            bytes_from_neighbors: 0,
            waits_for: None,
            waits_since_ms: None,
            at_latest_ms: None,
            attempts: 1,
            attempt: 0,
            neighbors_dropped: Vec::new(),
            finding: finding.map(str::to_owned),
            detail: None,
            log: Vec::new(),
        });
        let active = Some(ReleaseHeld { name: "q".into(), manifest: "0a".into(), since_ms: 1 });
        ContentReport { active, update, stale_since_ms: stale.then_some(1), ..ContentReport::default() }
    }

    #[test]
    fn every_finding_has_its_reason_and_none_fails_the_display() {
        use UpdateState as S;
        let rows = [
            (None, None, false, None),
            (None, None, true, Some(Reason::ContentStale)),
            (Some(S::Confirmed), None, false, None),
            (Some(S::Confirmed), None, true, Some(Reason::ContentStale)),
            (Some(S::Downloading), Some("transport"), false, None),
            (Some(S::Downloading), Some("rollback"), false, Some(Reason::ContentRefused)),
            (Some(S::Failed), Some("tampered"), false, Some(Reason::ContentRefused)),
            (Some(S::Failed), Some("no_space"), true, Some(Reason::ContentNoSpace)),
            (Some(S::Failed), Some("budget"), false, Some(Reason::ContentFailed)),
            (Some(S::RolledBack), Some("page_silent"), false, Some(Reason::ContentRolledBack)),
            (Some(S::Waiting), None, false, None),
        ];
        for (state, finding, stale, reason) in rows {
            let judgement = judge(&report(state, finding, stale), true, Findings::default());
            assert_eq!(judgement.reason, reason, "{state:?} {finding:?} {stale}");
            assert_eq!(judgement.state, if reason.is_some() { H::Degraded } else { H::Ok });
        }
        let damaged =
            judge(&report(None, None, false), true, Findings { damaged: Some("2 files"), refused: None });
        let refused = Findings { damaged: None, refused: Some("rollback: x") };
        assert_eq!(judge(&report(None, None, true), true, refused).reason, Some(Reason::ContentRefused));
        assert_eq!(
            (damaged.reason, damaged.detail.as_deref()),
            (Some(Reason::ContentDamaged), Some("2 files"))
        );
    }

    #[test]
    fn a_display_without_content_has_nothing_to_judge() {
        assert_eq!(judge(&ContentReport::default(), false, Findings::default()), Judgement::unsupported());
        assert_eq!(judge(&ContentReport::default(), true, Findings::default()), Judgement::ok());
    }
}
