//! What others may have of the store: objects and manifests, verified when they came. Parts on their
//! way are never found here: they lie in another folder.

use std::fs::File;
use std::io;

use crate::digest::Digest;
use crate::manifest::ManifestId;

use super::disk::failed;
use super::{Store, StoreError};

impl Store {
    /// Opens an object or a manifest by its hash, and says how many bytes it has. `None` when it is
    /// not kept.
    ///
    /// # Errors
    /// When the disk does not let it be read.
    pub fn find(&self, digest: &Digest) -> Result<Option<(File, u64)>, StoreError> {
        let object = self.layout.object(digest);
        // A fresh object is moved to the others once it is on the disk: looked for there once more,
        // it is not missed in between.
        let places = [
            object.clone(),
            self.layout.fresh(digest),
            object,
            self.layout.manifest(&ManifestId::from(*digest)),
        ];
        for path in places {
            match File::open(&path) {
                Ok(file) => {
                    let about = file.metadata().map_err(failed("look at", &path))?;
                    return Ok(about.is_file().then_some((file, about.len())));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("open", &path)(error)),
            }
        }
        Ok(None)
    }
}
