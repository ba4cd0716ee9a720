//! A day as people write it. Everything is in UTC: the program knows no time zone.

use countersign_core::time::UnixSeconds;

const DAY_S: u64 = 86_400;
const HOUR_S: u64 = 3_600;
const MINUTE_S: u64 = 60;

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

/// How long something is, in the largest unit of which there are two at least: `90 s`, `5 minutes`, `3 hours`, `2 days`.
pub(crate) fn span(seconds: u64) -> String {
    let in_units = |unit_s: u64| seconds.saturating_add(unit_s / 2) / unit_s;
    if seconds < 2 * MINUTE_S {
        format!("{seconds} s")
    } else if seconds < 2 * HOUR_S {
        format!("{} minutes", in_units(MINUTE_S))
    } else if seconds < 2 * DAY_S {
        format!("{} hours", in_units(HOUR_S))
    } else {
        format!("{} days", in_units(DAY_S))
    }
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

    #[test]
    fn a_span_is_said_in_the_unit_that_fits() {
        for (seconds, expected) in [
            (0, "0 s"),
            (31, "31 s"),
            (119, "119 s"),
            (120, "2 minutes"),
            (150, "3 minutes"),
            (7_199, "120 minutes"),
            (7_200, "2 hours"),
            (9_100, "3 hours"),
            (172_799, "48 hours"),
            (172_800, "2 days"),
            (u64::MAX, "213503982334601 days"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }
}
