//! How far a display's content is, in a line: the bar of a download with its rate and the time left,
//! what an update waits for, why it did not come. The figures are the controller's.

use serde_json::Value;

use crate::output;

/// Characters of a bar.
const BAR: u64 = 20;
/// Units of bytes, the largest first.
const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];

/// Bytes as `1.5 MiB`.
pub(crate) fn bytes(n: u64) -> String {
    match UNITS.iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) => {
            let tenths = u128::from(n) * 10 / u128::from(*size);
            if tenths < 100 {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            } else {
                format!("{} {unit}", tenths / 10)
            }
        }
        None => format!("{n} B"),
    }
}

/// Seconds as `40 s`, `12 min` or `3 h 5 min`.
fn span(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5999 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A download as a bar, its rate and the time left: what the API calls `download`. A dash without one.
pub(crate) fn download(download: &Value) -> String {
    let (Some(done), Some(total)) = (download["bytes_done"].as_u64(), download["bytes_total"].as_u64())
    else {
        return "-".to_owned();
    };
    let of = |whole: u64| {
        let part = u128::from(done.min(total)) * u128::from(whole) / u128::from(total.max(1));
        usize::try_from(part).unwrap_or(0)
    };
    let full = of(BAR);
    let empty = usize::try_from(BAR).unwrap_or(0).saturating_sub(full);
    let mut line = format!(
        "[{}{}] {:>3} %, {} of {}",
        "#".repeat(full),
        ".".repeat(empty),
        of(100),
        bytes(done),
        bytes(total),
    );
    if let Some(rate) = download["bytes_s"].as_u64() {
        line.push_str(&format!(", {}/s", bytes(rate)));
    }
    if let Some(left) = download["left_s"].as_u64() {
        line.push_str(&format!(", {} left", span(left)));
    }
    line
}

/// Lines about the content of a display: name and value.
pub(crate) fn content(detail: &Value, put: &mut impl FnMut(&str, String)) {
    let content = &detail["content"];
    if !content.is_object() {
        return;
    }
    for (name, held) in [("release", &content["active"]), ("  before it", &content["previous"])] {
        let since = output::moment(&held["since_ms"]);
        let said = if held.is_object() {
            format!("{} since {since}", output::text(&held["name"]))
        } else {
            "-".to_owned()
        };
        put(name, said);
    }
    let update = &content["update"];
    if update.is_object() {
        put("update", updated(update));
    }
    if detail["download"].is_object() {
        put("  download", download(&detail["download"]));
    }
    if content["stale_since_ms"].is_i64() {
        put("signed list", format!("old since {}", output::moment(&content["stale_since_ms"])));
    }
}

fn updated(update: &Value) -> String {
    let mut said = format!(
        "{} {} since {}",
        output::text(&update["name"]),
        output::text(&update["state"]),
        output::moment(&update["since_ms"])
    );
    if update["waits_for"].is_string() {
        said.push_str(&format!(", waits for {}", output::text(&update["waits_for"]).replace('_', " ")));
        if update["waits_since_ms"].is_i64() {
            said.push_str(&format!(" since {}", output::moment(&update["waits_since_ms"])));
        }
        if update["at_latest_ms"].is_i64() {
            let word = if update["waits_for"] == "visitor" { "at the latest" } else { "until" };
            said.push_str(&format!(", {word} {}", output::moment(&update["at_latest_ms"])));
        }
    }
    if update["finding"].is_string() {
        said.push_str(&format!(": {}", output::text(&update["finding"])));
        if update["detail"].is_string() {
            said.push_str(&format!(" ({})", output::text(&update["detail"])));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_download_is_a_bar_with_its_rate_and_the_time_left() {
        let whole =
            json!({"bytes_done": 5 << 20, "bytes_total": 20 << 20, "bytes_s": 1_572_864, "left_s": 10});
        assert_eq!(download(&whole), "[#####...............]  25 %, 5.0 MiB of 20 MiB, 1.5 MiB/s, 10 s left");
        let young = json!({"bytes_done": 0, "bytes_total": 900});
        assert_eq!(download(&young), "[....................]   0 %, 0 B of 900 B");
        assert_eq!(download(&Value::Null), "-");
    }

    #[test]
    fn figures_that_make_no_sense_make_no_bar_of_another_length() {
        for (done, total) in [(u64::MAX, 1), (3, 0), (u64::MAX, u64::MAX)] {
            let line = download(&json!({"bytes_done": done, "bytes_total": total}));
            let inner = line.split(['[', ']']).nth(1).unwrap();
            assert_eq!(inner.len(), 20, "{line}");
        }
    }

    #[test]
    fn times_have_the_unit_that_people_use() {
        for (seconds, said) in
            [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5999, "100 min"), (11_100, "3 h 5 min")]
        {
            assert_eq!(span(seconds), said);
        }
    }

    #[test]
    fn what_was_taken_back_says_why_and_until_when_it_is_left_alone() {
        let update = json!({
            "name": "2026-11-25.2", "state": "rolled_back", "since_ms": 0, "waits_for": "next_attempt",
            "at_latest_ms": 0, "finding": "page_silent", "detail": "no heartbeat",
        });
        let said = updated(&update);
        assert!(
            said.contains("rolled_back since ") && said.contains(", waits for next attempt, until "),
            "{said}"
        );
        assert!(said.ends_with(": page_silent (no heartbeat)"), "{said}");
    }
}
