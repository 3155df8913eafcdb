//! `/guidelines` and `/standards`: what there is, searched, filtered and in order.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, broken, day, filters, page};
use crate::model::Stage;
use crate::registry::flow::cursor;
use crate::registry::http::Shared;
use crate::registry::http::query::{Asked, Pairs, Slip};
use crate::registry::store::{Kind, Name};

/// Topics and languages that can be ticked.
const LABELS: i64 = 30;

#[derive(Template)]
#[template(path = "list.html")]
struct List {
    frame: Frame,
    kind: Kind,
    asked: Asked,
    /// With the day of their last change.
    rows: Vec<(Name, String)>,
    /// The address of what follows, and that of the same as JSON.
    next: Option<String>,
    json: String,
    /// Values that can be ticked, and whether they are.
    stages: Vec<(&'static str, bool)>,
    topics: Vec<(String, bool)>,
    languages: Vec<(String, bool)>,
}

impl List {
    /// What is wrong with a field; empty if nothing is.
    fn slip(&self, field: &str) -> &str {
        self.asked.slips.iter().find(|slip| slip.field == field).map_or("", |slip| &slip.message)
    }

    /// What cannot be used, each with the field's name for people and where it is on the page, if it is there.
    fn told(&self) -> Vec<(&'static str, &'static str, &str)> {
        let field = |slip: &'_ Slip| match slip.field {
            "q" => ("Search", "q"),
            "stage" => ("Stage", "stage"),
            "topic" => ("Topic", "topic"),
            "language" => ("Language", "language"),
            "fix" => ("Mends what it finds", "fix"),
            "owner" => ("Owner", "owner"),
            "namespace" => ("Namespace", "namespace"),
            "changed_since" => ("Changed", "changed_since"),
            "sort" => ("Order", "sort"),
            "cursor" => ("Place in the list", ""),
            "limit" => ("Rows at a time", ""),
            other => (other, ""),
        };
        let fields =
            if self.kind == Kind::Guideline { None } else { Some(["stage", "topic", "language", "fix"]) };
        let told = self.asked.slips.iter().map(|slip| {
            let (name, id) = field(slip);
            // Standards have no such fields.
            let id = if fields.is_some_and(|fields| fields.contains(&id)) { "" } else { id };
            (name, id, slip.message.as_str())
        });
        told.collect()
    }

    /// What is filtered by, in words.
    fn in_words(&self) -> String {
        let filter = &self.asked.filter;
        let mut all = Vec::new();
        for values in [&filter.stages, &filter.topics, &filter.languages] {
            if !values.is_empty() {
                all.push(values.join(" or "));
            }
        }
        if filter.has_fix {
            all.push("mends what it finds".to_owned());
        }
        for (what, value) in
            [("of", &filter.owner), ("in", &filter.namespace), ("changed:", &self.asked.changed)]
        {
            if !value.is_empty() {
                all.push(format!("{what} {value}"));
            }
        }
        all.join(", ")
    }

    /// Whether anything but text is asked for.
    fn is_filtered(&self) -> bool {
        self.asked.filter != crate::registry::store::Filter::default() || !self.asked.slips.is_empty()
    }
}

/// Guidelines.
pub(in crate::registry::http) async fn guidelines(
    State(shared): State<Shared>,
    Query(pairs): Query<Pairs>,
) -> Response {
    list(&shared, Kind::Guideline, &pairs).await
}

/// Standards.
pub(in crate::registry::http) async fn standards(
    State(shared): State<Shared>,
    Query(pairs): Query<Pairs>,
) -> Response {
    list(&shared, Kind::Standard, &pairs).await
}

async fn list(shared: &Shared, kind: Kind, pairs: &Pairs) -> Response {
    match read(shared, kind, Asked::read(pairs, (shared.now_ms)())).await {
        Ok(list) if list.asked.slips.is_empty() => page(StatusCode::OK, &list),
        Ok(list) => page(StatusCode::UNPROCESSABLE_ENTITY, &list),
        Err(error) => broken(&error),
    }
}

async fn read(shared: &Shared, kind: Kind, asked: Asked) -> Result<List, sqlx::Error> {
    let store = &shared.store;
    let mut rows = store.names(kind, &asked.filter, &asked.from, asked.limit + 1).await?;
    let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let behind = cursor::behind(&rows, &asked.from).filter(|_| more);
    let base = format!("/{}", kind.plural());
    let next = behind.map(|from| format!("{base}{}", asked.address_of_page(Some(&cursor::write(&from)))));
    let ticked = |all: Vec<(String, i64)>, own: &[String]| -> Vec<(String, bool)> {
        let mut all: Vec<String> = all.into_iter().map(|it| it.0).collect();
        // What was asked for stays ticked, however rare it is.
        all.extend(own.iter().filter(|own| !all.contains(own)).cloned().collect::<Vec<_>>());
        all.sort();
        all.into_iter().map(|it| (it.clone(), own.contains(&it))).collect()
    };
    let (topics, languages) = if kind == Kind::Guideline {
        (store.labels("topic", LABELS).await?, store.labels("language", LABELS).await?)
    } else {
        (vec![], vec![])
    };
    let mut frame = Frame::new(kind.plural());
    frame.feed =
        (format!("/feed{base}.atom{}", asked.address(None)), "This list, what changed last first".to_owned());
    Ok(List {
        frame,
        kind,
        rows: rows.into_iter().map(|it| (it.clone(), day(it.changed_ms))).collect(),
        next,
        json: format!("/api/v1{base}{}", asked.address_of_page(None)),
        stages: Stage::ALL
            .into_iter()
            .map(|stage| (stage.word(), asked.filter.stages.iter().any(|it| it == stage.word())))
            .collect(),
        topics: ticked(topics, &asked.filter.topics),
        languages: ticked(languages, &asked.filter.languages),
        asked,
    })
}
