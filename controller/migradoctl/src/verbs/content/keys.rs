//! `migradoctl content keys`: make, show, rotate, send. Root keys need no network; only `init` and
//! `rotate --ask-controller` ask the controller for its public key.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use migrado_content::keys::{Key, PublicKey};
use migrado_content::sign::root::Spec;
use migrado_content::sign::{Change, Init, KeyFolder, Role};
use serde_json::{Value, json};

use super::passphrase::{Opener, new};
use super::{publish, told};
use crate::cli::{Connection, Format, InitKeys, Keys, RotateKeys};
use crate::client::Client;
use crate::exit::{Code, Failure};
use crate::output;

/// Days for which a root holds: holders of its keys meet once in that time at the latest.
const ROOT_DAYS: i64 = 2 * 365;
/// Days for which a signed list holds: who publishes nothing for so long signs it anew.
pub(super) const LIST_DAYS: i64 = 365;
/// Days before the end of a root from which on every call says so.
const NOTICE_DAYS: i64 = 90;
const FRESHNESS_KEY: &str = "/api/v1/content/freshness-key";

pub(super) async fn run(connection: &Connection, format: Format, verb: Keys) -> Result<Code, Failure> {
    match verb {
        Keys::Init(init) => make(connection, format, &init).await,
        Keys::Show { folder } => {
            show(format, &folder, &KeyFolder::open(&folder).map_err(|e| told(&e))?)?;
            Ok(Code::Ok)
        }
        Keys::Rotate(rotate) => self::rotate(connection, format, &rotate).await,
        Keys::Send(send) => publish::resend(connection, format, &send).await,
    }
}

/// A moment so many days from now.
pub(super) fn in_days(now: Timestamp, days: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
}

async fn make(connection: &Connection, format: Format, args: &InitKeys) -> Result<Code, Failure> {
    if args.folder.exists() {
        let path = args.folder.display();
        return Err(Failure::new(Code::Conflict, format!("{path} exists already: give another folder")));
    }
    let freshness = match (&args.freshness_key, args.own_freshness) {
        (_, true) => None,
        (Some(path), _) => Some(read_public(path)?),
        (None, false) => Some(ask(connection).await?),
    };
    let passphrase = new(&args.passphrase, args.no_passphrase)?;
    let init = Init {
        roots: args.roots,
        threshold: args.threshold,
        contents: args.content_keys,
        freshness,
        expires: in_days(Timestamp::now(), ROOT_DAYS),
    };
    let keys = KeyFolder::init(&args.folder, &init, passphrase.as_ref().map(|p| p.as_str()));
    let keys = keys.map_err(|e| told(&e))?;
    show(format, &args.folder, &keys)?;
    output::say(&format!(
        "Carry the files of {} away now, each to another place and another person: {} of {} make the next root.\n\
         Displays get {} when they enroll.",
        args.folder.join(Role::Root.word()).display(),
        args.threshold,
        args.roots,
        args.folder.join("roots/1.root.json").display(),
    ));
    Ok(Code::Ok)
}

async fn ask(connection: &Connection) -> Result<PublicKey, Failure> {
    let key = Client::connect(connection)?.get(FRESHNESS_KEY).await.map_err(|failure| Failure {
        message: format!(
            "the controller does not tell its freshness key: {}\n(give --freshness-key FILE, or \
             --own-freshness for a repository without a controller)",
            failure.message
        ),
        ..failure
    })?;
    PublicKey::from_json(&key).map_err(|e| Failure::failed(format!("the controller's freshness key: {e}")))
}

fn read_public(path: &Path) -> Result<PublicKey, Failure> {
    let wrong = |e: &dyn std::fmt::Display| {
        Failure::usage(format!("{} is no public key (JSON, as the controller tells it): {e}", path.display()))
    };
    let bytes = fs::read(path).map_err(|e| wrong(&e))?;
    let key: Value = serde_json::from_slice(&bytes).map_err(|e| wrong(&e))?;
    PublicKey::from_json(&key).map_err(|e| wrong(&e))
}

async fn rotate(connection: &Connection, format: Format, args: &RotateKeys) -> Result<Code, Failure> {
    let mut keys = KeyFolder::open(&args.folder).map_err(|e| told(&e))?;
    let named = |text: &String| {
        PublicKey::from_hex(text).map_err(|e| Failure::usage(format!("--lost {text}: {e}; see: keys show")))
    };
    let freshness = match &args.freshness_key {
        Some(path) => Some(read_public(path)?),
        None if args.ask_controller => Some(ask(connection).await?),
        None => None,
    };
    let lost = args.lost.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    let change = Change { lost, freshness, threshold: args.threshold };
    let spec = keys.spec().map_err(|e| told(&e))?;
    let question = format!(
        "Make root {} of {}: {}? Displays follow by themselves, also those that are away.",
        spec.version + 1,
        args.folder.display(),
        words(&change)
    );
    if !args.yes && !output::confirm(&question)? {
        return Err(Failure::failed("nothing was done"));
    }
    let mut opener = Opener::new(&args.passphrase)?;
    let at_hand = at_hand(&keys, &spec, &change.lost, &args.key, &mut opener)?;
    // New keys lie as their neighbors do.
    let passphrase = match (args.no_passphrase, opener.last()) {
        (true, _) => None,
        (false, Some(known)) => Some(known),
        (false, None) if change.lost.is_empty() => None,
        (false, None) => new(&args.passphrase, false)?,
    };
    let now = Timestamp::now();
    let until = (in_days(now, ROOT_DAYS), in_days(now, LIST_DAYS));
    let done = keys.rotate(&change, &at_hand, passphrase.as_ref().map(|p| p.as_str()), until, now);
    done.map_err(|e| told(&e))?;
    show(format, &args.folder, &keys)?;
    output::say(&format!("Send it with: migradoctl content keys send {}", args.folder.display()));
    Ok(Code::Ok)
}

