//! What somebody does who holds the line, or the controller and its key.

use serde_json::json;
use sigstore_tuf::Repository;
use sigstore_tuf::transport::FetchFuture;

use super::*;
use crate::trust::{FetchFault, Freshness};

#[test]
fn the_honest_repository_passes_and_says_what_is_live() {
    let mut world = World::new();
    let second = world.second();
    let releases = refresh(&mut world.trust, &second, day(1)).unwrap();
    assert_eq!((releases.root_version, releases.targets_version), (1, 2));
    assert_eq!(releases.freshness, Freshness::Fresh { until: day(7) });
    let newest = releases.list.last().unwrap();
    assert_eq!((newest.name.to_string().as_str(), newest.title.as_str()), ("2026-11-26.1", "Winter"));
    assert_eq!((newest.manifest, newest.bytes, newest.files), (manifest(1).id(), 1, 1));
    assert_eq!(newest.published, day(1));
    assert_eq!(releases.find(&manifest(0).id()).unwrap().name.to_string(), "2026-11-25.1");
    assert_eq!(refresh(&mut world.trust, &second, day(1)).unwrap(), releases, "and again, unchanged");
    assert_eq!(world.trust.cached(day(1)), Some(releases));
}

#[test]
fn an_older_timestamp_is_a_rollback() {
    let mut world = World::new();
    let second = world.second();
    refresh(&mut world.trust, &second, day(1)).unwrap();
    let older = world.first.clone();
    world.refuses("rollback", &older, &second);
}

#[test]
fn a_newer_timestamp_for_an_older_list_is_a_rollback() {
    let mut world = World::new();
    let second = world.second();
    refresh(&mut world.trust, &second, day(1)).unwrap();
    // The controller's key is in wrong hands: it signs that the first list is the newest.
    let list = world.first.get("1.targets.json").unwrap().to_vec();
    let key = &world.publisher.freshness;
    let snapshot = Snapshot::sign(&list, 3, day(7), key).unwrap();
    let mut attack = second.clone();
    attack.put("timestamp.json", timestamp(&snapshot, 3, day(7), key).unwrap());
    attack.put("3.snapshot.json", snapshot.bytes);
    let honest = world.publisher.serve(4, day(7));
    world.refuses("rollback", &attack, &honest);
}

#[test]
fn what_is_shown_for_ever_is_a_freeze_and_content_stays_in_service() {
    let mut world = World::new();
    let frozen = refresh(&mut world.trust, &world.first, day(8)).unwrap_err();
    assert_eq!(frozen.name(), "freeze", "{}", frozen.story());
    let cached = world.trust.cached(day(8)).unwrap();
    assert_eq!(cached.freshness, Freshness::Expired { since: day(7) });
    assert_eq!(cached.list.len(), 1);
    // Also when everything is long over, the root as well, or the clock stands in another decade.
    for far in [day(4000), Timestamp::UNIX_EPOCH] {
        assert_eq!(world.trust.cached(far).unwrap().list.len(), 1);
    }
    let first = world.first.clone();
    let fresh = world.publisher.serve(2, day(30));
    let mut again = world.publisher.trust(world.folder.path());
    assert_eq!(refresh(&mut again, &first, day(8)).unwrap_err().name(), "freeze");
    assert_eq!(refresh(&mut again, &fresh, day(8)).unwrap().freshness, Freshness::Fresh { until: day(30) });
}

#[test]
fn genuine_parts_of_two_sets_are_mixed_and_matched() {
    let mut world = World::new();
    let second = world.second();
    let mut attack = second.clone();
    attack.put("2.targets.json", world.first.get("1.targets.json").unwrap().to_vec());
    world.refuses("mix_and_match", &attack, &second);

    let mut world = World::new();
    let second = world.second();
    let mut attack = second.clone();
    attack.put("2.snapshot.json", world.first.get("1.snapshot.json").unwrap().to_vec());
    world.refuses("mix_and_match", &attack, &second);
}

