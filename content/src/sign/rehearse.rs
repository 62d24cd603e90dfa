//! The rehearsal: what is about to be published is read as a display will read it, with a stand-in for
//! the part that only the controller can sign. Nothing leaves that a display would refuse.

use jiff::{SignedDuration, Timestamp};

use super::error::SignError;
use super::root::Spec;
use crate::freshness::{Snapshot, timestamp};
use crate::keys::{Key, seal};
use crate::trust::{Releases, check, check_targets};

/// How long the stand-ins hold: nobody keeps them.
const STAND_IN: SignedDuration = SignedDuration::from_mins(10);

/// Checks signed targets under the real roots, and the whole set under a stand-in for the newest one.
///
/// # Errors
/// What a display would refuse, under the name that it would report.
pub fn rehearse(roots: &[impl AsRef<[u8]>], targets: &[u8], now: Timestamp) -> Result<Releases, SignError> {
    let real = check_targets(roots, targets, now)?;
    let newest = roots.last().map(AsRef::as_ref).unwrap_or_default();
    let (root, freshness) = (Key::generate()?, Key::generate()?);
    let until = now.saturating_add(STAND_IN).unwrap_or(Timestamp::MAX);
    let spec = Spec {
        expires: until,
        roots: vec![root.public()],
        threshold: 1,
        freshness: freshness.public(),
        ..Spec::read(newest)?
    };
    let root = seal(&spec.document(), &[&root])?;
    let snapshot = Snapshot::sign(targets, 1, until, &freshness)?;
    let timestamp = timestamp(&snapshot, 1, until, &freshness)?;
    let seen = check(&[root], &timestamp, &snapshot.bytes, targets, now)?;
    debug_assert_eq!(seen.list, real.list, "one list is read in one way");
    Ok(real)
}
