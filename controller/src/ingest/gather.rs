//! Waits a moment for company: a commit and its sync cost the same for one report as for a hundred.
//! Only reports wait; births, deaths, usage and words about commands are taken at once, and so is
//! whatever came before them.

use std::time::Duration;

use migrado_link::session::LinkEvent;
use migrado_protocol::Topic;
use migrado_protocol::topic::Channel;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// How long a report may wait: it reaches a screen within a second, and this is a quarter of it.
const PATIENCE: Duration = Duration::from_millis(250);
/// Messages that are company enough; half of what a broker sends ahead, so that it never stands still.
const ENOUGH: usize = 1_024;

/// Adds what comes within a moment to a group of reports.
pub async fn gather(events: &mut mpsc::Receiver<LinkEvent>, group: &mut Vec<LinkEvent>) {
    let until = Instant::now() + PATIENCE;
    let mut judged = 0;
    loop {
        if group.len() >= ENOUGH || !group[judged..].iter().all(can_wait) {
            return;
        }
        judged = group.len();
        // Cancel-safe: recv_many() takes events only when it completes.
        tokio::select! {
            () = sleep_until(until) => return,
            n = events.recv_many(group, ENOUGH - judged) => if n == 0 {
                return;
            },
        }
    }
}

/// Whether nobody misses it for a moment.
fn can_wait(event: &LinkEvent) -> bool {
    let LinkEvent::Message { topic, .. } = event else { return false };
    matches!(topic.parse(), Ok(Topic::Terminal(_, Channel::Report)))
}

#[cfg(test)]
mod tests {
    use migrado_link::session::Receipt;

    use super::*;

    fn event(channel: Channel) -> LinkEvent {
        let topic = Topic::of(&"fp-01".parse().unwrap(), channel).to_string();
        LinkEvent::Message { topic, payload: Vec::new(), retained: false, receipt: Receipt::none() }
    }

    /// Milliseconds that were waited, and how many there are then.
    async fn after(first: Vec<Channel>, later: Vec<(u64, Channel)>) -> (u128, usize) {
        let (sender, mut events) = mpsc::channel(4_096);
        let began = Instant::now();
        let telling = async {
            for (at_ms, channel) in later {
                sleep_until(began + Duration::from_millis(at_ms)).await;
                sender.send(event(channel)).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let mut group: Vec<LinkEvent> = first.into_iter().map(event).collect();
        tokio::select! {
            () = telling => {}
            () = gather(&mut events, &mut group) => {}
        }
        (began.elapsed().as_millis(), group.len())
    }

    #[tokio::test(start_paused = true)]
    async fn reports_wait_for_each_other_and_for_nothing_else() {
        use Channel as C;
        let patience = PATIENCE.as_millis();
        assert_eq!(after(vec![C::Report], vec![(20, C::Report), (60, C::Report)]).await, (patience, 3));
        assert_eq!(after(vec![C::Report, C::Ack], vec![(20, C::Report)]).await, (0, 2));
        assert_eq!(
            after(vec![C::Report], vec![(20, C::Report), (40, C::Ack), (60, C::Report)]).await,
            (40, 3)
        );
        for urgent in [C::Presence, C::Usage, C::Ack] {
            assert_eq!(after(vec![urgent], vec![]).await, (0, 1), "{urgent:?}");
        }
        assert_eq!(after(vec![C::Report; ENOUGH], vec![(20, C::Report)]).await, (0, ENOUGH));
    }
}
