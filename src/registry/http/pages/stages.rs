//! `/stages`: where guidelines are on their way from an idea to what everybody may rely on, as a table and a picture.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, broken, filters, page};
use crate::model::Stage;
use crate::registry::http::Shared;
use crate::registry::store::{Filter, From, Kind, Name};

/// Guidelines that are named in each stage.
const NAMED: i64 = 12;

#[derive(Template)]
#[template(path = "stages.html")]
struct Stages {
    frame: Frame,
    rows: Vec<Row>,
    /// The picture: a bar for each stage.
    bars: Vec<Bar>,
    total: i64,
}

struct Row {
    stage: &'static str,
    about: &'static str,
    count: i64,
    named: Vec<Name>,
    more: bool,
}

/// A bar of the picture, in its units.
struct Bar {
    stage: &'static str,
    count: i64,
    y: i64,
    width: i64,
}

/// Widest bar, and the height of one with the gap below it.
const BAR: (i64, i64) = (240, 34);

/// Where guidelines are.
pub(in crate::registry::http) async fn stages(State(shared): State<Shared>) -> Response {
    match read(&shared).await {
        Ok(stages) => page(StatusCode::OK, &stages),
        Err(error) => broken(&error),
    }
}

async fn read(shared: &Shared) -> Result<Stages, sqlx::Error> {
    let counts = shared.store.labels("stage", 10).await?;
    let mut rows = Vec::new();
    for stage in Stage::ALL {
        let filter = Filter { stages: vec![stage.word().to_owned()], ..Filter::default() };
        let from = From::Change(i64::MAX, i64::MAX);
        let count = counts.iter().find(|(word, _)| word == stage.word()).map_or(0, |it| it.1);
        let named = if count == 0 {
            vec![]
        } else {
            shared.store.names(Kind::Guideline, &filter, &from, NAMED).await?
        };
        rows.push(Row { stage: stage.word(), about: about(stage), count, more: count > NAMED, named });
    }
    let most = rows.iter().map(|row| row.count).max().unwrap_or(0).max(1);
    let bar = |(at, row): (usize, &Row)| Bar {
        stage: row.stage,
        count: row.count,
        y: i64::try_from(at).unwrap_or(0) * BAR.1,
        // What is there is seen, however little it is.
        width: if row.count == 0 { 0 } else { (row.count * BAR.0 / most).max(3) },
    };
    let bars = rows.iter().enumerate().map(bar).collect();
    let total = rows.iter().map(|row| row.count).sum();
    Ok(Stages { frame: Frame::new("stages"), rows, bars, total })
}

fn about(stage: Stage) -> &'static str {
    match stage {
        Stage::Sketch => "an idea to talk about",
        Stage::Trial => "a few teams try it",
        Stage::Practice => "many teams keep it and find it good",
        Stage::Standard => "what everybody may rely on",
        Stage::Retired => "no longer advised",
    }
}
