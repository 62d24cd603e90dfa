//! `collect_logs`: recent lines of the journal, or of the agent's own memory where there is none;
//! bounded, redacted line by line, brought over HTTPS with the terminal's certificate.

use migrado_protocol::ids::CommandId;
use migrado_protocol::limits::LOGS_BYTES_MAX;

use super::{Outcome, Parts, Screen};
use crate::commands::redact::redact;
use crate::platform::{clock, systemd};

pub(super) async fn run<S: Screen>(parts: &Parts<S>, id: CommandId, since_s: u32) -> Outcome {
    let since_ms = clock::now_ms() - i64::from(since_s) * 1000;
    let (source, lines) = match systemd::journal_lines(parts.services.clone(), since_ms, LOGS_BYTES_MAX).await
    {
        Ok(lines) if !lines.is_empty() => ("the journal", lines),
        // No journal here, or none that the agent may read: its own memory is better than nothing.
        Ok(_) | Err(_) => ("the agent's memory", parts.ring.since(since_ms, LOGS_BYTES_MAX)),
    };
    // Two megabytes take a while, and this is the only thread.
    let redacted =
        tokio::task::spawn_blocking(move || bounded(lines.iter().map(|line| redact(line)).collect()));
    let Ok(text) = redacted.await else {
        return Outcome::Failed("redacting the lines was given up".to_owned());
    };
    let (bytes, lines) = (text.len(), text.lines().count());
    match parts.uploader.put_logs(id, text).await {
        Ok(()) => Outcome::Succeeded(Some(format!("{lines} lines ({bytes} bytes) from {source}"))),
        Err(error) => {
            let cause = std::error::Error::source(&error).map_or_else(String::new, |s| format!(": {s}"));
            Outcome::Failed(format!("{error}{cause}"))
        }
    }
}

/// The newest lines within the limit: a mark can be longer than what it stands for.
fn bounded(lines: Vec<String>) -> String {
    let mut bytes = 0;
    let fitting = lines.iter().rev().take_while(|line| {
        bytes += line.len() + 1;
        bytes <= LOGS_BYTES_MAX
    });
    let skipped = lines.len() - fitting.count();
    let mut text = lines.get(skipped..).unwrap_or_default().join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_fit_the_limit() {
        let lines: Vec<String> = (0..3000).map(|n| format!("{n:04} {}", "x".repeat(995))).collect();
        let text = bounded(lines);
        assert!(text.len() <= LOGS_BYTES_MAX && text.len() > LOGS_BYTES_MAX - 2000);
        assert!(text.trim_end().ends_with('x') && text.contains("\n2999 "));
        assert_eq!(bounded(vec![]), "\n");
    }
}
