//! The office calendar of a site: what holds, what is true now, each day of a span; changing it, and
//! going back to the configuration's.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Json, Query, Tagged, changed_meanwhile, etag, require_match};
use super::guard::{Operator, Viewer};
use super::problem::{Answer, FieldError, Problem};
use super::state::{ApiState, Site};
use super::text::{Text, text};
use crate::audit::Entry;
use crate::calendar::kept::{Change, Kept, Source};
use crate::calendar::{
    Calendar, DayRule, Opening, Span, WindowKind, day, local, open_spans, state_at, window_at, window_spans,
};

/// Days of one answer: a month's view with the weeks around it, twice.
const DAYS_MAX: i32 = 93;
/// Days that are told where the last is left out: what a month view shows.
const DAYS_SHOWN: SignedDuration = SignedDuration::from_hours(28 * 24);

/// Whether a site is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpeningWord {
    /// It is.
    Open,
    /// It is not.
    Closed,
    /// It has no opening hours.
    Unknown,
}

/// A site at this moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct NowView {
    /// Whether it is open.
    opening: OpeningWord,
    /// That in words, with the reason: "open until 18:00", "closed: All Saints' Day".
    text: Text,
    /// When that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
}

/// A window at this moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowView {
    /// Which.
    kind: WindowKind,
    /// Whether it is open.
    open: bool,
    /// When it opens, while it is not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    opens_ms: Option<i64>,
    /// When it closes, while it is open; absent when it stays open.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes_ms: Option<i64>,
    /// Why.
    text: Text,
}

/// The calendar of a site.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarView {
    /// The site.
    site: String,
    /// What people call it.
    name: String,
    /// Where the calendar comes from.
    from: Source,
    /// When the console changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_ms: Option<i64>,
    /// Who did.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
    /// What it says.
    calendar: Calendar,
    /// The zone of its times.
    zone: &'static str,
    /// The moment of `now` and `windows`.
    now_ms: i64,
    /// The site now.
    now: NowView,
    /// Its windows now.
    windows: Vec<WindowView>,
}

/// What decides a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// The weekday's opening hours.
    Weekday,
    /// A special day.
    Special,
    /// A public holiday.
    Holiday,
    /// A closure for the whole day.
    Closure,
    /// Nothing: the site has no opening hours.
    Unknown,
}

/// A span of time on a day, clipped to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpanView {
    /// Begin on the wall, like `08:00`.
    from: String,
    /// End on the wall, like `12:30`; `24:00` is the day's end.
    until: String,
    /// Begin.
    from_ms: i64,
    /// End.
    until_ms: i64,
}

/// A window's spans on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayWindow {
    /// Which.
    kind: WindowKind,
    /// When it is open.
    spans: Vec<SpanView>,
}

/// A day of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayView {
    /// Which, like `2026-12-24`.
    date: String,
    /// What decides it.
    kind: DayKind,
    /// Why it is not a usual day: holiday, special day, closures.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text>,
    /// When the site is open.
    open: Vec<SpanView>,
    /// When its windows are.
    windows: Vec<DayWindow>,
}

/// Days of a site.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayList {
    /// The site.
    site: String,
    /// In their order.
    days: Vec<DayView>,
}

/// Which days.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AskedDays {
    /// The first, like 2026-12-01; today if it is left out.
    from: Option<String>,
    /// The last, at most 93 days in all; four weeks after the first if it is left out.
    to: Option<String>,
}

fn find(state: &ApiState, id: &str) -> Answer<(Site, Kept)> {
    let site = state.settings.sites.iter().find(|site| site.id.as_str() == id).cloned();
    let site = site.ok_or_else(|| Problem::not_found("site"))?;
    let kept = state.calendars.of(&site.id).ok_or_else(|| Problem::not_found("site"))?;
    Ok((site, kept))
}

