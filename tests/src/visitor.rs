//! Played visitors: they come, choose a language, stay a while and go, so that usage moves. The
//! page's heartbeat is played as well, since no browser shows the page.

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::dice::Dice;
use crate::kiosk::Kiosk;

/// How often the page says that it is alive, as the real one does.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// Languages that visitors choose, the frequent ones more often.
const LANGUAGES: [&str; 8] = ["de", "de", "ar", "uk", "uk", "en", "tr", "fr"];
/// Seconds without a visitor, at least and at most.
const ABSENT_S: (u64, u64) = (10, 90);
/// Seconds that a visitor stays, at least and at most.
const STAYS_S: (u64, u64) = (8, 70);

/// Sends the page's heartbeat until it is canceled. An agent that is away is away.
pub async fn page(kiosk: Kiosk, end: CancellationToken) {
    let mut beat = tokio::time::interval(HEARTBEAT);
    while end.run_until_cancelled(beat.tick()).await.is_some() {
        let _heard = kiosk.heartbeat().await.is_ok();
    }
}

/// Plays a page that loads itself anew when it is told to, as the real one does.
pub async fn obedient_page(kiosk: Kiosk, end: CancellationToken) {
    let mut beat = tokio::time::interval(HEARTBEAT / 4);
    let (mut told, mut load) = (0, 0);
    while end.run_until_cancelled(beat.tick()).await.is_some() {
        let Ok(view) = kiosk.view().await else { continue };
        let wanted = view["load"].as_u64().unwrap_or(0);
        if wanted != told {
            (told, load) = (wanted, load + 1);
        }
        let _heard = kiosk.heartbeat_of(&format!("load-{load}")).await.is_ok();
    }
}

/// Plays a page that draws whatever release it is told to show.
pub async fn showing_page(kiosk: Kiosk, end: CancellationToken) {
    showing_page_every(HEARTBEAT / 5, kiosk, end).await;
}

/// The same for a display that is started again and again: it is heard soon after each start.
pub async fn showing_page_every(period: Duration, kiosk: Kiosk, end: CancellationToken) {
    let mut beat = tokio::time::interval(period);
    while end.run_until_cancelled(beat.tick()).await.is_some() {
        let Ok(view) = kiosk.view().await else { continue };
        let visited = !view["session"].is_null();
        let _heard = kiosk.heartbeat_with(&view["release"]["id"], &Value::Null, visited).await.is_ok();
    }
}

/// Plays a page that draws every release, and opens no visit: it stays where it is.
pub async fn stuck_page(kiosk: Kiosk, end: CancellationToken) {
    let mut beat = tokio::time::interval(HEARTBEAT / 5);
    while end.run_until_cancelled(beat.tick()).await.is_some() {
        let Ok(view) = kiosk.view().await else { continue };
        let _heard = kiosk.heartbeat_with(&view["release"]["id"], &Value::Null, false).await.is_ok();
    }
}

/// Plays a page that can draw no release.
pub async fn refusing_page(kiosk: Kiosk, end: CancellationToken) {
    let mut beat = tokio::time::interval(HEARTBEAT / 5);
    while end.run_until_cancelled(beat.tick()).await.is_some() {
        let error = "release.json cannot be read".into();
        let _heard = kiosk.heartbeat_with(&Value::Null, &error, false).await.is_ok();
    }
}

/// Plays visitors until it is canceled.
pub async fn visitors(kiosk: Kiosk, seed: u64, end: CancellationToken) {
    let mut dice = Dice::new(seed);
    let play = async {
        loop {
            tokio::time::sleep(Duration::from_secs(dice.between(ABSENT_S))).await;
            let language = LANGUAGES[usize::try_from(dice.between((0, 7))).unwrap_or(0)];
            // A display that is out of service takes nobody; the next visitor tries again.
            if kiosk.begin(language).await.is_err() {
                continue;
            }
            let mut stays = dice.between(STAYS_S);
            while stays > 0 {
                let step = stays.min(10);
                tokio::time::sleep(Duration::from_secs(step)).await;
                stays -= step;
                let _still_there = kiosk.renew().await.is_ok();
            }
            // One in five just walks away; the lease ends that session.
            if dice.between((0, 4)) > 0 {
                let _ended = kiosk.end().await.is_ok();
            }
        }
    };
    end.run_until_cancelled(play).await;
}
