//! Section of a guideline with findings: heading, reason, findings, fix, and how to step over.

use super::HumanStyle;
use super::excerpt;
use super::waived;
use super::words::{clip, count, format_age, format_number, wrap};
use crate::model::{Finding, Guideline, GuidelineOutcome, Level, Outcome, RepoPath};
use crate::report::escape::escape;
use crate::report::paint::Role;
use crate::text::Position;

/// Maximum length of a message, in characters.
const MAX_MESSAGE: usize = 600;

/// Appends the section of a guideline with at most `shown` of its open findings, `findings`.
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
    render_heading(out, entry, &count(findings.len(), "finding", "findings"), style);
    render_findings(out, outcome, findings, shown, style);
}

/// Appends the part of the section below its heading.
pub(super) fn render_findings(
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
    push_row(out, style, "why", &escape(&guideline.summary));
    for consequence in &guideline.consequences {
        push_row(out, style, "otherwise", &escape(&consequence.text));
    }
    if let Some(known) = known_in_baseline(entry, outcome) {
        push_row(out, style, "known", &known);
    }
    for finding in findings.iter().take(shown) {
        out.push('\n');
        render_finding(out, finding, outcome, style);
    }
    if findings.len() > shown {
        out.push('\n');
        let command = style.paint().command(&style.commands.check_with("--all"));
        let more = format!("and {} more: {command}", format_number(findings.len() - shown));
        out.push_str(&wrap(style, "  ", "  ", &more));
    }
    out.push('\n');
    render_next_steps(out, guideline, findings, style);
    out.push('\n');
}

/// Returns the number and age of the findings in the baseline of the promise, if there are any.
fn known_in_baseline(entry: &GuidelineOutcome, outcome: &Outcome) -> Option<String> {
    let promise = outcome.promise(&entry.guideline.id).filter(|promise| promise.known > 0)?;
    let since = promise.promise.since;
    let age =
        outcome.today.map_or_else(String::new, |today| format!(", {}", format_age(since.days_until(today))));
    Some(format!("{} in the baseline of {since}{age}", count(promise.known, "finding", "findings")))
}

/// Appends the heading, which is recognizable without colour.
fn render_heading(out: &mut String, entry: &GuidelineOutcome, count: &str, style: &HumanStyle) {
    let guideline = &*entry.guideline;
    let paint = style.paint();
    let stroke = paint.stroke().repeat(2);
    let dot = paint.dot();
    let id = paint.text(Role::Strong, guideline.id.as_str());
    let line = format!(
        "{id} {}{}{dot}{}{dot}{}",
        guideline.version,
        if entry.edited { format!("{dot}local edits") } else { String::new() },
        guideline.stage.as_str(),
        paint.text(Role::Warning, count)
    );
    out.push_str(&wrap(style, &format!("{stroke} "), "   ", &line));
    out.push_str(&wrap(style, "   ", "   ", &paint.text(Role::Strong, &escape(&guideline.title))));
}

/// Minimum width at which the texts of labelled rows are aligned in a column.
const ALIGNED_WIDTH: usize = 60;

/// Appends a labelled row: `   why        A call without …`, or `   why: A call without …` in a narrow
/// terminal.
pub(super) fn push_row(out: &mut String, style: &HumanStyle, label: &str, text: &str) {
    let faint = |label: &str| style.paint().text(Role::Faint, label);
    if style.width < ALIGNED_WIDTH {
        out.push_str(&wrap(style, &format!("   {} ", faint(&format!("{label}:"))), "     ", text));
    } else {
        let label = faint(&format!("{label:<9}"));
        out.push_str(&wrap(style, &format!("   {label}  "), "              ", text));
    }
}

fn render_finding(out: &mut String, finding: &Finding, outcome: &Outcome, style: &HumanStyle) {
    let paint = style.paint();
    let place = paint.text(Role::Strong, &display_location(finding));
    let level = match finding.level {
        Level::Warning => paint.text(Role::Warning, "warning:"),
        Level::Note => paint.text(Role::Note, "note:"),
    };
    let message = clip(&escape(&finding.message), MAX_MESSAGE, paint.ellipsis());
    out.push_str(&wrap(style, "  ", "    ", &format!("{place} {level} {message}")));
    if let Some(shown) = &finding.excerpt {
        out.push_str(&excerpt::draw_excerpt(shown, None, style));
    }
    if let Some(lapsed) = waived::describe_lapsed_waiver(finding.lapsed, outcome) {
        out.push_str(&wrap(style, "    ", "    ", &format!("{} {lapsed}", paint.text(Role::Note, "note:"))));
    }
}

/// Returns `path:line:column`, or only the path if the finding is about the path.
fn display_location(finding: &Finding) -> String {
    let path = display_path(&finding.path);
    if finding.excerpt.is_none() && finding.start == Position::START {
        return path;
    }
    format!("{path}:{}:{}", finding.start.line, finding.start.column)
}

/// Returns a path escaped for display. The root is `.`.
pub(super) fn display_path(path: &RepoPath) -> String {
    if path.bytes().is_empty() { ".".to_owned() } else { escape(&path.lossless()).into_owned() }
}

/// Appends the commands to fix, keep and step over, once for the group.
fn render_next_steps(out: &mut String, guideline: &Guideline, findings: &[&Finding], style: &HumanStyle) {
    let fixes: Vec<_> = findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
    if let Some(first) = fixes.first() {
        let known = if fixes.len() == findings.len() {
            "available".to_owned()
        } else {
            format!("available for {} of {}", format_number(fixes.len()), format_number(findings.len()))
        };
        let title = first.title.as_deref().map_or_else(String::new, |title| format!(": {}", escape(title)));
        let command = style.paint().command("stanchion fix --diff");
        push_row(out, style, "fix", &format!("{known}{title}: {command}"));
    }
    let explain = style.paint().command(&style.commands.explain(&guideline.id));
    push_row(out, style, "keep it", &explain);
    let path = common_path(findings);
    let waive = style.paint().command(&style.commands.waive(&guideline.id, path.as_deref()));
    push_row(out, style, "step over", &waive);
}

/// Returns the path shared by all findings, or a glob of their deepest common folder. `None` if that is the
/// whole repository, or if a path contains glob characters.
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
