//! `stanchion explain`: renders a guideline for the terminal.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, markdown, root};
use crate::model::Guideline;
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Show a guideline: why, how to keep it, when to step over it
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion explain resilience/http-timeouts
  stanchion explain acme/short-names --guidelines ./drafts")]
pub(super) struct Arguments {
    /// Guideline id: namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// Any path inside the repository [default: the current folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Use the guidelines in this folder instead of the followed ones; repeatable
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
}

/// Shows a guideline.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let selection = root::locate(&base, arguments.path.as_slice())?;
    let followed = guidelines::load(&selection.root, &base, &arguments.guidelines)?;
    let guideline = followed.get(&arguments.id)?;
    let notes = followed.notes_about(Some(&guideline.id), &terminal.style());
    terminal.print(&(render_guideline(guideline, terminal) + &notes))?;
    Ok(Exit::Ran)
}

fn render_guideline(guideline: &Guideline, terminal: &Terminal) -> String {
    let paint = terminal.paint();
    let width = terminal.width;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint.text(Role::Strong, &escape(&guideline.title)));
    let facts = [
        guideline.id.to_string(),
        guideline.version.to_string(),
        guideline.stage.as_str().to_owned(),
        format!("owned by {}", escape(&guideline.owner)),
    ];
    out.push_str(&wrap(width, "", "  ", &facts.join(paint.dot())));
    out.push('\n');
    out.push_str(&wrap(width, "", "", &escape(&guideline.summary)));
    for section in &guideline.sections {
        let _ = writeln!(out, "\n{}\n", paint.text(Role::Strong, &escape(&section.heading)));
        out.push_str(&markdown::render(&section.markdown, width, paint));
    }
    let consequences = guideline.consequences.iter().map(|it| escape(&it.text).into_owned());
    render_list(&mut out, "Otherwise", consequences, terminal);
    let offers = guideline.offers.iter().map(|it| format!("{} ({})", escape(&it.text), escape(&it.by)));
    render_list(&mut out, "Offered in return", offers, terminal);
    let settings = guideline.settings.iter().zip(&guideline.values).map(|(spec, (name, value))| {
        let now = if *value == spec.default { String::new() } else { format!(", here {value}") };
        let text = format!("{name}: {} (default: {}{now})", spec.about, spec.default);
        escape(&text).into_owned()
    });
    render_list(
        &mut out,
        &format!("Settings, in stanchion.toml under [settings.\"{}\"]", guideline.id),
        settings,
        terminal,
    );
    let checks = guideline.checks.iter().map(|check| {
        let message = check.message.as_deref().map(|text| format!(": {}", escape(text))).unwrap_or_default();
        format!("{} ({}){message}", escape(&check.id), check.kind.as_str())
    });
    render_list(&mut out, "Checks", checks, terminal);
    let _ = writeln!(out);
    let source = format!("source {}, sha256 {}", escape(guideline.origin.location()), guideline.sha256);
    out.push_str(&wrap(width, "", "  ", &paint.text(Role::Faint, &source)));
    out
}

fn render_list(out: &mut String, heading: &str, items: impl Iterator<Item = String>, terminal: &Terminal) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\n{}\n", terminal.paint().text(Role::Strong, heading));
    for item in items {
        out.push_str(&wrap(terminal.width, "  - ", "    ", &item));
    }
}
