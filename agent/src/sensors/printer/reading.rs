//! From the attributes of an IPP answer to a [`Printer`]: state, reasons, supplies, trays. Pure.
//! Sentinels never become numbers (RFC 3805: -1 no limit, -2 unknown, -3 some), waste containers
//! are turned the right way round, manual feed is no tray.

use std::collections::BTreeMap;

use migrado_protocol::limits::clip;
use migrado_protocol::printer::{Amount, Printer, PrinterState, Severity, StateReason, Supply, Tray};

use super::wire::Attributes;
use crate::commands::redact::redact;

/// Characters to which firmware is known to cut a reason, its suffix included.
const CUT_KEYWORD_CHARS: usize = 31;
/// Words by which a printer says that it sleeps, in reasons and on its panel.
const SLEEP_WORDS: [&str; 9] = [
    "sleep",
    "power-save",
    "power save",
    "powersave",
    "standby",
    "hibernate",
    "energiespar",
    "ruhezustand",
    "suspend",
];

/// Reads a printer's group.
pub fn read(a: &Attributes, now_ms: i64) -> Printer {
    let is_queue = a.has("cups-version") || a.has("printer-type");
    let reasons: Vec<StateReason> = a.texts("printer-state-reasons").filter_map(reason).collect();
    let message = a.text("printer-state-message").map(own_words);
    let sleeps = |text: &str| SLEEP_WORDS.iter().any(|w| text.to_lowercase().contains(w));
    let asleep = reasons.iter().any(|r| sleeps(&r.keyword)) || message.as_deref().is_some_and(sleeps);
    let waste_full = reasons.iter().any(|r| r.keyword.contains("waste"));
    Printer {
        at_ms: now_ms,
        source: if is_queue { "cups" } else { "ipp" }.to_owned(),
        make: a.text("printer-make-and-model").map(clip),
        state: match a.integer("printer-state") {
            Some(3) => PrinterState::Idle,
            Some(4) => PrinterState::Processing,
            Some(5) => PrinterState::Stopped,
            _ => PrinterState::Unknown,
        },
        accepting: a.boolean("printer-is-accepting-jobs"),
        asleep,
        reasons,
        message,
        supplies: supplies(a, waste_full),
        trays: trays(a),
        jobs: a.integer("queued-job-count").and_then(|n| u32::try_from(n).ok()),
        impressions: ["printer-impressions-completed", "printer-pages-completed"]
            .iter()
            .find_map(|name| a.integer(name))
            .and_then(|n| u64::try_from(n).ok()),
    }
}

/// A printer's own words. Some name people and documents in them (`printing "x.pdf"`), and those stay
/// on the display.
pub(super) fn own_words(words: &str) -> String {
    redact(&clip(words))
}

/// A reason without its suffix, which may have been cut off in the middle. Without one it is an
/// error (RFC 8011, 5.4.12), and `none` is none.
fn reason(text: &str) -> Option<StateReason> {
    let text = text.trim();
    if text.is_empty() || text == "none" {
        return None;
    }
    let split = text.rsplit_once('-').and_then(|(keyword, suffix)| {
        let severities =
            [("report", Severity::Report), ("warning", Severity::Warning), ("error", Severity::Error)];
        let least = if text.len() >= CUT_KEYWORD_CHARS { 1 } else { 4 };
        let fits = |word: &str| word.starts_with(suffix) && (suffix.len() >= least || suffix == word);
        severities.into_iter().find(|(word, _)| fits(word)).map(|(_, severity)| (keyword, severity))
    });
    let (keyword, severity) = split.unwrap_or((text, Severity::Error));
    Some(StateReason { keyword: clip(keyword), severity })
}

fn sentinel(n: i64) -> Option<Amount> {
    match n {
        -3 => Some(Amount::Some),
        n if n < 0 => Some(Amount::Unknown),
        _ => None,
    }
}

/// Percent; what is beyond the capacity is a mistake of the firmware, not more than full.
fn percent(level: i64, capacity: i64) -> Amount {
    if let Some(amount) = sentinel(level) {
        return amount;
    }
    let percent = if capacity > 0 { level.saturating_mul(100) / capacity } else { level };
    u8::try_from(percent).ok().filter(|p| *p <= 100).map_or(Amount::Unknown, Amount::Percent)
}

fn is_waste(kind: &str) -> bool {
    kind.to_ascii_lowercase().contains("waste")
}

/// `key=value;key=value;` as in RFC 3805 and PWG 5100.13.
fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    // Some firmware writes `printer-alert[0] = code=…`.
    pairs.map(|(k, v)| (k.trim().to_ascii_lowercase(), v.trim().to_owned())).collect()
}

fn number(fields: &BTreeMap<String, String>, key: &str) -> Option<i64> {
    fields.get(key)?.parse().ok()
}

