//! `stanchion why`: shows the facts that decide whether a guideline applies to the repository or to a path.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::guidelines::FollowedGuidelines;
use super::policy_files::{self, PolicySource};
use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, root};
use crate::engine::applies::Condition;
use crate::engine::check_selections;
use crate::engine::tree::PathEntry;
use crate::model::{Guideline, RepoPath};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Show the source of a guideline, and why it applies or not
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion why resilience/http-timeouts
  stanchion why resilience/http-timeouts services/pay/client.py")]
pub(super) struct Arguments {
    /// Guideline id: namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// Also show which checks read this file
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Use the guidelines in this folder instead of the followed ones; repeatable
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
}

/// Prints the facts.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let selection = root::locate(&base, arguments.path.as_slice())?;
    let followed = guidelines::load(&selection.root, &base, &arguments.guidelines)?;
    let guideline = followed.get(&arguments.id)?;
    let (paint, width) = (terminal.paint(), terminal.width);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint.text(Role::Strong, guideline.id.as_str()));
    for (label, value) in [
        ("source", escape(guideline.origin.source()).into_owned()),
        ("file", escape(guideline.origin.location()).into_owned()),
        ("version", guideline.version.to_string()),
        ("sha256", guideline.sha256.clone()),
        ("stage", guideline.stage.as_str().to_owned()),
        ("owner", escape(&guideline.owner).into_owned()),
    ] {
        let label = paint.text(Role::Faint, &format!("{label:<8}"));
        out.push_str(&wrap(width, &format!("  {label} "), "           ", &value));
    }
    render_policy(&mut out, &followed, guideline, terminal);
    let entries = root::list_entries(&selection.root)?;
    let path = arguments.path.as_ref().and(selection.scopes.first());
    let shown = path.map(|path| escape(&path.lossless()).into_owned());
    let head = shown.as_ref().map_or("applies here".to_owned(), |path| format!("applies to {path}"));
    let _ = writeln!(out, "\n{}", paint.text(Role::Strong, &head));
    render_conditions(&mut out, guideline, &entries, path, terminal);
    if let (Some(path), Some(shown)) = (path, shown) {
        let _ = writeln!(out, "\n{}", paint.text(Role::Strong, &format!("checks of {shown}")));
        render_checks(&mut out, guideline, &entries, path, terminal);
    }
    out.push_str(&followed.notes_about(Some(&guideline.id), &terminal.style()));
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

/// Renders the promise, settings and waivers that the repository has for the guideline.
fn render_policy(
    out: &mut String,
    followed: &FollowedGuidelines,
    guideline: &Guideline,
    terminal: &Terminal,
) {
    let Some(project) = &followed.project else { return };
    let mut row = |label: &str, text: &str| {
        let label = terminal.paint().text(Role::Faint, &format!("{label:<8}"));
        out.push_str(&wrap(terminal.width, &format!("  {label} "), "           ", text));
    };
    if let Some(promised) = project.config.promises.iter().find(|it| it.guideline == guideline.id) {
        let from = if promised.promise.from_here { ", from here" } else { "" };
        row("promised", &format!("since {}{from}", promised.promise.since));
    }
    if followed.edited.contains(&guideline.id) {
        row("edited", "local edits (differs from the published text)");
    }
    for (name, value) in &guideline.values {
        let own = project.config.settings.iter().any(|it| it.guideline == guideline.id && it.name == *name);
        let origin = if own { "set in stanchion.toml" } else { "default" };
        row("setting", &format!("{name} = {} ({origin})", escape(&value.to_string())));
    }
    let policy = policy_files::read_all(PolicySource::Disk(&project.root));
    for waiver in policy.waivers.iter().filter(|waiver| waiver.guideline == guideline.id) {
        let id = escape(&waiver.id);
        let command = terminal.paint().command(&format!("stanchion waivers why {id}"));
        row("waiver", &format!("{id}: {} ({command})", escape(&waiver.reason)));
    }
}

/// Renders each condition, whether it holds, and a path for which it does.
fn render_conditions(
    out: &mut String,
    guideline: &Guideline,
    entries: &[PathEntry],
    path: Option<&RepoPath>,
    terminal: &Terminal,
) {
    let paint = terminal.paint();
    let Ok(mut condition) = Condition::new(&guideline.applies) else {
        out.push_str("  its conditions are invalid; `stanchion check` shows the problem\n");
        return;
    };
    condition.settle(entries, false);
    let facts = condition.facts(entries, path);
    if facts.is_empty() {
        let _ = writeln!(out, "  {} everywhere: it has no conditions", paint.text(Role::Kept, "yes"));
    }
    for fact in facts {
        let word = if fact.holds { paint.text(Role::Kept, "yes") } else { paint.text(Role::Warning, "no ") };
        let example = match (&fact.example, path) {
            (Some(example), None) => format!(" (for example {})", escape(&example.lossless())),
            _ => String::new(),
        };
        let indent = "  ".repeat(fact.depth + 1);
        let text = format!("{}{example}", escape(&fact.what));
        out.push_str(&wrap(terminal.width, &format!("{indent}{word} "), &format!("{indent}    "), &text));
    }
}

/// Renders the checks, and whether each reads the path.
fn render_checks(
    out: &mut String,
    guideline: &Guideline,
    entries: &[PathEntry],
    path: &RepoPath,
    terminal: &Terminal,
) {
    let paint = terminal.paint();
    for selection in check_selections(guideline, entries, path) {
        let word = match selection.selected {
            Some(true) => paint.text(Role::Kept, "reads it"),
            Some(false) => paint.text(Role::Faint, "does not read it"),
            None if selection.kind == "tool" => "uses findings of another linter (--sarif-in)".to_owned(),
            None => "uses the paths of the whole repository".to_owned(),
        };
        let text = format!("{} ({}) {word}", escape(&selection.check), selection.kind);
        out.push_str(&wrap(terminal.width, "  ", "    ", &text));
    }
}