fn words(change: &Change) -> String {
    let mut words: Vec<String> = change.lost.iter().map(|key| format!("replace the key {key}")).collect();
    words.extend(change.freshness.map(|key| format!("the controller's key becomes {key}")));
    words.extend(change.threshold.map(|count| format!("{count} root keys make the next root")));
    if words.is_empty() { "the same keys for longer".to_owned() } else { words.join(", ") }
}

/// Opens every key that may sign: those that lie in the folder, and those that were named.
fn at_hand(
    keys: &KeyFolder,
    spec: &Spec,
    lost: &[PublicKey],
    more: &[std::path::PathBuf],
    opener: &mut Opener<'_>,
) -> Result<Vec<Key>, Failure> {
    let mut opened: Vec<Key> = more.iter().map(|path| opener.open(path)).collect::<Result<_, _>>()?;
    for stored in keys.stored().map_err(|e| told(&e))? {
        let wanted = spec.roots.contains(&stored.public) || spec.contents.contains(&stored.public);
        let known = opened.iter().any(|key| key.public() == stored.public);
        if stored.here && wanted && !known && !lost.contains(&stored.public) {
            opened.push(opener.open(&stored.path)?);
        }
    }
    Ok(opened)
}

fn show(format: Format, folder: &Path, keys: &KeyFolder) -> Result<(), Failure> {
    let spec = keys.spec().map_err(|e| told(&e))?;
    let stored = keys.stored().map_err(|e| told(&e))?;
    let mut items = Vec::new();
    let named = [
        (Role::Root, &spec.roots[..]),
        (Role::Content, &spec.contents),
        (Role::Freshness, &[spec.freshness]),
    ];
    for (role, publics) in named {
        for public in publics {
            let file = stored.iter().find(|key| key.public == *public);
            let place = match file {
                Some(key) if key.here => key.path.display().to_string(),
                Some(key) => format!("not here (was {})", key.path.display()),
                None if role == Role::Freshness => "the controller".to_owned(),
                None => "unknown".to_owned(),
            };
            items.push(json!({"role": role.word(), "public": public.to_string(), "place": place}));
        }
    }
    let whole = json!({
        "version": spec.version,
        "expires": spec.expires.to_string(),
        "threshold": spec.threshold,
        "keys": items,
    });
    let cell = |item: &Value, name: &str| output::text(&item[name]);
    let rows: Vec<Vec<String>> =
        items.iter().map(|i| vec![cell(i, "public"), cell(i, "role"), cell(i, "place")]).collect();
    output::rows(format, &["public", "role", "place"], &rows, &whole);
    output::say(&format!(
        "{}: root {}, {} of {} root keys make the next one, valid until {}",
        folder.display(),
        spec.version,
        spec.threshold,
        spec.roots.len(),
        spec.expires.strftime("%Y-%m-%d")
    ));
    notice(&spec, folder);
    Ok(())
}

/// Says in time that a root ends.
pub(super) fn notice(spec: &Spec, folder: &Path) {
    let now = Timestamp::now();
    if spec.expires < in_days(now, NOTICE_DAYS) {
        output::say(&format!(
            "The root ends on {}: renew it with migradoctl content keys rotate {}",
            spec.expires.strftime("%Y-%m-%d"),
            folder.display()
        ));
    }
}

/// A content key to sign with: the first that is at hand.
pub(super) fn content_key(
    keys: &KeyFolder,
    more: &[std::path::PathBuf],
    opener: &mut Opener<'_>,
) -> Result<Vec<Key>, Failure> {
    let spec = keys.spec().map_err(|e| told(&e))?;
    for path in more {
        let key = opener.open(path)?;
        if spec.contents.contains(&key.public()) {
            return Ok(vec![key]);
        }
        output::say(&format!("{} is none of the content keys of the root", path.display()));
    }
    let stored = keys.stored().map_err(|e| told(&e))?;
    let usable = stored.iter().find(|key| key.here && spec.contents.contains(&key.public));
    let usable = usable.ok_or_else(|| {
        let publics: Vec<String> = spec.contents.iter().map(ToString::to_string).collect();
        let message =
            format!("no content key is at hand; give --key with the file of: {}", publics.join(", "));
        Failure::new(Code::NotFound, message)
    })?;
    opener.open(&usable.path).map(|key| vec![key])
}

/// A freshness key that lies in the folder, for a repository without a controller.
pub(super) fn own_freshness(keys: &KeyFolder, opener: &mut Opener<'_>) -> Result<Option<Key>, Failure> {
    let spec = keys.spec().map_err(|e| told(&e))?;
    let stored = keys.stored().map_err(|e| told(&e))?;
    let own = stored.iter().find(|key| key.here && key.public == spec.freshness);
    own.map(|key| opener.open(&key.path)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_what_will_change() {
        assert_eq!(words(&Change::default()), "the same keys for longer");
        let key = PublicKey::from_hex(&"a".repeat(64)).unwrap();
        let change = Change { lost: vec![key], freshness: Some(key), threshold: Some(2) };
        let words = words(&change);
        for part in ["replace the key aaaa", "controller's key becomes aaaa", "2 root keys"] {
            assert!(words.contains(part), "{words}");
        }
    }
}