fn supplies(a: &Attributes, waste_reason: bool) -> Vec<Supply> {
    let described: Vec<_> = a.texts("printer-supply").map(fields).collect();
    let levels: Vec<_> = a.all("marker-levels").iter().collect();
    if levels.is_empty() {
        let names: Vec<&str> = a.texts("printer-supply-description").collect();
        return described
            .iter()
            .enumerate()
            .map(|(n, f)| described_supply(f, names.get(n).copied(), waste_reason))
            .collect();
    }
    let (names, types): (Vec<&str>, Vec<&str>) =
        (a.texts("marker-names").collect(), a.texts("marker-types").collect());
    let colors: Vec<&str> = a.texts("marker-colors").collect();
    let supply = |(n, level): (usize, &&super::wire::Value)| {
        let kind = types.get(n).copied().unwrap_or("unknown").to_owned();
        let level = match level {
            super::wire::Value::Integer(level) => i64::from(*level),
            _ => -2,
        };
        // The richer source wins: a number stands before "some" and "unknown".
        let other = described.get(n).filter(|_| described.len() == levels.len());
        let receptacle = is_waste(&kind) || other.is_some_and(is_receptacle);
        let left = if receptacle {
            // Markers tell how full it is (CUPS), what is left is the rest.
            turned(percent(level, 100), true, waste_reason)
        } else {
            match (percent(level, 100), other) {
                (known @ Amount::Percent(_), _) => known,
                (vague, Some(fields)) => match described_left(fields, waste_reason) {
                    Amount::Unknown => vague,
                    better => better,
                },
                (vague, None) => vague,
            }
        };
        let name =
            names.get(n).map_or_else(|| format!("{kind} {}", n + 1), |name| clip(name.trim_matches('"')));
        Supply { name, kind, color: colors.get(n).and_then(|c| color(c)), left, receptacle }
    };
    levels.iter().enumerate().map(supply).collect()
}

fn is_receptacle(fields: &BTreeMap<String, String>) -> bool {
    fields.get("class").is_some_and(|c| c.eq_ignore_ascii_case("receptacleThatIsFilled"))
        || fields.get("type").is_some_and(|t| is_waste(t))
}

fn described_left(fields: &BTreeMap<String, String>, waste_reason: bool) -> Amount {
    let amount = percent(number(fields, "level").unwrap_or(-2), number(fields, "maxcapacity").unwrap_or(-2));
    // RFC 3805: of a receptacle the level is the room that remains.
    if is_receptacle(fields) { turned(amount, false, waste_reason) } else { amount }
}

/// What a waste container can still take. Half of all firmware tells how full it is and half how
/// empty, so the printer's own alarm decides where the two readings are far apart: a container that
/// is full without an alarm is an empty one.
fn turned(amount: Amount, is_fill: bool, waste_reason: bool) -> Amount {
    const NEARLY: u8 = 10;
    let Amount::Percent(p) = amount else { return amount };
    let left = if is_fill { 100 - p } else { p };
    let turned = if waste_reason {
        left.min(100 - left)
    } else if left <= NEARLY {
        100 - left
    } else {
        left
    };
    Amount::Percent(turned)
}

fn described_supply(fields: &BTreeMap<String, String>, name: Option<&str>, waste_reason: bool) -> Supply {
    let kind = fields.get("type").map_or_else(|| "unknown".to_owned(), |t| keyword_of(t));
    let colorant = fields.get("colorantname").map(String::as_str).filter(|c| *c != "unknown");
    let name = name.or(colorant).map_or_else(|| kind.clone(), clip);
    Supply {
        name,
        kind,
        color: None,
        left: described_left(fields, waste_reason),
        receptacle: is_receptacle(fields),
    }
}

/// `wasteToner` of RFC 3805 is `waste-toner` in IPP.
fn keyword_of(camel: &str) -> String {
    let mut keyword = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            keyword.push('-');
        }
        keyword.push(c.to_ascii_lowercase());
    }
    keyword
}

fn color(text: &str) -> Option<String> {
    let hex = text.strip_prefix('#')?;
    (hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_ascii_uppercase())
}

