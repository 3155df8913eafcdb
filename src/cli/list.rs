//! `stanchion list`: the guidelines that are followed here.

use std::path::PathBuf;
use std::sync::Arc;

use super::guidelines::Followed;
use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, root};
use crate::engine::{Reach, reach};
use crate::model::{Guideline, GuidelineId};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Role, render_notes, render_problems, wrap};

/// List the guidelines that are followed here
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion list
  stanchion list --format json
  stanchion list --guidelines ./drafts")]
pub(super) struct Arguments {
    /// A path in the repository; without it, the repository you are in
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Look in this folder instead of what is followed; may be given again
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
    /// How the list is written
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// The formats of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people
    Human,
    /// One JSON document
    Json,
}

/// A guideline, and where it applies.
type Row = (Arc<Guideline>, Reach);

/// What the column "applies here" says.
fn words(reach: Reach) -> String {
    match reach {
        Reach::Nowhere => "no".to_owned(),
        Reach::Repository => "yes".to_owned(),
        Reach::Files(1) => "yes, 1 file".to_owned(),
        Reach::Files(count) => format!("yes, {count} files"),
    }
}

/// What this repository says about a guideline.
fn said(followed: &Followed, id: &GuidelineId) -> &'static str {
    let promises = followed.party.iter().flat_map(|party| &party.config.promises);
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
    let place = root::locate(&base, arguments.path.as_slice())?;
    let followed = guidelines::load(&place.root, &base, &arguments.guidelines)?;
    let entries = root::entries(&place.root)?;
    let rows: Vec<Row> = followed
        .guidelines
        .iter()
        .map(|guideline| (Arc::clone(guideline), reach(guideline, &entries)))
        .collect();
    match arguments.format {
        Format::Json => terminal.print(&json(&rows, &followed))?,
        Format::Human => {
            // All of them: no other command would show the rest.
            let style = HumanStyle { cap: Some(usize::MAX), ..terminal.style() };
            let mut text = table(&rows, &followed, terminal);
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

fn table(rows: &[Row], followed: &Followed, terminal: &Terminal) -> String {
    let paint = terminal.paint();
    if rows.is_empty() {
        return "No guideline is followed here. `stanchion init` writes a stanchion.toml to begin with.\n"
            .to_owned();
    }
    let head = ["guideline", "version", "stage", "applies here"].map(str::to_owned);
    let cells = rows.iter().map(|(guideline, applies)| {
        [
            guideline.id.to_string(),
            guideline.version.to_string(),
            guideline.stage.word().to_owned(),
            words(*applies) + said(followed, &guideline.id),
        ]
    });
    let cells: Vec<[String; 4]> = std::iter::once(head).chain(cells).collect();
    let widths: Vec<usize> =
        (0..4).map(|column| cells.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    let fixed: usize = widths.iter().sum::<usize>() + 2 * widths.len();
    // The title stands in a column of its own where there is room, else below.
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

fn json(rows: &[Row], followed: &Followed) -> String {
    let guidelines: Vec<serde_json::Value> = rows
        .iter()
        .map(|(guideline, applies)| {
            serde_json::json!({
                "id": guideline.id.as_str(),
                "version": guideline.version.to_string(),
                "stage": guideline.stage.word(),
                "title": guideline.title,
                "owner": guideline.owner,
                "source": guideline.origin.source(),
                "promised": said(followed, &guideline.id).contains("promised"),
                "edited": followed.edited.contains(&guideline.id),
                "sha256": guideline.sha256,
                "applies": *applies != Reach::Nowhere,
                "files": match applies {
                    Reach::Files(count) => Some(count),
                    _ => None,
                },
            })
        })
        .collect();
    format!("{:#}\n", serde_json::json!({ "version": 1, "guidelines": guidelines }))
}