/// The clock's time; a clock beyond all years counts as their beginning.
pub fn now(state: &ApiState) -> Timestamp {
    Timestamp::from_millisecond(state.clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn view(state: &ApiState, site: &Site, kept: Kept) -> Tagged<CalendarView> {
    let now = now(state);
    let tag = etag(kept.tag());
    let told = state_at(&kept.calendar, now);
    let opening = match told.opening {
        Opening::Open => OpeningWord::Open,
        Opening::Closed => OpeningWord::Closed,
        Opening::Unknown => OpeningWord::Unknown,
    };
    let window = |kind| {
        let window = window_at(&kept.calendar, kind, now);
        WindowView {
            kind,
            open: window.open,
            opens_ms: window.opens.map(Timestamp::as_millisecond),
            closes_ms: window.closes.map(Timestamp::as_millisecond),
            text: window.why,
        }
    };
    let windows = WindowKind::ALL.map(window).into();
    let until_ms = told.until.map(Timestamp::as_millisecond);
    Tagged(
        CalendarView {
            site: site.id.to_string(),
            name: site.name.clone(),
            from: kept.source,
            changed_ms: kept.changed_ms,
            changed_by: kept.changed_by,
            zone: local::ZONE,
            now_ms: now.as_millisecond(),
            now: NowView { opening, text: told.words(now), until_ms },
            windows,
            calendar: (*kept.calendar).clone(),
        },
        tag,
    )
}

/// The calendar of a site, and what it says of now.
#[utoipa::path(get, path = "/api/v1/sites/{id}/calendar", responses((status = 200, body = CalendarView)))]
pub async fn show(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
) -> Answer<Tagged<CalendarView>> {
    let (site, kept) = find(&state, &id)?;
    Ok(view(&state, &site, kept))
}

/// Gives a site another calendar, in place of the configuration's.
#[utoipa::path(put, path = "/api/v1/sites/{id}/calendar", request_body = Calendar, responses((status = 200, body = CalendarView)))]
pub async fn change(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<serde_json::Value>,
) -> Answer<Tagged<CalendarView>> {
    let (site, kept) = find(&state, &id)?;
    let tag = kept.tag();
    require_match(&headers, &etag(&tag))?;
    let calendar: Calendar = migrado_settings::read_value(body).map_err(|mistakes| {
        let error = |m: migrado_settings::Mistake| FieldError { pointer: m.pointer, message: m.message };
        Problem::invalid(mistakes.0.into_iter().map(error).collect())
    })?;
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "calendar.change", &id)
        .detail(difference(&kept.calendar, &calendar));
    match state.calendars.set(&site.id, calendar, &tag, entry).await? {
        Change::Done => again(&state, &id),
        Change::Meanwhile => Err(changed_meanwhile()),
    }
}

/// Goes back to the calendar of the configuration.
#[utoipa::path(delete, path = "/api/v1/sites/{id}/calendar", responses((status = 200, body = CalendarView)))]
pub async fn go_back(
    State(state): State<ApiState>,
    Operator(actor): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Tagged<CalendarView>> {
    let (site, kept) = find(&state, &id)?;
    let tag = kept.tag();
    require_match(&headers, &etag(&tag))?;
    if kept.source == Source::Configuration {
        return Ok(view(&state, &site, kept));
    }
    let entry = Entry::ok(state.clock.now_ms(), actor.name(), "calendar.reset", &id);
    match state.calendars.forget(&site.id, &tag, entry).await? {
        Change::Done => again(&state, &id),
        Change::Meanwhile => Err(changed_meanwhile()),
    }
}

/// The calendar after a change.
fn again(state: &ApiState, id: &str) -> Answer<Tagged<CalendarView>> {
    let (site, kept) = find(state, id)?;
    Ok(view(state, &site, kept))
}

/// Which parts of a calendar a change touched, for the audit log.
fn difference(before: &Calendar, after: &Calendar) -> String {
    let parts = [
        ("opening_hours", before.opening_hours != after.opening_hours),
        ("special_days", before.special_days != after.special_days),
        ("closures", before.closures != after.closures),
        ("windows", before.windows != after.windows),
    ];
    let changed: Vec<&str> = parts.iter().filter(|(_, changed)| *changed).map(|(name, _)| *name).collect();
    if changed.is_empty() { "nothing".to_owned() } else { changed.join(", ") }
}

/// What holds on each day, and why.
#[utoipa::path(get, path = "/api/v1/sites/{id}/calendar/days", params(AskedDays), responses((status = 200, body = DayList)))]
pub async fn days(
    State(state): State<ApiState>,
    _: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<AskedDays>,
) -> Answer<axum::Json<DayList>> {
    let (site, kept) = find(&state, &id)?;
    let (from, to) = bounds(&asked, local::on_the_wall(state.clock.now()).date())?;
    let mut days = Vec::new();
    let mut date = from;
    while date <= to {
        days.push(day_view(&kept.calendar, date));
        date = local::next_day(date);
    }
    Ok(axum::Json(DayList { site: site.id.to_string(), days }))
}

fn bounds(asked: &AskedDays, today: Date) -> Answer<(Date, Date)> {
    let mut errors = Vec::new();
    let mut read = |name: &str, value: &str| {
        let date = value.parse::<Date>().ok().filter(|date| (1970..=9000).contains(&date.year()));
        if date.is_none() {
            let message = format!("\"{value}\" is not a day like 2026-12-24");
            errors.push(FieldError { pointer: name.to_owned(), message });
        }
        date
    };
    let from = asked.from.as_deref().map_or(Some(today), |from| read("from", from));
    let later = from.and_then(|from| from.checked_add(DAYS_SHOWN).ok());
    let to = asked.to.as_deref().map_or(later, |to| read("to", to));
    let (Some(from), Some(to)) = (from, to) else { return Err(Problem::invalid(errors)) };
    let days = from.until((Unit::Day, to)).map_or(i32::MAX, |span| span.get_days());
    if !(0..DAYS_MAX).contains(&days) {
        let message = format!("name a day from \"from\" on, and at most {DAYS_MAX} days in all");
        return Err(Problem::field("to", message));
    }
    Ok((from, to))
}

fn day_view(calendar: &Calendar, date: Date) -> DayView {
    let told = day(calendar, date);
    let within = Span { from: local::begin_of(date), until: local::begin_of(local::next_day(date)) };
    let whole = told.closures.iter().any(|closure| {
        closure.begin() <= date.at(0, 0, 0, 0) && closure.end() >= local::next_day(date).at(0, 0, 0, 0)
    });
    let (kind, rule_reason) = match told.rule {
        DayRule::Weekday => (DayKind::Weekday, None),
        DayRule::Special { reason } => (DayKind::Special, Some(text(reason.clone(), reason))),
        DayRule::Holiday(holiday) => (DayKind::Holiday, Some(holiday.name())),
        DayRule::Unknown => (DayKind::Unknown, None),
    };
    let closures = told.closures.iter().map(|c| text(c.reason.clone(), c.reason.clone()));
    let reasons: Vec<Text> = rule_reason.into_iter().chain(closures).collect();
    let joined = |of: fn(&Text) -> &str| reasons.iter().map(of).collect::<Vec<_>>().join(", ");
    let reason = (!reasons.is_empty()).then(|| text(joined(|t| &t.de), joined(|t| &t.en)));
    let windows = WindowKind::ALL.map(|kind| DayWindow {
        kind,
        spans: window_spans(calendar, kind, within).into_iter().map(|span| span_view(span, within)).collect(),
    });
    let open = open_spans(calendar, date, date).into_iter().map(|span| span_view(span, within)).collect();
    DayView {
        date: date.to_string(),
        kind: if whole { DayKind::Closure } else { kind },
        reason,
        open,
        windows: windows.into(),
    }
}

fn span_view(span: Span, within: Span) -> SpanView {
    let (from, until) = (span.from.max(within.from), span.until.min(within.until));
    let wall = |at: Timestamp| local::on_the_wall(at).strftime("%H:%M").to_string();
    SpanView {
        from: wall(from),
        until: if until == within.until { "24:00".to_owned() } else { wall(until) },
        from_ms: from.as_millisecond(),
        until_ms: until.as_millisecond(),
    }
}
