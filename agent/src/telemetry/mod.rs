//! From readings to messages: the sampler runs the sensors, `state` holds what is known now, `report`
//! decides what of it is worth a message, `outbox` keeps what must not be lost. Sends nothing.

pub mod outbox;
