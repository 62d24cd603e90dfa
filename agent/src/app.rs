//! The composition root: what `migrado-agent run` puts together, in which order it starts, and in
//! which order it stops. Decides nothing.

use std::process::ExitCode;

/// The configuration cannot be used (`EX_USAGE`): restarting will not help.
pub const EXIT_CONFIG: u8 = 64;
/// A task died, or a part did not start (`EX_SOFTWARE`): a supervisor restarts the agent.
pub const EXIT_DIED: u8 = 70;
/// The agent was ordered to restart itself (`EX_TEMPFAIL`): a supervisor starts it again at once.
pub const EXIT_RESTART: u8 = 75;

/// How the process ends.
pub fn exit(code: u8) -> ExitCode {
    ExitCode::from(code)
}
