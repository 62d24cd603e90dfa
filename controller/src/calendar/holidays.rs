//! The public holidays of North Rhine-Westphalia, computed for any year: six fixed days, and five
//! that move with Easter. Nothing is listed by year.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::api::text::{Text, text};

/// A public holiday of North Rhine-Westphalia (Feiertagsgesetz NW, section 2, and 3 October by
/// federal law).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holiday {
    /// 1 January.
    NewYear,
    /// Friday before Easter.
    GoodFriday,
    /// Monday after Easter.
    EasterMonday,
    /// 1 May.
    LaborDay,
    /// Thursday, 39 days after Easter.
    Ascension,
    /// Monday, 50 days after Easter.
    WhitMonday,
    /// Thursday, 60 days after Easter.
    CorpusChristi,
    /// 3 October.
    GermanUnity,
    /// 1 November.
    AllSaints,
    /// 25 December.
    Christmas,
    /// 26 December.
    SecondChristmas,
}

/// When a holiday is.
enum Rule {
    Fixed(i8, i8),
    AfterEaster(i32),
}

impl Holiday {
    /// All of them, in the order of the year but for the first of May, which may lie after Ascension.
    pub const ALL: [Self; 11] = [
        Self::NewYear,
        Self::GoodFriday,
        Self::EasterMonday,
        Self::LaborDay,
        Self::Ascension,
        Self::WhitMonday,
        Self::CorpusChristi,
        Self::GermanUnity,
        Self::AllSaints,
        Self::Christmas,
        Self::SecondChristmas,
    ];

    fn rule(self) -> Rule {
        match self {
            Self::NewYear => Rule::Fixed(1, 1),
            Self::GoodFriday => Rule::AfterEaster(-2),
            Self::EasterMonday => Rule::AfterEaster(1),
            Self::LaborDay => Rule::Fixed(5, 1),
            Self::Ascension => Rule::AfterEaster(39),
            Self::WhitMonday => Rule::AfterEaster(50),
            Self::CorpusChristi => Rule::AfterEaster(60),
            Self::GermanUnity => Rule::Fixed(10, 3),
            Self::AllSaints => Rule::Fixed(11, 1),
            Self::Christmas => Rule::Fixed(12, 25),
            Self::SecondChristmas => Rule::Fixed(12, 26),
        }
    }

    /// What people call it.
    pub fn name(self) -> Text {
        match self {
            Self::NewYear => text("Neujahr", "New Year's Day"),
            Self::GoodFriday => text("Karfreitag", "Good Friday"),
            Self::EasterMonday => text("Ostermontag", "Easter Monday"),
            Self::LaborDay => text("Tag der Arbeit", "Labor Day"),
            Self::Ascension => text("Christi Himmelfahrt", "Ascension Day"),
            Self::WhitMonday => text("Pfingstmontag", "Whit Monday"),
            Self::CorpusChristi => text("Fronleichnam", "Corpus Christi"),
            Self::GermanUnity => text("Tag der Deutschen Einheit", "Day of German Unity"),
            Self::AllSaints => text("Allerheiligen", "All Saints' Day"),
            Self::Christmas => text("1. Weihnachtstag", "Christmas Day"),
            Self::SecondChristmas => text("2. Weihnachtstag", "Second Day of Christmas"),
        }
    }

    /// Its day in a year; `None` only at the ends of time, where there is no such year.
    pub fn date(self, year: i16) -> Option<Date> {
        match self.rule() {
            Rule::Fixed(month, day) => Date::new(year, month, day).ok(),
            Rule::AfterEaster(days) => easter(year)?.checked_add(days.days()).ok(),
        }
    }

    /// The holiday that a day is.
    pub fn on(date: Date) -> Option<Self> {
        Self::ALL.into_iter().find(|holiday| holiday.date(date.year()) == Some(date))
    }
}

