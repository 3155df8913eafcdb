//! The one clock of a run: a day, in UTC.

use crate::model::Date;

/// The day by which dates are judged.
#[derive(clap::Args, Debug, Clone)]
pub(super) struct Clock {
    /// Judge dates as if it were this day, for example 2027-05-23 [default: today, in UTC]
    #[arg(long, value_name = "DATE", value_parser = parse)]
    today: Option<Date>,
}

impl Clock {
    /// The day.
    pub(super) fn today(&self) -> Date {
        self.today.unwrap_or_else(now)
    }

    /// What repeats it on a command line, beginning with a blank; nothing for the real day.
    pub(super) fn repeated(&self) -> String {
        self.today.map_or_else(String::new, |day| format!(" --today {day}"))
    }
}

fn parse(text: &str) -> Result<Date, String> {
    text.parse()
}

/// Today, in UTC.
#[expect(clippy::disallowed_methods, reason = "the one place that asks for the day")]
fn now() -> Date {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Date::of_unix_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
