//! Editing `.stanchion/waivers.toml`: comments, order and everything else stay as they are.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Key, Table, Value};

use crate::format::config::{EditProblem, changed, day, document};
use crate::model::{Date, Waiver, WaiverEnd, WaiverReach};

/// How a new file begins.
const HEAD: &str = "# Where this repository steps over a guideline, and why. Each takes effect as soon as it is written.\n\
                    schema = 1\n";

/// `text` (`None`: there is no file yet) with one more waiver at its end.
///
/// # Errors
/// When the text is not TOML, or `waiver` is no list of tables.
pub fn with_waiver(text: Option<&str>, waiver: &Waiver) -> Result<String, EditProblem> {
    if matches!(waiver.reach, WaiverReach::Line { .. } | WaiverReach::File { .. }) {
        return Err(EditProblem("one line or one file of its own is waived by a comment there".to_owned()));
    }
    let before = text.unwrap_or(HEAD);
    let mut document = document(before)?;
    if !document.contains_key("waiver") {
        document.insert("waiver", Item::ArrayOfTables(ArrayOfTables::new()));
    }
    let Some(waivers) = document.get_mut("waiver").and_then(Item::as_array_of_tables_mut) else {
        return Err(EditProblem(
            "`waiver` is written as a list; write each as a [[waiver]] of its own".to_owned(),
        ));
    };
    let mut table = table(waiver);
    table.decor_mut().set_prefix("\n");
    waivers.push(table);
    Ok(changed(before, &document))
}

fn list(values: &[String]) -> Value {
    Value::Array(values.iter().map(String::as_str).collect::<Array>())
}

fn table(waiver: &Waiver) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| drop(table.insert(key, Item::Value(value)));
    put("id", Value::from(waiver.id.as_str()));
    put("guideline", Value::from(waiver.guideline.as_str()));
    if let Some(versions) = &waiver.versions {
        put("versions", Value::from(versions.to_string()));
    }
    if !waiver.checks.is_empty() {
        put("checks", list(&waiver.checks));
    }
    match &waiver.reach {
        WaiverReach::Paths(paths) if paths.is_empty() => {}
        WaiverReach::Paths(paths) => put("paths", list(paths)),
        WaiverReach::Fingerprints(fingerprints) => put("fingerprints", list(fingerprints)),
        // Refused before: either would cover more than it says.
        WaiverReach::Line { .. } | WaiverReach::File { .. } => {}
    }
    put("kind", Value::from(waiver.kind.word()));
    put("reason", Value::from(waiver.reason.as_str()));
    if let Some(instead) = &waiver.instead {
        put("instead", Value::from(instead.as_str()));
    }
    if let Some(owner) = &waiver.owner {
        put("owner", Value::from(owner.as_str()));
    }
    if let Some(declared) = waiver.declared {
        put("declared", day(declared));
    }
    match waiver.end {
        WaiverEnd::Until(until) => put("until", day(until)),
        WaiverEnd::Standing { review_on } => {
            put("standing", Value::from(true));
            put("review-on", day(review_on));
        }
        WaiverEnd::Never => {}
    }
    if let Some(withdrawn) = waiver.withdrawn {
        put("withdrawn", day(withdrawn));
    }
    if !waiver.renewed.is_empty() {
        put("renewed", Value::Array(waiver.renewed.iter().map(|date| day(*date)).collect::<Array>()));
    }
    table
}

/// The entry with this id.
fn entry<'d>(document: &'d mut DocumentMut, id: &str) -> Result<&'d mut Table, EditProblem> {
    let waivers = document.get_mut("waiver").and_then(Item::as_array_of_tables_mut);
    let mut waivers = waivers.into_iter().flat_map(ArrayOfTables::iter_mut);
    waivers
        .find(|table| table.get("id").and_then(Item::as_str) == Some(id))
        .ok_or_else(|| EditProblem(format!("there is no [[waiver]] with the id `{id}`")))
}

/// Puts a value in the place of another one of the same key, with what stood around it; or at the end.
fn replace(table: &mut Table, key: &str, mut value: Value) {
    if let Some(old) = table.get_mut(key).and_then(Item::as_value_mut) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        table.insert(key, Item::Value(value));
    }
}

/// `text` with the end of a waiver moved to `until`. A standing waiver gets a new day to be looked at again; one
/// without an end gets one; one that was taken back takes effect again.
///
/// # Errors
/// When the text is not TOML, or has no such waiver.
pub fn renewed(text: &str, id: &str, until: Date, today: Date) -> Result<String, EditProblem> {
    let mut document = document(text)?;
    let table = entry(&mut document, id)?;
    let said = table.remove_entry("withdrawn").map_or_else(String::new, |(key, item)| comments(&key, &item));
    let standing = table.get("standing").and_then(Item::as_bool) == Some(true);
    replace(table, if standing { "review-on" } else { "until" }, day(until));
    if let Some(days) = table.get_mut("renewed").and_then(Item::as_array_mut) {
        days.push(day(today));
    } else {
        let days: Array = std::iter::once(day(today)).collect();
        table.insert("renewed", Item::Value(Value::Array(days)));
    }
    if !said.is_empty()
        && let Some(mut key) = table.key_mut("renewed")
    {
        let decor = key.leaf_decor_mut();
        let own = decor.prefix().and_then(toml_edit::RawString::as_str).unwrap_or_default();
        let prefix = format!("{said}{own}");
        decor.set_prefix(prefix);
    }
    Ok(changed(text, &document))
}

/// The comments around a key and its value, as lines.
fn comments(key: &Key, item: &Item) -> String {
    let above = key.leaf_decor().prefix().and_then(toml_edit::RawString::as_str).unwrap_or_default();
    let behind = item.as_value().and_then(|value| value.decor().suffix()?.as_str()).unwrap_or_default();
    let lines = above.lines().chain(behind.lines()).map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

/// `text` with a waiver taken back on `today`; it stays in the file, for the record.
///
/// # Errors
/// When the text is not TOML, or has no such waiver.
pub fn withdrawn(text: &str, id: &str, today: Date) -> Result<String, EditProblem> {
    let mut document = document(text)?;
    replace(entry(&mut document, id)?, "withdrawn", day(today));
    Ok(changed(text, &document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_around_a_day_stays() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        let text = "[[waiver]]\nid = \"a\"\n# we thought\nwithdrawn = 2026-01-01 # and were wrong\n# later\nuntil = 2027-01-01 # end\n";
        assert_eq!(
            renewed(text, "a", day("2028-01-01"), day("2026-02-02")).expect("renewed"),
            "[[waiver]]\nid = \"a\"\n# later\nuntil = 2028-01-01 # end\n# we thought\n# and were wrong\nrenewed = [2026-02-02]\n"
        );
    }
}
