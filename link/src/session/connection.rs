//! One connection, from CONNECT to its end: greeting, subscriptions, then messages both ways. A
//! state machine over the client library's events; decides when the line counts as dead.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use migrado_protocol::limits::PAYLOAD_BYTES_MAX;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{ConnAck, LastWill, Publish, SubAck, SubscribeReasonCode};
use rumqttc::{
    AckMode, AsyncClient, ConnectionError, Event, EventLoop, Incoming, MqttOptions, Outgoing, SessionMode,
    SubscribeFilterInput,
};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::driver::{Driver, End};
use super::lenient::Lenient;
use super::publisher::{GOODBYE_LIMIT, IN_FLIGHT_MAX, Line};
use super::receipt::Receipt;
use super::{LinkEvent, LinkOptions, Will};

/// From our CONNECT to the broker's answer.
const GREETING_LIMIT: Duration = Duration::from_secs(20);

/// How long the broker may stay silent while it owes an answer. Traffic of our own keeps the MQTT
/// ping from being sent, so this is what notices a dead line under a steadily publishing terminal.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// Bytes of messages that wait for a slow reader; beyond it the connection is given up and the
/// broker keeps the rest. A burst of 10,000 reports is 6 MiB.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes of an incoming packet around its payload.
const PACKET_OVERHEAD_BYTES: usize = 1024;

#[derive(PartialEq)]
enum Phase {
    Greeting,
    Subscribing,
    Up,
    Leaving,
}

enum Step {
    Event(Box<Result<Event, ConnectionError>>),
    Leave,
    Silent,
}

/// The state of one connection.
pub(super) struct Connection<'a> {
    driver: &'a Driver,
    session: u64,
    client: AsyncClient,
    connected: Option<mpsc::OwnedPermit<LinkEvent>>,
    /// Messages for which there was no room yet, or that came before the subscriptions stood.
    waiting: VecDeque<LinkEvent>,
    waiting_bytes: usize,
    packet_bytes_max: Option<usize>,
    up_since: Option<Instant>,
    closed: CancellationToken,
    phase: Phase,
}

impl<'a> Connection<'a> {
    pub(super) fn new(
        driver: &'a Driver,
        session: u64,
        client: AsyncClient,
        connected: mpsc::OwnedPermit<LinkEvent>,
        closed: CancellationToken,
    ) -> Self {
        Self {
            driver,
            session,
            client,
            connected: Some(connected),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            packet_bytes_max: None,
            up_since: None,
            closed,
            phase: Phase::Greeting,
        }
    }

    pub(super) async fn run(mut self, mut eventloop: EventLoop) -> End {
        let mut answer_due: Option<Instant> = None;
        loop {
            // Dropping the poll loses at most the news of an acknowledgement, and only when the
            // connection is being left or given up: its publisher then hears `Interrupted`.
            let step = {
                let mut poll = pin!(eventloop.poll());
                loop {
                    // Waiting for room goes on beside the poll, never instead of it.
                    tokio::select! {
                        biased;
                        event = &mut poll => break Step::Event(Box::new(event)),
                        () = self.driver.unwanted(), if self.phase != Phase::Leaving => break Step::Leave,
                        () = until(answer_due) => break Step::Silent,
                        room = self.driver.events.reserve(), if self.has_waiting() => self.hand_over(room.ok()),
                    }
                }
            };
            let event = match step {
                Step::Event(event) => *event,
                Step::Leave if self.phase == Phase::Greeting => return End::Left,
                Step::Leave => {
                    self.phase = Phase::Leaving;
                    // The channel is unbounded and its receiver is ours.
                    self.client.try_disconnect_with_timeout(GOODBYE_LIMIT).ok();
                    continue;
                }
                Step::Silent => {
                    return self.lost(format!("the broker is silent for {}s", SILENCE_LIMIT.as_secs()));
                }
            };
            match event {
                Ok(Event::Incoming(packet)) => {
                    answer_due = (eventloop.state.inflight() > 0).then(|| Instant::now() + SILENCE_LIMIT);
                    if matches!(packet, Incoming::ConnAck(_)) {
                        // It has said that there is nothing to replay; saving would only copy.
                        eventloop.options.clear_session_store();
                    }
                    if let Err(reason) = self.heard(packet) {
                        return self.lost(reason);
                    }
                }
                Ok(Event::Outgoing(Outgoing::Publish(_) | Outgoing::Subscribe(_) | Outgoing::PingReq)) => {
                    answer_due.get_or_insert_with(|| Instant::now() + SILENCE_LIMIT);
                }
                Ok(_) => {}
                Err(_) if self.phase == Phase::Leaving => return End::Left,
                Err(error) => return self.lost(explain(&error)),
            }
        }
    }

    fn lost(&self, reason: String) -> End {
        End::Lost { reason, stood: self.up_since.map_or(Duration::ZERO, |since| since.elapsed()) }
    }

    fn heard(&mut self, packet: Incoming) -> Result<(), String> {
        match packet {
            Incoming::ConnAck(greeting) => self.greeted(&greeting),
            Incoming::SubAck(answer) => self.subscribed(&answer),
            Incoming::Publish(message) => self.received(message),
            _ => Ok(()),
        }
    }

    fn greeted(&mut self, greeting: &ConnAck) -> Result<(), String> {
        let properties = greeting.properties.as_ref();
        self.packet_bytes_max =
            properties.and_then(|p| p.max_packet_size).map(|max| usize::try_from(max).unwrap_or(usize::MAX));
        self.phase = Phase::Subscribing;
        let filters = &self.driver.options.filters;
        if filters.is_empty() {
            return self.up();
        }
        self.client
            .try_subscribe_many(filters.iter().map(|f| SubscribeFilterInput::new(f, QoS::AtLeastOnce)))
            .map_err(|error| format!("cannot subscribe: {error}"))
    }

