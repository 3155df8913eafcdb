//! Settings of a guideline: values that a repository may choose, and their insertion into the checks.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::source::{LocatedDocument, extend_pointer, pointer_to};
use super::suggest::{did_you_mean, nearest, quoted_list};
use crate::data::PointerStep;
use crate::model::{Guideline, Problem, SettingKind, SettingSpec};

/// Maximum number of settings of a guideline.
const MAX_SETTINGS: usize = 32;
/// Maximum length of a text value, in characters.
const MAX_TEXT_CHARS: usize = 1_000;
/// Maximum number of items of a list.
const MAX_LIST_ITEMS: usize = 200;
/// Keys of the front matter in which settings are filled in.
const FILLED_KEYS: [&str; 2] = ["applies", "checks"];

/// A setting as declared in the front matter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Setting")]
pub(super) struct RawSetting {
    /// Type of its values.
    r#type: SettingKind,
    /// Allowed values of a `choice`.
    #[serde(default)]
    choices: Vec<String>,
    /// Value used if the repository sets none.
    default: Value,
    /// Purpose of the setting, in one sentence.
    about: String,
}

/// A problem of a repository's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// Message.
    pub message: String,
    /// Help.
    pub help: Option<String>,
}

/// Reads the settings that the front matter declares, sorted by name. Skips entries of the wrong type, which
/// the schema reports.
pub(super) fn read_settings(
    document: &LocatedDocument<'_>,
    json: &Value,
    problems: &mut Vec<Problem>,
) -> Vec<SettingSpec> {
    let Some(declared) = json.get("settings").and_then(Value::as_object) else { return vec![] };
    let mut report = |pointer: &[PointerStep], message: String, help: Option<&str>| {
        let span = document.value_span(pointer);
        problems.push(document.source.problem(span, message, "here", help.map(str::to_owned)));
    };
    if declared.len() > MAX_SETTINGS {
        let message = format!("more than {MAX_SETTINGS} settings");
        report(&pointer_to(&["settings"]), message, Some("reduce the number of settings"));
    }
    let mut specs = Vec::new();
    for (name, value) in declared {
        let Ok(raw) = RawSetting::deserialize(value) else { continue };
        let at = |key: &str| pointer_to(&["settings", name, key]);
        if !is_name(name) {
            let message = format!("invalid setting name `{name}`");
            let help = "use lower-case letters, digits and inner `-`, beginning with a letter";
            report(&pointer_to(&["settings", name]), message, Some(help));
        }
        if raw.about.trim().is_empty() {
            report(&at("about"), "`about` is empty".to_owned(), Some("describe the purpose of the setting"));
        }
        match (raw.r#type, raw.choices.is_empty()) {
            (SettingKind::Choice, true) => {
                report(
                    &pointer_to(&["settings", name]),
                    "a setting of type `choice` needs `choices`".to_owned(),
                    None,
                );
                continue;
            }
            (SettingKind::Choice, false) | (_, true) => {}
            (_, false) => {
                report(&at("choices"), "`choices` is only allowed with `type: choice`".to_owned(), None);
            }
        }
        let spec = SettingSpec {
            name: name.clone(),
            kind: raw.r#type,
            choices: raw.choices,
            default: raw.default,
            about: raw.about.trim().to_owned(),
        };
        if let Some(problem) = value_problem(&spec, &spec.default) {
            report(&at("default"), problem.message, problem.help.as_deref());
        }
        specs.push(spec);
    }
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    specs
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(fits) && !name.ends_with('-')
}

/// Returns the problem of a value for a setting, if it is invalid.
fn value_problem(spec: &SettingSpec, value: &Value) -> Option<SettingProblem> {
    let problem = |message: String, help: Option<String>| Some(SettingProblem { message, help });
    let long = |text: &str| text.chars().count() > MAX_TEXT_CHARS;
    match (spec.kind, value) {
        (SettingKind::Text, Value::String(text)) if long(text) => {
            problem(format!("the value is longer than {MAX_TEXT_CHARS} characters"), None)
        }
        (SettingKind::Text, Value::String(_)) | (SettingKind::Boolean, Value::Bool(_)) => None,
        (SettingKind::Number, Value::Number(number)) if number.is_i64() || number.is_u64() => None,
        (SettingKind::List, Value::Array(items)) => {
            let text = |item: &Value| item.as_str().is_some_and(|text| !long(text));
            (items.len() > MAX_LIST_ITEMS || !items.iter().all(text)).then(|| SettingProblem {
                message: format!("`{}` must be a list of at most {MAX_LIST_ITEMS} texts", spec.name),
                help: None,
            })
        }
        (SettingKind::Choice, Value::String(word)) if spec.choices.contains(word) => None,
        (SettingKind::Choice, Value::String(word)) => {
            let choices: Vec<&str> = spec.choices.iter().map(String::as_str).collect();
            let help = did_you_mean(word, choices.iter().copied());
            problem(
                format!("`{word}` is not one of the choices of `{}`", spec.name),
                help.or_else(|| Some(format!("choose {}", quoted_list(&choices)))),
            )
        }
        (kind, _) => problem(format!("`{}` must be {}", spec.name, kind.description()), None),
    }
}

