//! `stanchion init`: surveys the repository, and writes its first configuration.

mod survey;

use std::path::{Path, PathBuf};

use super::guidelines::{LOCK, is_plain};
use super::project::{CONFIG, Project};
use super::terminal::Terminal;
use super::{Exit, Failure, files, guidelines, prompt, root, update};
use crate::engine::{GuidelineScope, guideline_scope};
use crate::format;
use crate::report::escape::escape;
use crate::report::{Role, wrap};
use survey::Survey;

/// Create a stanchion.toml for the repository
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion init
  stanchion init --preview     show what would be written
  stanchion init --built-in    do not copy the starter set

With copies in .stanchion, results do not depend on the version of stanchion,
and updates can be reviewed as a change. Existing files are not overwritten.")]
pub(super) struct Arguments {
    /// Show what would be written, without writing it
    #[arg(long)]
    preview: bool,
    /// Use the built-in starter set, without copies in the repository
    #[arg(long)]
    built_in: bool,
}

/// Surveys the repository, shows the configuration and writes it.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let selection = root::locate(&base, &[])?;
    let path = selection.root.join(CONFIG);
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("{} already exists", path.display()))
            .with_help("nothing was changed; `stanchion list` shows the guidelines that it follows"));
    }
    let entries = root::list_entries(&selection.root)?;
    let survey = Survey::of(&selection.root, &entries);
    let text = initial_config(&survey);
    let project = Project::parse(&selection.root, &text)?;
    let (copies, lock) =
        if arguments.built_in { Default::default() } else { update::initial_copies(&project) };
    // A lock without its copies would report them as missing.
    let new: Vec<(&PathBuf, &String)> =
        copies.iter().filter(|(path, _)| selection.root.join(path).symlink_metadata().is_err()).collect();
    terminal.print(&render_survey(&survey, &text, new.len(), arguments.built_in, terminal))?;
    if arguments.preview {
        terminal.print(&wrap(terminal.width, "", "  ", "Nothing was written."))?;
        return Ok(Exit::Ran);
    }
    if prompt::is_interactive()
        && !prompt::prompt(terminal, "Write these files? (yes or no)", Some("yes"), yes_or_no)?
    {
        terminal.print("Nothing was written.\n")?;
        return Ok(Exit::Ran);
    }
    for (path, text) in &new {
        create_file(&selection.root, path, text)?;
    }
    if !lock.guidelines.is_empty() && selection.root.join(LOCK).symlink_metadata().is_err() {
        create_file(&selection.root, Path::new(LOCK), &lock.render())?;
    }
    create_file(&selection.root, Path::new(CONFIG), &text)?;
    let here = base.canonicalize().is_ok_and(|base| base == selection.root);
    let name = if here { CONFIG.into() } else { path.to_string_lossy() };
    terminal.print(&render_next_steps(&escape(&name), &project, &entries, terminal)?)?;
    Ok(Exit::Ran)
}

fn yes_or_no(answer: &str) -> Result<bool, String> {
    match answer.to_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err("enter yes or no".to_owned()),
    }
}

/// Writes a new file; a file that was created in the meantime is not overwritten.
fn create_file(root: &Path, path: &Path, text: &str) -> Result<(), Failure> {
    if !is_plain(root, path) {
        return Err(Failure::new(format!(
            "{} is reached through a symbolic link and was not written",
            path.display()
        ))
        .with_help("policy files must be inside the repository; remove the link"));
    }
    let full = root.join(path);
    files::create(&full, text).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::new(format!("{} already exists", path.display())).with_help("it was not changed")
        }
        _ => Failure::io("write", path, &error),
    })
}

/// The first `stanchion.toml`; an existing folder of guidelines takes precedence over the starter set.
fn initial_config(survey: &Survey) -> String {
    let text = format::render_first_config(survey.owner.as_deref());
    if survey.own_guidelines {
        text.replace("follow = [\"starter\"]", "follow = [\"./guidelines\", \"starter\"]")
    } else {
        text
    }
}

/// Renders the survey and the files that would be written.
fn render_survey(survey: &Survey, text: &str, copies: usize, built_in: bool, terminal: &Terminal) -> String {
    let mut out = String::new();
    for sentence in survey.sentences() {
        out.push_str(&wrap(terminal.width, "", "  ", &escape(&sentence)));
    }
    let indented: String =
        text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect();
    out.push_str(&format!("\n{}:\n\n{}\n", terminal.paint().text(Role::Strong, CONFIG), indented));
    if !built_in {
        let text = format!(
            "{copies} guidelines of the starter set are copied to .stanchion/guidelines, with {LOCK}."
        );
        out.push_str(&wrap(terminal.width, "", "  ", &text));
    }
    out
}

/// Renders the next steps.
fn render_next_steps(
    name: &str,
    project: &Project,
    entries: &[crate::engine::tree::PathEntry],
    terminal: &Terminal,
) -> Result<String, Failure> {
    let followed = guidelines::load_project(project.clone())?;
    let applies = followed
        .guidelines
        .iter()
        .filter(|it| guideline_scope(it, entries) != GuidelineScope::Nowhere)
        .count();
    let command = |text: &str| terminal.paint().text(Role::Code, text);
    let line = wrap(
        terminal.width,
        "",
        "  ",
        &format!("Wrote {name}. {applies} of {} guidelines apply here.", followed.guidelines.len()),
    );
    Ok(format!(
        "\n{line}\nNext:\n  {}              assess the repository; findings are advice\n  {}               list the \
         guidelines\n  {}         promise to keep a guideline\n  {}       assess changes before each commit\n",
        command("stanchion check"),
        command("stanchion list"),
        command("stanchion promise ID"),
        command("stanchion hook install"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_config_is_valid() {
        for (own_guidelines, owner) in [(true, None), (false, Some("@acme/\"pay\"".to_owned()))] {
            let survey = Survey { own_guidelines, owner: owner.clone(), ..Survey::default() };
            let config = format::parse_config(CONFIG, &initial_config(&survey)).expect("it can be read");
            assert_eq!((config.follow.len(), config.owner), (1 + usize::from(own_guidelines), owner));
        }
    }
}
