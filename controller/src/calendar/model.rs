//! What a site's calendar says: opening hours by weekday, special days, closures, and the windows in
//! which displays may be changed. The same words in the controller's configuration, in the API and in
//! the database. What contradicts itself is found in `check`.

use jiff::civil::{Date, DateTime, Time, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a span of hours looks like.
const SPAN: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";
/// The same in words.
const SPAN_WORDS: &str = "a span like \"08:00-12:30\"; one that ends in the next day is \"22:00-02:00\"";
/// What a day looks like in words.
const DAY_WORDS: &str = "a day like 2026-12-24";
/// What the edge of a closure looks like.
const EDGE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9])?$";
/// The same in words.
const EDGE_WORDS: &str = "a day like 2026-12-24, or a time like 2026-12-24T13:00";

/// What a window's rule is, in words.
const RULE_WORDS: &str = "\"always\", \"closed\", or a mapping of cron and minutes";

/// Spans of one day: no office opens more often.
pub const SPANS_PER_DAY_MAX: usize = 6;
/// Special days of a site: more than a year of them is another weekday's rule.
pub const SPECIAL_DAYS_MAX: usize = 400;
/// Closures of a site.
pub const CLOSURES_MAX: usize = 200;
/// Characters of a reason: a line on the console.
pub const REASON_CHARS_MAX: usize = 200;
/// Minutes of a recurring window: a week; what is longer is `always`.
pub const WINDOW_MINUTES_MAX: u32 = 7 * 24 * 60;

/// The calendar of a site. North Rhine-Westphalia's public holidays are closed by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// When the site is open, by weekday; without it nobody knows when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening_hours: Option<OpeningHours>,
    /// Other hours on one day, also on a holiday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = SPECIAL_DAYS_MAX))]
    pub special_days: Vec<SpecialDay>,
    /// When the site is closed whatever else is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = CLOSURES_MAX))]
    pub closures: Vec<Closure>,
    /// When displays may be changed.
    #[serde(default)]
    pub windows: Windows,
}

/// Opening hours by weekday; on a day that is left out the site is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OpeningHours {
    /// On Mondays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = SPANS_PER_DAY_MAX))]
    #[schema(value_type = Vec<String>)]
    pub monday: Vec<Hours>,
    /// On Tuesdays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = SPANS_PER_DAY_MAX))]
    #[schema(value_type = Vec<String>)]
    pub tuesday: Vec<Hours>,
    /// On Wednesdays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = SPANS_PER_DAY_MAX))]
    #[schema(value_type = Vec<String>)]
    pub wednesday: Vec<Hours>,
    /// On Thursdays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = SPANS_PER_DAY_MAX))]
    #[schema(value_type = Vec<String>)]
    pub thursday: Vec<Hours>,
    /// On Fridays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = SPANS_PER_DAY_MAX))]
    #[schema(value_type = Vec<String>)]
    pub friday: Vec<Hours>,
    /// On Saturdays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = SPANS_PER_DAY_MAX))]
    #[schema(value_type = Vec<String>)]
    pub saturday: Vec<Hours>,
    /// On Sundays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = SPANS_PER_DAY_MAX))]
    #[schema(value_type = Vec<String>)]
    pub sunday: Vec<Hours>,
}

impl OpeningHours {
    /// The hours of a weekday.
    pub fn on(&self, weekday: Weekday) -> &[Hours] {
        match weekday {
            Weekday::Monday => &self.monday,
            Weekday::Tuesday => &self.tuesday,
            Weekday::Wednesday => &self.wednesday,
            Weekday::Thursday => &self.thursday,
            Weekday::Friday => &self.friday,
            Weekday::Saturday => &self.saturday,
            Weekday::Sunday => &self.sunday,
        }
    }
}

/// A span of hours, `08:00-12:30`. Where it ends before it begins it ends on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = SPAN, "x-expected" = SPAN_WORDS))]
pub struct Hours {
    /// Minutes after midnight.
    from_min: u16,
    /// Minutes after midnight of the same day; above 1440 on the next.
    until_min: u16,
}

/// Minutes of a day on the wall.
const DAY_MIN: u16 = 24 * 60;

impl Hours {
    /// Minutes after midnight at which it begins.
    pub fn from_min(self) -> u16 {
        self.from_min
    }

