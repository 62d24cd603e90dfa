//! Gives a refusal of the client its name, by what came and what was known. Pure.
//!
//! The library tells a failed check; whether that was an attack by changing, by cutting off or by
//! mixing genuine files is read from the bytes themselves.

use serde::Deserialize;
use sigstore_tuf::metadata::{MetaFile, Role};
use sigstore_tuf::{Error, Metadata, Root, Snapshot, Targets, Timestamp, TrustedMetadataSet};

use super::error::{Refusal, TrustError};
use super::repository::{FetchFault, Last};

/// The major version of the framework's format that is known.
const FORMAT_MAJOR: &str = "1";

/// Names the error of a refresh.
pub(super) fn of(error: Error, last: &Last, set: &TrustedMetadataSet) -> TrustError {
    if last.absent && matches!(error, Error::Transport { .. }) {
        return TrustError::new(Refusal::NotFound, format!("{} is not there", last.name));
    }
    of_part(error, &last.name, last.bytes.as_deref(), set)
}

/// Names what is wrong with a root that stands for itself.
pub(super) fn of_root(what: &str, error: Error, bytes: &[u8]) -> TrustError {
    let refusal = match &error {
        Error::BadRootVersion { trusted, new } if new <= trusted => Refusal::Rollback,
        Error::BadRootVersion { .. } => Refusal::MixAndMatch,
        error => by_kind(error).unwrap_or_else(|| by_shape(bytes, Root::TYPE)),
    };
    TrustError::caused(refusal, format!("{what} is refused"), error)
}

/// Names what is wrong with one file.
pub(super) fn of_part(
    error: Error,
    name: &str,
    bytes: Option<&[u8]>,
    set: &TrustedMetadataSet,
) -> TrustError {
    let role = Part::of(name);
    let refusal = match (&error, bytes) {
        (Error::ThresholdNotMet { .. }, Some(bytes)) if claims(bytes, role, set) => Refusal::Tampered,
        (Error::BadRootVersion { trusted, new }, _) if new <= trusted => Refusal::Rollback,
        (Error::BadRootVersion { .. }, _) => Refusal::MixAndMatch,
        (Error::IntegrityMismatch(_), Some(bytes)) => by_pin(bytes, role, set),
        (error, bytes) => {
            by_kind(error).or_else(|| Some(by_shape(bytes?, role.word()))).unwrap_or(Refusal::Tampered)
        }
    };
    TrustError::caused(refusal, format!("{name} is refused"), error)
}

/// Which role a file is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Root,
    Timestamp,
    Snapshot,
    Targets,
}

impl Part {
    fn of(name: &str) -> Self {
        match name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.') {
            "root.json" => Self::Root,
            "timestamp.json" => Self::Timestamp,
            "snapshot.json" => Self::Snapshot,
            _ => Self::Targets,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Root => Root::TYPE,
            Self::Timestamp => Timestamp::TYPE,
            Self::Snapshot => Snapshot::TYPE,
            Self::Targets => Targets::TYPE,
        }
    }
}

/// By the error alone, where that is enough.
fn by_kind(error: &Error) -> Option<Refusal> {
    Some(match error {
        Error::Rollback { .. } => Refusal::Rollback,
        Error::Expired { .. } => Refusal::Freeze,
        Error::ThresholdNotMet { .. }
        | Error::DuplicateSignature { .. }
        | Error::UnusableKey { .. }
        | Error::UnsupportedScheme { .. }
        | Error::UnknownRole(_)
        | Error::Crypto(_) => Refusal::WrongKey,
        Error::Io { .. } => Refusal::Storage,
        Error::TargetNotFound(_) => Refusal::NotFound,
        Error::Transport { message, source } => by_fault(message, source.as_deref()),
        _ => return None,
    })
}

fn by_fault(message: &str, source: Option<&(dyn std::error::Error + Send + Sync + 'static)>) -> Refusal {
    match source.and_then(|source| source.downcast_ref::<FetchFault>()) {
        Some(FetchFault::TooLong { .. }) => Refusal::EndlessData,
        Some(FetchFault::TooSlow { .. }) => Refusal::SlowData,
        Some(FetchFault::CutOff { .. }) => Refusal::Truncated,
        // A chain of roots that does not end. The only error of this kind that the library makes itself
        // for what did come.
        None if message.contains("root rotations") => Refusal::EndlessData,
        None => Refusal::Transport,
    }
}

/// What is read from a file that is not trusted, only to name it.
#[derive(Deserialize)]
struct Claimed {
    signed: Head,
    #[serde(default)]
    signatures: Vec<Claim>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "_type", default)]
    kind: String,
    #[serde(default)]
    spec_version: String,
}

#[derive(Deserialize)]
struct Claim {
    keyid: String,
}

/// A file that cannot be read as its role.
fn by_shape(bytes: &[u8], role: &str) -> Refusal {
    match serde_json::from_slice::<Claimed>(bytes) {
        Err(error) if error.is_eof() => Refusal::Truncated,
        Err(_) => Refusal::Tampered,
        Ok(claimed) if claimed.signed.spec_version.split('.').next() != Some(FORMAT_MAJOR) => {
            Refusal::UnknownFormat
        }
        Ok(claimed) if claimed.signed.kind != role => Refusal::MixAndMatch,
        Ok(_) => Refusal::Tampered,
    }
}

/// Whether a file whose signatures do not hold says that those signed it who may: then it was changed.
fn claims(bytes: &[u8], part: Part, set: &TrustedMetadataSet) -> bool {
    let Ok(claimed) = serde_json::from_slice::<Claimed>(bytes) else { return false };
    let Some(keys) = set.root().role(part.word()) else { return false };
    let known = claimed.signatures.iter().filter(|claim| keys.keyids.contains(&claim.keyid)).count();
    known >= keys.threshold
}

/// A file that is not the one which the file above it names: cut off, another genuine one, or changed.
fn by_pin(bytes: &[u8], part: Part, set: &TrustedMetadataSet) -> Refusal {
    let pin: Option<&MetaFile> = match part {
        Part::Snapshot => set.timestamp().and_then(Timestamp::snapshot_meta),
        _ => set.snapshot().and_then(|snapshot| snapshot.meta.get("targets.json")),
    };
    let shorter = pin.and_then(|pin| pin.length).is_some_and(|length| (bytes.len() as u64) < length);
    let readable = serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    if shorter && !readable {
        return Refusal::Truncated;
    }
    let genuine = match part {
        Part::Snapshot => genuine::<Snapshot>(bytes, part, set),
        _ => genuine::<Targets>(bytes, part, set),
    };
    if genuine { Refusal::MixAndMatch } else { Refusal::Tampered }
}

fn genuine<T: Role>(bytes: &[u8], part: Part, set: &TrustedMetadataSet) -> bool {
    let Some(keys) = set.root().role(part.word()) else { return false };
    Metadata::<T>::from_slice(bytes)
        .is_ok_and(|parsed| parsed.verify_threshold(&set.root().keys, keys, part.word()).is_ok())
}
