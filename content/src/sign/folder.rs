//! The folder of keys on an editor's machine.
//!
//! `root/` has the files of the root keys, which are carried away after each use; `content/` those of
//! the content keys; beside each `.pem` lies a `.pub` with the public half, so that it is known which
//! key a file would be, also when it is encrypted or elsewhere. `roots/` has every signed root from the
//! first one on, `targets.json` the list that was last published: both are public.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::{SignError, failed};
use super::files::{self, is_locked, replace, write_new};
use super::root::Spec;
use super::targets::List;
use crate::keys::{Key, PublicKey, seal};
use crate::trust::{check_targets, follow};

const ROOTS: &str = "roots";
const TARGETS: &str = "targets.json";
/// Everybody may read what is public.
const PUBLIC_MODE: u32 = 0o644;
/// Keys of one role: more are a mistake of the keyboard.
const KEYS_MAX: usize = 16;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Makes the next root.
    Root,
    /// Publishes.
    Content,
    /// Says what is newest; the controller has its own.
    Freshness,
}

impl Role {
    /// Its word, which is also its folder.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Content => "content",
            Self::Freshness => "freshness",
        }
    }
}

/// A key whose public half is in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// What it is for.
    pub role: Role,
    /// Which it is.
    pub public: PublicKey,
    /// Where its private half lies, or lay.
    pub path: PathBuf,
    /// Whether it lies there.
    pub here: bool,
}

/// What a new folder gets.
#[derive(Debug, Clone, Copy)]
pub struct Init {
    /// How many root keys.
    pub roots: usize,
    /// How many of them it takes.
    pub threshold: usize,
    /// How many content keys.
    pub contents: usize,
    /// The controller's key; without it one is made here, for a repository without a controller.
    pub freshness: Option<PublicKey>,
    /// When a new root must be there.
    pub expires: Timestamp,
}

/// What a new root changes.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Keys that are lost, or in wrong hands: each gets a new one in its place.
    pub lost: Vec<PublicKey>,
    /// The controller's new key.
    pub freshness: Option<PublicKey>,
    /// How many root keys it takes from now on.
    pub threshold: Option<usize>,
}

/// A folder of keys.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    folder: PathBuf,
    roots: Vec<Vec<u8>>,
    targets: Option<Vec<u8>>,
}

impl KeyFolder {
    /// Makes a folder with new keys and the first root. There is a whole folder afterwards, or none.
    ///
    /// # Errors
    /// When something is there already, the numbers make no sense, or it cannot be written.
    pub fn init(folder: &Path, init: &Init, passphrase: Option<&str>) -> Result<Self, SignError> {
        if folder.exists() {
            return Err(SignError::Exists(folder.to_path_buf()));
        }
        if init.roots > KEYS_MAX || init.contents > KEYS_MAX {
            return Err(SignError::Numbers(format!("at most {KEYS_MAX} keys of a kind are made")));
        }
        let roots = generate(init.roots)?;
        let contents = generate(init.contents)?;
        let own = if init.freshness.is_none() { Some(Key::generate()?) } else { None };
        let freshness = init.freshness.or(own.as_ref().map(Key::public));
        let spec = Spec {
            version: 1,
            expires: init.expires,
            roots: publics(&roots),
            threshold: init.threshold,
            contents: publics(&contents),
            freshness: freshness.ok_or(crate::keys::KeyError::Make)?,
        };
        spec.check()?;
        let root = seal(&spec.document(), &roots.iter().collect::<Vec<_>>())?;
        follow(&[&root])?;

        let half = folder.with_extension("half");
        fs::create_dir_all(&half).map_err(failed("make the folder", &half))?;
        let made = Self { folder: half.clone(), roots: vec![root], targets: None };
        let written = made.write_first(&roots, &contents, own.as_ref(), passphrase);
        let moved = written.and_then(|()| fs::rename(&half, folder).map_err(failed("make", folder)));
        if moved.is_err() {
            // Keys that nobody will use are not left lying about.
            let _gone = fs::remove_dir_all(&half).is_ok();
        }
        moved?;
        Self::open(folder)
    }

