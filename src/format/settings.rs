//! Settings of a guideline: what its author leaves to the repositories, and how their values come into its checks.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::source::{Document, below, keys};
use super::suggest::{did_you_mean, list, nearest};
use crate::data::Step;
use crate::model::{Guideline, Problem, SettingKind, SettingSpec};

/// Most settings of a guideline.
const MOST: usize = 32;
/// Longest text of a value, in characters.
const LONGEST: usize = 1_000;
/// Most items of a list.
const MOST_ITEMS: usize = 200;
/// The keys of the front matter in which settings are used.
const PARTS: [&str; 2] = ["applies", "checks"];

/// A setting as declared.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Setting")]
pub(super) struct RawSetting {
    /// What its values are.
    r#type: SettingKind,
    /// The values of a `choice`.
    #[serde(default)]
    choices: Vec<String>,
    /// What holds where a repository says nothing.
    default: Value,
    /// What it decides, in one sentence.
    about: String,
}

/// What is wrong with a repository's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingSlip {
    /// A sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// The settings that a front matter declares, in order of name. What has the wrong shape is left to the schema.
pub(super) fn read(document: &Document<'_>, json: &Value, problems: &mut Vec<Problem>) -> Vec<SettingSpec> {
    let Some(declared) = json.get("settings").and_then(Value::as_object) else { return vec![] };
    let mut tell = |pointer: &[Step], message: String, help: Option<&str>| {
        let span = document.value(pointer);
        problems.push(document.source.problem(span, message, "here", help.map(str::to_owned)));
    };
    if declared.len() > MOST {
        tell(&keys(&["settings"]), format!("more than {MOST} settings"), Some("leave less to be decided"));
    }
    let mut specs = Vec::new();
    for (name, value) in declared {
        let Ok(raw) = RawSetting::deserialize(value) else { continue };
        let at = |key: &str| keys(&["settings", name, key]);
        if !is_name(name) {
            let message = format!("`{name}` cannot be the name of a setting");
            tell(&keys(&["settings", name]), message, Some("lower-case letters, digits and inner `-`"));
        }
        if raw.about.trim().is_empty() {
            tell(&at("about"), "`about` is empty".to_owned(), Some("say what the setting decides"));
        }
        match (raw.r#type, raw.choices.is_empty()) {
            (SettingKind::Choice, true) => {
                tell(&keys(&["settings", name]), "a choice needs `choices`".to_owned(), None);
                continue;
            }
            (SettingKind::Choice, false) | (_, true) => {}
            (_, false) => tell(&at("choices"), "`choices` belongs to `type: choice`".to_owned(), None),
        }
        let spec = SettingSpec {
            name: name.clone(),
            kind: raw.r#type,
            choices: raw.choices,
            default: raw.default,
            about: raw.about.trim().to_owned(),
        };
        if let Some(slip) = misfit(&spec, &spec.default) {
            tell(&at("default"), slip.message, slip.help.as_deref());
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

/// Why a value does not fit a setting.
fn misfit(spec: &SettingSpec, value: &Value) -> Option<SettingSlip> {
    let slip = |message: String, help: Option<String>| Some(SettingSlip { message, help });
    let long = |text: &str| text.chars().count() > LONGEST;
    match (spec.kind, value) {
        (SettingKind::Text, Value::String(text)) if long(text) => {
            slip(format!("longer than {LONGEST} characters"), None)
        }
        (SettingKind::Text, Value::String(_)) | (SettingKind::Boolean, Value::Bool(_)) => None,
        (SettingKind::Number, Value::Number(number)) if number.is_i64() || number.is_u64() => None,
        (SettingKind::List, Value::Array(items)) => {
            let text = |item: &Value| item.as_str().is_some_and(|text| !long(text));
            (items.len() > MOST_ITEMS || !items.iter().all(text)).then(|| SettingSlip {
                message: format!("`{}` is a list of texts, at most {MOST_ITEMS}", spec.name),
                help: None,
            })
        }
        (SettingKind::Choice, Value::String(word)) if spec.choices.contains(word) => None,
        (SettingKind::Choice, Value::String(word)) => {
            let choices: Vec<&str> = spec.choices.iter().map(String::as_str).collect();
            let help = did_you_mean(word, choices.iter().copied());
            slip(
                format!("`{word}` is not one of the choices of `{}`", spec.name),
                help.or_else(|| Some(format!("it is {}", list(&choices)))),
            )
        }
        (kind, _) => slip(format!("`{}` is {}", spec.name, kind.words()), None),
    }
}

/// Why a repository's value for the setting `name` of `guideline` cannot be used; `None` when it can.
#[must_use]
pub fn setting_problem(guideline: &Guideline, name: &str, value: &Value) -> Option<SettingSlip> {
    let Some(spec) = guideline.settings.iter().find(|spec| spec.name == name) else {
        let known: Vec<&str> = guideline.settings.iter().map(|spec| spec.name.as_str()).collect();
        let help = if known.is_empty() {
            format!("{} has no settings; take it out", guideline.id)
        } else {
            let known_words = || format!("{} has {}", guideline.id, list(&known));
            did_you_mean(name, known.iter().copied()).unwrap_or_else(known_words)
        };
        let message = format!("{} has no setting `{name}`", guideline.id);
        return Some(SettingSlip { message, help: Some(help) });
    };
    misfit(spec, value)
}

/// Puts the values of settings into the conditions and checks of a front matter: those of `given`, else the
/// defaults. Returns the values.
pub(super) fn fill(
    json: &mut Value,
    specs: &[SettingSpec],
    given: &[(String, Value)],
    document: &Document<'_>,
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
    let mut filler = Filler { values: &values, used: vec![false; values.len()], document, problems };
    if let Some(object) = json.as_object_mut() {
        for part in PARTS {
            if let Some(value) = object.get_mut(part) {
                filler.value(value, &mut keys(&[part]));
            }
        }
    }
    let used = filler.used;
    for ((name, _), used) in values.iter().zip(used) {
        if !used {
            let span = document.key(&keys(&["settings", name]));
            let message = format!("nothing uses the setting `{name}`");
            let help = format!("write \"{{{{{name}}}}}\" where its value belongs, or take it out");
            problems.push(document.source.problem(span, message, "not used", Some(help)));
        }
    }
    values
}

struct Filler<'f> {
    values: &'f [(String, Value)],
    used: Vec<bool>,
    document: &'f Document<'f>,
    problems: &'f mut Vec<Problem>,
}

impl Filler<'_> {
    fn value(&mut self, value: &mut Value, at: &mut Vec<Step>) {
        match value {
            Value::String(text) => {
                if let Some(new) = self.text(text, at) {
                    *value = new;
                }
            }
            Value::Array(items) => self.items(items, at),
            Value::Object(members) => self.members(members, at),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn members(&mut self, members: &mut Map<String, Value>, at: &mut Vec<Step>) {
        for (key, value) in members.iter_mut() {
            at.push(Step::Key(key.clone()));
            self.value(value, at);
            at.pop();
        }
    }

    /// The items of a list; a list in the place of one of them takes its place with all of its own.
    fn items(&mut self, items: &mut Vec<Value>, at: &mut Vec<Step>) {
        let mut out = Vec::with_capacity(items.len());
        for (index, mut item) in items.drain(..).enumerate() {
            at.push(Step::Index(index));
            let was_text = item.is_string();
            self.value(&mut item, at);
            at.pop();
            match item {
                Value::Array(inner) if was_text => out.extend(inner),
                item => out.push(item),
            }
        }
        *items = out;
    }

    /// What stands in the place of `text`; `None` where it names no setting.
    fn text(&mut self, text: &str, at: &[Step]) -> Option<Value> {
        if let Some(name) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"))
            && let Some(index) = self.find(name.trim(), at)
        {
            return Some(self.values[index].1.clone());
        }
        if !text.contains("{{") {
            return None;
        }
        let (mut out, mut rest, mut changed) = (String::new(), text, false);
        while let Some(open) = rest.find("{{") {
            let Some(close) = rest[open..].find("}}").map(|close| open + close) else { break };
            let found = self.find(rest[open + 2..close].trim(), at);
            match found.map(|index| &self.values[index].1) {
                None => {
                    out.push_str(&rest[..open + 2]);
                    rest = &rest[open + 2..];
                    continue;
                }
                Some(Value::String(value)) => out.extend([&rest[..open], value]),
                Some(Value::Array(_)) => {
                    let span = self.document.value(at);
                    let message = "a list cannot stand inside of a text".to_owned();
                    let help = "write it as an item of a list, alone: `- \"{{name}}\"`".to_owned();
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

    /// The setting with this name. One that is only similar to a known name is a slip.
    fn find(&mut self, name: &str, at: &[Step]) -> Option<usize> {
        if let Some(index) = self.values.iter().position(|(known, _)| known == name) {
            self.used[index] = true;
            return Some(index);
        }
        let known = self.values.iter().map(|(known, _)| known.as_str());
        if let Some(near) = nearest(name, known) {
            let span = self.document.value(&below(at, &[]));
            let message = format!("there is no setting `{name}`");
            let help = format!("did you mean `{{{{{near}}}}}`?");
            self.problems.push(self.document.source.problem(span, message, "not declared", Some(help)));
        }
        None
    }
}
