//! One guideline that has findings: heading, why, the findings, what to do, how to step over.

use super::HumanStyle;
use super::excerpt;
use super::waived;
use super::words::{age, clip, count, figure, wrap};
use crate::model::{Finding, Guideline, GuidelineOutcome, Level, Outcome, RepoPath};
use crate::report::escape::escape;
use crate::report::paint::Role;
use crate::text::Position;

/// Longest message that is shown, in characters.
const MESSAGE: usize = 600;

/// Adds the group of `findings`, which count and are all of one guideline; at most `shown` of them.
pub(super) fn render(
    out: &mut String,
    outcome: &Outcome,
    findings: &[&Finding],
    shown: usize,
    style: &HumanStyle,
) {
    let Some(entry) = findings.first().and_then(|finding| outcome.guidelines.get(finding.guideline)) else {
        return;
    };
    heading(out, entry, &count(findings.len(), "finding", "findings"), style);
    body(out, outcome, findings, shown, style);
}

/// What stands below the heading of such a group.
pub(super) fn body(
    out: &mut String,
    outcome: &Outcome,
    findings: &[&Finding],
    shown: usize,
    style: &HumanStyle,
) {
    let Some(entry) = findings.first().and_then(|finding| outcome.guidelines.get(finding.guideline)) else {
        return;
    };
    let guideline = &*entry.guideline;
    row(out, style, "why", &escape(&guideline.summary));
    for consequence in &guideline.consequences {
        row(out, style, "follows", &escape(&consequence.text));
    }
    if let Some(known) = known(entry, outcome) {
        row(out, style, "known", &known);
    }
    for finding in findings.iter().take(shown) {
        out.push('\n');
        render_finding(out, finding, outcome, style);
    }
    if findings.len() > shown {
        out.push('\n');
        let command = style.paint().command(&style.commands.check_with("--all"));
        let more = format!("and {} more: {command}", figure(findings.len() - shown));
        out.push_str(&wrap(style, "  ", "  ", &more));
    }
    out.push('\n');
    advice(out, guideline, findings, style);
    out.push('\n');
}

/// What stands in the baseline of a promise.
fn known(entry: &GuidelineOutcome, outcome: &Outcome) -> Option<String> {
    let promise = outcome.promise(&entry.guideline.id).filter(|promise| promise.known > 0)?;
    let since = promise.promise.since;
    let age = outcome.today.map_or_else(String::new, |today| format!(", {}", age(since.days_until(today))));
    Some(format!(
        "{} in the baseline of {since}{age}",
        count(promise.known, "finding stands", "findings stand")
    ))
}

/// The heading of a group: a line of its own that stands out without colour.
fn heading(out: &mut String, entry: &GuidelineOutcome, count: &str, style: &HumanStyle) {
    let guideline = &*entry.guideline;
    let paint = style.paint();
    let stroke = paint.stroke().repeat(2);
    let dot = paint.dot();
    let id = paint.text(Role::Strong, guideline.id.as_str());
    let line = format!(
        "{id} {}{}{dot}{}{dot}{}",
        guideline.version,
        if entry.edited { format!("{dot}edited here") } else { String::new() },
        guideline.stage.word(),
        paint.text(Role::Warning, count)
    );
    out.push_str(&wrap(style, &format!("{stroke} "), "   ", &line));
    out.push_str(&wrap(style, "   ", "   ", &paint.text(Role::Strong, &escape(&guideline.title))));
}

/// Fewest columns for which the texts of labelled lines stand below each other.
const ROOMY: usize = 60;

/// A labelled line: `   why        A call without …`, or `   why: A call without …` where there is little
/// room.
pub(super) fn row(out: &mut String, style: &HumanStyle, label: &str, text: &str) {
    let faint = |label: &str| style.paint().text(Role::Faint, label);
    if style.width < ROOMY {
        out.push_str(&wrap(style, &format!("   {} ", faint(&format!("{label}:"))), "     ", text));
    } else {
        let label = faint(&format!("{label:<9}"));
        out.push_str(&wrap(style, &format!("   {label}  "), "              ", text));
    }
}

fn render_finding(out: &mut String, finding: &Finding, outcome: &Outcome, style: &HumanStyle) {
    let paint = style.paint();
    let place = paint.text(Role::Strong, &place(finding));
    let level = match finding.level {
        Level::Warning => paint.text(Role::Warning, "warning:"),
        Level::Note => paint.text(Role::Note, "note:"),
    };
    let message = clip(&escape(&finding.message), MESSAGE, paint.ellipsis());
    out.push_str(&wrap(style, "  ", "    ", &format!("{place} {level} {message}")));
    if let Some(shown) = &finding.excerpt {
        out.push_str(&excerpt::draw(shown, None, style));
    }
    if let Some(lapsed) = waived::lapsed(finding.lapsed, outcome) {
        out.push_str(&wrap(style, "    ", "    ", &format!("{} {lapsed}", paint.text(Role::Note, "note:"))));
    }
}

/// `path:line:column`, or the path alone when the finding is about the path.
fn place(finding: &Finding) -> String {
    let path = path(&finding.path);
    if finding.excerpt.is_none() && finding.start == Position::START {
        return path;
    }
    format!("{path}:{}:{}", finding.start.line, finding.start.column)
}

/// A path, safe to show. The root itself is `.`.
pub(super) fn path(path: &RepoPath) -> String {
    if path.bytes().is_empty() { ".".to_owned() } else { escape(&path.lossless()).into_owned() }
}

/// What to do and how to step over, once for the group.
fn advice(out: &mut String, guideline: &Guideline, findings: &[&Finding], style: &HumanStyle) {
    let fixes: Vec<_> = findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
    if let Some(first) = fixes.first() {
        let known = if fixes.len() == findings.len() {
            "a fix is known".to_owned()
        } else {
            format!("a fix is known for {} of {}", figure(fixes.len()), figure(findings.len()))
        };
        let title = first.title.as_deref().map_or_else(String::new, |title| format!(": {}", escape(title)));
        let command = style.paint().command("stanchion fix --diff");
        row(out, style, "fix", &format!("{known}{title}: {command}"));
    }
    let explain = style.paint().command(&style.commands.explain(&guideline.id));
    row(out, style, "keep it", &explain);
    let path = common_path(findings);
    let waive = style.paint().command(&style.commands.waive(&guideline.id, path.as_deref()));
    row(out, style, "step over", &waive);
}

/// The path of all findings, or a glob of the deepest folder that holds them all; `None` where that is the whole
/// repository, or a path cannot be written as a glob.
fn common_path(findings: &[&Finding]) -> Option<String> {
    let first = findings.first()?.path.as_str()?;
    let special = |text: &str| text.contains(['*', '?', '[', ']', '{', '}', '\\']);
    if findings.iter().all(|finding| finding.path.as_str() == Some(first)) {
        return (!first.is_empty() && !special(first)).then(|| first.to_owned());
    }
    let mut folder = first.rsplit_once('/')?.0;
    while !findings.iter().all(|finding| {
        let below = finding.path.as_str().and_then(|path| path.strip_prefix(folder));
        below.is_some_and(|rest| rest.starts_with('/'))
    }) {
        folder = folder.rsplit_once('/')?.0;
    }
    (!special(folder)).then(|| format!("{folder}/**"))
}
