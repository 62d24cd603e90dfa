//! Scheduled orders: recurring and dated commands for displays, by the office calendar. `due` decides
//! purely what a schedule has to do now, `plan` for which displays, `check` what is wrong with one;
//! `task` carries it out: recorded first, then ordered, so that no run happens twice.

pub mod check;
pub mod due;
pub mod model;
pub mod plan;
pub mod task;

pub use due::{Verdict, due};
pub use model::{OnlyWhen, Plan, Run, RunState, Schedule, Scope, SkipReason, When};
