//! `stanchion why`: the facts that decide whether a guideline applies here, and to a path.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::guidelines::Followed;
use super::says::{self, Source};
use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, root};
use crate::engine::applies::Condition;
use crate::engine::tree::Entry;
use crate::engine::who_looks_at;
use crate::model::{Guideline, RepoPath};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Show where a guideline comes from, and why it applies here or not
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion why resilience/http-timeouts
  stanchion why resilience/http-timeouts services/pay/client.py")]
pub(super) struct Arguments {
    /// The guideline's id, namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// Also say which checks look at this file
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Look in this folder instead of what is followed; may be given again
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
}

/// Shows the facts.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = root::locate(&base, arguments.path.as_slice())?;
    let followed = guidelines::load(&place.root, &base, &arguments.guidelines)?;
    let guideline = followed.get(&arguments.id)?;
    let (paint, width) = (terminal.paint(), terminal.width);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint.text(Role::Strong, guideline.id.as_str()));
    for (label, value) in [
        ("source", escape(guideline.origin.source()).into_owned()),
        ("file", escape(guideline.origin.words()).into_owned()),
        ("version", guideline.version.to_string()),
        ("sha256", guideline.sha256.clone()),
        ("stage", guideline.stage.word().to_owned()),
        ("owner", escape(&guideline.owner).into_owned()),
    ] {
        let label = paint.text(Role::Faint, &format!("{label:<8}"));
        out.push_str(&wrap(width, &format!("  {label} "), "           ", &value));
    }
    said(&mut out, &followed, guideline, terminal);
    let entries = root::entries(&place.root)?;
    let path = arguments.path.as_ref().and(place.scopes.first());
    let shown = path.map(|path| escape(&path.lossless()).into_owned());
    let head = shown.as_ref().map_or("applies here".to_owned(), |path| format!("applies to {path}"));
    let _ = writeln!(out, "\n{}", paint.text(Role::Strong, &head));
    conditions(&mut out, guideline, &entries, path, terminal);
    if let (Some(path), Some(shown)) = (path, shown) {
        let _ = writeln!(out, "\n{}", paint.text(Role::Strong, &format!("checks of {shown}")));
        checks(&mut out, guideline, &entries, path, terminal);
    }
    out.push_str(&followed.notes_about(Some(&guideline.id), &terminal.style()));
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

/// What this repository says about the guideline: its promise, its settings, its waivers.
fn said(out: &mut String, followed: &Followed, guideline: &Guideline, terminal: &Terminal) {
    let Some(party) = &followed.party else { return };
    let mut row = |label: &str, text: &str| {
        let label = terminal.paint().text(Role::Faint, &format!("{label:<8}"));
        out.push_str(&wrap(terminal.width, &format!("  {label} "), "           ", text));
    };
    if let Some(promised) = party.config.promises.iter().find(|it| it.guideline == guideline.id) {
        let from = if promised.promise.from_here { ", from here on" } else { "" };
        row("promised", &format!("since {}{from}", promised.promise.since));
    }
    if followed.edited.contains(&guideline.id) {
        row("edited", "here: the copy is not what came");
    }
    for (name, value) in &guideline.values {
        let own = party.config.settings.iter().any(|it| it.guideline == guideline.id && it.name == *name);
        let whose = if own { "set in stanchion.toml" } else { "its default" };
        row("setting", &format!("{name} = {} ({whose})", escape(&value.to_string())));
    }
    let says = says::read(Source::Disk(&party.root));
    for waiver in says.waivers.iter().filter(|waiver| waiver.guideline == guideline.id) {
        let id = escape(&waiver.id);
        let command = terminal.paint().command(&format!("stanchion waivers why {id}"));
        row("waiver", &format!("{id}: {} ({command})", escape(&waiver.reason)));
    }
}

/// The conditions one by one: whether each holds, and a path that shows it.
fn conditions(
    out: &mut String,
    guideline: &Guideline,
    entries: &[Entry],
    path: Option<&RepoPath>,
    terminal: &Terminal,
) {
    let paint = terminal.paint();
    let Ok(mut condition) = Condition::new(&guideline.applies) else {
        out.push_str("  its conditions cannot be used; `stanchion check` says what is wrong\n");
        return;
    };
    condition.settle(entries, false);
    let facts = condition.facts(entries, path);
    if facts.is_empty() {
        let _ = writeln!(out, "  {} everywhere: it states no condition", paint.text(Role::Kept, "yes"));
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

/// The checks, and whether each looks at the path.
fn checks(out: &mut String, guideline: &Guideline, entries: &[Entry], path: &RepoPath, terminal: &Terminal) {
    let paint = terminal.paint();
    for look in who_looks_at(guideline, entries, path) {
        let word = match look.looks {
            Some(true) => paint.text(Role::Kept, "looks at it"),
            Some(false) => paint.text(Role::Faint, "does not look at it"),
            None if look.kind == "tool" => "takes what another linter found (--sarif-in)".to_owned(),
            None => "looks at the paths of the whole repository".to_owned(),
        };
        let text = format!("{} ({}) {word}", escape(&look.check), look.kind);
        out.push_str(&wrap(terminal.width, "  ", "    ", &text));
    }
}
