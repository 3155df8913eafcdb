//! Targets that run checks on a text, with and without the prefilter, and render the reports.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};
use stanchion::engine::{MemoryTree, NoProgress, Options, assess, read_sarif};
use stanchion::format;
use stanchion::model::{
    Check, CheckKind, CodeCheck, DataCheck, DataSchema, FixSpec, Guideline, GuidelineId, Language, Origin,
    Outcome, RepoPath, TextCheck, ToolCheck,
};
use stanchion::report::{HumanStyle, render_human, write_json};
use stanchion::text::LineIndex;

use super::{assert_safe_for_terminals, split_at_nul};

static EMPTY: LazyLock<Guideline> = LazyLock::new(|| {
    let text = format::render_scaffold(&GuidelineId::new("fuzz/fuzz").expect("an id"), "text");
    format::parse_guideline("fuzz.md", &text, Origin::Starter, &|_| None)
        .expect("the scaffold should be a valid guideline")
});

/// Text check. Input: flags, expression, NUL, replacement, NUL, text.
pub fn text_check(bytes: &[u8]) {
    let Some((&flags, rest)) = bytes.split_first() else { return };
    let Some((pattern, rest)) = split_at_nul(rest) else { return };
    let Some((replace, text)) = split_at_nul(rest) else { return };
    let find = flags & 1 == 0;
    let check = TextCheck {
        files: vec![],
        except: vec![],
        find: find.then(|| pattern.to_owned()),
        expect: (!find).then(|| pattern.to_owned()),
        multi_line: flags & 2 != 0,
        ignore_case: flags & 4 != 0,
    };
    let fix = find.then(|| FixSpec { title: None, replace: Some(replace.to_owned()), create: None });
    run_check(CheckKind::Text(check), fix, "fuzz.txt", text);
}

/// Data check. Input: format, JSONPath, NUL, schema, NUL, document.
pub fn select_schema(bytes: &[u8]) {
    let Some((&flags, rest)) = bytes.split_first() else { return };
    let Some((path, rest)) = split_at_nul(rest) else { return };
    let Some((schema, document)) = split_at_nul(rest) else { return };
    let assert = match serde_json::from_str(schema) {
        Ok(Value::Object(object)) => DataSchema::Object(object),
        Ok(Value::Bool(bool)) => DataSchema::Bool(bool),
        _ => return,
    };
    let check = DataCheck {
        files: vec!["**".to_owned()],
        except: vec![],
        format: None,
        select: (!path.is_empty()).then(|| path.to_owned()),
        assert: Some(assert),
        assert_file: None,
        require: flags & 8 != 0,
    };
    let name = ["fuzz.json", "fuzz.yaml", "fuzz.toml", "fuzz.ini", "fuzz.env"][usize::from(flags % 5)];
    run_check(CheckKind::Data(check), None, name, document);
}

/// Code check with a rule. Input: language, ast-grep rule as JSON, NUL, source.
pub fn code_rule(bytes: &[u8]) {
    let Some((language, rest)) = language(bytes) else { return };
    let Some((rule, source)) = split_at_nul(rest) else { return };
    let rule: Map<String, Value> = match serde_json::from_str(rule) {
        Ok(Value::Object(rule)) if rule.contains_key("rule") => rule,
        Ok(Value::Object(rule)) => [("rule".to_owned(), Value::Object(rule))].into_iter().collect(),
        // A bare pattern is also a rule.
        _ => [("rule".to_owned(), serde_json::json!({ "pattern": rule }))].into_iter().collect(),
    };
    let check = CodeCheck { language, rule: Some(rule), query: None, files: vec![], ignores: vec![] };
    run_check(CheckKind::Code(check), None, file_name_of(language), source);
}

/// Code check with a query. Input: language, tree-sitter query, NUL, source.
pub fn code_query(bytes: &[u8]) {
    let Some((language, rest)) = language(bytes) else { return };
    let Some((query, source)) = split_at_nul(rest) else { return };
    let query = Some(query.to_owned());
    let check = CodeCheck { language, rule: None, query, files: vec![], ignores: vec![] };
    run_check(CheckKind::Code(check), None, file_name_of(language), source);
}

/// Code check with a query that matches every node. Input: language, source.
pub fn code_scan(bytes: &[u8]) {
    let Some((language, source)) = language(bytes) else { return };
    let query = Some("(_) @finding".to_owned());
    let check = CodeCheck { language, rule: None, query, files: vec![], ignores: vec![] };
    run_check(CheckKind::Code(check), None, file_name_of(language), source);
}