/// Returns the problem of a repository's value for the setting `name` of `guideline`; `None` if it is valid.
#[must_use]
pub fn setting_problem(guideline: &Guideline, name: &str, value: &Value) -> Option<SettingProblem> {
    let Some(spec) = guideline.settings.iter().find(|spec| spec.name == name) else {
        let known: Vec<&str> = guideline.settings.iter().map(|spec| spec.name.as_str()).collect();
        let help = if known.is_empty() {
            format!("{} has no settings; remove it", guideline.id)
        } else {
            let known_words = || format!("known settings: {}", known.join(", "));
            did_you_mean(name, known.iter().copied()).unwrap_or_else(known_words)
        };
        let message = format!("{} has no setting `{name}`", guideline.id);
        return Some(SettingProblem { message, help: Some(help) });
    };
    value_problem(spec, value)
}

/// Inserts the values of settings into the conditions and checks of a front matter.
///
/// Uses the values in `given`, and the default for each other setting. Returns the values used.
pub(super) fn fill_settings(
    json: &mut Value,
    specs: &[SettingSpec],
    given: &[(String, Value)],
    document: &LocatedDocument<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<(String, Value)> {
    if specs.is_empty() {
        return vec![];
    }
    let value = |spec: &SettingSpec| {
        let given = given.iter().find(|(name, _)| *name == spec.name).map(|(_, value)| value.clone());
        (spec.name.clone(), given.unwrap_or_else(|| spec.default.clone()))
    };
    let values: Vec<(String, Value)> = specs.iter().map(value).collect();
    let mut filler = SettingFiller { values: &values, used: vec![false; values.len()], document, problems };
    if let Some(object) = json.as_object_mut() {
        for part in FILLED_KEYS {
            if let Some(value) = object.get_mut(part) {
                filler.fill_value(value, &mut pointer_to(&[part]));
            }
        }
    }
    let used = filler.used;
    for ((name, _), used) in values.iter().zip(used) {
        if !used {
            let span = document.key_span(&pointer_to(&["settings", name]));
            let message = format!("the setting `{name}` is not used");
            let help = format!("write \"{{{{{name}}}}}\" at the place of its value, or remove the setting");
            problems.push(document.source.problem(span, message, "not used", Some(help)));
        }
    }
    values
}

/// Replaces `{{name}}` in values of the front matter.
struct SettingFiller<'f> {
    values: &'f [(String, Value)],
    used: Vec<bool>,
    document: &'f LocatedDocument<'f>,
    problems: &'f mut Vec<Problem>,
}

impl SettingFiller<'_> {
    fn fill_value(&mut self, value: &mut Value, at: &mut Vec<PointerStep>) {
        match value {
            Value::String(text) => {
                if let Some(new) = self.fill_text(text, at) {
                    *value = new;
                }
            }
            Value::Array(items) => self.fill_items(items, at),
            Value::Object(members) => self.fill_members(members, at),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn fill_members(&mut self, members: &mut Map<String, Value>, at: &mut Vec<PointerStep>) {
        for (key, value) in members.iter_mut() {
            at.push(PointerStep::Key(key.clone()));
            self.fill_value(value, at);
            at.pop();
        }
    }

    /// Fills in the items of a list. An item that becomes a list is replaced by all items of that list.
    fn fill_items(&mut self, items: &mut Vec<Value>, at: &mut Vec<PointerStep>) {
        let mut out = Vec::with_capacity(items.len());
        for (index, mut item) in items.drain(..).enumerate() {
            at.push(PointerStep::Index(index));
            let was_text = item.is_string();
            self.fill_value(&mut item, at);
            at.pop();
            match item {
                Value::Array(inner) if was_text => out.extend(inner),
                item => out.push(item),
            }
        }
        *items = out;
    }

    /// Returns the replacement of `text`; `None` if it names no setting.
    fn fill_text(&mut self, text: &str, at: &[PointerStep]) -> Option<Value> {
        if let Some(name) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"))
            && let Some(index) = self.find_setting(name.trim(), at)
        {
            return Some(self.values[index].1.clone());
        }
        if !text.contains("{{") {
            return None;
        }
        let (mut out, mut rest, mut changed) = (String::new(), text, false);
        while let Some(open) = rest.find("{{") {
            let Some(close) = rest[open..].find("}}").map(|close| open + close) else { break };
            let found = self.find_setting(rest[open + 2..close].trim(), at);
            match found.map(|index| &self.values[index].1) {
                None => {
                    out.push_str(&rest[..open + 2]);
                    rest = &rest[open + 2..];
                    continue;
                }
                Some(Value::String(value)) => out.extend([&rest[..open], value]),
                Some(Value::Array(_)) => {
                    let span = self.document.value_span(at);
                    let message = "a list cannot be inserted into a text".to_owned();
                    let help = "use it as a whole list item: `- \"{{name}}\"`".to_owned();
                    self.problems.push(self.document.source.problem(span, message, "here", Some(help)));
                    return None;
                }
                Some(value) => out.extend([&rest[..open], &value.to_string()]),
            }
            changed = true;
            rest = &rest[close + 2..];
        }
        out.push_str(rest);
        changed.then_some(Value::String(out))
    }

    /// Finds the setting with this name. Reports a name that is only similar to a known one.
    fn find_setting(&mut self, name: &str, at: &[PointerStep]) -> Option<usize> {
        if let Some(index) = self.values.iter().position(|(known, _)| known == name) {
            self.used[index] = true;
            return Some(index);
        }
        let known = self.values.iter().map(|(known, _)| known.as_str());
        if let Some(near) = nearest(name, known) {
            let span = self.document.value_span(&extend_pointer(at, &[]));
            let message = format!("unknown setting `{name}`");
            let help = format!("did you mean `{{{{{near}}}}}`?");
            self.problems.push(self.document.source.problem(span, message, "not declared", Some(help)));
        }
        None
    }
}
