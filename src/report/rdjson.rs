//! `--format rdjson` and `rdjsonl`: formats of reviewdog.
//! Format: <https://github.com/reviewdog/reviewdog/tree/master/proto/rdf>.
//!
//! Columns count UTF-8 bytes from 1, and ends are exclusive. A broken promise is an ERROR, advice is INFO;
//! waived findings are omitted.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use serde::Serialize;

use super::encode::json;
use super::escape::escape;
use super::run::{ReportFinding, Run, Weight};
use crate::model::{Edit, Finding, RepoPath};
use crate::text::LineIndex;

/// Maximum number of files whose text is cached for suggestions.
const MAX_TEXTS: usize = 64;

#[derive(Serialize)]
struct RdjsonDocument<'a> {
    source: Source,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Clone, Copy, Serialize)]
struct Source {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'static str>,
}

const SOURCE: Source = Source { name: "stanchion", url: None };

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: Cow<'a, str>,
    location: Location,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
}

#[derive(Serialize)]
struct Location {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Serialize)]
struct Range {
    start: RdjsonPosition,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<RdjsonPosition>,
}

#[derive(Serialize)]
struct RdjsonPosition {
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

/// Writes one document with all findings.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let mut texts = TextCache::new(run);
    let items = run.findings_by_weight();
    let shown = items.iter().filter(|item| item.weight != Weight::Waived);
    let diagnostics = shown.map(|item| diagnostic(item, None, &mut texts)).collect();
    json::pretty(&mut out, &RdjsonDocument { source: SOURCE, diagnostics })?;
    out.write_all(b"\n")
}

/// Writes one finding per line.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write_lines(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let mut texts = TextCache::new(run);
    for item in run.findings_by_weight().iter().filter(|item| item.weight != Weight::Waived) {
        json::compact(&mut out, &diagnostic(item, Some(SOURCE), &mut texts))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn diagnostic<'a>(
    item: &ReportFinding<'a>,
    source: Option<Source>,
    texts: &mut TextCache<'_>,
) -> Diagnostic<'a> {
    let (place, lines) = item.location();
    let elsewhere = *place != *item.path();
    let range = if elsewhere {
        lines.map(|(line, _)| Range { start: RdjsonPosition { line, column: None }, end: None })
    } else {
        lines.map(|_| finding_range(item.finding))
    };
    let message: Cow<'a, str> = if elsewhere {
        escape(&format!("{}: {}", item.path().lossless(), item.finding.message)).into_owned().into()
    } else {
        escape(&item.finding.message)
    };
    Diagnostic {
        message,
        location: Location { path: escape(&place.lossless()).into_owned(), range },
        severity: if item.weight == Weight::Broken { "ERROR" } else { "INFO" },
        source,
        code: Code { value: item.guideline().id.as_str() },
        suggestions: suggestions(item, texts),
    }
}

/// Returns the range of a finding, with byte columns if the excerpt allows to calculate them.
fn finding_range(finding: &Finding) -> Range {
    let columns = finding.excerpt.as_ref().and_then(|excerpt| {
        let (text, span) = (&excerpt.text, excerpt.span);
        let column = |at: usize| {
            let before = text.get(..at)?;
            let begin = before.rfind('\n').map_or(0, |at| at + 1);
            let line = &before[begin..];
            let chars = u32::try_from(line.chars().count()).ok()?;
            Some((chars + 1, u32::try_from(line.len()).ok()? + 1))
        };
        let (start, end) = (column(span.start)?, column(span.end)?);
        // If a long line was truncated, the number of bytes before the finding is unknown.
        let whole = start.0 == finding.start.column && end.0 == finding.end.column && !excerpt.cut;
        whole.then_some((start.1, end.1))
    });
    let (start, end) = (finding.start, finding.end);
    if let Some((first, last)) = columns {
        let point = start.line == end.line && first == last;
        return Range {
            start: RdjsonPosition { line: start.line, column: Some(first) },
            end: (!point).then_some(RdjsonPosition { line: end.line, column: Some(last) }),
        };
    }
    let last = finding.last_line();
    Range {
        start: RdjsonPosition { line: start.line, column: None },
        end: (last > start.line).then_some(RdjsonPosition { line: last, column: None }),
    }
}

/// Cache of a limited number of file texts.
struct TextCache<'r> {
    run: &'r Run<'r>,
    kept: HashMap<RepoPath, Option<(String, LineIndex)>>,
}

impl<'r> TextCache<'r> {
    fn new(run: &'r Run<'r>) -> Self {
        Self { run, kept: HashMap::new() }
    }

    fn get(&mut self, path: &RepoPath) -> Option<&(String, LineIndex)> {
        if self.kept.len() >= MAX_TEXTS && !self.kept.contains_key(path) {
            self.kept.clear();
        }
        let read = |path: &RepoPath| {
            let text = (self.run.contents)(path)?;
            let lines = LineIndex::new(&text);
            Some((text, lines))
        };
        self.kept.entry(path.clone()).or_insert_with_key(read).as_ref()
    }
}

/// Returns the fix as a suggestion, if it consists of one replacement in the file of the finding.
fn suggestions(item: &ReportFinding<'_>, texts: &mut TextCache<'_>) -> Vec<Suggestion> {
    let Some(fix) = &item.finding.fix else { return vec![] };
    let path = item.path();
    let mut all = Vec::new();
    for edit in &fix.edits {
        let Edit::Replace { span, with } = edit else { return vec![] };
        let Some((text, lines)) = texts.get(&path) else { return vec![] };
        let place = |at: usize| {
            let (line, _) = text.get(..at).map(|_| lines.line_column(text, at))?;
            let begin = text[..at].rfind('\n').map_or(0, |at| at + 1);
            Some(RdjsonPosition { line, column: u32::try_from(at - begin).ok().map(|column| column + 1) })
        };
        let (Some(start), Some(end)) = (place(span.start), place(span.end)) else { return vec![] };
        all.push(Suggestion { range: Range { start, end: Some(end) }, text: with.clone() });
    }
    // reviewdog applies suggestions separately, and a part of a fix is not a fix.
    if all.len() == 1 { all } else { vec![] }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!("rdjson", sample::write_sample(|run, out| write(run, out)));
    }

    #[test]
    fn lines_hold_the_same() {
        let whole: Value =
            serde_json::from_str(&sample::write_sample(|run, out| write(run, out))).expect("JSON");
        let lines = sample::write_sample(|run, out| write_lines(run, out));
        let mut lines: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        for line in &mut lines {
            let source = line.as_object_mut().expect("an object").remove("source").expect("a source");
            assert_eq!(source, whole["source"]);
        }
        assert_eq!(&lines, whole["diagnostics"].as_array().expect("a list"));
    }

    #[test]
    fn columns_count_bytes() {
        let text = sample::write_sample(|run, out| write(run, out));
        let whole: Value = serde_json::from_str(&text).expect("JSON");
        let first = &whole["diagnostics"][0]["location"]["range"];
        assert!(first["start"]["column"].is_u64(), "{first}");
    }
}
