//! The session against a real Mosquitto: what is acknowledged has arrived once, what is refused
//! is told, what breaks is mended, and a slow reader stops nobody.

mod support;

use std::collections::BTreeMap;

use migrado_link::{LinkEvent, PublishError};
use migrado_protocol::limits::PAYLOAD_BYTES_MAX;
use migrado_protocol::topic::Channel;
use support::{Broker, LIMIT, Side, topic};

#[tokio::test]
async fn a_publish_is_ok_when_the_broker_has_it_and_arrives() {
    let broker = Broker::start();
    let mut controller = broker.controller().await;
    let mut terminal = broker.terminal("fp-01");
    assert_eq!(terminal.connected().await, 1);
    let report = topic("fp-01", Channel::Report);
    terminal.say(&report, "hello").await.unwrap();
    assert_eq!(controller.text_on(&report).await, "hello");
}

#[tokio::test]
async fn orders_arrive_and_their_retained_ones_are_marked_so() {
    let broker = Broker::start();
    let controller = broker.controller().await;
    let (desired, command) = (topic("fp-01", Channel::Desired), topic("fp-01", Channel::Command));
    controller.publisher.publish(&desired, b"kept".to_vec(), true, None).await.unwrap();
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    let heard = terminal.message().await;
    assert_eq!((heard.text.as_str(), heard.retained), ("kept", true));
    controller.publisher.publish(&command, b"now".to_vec(), false, Some(60)).await.unwrap();
    let heard = terminal.message().await;
    assert_eq!((heard.text.as_str(), heard.retained), ("now", false));
}

#[tokio::test]
async fn writing_as_another_terminal_is_refused_with_its_code_and_the_link_lives_on() {
    let broker = Broker::start();
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    let foreign = topic("fp-02", Channel::Report);
    let refused = terminal.say(&foreign, "x").await.unwrap_err();
    assert_eq!(refused, PublishError::Refused { topic: foreign.to_string(), code: 0x87 });
    assert!(!refused.is_transient());
    terminal.say(&topic("fp-01", Channel::Report), "mine").await.unwrap();
}

#[tokio::test]
async fn a_payload_beyond_the_protocol_or_the_broker_is_refused_here_and_the_link_lives_on() {
    let broker = Broker::start_with("max_packet_size 2000");
    let mut terminal = broker.terminal("fp-01");
    let report = topic("fp-01", Channel::Report);
    let size = |bytes| vec![b'x'; bytes];
    let too_large = terminal.publisher.publish(&report, size(PAYLOAD_BYTES_MAX + 1), false, None).await;
    assert!(matches!(too_large, Err(PublishError::TooLarge { max: PAYLOAD_BYTES_MAX, .. })), "{too_large:?}");
    terminal.connected().await;
    let too_large = terminal.publisher.publish(&report, size(2000), false, Some(60)).await;
    assert!(matches!(too_large, Err(PublishError::TooLarge { .. })), "{too_large:?}");
    terminal.publisher.publish(&report, size(1900), false, Some(60)).await.unwrap();
}

#[tokio::test]
async fn without_a_connection_a_publish_fails_at_once() {
    let mut broker = Broker::start();
    let mut terminal = broker.terminal("fp-01");
    let report = topic("fp-01", Channel::Report);
    assert_eq!(terminal.say(&report, "early").await, Err(PublishError::NotConnected));
    terminal.connected().await;
    broker.kill();
    terminal.disconnected().await;
    assert_eq!(terminal.say(&report, "late").await, Err(PublishError::NotConnected));
}

#[tokio::test]
async fn an_unreachable_broker_costs_no_session_number() {
    let mut broker = Broker::start();
    broker.kill();
    let mut terminal = broker.terminal("fp-01");
    assert!(terminal.disconnected().await.contains("unreachable"));
    assert!(terminal.disconnected().await.contains("unreachable"));
    broker.run();
    assert_eq!(terminal.connected().await, 1);
}

#[tokio::test]
async fn after_a_loss_the_next_connection_has_the_next_number_in_its_will() {
    let mut broker = Broker::start();
    let mut terminal = broker.terminal("fp-01");
    assert_eq!(terminal.connected().await, 1);
    broker.kill();
    terminal.disconnected().await;
    broker.run();
    assert_eq!(terminal.connected().await, 2);
    let mut controller = broker.controller().await;
    // Dropping the driver drops the connection without a goodbye, as a crash would.
    terminal.driver.abort();
    assert_eq!(controller.text_on(&topic("fp-01", Channel::Presence)).await, "lost 2");
}

#[tokio::test]
async fn leaving_in_order_publishes_no_will_and_ends_the_driver() {
    let broker = Broker::start();
    let mut controller = broker.controller().await;
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    let report = topic("fp-01", Channel::Report);
    terminal.say(&report, "last words").await.unwrap();
    terminal.publisher.disconnect().await;
    tokio::time::timeout(LIMIT, terminal.driver).await.unwrap().unwrap();
    assert_eq!(controller.text_on(&report).await, "last words");
    // A will would be published before anything that is said from now on.
    let mut other = broker.terminal("fp-02");
    other.connected().await;
    let marker = topic("fp-02", Channel::Report);
    other.say(&marker, "marker").await.unwrap();
    let heard = controller.message().await;
    assert_eq!((heard.topic, heard.text.as_str()), (marker.to_string(), "marker"));
}

#[tokio::test]
async fn leaving_while_the_broker_is_away_ends_at_once() {
    let mut broker = Broker::start();
    broker.kill();
    let mut terminal = broker.terminal("fp-01");
    terminal.disconnected().await;
    tokio::time::timeout(LIMIT, terminal.publisher.disconnect()).await.unwrap();
    tokio::time::timeout(LIMIT, terminal.driver).await.unwrap().unwrap();
}

