//! Edits `stanchion.toml` and keeps comments, order and formatting.

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use crate::model::{Date, GuidelineId, Promise};

/// Reason why a file cannot be edited. The text is not escaped for terminals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EditProblem(pub String);

/// Parses `text`, without a byte order mark, as a TOML document that can be edited.
pub(in crate::format) fn parse_document(text: &str) -> Result<DocumentMut, EditProblem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.parse()
        .map_err(|error: toml_edit::TomlError| EditProblem(format!("invalid TOML: {}", error.message())))
}

/// Renders a document with the line endings and the byte order mark of the text `before` the change.
pub(in crate::format) fn render_like(before: &str, document: &DocumentMut) -> String {
    let mut text = document.to_string();
    if before.contains("\r\n") {
        text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    if before.starts_with('\u{feff}') { format!("\u{feff}{text}") } else { text }
}

/// Converts a date into a TOML value.
pub(in crate::format) fn toml_date(date: Date) -> Value {
    let text = date.to_string();
    text.parse::<toml_edit::Datetime>().map_or_else(|_| Value::from(text), Value::from)
}

/// Adds a promise to `text`, or replaces the promise about the same guideline.
///
/// # Errors
/// Returns an error if the text is not valid TOML or `promises` is not a table.
pub fn add_promise(text: &str, id: &GuidelineId, promise: &Promise) -> Result<String, EditProblem> {
    let mut document = parse_document(text)?;
    let mut value = InlineTable::new();
    value.insert("since", toml_date(promise.since));
    if promise.from_here {
        value.insert("from-here", Value::from(true));
    }
    if !document.contains_key("promises") {
        let mut table = Table::new();
        // At the end, after all parsed tables.
        table.set_position(Some(isize::MAX));
        if !document.is_empty() {
            table.decor_mut().set_prefix("\n");
        }
        document.insert("promises", Item::Table(table));
    }
    let Some(promises) = document.get_mut("promises").and_then(Item::as_table_like_mut) else {
        return Err(EditProblem("`promises` is not a table".to_owned()));
    };
    match promises.get_mut(id.as_str()) {
        Some(item) => {
            let decor = item.as_value().map(|value| value.decor().clone());
            let mut value = Value::InlineTable(value);
            if let Some(decor) = decor {
                *value.decor_mut() = decor;
            }
            *item = Item::Value(value);
        }
        None => drop(promises.insert(id.as_str(), Item::Value(Value::InlineTable(value)))),
    }
    Ok(render_like(text, &document))
}

/// Removes the promise about a guideline. Returns `None` if there is no such promise. Keeps an empty
/// `[promises]`.
///
/// # Errors
/// Returns an error if the text is not valid TOML.
pub fn remove_promise(text: &str, id: &GuidelineId) -> Result<Option<String>, EditProblem> {
    let mut document = parse_document(text)?;
    let promises = document.get_mut("promises").and_then(Item::as_table_like_mut);
    let removed = promises.and_then(|promises| promises.remove(id.as_str()));
    Ok(removed.map(|_| render_like(text, &document)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parse_config;

    fn id(text: &str) -> GuidelineId {
        GuidelineId::new(text).expect("an id")
    }

    fn promise(from_here: bool) -> Promise {
        Promise { since: "2026-11-25".parse().expect("a date"), from_here }
    }

    #[test]
    fn promises_are_added_replaced_and_removed() {
        let text = "# ours\nschema = 1   # one\r\nfollow = [\n  \"starter\", # all\n]\n\n[settings.\"a/b\"]\nx = 1 # y\n";
        let text = text.replace("\r\n", "\n");
        let with = add_promise(&text, &id("b/c"), &promise(false)).expect("edited");
        assert_eq!(with, format!("{text}\n[promises]\n\"b/c\" = {{ since = 2026-11-25 }}\n"));
        let more = add_promise(&with, &id("a/b"), &promise(true)).expect("edited");
        assert_eq!(more, format!("{with}\"a/b\" = {{ since = 2026-11-25, from-here = true }}\n"));
        let config = parse_config("stanchion.toml", &more).expect("good");
        assert_eq!(config.promises.len(), 2);
        assert!(config.promises[0].promise.from_here, "in order of guideline");
        let noted = more.replace("since = 2026-11-25 }", "since = 2026-11-25 } # mine");
        let whole = add_promise(&noted, &id("b/c"), &promise(true)).expect("edited");
        assert!(whole.contains("\"b/c\" = { since = 2026-11-25, from-here = true } # mine\n"), "{whole}");
        let less = remove_promise(&more, &id("a/b")).expect("edited").expect("it was there");
        assert_eq!(less, with);
        assert_eq!(remove_promise(&text, &id("a/b")), Ok(None));
        let windows = add_promise(&text.replace('\n', "\r\n"), &id("b/c"), &promise(false)).expect("edited");
        assert_eq!(windows, with.replace('\n', "\r\n"));
        assert!(add_promise("promises = 3\n", &id("a/b"), &promise(true)).is_err());
        let empty = add_promise("", &id("a/b"), &promise(false)).expect("edited");
        assert_eq!(empty, "[promises]\n\"a/b\" = { since = 2026-11-25 }\n");
    }
}
