//! Desired states against a broker that forgets: an outlet that only counts.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::*;
use crate::api::tests::World;

#[derive(Debug, Default)]
struct Counting(AtomicUsize);

#[async_trait]
impl Outlet for Counting {
    async fn publish(&self, _: &Topic, _: Vec<u8>, retain: bool, _: Option<u32>) -> Result<(), String> {
        assert!(retain, "desired states stay with the broker");
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn every_connection_publishes_everything_once() {
    let world = World::new().await;
    let outlet = Arc::new(Counting::default());
    let link = watch::Sender::new(0);
    let mut publish = Publish::new(world.state.clone(), outlet.clone(), link.subscribe());
    for (connection, published, why) in [
        (0, 0, "nobody takes it before the link stands"),
        (1, 1, "the first connection"),
        (1, 1, "the broker has it"),
        (0, 1, "away"),
        (2, 2, "a broker that came back may have forgotten"),
        (2, 2, "the broker has it again"),
    ] {
        link.send_replace(connection);
        publish.look().await.unwrap();
        assert_eq!(outlet.0.load(Ordering::SeqCst), published, "{why}");
    }
}

#[tokio::test]
async fn a_new_signing_key_publishes_everything_again_once() {
    let world = World::new().await;
    let outlet = Arc::new(Counting::default());
    let link = watch::Sender::new(1);
    let mut publish = Publish::new(world.state.clone(), outlet.clone(), link.subscribe());
    for (rotates, published) in [(false, 1), (false, 1), (true, 2), (false, 2)] {
        if rotates {
            world.state.pki.signing().rotate(1).unwrap();
        }
        publish.look().await.unwrap();
        assert_eq!(outlet.0.load(Ordering::SeqCst), published);
    }
}
