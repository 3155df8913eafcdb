//! The date of a run, in UTC.

use crate::model::Date;

/// The `--today` option.
#[derive(clap::Args, Debug, Clone)]
pub(super) struct TodayArgument {
    /// Evaluate dates as of this day, for example 2027-05-23 [default: today, UTC]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    today: Option<Date>,
}

impl TodayArgument {
    /// The given day, or today in UTC.
    pub(super) fn today(&self) -> Date {
        self.today.unwrap_or_else(current_date)
    }

    /// The option as part of a command line, with a leading space; empty if it was not given.
    pub(super) fn to_arguments(&self) -> String {
        self.today.map_or_else(String::new, |day| format!(" --today {day}"))
    }
}

fn parse_date(text: &str) -> Result<Date, String> {
    text.parse()
}

/// The current day in UTC.
#[expect(clippy::disallowed_methods, reason = "the only place that reads the current day")]
fn current_date() -> Date {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Date::of_unix_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