/// Publishes `count` numbered messages as an outbox would: each until it is acknowledged.
async fn publish_until_acknowledged(mut terminal: Side, count: u32) -> BTreeMap<u32, u32> {
    let report = topic("fp-01", Channel::Report);
    let mut tries = BTreeMap::new();
    let mut next = 0;
    while next < count {
        *tries.entry(next).or_insert(0) += 1;
        match terminal.say(&report, &next.to_string()).await {
            Ok(()) => next += 1,
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                terminal.connected().await;
            }
        }
    }
    tries
}

#[tokio::test]
async fn over_broker_restarts_no_acknowledged_publish_is_lost_or_doubled() {
    const COUNT: u32 = 3000;
    let mut broker = Broker::start();
    let mut controller = broker.controller().await;
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    let publishing = tokio::spawn(publish_until_acknowledged(terminal, COUNT));
    let mut arrived: BTreeMap<u32, u32> = BTreeMap::new();
    let mut restart_at = vec![2000, 1000, 200];
    while arrived.len() < COUNT as usize {
        let heard = controller.message().await;
        heard.receipt.confirm();
        if heard.topic.ends_with("report") {
            *arrived.entry(heard.text.parse().unwrap()).or_insert(0) += 1;
        }
        if restart_at.last().is_some_and(|at| arrived.len() >= *at) {
            restart_at.pop();
            broker.stop();
            broker.run();
        }
    }
    let tries = publishing.await.unwrap();
    assert!(arrived.keys().copied().eq(0..COUNT));
    // What reached the broker was sent by a try, and by nothing else: nothing is sent again behind
    // the publisher's back. (Towards its reader a broker may repeat itself after a restart.)
    let sent = broker.log().matches("Received PUBLISH from fp-01").count();
    let tried: u32 = tries.values().sum();
    assert!(sent >= COUNT as usize && sent <= tried as usize, "{sent} sent in {tried} tries");
    assert!(tried <= COUNT + 3 * 2, "{tried} tries: something acknowledged was tried again");
    assert!(restart_at.is_empty());
}

#[tokio::test]
async fn what_is_not_confirmed_comes_again_and_what_is_confirmed_does_not() {
    let broker = Broker::start();
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    let report = topic("fp-01", Channel::Report);
    let mut controller = broker.controller().await;
    for text in ["one", "two", "three"] {
        terminal.say(&report, text).await.unwrap();
    }
    for text in ["one", "two", "three"] {
        let heard = controller.message().await;
        assert_eq!(heard.text, text);
        if text == "one" { heard.receipt.confirm() } else { drop(heard.receipt) }
    }
    controller.publisher.disconnect().await;
    let mut controller = broker.controller().await;
    for text in ["two", "three"] {
        let heard = controller.message().await;
        assert_eq!(heard.text, text);
        heard.receipt.confirm();
    }
    terminal.say(&report, "four").await.unwrap();
    assert_eq!(controller.message().await.text, "four");
}

#[tokio::test]
async fn a_reader_that_went_away_has_not_handled_what_it_never_read() {
    let broker = Broker::start();
    let controller = broker.controller().await;
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    let command = topic("fp-01", Channel::Command);
    controller.say(&command, "handled").await.unwrap();
    assert_eq!(terminal.message().await.text, "handled");
    controller.say(&command, "unread").await.unwrap();
    drop(terminal.events);
    tokio::time::timeout(LIMIT, terminal.driver).await.unwrap().unwrap();
    let mut terminal = broker.terminal("fp-01");
    assert_eq!(terminal.message().await.text, "unread");
}

#[tokio::test]
async fn a_reader_that_sleeps_does_not_stop_publishing_and_loses_nothing() {
    const COUNT: u32 = 200;
    let broker = Broker::start();
    let controller = broker.controller().await;
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    let command = topic("fp-01", Channel::Command);
    for number in 0..COUNT {
        controller.say(&command, &number.to_string()).await.unwrap();
    }
    // Far more orders wait than the link takes ahead, and nobody reads them.
    for _ in 0..20 {
        terminal.say(&topic("fp-01", Channel::Report), "still here").await.unwrap();
    }
    for number in 0..COUNT {
        assert_eq!(terminal.message().await.text, number.to_string());
    }
}

#[tokio::test]
async fn orders_given_while_the_terminal_is_away_are_there_when_it_is_back() {
    let broker = Broker::start();
    let controller = broker.controller().await;
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    terminal.publisher.disconnect().await;
    controller.say(&topic("fp-01", Channel::Command), "while away").await.unwrap();
    // A new process: nothing of the old link is known any more.
    let mut terminal = broker.terminal("fp-01");
    let first = terminal.event().await;
    assert!(matches!(first, LinkEvent::Connected { .. }), "{first:?} came before the connection");
    assert_eq!(terminal.message().await.text, "while away");
}

#[tokio::test]
async fn many_publishers_at_once_all_hear_their_own_fate() {
    let broker = Broker::start();
    let mut terminal = broker.terminal("fp-01");
    terminal.connected().await;
    let publishes: Vec<_> = (0..500)
        .map(|n| {
            let publisher = terminal.publisher.clone();
            tokio::spawn(async move {
                let own = topic(if n % 5 == 0 { "fp-02" } else { "fp-01" }, Channel::Report);
                (n, publisher.publish(&own, vec![b'x'; 100], false, None).await)
            })
        })
        .collect();
    for publish in publishes {
        let (n, result) = tokio::time::timeout(LIMIT, publish).await.unwrap().unwrap();
        assert_eq!(result.is_ok(), n % 5 != 0, "{n}: {result:?}");
    }
}