#[test]
fn a_file_of_another_role_is_mixed_and_matched() {
    let mut world = World::new();
    let second = world.second();
    let mut attack = second.clone();
    attack.put("timestamp.json", second.get("2.snapshot.json").unwrap().to_vec());
    world.refuses("mix_and_match", &attack, &second);
}

#[test]
fn data_without_an_end_is_refused_whatever_the_transport_does() {
    for (name, bytes) in [("timestamp.json", 20_000), ("2.targets.json", 6_000_000), ("2.root.json", 600_000)]
    {
        let mut world = World::new();
        let second = world.second();
        let mut attack = second.clone();
        attack.put(name, vec![b' '; bytes]);
        world.refuses("endless_data", &attack, &second);
    }
}

#[test]
fn a_chain_of_roots_without_an_end_is_endless() {
    let mut world = World::new();
    let second = world.second();
    let mut attack = second.clone();
    for version in 2..60 {
        world.publisher.spec.version = version;
        let [first, other, _] = &world.publisher.root[..] else { unreachable!() };
        let root = seal(&world.publisher.spec.document(), &[first, other]).unwrap();
        attack.put(&format!("{version}.root.json"), root);
    }
    // Each of these roots is genuine: the walk goes on where it ended.
    let endless = refresh(&mut world.trust, &attack, day(1)).unwrap_err();
    assert_eq!(endless.name(), "endless_data", "{}", endless.story());
    assert_eq!(world.trust.root_version(), 33);
    assert_eq!(world.trust.cached(day(1)).unwrap().targets_version, 1);
    assert_eq!(refresh(&mut world.trust, &attack, day(1)).unwrap().root_version, 59);
}

#[test]
fn a_key_that_may_not_sign_is_a_wrong_key() {
    let stranger = Key::generate().unwrap();
    for name in ["timestamp.json", "2.root.json"] {
        let mut world = World::new();
        let second = world.second();
        let mut attack = second.clone();
        let original = second.get(name).unwrap_or_else(|| second.get("1.root.json").unwrap()).to_vec();
        attack.put(name, resign(&original, &stranger, |signed| signed["version"] = json!(2)));
        world.refuses("wrong_key", &attack, &second);
    }
}

#[test]
fn the_controllers_key_cannot_make_a_list() {
    let mut world = World::new();
    let second = world.second();
    let key = &world.publisher.freshness;
    let list = resign(&world.publisher.list, key, |signed| {
        signed["version"] = json!(3);
        signed["targets"]["releases/2026-12-24.1.json"] =
            signed["targets"]["releases/2026-11-25.1.json"].clone();
    });
    let snapshot = Snapshot::sign(&list, 3, day(7), key).unwrap();
    let mut attack = second.clone();
    attack.put("3.targets.json", list);
    attack.put("timestamp.json", timestamp(&snapshot, 3, day(7), key).unwrap());
    attack.put("3.snapshot.json", snapshot.bytes);
    // The forged version is pinned from now on; the honest list has to pass it.
    world.publisher.publish(2);
    world.publisher.publish(3);
    let honest = world.publisher.serve(4, day(7));
    world.refuses("wrong_key", &attack, &honest);
}

#[test]
fn one_changed_byte_is_tampered() {
    for name in ["timestamp.json", "2.snapshot.json", "2.targets.json"] {
        let mut world = World::new();
        let second = world.second();
        let mut attack = second.clone();
        attack.put(
            name,
            forge(second.get(name).unwrap(), |signed| signed["expires"] = json!("2099-01-01T00:00:00Z")),
        );
        world.refuses("tampered", &attack, &second);
    }
}

#[test]
fn a_file_without_its_end_is_truncated() {
    for name in ["timestamp.json", "2.snapshot.json", "2.targets.json"] {
        let mut world = World::new();
        let second = world.second();
        let mut attack = second.clone();
        let whole = second.get(name).unwrap();
        attack.put(name, whole[..whole.len() / 2].to_vec());
        world.refuses("truncated", &attack, &second);
    }
}

