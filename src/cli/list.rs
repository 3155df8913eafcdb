//! `stanchion list`: lists the guidelines that a repository follows.

use std::path::PathBuf;
use std::sync::Arc;

use super::guidelines::FollowedGuidelines;
use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, root};
use crate::engine::{GuidelineScope, guideline_scope};
use crate::model::{Guideline, GuidelineId};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Role, render_notes, render_problems, wrap};

/// List the guidelines that the repository follows
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion list
  stanchion list --format json
  stanchion list --guidelines ./drafts")]
pub(super) struct Arguments {
    /// Any path inside the repository [default: the current folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Use the guidelines in this folder instead of the followed ones; repeatable
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Human)]
    format: ListFormat,
}

/// Formats of the guideline list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ListFormat {
    /// Human-readable table
    Human,
    /// One JSON document
    Json,
}

/// A guideline and the files to which it applies.
type GuidelineRow = (Arc<Guideline>, GuidelineScope);

/// Content of the column "applies here".
fn describe_scope(scope: GuidelineScope) -> String {
    match scope {
        GuidelineScope::Nowhere => "no".to_owned(),
        GuidelineScope::Repository => "yes".to_owned(),
        GuidelineScope::Files(1) => "yes, 1 file".to_owned(),
        GuidelineScope::Files(count) => format!("yes, {count} files"),
    }
}

/// Whether the repository promises the guideline, and whether its copy has local edits.
fn describe_status(followed: &FollowedGuidelines, id: &GuidelineId) -> &'static str {
    let promises = followed.project.iter().flat_map(|project| &project.config.promises);
    let is_promised = promises.map(|it| &it.guideline).any(|it| it == id);
    match (is_promised, followed.edited.contains(id)) {
        (true, true) => ", promised, edited",
        (true, false) => ", promised",
        (false, true) => ", edited",
        (false, false) => "",
    }
}

/// Lists guidelines.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let selection = root::locate(&base, arguments.path.as_slice())?;
    let followed = guidelines::load(&selection.root, &base, &arguments.guidelines)?;
    let entries = root::list_entries(&selection.root)?;
    let rows: Vec<GuidelineRow> = followed
        .guidelines
        .iter()
        .map(|guideline| (Arc::clone(guideline), guideline_scope(guideline, &entries)))
        .collect();
    match arguments.format {
        ListFormat::Json => terminal.print(&render_json(&rows, &followed))?,
        ListFormat::Human => {
            // No limit: no other command would show the rest.
            let style = HumanStyle { cap: Some(usize::MAX), ..terminal.style() };
            let mut text = render_table(&rows, &followed, terminal);
            if !followed.problems.is_empty() {
                text.push('\n');
                text.push_str(&render_problems(&followed.problems, &style));
            }
            if !followed.newer.is_empty() {
                text.push('\n');
                text.push_str(&render_notes(&followed.newer, &style));
            }
            text.push_str(&followed.notes_about(None, &style));
            terminal.print(&text)?;
        }
    }
    Ok(Exit::Ran)
}

fn render_table(rows: &[GuidelineRow], followed: &FollowedGuidelines, terminal: &Terminal) -> String {
    let paint = terminal.paint();
    if rows.is_empty() {
        return "No guidelines are followed here. List some in `follow` of stanchion.toml.\n".to_owned();
    }
    let head = ["guideline", "version", "stage", "applies here"].map(str::to_owned);
    let cells = rows.iter().map(|(guideline, applies)| {
        [
            guideline.id.to_string(),
            guideline.version.to_string(),
            guideline.stage.as_str().to_owned(),
            describe_scope(*applies) + describe_status(followed, &guideline.id),
        ]
    });
    let cells: Vec<[String; 4]> = std::iter::once(head).chain(cells).collect();
    let widths: Vec<usize> =
        (0..4).map(|column| cells.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    let fixed: usize = widths.iter().sum::<usize>() + 2 * widths.len();
    // The title gets its own column if the terminal is wide enough; otherwise it goes on the next line.
    let beside = terminal.width >= fixed + 24;
    let mut out = String::new();
    for (index, row) in cells.iter().enumerate() {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(&widths) {
            let padded =
                if terminal.width >= fixed { format!("{cell:<width$}  ") } else { format!("{cell}  ") };
            line.push_str(&padded);
        }
        let role = if index == 0 { Role::Faint } else { Role::Strong };
        let title =
            index.checked_sub(1).map_or("title".to_owned(), |at| escape(&rows[at].0.title).into_owned());
        if beside {
            let indent = " ".repeat(fixed);
            out.push_str(&wrap(terminal.width, &paint.text(role, &line), &indent, &title));
        } else {
            out.push_str(&wrap(terminal.width, "", "    ", &paint.text(role, line.trim_end())));
            if index > 0 {
                out.push_str(&wrap(terminal.width, "  ", "  ", &title));
            }
        }
    }
    out
}

fn render_json(rows: &[GuidelineRow], followed: &FollowedGuidelines) -> String {
    let guidelines: Vec<serde_json::Value> = rows
        .iter()
        .map(|(guideline, applies)| {
            serde_json::json!({
                "id": guideline.id.as_str(),
                "version": guideline.version.to_string(),
                "stage": guideline.stage.as_str(),
                "title": guideline.title,
                "owner": guideline.owner,
                "source": guideline.origin.source(),
                "promised": describe_status(followed, &guideline.id).contains("promised"),
                "edited": followed.edited.contains(&guideline.id),
                "sha256": guideline.sha256,
                "applies": *applies != GuidelineScope::Nowhere,
                "files": match applies {
                    GuidelineScope::Files(count) => Some(count),
                    _ => None,
                },
            })
        })
        .collect();
    format!("{:#}\n", serde_json::json!({ "version": 1, "guidelines": guidelines }))
}
