//! `/api`: the content of `openapi.json` as a page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::{Frame, filters, page};
use crate::registry::http::api::OPENAPI;

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    frame: Frame,
    about: String,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    about: String,
    /// Name, whether it is required, and description.
    parameters: Vec<(String, bool, String)>,
    /// Status and description.
    responses: Vec<(String, String)>,
}

/// Renders the page.
pub(in crate::registry::http) async fn api() -> Response {
    let document: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |value: &Value| -> Value {
        // References point to other parts of the same document.
        let pointer = value["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
        pointer.and_then(|it| document.pointer(it)).unwrap_or(value).clone()
    };
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in
            methods.as_object().into_iter().flatten().filter(|(key, _)| *key != "parameters")
        {
            let own = operation["parameters"].as_array().into_iter().flatten();
            let common = methods["parameters"].as_array().into_iter().flatten();
            let parameters = common
                .chain(own)
                .map(of)
                .map(|it| {
                    (text(&it["name"]), it["required"].as_bool().unwrap_or(false), text(&it["description"]))
                })
                .collect();
            let responses = operation["responses"].as_object().into_iter().flatten();
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: text(&operation["summary"]),
                about: text(&operation["description"]),
                parameters,
                responses: responses
                    .map(|(status, it)| (status.clone(), text(&of(it)["description"])))
                    .collect(),
            });
        }
    }
    let about = text(&document["info"]["description"]);
    page(StatusCode::OK, &ApiPage { frame: Frame::new(""), about, operations })
}