#[test]
fn a_signed_path_that_leaves_its_folder_is_unsafe() {
    for path in ["../../etc/passwd", "/etc/passwd", "releases/../../x", "releases/a\\b", "releases/nul"] {
        let mut world = World::new();
        let honest = world.second();
        let list = resign(&world.publisher.list, &world.publisher.content, |signed| {
            signed["targets"][path] = signed["targets"]["releases/2026-11-25.1.json"].clone();
        });
        let good = std::mem::replace(&mut world.publisher.list, list);
        let attack = world.publisher.serve(2, day(7));
        world.publisher.list = good;
        world.publisher.publish(2);
        let later = world.publisher.serve(3, day(7));
        drop(honest);
        world.refuses("unsafe_path", &attack, &later);
    }
}

#[test]
fn a_newer_format_of_the_framework_is_refused_by_name() {
    let mut world = World::new();
    let second = world.second();
    let mut attack = second.clone();
    let key = &world.publisher.freshness;
    let newer = resign(second.get("timestamp.json").unwrap(), key, |s| s["spec_version"] = json!("2.0.0"));
    attack.put("timestamp.json", newer);
    world.refuses("unknown_format", &attack, &second);
}

#[test]
fn a_release_of_a_newer_format_is_told_and_the_others_stand() {
    let mut world = World::new();
    world.publisher.publish(1);
    world.publisher.list = resign(&world.publisher.list, &world.publisher.content, |signed| {
        signed["targets"]["releases/2026-11-26.1.json"]["custom"]["migrado"] =
            json!({"format": 2, "new": []});
        signed["targets"]["releases/winter.json"] = signed["targets"]["releases/2026-11-25.1.json"].clone();
        signed["targets"]["signs/a.json"] = signed["targets"]["releases/2026-11-25.1.json"].clone();
    });
    let releases = refresh(&mut world.trust, &world.publisher.serve(2, day(7)), day(1)).unwrap();
    assert_eq!(releases.list.len(), 1);
    let [newer, named] = &releases.unreadable[..] else { panic!("{:?}", releases.unreadable) };
    assert_eq!(newer.path, "releases/2026-11-26.1.json");
    assert!(newer.reason.contains("format 2, this program knows 1"), "{}", newer.reason);
    assert_eq!(named.path, "releases/winter.json");
}

#[test]
fn what_is_not_there_is_not_found() {
    for name in ["timestamp.json", "2.snapshot.json", "2.targets.json"] {
        let mut world = World::new();
        let second = world.second();
        let mut attack = second.clone();
        attack.take(name).unwrap();
        world.refuses("not_found", &attack, &second);
    }
}

/// A line that gives up as it is told.
struct Broken(Option<FetchFault>);

impl Repository for Broken {
    fn fetch_metadata<'a>(&'a self, name: &'a str, _max: u64) -> FetchFuture<'a> {
        let error = self.0.clone().map_or_else(|| sigstore_tuf::Error::transport("refused"), |f| f.of(name));
        Box::pin(std::future::ready(Err(error)))
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max: u64) -> FetchFuture<'a> {
        self.fetch_metadata(path, max)
    }
}

#[test]
fn a_transport_that_gives_up_says_why() {
    for (fault, name) in [
        (Some(FetchFault::TooSlow { bytes: 3, seconds: 30 }), "slow_data"),
        (Some(FetchFault::TooLong { max: 3 }), "endless_data"),
        (Some(FetchFault::CutOff { bytes: 3 }), "truncated"),
        (None, "transport"),
    ] {
        let mut world = World::new();
        let refused = now_or_never(world.trust.refresh(Broken(fault), day(1))).unwrap_err();
        assert_eq!(refused.name(), name, "{}", refused.story());
        assert!(world.trust.cached(day(1)).is_some());
    }
}
