//! The one chart: spend by month, the categories stacked. What was bought stands above the line and what came back below it, for a month can have
//! more credit notes than invoices. Shapes alone are drawn, in thousandths of the height; texts are HTML, which keeps its size on a phone.

use std::fmt::Write as _;

use super::data::{COLOURS, Months, Series};
use super::window::COLUMNS;
use super::words::{Words, fill};
use crate::model::value::Month;

/// The most lines across the chart, beside that of nothing.
const MAX_TICKS: i128 = 5;
const UNIT: i128 = 10_000;
/// The width of a column, and of its bar in the middle.
const COLUMN: usize = 100;
const BAR: (usize, usize) = (14, 72);
/// The class of all categories without a colour of their own.
const OTHERS: &str = "c8";

/// What the template draws.
pub(super) struct Chart {
    pub(super) description: String,
    /// What the amounts are in.
    pub(super) unit: String,
    pub(super) width: usize,
    pub(super) columns: usize,
    /// The classes and outlines of the categories.
    pub(super) shapes: Vec<(&'static str, String)>,
    /// The outline of the net amounts of months with both signs.
    pub(super) net: String,
    /// Where lines are, in thousandths from above, and their amounts.
    pub(super) ticks: Vec<(i128, String)>,
    /// Left edge of the month that goes on.
    pub(super) open: Option<usize>,
    /// The first letter and the next two of each month.
    pub(super) months: Vec<(String, String)>,
    /// Years, and how many columns they have.
    pub(super) years: Vec<(i16, usize)>,
    /// Classes and names.
    pub(super) legend: Vec<(&'static str, String)>,
}

/// Years of fewer columns have no room for their number on a phone.
const NARROW_YEAR: usize = 4;

/// The colours, in order.
const CLASSES: [&str; COLOURS] = ["c1", "c2", "c3", "c4", "c5", "c6", "c7"];

/// The class of a series.
pub(super) fn class(place: usize, series: &Series) -> &'static str {
    if *series == Series::Others { OTHERS } else { CLASSES.get(place).copied().unwrap_or(OTHERS) }
}

impl Chart {
    /// Whether a year has too few columns for its number on a phone.
    pub(super) fn is_narrow(&self, columns: &usize) -> bool {
        *columns < NARROW_YEAR
    }

    /// The chart of a currency.
    pub(super) fn new(
        currency: &str,
        names: &[String],
        months: &Months,
        of: impl Fn(usize) -> Month,
        words: &Words,
    ) -> Self {
        let columns = months.columns;
        let amounts = |column: usize| months.series.iter().map(move |(_, sums)| sums.get(column).copied().unwrap_or(0));
        let above = (0..columns).map(|column| amounts(column).filter(|sum| *sum > 0).sum::<i128>()).max().unwrap_or(0);
        let below = (0..columns).map(|column| amounts(column).filter(|sum| *sum < 0).sum::<i128>()).min().unwrap_or(0);
        let scale = Scale::new(below, above);
        let mut outlines = vec![String::new(); months.series.len()];
        let mut net = String::new();
        for column in 0..columns {
            let (mut up, mut down) = (0, 0);
            for (sum, outline) in amounts(column).zip(&mut outlines) {
                let edge = if sum < 0 { &mut down } else { &mut up };
                let from = *edge;
                *edge += sum;
                bar(outline, column, scale.y(from.max(*edge)), scale.y(from.min(*edge)));
            }
            if down < 0 && up > 0 {
                let y = scale.y(up + down);
                bar(&mut net, column, y - 6, y + 6);
            }
        }
        let (unit, words_of_unit) = scale.unit(words);
        let letters = |column: usize| {
            let mut name = words.name_of(of(column)).chars();
            let first: String = name.next().into_iter().flat_map(char::to_uppercase).collect();
            (first, name.take(2).collect())
        };
        let classes = months.series.iter().enumerate().map(|(at, (series, _))| class(at, series));
        let mut legend: Vec<(&'static str, String)> = classes.zip(names.iter().cloned()).collect();
        if !net.is_empty() {
            legend.push(("net", words.net.to_owned()));
        }
        let open = (columns == COLUMNS).then(|| columns - 1);
        legend.extend(open.map(|column| ("open", fill(words.open_month, &[&words.month(of(column))]))));
        let first_and_last = (of(0), of(columns.saturating_sub(1)));
        Self {
            description: fill(words.by_month_chart, &[&words.months(first_and_last)]),
            unit: fill(words_of_unit, &[currency]),
            width: columns * COLUMN,
            columns,
            shapes: months.series.iter().enumerate().map(|(at, (series, _))| class(at, series)).zip(outlines).collect(),
            net,
            ticks: scale.ticks().map(|amount| (scale.y(amount), words.amount_of(amount, unit))).collect(),
            open: open.map(|column| column * COLUMN),
            months: (0..columns).map(letters).collect(),
            years: years((0..columns).map(&of)),
            legend,
        }
    }
}

/// The years of these months, and how many of them lie in each.
fn years(months: impl Iterator<Item = Month>) -> Vec<(i16, usize)> {
    let mut years: Vec<(i16, usize)> = Vec::new();
    for month in months {
        match years.last_mut().filter(|(year, _)| *year == month.year) {
            Some((_, count)) => *count += 1,
            None => years.push((month.year, 1)),
        }
    }
    years
}

/// Adds a bar, from above to below.
fn bar(outline: &mut String, column: usize, top: i128, bottom: i128) {
    if bottom > top {
        let (left, width) = (column * COLUMN + BAR.0, BAR.1);
        // A text takes all that is written.
        let _ = write!(outline, "M{left} {top}h{width}v{}h-{width}z", bottom - top);
    }
}

impl Words {
    /// An amount in such units, with a decimal where it has one.
    fn amount_of(&self, amount: i128, unit: i128) -> String {
        if amount % unit == 0 { self.amount(amount / unit * UNIT) } else { self.tenths(amount * 10 / unit) }
    }
}

/// From which amount to which the chart reaches, and the step of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    low: i128,
    high: i128,
    step: i128,
}

impl Scale {
    /// Round amounts around these.
    fn new(below: i128, above: i128) -> Self {
        let mut step = UNIT;
        // 1, 2, 5, 10, 20, 50 …
        for factor in [2, 5, 10].iter().cycle().take(90) {
            if (above - below) <= step * MAX_TICKS {
                break;
            }
            let decade = if *factor == 2 { step } else { step / if *factor == 5 { 2 } else { 5 } };
            step = decade * factor;
        }
        let up = |amount: i128| (amount + step - 1).div_euclid(step) * step;
        Self { low: -up(-below), high: up(above).max(step), step }
    }

