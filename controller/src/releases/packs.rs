//! Prepared deltas: for each release the packs that turn what displays have into it. Made one after
//! the other in the background, kept as files, and made anew when one is asked for that is not there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use migrado_content::delta::{MakeError, make_pack};
use migrado_content::digest::Digest;
use migrado_content::manifest::{Manifest, ManifestError, ManifestId};
use migrado_content::store::Objects as Source;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::objects::{ObjectError, Objects};
use crate::files::{self, FileError};

/// Packs that wait to be made. More are asked for again by whoever needs them.
const WAITING_MAX: usize = 256;

/// A pack could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The manifest is not here.
    #[error("there is no manifest {0} here")]
    Unknown(ManifestId),
    /// The manifest cannot be read.
    #[error("the manifest {id} is damaged")]
    Manifest {
        /// Which.
        id: ManifestId,
        /// Why.
        #[source]
        source: ManifestError,
    },
    /// Its objects.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The making.
    #[error("cannot make the pack {path}")]
    Make {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: MakeError,
    },
    /// The file.
    #[error("cannot {operation} the pack {path}")]
    Disk {
        /// What was tried.
        operation: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A folder.
    #[error(transparent)]
    Folder(#[from] FileError),
}

/// From which release to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// What a display has; nothing before its first.
    pub base: Option<ManifestId>,
    /// What it is to have.
    pub target: ManifestId,
}

/// Whether a pack can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Here.
    Ready(PathBuf),
    /// It is being made.
    Making,
    /// It cannot be made: one of the releases is not here.
    Never,
}

/// The packs.
#[derive(Debug)]
pub struct Packs {
    folder: PathBuf,
    objects: Objects,
    /// Asked for and not made yet.
    waiting: Mutex<BTreeSet<Way>>,
    ask: mpsc::Sender<Way>,
}

/// The other end: what is asked for.
#[derive(Debug)]
pub struct Asked(mpsc::Receiver<Way>);

impl Source for Objects {
    fn open(&self, object: &Digest) -> io::Result<File> {
        File::open(self.path(object))
    }
}

impl Packs {
    /// Opens the folder, or makes it.
    pub fn open(folder: &Path, objects: Objects) -> Result<(Self, Asked), PackError> {
        files::make_folder(folder, 0o750)?;
        let (ask, asked) = mpsc::channel(WAITING_MAX);
        Ok((Self { folder: folder.to_owned(), objects, waiting: Mutex::default(), ask }, Asked(asked)))
    }

    fn path(&self, way: &Way) -> PathBuf {
        let base = way.base.map_or_else(|| "none".to_owned(), |base| base.to_string());
        self.folder.join(format!("{base}-{}.pack", way.target))
    }

    /// The pack, if it is here; one that could be is asked for.
    pub fn find(&self, way: Way) -> Found {
        let path = self.path(&way);
        if path.is_file() {
            return Found::Ready(path);
        }
        let is_here = |id: ManifestId| self.objects.size(&id.digest()).is_some();
        if !is_here(way.target) || way.base.is_some_and(|base| !is_here(base)) {
            return Found::Never;
        }
        self.want(way);
        Found::Making
    }

