//! Days: waivers begin and end with whole days, in UTC.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Day of the Gregorian calendar, from year 0 to 9999, in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// Creates a day; `None` if it does not exist (30 February).
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().filter(|date| date.year() >= 0).map(Self)
    }

    /// Day of a Unix timestamp (seconds since the beginning of 1970, UTC). A timestamp outside the calendar
    /// gives its first or last day.
    #[must_use]
    pub fn of_unix_seconds(seconds: i64) -> Self {
        let epoch = civil::date(1970, 1, 1);
        let days = seconds.div_euclid(86_400);
        let first = civil::date(0, 1, 1);
        let outside = if seconds < 0 { first } else { civil::Date::MAX };
        Self(
            jiff::Span::new()
                .try_days(days)
                .and_then(|span| epoch.checked_add(span))
                .unwrap_or(outside)
                .max(first),
        )
    }

    /// Day that is `days` later (or earlier, if negative), limited to the first and last day of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let outside = if days < 0 { civil::date(0, 1, 1) } else { civil::Date::MAX };
        Self(self.0.checked_add(jiff::Span::new().days(days)).unwrap_or(outside))
    }

    /// Number of days until `other`; negative if `other` is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i32 {
        self.0.until(other.0).map_or(0, |span| span.get_days())
    }
}

impl FromStr for Date {
    type Err = String;

    /// Parses `YYYY-MM-DD`; other formats are invalid.
    ///
    /// # Errors
    /// A sentence that describes the problem.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|digits| digits.parse::<i16>().ok())
        };
        let dashes = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let (Some(year), Some(month), Some(day), true) = (number(0, 4), number(5, 7), number(8, 10), dashes)
        else {
            return Err("dates must have the format YEAR-MONTH-DAY, for example 2027-05-22".to_owned());
        };
        let narrow = |number: i16| i8::try_from(number).unwrap_or(0);
        Self::new(year, narrow(month), narrow(day)).ok_or_else(|| format!("the day {text} does not exist"))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_parsed_and_formatted() {
        let day: Date = "2028-02-29".parse().expect("a leap day");
        assert_eq!(day.to_string(), "2028-02-29");
        assert_eq!(day.plus_days(180).to_string(), "2028-08-27");
        assert_eq!(day.days_until(day.plus_days(-400)), -400);
        assert_eq!(Date::of_unix_seconds(-1).to_string(), "1969-12-31");
        assert_eq!(Date::of_unix_seconds(1_795_564_800).to_string(), "2026-11-25");
        assert_eq!(Date::of_unix_seconds(i64::MAX).to_string(), "9999-12-31");
        for (text, expected) in [
            ("2027-02-29", "the day 2027-02-29 does not exist"),
            ("2027-13-01", "does not exist"),
            ("2027-5-22", "YEAR-MONTH-DAY"),
            ("2027-05-22T00:00:00Z", "YEAR-MONTH-DAY"),
            ("+027-05-22", "YEAR-MONTH-DAY"),
            ("２０27-05-22", "YEAR-MONTH-DAY"),
            ("", "YEAR-MONTH-DAY"),
        ] {
            let message = text.parse::<Date>().expect_err(text);
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
