//! `/stages`: guidelines by stage, as a table and a chart.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, database_error, filters, page};
use crate::model::Stage;
use crate::registry::http::AppState;
use crate::registry::store::{Filter, ListCursor, Name, PublishedKind};

/// Largest number of guidelines listed per stage.
const NAMED: i64 = 12;

#[derive(Template)]
#[template(path = "stages.html")]
struct StagesPage {
    frame: Frame,
    rows: Vec<StageRow>,
    /// Chart with a bar per stage.
    bars: Vec<StageBar>,
    total: i64,
}

struct StageRow {
    stage: &'static str,
    about: &'static str,
    count: i64,
    named: Vec<Name>,
    more: bool,
}

/// Bar of the chart, in SVG units.
struct StageBar {
    stage: &'static str,
    count: i64,
    y: i64,
    width: i64,
}

/// Width of the longest bar, and height of a bar including the gap below it.
const BAR_SIZE: (i64, i64) = (240, 34);

/// Page of the stages.
pub(in crate::registry::http) async fn stages(State(state): State<AppState>) -> Response {
    match read(&state).await {
        Ok(stages) => page(StatusCode::OK, &stages),
        Err(error) => database_error(&error),
    }
}

async fn read(state: &AppState) -> Result<StagesPage, sqlx::Error> {
    let counts = state.store.label_counts("stage", 10).await?;
    let mut rows = Vec::new();
    for stage in Stage::ALL {
        let filter = Filter { stages: vec![stage.as_str().to_owned()], ..Filter::default() };
        let from = ListCursor::Change(i64::MAX, i64::MAX);
        let count = counts.iter().find(|(word, _)| word == stage.as_str()).map_or(0, |it| it.1);
        let named = if count == 0 {
            vec![]
        } else {
            state.store.list_names(PublishedKind::Guideline, &filter, &from, NAMED).await?
        };
        rows.push(StageRow {
            stage: stage.as_str(),
            about: stage_description(stage),
            count,
            more: count > NAMED,
            named,
        });
    }
    let most = rows.iter().map(|row| row.count).max().unwrap_or(0).max(1);
    let bar = |(at, row): (usize, &StageRow)| StageBar {
        stage: row.stage,
        count: row.count,
        y: i64::try_from(at).unwrap_or(0) * BAR_SIZE.1,
        // Small counts get a visible bar.
        width: if row.count == 0 { 0 } else { (row.count * BAR_SIZE.0 / most).max(3) },
    };
    let bars = rows.iter().enumerate().map(bar).collect();
    let total = rows.iter().map(|row| row.count).sum();
    Ok(StagesPage { frame: Frame::new("stages"), rows, bars, total })
}

fn stage_description(stage: Stage) -> &'static str {
    match stage {
        Stage::Sketch => "an idea for discussion",
        Stage::Trial => "a few teams try it",
        Stage::Practice => "many teams keep it and find it useful",
        Stage::Standard => "established; safe to rely on",
        Stage::Retired => "no longer advised",
    }
}