    /// Asks for a pack to be made, unless it is here or asked for.
    pub fn want(&self, way: Way) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.path(&way).is_file() || waiting.contains(&way) {
            return;
        }
        // Where too many wait, whoever needs it asks again.
        if self.ask.try_send(way).is_ok() {
            waiting.insert(way);
        }
    }

    /// Makes what is asked for, one after the other, until `stop`.
    pub async fn run(self: std::sync::Arc<Self>, mut asked: Asked, stop: CancellationToken) {
        while let Some(Some(way)) = stop.run_until_cancelled(asked.0.recv()).await {
            let packs = self.clone();
            let made = tokio::task::spawn_blocking(move || packs.make(&way)).await;
            match made {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "a pack was not made; objects are fetched instead"),
                Err(error) => tracing::error!(%error, "the making of a pack ended"),
            }
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&way);
        }
    }

    fn manifest(&self, id: ManifestId) -> Result<Manifest, PackError> {
        let bytes = self.objects.read(&id.digest())?.ok_or(PackError::Unknown(id))?;
        Manifest::parse(&bytes).map_err(|source| PackError::Manifest { id, source })
    }

    /// Makes a pack and names it when it is whole and on the disk.
    fn make(&self, way: &Way) -> Result<(), PackError> {
        let began = Instant::now();
        let path = self.path(way);
        let half = path.with_extension("half");
        let disk = |operation| {
            let path = path.clone();
            move |source| PackError::Disk { operation, path, source }
        };
        let target = self.manifest(way.target)?;
        let base = way.base.map(|base| self.manifest(base)).transpose()?;
        let objects: &dyn Source = &self.objects;
        let mut out = BufWriter::new(File::create(&half).map_err(disk("write"))?);
        let base = base.as_ref().map(|base| (base, objects));
        let made = make_pack(base, (&target, objects), &mut out)
            .map_err(|source| PackError::Make { path: path.clone(), source })?;
        let file = out.into_inner().map_err(|e| disk("write")(e.into_error()))?;
        file.sync_all().map_err(disk("sync"))?;
        std::fs::rename(&half, &path).map_err(disk("name"))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(disk("sync"))?;
        let took = began.elapsed().as_secs_f32();
        tracing::info!(pack = %path.display(), bytes = made.bytes, files = made.files, seconds = took, "a pack is made");
        Ok(())
    }

    /// Removes packs to releases that are not live any more. Gives how many went.
    pub fn collect(&self, live: &BTreeSet<ManifestId>) -> Result<usize, PackError> {
        let failed = |operation, path: &Path| {
            let path = path.to_owned();
            move |source| PackError::Disk { operation, path, source }
        };
        let mut gone = 0;
        for entry in std::fs::read_dir(&self.folder).map_err(failed("list", &self.folder))? {
            let path = entry.map_err(failed("list", &self.folder))?.path();
            let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
            let target = name.rsplit_once('-').and_then(|(_, target)| target.parse::<ManifestId>().ok());
            if target.is_none_or(|target| !live.contains(&target)) {
                std::fs::remove_file(&path).map_err(failed("remove", &path))?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn release(objects: &Objects, text: &str) -> ManifestId {
        let object = objects.put(text.as_bytes()).unwrap();
        let entry = migrado_content::manifest::Entry {
            path: "a.txt".into(),
            sha256: object,
            size: text.len() as u64,
        };
        let bytes = Manifest::new(vec![entry]).unwrap().to_bytes();
        objects.put(&bytes).unwrap();
        Manifest::parse(&bytes).unwrap().id()
    }

    #[tokio::test]
    async fn a_pack_is_made_once_when_it_is_asked_for_and_goes_with_its_release() {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open(dir.path()).unwrap();
        let (base, target) = (release(&objects, "one"), release(&objects, "two"));
        let (packs, asked) = Packs::open(&dir.path().join("packs"), objects).unwrap();
        let packs = Arc::new(packs);
        let way = Way { base: Some(base), target };
        assert_eq!(packs.find(way), Found::Making);
        assert_eq!(packs.find(way), Found::Making, "it is not made twice");
        let unknown = ManifestId::from(Digest::of(b"unknown"));
        assert_eq!(packs.find(Way { base: Some(unknown), target }), Found::Never);
        assert_eq!(packs.find(Way { base: None, target: unknown }), Found::Never);
        let stop = CancellationToken::new();
        let watching = async {
            while packs.find(way) == Found::Making {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            stop.cancel();
        };
        tokio::join!(packs.clone().run(asked, stop.clone()), watching);
        let Found::Ready(path) = packs.find(way) else { panic!("it was not made") };
        assert!(std::fs::read(path).unwrap().starts_with(b"MGPACK1\n"));
        assert_eq!(packs.collect(&[target].into()).unwrap(), 0);
        assert_eq!(packs.collect(&[base].into()).unwrap(), 1);
    }
}
