//! The effects of an update that change what is in service: the switch, the way back, and what is
//! thrown away after. Each is safe to be done twice: the record said before that it is under way.

use migrado_content::manifest::ManifestId;
use migrado_protocol::content::UpdateState;

use super::driver::{DISK_PAUSE, Driver, Next};
use super::fetch::blocking;
use super::machine::Broken;
use super::record::Event;
use crate::kiosk::EndCause;
use crate::kiosk::library::ActiveRelease;
use crate::platform::clock;
use crate::store::StoreError;

/// The effects that put a release in service, and the one before back.
impl Driver {
    pub(super) async fn activate(&mut self, ends_visit: bool) -> Result<Next, StoreError> {
        if self.record.state() != Some(UpdateState::Activating) {
            self.happened(Event::Activate)?;
            self.tell();
        }
        let Some(target) = self.record.target().and_then(|t| t.manifest.parse::<ManifestId>().ok()) else {
            let detail = "the release that is wanted has no manifest's name".to_owned();
            self.happened(Event::Refused(Broken { finding: "unknown_format".into(), detail }))?;
            return Ok(Next::Now);
        };
        if ends_visit {
            tracing::warn!("a visit ends for new content: its latest time has come");
            self.parts.kiosk.end_session(EndCause::Update);
        }
        self.parts.kiosk.set_updating(true);
        let content = self.parts.content.clone();
        let switched = blocking(move || {
            content.assemble(&target)?;
            Ok(content.switch(&target)?)
        });
        let switched = switched.await;
        self.parts.kiosk.set_updating(false);
        if let Err(trouble) = switched {
            tracing::error!(detail = trouble.broken.detail, "a release could not be put in service");
            self.happened(Event::Refused(trouble.broken))?;
        }
        self.show();
        Ok(Next::Now)
    }

    pub(super) async fn roll_back(&mut self, broken: Broken) -> Result<Next, StoreError> {
        tracing::error!(finding = broken.finding, detail = broken.detail, "a release is taken back");
        self.record.take_back(&broken, clock::now_ms());
        self.keep()?;
        let before = self.record.before().and_then(|held| held.manifest.parse::<ManifestId>().ok());
        let content = self.parts.content.clone();
        let back = blocking(move || match before {
            Some(before) => {
                content.assemble(&before)?;
                Ok(content.return_to(&before)?)
            }
            None => Ok(content.withdraw()?),
        });
        if let Err(trouble) = back.await {
            // It is tried again until the disk takes it: the record says that it is under way.
            tracing::error!(detail = trouble.broken.detail, "the release before could not be put back");
            return Ok(Next::After(DISK_PAUSE));
        }
        self.show();
        self.happened(Event::TakenBack)?;
        Ok(Next::Now)
    }

    /// Throws away what nothing needs any more.
    pub(super) async fn collect(&self) {
        let keep: Vec<ManifestId> = self.record.needed().iter().filter_map(|m| m.parse().ok()).collect();
        let content = self.parts.content.clone();
        match blocking(move || Ok(content.collect(&keep)?)).await {
            Ok(collected) => tracing::debug!(?collected, "what nothing needs was thrown away"),
            Err(trouble) => {
                tracing::warn!(detail = trouble.broken.detail, "old content could not be thrown away")
            }
        }
    }

    /// Shows what is in service to the page.
    pub(super) fn show(&self) {
        let active = self.parts.content.active();
        let named = |id: &ManifestId| {
            let held = [self.record.active(), self.record.previous(), self.record.before()];
            let id = id.to_string();
            let held = held.into_iter().flatten().find(|held| held.manifest == id);
            let target = self.record.target().filter(|target| target.manifest == id);
            held.map(|held| held.name.clone()).or_else(|| target.map(|target| target.name.clone()))
        };
        let recalled = self.parts.desired.borrow().as_ref().map(|d| d.recalled.clone()).unwrap_or_default();
        self.parts.kiosk.show_release(active.map(|id| ActiveRelease {
            id: id.to_string(),
            name: named(&id).unwrap_or_default(),
            folder: self.parts.content.release_folder(&id),
            recalled: recalled.into_iter().map(|r| (r.form, r.edition)).collect(),
        }));
    }
}