/// Easter Sunday of the Gregorian calendar: the Sunday after the first full moon of spring, by the
/// church's tables (Meeus, Astronomical Algorithms, chapter 8).
pub fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    // The year's place in the moon's cycle of 19 years, and what centuries shift.
    let golden = year.rem_euclid(19);
    let (century, in_century) = (year.div_euclid(100), year.rem_euclid(100));
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    // Days from 21 March to the full moon, and from there to its Sunday.
    let full_moon = (19 * golden + century - century / 4 - moon_shift + 15).rem_euclid(30);
    let to_sunday =
        (32 + 2 * (century % 4) + 2 * (in_century / 4) - full_moon - in_century % 4).rem_euclid(7);
    // Two exceptions of the tables keep Easter from falling after 25 April.
    let late = (golden + 11 * full_moon + 22 * to_sunday) / 451;
    let days = full_moon + to_sunday - 7 * late + 114;
    let (month, day) = (i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?);
    Date::new(i16::try_from(year).ok()?, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the calendars that the state publishes: Easter Monday, Ascension, Whit Monday and Corpus
    /// Christi with Good Friday in front, as month and day.
    const MOVING: [(i16, [(i8, i8); 5]); 7] = [
        (2024, [(3, 29), (4, 1), (5, 9), (5, 20), (5, 30)]),
        (2025, [(4, 18), (4, 21), (5, 29), (6, 9), (6, 19)]),
        (2026, [(4, 3), (4, 6), (5, 14), (5, 25), (6, 4)]),
        (2027, [(3, 26), (3, 29), (5, 6), (5, 17), (5, 27)]),
        (2028, [(4, 14), (4, 17), (5, 25), (6, 5), (6, 15)]),
        (2029, [(3, 30), (4, 2), (5, 10), (5, 21), (5, 31)]),
        (2030, [(4, 19), (4, 22), (5, 30), (6, 10), (6, 20)]),
    ];
    const FIXED: [(Holiday, i8, i8); 6] = [
        (Holiday::NewYear, 1, 1),
        (Holiday::LaborDay, 5, 1),
        (Holiday::GermanUnity, 10, 3),
        (Holiday::AllSaints, 11, 1),
        (Holiday::Christmas, 12, 25),
        (Holiday::SecondChristmas, 12, 26),
    ];

    #[test]
    fn every_holiday_of_seven_years_is_on_its_known_day_and_no_other_day_is_one() {
        let moving = [
            Holiday::GoodFriday,
            Holiday::EasterMonday,
            Holiday::Ascension,
            Holiday::WhitMonday,
            Holiday::CorpusChristi,
        ];
        for (year, days) in MOVING {
            let mut expected: Vec<(Date, Holiday)> = moving
                .into_iter()
                .zip(days)
                .chain(FIXED.map(|(holiday, month, day)| (holiday, (month, day))))
                .map(|(holiday, (month, day))| (Date::new(year, month, day).unwrap(), holiday))
                .collect();
            expected.sort();
            let first = Date::new(year, 1, 1).unwrap();
            let found: Vec<(Date, Holiday)> = first
                .series(1.day())
                .take_while(|date| date.year() == year)
                .filter_map(|date| Some((date, Holiday::on(date)?)))
                .collect();
            assert_eq!(found, expected, "{year}");
        }
    }

    #[test]
    fn easter_is_right_at_the_edges_of_its_tables() {
        // The earliest and the latest that there are, and the two exceptions.
        for (year, month, day) in
            [(1818, 3, 22), (2285, 3, 22), (1943, 4, 25), (2038, 4, 25), (1954, 4, 18), (1981, 4, 19)]
        {
            assert_eq!(easter(year), Some(Date::new(year, month, day).unwrap()));
        }
    }

    #[test]
    fn every_holiday_has_a_name_in_both_languages() {
        for holiday in Holiday::ALL {
            let name = holiday.name();
            assert!(!name.de.is_empty() && !name.en.is_empty() && name.de != name.en, "{holiday:?}");
        }
    }
}
