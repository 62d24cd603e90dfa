//! What a calendar says, in tables: times on the wall in, answers out.

mod checks;
mod questions;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::local::moment;
use super::model::Calendar;

/// A time on the wall as a moment.
fn at(wall: &str) -> Timestamp {
    wall.parse::<DateTime>().map(moment).unwrap_or_else(|_| wall.parse().unwrap())
}

/// A moment as the wall shows it.
fn wall(at: Timestamp) -> String {
    super::local::on_the_wall(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn calendar(yaml: &str) -> Calendar {
    migrado_settings::load(yaml).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The office of these tables.
fn office() -> Calendar {
    calendar(
        "
opening_hours:
  monday: [\"08:00-12:00\", \"13:00-15:30\"]
  tuesday: [\"08:00-12:00\"]
  wednesday: [\"08:00-12:00\"]
  thursday: [\"08:00-12:00\", \"13:00-18:00\"]
  friday: [\"08:00-12:00\"]
special_days:
  - { date: 2026-12-24, hours: [], reason: Heiligabend }
  - { date: 2026-11-28, hours: [\"10:00-14:00\"], reason: Tag der offenen Tür }
  - { date: 2026-06-04, hours: [\"10:00-11:00\"], reason: Notdienst }
closures:
  - { from: 2026-12-28, until: 2026-12-31, reason: Betriebsferien }
  - { from: 2026-11-26T14:00, until: 2026-11-26T16:00, reason: Wasserschaden }
windows:
  activate: closed
  restart: { cron: \"0 3 * * *\", minutes: 90 }
",
    )
}
