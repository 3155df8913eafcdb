//! Validates the meaning of front matter: ids, versions, one kind per check, keys that fit together.
//!
//! Works on all parts that could be decoded, so that a wrong type in one place does not hide a wrong
//! value in another. Globs, code patterns and JSONPath are compiled and checked by the engine.

use std::collections::BTreeSet;

use semver::Version;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::code_check::RULE_ONLY;
use super::pattern::PatternFacts;
use super::raw::{KINDS, RawCheck, RawGuideline};
use super::source::{LocatedDocument, extend_pointer, pointer_to};
use super::suggest::quoted_list;
use super::text_limits::{self, NAME, SUMMARY, TITLE, TOPICS};
use super::{examples, pattern, placeholders};
use crate::data::{Pointer, PointerStep};
use crate::model::{
    Check, CheckKind, CodeCheck, Consequence, DataCheck, DataSchema, FilesCheck, FilesCondition, FixSpec,
    GuidelineId, Offer, Problem, TextCheck,
};
use crate::text::Span;

/// The keys of front matter that could be decoded.
#[derive(Default)]
pub(super) struct DecodedParts {
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

impl DecodedParts {
    /// Takes all keys of front matter that was decoded as a whole.
    pub(super) fn from_raw(raw: &RawGuideline) -> Self {
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

    /// Decodes each key of front matter separately and keeps those that have the right type.
    pub(super) fn decode_each(json: &Value) -> Self {
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

/// Validated values of the front matter; a missing or invalid value is `None` or left out.
#[derive(Default)]
pub(super) struct ValidatedParts {
    pub(super) id: Option<GuidelineId>,
    pub(super) version: Option<Version>,
    pub(super) conflicts_with: Vec<GuidelineId>,
    pub(super) checks: Vec<Check>,
}

/// Validates one guideline and collects its problems.
pub(super) struct GuidelineValidator<'a> {
    pub(super) document: LocatedDocument<'a>,
    /// The document's value.
    pub(super) json: &'a Value,
    /// Reads a file beside the guideline.
    pub(super) asset: &'a dyn Fn(&str) -> Option<String>,
    pub(super) problems: Vec<Problem>,
}

impl GuidelineValidator<'_> {
    fn report_at_value(
        &mut self,
        pointer: &Pointer,
        message: impl Into<String>,
        label: &str,
        help: Option<&str>,
    ) {
        let span = self.document.value_span(pointer);
        self.problems.push(self.document.source.problem(span, message, label, help.map(str::to_owned)));
    }

    fn report_at_key(
        &mut self,
        pointer: &Pointer,
        message: impl Into<String>,
        label: &str,
        help: Option<&str>,
    ) {
        let span = self.document.key_span(pointer);
        self.problems.push(self.document.source.problem(span, message, label, help.map(str::to_owned)));
    }

    /// Reports every problem of meaning and returns the valid values.
    pub(super) fn validate(&mut self, parts: DecodedParts) -> ValidatedParts {
        let id = parts.id.and_then(|id| {
            GuidelineId::new(&id)
                .map_err(|why| {
                    self.report_at_value(
                        &pointer_to(&["guideline"]),
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
                    self.report_at_value(&pointer_to(&["version"]), message, "not a version", Some(&help));
                })
                .ok()
        });
        if let Some(version) = &version {
            let count = version.to_string().len();
            if count > NAME {
                let message = format!("`version` has {count} characters; at most {NAME} are allowed");
                self.report_at_value(
                    &pointer_to(&["version"]),
                    message,
                    "too long",
                    Some("for example `1.0.0-rc.1`"),
                );
            }
        }
        for (key, value, limit) in
            [("title", parts.title, TITLE), ("summary", parts.summary, SUMMARY), ("owner", parts.owner, NAME)]
        {
            if let Some(value) = value {
                self.validate_line(key, &value, limit);
            }
        }
        self.validate_topics(&parts.topics);
        self.validate_ids("consequences", parts.consequences.iter().map(|one| one.id.as_str()));
        self.validate_ids("offers", parts.offers.iter().map(|one| one.id.as_str()));
        if let Some(applies) = self.json.get("applies") {
            self.validate_applies(&pointer_to(&["applies"]), applies);
        }
        let mut checks = Vec::new();
        if let Some(all) = parts.checks {
            if all.is_empty() {
                let help = "add an entry with `id` and one of `files`, `text`, `data`, `code`, `tool`";
                self.report_at_key(
                    &pointer_to(&["checks"]),
                    "a guideline needs at least one check",
                    "empty",
                    Some(help),
                );
            }
            self.validate_check_ids();
            for (index, raw) in all.into_iter().enumerate() {
                checks.extend(raw.and_then(|raw| self.validate_check(index, raw)));
            }
        }
        let conflicts_with = self.validate_conflicts(&parts.conflicts_with, id.as_ref());
        ValidatedParts { id, version, conflicts_with, checks }
    }

    /// Reads the ids of the guidelines that conflict with this one.
    fn validate_conflicts(&mut self, names: &[String], own: Option<&GuidelineId>) -> Vec<GuidelineId> {
        let mut all: Vec<GuidelineId> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let at = extend_pointer(&pointer_to(&["conflicts-with"]), &[PointerStep::Index(index)]);
            match GuidelineId::new(name) {
                Ok(id) if own == Some(&id) => {
                    self.report_at_value(
                        &at,
                        "a guideline cannot conflict with itself",
                        "this guideline",
                        None,
                    );
                }
                Ok(id) if all.contains(&id) => {
                    self.report_at_value(&at, format!("{id} is listed twice"), "second entry", None);
                }
                Ok(id) => all.push(id),
                Err(why) => {
                    self.report_at_value(&at, why, "not an id", Some("for example `acme/other-practice`"));
                }
            }
        }
        all
    }

    /// Reports lists of conditions that are present but empty.
    fn validate_applies(&mut self, at: &Pointer, applies: &Value) {
        self.report_empty_lists(at, applies, &["languages", "files", "exists", "any", "all"]);
        for key in ["any", "all"] {
            let parts = applies.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            for (index, part) in parts.iter().enumerate() {
                self.validate_applies(
                    &extend_pointer(at, &[PointerStep::Key(key.to_owned()), PointerStep::Index(index)]),
                    part,
                );
            }
        }
        if let Some(part) = applies.get("not") {
            self.validate_applies(&extend_pointer(at, &pointer_to(&["not"])), part);
        }
    }

    /// Reports empty lists: an empty list reads like "nothing" but would mean "everything".
    fn report_empty_lists(&mut self, at: &Pointer, mapping: &Value, lists: &[&str]) {
        for key in lists {
            if mapping.get(*key).and_then(Value::as_array).is_some_and(Vec::is_empty) {
                let message = format!("`{key}` is an empty list, which restricts nothing");
                let help = "remove the key if no restriction is intended; otherwise add an entry";
                self.report_at_value(&extend_pointer(at, &pointer_to(&[key])), message, "empty", Some(help));
            }
        }
    }

    /// Reports placeholders in a message or a replacement that are never filled in.
    fn unknown_placeholders(
        &mut self,
        at: &Pointer,
        template: &str,
        unknown: Vec<placeholders::UnknownPlaceholder>,
    ) {
        for placeholders::UnknownPlaceholder { word, message, help } in unknown {
            let start = template.find(&word).unwrap_or(0);
            let inner = Some(Span::new(start, start + word.len()));
            let source = self.document.source;
            let span = pattern::locate_in_scalar(&source.text, self.document.value_span(at), template, inner);
            self.problems.push(source.problem(span, message, "unknown placeholder", Some(help)));
        }
    }

    /// Reports an empty message of a check, and placeholders in it that are never filled in.
    fn validate_message(
        &mut self,
        check: &Pointer,
        message: &str,
        unknown: Vec<placeholders::UnknownPlaceholder>,
    ) {
        let at = extend_pointer(check, &pointer_to(&["message"]));
        if message.trim().is_empty() {
            let help = "remove the key to use the default text of the check, or write a message";
            self.report_at_value(&at, "`message` is empty", "empty", Some(help));
        }
        self.unknown_placeholders(&at, message, unknown);
    }

    /// Reports a text that is empty, too long, or not a single line.
    fn validate_line(&mut self, key: &str, value: &str, limit: usize) {
        let pointer = pointer_to(&[key]);
        let Some(problem) = text_limits::text_problem(key, value, limit) else { return };
        if problem.is_empty {
            self.report_at_key(&pointer, problem.message, problem.label, None);
        } else {
            let help = problem.is_long.then_some("shorten it, and move details to the prose below");
            self.report_at_value(&pointer, problem.message, problem.label, help);
        }
    }

    /// Checks the topics, each of which is shown beside the title.
    fn validate_topics(&mut self, topics: &[String]) {
        if topics.len() > TOPICS {
            let message = format!("{} topics; at most {TOPICS} are allowed", topics.len());
            self.report_at_key(
                &pointer_to(&["topics"]),
                message,
                "too many",
                Some("keep the topics that people would search for"),
            );
        }
        for (index, topic) in topics.iter().enumerate().take(TOPICS) {
            if let Some(problem) = text_limits::text_problem("topics", topic, NAME) {
                let at = extend_pointer(&pointer_to(&["topics"]), &[PointerStep::Index(index)]);
                let message = problem.message.replacen("`topics`", "a topic", 1);
                self.report_at_value(&at, message, problem.label, Some("use one or two words for a topic"));
            }
        }
    }

    fn validate_check_ids(&mut self) {
        let json = self.json;
        let all = json.get("checks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        // Entries without a usable id keep their index: problems are located by index.
        self.validate_ids(
            "checks",
            all.iter().map(|check| check.get("id").and_then(Value::as_str).unwrap_or("\0")),
        );
    }

    fn validate_ids<'n>(&mut self, list: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for (index, name) in names.enumerate() {
            let pointer = [
                PointerStep::Key(list.to_owned()),
                PointerStep::Index(index),
                PointerStep::Key("id".to_owned()),
            ];
            if name == "\0" {
                continue;
            }
            if !is_short_name(name) {
                let message = format!("`{name}` is not a short name");
                let help = "use lower-case letters, digits and inner `-`, at most 64 characters, for example `no-timeout`";
                self.report_at_value(&pointer, message, "not a short name", Some(help));
            } else if !seen.insert(name) {
                self.report_at_value(
                    &pointer,
                    format!("two entries of `{list}` have the id `{name}`"),
                    "second entry",
                    None,
                );
            }
        }
    }

