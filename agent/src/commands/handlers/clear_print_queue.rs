//! `clear_print_queue`: cancels every job of the display's printers, and looks that none is left.

use super::{Outcome, Parts, Screen};
use crate::sensors::printer::client;

pub(super) async fn run<S: Screen>(parts: &Parts<S>) -> Outcome {
    let mut said = Vec::new();
    let mut all_clear = true;
    for printer in &parts.printers {
        let words = match client::cancel_all_jobs(&printer.uri).await {
            Ok(cleared) => {
                all_clear &= cleared.left == 0;
                format!("{}: {} canceled, {} left", printer.name, cleared.canceled, cleared.left)
            }
            Err(fault) => {
                all_clear = false;
                format!("{}: {fault}", printer.name)
            }
        };
        said.push(words);
    }
    let said = said.join("; ");
    if all_clear { Outcome::Succeeded(Some(said)) } else { Outcome::Failed(said) }
}
