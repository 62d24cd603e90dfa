//! What the page shall show: one of a closed set of views, computed here and only drawn there.

use migrado_page::view::{State, View};
use migrado_protocol::verdict::Level;

use super::library;
use super::{KioskFacts, Model, SESSION_IDLE_DEFAULT_S, SESSION_IDLE_MIN_S};

/// Languages that are offered before the desired state has come: all that the page has. A visitor
/// must not miss theirs because the city was not heard yet.
const LANGUAGES_DEFAULT: [&str; 17] = [
    "de",
    "de-simple",
    "en",
    "ar",
    "uk",
    "ru",
    "tr",
    "fa",
    "ro",
    "bg",
    "pl",
    "fr",
    "es",
    "sq",
    "kmr",
    "ps",
    "ti",
];

/// Computes the view.
pub(crate) fn view(model: &Model) -> View {
    let facts = &model.facts;
    let desired = facts.desired.as_ref();
    let languages = match desired {
        Some(d) if !d.languages.is_empty() => d.languages.clone(),
        _ => LANGUAGES_DEFAULT.map(str::to_owned).to_vec(),
    };
    View {
        state: state(facts.verdict.as_ref().map(|v| v.level), model.updating, model.session.is_some()),
        terminal: facts.terminal.to_string(),
        label: desired.map(|d| d.label.clone()).unwrap_or_default(),
        site: desired.map(|d| d.site_name.clone()).unwrap_or_default(),
        languages,
        idle_s: idle_s(facts),
        session: model.session.as_ref().map(|s| s.language.clone()),
        identify: model.identify_until.is_some(),
        load: model.load,
        controller_online: facts.controller_online,
        release: model.library.shown(),
        recalled: library::recalled(model),
        jobs: model.jobs.clone(),
    }
}

/// Seconds without a touch after which a session ends.
pub(crate) fn idle_s(facts: &KioskFacts) -> u32 {
    facts.desired.as_ref().map_or(SESSION_IDLE_DEFAULT_S, |d| d.session_idle_s.max(SESSION_IDLE_MIN_S))
}

/// The state, by the verdict. An update never shows while somebody is there: it waits for them.
fn state(level: Option<Level>, updating: bool, session: bool) -> State {
    match (level, updating, session) {
        (Some(Level::OutOfService), _, _) => State::OutOfService,
        (_, true, false) => State::Updating,
        (None, _, _) => State::Starting,
        (Some(Level::FullService), _, _) => State::Ready,
        (Some(Level::InformOnly), _, _) => State::InformOnly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_has_its_view() {
        use Level as L;
        use State as S;
        let rows = [
            ((None, false, false), S::Starting),
            ((None, false, true), S::Starting),
            ((None, true, false), S::Updating),
            ((None, true, true), S::Starting),
            ((Some(L::FullService), false, false), S::Ready),
            ((Some(L::FullService), false, true), S::Ready),
            ((Some(L::FullService), true, false), S::Updating),
            ((Some(L::FullService), true, true), S::Ready),
            ((Some(L::InformOnly), false, false), S::InformOnly),
            ((Some(L::InformOnly), false, true), S::InformOnly),
            ((Some(L::InformOnly), true, false), S::Updating),
            ((Some(L::InformOnly), true, true), S::InformOnly),
            ((Some(L::OutOfService), false, false), S::OutOfService),
            ((Some(L::OutOfService), false, true), S::OutOfService),
            ((Some(L::OutOfService), true, false), S::OutOfService),
            ((Some(L::OutOfService), true, true), S::OutOfService),
        ];
        for ((level, updating, session), expected) in rows {
            assert_eq!(state(level, updating, session), expected, "{level:?} {updating} {session}");
        }
    }
}
