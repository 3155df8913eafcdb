//! `stanchion why`: the facts that decide whether a guideline applies here, and to a path.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, root};
use crate::model::{Applies, Check, CheckKind, Guideline};
use crate::report::Role;
use crate::report::escape::escape;

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

/// A condition, whether it holds here (`None`: not known), and a path that shows it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fact {
    /// In words.
    pub(super) text: String,
    /// Whether it holds.
    pub(super) holds: Option<bool>,
    /// A path that makes it hold.
    pub(super) example: Option<String>,
    /// Conditions that it is made of.
    pub(super) parts: Vec<Fact>,
}

/// Shows the facts.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let paths: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    let place = root::locate(&base, &paths)?;
    let followed = guidelines::load(&place.root, &base, &arguments.guidelines)?;
    let guideline = followed.get(&arguments.id)?;
    let paint = terminal.paint();
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint.text(Role::Strong, guideline.id.as_str()));
    for (label, value) in [
        ("source", escape(guideline.origin.words()).into_owned()),
        ("version", guideline.version.to_string()),
        ("sha256", guideline.sha256.clone()),
        ("stage", guideline.stage.word().to_owned()),
        ("owner", escape(&guideline.owner).into_owned()),
    ] {
        let _ = writeln!(out, "  {} {value}", paint.text(Role::Faint, &format!("{label:<8}")));
    }
    let _ = writeln!(out, "\n{}", paint.text(Role::Strong, "applies"));
    render(&mut out, &facts(&guideline.applies), 1, terminal);
    if let (Some(path), Some(scope)) = (&arguments.path, place.scopes.first()) {
        let _ = writeln!(
            out,
            "\n{}",
            paint.text(Role::Strong, &format!("checks of {}", escape(&path.to_string_lossy())))
        );
        checks(&mut out, guideline, &escape(&scope.lossless()));
    }
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

/// The tree of conditions as written. Whether each holds comes from the engine.
fn facts(applies: &Applies) -> Fact {
    let leaf = |what: &str, list: &[String]| Fact {
        text: format!("{what} {}", list.iter().map(|item| escape(item)).collect::<Vec<_>>().join(", ")),
        ..Fact::default()
    };
    let mut parts = Vec::new();
    if !applies.languages.is_empty() {
        let names: Vec<String> =
            applies.languages.iter().map(|language| language.name().to_owned()).collect();
        parts.push(leaf("files in", &names));
    }
    if !applies.files.is_empty() {
        parts.push(leaf("files named", &applies.files));
    }
    if !applies.exists.is_empty() {
        parts.push(leaf("there is a path", &applies.exists));
    }
    for (text, list) in [("any of", &applies.any), ("all of", &applies.all)] {
        if !list.is_empty() {
            parts.push(Fact {
                text: text.to_owned(),
                parts: list.iter().map(facts).collect(),
                ..Fact::default()
            });
        }
    }
    if let Some(inner) = &applies.not {
        parts.push(Fact { text: "not".to_owned(), parts: vec![facts(inner)], ..Fact::default() });
    }
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let text = if parts.is_empty() { "everywhere" } else { "all of" };
    Fact { text: text.to_owned(), holds: parts.is_empty().then_some(true), parts, ..Fact::default() }
}

fn render(out: &mut String, fact: &Fact, depth: usize, terminal: &Terminal) {
    let paint = terminal.paint();
    let word = match fact.holds {
        Some(true) => format!("{} ", paint.text(Role::Kept, "yes")),
        Some(false) => format!("{}  ", paint.text(Role::Warning, "no")),
        None => String::new(),
    };
    let example = fact.example.as_deref().map(|path| format!(" (for example {})", escape(path)));
    let _ = writeln!(out, "{}{word}{}{}", "  ".repeat(depth), fact.text, example.unwrap_or_default());
    for part in &fact.parts {
        render(out, part, depth + 1, terminal);
    }
}

/// The checks with the files that they ask for. Which of them look at the path comes from the engine.
fn checks(out: &mut String, guideline: &Guideline, path: &str) {
    let _ = writeln!(out, "  {path}");
    for check in &guideline.checks {
        let _ = writeln!(out, "  {} ({}): {}", escape(&check.id), check.kind.word(), looks_at(check));
    }
}

fn looks_at(check: &Check) -> String {
    let globs = |globs: &[String]| match globs {
        [] => "every file that the guideline applies to".to_owned(),
        globs => globs.iter().map(|glob| escape(glob)).collect::<Vec<_>>().join(", "),
    };
    match &check.kind {
        CheckKind::Files(_) => "paths of the repository".to_owned(),
        CheckKind::Text(text) => globs(&text.files),
        CheckKind::Data(data) => globs(&data.files),
        CheckKind::Code(code) if code.files.is_empty() => format!("files in {}", code.language.name()),
        CheckKind::Code(code) => globs(&code.files),
    }
}
