//! Edits `.stanchion/waivers.toml` and keeps comments, order and formatting.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Key, Table, Value};

use crate::format::config::{EditProblem, parse_document, render_like, toml_date};
use crate::model::{Date, Waiver, WaiverEnd, WaiverReach};

/// Beginning of a new file.
const HEAD: &str = "# Waivers: where this repository steps over a guideline, and why. Each takes effect as soon as it is written.\n\
                    schema = 1\n";

/// Adds a waiver at the end of `text` (`None` if the file does not exist yet).
///
/// # Errors
/// Returns an error if the text is not valid TOML, if `waiver` is not a list of tables, or if the waiver
/// covers one line or one file.
pub fn add_waiver(text: Option<&str>, waiver: &Waiver) -> Result<String, EditProblem> {
    if matches!(waiver.reach, WaiverReach::Line { .. } | WaiverReach::File { .. }) {
        return Err(EditProblem(
            "a waiver for one line or one file is written as a comment there".to_owned(),
        ));
    }
    let before = text.unwrap_or(HEAD);
    let mut document = parse_document(before)?;
    if !document.contains_key("waiver") {
        document.insert("waiver", Item::ArrayOfTables(ArrayOfTables::new()));
    }
    let Some(waivers) = document.get_mut("waiver").and_then(Item::as_array_of_tables_mut) else {
        return Err(EditProblem(
            "`waiver` is written as a list; write each waiver as a [[waiver]] table".to_owned(),
        ));
    };
    let mut table = waiver_table(waiver);
    table.decor_mut().set_prefix("\n");
    waivers.push(table);
    Ok(render_like(before, &document))
}

fn string_array(values: &[String]) -> Value {
    Value::Array(values.iter().map(String::as_str).collect::<Array>())
}

fn waiver_table(waiver: &Waiver) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| drop(table.insert(key, Item::Value(value)));
    put("id", Value::from(waiver.id.as_str()));
    put("guideline", Value::from(waiver.guideline.as_str()));
    if let Some(versions) = &waiver.versions {
        put("versions", Value::from(versions.to_string()));
    }
    if !waiver.checks.is_empty() {
        put("checks", string_array(&waiver.checks));
    }
    match &waiver.reach {
        WaiverReach::Paths(paths) if paths.is_empty() => {}
        WaiverReach::Paths(paths) => put("paths", string_array(paths)),
        WaiverReach::Fingerprints(fingerprints) => put("fingerprints", string_array(fingerprints)),
        // `add_waiver` refuses these: the entry would cover more than the line or file.
        WaiverReach::Line { .. } | WaiverReach::File { .. } => {}
    }
    put("kind", Value::from(waiver.kind.as_str()));
    put("reason", Value::from(waiver.reason.as_str()));
    if let Some(instead) = &waiver.instead {
        put("instead", Value::from(instead.as_str()));
    }
    if let Some(owner) = &waiver.owner {
        put("owner", Value::from(owner.as_str()));
    }
    if let Some(declared) = waiver.declared {
        put("declared", toml_date(declared));
    }
    match waiver.end {
        WaiverEnd::Until(until) => put("until", toml_date(until)),
        WaiverEnd::Standing { review_on } => {
            put("standing", Value::from(true));
            put("review-on", toml_date(review_on));
        }
        WaiverEnd::Never => {}
    }
    if let Some(withdrawn) = waiver.withdrawn {
        put("withdrawn", toml_date(withdrawn));
    }
    if !waiver.renewed.is_empty() {
        put("renewed", Value::Array(waiver.renewed.iter().map(|date| toml_date(*date)).collect::<Array>()));
    }
    table
}

/// Finds the entry with this id.
///
/// # Errors
/// Returns an error if no entry has this id.
fn find_entry<'d>(document: &'d mut DocumentMut, id: &str) -> Result<&'d mut Table, EditProblem> {
    let waivers = document.get_mut("waiver").and_then(Item::as_array_of_tables_mut);
    let mut waivers = waivers.into_iter().flat_map(ArrayOfTables::iter_mut);
    waivers
        .find(|table| table.get("id").and_then(Item::as_str) == Some(id))
        .ok_or_else(|| EditProblem(format!("there is no [[waiver]] with the id `{id}`")))
}

/// Sets the value of a key and keeps the whitespace and comments around the old value. Adds a new key at the
/// end.
fn set_value(table: &mut Table, key: &str, mut value: Value) {
    if let Some(old) = table.get_mut(key).and_then(Item::as_value_mut) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        table.insert(key, Item::Value(value));
    }
}

/// Moves the end of a waiver to `until`.
///
/// A standing waiver gets a new review date, and a waiver without an end gets one. A withdrawn waiver takes
/// effect again.
///
/// # Errors
/// Returns an error if the text is not valid TOML or has no such waiver.
pub fn renew_waiver(text: &str, id: &str, until: Date, today: Date) -> Result<String, EditProblem> {
    let mut document = parse_document(text)?;
    let table = find_entry(&mut document, id)?;
    let kept_comments =
        table.remove_entry("withdrawn").map_or_else(String::new, |(key, item)| comments_around(&key, &item));
    let standing = table.get("standing").and_then(Item::as_bool) == Some(true);
    set_value(table, if standing { "review-on" } else { "until" }, toml_date(until));
    if let Some(days) = table.get_mut("renewed").and_then(Item::as_array_mut) {
        days.push(toml_date(today));
    } else {
        let days: Array = std::iter::once(toml_date(today)).collect();
        table.insert("renewed", Item::Value(Value::Array(days)));
    }
    if !kept_comments.is_empty()
        && let Some(mut key) = table.key_mut("renewed")
    {
        let decor = key.leaf_decor_mut();
        let own = decor.prefix().and_then(toml_edit::RawString::as_str).unwrap_or_default();
        let prefix = format!("{kept_comments}{own}");
        decor.set_prefix(prefix);
    }
    Ok(render_like(text, &document))
}

/// Returns the comments around a key and its value, as lines.
fn comments_around(key: &Key, item: &Item) -> String {
    let above = key.leaf_decor().prefix().and_then(toml_edit::RawString::as_str).unwrap_or_default();
    let after = item.as_value().and_then(|value| value.decor().suffix()?.as_str()).unwrap_or_default();
    let lines = above.lines().chain(after.lines()).map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

/// Marks a waiver as withdrawn on `today`. The entry stays in the file as a record.
///
/// # Errors
/// Returns an error if the text is not valid TOML or has no such waiver.
pub fn withdraw_waiver(text: &str, id: &str, today: Date) -> Result<String, EditProblem> {
    let mut document = parse_document(text)?;
    set_value(find_entry(&mut document, id)?, "withdrawn", toml_date(today));
    Ok(render_like(text, &document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_around_a_date_are_kept() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        let text = "[[waiver]]\nid = \"a\"\n# we thought\nwithdrawn = 2026-01-01 # and were wrong\n# later\nuntil = 2027-01-01 # end\n";
        assert_eq!(
            renew_waiver(text, "a", day("2028-01-01"), day("2026-02-02")).expect("renewed"),
            "[[waiver]]\nid = \"a\"\n# later\nuntil = 2028-01-01 # end\n# we thought\n# and were wrong\nrenewed = [2026-02-02]\n"
        );
    }
}
