//! The root changes hands: chains, lost keys, and what the last good set is worth afterwards.

use super::*;

impl Publisher {
    /// Signs the next root, with the change, by two of its keys of before and two of after.
    fn rotate(&mut self, change: impl FnOnce(&mut Spec, &mut Vec<Key>)) {
        let before: Vec<usize> = vec![0, 1];
        let old: Vec<Key> = before.iter().map(|i| Key::from_pkcs8(self.root[*i].pkcs8()).unwrap()).collect();
        self.spec.version += 1;
        change(&mut self.spec, &mut self.root);
        let new = self.root.iter().take(2).filter(|key| old.iter().all(|old| old.public() != key.public()));
        let signers: Vec<&Key> = old.iter().chain(new).collect();
        self.roots.push(seal(&self.spec.document(), &signers).unwrap());
    }

    fn replace_root_key(&mut self, at: usize) {
        self.rotate(|spec, keys| {
            keys[at] = Key::generate().unwrap();
            spec.roots[at] = keys[at].public();
        });
    }
}

#[test]
fn a_display_follows_the_root_over_several_versions() {
    let mut world = World::new();
    for at in [0, 1, 2, 0] {
        world.publisher.replace_root_key(at);
    }
    let releases = refresh(&mut world.trust, &world.publisher.serve(2, day(7)), day(1)).unwrap();
    assert_eq!((releases.root_version, world.trust.root_version()), (5, 5));
    let again = world.publisher.trust(world.folder.path());
    assert_eq!((again.root_version(), again.cached(day(1))), (5, Some(releases)));
}

#[test]
fn a_root_that_is_left_out_breaks_the_chain() {
    let mut world = World::new();
    world.publisher.replace_root_key(0);
    world.publisher.replace_root_key(1);
    let honest = world.publisher.serve(2, day(7));
    let mut attack = honest.clone();
    attack.put("2.root.json", honest.get("3.root.json").unwrap().to_vec());
    world.refuses("mix_and_match", &attack, &honest);

    let mut world = World::new();
    world.publisher.replace_root_key(0);
    let honest = world.publisher.serve(2, day(7));
    let mut attack = honest.clone();
    attack.put("2.root.json", honest.get("1.root.json").unwrap().to_vec());
    world.refuses("rollback", &attack, &honest);
}

#[test]
fn one_root_key_of_two_that_are_needed_changes_nothing() {
    let mut world = World::new();
    let honest = world.publisher.serve(2, day(7));
    let mut attack = honest.clone();
    world.publisher.spec.version = 2;
    let thief = seal(&world.publisher.spec.document(), &[&world.publisher.root[0]]).unwrap();
    attack.put("2.root.json", thief);
    world.refuses("wrong_key", &attack, &honest);
}

#[test]
fn a_revoked_content_key_takes_its_lists_with_it() {
    let mut world = World::new();
    let fresh = Key::generate().unwrap();
    let public = fresh.public();
    world.publisher.rotate(|spec, _| spec.contents = vec![public]);
    // The list is still the old key's.
    let refused = refresh(&mut world.trust, &world.publisher.serve(2, day(7)), day(1)).unwrap_err();
    assert_eq!(refused.name(), "wrong_key", "{}", refused.story());
    assert_eq!(world.trust.cached(day(1)), None, "what a revoked key signed is not taken from the cache");
    world.publisher.content = fresh;
    world.publisher.publish(1);
    let releases = refresh(&mut world.trust, &world.publisher.serve(3, day(7)), day(1)).unwrap();
    assert_eq!((releases.root_version, releases.targets_version), (2, 2));
}

#[test]
fn a_replaced_freshness_key_leaves_the_last_good_set_in_service() {
    let mut world = World::new();
    let stolen = std::mem::replace(&mut world.publisher.freshness, Key::generate().unwrap());
    let public = world.publisher.freshness.public();
    world.publisher.rotate(|spec, _| spec.freshness = public);
    let honest = world.publisher.serve(2, day(7));
    let mut attack = honest.clone();
    let snapshot = Snapshot::sign(&world.publisher.list, 9, day(7), &stolen).unwrap();
    attack.put("timestamp.json", timestamp(&snapshot, 9, day(7), &stolen).unwrap());
    world.refuses("wrong_key", &attack, &honest);
}