    fn subscribed(&mut self, answer: &SubAck) -> Result<(), String> {
        let codes = answer.return_codes.iter();
        let refused = self
            .driver
            .options
            .filters
            .iter()
            .zip(codes)
            .find(|(_, code)| !matches!(code, SubscribeReasonCode::Success(_)));
        match refused {
            Some((filter, code)) => Err(format!("the broker refused the subscription to {filter}: {code:?}")),
            None => self.up(),
        }
    }

    fn up(&mut self) -> Result<(), String> {
        let Some(connected) = self.connected.take() else { return Ok(()) };
        if self.phase != Phase::Leaving {
            self.phase = Phase::Up;
        }
        self.up_since = Some(Instant::now());
        self.driver.shared.set_line(Some(Line {
            client: self.client.clone(),
            closed: self.closed.clone(),
            packet_bytes_max: self.packet_bytes_max,
        }));
        debug!(session = self.session, broker = %self.driver.options.broker, "link up");
        connected.send(LinkEvent::Connected { session: self.session });
        Ok(())
    }

    fn received(&mut self, message: Publish) -> Result<(), String> {
        let Ok(topic) = String::from_utf8(message.topic.to_vec()) else {
            // The library checks this; a broker that gets here sends what nobody can route.
            return Err("the broker sent a topic that is not text".into());
        };
        let ack = self.client.prepare_ack(&message);
        let receipt = Receipt::new(
            self.client.clone(),
            ack,
            self.driver.when_dropped,
            self.driver.shared.stop.clone(),
            self.driver.events.downgrade(),
        );
        let event = LinkEvent::Message {
            topic,
            payload: message.payload.to_vec(),
            retained: message.retain,
            receipt,
        };
        self.deliver(event)
    }

    fn has_waiting(&self) -> bool {
        self.up_since.is_some() && !self.waiting.is_empty()
    }

    fn hand_over(&mut self, room: Option<mpsc::Permit<'_, LinkEvent>>) {
        if let Some(event) = self.waiting.pop_front() {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(event_bytes(&event));
            // No room for ever means that the reader is gone; the loop ends by itself then.
            match room {
                Some(room) => room.send(event),
                None => withhold(event),
            }
        }
    }

    /// Gives the message to its reader, or lets it wait. Never waits itself: that would stop the
    /// publishers. Some brokers (Mosquitto 2.0) send far more ahead than they were allowed.
    fn deliver(&mut self, event: LinkEvent) -> Result<(), String> {
        let event = if self.up_since.is_some() && self.waiting.is_empty() {
            match self.driver.events.try_send(event) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(event) | mpsc::error::TrySendError::Closed(event)) => {
                    event
                }
            }
        } else {
            event
        };
        self.waiting_bytes = self.waiting_bytes.saturating_add(event_bytes(&event));
        if self.waiting_bytes > WAITING_BYTES_MAX {
            // Not acknowledged, so the broker keeps it and all that wait.
            withhold(event);
            return Err("the reader of messages does not keep up".into());
        }
        self.waiting.push_back(event);
        Ok(())
    }
}

/// Memory that a waiting message costs.
fn event_bytes(event: &LinkEvent) -> usize {
    match event {
        LinkEvent::Message { topic, payload, .. } => {
            size_of::<LinkEvent>().saturating_add(topic.len()).saturating_add(payload.len())
        }
        _ => size_of::<LinkEvent>(),
    }
}

fn withhold(event: LinkEvent) {
    if let LinkEvent::Message { receipt, .. } = event {
        receipt.withhold();
    }
}

async fn until(limit: Option<Instant>) {
    match limit {
        Some(limit) => sleep_until(limit).await,
        None => std::future::pending().await,
    }
}

/// The text of an error for people: some of the library's errors only name their layer.
fn explain(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(code) => format!("the broker refused the connection: {code:?}"),
        ConnectionError::Timeout(_) => "the broker did not answer the greeting".into(),
        other => other.to_string(),
    }
}

/// The options of one connection over a line that stands.
pub(super) fn mqtt_options(
    options: &LinkOptions,
    will: Will,
    stream: TlsStream<TcpStream>,
    ahead_max: u16,
) -> MqttOptions {
    // Host and port are not used: the line stands already.
    let mut mqtt = MqttOptions::new(options.client_id.clone(), ("broker", 0));
    let stream = Arc::new(Mutex::new(Some(stream)));
    mqtt.set_socket_connector(move |_, _| {
        let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        std::future::ready(stream.ok_or_else(|| std::io::Error::other("the line was used before")))
    });
    mqtt.set_connect_timeout(GREETING_LIMIT)
        .set_session_mode(SessionMode::Persistent)
        .set_session_expiry_interval(Some(options.session_expiry_s))
        .set_session_store(Lenient {
            session_expiry_s: options.session_expiry_s,
            in_flight_max: IN_FLIGHT_MAX,
        })
        .set_outgoing_inflight_upper_limit(IN_FLIGHT_MAX)
        .set_keep_alive(options.keep_alive_s)
        .set_receive_maximum(Some(ahead_max))
        .set_max_packet_size(u32::try_from(PAYLOAD_BYTES_MAX + PACKET_OVERHEAD_BYTES).ok())
        .set_ack_mode(AckMode::Manual)
        .set_last_will(LastWill::new(will.topic.to_string(), will.payload, QoS::AtLeastOnce, true, None));
    if let Some(username) = &options.username {
        mqtt.set_username(username.clone());
    }
    mqtt
}
