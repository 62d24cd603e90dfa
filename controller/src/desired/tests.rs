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
async fn who_comes_and_goes_at_a_site_raises_nobodys_generation_and_the_sites_switch_does() {
    use crate::fleet::terminal::{Certificate, Connection};
    use migrado_protocol::content::ContentReport;
    let mut world = World::new().await;
    let fleet = world.state.fleet.clone();
    let me = fleet.get(&"fp-01".parse().unwrap()).unwrap();
    let mut lead = Terminal::new("fp-00".parse().unwrap(), me.site.clone(), "L".into(), 0);
    lead.certificate = Some(Certificate { serial: "1".into(), not_after_ms: 1 });
    lead.connection = Connection::Standing;
    let serves_at = Some("192.0.2.1:7443".to_owned());
    lead.reported.content = Some(ContentReport { serves_at, ..ContentReport::default() });
    fleet.put(lead.clone());
    let mut known = stored(&world.state, &me).await.unwrap();
    known.settings.release = Some(crate::rollouts::progress::tests::wanted("new"));
    let told = |stored: &Stored| stored.body.clone().unwrap().release.unwrap().neighbors.len();
    let first = renew(&world.state, &me, &mut known, &[], 1);
    assert_eq!((first, told(&known)), (1, 1));
    for n in 0..100 {
        lead.connection = if n % 2 == 0 { Connection::Never } else { Connection::Standing };
        fleet.put(lead.clone());
        assert_eq!(renew(&world.state, &me, &mut known, &[], n), first, "{n}");
    }
    let mut settings = (*world.state.settings).clone();
    settings.sites[0].neighbors = false;
    world.state.settings = Arc::new(settings);
    assert_eq!((renew(&world.state, &me, &mut known, &[], 1), told(&known)), (first + 1, 0));
    assert_eq!(renew(&world.state, &me, &mut known, &[], 1), first + 1);
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
