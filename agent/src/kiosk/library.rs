//! Which releases the page may read: the one in service, and the one before it for a page that is in
//! the middle of something. Whoever puts releases in service tells it here; nothing is looked for.

use std::path::PathBuf;
use std::sync::Arc;

use migrado_page::view::Shown;
use migrado_protocol::content::Recalled;

use super::Model;

/// A release in service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveRelease {
    /// What it is: the id of its manifest.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where its files are. They stay there for as long as it is shown, and some time more.
    pub folder: PathBuf,
    /// Editions of forms that must not be handed out, as form and edition.
    pub recalled: Vec<(String, String)>,
}

/// The releases that the page may read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Library {
    active: Option<Arc<ActiveRelease>>,
    before: Option<Arc<ActiveRelease>>,
}

impl Library {
    /// Puts a release in service, or none. Returns whether that changes anything.
    pub(super) fn show(&mut self, release: Option<ActiveRelease>) -> bool {
        if self.active.as_deref() == release.as_ref() {
            return false;
        }
        let is_same =
            |a: &ActiveRelease| release.as_ref().is_some_and(|b| a.id == b.id && a.folder == b.folder);
        let last = self.active.take();
        if last.as_deref().is_some_and(|last| !is_same(last)) {
            self.before = last;
        }
        self.active = release.map(Arc::new);
        true
    }

    /// The release in service.
    pub(super) fn active(&self) -> Option<&Arc<ActiveRelease>> {
        self.active.as_ref()
    }

    /// A release that the page may read.
    pub(super) fn find(&self, id: &str) -> Option<Arc<ActiveRelease>> {
        [&self.active, &self.before].into_iter().flatten().find(|release| release.id == id).cloned()
    }

    /// What the page is told of the one in service.
    pub(super) fn shown(&self) -> Option<Shown> {
        self.active.as_ref().map(|r| Shown { id: r.id.clone(), name: r.name.clone() })
    }
}

/// The editions that must not be handed out: what came with the release, and what the city has said
/// since, which needs no new release.
pub(super) fn recalled(model: &Model) -> Vec<(String, String)> {
    let told = model.facts.desired.iter().flat_map(|desired| &desired.recalled);
    let told = told.map(|Recalled { form, edition }| (form.clone(), edition.clone()));
    let with_release = model.library.active().into_iter().flat_map(|release| release.recalled.clone());
    let mut all: Vec<_> = with_release.chain(told).collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(id: &str) -> ActiveRelease {
        ActiveRelease { id: id.into(), name: id.into(), folder: id.into(), recalled: Vec::new() }
    }

    #[test]
    fn the_release_before_stays_readable_until_the_next_switch() {
        let mut library = Library::default();
        let readable = |library: &Library| ["a", "b", "c"].map(|id| library.find(id).is_some());
        assert!(!library.show(None));
        assert!(library.show(Some(release("a"))));
        assert!(!library.show(Some(release("a"))));
        assert_eq!(readable(&library), [true, false, false]);
        library.show(Some(release("b")));
        assert_eq!(readable(&library), [true, true, false]);
        // A recall changes what is told of the same release; it is no switch.
        library.show(Some(ActiveRelease { recalled: vec![("f".into(), "1".into())], ..release("b") }));
        assert_eq!(readable(&library), [true, true, false]);
        library.show(Some(release("c")));
        assert_eq!(readable(&library), [false, true, true]);
        library.show(Some(release("b")));
        assert_eq!(readable(&library), [false, true, true], "rolled back");
        library.show(None);
        assert_eq!((library.shown(), readable(&library)), (None, [false, true, false]));
    }
}
