//! Evidence about this process and this boot: what tells, after a return, whether the machine or
//! only the agent was started anew. Reads `/proc`, changes nothing.

use serde::{Deserialize, Serialize};

/// Where Linux keeps the identity of the current boot.
const BOOT_ID_FILE: &str = "/proc/sys/kernel/random/boot_id";

/// Which run of which boot somebody acts in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Identity of the boot; absent where the kernel does not say.
    pub boot_id: Option<String>,
    /// Identity of this run of the agent, new at every start.
    pub run_id: String,
}

impl Evidence {
    /// Of the running process. Call once, at the start.
    pub fn gather() -> Self {
        let boot_id = std::fs::read_to_string(BOOT_ID_FILE)
            .ok()
            .map(|text| text.trim().to_owned())
            .filter(|id| !id.is_empty());
        Self { boot_id, run_id: uuid::Uuid::now_v7().to_string() }
    }

    /// Whether the machine was started anew between `self` and `later`; `None` if nobody knows.
    pub fn rebooted_until(&self, later: &Self) -> Option<bool> {
        Some(self.boot_id.as_ref()? != later.boot_id.as_ref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(boot: Option<&str>, run: &str) -> Evidence {
        Evidence { boot_id: boot.map(str::to_owned), run_id: run.to_owned() }
    }

    #[test]
    fn a_new_boot_id_is_a_reboot_and_an_absent_one_proves_nothing() {
        let before = evidence(Some("a"), "1");
        assert_eq!(before.rebooted_until(&evidence(Some("a"), "2")), Some(false));
        assert_eq!(before.rebooted_until(&evidence(Some("b"), "2")), Some(true));
        assert_eq!(before.rebooted_until(&evidence(None, "2")), None);
    }

    #[test]
    fn every_gathering_is_a_run_of_its_own_within_one_boot() {
        let (one, two) = (Evidence::gather(), Evidence::gather());
        assert_eq!(one.boot_id, two.boot_id);
        assert_ne!(one.run_id, two.run_id);
    }
}