fn language(bytes: &[u8]) -> Option<(Language, &[u8])> {
    let (&number, rest) = bytes.split_first()?;
    Some((Language::ALL[usize::from(number) % Language::ALL.len()], rest))
}

fn file_name_of(language: Language) -> &'static str {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let name = |language: &Language| match language.extensions().first() {
            Some(extension) => format!("fuzz.{extension}"),
            None => "Dockerfile".to_owned(),
        };
        Language::ALL.iter().map(name).collect()
    });
    let at = Language::ALL.iter().position(|other| *other == language).expect("every language is in ALL");
    &NAMES[at]
}

/// Runs one check on one file, and checks the outcome.
fn run_check(kind: CheckKind, fix: Option<FixSpec>, path: &str, content: &[u8]) {
    let check = Check { id: "fuzz".to_owned(), kind, message: None, fix };
    let guideline = Arc::new(Guideline { checks: vec![check], ..EMPTY.clone() });
    let tree = MemoryTree::new([(RepoPath::from(path), content.to_vec())]);
    let run = |prefilter| {
        let options = Options { threads: 1, prefilter, ..Options::default() };
        assess(std::slice::from_ref(&guideline), &tree, &options, &NoProgress)
            .expect("a tree in memory should be listed")
            .outcome
    };
    let outcome = run(true);
    check_locations(&outcome, content);
    render_reports(&outcome);
    assert_eq!(outcome.paths.seen, 1);
    assert_eq!(outcome.paths.assessed + outcome.paths.not_applicable + outcome.paths.cannot_tell, 1);
    let all = run(false);
    let spent = |outcome: &Outcome| outcome.not_assessed.iter().any(|it| it.reason.as_str() == "budget");
    if !spent(&all) && !spent(&outcome) {
        assert_eq!(outcome.findings, all.findings, "the prefilter changed the findings");
    }
}

fn check_locations(outcome: &Outcome, content: &[u8]) {
    if outcome.findings.is_empty() {
        return;
    }
    let decoded = stanchion::text::decode(content).expect("content with findings should decode");
    let lines = LineIndex::new(&decoded.text);
    let end = decoded.position(&lines, decoded.text.len());
    for finding in &outcome.findings {
        assert!(finding.start.byte <= finding.end.byte && finding.end.byte <= end.byte, "{finding:?}");
        assert!((finding.end.line, finding.end.column) <= (end.line, end.column), "{finding:?}");
        assert!(!finding.message.contains('\n'), "{:?} is not one line", finding.message);
    }
}

fn render_reports(outcome: &Outcome) {
    assert_safe_for_terminals(&render_human(outcome, &HumanStyle { cap: Some(3), ..HumanStyle::default() }));
    let mut json = Vec::new();
    write_json(outcome, &[], &mut json).expect("writing to memory should not fail");
    serde_json::from_slice::<Value>(&json).expect("the report should be JSON");
}

/// Results of another tool. Input: SARIF, NUL, a file to which its locations may refer.
pub fn sarif_in(bytes: &[u8]) {
    let Some((sarif, text)) = split_at_nul(bytes) else { return };
    let Ok(tools) = read_sarif(sarif) else { return };
    let mut guideline = EMPTY.clone();
    let kind = CheckKind::Tool(ToolCheck { name: "ruff".to_owned(), rules: vec!["*".to_owned()] });
    guideline.checks = vec![Check { id: "fuzz".to_owned(), kind, message: None, fix: None }];
    let tree = MemoryTree::new([(RepoPath::from("a.py"), text.to_vec())]);
    let options = Options { threads: 1, tools, ..Options::default() };
    let outcome = assess(&[Arc::new(guideline)], &tree, &options, &NoProgress)
        .expect("the tree should be listed")
        .outcome;
    for finding in &outcome.findings {
        assert_eq!(finding.path, RepoPath::from("a.py"));
        let (start, end) = (finding.start, finding.end);
        assert!(start.byte <= end.byte && end.byte <= text.len() as u64, "{start:?} {end:?}");
        assert!(start.line >= 1 && start.column >= 1 && start.line <= end.line);
    }
    assert_safe_for_terminals(&render_human(&outcome, &HumanStyle::default()));
}
