//! Files of keys: PKCS#8 in PEM, as OpenSSL reads and writes them, encrypted with a passphrase
//! (PBES2: scrypt, AES-256-CBC) or not. Readable by their owner only, never overwritten.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::rand;
use pkcs8::der::pem::PemLabel as _;
use pkcs8::der::{Decode as _, SecretDocument};
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncryptedPrivateKeyInfo, LineEnding, PrivateKeyInfo};
use zeroize::Zeroizing;

use super::error::{SignError, failed};
use crate::keys::{Key, KeyError};

/// Work for one guess of a passphrase: 16 MiB of memory, five times over. As strong as one pass over
/// 128 MiB, and within what OpenSSL opens without being told.
const SCRYPT: (u8, u32, u32) = (14, 8, 5);
/// Bytes of the key that scrypt gives: AES-256.
const CIPHER_KEY_BYTES: usize = 32;
/// Bytes of the file of a key that are read: one has three hundred.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// Writes a key into a new file.
///
/// # Errors
/// When there is a file already, or it cannot be written.
pub fn write(path: &Path, key: &Key, passphrase: Option<&str>) -> Result<(), SignError> {
    let pem =
        encode(key, passphrase).map_err(|reason| SignError::Pem { path: path.to_path_buf(), reason })?;
    write_new(path, pem.as_bytes(), 0o600)
}

/// Reads a key.
///
/// # Errors
/// When it is none, or encrypted and the passphrase is absent or wrong.
pub fn read(path: &Path, passphrase: Option<&str>) -> Result<Key, SignError> {
    let wrong = |reason: String| SignError::Pem { path: path.to_path_buf(), reason };
    let text = text(path)?;
    let (label, document) = SecretDocument::from_pem(&text).map_err(|e| wrong(e.to_string()))?;
    if label == PrivateKeyInfo::PEM_LABEL {
        return Key::from_pkcs8(document.as_bytes()).map_err(|e| wrong(e.to_string()));
    }
    if label != EncryptedPrivateKeyInfo::PEM_LABEL {
        return Err(wrong(format!("its label is {label}")));
    }
    let passphrase = passphrase.ok_or_else(|| SignError::Locked(path.to_path_buf()))?;
    let encrypted =
        EncryptedPrivateKeyInfo::from_der(document.as_bytes()).map_err(|e| wrong(e.to_string()))?;
    // A wrong passphrase gives other bytes, which are no key.
    let opened = encrypted.decrypt(passphrase).map_err(|_| SignError::Passphrase(path.to_path_buf()))?;
    Key::from_pkcs8(opened.as_bytes()).map_err(|_: KeyError| SignError::Passphrase(path.to_path_buf()))
}

/// Whether a passphrase is needed to read it.
///
/// # Errors
/// When the file cannot be read.
pub fn is_locked(path: &Path) -> Result<bool, SignError> {
    Ok(text(path)?.contains(EncryptedPrivateKeyInfo::PEM_LABEL))
}

fn text(path: &Path) -> Result<Zeroizing<String>, SignError> {
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(failed("open", path))?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed("read", path))?;
    Ok(text)
}

fn encode(key: &Key, passphrase: Option<&str>) -> Result<Zeroizing<String>, String> {
    let told = |e: &dyn std::fmt::Display| e.to_string();
    let Some(passphrase) = passphrase else {
        let document = SecretDocument::try_from(key.pkcs8()).map_err(|e| told(&e))?;
        return document.to_pem(PrivateKeyInfo::PEM_LABEL, LineEnding::LF).map_err(|e| told(&e));
    };
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rand::fill(&mut salt).and_then(|()| rand::fill(&mut iv)).map_err(|_| told(&KeyError::Make))?;
    let (log_n, r, p) = SCRYPT;
    let work = scrypt::Params::new(log_n, r, p, CIPHER_KEY_BYTES).map_err(|e| told(&e))?;
    let how = pbes2::Parameters::scrypt_aes256cbc(work, &salt, &iv).map_err(|e| told(&e))?;
    let info = PrivateKeyInfo::try_from(key.pkcs8()).map_err(|e| told(&e))?;
    let encrypted = info.encrypt_with_params(how, passphrase).map_err(|e| told(&e))?;
    encrypted.to_pem(EncryptedPrivateKeyInfo::PEM_LABEL, LineEnding::LF).map_err(|e| told(&e))
}

/// Writes a file that is not there yet, with everything synced.
pub(super) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), SignError> {
    let opened = File::options().write(true).create_new(true).mode(mode).open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => SignError::Exists(path.to_path_buf()),
        _ => failed("make", path)(error),
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write", path))?;
    sync_above(path)
}

/// Puts bytes in the place of a file as a whole.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), SignError> {
    let half = path.with_extension("half");
    let mut file = File::create(&half).map_err(failed("make", &half))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write", &half))?;
    fs::rename(&half, path).map_err(failed("replace", path))?;
    sync_above(path)
}

fn sync_above(path: &Path) -> Result<(), SignError> {
    let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) else { return Ok(()) };
    File::open(above).and_then(|above| above.sync_all()).map_err(failed("sync", above))
}
