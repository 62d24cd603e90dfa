//! How files of keys are opened and closed: the passphrase is asked for, or read from a file.

use std::fs;
use std::io::IsTerminal as _;
use std::path::Path;

use migrado_content::keys::Key;
use migrado_content::sign::{SignError, files};
use zeroize::Zeroizing;

use crate::cli::Passphrase;
use crate::exit::{Code, Failure};
use crate::output;

/// How often a passphrase is asked for before it is taken for forgotten.
const TRIES: usize = 3;
/// Characters of a new passphrase: below, guessing takes days and not years.
const LENGTH_MIN: usize = 12;

type Secret = Zeroizing<String>;

/// A passphrase for new keys.
pub(super) fn new(args: &Passphrase, none: bool) -> Result<Option<Secret>, Failure> {
    if none {
        return Ok(None);
    }
    let secret = match from_file(args)? {
        Some(secret) => secret,
        None => {
            let secret = ask("New passphrase for the keys: ")?;
            if *ask("The same again: ")? != *secret {
                return Err(Failure::usage("the two passphrases differ; nothing was made"));
            }
            secret
        }
    };
    let length = secret.chars().count();
    if length < LENGTH_MIN {
        return Err(Failure::usage(format!(
            "the passphrase has {length} characters, take {LENGTH_MIN} or more"
        )));
    }
    Ok(Some(secret))
}

/// Opens files of keys. A passphrase that opened one is tried on the next.
pub(super) struct Opener<'a> {
    args: &'a Passphrase,
    known: Vec<Secret>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(args: &'a Passphrase) -> Result<Self, Failure> {
        Ok(Self { args, known: from_file(args)?.into_iter().collect() })
    }

    /// The passphrase of the keys that were opened.
    pub(super) fn last(&self) -> Option<Secret> {
        self.known.last().cloned()
    }

    pub(super) fn open(&mut self, path: &Path) -> Result<Key, Failure> {
        match files::read(path, None) {
            Err(SignError::Locked(_)) => {}
            read => return read.map_err(|e| super::told(&e)),
        }
        for known in &self.known {
            match files::read(path, Some(known)) {
                Err(SignError::Passphrase(_)) => {}
                read => return read.map_err(|e| super::told(&e)),
            }
        }
        if self.args.passphrase_file.is_some() {
            return Err(Failure::new(Code::Denied, SignError::Passphrase(path.to_path_buf()).to_string()));
        }
        for _ in 0..TRIES {
            let secret = ask(&format!("Passphrase of {}: ", path.display()))?;
            match files::read(path, Some(&secret)) {
                Err(error @ SignError::Passphrase(_)) => output::say(&error.to_string()),
                read => {
                    self.known.push(secret);
                    return read.map_err(|e| super::told(&e));
                }
            }
        }
        Err(Failure::new(Code::Denied, SignError::Passphrase(path.to_path_buf()).to_string()))
    }
}

fn from_file(args: &Passphrase) -> Result<Option<Secret>, Failure> {
    let Some(path) = &args.passphrase_file else { return Ok(None) };
    let text = fs::read_to_string(path).map_err(|e| {
        Failure::usage(format!("cannot read the file of the passphrase {}: {e}", path.display()))
    })?;
    let text = Zeroizing::new(text);
    Ok(Some(Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned())))
}

fn ask(question: &str) -> Result<Secret, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "the keys need a passphrase and nobody can be asked here: give --passphrase-file",
        ));
    }
    let read = rpassword::prompt_password(question);
    read.map(Zeroizing::new).map_err(|e| Failure::failed(format!("cannot read the passphrase: {e}")))
}
