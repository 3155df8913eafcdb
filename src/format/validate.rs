//! What front matter means: ids, versions, one kind per check, what fits together.
//!
//! Works on whatever could be decoded, so that a slip of shape in one place does not hide a slip of
//! meaning in another. Globs, code patterns and JSONPath are the engine's: it compiles them.

use std::collections::BTreeSet;

use semver::Version;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::code::RULE_ONLY;
use super::line::{self, NAME, SUMMARY, TITLE, TOPICS};
use super::pattern::Facts;
use super::raw::{KINDS, RawCheck, RawGuideline};
use super::source::{Document, below, keys};
use super::suggest::list;
use super::{examples, messages, pattern};
use crate::data::{Pointer, Step};
use crate::model::{
    Check, CheckKind, CodeCheck, Consequence, DataCheck, DataSchema, FilesCheck, FilesQuestion, FixSpec,
    GuidelineId, Offer, Problem, TextCheck,
};
use crate::text::Span;

/// The parts of front matter that could be decoded.
#[derive(Default)]
pub(super) struct Parts {
    id: Option<String>,
    version: Option<String>,
    title: Option<String>,
    summary: Option<String>,
    owner: Option<String>,
    topics: Vec<String>,
    consequences: Vec<Consequence>,
    offers: Vec<Offer>,
    conflicts_with: Vec<String>,
    /// `None`: the key is missing or not a list.
    checks: Option<Vec<Option<RawCheck>>>,
}

impl Parts {
    /// All parts of front matter that has the right shape.
    pub(super) fn whole(raw: &RawGuideline) -> Self {
        Self {
            id: Some(raw.guideline.clone()),
            version: Some(raw.version.clone()),
            title: Some(raw.title.clone()),
            summary: Some(raw.summary.clone()),
            owner: Some(raw.owner.clone()),
            topics: raw.topics.clone(),
            consequences: raw.consequences.clone(),
            offers: raw.offers.clone(),
            conflicts_with: raw.conflicts_with.clone(),
            checks: Some(raw.checks.iter().cloned().map(Some).collect()),
        }
    }

    /// Those parts of front matter that have the right shape, each on its own.
    pub(super) fn rescue(json: &Value) -> Self {
        fn part<T: DeserializeOwned>(value: &Value) -> Option<T> {
            T::deserialize(value).ok()
        }
        let get = |key: &str| json.get(key);
        Self {
            id: get("guideline").and_then(part),
            version: get("version").and_then(part),
            title: get("title").and_then(part),
            summary: get("summary").and_then(part),
            owner: get("owner").and_then(part),
            topics: get("topics").and_then(part).unwrap_or_default(),
            consequences: get("consequences").and_then(part).unwrap_or_default(),
            offers: get("offers").and_then(part).unwrap_or_default(),
            conflicts_with: get("conflicts-with").and_then(part).unwrap_or_default(),
            checks: get("checks").and_then(Value::as_array).map(|all| all.iter().map(part).collect()),
        }
    }
}

/// What the parts mean, as far as they mean something.
#[derive(Default)]
pub(super) struct Meaning {
    pub(super) id: Option<GuidelineId>,
    pub(super) version: Option<Version>,
    pub(super) conflicts_with: Vec<GuidelineId>,
    pub(super) checks: Vec<Check>,
}

/// Where the work reads from and writes to.
pub(super) struct Desk<'a> {
    pub(super) document: Document<'a>,
    /// The document's value.
    pub(super) json: &'a Value,
    /// Reads a file beside the guideline.
    pub(super) asset: &'a dyn Fn(&str) -> Option<String>,
    pub(super) problems: Vec<Problem>,
}