    fn write_first(
        &self,
        roots: &[Key],
        contents: &[Key],
        own: Option<&Key>,
        passphrase: Option<&str>,
    ) -> Result<(), SignError> {
        self.keep_keys(Role::Root, roots, passphrase)?;
        self.keep_keys(Role::Content, contents, passphrase)?;
        if let Some(own) = own {
            self.keep_keys(Role::Freshness, std::slice::from_ref(own), passphrase)?;
        }
        let folder = self.folder.join(ROOTS);
        fs::create_dir_all(&folder).map_err(failed("make the folder", &folder))?;
        let root = self.roots.first().map(Vec::as_slice).unwrap_or_default();
        write_new(&folder.join("1.root.json"), root, PUBLIC_MODE)
    }

    /// Opens a folder of keys.
    ///
    /// # Errors
    /// When it is none, or its chain of roots does not hold.
    pub fn open(folder: &Path) -> Result<Self, SignError> {
        let mut roots = Vec::new();
        loop {
            let path = folder.join(ROOTS).join(format!("{}.root.json", roots.len() + 1));
            match fs::read(&path) {
                Ok(bytes) => roots.push(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(error) => return Err(failed("read", &path)(error)),
            }
        }
        if roots.is_empty() {
            return Err(SignError::NoKeys(folder.to_path_buf()));
        }
        follow(&roots)?;
        let path = folder.join(TARGETS);
        let targets = match fs::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read", &path)(error)),
        };
        Ok(Self { folder: folder.to_path_buf(), roots, targets })
    }

    /// Every root, the first one first.
    #[must_use]
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    /// The list that was last published from here.
    #[must_use]
    pub fn targets(&self) -> Option<&[u8]> {
        self.targets.as_deref()
    }

    /// What the newest root says.
    ///
    /// # Errors
    /// When it names keys of another kind.
    pub fn spec(&self) -> Result<Spec, SignError> {
        Spec::read(self.roots.last().map(Vec::as_slice).unwrap_or_default())
    }

