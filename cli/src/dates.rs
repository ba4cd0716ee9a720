//! A day as people write it. Everything is in UTC: the program knows no time zone.

use countersign_core::time::UnixSeconds;

/// The day that a moment lies in, as `2026-11-23` (ISO 8601), in UTC.
pub(crate) fn day(moment: UnixSeconds) -> String {
    let text = moment.format();
    let (day, _) = text.split_once(' ').expect("a day and a time of day");
    day.to_owned()
}

/// The minute that a moment lies in, as `2026-11-23 08:05`, in UTC.
pub(crate) fn minute(moment: UnixSeconds) -> String {
    let text = moment.format();
    let (minute, _) = text.rsplit_once(':').expect("minutes before seconds");
    minute.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (86_400, "1970-01-02"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_741_011_292, "2025-03-03"),
            (4_107_542_400, "2100-03-01"),
            (20_000_000_000, "2603-10-11"),
        ] {
            assert_eq!(day(UnixSeconds(seconds)), expected);
        }
    }

    #[test]
    fn minutes_are_those_of_the_day() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00"),
            (86_399, "1970-01-01 23:59"),
            (1_741_011_292, "2025-03-03 14:14"),
        ] {
            assert_eq!(minute(UnixSeconds(seconds)), expected);
        }
    }
}
