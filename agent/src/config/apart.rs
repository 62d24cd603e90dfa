//! Reads the configuration in a process of its own, which ends with it.
//!
//! What reads YAML, checks it by its schema and names every mistake is a sixth of the program, is
//! needed once and stays mapped for as long as its process lives; a display's agent lives for months.
//! So the agent starts itself a second time for it and takes the checked value over as JSON. What is
//! right and wrong in a configuration is not decided here but in [`super::load`], in both processes.

use std::path::Path;
use std::process::{Command, Stdio};

use super::AgentConfig;

/// How the reader is called; it is no verb for people.
pub const READER_VERB: &str = "read-config";

/// What came of it.
#[derive(Debug)]
pub enum Read {
    /// The checked configuration.
    Right(Box<AgentConfig>),
    /// The file cannot be used: what the reader says to people, whole.
    Wrong(String),
    /// No reader could be started, or it ended otherwise than by its contract: read it here.
    NotRead,
}

/// Reads the configuration file with this program, started once more.
pub fn read(path: &Path, code_of_mistakes: u8) -> Read {
    let Ok(program) = std::env::current_exe() else { return Read::NotRead };
    let mut reader = Command::new(program);
    reader.arg(READER_VERB).arg("--config").arg(path).stdin(Stdio::null());
    match reader.output() {
        Ok(output) => taken(output.status.code(), &output.stdout, &output.stderr, code_of_mistakes),
        Err(_) => Read::NotRead,
    }
}

/// What a reader's end says.
fn taken(code: Option<i32>, value: &[u8], words: &[u8], code_of_mistakes: u8) -> Read {
    if code == Some(code_of_mistakes.into()) {
        return Read::Wrong(String::from_utf8_lossy(words).trim_end().to_owned());
    }
    match serde_json::from_slice(value) {
        Ok(config) if code == Some(0) => Read::Right(Box::new(config)),
        Ok(_) | Err(_) => Read::NotRead,
    }
}

/// The reader's part: the configuration as the other process takes it.
///
/// # Errors
/// A value that JSON cannot say, as a path that is not UTF-8.
pub fn told(config: &AgentConfig) -> serde_json::Result<String> {
    serde_json::to_string(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISTAKES: u8 = 64;

    #[test]
    fn the_shipped_example_arrives_as_it_was_read() {
        let text = include_str!("../../../config/agent.yaml");
        let config: AgentConfig = migrado_settings::load(text).unwrap();
        let Read::Right(taken) = taken(Some(0), told(&config).unwrap().as_bytes(), b"", MISTAKES) else {
            panic!("not read");
        };
        assert_eq!(*taken, config);
    }

    #[test]
    fn mistakes_are_told_in_the_reader_s_words() {
        assert!(
            matches!(taken(Some(64), b"", b"line 3: no\n", MISTAKES), Read::Wrong(words) if words == "line 3: no")
        );
    }

    #[test]
    fn half_a_value_a_wrong_one_and_a_killed_reader_are_read_here() {
        let whole = told(&migrado_settings::load("").unwrap()).unwrap();
        for (code, value) in [
            (Some(0), &whole[..whole.len() - 1]),
            (Some(0), "{\"page\": 1}"),
            (None, &whole),
            (Some(70), &whole),
        ] {
            assert!(
                matches!(taken(code, value.as_bytes(), b"", MISTAKES), Read::NotRead),
                "{code:?} {value}"
            );
        }
    }
}