    fn validate_check(&mut self, index: usize, raw: RawCheck) -> Option<Check> {
        let place = [PointerStep::Key("checks".to_owned()), PointerStep::Index(index)];
        let found = raw.kinds();
        let [kind] = found[..] else {
            let id = extend_pointer(&place, &pointer_to(&["id"]));
            if let Some(second) = found.get(1) {
                let message = format!(
                    "a check has one kind, but this one has {}",
                    quoted_list(&found).replace(" or ", " and ")
                );
                self.report_at_key(
                    &extend_pointer(&place, &pointer_to(&[second])),
                    message,
                    "second kind",
                    Some("split it into two checks"),
                );
            } else {
                let message = format!("the check has no kind: add one of {}", quoted_list(&KINDS));
                self.report_at_value(&id, message, "no kind", None);
            }
            return None;
        };
        let at = extend_pointer(&place, &pointer_to(&[kind]));
        let RawCheck { id, mut message, fix, files, text, data, code, tool } = raw;
        if let Some(fix) = &fix {
            self.validate_fix(&place, kind, fix, files.as_ref(), text.as_ref());
        }
        let own = message.as_deref().unwrap_or("$");
        let kind = if let Some(files) = files {
            self.validate_files(&at, &files);
            self.validate_message(&place, own, placeholders::unknown_in_files(own));
            CheckKind::Files(files)
        } else if let Some(text) = text {
            if let Some(written) = written_value(self.json, index, "text") {
                self.report_empty_lists(&at, written, &["files"]);
            }
            let facts = self.validate_text(&at, &text);
            let unknown = match (&facts, text.find.is_some()) {
                (None, _) => Vec::new(),
                (Some(facts), true) => placeholders::unknown_in_find(own, facts),
                (Some(facts), false) => placeholders::unknown_in_expect(own, facts),
            };
            self.validate_message(&place, own, unknown);
            if let (Some(facts), Some(replace)) = (&facts, fix.as_ref().and_then(|fix| fix.replace.as_ref()))
                && text.find.is_some()
            {
                let at = extend_pointer(&place, &pointer_to(&["fix", "replace"]));
                self.unknown_placeholders(&at, replace, placeholders::unknown_in_find(replace, facts));
            }
            CheckKind::Text(text)
        } else if let Some(mut data) = data {
            self.validate_data(&at, &mut data);
            self.validate_message(&place, own, placeholders::unknown_in_data(own));
            CheckKind::Data(data)
        } else if let Some(tool) = tool {
            self.validate_message(&place, own, placeholders::unknown_in_tool(own));
            CheckKind::Tool(tool)
        } else {
            let code = code?;
            let written = written_value(self.json, index, "code").and_then(Value::as_object)?.clone();
            // A query fills in its captures and leaves every other dollar sign as it is.
            let has_rule = written.contains_key("rule");
            let of_rule = |template: &str| {
                if has_rule { placeholders::unknown_in_rule(template, &written) } else { Vec::new() }
            };
            self.validate_message(&place, own, of_rule(own));
            if let (None, Some(pasted)) = (&message, &code.message) {
                self.unknown_placeholders(
                    &extend_pointer(&at, &pointer_to(&["message"])),
                    pasted,
                    of_rule(pasted),
                );
            }
            if let Some(written) = written_value(self.json, index, "code") {
                self.report_empty_lists(&at, written, &["files"]);
            }
            message = message.or_else(|| code.message.clone().filter(|message| !message.is_empty()));
            self.validate_code(&at, &written);
            let globs = |globs: Option<&Vec<super::code_check::FileGlob>>| {
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

    fn validate_fix(
        &mut self,
        check: &Pointer,
        kind: &str,
        fix: &FixSpec,
        files: Option<&FilesCheck>,
        text: Option<&TextCheck>,
    ) {
        let at = extend_pointer(check, &pointer_to(&["fix"]));
        match kind {
            "text" | "files" => {}
            "code" => {
                let help = "move `fix` into `code`, as in an ast-grep rule";
                return self.report_at_key(
                    &at,
                    "the fix of a `code` check belongs inside `code`",
                    "misplaced",
                    Some(help),
                );
            }
            kind => {
                let message = format!("a `{kind}` check cannot have a fix");
                return self.report_at_key(&at, message, "unsupported for this kind", None);
            }
        }
        let (right, wrong) = if kind == "text" { ("replace", "create") } else { ("create", "replace") };
        let (has_right, has_wrong) = if kind == "text" {
            (fix.replace.is_some(), fix.create.is_some())
        } else {
            (fix.create.is_some(), fix.replace.is_some())
        };
        if has_wrong {
            let message = format!("the fix of a `{kind}` check does not support `{wrong}`");
            let help = format!("use `{right}` for a `{kind}` check");
            self.report_at_key(
                &extend_pointer(&at, &pointer_to(&[wrong])),
                message,
                "unsupported for this kind",
                Some(&help),
            );
        } else if !has_right {
            self.report_at_key(&at, format!("the fix has no effect: add `{right}`"), "no effect", None);
        }
        if text.is_some_and(|text| text.find.is_none() && text.expect.is_some()) && has_right {
            let message = "`replace` needs a match to replace, but `expect` reports files without a match";
            self.report_at_key(
                &extend_pointer(&at, &pointer_to(&["replace"])),
                message,
                "nothing to replace",
                None,
            );
        }
        if files.is_some_and(|files| files.require.is_none()) && has_right {
            let message = "`create` writes a missing file, but only `require` reports missing files";
            self.report_at_key(
                &extend_pointer(&at, &pointer_to(&["create"])),
                message,
                "needs `require`",
                None,
            );
        }
    }

    fn validate_files(&mut self, at: &Pointer, files: &FilesCheck) {
        const KEYS: [&str; 7] = ["require", "forbid", "names", "pair", "size", "executable", "duplicates"];
        let pointer_to_key = |key: &str| extend_pointer(at, &pointer_to(&[key]));
        match files.conditions()[..] {
            [] => {
                let message = format!("a `files` check needs one of {}", quoted_list(&KEYS));
                self.report_at_key(at, message, "incomplete", None);
            }
            [FilesCondition::Require(require)] if require.any.is_empty() && require.all.is_empty() => {
                self.report_at_key(
                    &pointer_to_key("require"),
                    "`require` needs `any` or `all`",
                    "incomplete",
                    Some("`any` requires at least one of its paths, `all` requires every path"),
                );
            }
            [FilesCondition::Forbid([])] => {
                let help = "add a glob, for example `**` for every path";
                self.report_at_key(&pointer_to_key("forbid"), "`forbid` is empty", "empty", Some(help));
            }
            [FilesCondition::Names(names)] => {
                match (names.style.is_some(), names.regex.is_some()) {
                    (false, false) => {
                        let message = "`names` needs `style` or `regex`";
                        self.report_at_key(&pointer_to_key("names"), message, "incomplete", None);
                    }
                    (true, true) => {
                        let message = "`names` cannot have both `style` and `regex`";
                        let help = "remove one, or split it into two checks";
                        self.report_at_key(&pointer_to_key("names"), message, "has both", Some(help));
                    }
                    _ => {}
                }
                if let Some(regex) = &names.regex {
                    self.validate_regex(&extend_pointer(at, &pointer_to(&["names", "regex"])), regex, false);
                }
            }
            [FilesCondition::Size(size)] if size.max.is_none() && size.min.is_none() => {
                self.report_at_key(
                    &pointer_to_key("size"),
                    "`size` needs `max` or `min`",
                    "incomplete",
                    None,
                );
            }
            [_] => {}
            _ => {
                let present: Vec<&str> = KEYS
                    .into_iter()
                    .filter(|key| self.document.root.locate(&pointer_to_key(key)).is_some())
                    .collect();
                let message = format!(
                    "a `files` check has one condition, but this one has {}",
                    quoted_list(&present).replace(" or ", " and ")
                );
                let second = present.get(1).copied().unwrap_or_default();
                self.report_at_key(
                    &pointer_to_key(second),
                    message,
                    "second condition",
                    Some("split it into one check per condition"),
                );
            }
        }
    }

    /// Reports problems of a `text` check. Returns the facts about its pattern, if the pattern is valid.
    fn validate_text(&mut self, at: &Pointer, text: &TextCheck) -> Option<PatternFacts> {
        match (&text.find, &text.expect) {
            (Some(_), Some(_)) => {
                let message = "a `text` check cannot have both `find` and `expect`";
                self.report_at_key(
                    &extend_pointer(at, &pointer_to(&["expect"])),
                    message,
                    "has both",
                    Some("split it into two checks"),
                );
            }
            (None, None) => {
                let help = "`find` reports each match, `expect` reports files without a match";
                self.report_at_key(at, "a `text` check needs `find` or `expect`", "incomplete", Some(help));
            }
            _ => {}
        }
        let find = text.find.as_ref().and_then(|find| {
            let at = extend_pointer(at, &pointer_to(&["find"]));
            let facts = self.validate_regex(&at, find, text.ignore_case)?;
            if facts.only_empty {
                let help = "an empty match has no place to report; write a pattern for the text to report";
                self.report_at_value(
                    &at,
                    "`find` matches only the empty string",
                    "matches no text",
                    Some(help),
                );
            }
            Some(facts)
        });
        let expect = text.expect.as_ref().and_then(|expect| {
            let at = extend_pointer(at, &pointer_to(&["expect"]));
            let facts = self.validate_regex(&at, expect, text.ignore_case)?;
            if facts.everywhere {
                let help = "it matches even an empty file; write a pattern for the text that each file should contain";
                self.report_at_value(&at, "`expect` matches every file, so it reports none", "always matches", Some(help));
            }
            Some(facts)
        });
        find.or(expect)
    }

    /// Reports problems of a regular expression. Returns the facts about it, if it is valid.
    fn validate_regex(&mut self, at: &Pointer, regex: &str, ignore_case: bool) -> Option<PatternFacts> {
        let facts = match pattern::check_pattern(regex, ignore_case) {
            Ok(facts) => facts,
            Err(problem) => {
                let source = self.document.source;
                let span = pattern::locate_in_scalar(
                    &source.text,
                    self.document.value_span(at),
                    regex,
                    problem.span,
                );
                let message = format!("invalid regular expression: {}", problem.message);
                self.problems.push(source.problem(span, message, "here", problem.help));
                return None;
            }
        };
        if regex.contains('\u{8}') {
            let message = r"`\b` in double quotes is a backspace, not a word boundary";
            let help = Some(r"write the pattern in single quotes, as in '\bword\b'".to_owned());
            let source = self.document.source;
            self.problems.push(source.problem(self.document.value_span(at), message, "here", help));
        }
        Some(facts)
    }

    /// Reports problems of a `data` check, and puts the schema of `assert-file` into `assert`.
    fn validate_data(&mut self, at: &Pointer, data: &mut DataCheck) {
        if data.files.is_empty() {
            self.report_at_key(
                &extend_pointer(at, &pointer_to(&["files"])),
                "`files` is empty",
                "no file",
                None,
            );
        }
        let both = data.assert.is_some() && data.assert_file.is_some();
        let file = extend_pointer(at, &pointer_to(&["assert-file"]));
        if both {
            self.report_at_key(
                &file,
                "a `data` check cannot have both `assert` and `assert-file`",
                "has both",
                None,
            );
        } else if let Some(name) = data.assert_file.take() {
            data.assert = self.read_assert_file(&file, &name);
        } else if data.assert.is_none() && !data.require {
            let message = "a `data` check needs `assert`, `assert-file` or `require: true`";
            let help = "`assert` is a JSON Schema for each selected value, or `false` to report each value";
            self.report_at_key(at, message, "incomplete", Some(help));
        }
        if let Some(DataSchema::Bool(true)) = data.assert
            && !data.require
        {
            let help = "write a JSON Schema, or `assert: false` to report each selected value";
            self.report_at_value(
                &extend_pointer(at, &pointer_to(&["assert"])),
                "`assert: true` accepts every value",
                "no effect",
                Some(help),
            );
        }
    }

    fn read_assert_file(&mut self, at: &Pointer, name: &str) -> Option<DataSchema> {
        if examples::check_relative_path(name).is_err() {
            let message = format!("`{name}` is not a path of a file below the guideline's directory");
            self.report_at_value(
                at,
                message,
                "invalid path",
                Some("use a relative path without `..` to a file in the guideline's directory or below it"),
            );
            return None;
        }
        let Some(text) = (self.asset)(name) else {
            self.report_at_value(
                at,
                format!("`{name}` cannot be read"),
                "cannot be read",
                Some("the path is relative to the guideline's directory"),
            );
            return None;
        };
        let parsed = if text.len() > super::parse::MAX_GUIDELINE_BYTES {
            Err("the file is larger than 1 MiB".to_owned())
        } else {
            serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())
        };
        match parsed {
            Ok(Value::Bool(value)) => Some(DataSchema::Bool(value)),
            Ok(Value::Object(schema)) => Some(DataSchema::Object(schema)),
            Ok(_) => {
                self.report_at_value(
                    at,
                    format!("`{name}` is not a JSON Schema: expected an object, `true` or `false`"),
                    "this file",
                    None,
                );
                None
            }
            Err(why) => {
                self.report_at_value(
                    at,
                    format!("`{name}` cannot be read as JSON: {why}"),
                    "this file",
                    None,
                );
                None
            }
        }
    }

    fn validate_code(&mut self, at: &Pointer, written: &Map<String, Value>) {
        match (written.contains_key("rule"), written.contains_key("query")) {
            (true, true) => {
                let message = "a `code` check cannot have both `rule` and `query`";
                self.report_at_key(
                    &extend_pointer(at, &pointer_to(&["query"])),
                    message,
                    "has both",
                    Some("split it into two checks"),
                );
            }
            (false, false) => {
                let message = "a `code` check needs `rule` (ast-grep) or `query` (tree-sitter)";
                self.report_at_key(at, message, "incomplete", None);
            }
            (false, true) => {
                for key in RULE_ONLY {
                    if written.get(key).is_some_and(|value| !value.is_null()) {
                        let message =
                            format!("`{key}` belongs to an ast-grep rule and has no effect with `query`");
                        self.report_at_key(
                            &extend_pointer(at, &pointer_to(&[key])),
                            message,
                            "has no effect",
                            None,
                        );
                    }
                }
            }
            (true, false) => {}
        }
    }
}

/// The value of the key `kind` in the check with this index, as written.
fn written_value<'j>(json: &'j Value, index: usize, kind: &str) -> Option<&'j Value> {
    json.get("checks")?.get(index)?.get(kind)
}

/// Whether `name` consists of lower-case letters, digits and inner `-`, at most [`NAME`] characters.
fn is_short_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
