//! The lists of a check, which saves nothing and needs no suppliers.

use super::Lists;
use crate::model::failure::Failure;
use crate::model::value::Instant;
use crate::refresh::cache::Bounds;
use crate::refresh::chart::Chart;
use crate::refresh::index::{ListContext, RegisterWalk};
use crate::refresh::rules::Rules;
use crate::refresh::screen::Screened;
use crate::report::progress::{Progress, Stage};

/// Lists the chart, the ledger and accounts payable side by side, and decides what may be asked for.
///
/// # Errors
/// What the client cannot get over.
pub(crate) async fn list_and_screen(
    context: ListContext<'_>,
    rules: &Rules,
    progress: &Progress,
) -> Result<Screened, Failure> {
    progress.begin(Stage::Index, 0);
    let mut lists = Lists::begin("", Instant(0));
    let (mut chart, known) = (Chart::default(), Bounds::default());
    let walk = &mut RegisterWalk::default();
    futures::try_join!(chart.list(context, walk), lists.list(context, &known, usize::MAX, progress))?;
    while !lists.are_complete(context, &known, progress).await? {
        lists.list(context, &known, usize::MAX, progress).await?;
    }
    chart.look_up(context, &lists.ledger).await?;
    lists.registers.chart = chart;
    progress.begin(Stage::Screen, 0);
    lists.ledger.sort();
    lists.payables.sort();
    Ok(lists.screen(rules))
}