impl Desk<'_> {
    fn at_value(&mut self, pointer: &Pointer, message: impl Into<String>, label: &str, help: Option<&str>) {
        let span = self.document.value(pointer);
        self.problems.push(self.document.source.problem(span, message, label, help.map(str::to_owned)));
    }

    fn at_key(&mut self, pointer: &Pointer, message: impl Into<String>, label: &str, help: Option<&str>) {
        let span = self.document.key(pointer);
        self.problems.push(self.document.source.problem(span, message, label, help.map(str::to_owned)));
    }

    /// Says every problem of meaning, and returns what is sound.
    pub(super) fn judge(&mut self, parts: Parts) -> Meaning {
        let id = parts.id.and_then(|id| {
            GuidelineId::new(&id)
                .map_err(|why| {
                    self.at_value(
                        &keys(&["guideline"]),
                        why,
                        "not an id",
                        Some("for example `resilience/http-timeouts`"),
                    );
                })
                .ok()
        });
        let version = parts.version.and_then(|version| {
            Version::parse(&version)
                .map_err(|why| {
                    let message = format!("`{version}` is not a semantic version: {why}");
                    let longer = [format!("{version}.0"), format!("{version}.0.0")];
                    let help = match longer.iter().find(|longer| Version::parse(longer).is_ok()) {
                        Some(longer) => format!("a version has three parts: `{longer}`"),
                        None => "for example `1.0.0`".to_owned(),
                    };
                    self.at_value(&keys(&["version"]), message, "not a version", Some(&help));
                })
                .ok()
        });
        if let Some(version) = &version {
            let count = version.to_string().len();
            if count > NAME {
                let message =
                    format!("`version` has {count} characters; at most {NAME} fit where it is shown");
                self.at_value(&keys(&["version"]), message, "too long", Some("for example `1.0.0-rc.1`"));
            }
        }
        for (key, value, limit) in
            [("title", parts.title, TITLE), ("summary", parts.summary, SUMMARY), ("owner", parts.owner, NAME)]
        {
            if let Some(value) = value {
                self.line(key, &value, limit);
            }
        }
        self.topics(&parts.topics);
        self.short_names("consequences", parts.consequences.iter().map(|one| one.id.as_str()));
        self.short_names("offers", parts.offers.iter().map(|one| one.id.as_str()));
        if let Some(applies) = self.json.get("applies") {
            self.applies(&keys(&["applies"]), applies);
        }
        let mut checks = Vec::new();
        if let Some(all) = parts.checks {
            if all.is_empty() {
                let help = "without a check nothing is assessed; add an entry with `id` and one of `files`, `text`, `data`, `code`, `tool`";
                self.at_key(&keys(&["checks"]), "a guideline has at least one check", "empty", Some(help));
            }
            self.check_names();
            for (index, raw) in all.into_iter().enumerate() {
                checks.extend(raw.and_then(|raw| self.check(index, raw)));
            }
        }
        let conflicts_with = self.conflicts(&parts.conflicts_with, id.as_ref());
        Meaning { id, version, conflicts_with, checks }
    }

    /// The guidelines that contradict this one.
    fn conflicts(&mut self, names: &[String], own: Option<&GuidelineId>) -> Vec<GuidelineId> {
        let mut all: Vec<GuidelineId> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let at = below(&keys(&["conflicts-with"]), &[Step::Index(index)]);
            match GuidelineId::new(name) {
                Ok(id) if own == Some(&id) => {
                    self.at_value(&at, "a guideline does not contradict itself", "this one", None);
                }
                Ok(id) if all.contains(&id) => {
                    self.at_value(&at, format!("{id} stands here twice"), "again here", None);
                }
                Ok(id) => all.push(id),
                Err(why) => {
                    self.at_value(&at, why, "not an id", Some("for example `acme/other-practice`"));
                }
            }
        }
        all
    }

    /// Lists of conditions that are there and empty.
    fn applies(&mut self, at: &Pointer, applies: &Value) {
        self.empty_lists(at, applies, &["languages", "files", "exists", "any", "all"]);
        for key in ["any", "all"] {
            let parts = applies.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            for (index, part) in parts.iter().enumerate() {
                self.applies(&below(at, &[Step::Key(key.to_owned()), Step::Index(index)]), part);
            }
        }
        if let Some(part) = applies.get("not") {
            self.applies(&below(at, &keys(&["not"])), part);
        }
    }

    /// An empty list reads like "nothing" and would mean "everything".
    fn empty_lists(&mut self, at: &Pointer, mapping: &Value, lists: &[&str]) {
        for key in lists {
            if mapping.get(*key).and_then(Value::as_array).is_some_and(Vec::is_empty) {
                let message = format!("an empty list in `{key}` would leave nothing out");
                let help = "leave the key out if that is meant; otherwise name something";
                self.at_value(&below(at, &keys(&[key])), message, "empty", Some(help));
            }
        }
    }

    /// Words in a message or a replacement that nothing fills in.
    fn unknown_words(&mut self, at: &Pointer, template: &str, unknown: Vec<messages::Unknown>) {
        for messages::Unknown { word, message, help } in unknown {
            let start = template.find(&word).unwrap_or(0);
            let inner = Some(Span::new(start, start + word.len()));
            let source = self.document.source;
            let span = pattern::place(&source.text, self.document.value(at), template, inner);
            self.problems.push(source.problem(span, message, "not filled in", Some(help)));
        }
    }

    /// The message of a check: it says something, and everything in it is filled in.
    fn message(&mut self, check: &Pointer, message: &str, unknown: Vec<messages::Unknown>) {
        let at = below(check, &keys(&["message"]));
        if message.trim().is_empty() {
            let help = "leave the key out, and a finding says what the check found in words of its own";
            self.at_value(&at, "`message` is empty", "says nothing", Some(help));
        }
        self.unknown_words(&at, message, unknown);
    }

    /// A text of one line that says something.
    fn line(&mut self, key: &str, value: &str, limit: usize) {
        let pointer = keys(&[key]);
        let Some(slip) = line::slip(key, value, limit) else { return };
        if slip.is_empty {
            self.at_key(&pointer, slip.message, slip.label, None);
        } else {
            let help = slip.is_long.then_some("the prose below has room for more");
            self.at_value(&pointer, slip.message, slip.label, help);
        }
    }

    /// The words to find it by: each one is shown beside the title.
    fn topics(&mut self, topics: &[String]) {
        if topics.len() > TOPICS {
            let message = format!("{} topics; at most {TOPICS} fit where they are shown", topics.len());
            self.at_key(
                &keys(&["topics"]),
                message,
                "too many",
                Some("keep those that somebody would look for"),
            );
        }
        for (index, topic) in topics.iter().enumerate().take(TOPICS) {
            if let Some(slip) = line::slip("topics", topic, NAME) {
                let at = below(&keys(&["topics"]), &[Step::Index(index)]);
                let message = slip.message.replacen("`topics`", "a topic", 1);
                self.at_value(&at, message, slip.label, Some("a topic is a word or two"));
            }
        }
    }

    fn check_names(&mut self) {
        let json = self.json;
        let all = json.get("checks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        // Entries without a usable id keep their place in the list: problems point by place.
        self.short_names(
            "checks",
            all.iter().map(|check| check.get("id").and_then(Value::as_str).unwrap_or("\0")),
        );
    }

    fn short_names<'n>(&mut self, list: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for (index, name) in names.enumerate() {
            let pointer = [Step::Key(list.to_owned()), Step::Index(index), Step::Key("id".to_owned())];
            if name == "\0" {
                continue;
            }
            if !is_short_name(name) {
                let message = format!("`{name}` is not a short name");
                let help = "lower-case letters, digits and inner `-`, at most 64, for example `no-timeout`";
                self.at_value(&pointer, message, "not a short name", Some(help));
            } else if !seen.insert(name) {
                self.at_value(
                    &pointer,
                    format!("two entries of `{list}` are called `{name}`"),
                    "again here",
                    None,
                );
            }
        }
    }

    fn check(&mut self, index: usize, raw: RawCheck) -> Option<Check> {
        let place = [Step::Key("checks".to_owned()), Step::Index(index)];
        let found = raw.kinds();
        let [kind] = found[..] else {
            let id = below(&place, &keys(&["id"]));
            if let Some(second) = found.get(1) {
                let message =
                    format!("a check is of one kind, this one is {}", list(&found).replace(" or ", " and "));
                self.at_key(
                    &below(&place, &keys(&[second])),
                    message,
                    "a second kind",
                    Some("make it two checks"),
                );
            } else {
                let message = format!("the check asks nothing: it needs one of {}", list(&KINDS));
                self.at_value(&id, message, "asks nothing", None);
            }
            return None;
        };
        let at = below(&place, &keys(&[kind]));
        let RawCheck { id, mut message, fix, files, text, data, code, tool } = raw;
        if let Some(fix) = &fix {
            self.fix(&place, kind, fix, files.as_ref(), text.as_ref());
        }
        let own = message.as_deref().unwrap_or("$");
        let kind = if let Some(files) = files {
            self.files(&at, &files);
            self.message(&place, own, messages::of_files(own));
            CheckKind::Files(files)
        } else if let Some(text) = text {
            if let Some(written) = as_written(self.json, index, "text") {
                self.empty_lists(&at, written, &["files"]);
            }
            let facts = self.text(&at, &text);
            let unknown = match (&facts, text.find.is_some()) {
                (None, _) => Vec::new(),
                (Some(facts), true) => messages::of_find(own, facts),
                (Some(facts), false) => messages::of_expect(own, facts),
            };
            self.message(&place, own, unknown);
            if let (Some(facts), Some(replace)) = (&facts, fix.as_ref().and_then(|fix| fix.replace.as_ref()))
                && text.find.is_some()
            {
                let at = below(&place, &keys(&["fix", "replace"]));
                self.unknown_words(&at, replace, messages::of_find(replace, facts));
            }
            CheckKind::Text(text)
        } else if let Some(mut data) = data {
            self.data(&at, &mut data);
            self.message(&place, own, messages::of_data(own));
            CheckKind::Data(data)
        } else if let Some(tool) = tool {
            self.message(&place, own, messages::of_tool(own));
            CheckKind::Tool(tool)
        } else {
            let code = code?;
            let written = as_written(self.json, index, "code").and_then(Value::as_object)?.clone();
            // A query fills in what it captures and leaves every other dollar alone.
            let has_rule = written.contains_key("rule");
            let of_rule = |template: &str| {
                if has_rule { messages::of_rule(template, &written) } else { Vec::new() }
            };
            self.message(&place, own, of_rule(own));
            if let (None, Some(pasted)) = (&message, &code.message) {
                self.unknown_words(&below(&at, &keys(&["message"])), pasted, of_rule(pasted));
            }
            if let Some(written) = as_written(self.json, index, "code") {
                self.empty_lists(&at, written, &["files"]);
            }
            message = message.or_else(|| code.message.clone().filter(|message| !message.is_empty()));
            self.code(&at, &written);
            let globs = |globs: Option<&Vec<super::code::FileGlob>>| {
                globs.into_iter().flatten().map(|glob| glob.glob().to_owned()).collect()
            };
            CheckKind::Code(CodeCheck {
                language: code.language,
                query: code.query.get().cloned(),
                files: globs(code.files.as_ref()),
                ignores: globs(code.ignores.as_ref()),
                rule: code.rule.get().is_some().then_some(written),
            })
        };
        Some(Check { id, kind, message, fix })
    }

    fn fix(
        &mut self,
        check: &Pointer,
        kind: &str,
        fix: &FixSpec,
        files: Option<&FilesCheck>,
        text: Option<&TextCheck>,
    ) {
        let at = below(check, &keys(&["fix"]));
        match kind {
            "text" | "files" => {}
            "code" => {
                let help = "write `fix` inside `code`, as in an ast-grep rule";
                return self.at_key(
                    &at,
                    "the fix of a `code` check is part of its rule",
                    "not here",
                    Some(help),
                );
            }
            kind => {
                let message = format!("a `{kind}` check carries no fix");
                return self.at_key(&at, message, "not for this kind", None);
            }
        }
        let (right, wrong) = if kind == "text" { ("replace", "create") } else { ("create", "replace") };
        let (has_right, has_wrong) = if kind == "text" {
            (fix.replace.is_some(), fix.create.is_some())
        } else {
            (fix.create.is_some(), fix.replace.is_some())
        };
        if has_wrong {
            let message = format!("the fix of a `{kind}` check cannot `{wrong}`");
            let help = format!("a `{kind}` check has `{right}`");
            self.at_key(&below(&at, &keys(&[wrong])), message, "not for this kind", Some(&help));
        } else if !has_right {
            self.at_key(&at, format!("the fix changes nothing: it needs `{right}`"), "changes nothing", None);
        }
        if text.is_some_and(|text| text.find.is_none() && text.expect.is_some()) && has_right {
            let message =
                "`replace` puts something in place of a match, and `expect` reports files without one";
            self.at_key(&below(&at, &keys(&["replace"])), message, "nothing to replace", None);
        }
        if files.is_some_and(|files| files.require.is_none()) && has_right {
            let message = "`create` makes a missing file, and only `require` reports one";
            self.at_key(&below(&at, &keys(&["create"])), message, "nothing is missing", None);
        }
    }

    fn files(&mut self, at: &Pointer, files: &FilesCheck) {
        const QUESTIONS: [&str; 7] =
            ["require", "forbid", "names", "pair", "size", "executable", "duplicates"];
        let question = |key: &str| below(at, &keys(&[key]));
        match files.questions()[..] {
            [] => {
                let message = format!("a `files` check asks one question: {}", list(&QUESTIONS));
                self.at_key(at, message, "asks nothing", None);
            }
            [FilesQuestion::Require(require)] if require.any.is_empty() && require.all.is_empty() => {
                self.at_key(&question("require"), "`require` needs `any` or `all`", "names no path", None);
            }
            [FilesQuestion::Forbid([])] => {
                self.at_key(&question("forbid"), "`forbid` names no path", "names no path", None);
            }
            [FilesQuestion::Names(names)] => {
                if names.style.is_some() == names.regex.is_some() {
                    let message = "`names` has either `style` or `regex`";
                    self.at_key(&question("names"), message, "has neither or both", None);
                }
                if let Some(regex) = &names.regex {
                    self.regex(&below(at, &keys(&["names", "regex"])), regex, false);
                }
            }
            [FilesQuestion::Size(size)] if size.max.is_none() && size.min.is_none() => {
                self.at_key(&question("size"), "`size` needs `max` or `min`", "no limit", None);
            }
            [_] => {}
            _ => {
                let asked: Vec<&str> = QUESTIONS
                    .into_iter()
                    .filter(|key| self.document.root.locate(&question(key)).is_some())
                    .collect();
                let message = format!(
                    "a `files` check asks one question, this one asks {}",
                    list(&asked).replace(" or ", " and ")
                );
                let second = asked.get(1).copied().unwrap_or_default();
                self.at_key(&question(second), message, "a second question", Some("make it two checks"));
            }
        }
    }

    /// Says what is wrong with a `text` check; what is known of its pattern, if that is sound.
    fn text(&mut self, at: &Pointer, text: &TextCheck) -> Option<Facts> {
        match (&text.find, &text.expect) {
            (Some(_), Some(_)) => {
                let message = "a `text` check has either `find` or `expect`";
                self.at_key(&below(at, &keys(&["expect"])), message, "has both", Some("make it two checks"));
            }
            (None, None) => {
                let help = "`find` reports each match, `expect` reports files without a match";
                self.at_key(at, "a `text` check needs `find` or `expect`", "asks nothing", Some(help));
            }
            _ => {}
        }
        let find = text.find.as_ref().and_then(|find| {
            let at = below(at, &keys(&["find"]));
            let facts = self.regex(&at, find, text.ignore_case)?;
            if facts.only_empty {
                let help = "a match without a character points at nothing; say what should not be there";
                self.at_value(&at, "`find` never finds anything", "matches nothing", Some(help));
            }
            Some(facts)
        });
        let expect = text.expect.as_ref().and_then(|expect| {
            let at = below(at, &keys(&["expect"]));
            let facts = self.regex(&at, expect, text.ignore_case)?;
            if facts.everywhere {
                let help =
                    "the pattern matches in every file, even in an empty one; say what should be there";
                self.at_value(&at, "`expect` never finds a file without it", "always matches", Some(help));
            }
            Some(facts)
        });
        find.or(expect)
    }

    /// Says what is wrong with a regular expression; what is known of it, if it is sound.
    fn regex(&mut self, at: &Pointer, regex: &str, ignore_case: bool) -> Option<Facts> {
        let facts = match pattern::check(regex, ignore_case) {
            Ok(facts) => facts,
            Err(slip) => {
                let source = self.document.source;
                let span = pattern::place(&source.text, self.document.value(at), regex, slip.span);
                let message = format!("the regular expression cannot be used: {}", slip.message);
                self.problems.push(source.problem(span, message, "here", slip.help));
                return None;
            }
        };
        if regex.contains('\u{8}') {
            let message = r"`\b` in double quotes is a backspace, not the border of a word";
            let help = Some(r"write the pattern in single quotes, as in '\bword\b'".to_owned());
            let source = self.document.source;
            self.problems.push(source.problem(self.document.value(at), message, "here", help));
        }
        Some(facts)
    }

    /// Says what is wrong with a `data` check, and puts the schema of `assert-file` in place.
    fn data(&mut self, at: &Pointer, data: &mut DataCheck) {
        if data.files.is_empty() {
            self.at_key(&below(at, &keys(&["files"])), "`files` names no file", "names no file", None);
        }
        let both = data.assert.is_some() && data.assert_file.is_some();
        let file = below(at, &keys(&["assert-file"]));
        if both {
            self.at_key(&file, "a `data` check has either `assert` or `assert-file`", "has both", None);
        } else if let Some(name) = data.assert_file.take() {
            data.assert = self.assert_file(&file, &name);
        } else if data.assert.is_none() && !data.require {
            let message = "a `data` check needs `assert`, `assert-file` or `require: true`";
            let help = "`assert` is a JSON Schema that each selected value must satisfy";
            self.at_key(at, message, "asks nothing", Some(help));
        }
        if let Some(DataSchema::Bool(true)) = data.assert
            && !data.require
        {
            let help = "`false` means that nothing may be selected";
            self.at_value(
                &below(at, &keys(&["assert"])),
                "`assert: true` is always kept",
                "asks nothing",
                Some(help),
            );
        }
    }

    fn assert_file(&mut self, at: &Pointer, name: &str) -> Option<DataSchema> {
        if examples::relative(name).is_err() {
            let message = format!("`{name}` is not a file beside the guideline");
            self.at_value(
                at,
                message,
                "not beside it",
                Some("name a file in the guideline's own directory or below it"),
            );
            return None;
        }
        let Some(text) = (self.asset)(name) else {
            self.at_value(
                at,
                format!("`{name}` cannot be read"),
                "not there",
                Some("it is looked for beside the guideline"),
            );
            return None;
        };
        let parsed = if text.len() > super::parse::FILE_BYTES {
            Err("it is larger than 1 MiB".to_owned())
        } else {
            serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())
        };
        match parsed {
            Ok(Value::Bool(value)) => Some(DataSchema::Bool(value)),
            Ok(Value::Object(schema)) => Some(DataSchema::Object(schema)),
            Ok(_) => {
                self.at_value(
                    at,
                    format!("`{name}` is not a JSON Schema: neither an object nor true or false"),
                    "this file",
                    None,
                );
                None
            }
            Err(why) => {
                self.at_value(at, format!("`{name}` is not JSON: {why}"), "this file", None);
                None
            }
        }
    }

    fn code(&mut self, at: &Pointer, written: &Map<String, Value>) {
        match (written.contains_key("rule"), written.contains_key("query")) {
            (true, true) => {
                let message = "a `code` check has either `rule` or `query`";
                self.at_key(&below(at, &keys(&["query"])), message, "has both", Some("make it two checks"));
            }
            (false, false) => {
                let message = "a `code` check needs `rule` (ast-grep) or `query` (tree-sitter)";
                self.at_key(at, message, "asks nothing", None);
            }
            (false, true) => {
                for key in RULE_ONLY {
                    if written.get(key).is_some_and(|value| !value.is_null()) {
                        let message =
                            format!("`{key}` is part of an ast-grep rule and means nothing beside `query`");
                        self.at_key(&below(at, &keys(&[key])), message, "has no effect", None);
                    }
                }
            }
            (true, false) => {}
        }
    }
}

/// A kind of check number `index` as it is written.
fn as_written<'j>(json: &'j Value, index: usize, kind: &str) -> Option<&'j Value> {
    json.get("checks")?.get(index)?.get(kind)
}

/// Lower-case letters, digits and inner `-`.
fn is_short_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