    /// Thousandths from above.
    fn y(&self, amount: i128) -> i128 {
        ((self.high - amount) * 1_000 + (self.high - self.low) / 2) / (self.high - self.low)
    }

    fn ticks(self) -> impl Iterator<Item = i128> {
        (0..=(self.high - self.low) / self.step).map(move |tick| self.low + tick * self.step)
    }

    /// What the lines are counted in.
    fn unit(&self, words: &Words) -> (i128, &'static str) {
        match self.step / UNIT {
            100_000.. => (1_000_000 * UNIT, words.millions),
            1_000.. => (1_000 * UNIT, words.thousands),
            _ => (UNIT, words.units),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::category::Language;

    fn chart(series: &[(Series, [i128; COLUMNS])], columns: usize) -> Chart {
        let months = Months { series: series.to_vec(), columns };
        let of = |column: usize| Month { year: 2024 + (column / 12) as i16, month: (column % 12) as u8 + 1 };
        let names: Vec<String> = series.iter().map(|(series, _)| format!("{series:?}")).collect();
        Chart::new("NOK", &names, &months, of, Words::of(Language::English))
    }

    fn series(name: &str, amounts: &[i128]) -> (Series, [i128; COLUMNS]) {
        let mut sums = [0; COLUMNS];
        sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum = amount * UNIT);
        (Series::Category(name.to_owned()), sums)
    }

    #[test]
    fn signs_are_stacked_apart() {
        // In the second month more came back than was bought.
        let chart = chart(&[series("a", &[300, 100]), series("b", &[100, -300])], 24);
        let ticks: Vec<_> = chart.ticks.iter().map(|(y, text)| (*y, text.as_str())).collect();
        assert_eq!(ticks, [(1_000, "\u{2212}400"), (750, "\u{2212}200"), (500, "0"), (250, "200"), (0, "400")]);
        // Amounts from -400 to 400: 100 is an eighth of the height, and nothing is in the middle.
        assert_eq!(chart.shapes[0], ("c1", "M14 125h72v375h-72zM114 375h72v125h-72z".to_owned()));
        assert_eq!(chart.shapes[1], ("c2", "M14 0h72v125h-72zM114 500h72v375h-72z".to_owned()));
        assert_eq!(chart.net, "M114 744h72v12h-72z");
        assert_eq!((chart.years, chart.open), (vec![(2024, 12), (2025, 12)], None));
    }

    #[test]
    fn nothing_and_everything_has_a_scale() {
        for (below, above, low, high, step) in [
            (0, 0, 0, 1, 1),
            (0, 5, 0, 5, 1),
            (0, 6, 0, 6, 2),
            (0, 11, 0, 15, 5),
            (0, 26, 0, 30, 10),
            (-7, 0, -8, 2, 2),
            (-1, 999_999, -200_000, 1_000_000, 200_000),
            (0, 900_000_000_000_000, 0, 1_000_000_000_000_000, 200_000_000_000_000),
        ] {
            let scale = Scale::new(below * UNIT, above * UNIT);
            assert_eq!(scale, Scale { low: low * UNIT, high: high * UNIT, step: step * UNIT }, "{below} {above}");
            assert!(scale.y(above * UNIT) >= 0 && scale.y(below * UNIT) <= 1_000);
        }
        let empty = chart(&[], 25);
        assert_eq!((empty.shapes.len(), empty.ticks.len(), empty.open), (0, 2, Some(2_400)));
    }

    #[test]
    fn large_amounts_are_told_in_millions() {
        let chart = chart(&[series("a", &[2_400_000])], 24);
        assert_eq!(chart.unit, "NOK, millions");
        let ticks: Vec<_> = chart.ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(ticks, ["0", "0.5", "1", "1.5", "2", "2.5"]);
    }
}