fn trays(a: &Attributes) -> Vec<Tray> {
    let ready: Vec<(String, Option<String>)> = ready_media(a);
    let described: Vec<_> = a.texts("printer-input-tray").map(fields).collect();
    let is_other =
        |f: &BTreeMap<String, String>| f.get("type").is_none_or(|t| t == "other" || t == "unknown");
    let only_other = described.iter().all(is_other);
    let mut trays: Vec<Tray> = Vec::new();
    for fields in described.iter().filter(|f| only_other || !is_other(f)) {
        let name = fields.get("name").cloned().unwrap_or_else(|| format!("tray-{}", trays.len() + 1));
        let by_hand = fields.get("type").is_some_and(|t| t.eq_ignore_ascii_case("sheetFeedManual"));
        if by_hand || is_no_tray(&name) || trays.iter().any(|t| t.name == name) {
            continue;
        }
        let media = ready
            .iter()
            .find(|(source, _)| plain(source) == plain(&name))
            .and_then(|(_, media)| media.clone())
            .or_else(|| fields.get("medianame").filter(|m| !m.is_empty()).cloned());
        trays.push(Tray { name: clip(&name), media: media.map(|m| clip(&m)), left: tray_left(fields) });
    }
    if described.is_empty() {
        for (source, media) in ready.into_iter().filter(|(source, _)| !is_no_tray(source)) {
            if !trays.iter().any(|t| t.name == source) {
                trays.push(Tray { name: clip(&source), media, left: Amount::Unknown });
            }
        }
    }
    trays
}

fn is_no_tray(name: &str) -> bool {
    let name = name.to_lowercase();
    name == "auto" || ["manual", "manuell", "disc", "-man"].iter().any(|w| name.contains(w))
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn tray_left(fields: &BTreeMap<String, String>) -> Amount {
    let level = number(fields, "level").unwrap_or(-2);
    match number(fields, "maxcapacity") {
        Some(capacity) if capacity > 0 => percent(level.min(capacity), capacity),
        _ => sentinel(level).unwrap_or_else(|| u32::try_from(level).map_or(Amount::Unknown, Amount::Sheets)),
    }
}

/// What lies in which source: the size's name as it stands in `media-ready`.
fn ready_media(a: &Attributes) -> Vec<(String, Option<String>)> {
    let names: Vec<&str> = a.texts("media-ready").collect();
    let source = |col: &Attributes| {
        let size = col.collections("media-size").next();
        let name = col.text("media-size-name").map(str::to_owned).or_else(|| {
            let (x, y) = (size?.integer("x-dimension")?, size?.integer("y-dimension")?);
            names.iter().find(|n| has_size(n, x, y)).map(|n| (*n).to_owned())
        });
        Some((col.text("media-source")?.to_owned(), name))
    };
    a.collections("media-col-ready").filter_map(source).collect()
}

/// Whether a PWG media name (`iso_a4_210x297mm`) has this size in hundredths of a millimeter.
fn has_size(name: &str, x: i32, y: i32) -> bool {
    let Some((_, size)) = name.rsplit_once('_') else { return false };
    let (text, unit) = match (size.strip_suffix("mm"), size.strip_suffix("in")) {
        (Some(text), _) => (text, 100.0),
        (None, Some(text)) => (text, 2540.0),
        (None, None) => return false,
    };
    let Some((w, h)) = text.split_once('x') else { return false };
    let near =
        |text: &str, given: i32| text.parse::<f64>().is_ok_and(|v| (v * unit - f64::from(given)).abs() < 2.0);
    near(w, x) && near(h, y)
}

/// Brings the readings of a queue and of the device behind it together. A poor source never hides a
/// richer one; what a queue says of the hardware is as old as its last job, so the device's word
/// stands for that.
pub fn merge(queue: Printer, device: Printer) -> Printer {
    let from_queue = |r: &StateReason| {
        let words =
            ["paused", "cups", "connecting", "offline", "spool", "shutdown", "hold", "timed-out", "com."];
        words.iter().any(|w| r.keyword.contains(w))
    };
    let mut reasons = device.reasons;
    for reason in queue.reasons.into_iter().filter(from_queue) {
        if !reasons.iter().any(|r| r.keyword == reason.keyword) {
            reasons.push(reason);
        }
    }
    let state = match (queue.state, device.state) {
        (PrinterState::Stopped, _) | (_, PrinterState::Stopped) => PrinterState::Stopped,
        (PrinterState::Processing, _) | (_, PrinterState::Processing) => PrinterState::Processing,
        (PrinterState::Unknown, state) => state,
        (state, _) => state,
    };
    Printer {
        at_ms: queue.at_ms.min(device.at_ms),
        source: format!("{}+{}", queue.source, device.source),
        make: device.make.or(queue.make),
        state,
        accepting: match (queue.accepting, device.accepting) {
            (Some(q), Some(d)) => Some(q && d),
            (q, d) => q.or(d),
        },
        asleep: device.asleep,
        reasons,
        message: device.message.or(queue.message),
        supplies: if device.supplies.is_empty() { queue.supplies } else { device.supplies },
        trays: if device.trays.is_empty() { queue.trays } else { device.trays },
        jobs: queue.jobs.or(device.jobs),
        impressions: device.impressions.or(queue.impressions),
    }
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