    /// Minutes after the same midnight at which it ends; above 1440 on the next day.
    pub fn until_min(self) -> u16 {
        self.until_min
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not {SPAN_WORDS}");
        let minutes = |part: &str| {
            let (hour, minute) = part.split_once(':')?;
            let two = |digits: &str| {
                let fits = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
                if fits { digits.parse::<u16>().ok() } else { None }
            };
            let (hour, minute) = (two(hour)?, two(minute)?);
            (minute < 60 && hour * 60 + minute <= DAY_MIN).then_some(hour * 60 + minute)
        };
        let (from, until) = text.split_once('-').ok_or_else(wrong)?;
        let (from_min, until_min) = (minutes(from).ok_or_else(wrong)?, minutes(until).ok_or_else(wrong)?);
        if from_min == DAY_MIN {
            return Err(wrong());
        }
        if from_min == until_min {
            return Err(format!("\"{text}\" has no length; the whole day is \"00:00-24:00\""));
        }
        Ok(Self { from_min, until_min: if until_min < from_min { until_min + DAY_MIN } else { until_min } })
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        let of = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let until = if hours.until_min > DAY_MIN { hours.until_min - DAY_MIN } else { hours.until_min };
        format!("{}-{}", of(hours.from_min), of(until))
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from(*self))
    }
}

/// Other hours on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecialDay {
    /// The day.
    #[schemars(with = "String", extend("format" = "date", "x-expected" = DAY_WORDS))]
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// Its hours; none: closed.
    #[serde(default)]
    #[schemars(extend("maxItems" = SPANS_PER_DAY_MAX))]
    #[schema(value_type = Vec<String>)]
    pub hours: Vec<Hours>,
    /// Why.
    #[schemars(extend("minLength" = 1, "maxLength" = REASON_CHARS_MAX))]
    pub reason: String,
}

/// A time in which the site is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// From this day, or from this time on.
    #[schemars(with = "String", extend("pattern" = EDGE, "x-expected" = EDGE_WORDS))]
    #[schema(value_type = String, example = "2026-12-28")]
    pub from: Edge,
    /// To this day with all its hours, or to this time.
    #[schemars(with = "String", extend("pattern" = EDGE, "x-expected" = EDGE_WORDS))]
    #[schema(value_type = String, example = "2026-12-31T12:00")]
    pub until: Edge,
    /// Why.
    #[schemars(extend("minLength" = 1, "maxLength" = REASON_CHARS_MAX))]
    pub reason: String,
}

impl Closure {
    /// The time on the wall at which it begins.
    pub fn begin(&self) -> DateTime {
        match self.from {
            Edge::Day(date) => date.to_datetime(Time::midnight()),
            Edge::Time(at) => at,
        }
    }

    /// The time on the wall at which it is over.
    pub fn end(&self) -> DateTime {
        match self.until {
            Edge::Day(date) => super::local::next_day(date).to_datetime(Time::midnight()),
            Edge::Time(at) => at,
        }
    }
}

/// Where a closure begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Edge {
    /// With this day.
    Day(Date),
    /// At this time on the wall.
    Time(DateTime),
}

impl TryFrom<String> for Edge {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = match text.contains('T') {
            false => text.parse().map(Self::Day),
            true => text.parse().map(Self::Time),
        };
        parsed.map_err(|_| format!("\"{text}\" is not {EDGE_WORDS}"))
    }
}

impl From<Edge> for String {
    fn from(edge: Edge) -> Self {
        match edge {
            Edge::Day(date) => date.to_string(),
            Edge::Time(at) => at.strftime("%Y-%m-%dT%H:%M").to_string(),
        }
    }
}

/// When displays of the site may be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Windows {
    /// When content may be fetched.
    pub download: Rule,
    /// When fetched content may be put in service.
    pub activate: Rule,
    /// When page, agent or machine may be restarted.
    pub restart: Rule,
}

impl Windows {
    /// The rule of one window.
    pub fn of(&self, kind: WindowKind) -> &Rule {
        match kind {
            WindowKind::Download => &self.download,
            WindowKind::Activate => &self.activate,
            WindowKind::Restart => &self.restart,
        }
    }
}

/// Which window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// Content may be fetched.
    Download,
    /// Fetched content may be put in service.
    Activate,
    /// Page, agent or machine may be restarted.
    Restart,
}

impl WindowKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Download, Self::Activate, Self::Restart];

    /// The word in configuration, API and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Activate => "activate",
            Self::Restart => "restart",
        }
    }
}

/// When a window is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(untagged)]
#[schemars(extend("x-expected" = RULE_WORDS))]
pub enum Rule {
    /// `always`, or `closed`: outside of opening hours.
    Word(RuleWord),
    /// Again and again for a while.
    Recurring(Recurring),
}

impl Default for Rule {
    fn default() -> Self {
        Self::Word(RuleWord::Always)
    }
}

/// A rule that needs no more words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleWord {
    /// At any time.
    Always,
    /// Outside of opening hours.
    Closed,
}

/// A window that opens again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recurring {
    /// When it opens: minute, hour, day, month and weekday in Europe/Berlin, like `0 3 * * *`.
    pub cron: String,
    /// For how many minutes on the wall's clock.
    #[schemars(range(min = 1, max = 10_080))]
    pub minutes: u32,
}