    /// Every key whose public half is here, also those that are lost or gone.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn stored(&self) -> Result<Vec<StoredKey>, SignError> {
        let mut stored = Vec::new();
        for role in [Role::Root, Role::Content, Role::Freshness] {
            let folder = self.folder.join(role.word());
            let listed = match fs::read_dir(&folder) {
                Ok(listed) => listed,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed("list", &folder)(error)),
            };
            for found in listed {
                let path = found.map_err(failed("list", &folder))?.path();
                if path.extension().is_none_or(|ending| ending != "pub") {
                    continue;
                }
                let text = fs::read_to_string(&path).map_err(failed("read", &path))?;
                let private = path.with_extension("pem");
                let public = PublicKey::from_hex(text.trim())
                    .map_err(|error| SignError::Pem { path: path.clone(), reason: error.to_string() })?;
                stored.push(StoredKey { role, public, here: private.is_file(), path: private });
            }
        }
        stored.sort_by(|a, b| (a.role, &a.path).cmp(&(b.role, &b.path)));
        Ok(stored)
    }

    /// Makes the next root: signed by enough of the old keys and enough of the new ones. When content
    /// keys change, the list is signed anew with one of those that stay or are new.
    ///
    /// # Errors
    /// When too few keys are at hand, or a lost one is unknown. Nothing is changed then.
    pub fn rotate(
        &mut self,
        change: &Change,
        at_hand: &[Key],
        passphrase: Option<&str>,
        expires: (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Spec, SignError> {
        let old = self.spec()?;
        let (mut new, made) = next(&old, change, expires.0)?;
        new.version = old.version + 1;
        new.check()?;
        let fresh = |role: Role| made.iter().filter(move |(r, _)| *r == role).map(|(_, key)| key);
        let signers: Vec<&Key> = at_hand
            .iter()
            .chain(fresh(Role::Root))
            .filter(|key| old.roots.contains(&key.public()) || new.roots.contains(&key.public()))
            .collect();
        enough("root keys of before", &signers, &old.roots, old.threshold)?;
        enough("new root keys", &signers, &new.roots, new.threshold)?;
        let root = seal(&new.document(), &signers)?;
        let chain: Vec<&[u8]> = self.roots.iter().map(Vec::as_slice).chain([root.as_slice()]).collect();
        follow(&chain)?;
        let targets = match self.targets() {
            Some(targets) if new.contents != old.contents => {
                let mut keys = at_hand.iter().chain(fresh(Role::Content));
                let key = keys.find(|key| new.contents.contains(&key.public()));
                let missing = || missing("content keys", 0, 1, &new.contents);
                let signed = List::after(Some(targets))?.document(expires.1);
                let signed = seal(&signed, &[key.ok_or_else(missing)?])?;
                check_targets(&chain, &signed, now)?;
                Some(signed)
            }
            _ => None,
        };
        for role in [Role::Root, Role::Content] {
            let keys: Vec<&Key> = fresh(role).collect();
            self.keep_refs(role, &keys, passphrase)?;
        }
        write_new(&self.folder.join(ROOTS).join(format!("{}.root.json", new.version)), &root, PUBLIC_MODE)?;
        self.roots.push(root);
        if let Some(targets) = targets {
            self.keep_targets(&targets)?;
        }
        Ok(new)
    }

    /// Signs a list with a content key, and checks that displays would take it.
    ///
    /// # Errors
    /// When no content key is at hand.
    pub fn sign(
        &self,
        list: &List,
        at_hand: &[Key],
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<u8>, SignError> {
        let contents = self.spec()?.contents;
        let key = at_hand.iter().find(|key| contents.contains(&key.public()));
        let key = key.ok_or_else(|| missing("content keys", 0, 1, &contents))?;
        let signed = seal(&list.document(expires), &[key])?;
        super::rehearse(&self.roots, &signed, now)?;
        Ok(signed)
    }

    /// Keeps the list that was published.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_targets(&mut self, targets: &[u8]) -> Result<(), SignError> {
        replace(&self.folder.join(TARGETS), targets)?;
        self.targets = Some(targets.to_vec());
        Ok(())
    }

    fn keep_keys(&self, role: Role, keys: &[Key], passphrase: Option<&str>) -> Result<(), SignError> {
        self.keep_refs(role, &keys.iter().collect::<Vec<_>>(), passphrase)
    }

    /// Writes keys under the next free numbers.
    fn keep_refs(&self, role: Role, keys: &[&Key], passphrase: Option<&str>) -> Result<(), SignError> {
        let folder = self.folder.join(role.word());
        fs::create_dir_all(&folder).map_err(failed("make the folder", &folder))?;
        let free = |number: &usize| !folder.join(format!("{}-{number}.pub", role.word())).exists();
        let numbers: Vec<usize> = (1..).filter(free).take(keys.len()).collect();
        for (key, number) in keys.iter().zip(numbers) {
            let path = folder.join(format!("{}-{number}.pem", role.word()));
            files::write(&path, key, passphrase)?;
            let public = format!("{}\n", key.public());
            write_new(&path.with_extension("pub"), public.as_bytes(), PUBLIC_MODE)?;
        }
        Ok(())
    }
}

/// Pure but for the keys that it makes: what the next root says.
fn next(old: &Spec, change: &Change, expires: Timestamp) -> Result<(Spec, Vec<(Role, Key)>), SignError> {
    let mut new = Spec { expires, ..old.clone() };
    let mut made = Vec::new();
    for lost in &change.lost {
        let (role, keys) = if new.roots.contains(lost) {
            (Role::Root, &mut new.roots)
        } else if new.contents.contains(lost) {
            (Role::Content, &mut new.contents)
        } else {
            return Err(SignError::UnknownKey(*lost));
        };
        let key = Key::generate()?;
        keys.iter_mut().filter(|key| *key == lost).for_each(|place| *place = key.public());
        made.push((role, key));
    }
    new.freshness = change.freshness.unwrap_or(new.freshness);
    new.threshold = change.threshold.unwrap_or(new.threshold);
    Ok((new, made))
}

fn enough(role: &'static str, signers: &[&Key], of: &[PublicKey], need: usize) -> Result<(), SignError> {
    let have = of.iter().filter(|public| signers.iter().any(|key| key.public() == **public)).count();
    if have >= need {
        return Ok(());
    }
    let absent: Vec<PublicKey> =
        of.iter().filter(|public| !signers.iter().any(|key| key.public() == **public)).copied().collect();
    Err(missing(role, have, need, &absent))
}

fn missing(role: &'static str, have: usize, need: usize, absent: &[PublicKey]) -> SignError {
    let missing = absent.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    SignError::TooFewKeys { role, have, need, missing }
}

fn generate(count: usize) -> Result<Vec<Key>, SignError> {
    (0..count).map(|_| Key::generate().map_err(SignError::from)).collect()
}

fn publics(keys: &[Key]) -> Vec<PublicKey> {
    keys.iter().map(Key::public).collect()
}

impl StoredKey {
    /// Whether a passphrase is needed.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn is_locked(&self) -> Result<bool, SignError> {
        is_locked(&self.path)
    }
}
