//! Days and seconds of Central European wall time, and how Xledger writes them.

use std::io::Write;

/// A day, counted from 1970-01-01.
pub type Day = i32;

/// A wall-clock time, in seconds counted from 1970-01-01T00:00:00 on the same wall clock: it has no offset.
pub type WallTime = i64;

/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;

/// The day of a calendar date (proleptic Gregorian).
#[must_use]
pub const fn day(year: i32, month: i32, of_month: i32) -> Day {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let month_from_march = (month + 9) % 12;
    let of_year = (153 * month_from_march + 2) / 5 + of_month - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year, month and day of the month of a day.
#[must_use]
pub const fn calendar(day: Day) -> (i32, i32, i32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted - era * 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, of_year - (153 * from_march + 2) / 5 + 1)
}

/// The wall time of a second of UTC, counted from 1970: in the hour that comes twice, later may be earlier.
#[must_use]
pub const fn wall_time(utc: i64) -> WallTime {
    let (year, _, _) = calendar(utc.div_euclid(DAY_SECONDS) as Day);
    let is_summer = last_sunday(year, 3) <= utc && utc < last_sunday(year, 10);
    utc + if is_summer { 7_200 } else { 3_600 }
}

/// 01:00 UTC on the last Sunday of a month of 31 days, when clocks change.
const fn last_sunday(year: i32, month: i32) -> i64 {
    let last = day(year, month, 31);
    // 1970-01-01 was a Thursday.
    let sunday = last - (last + 4).rem_euclid(7);
    sunday as i64 * DAY_SECONDS + 3_600
}

/// Appends `yyyy-MM-dd`.
pub fn write_day(out: &mut Vec<u8>, day: Day) {
    let (year, month, of_month) = calendar(day);
    // Writing into a vector cannot fail.
    let _ = write!(out, "{year:04}-{month:02}-{of_month:02}");
}

/// Appends `yyyy-MM-ddTHH:mm:ss`.
pub fn write_time(out: &mut Vec<u8>, time: WallTime) {
    let seconds = time.rem_euclid(DAY_SECONDS);
    write_day(out, time.div_euclid(DAY_SECONDS) as Day);
    let _ = write!(out, "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/// Reads `yyyy-MM-dd`; nothing if it is not a date of the calendar.
#[must_use]
pub fn read_day(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, of_month) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..])?);
    let result = day(year, month, of_month);
    (calendar(result) == (year, month, of_month)).then_some(result)
}

/// Reads `yyyy-MM-ddTHH:mm:ss`; nothing if it is not such a time.
#[must_use]
pub fn read_time(text: &str) -> Option<WallTime> {
    let bytes = text.as_bytes();
    if bytes.len() != 19 || !text.is_ascii() || bytes[10] != b'T' || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let (hours, minutes, seconds) = (number(&text[11..13])?, number(&text[14..16])?, number(&text[17..])?);
    let in_range = hours < 24 && minutes < 60 && seconds < 60;
    let of_day = i64::from(hours * 3600 + minutes * 60 + seconds);
    in_range.then_some(i64::from(read_day(&text[..10])?) * DAY_SECONDS + of_day)
}

fn number(digits: &str) -> Option<i32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_the_same_thing() {
        assert_eq!(day(1970, 1, 1), 0);
        assert_eq!(day(2026, 10, 31), 20_757);
        for of_era in -1000..40_000 {
            let (year, month, of_month) = calendar(of_era);
            assert_eq!(day(year, month, of_month), of_era);
        }
    }

    #[test]
    fn clocks_change_on_the_last_sundays_of_march_and_october() {
        let shown = |utc: i64| {
            let mut out = Vec::new();
            write_time(&mut out, wall_time(utc));
            String::from_utf8(out).unwrap()
        };
        // As `date -u -d ... +%s` has them.
        for (utc, wall) in [
            (1_774_745_999, "2026-03-29T01:59:59"),
            (1_774_746_000, "2026-03-29T03:00:00"),
            (1_792_889_999, "2026-10-25T02:59:59"),
            (1_792_890_000, "2026-10-25T02:00:00"),
            (1_792_893_600, "2026-10-25T03:00:00"),
            (1_798_757_999, "2026-12-31T23:59:59"),
        ] {
            assert_eq!(shown(utc), wall);
        }
    }

    #[test]
    fn only_real_dates_are_read() {
        assert_eq!(read_day("2024-02-29"), Some(day(2024, 2, 29)));
        assert_eq!(read_day("2025-02-29"), None);
        assert_eq!(read_time("2025-10-26T02:30:00"), Some(i64::from(day(2025, 10, 26)) * DAY_SECONDS + 9000));
        assert_eq!(read_time("2025-10-26 02:30:00"), None);
    }
}
