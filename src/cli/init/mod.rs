//! `stanchion init`: looks at the repository, and writes what it begins with.

mod look;

use std::path::{Path, PathBuf};

use super::guidelines::{LOCK, is_plain};
use super::party::{CONFIG, Party};
use super::terminal::Terminal;
use super::{Exit, Failure, ask, files, guidelines, root, update};
use crate::engine::{Reach, reach};
use crate::format;
use crate::report::escape::escape;
use crate::report::{Role, wrap};
use look::Seen;

/// Look at the repository, and write a stanchion.toml to begin with
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion init
  stanchion init --preview     only show what would be written
  stanchion init --built-in    without copies of the starter set

Copies in .stanchion make verdicts independent of the version of this program,
and an update a change that can be read. Whatever is there already stays as it
is.")]
pub(super) struct Arguments {
    /// Only show what would be written
    #[arg(long)]
    preview: bool,
    /// Use the starter set that is built in, without copies of it in the repository
    #[arg(long)]
    built_in: bool,
}

/// Looks, shows, writes.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = root::locate(&base, &[])?;
    let path = place.root.join(CONFIG);
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("{} is there already", path.display()))
            .with_help("it was left as it is; `stanchion list` shows what it follows"));
    }
    let entries = root::entries(&place.root)?;
    let seen = Seen::of(&place.root, &entries);
    let text = contents(&seen);
    let party = Party::parse(&place.root, &text)?;
    let (copies, lock) = if arguments.built_in { Default::default() } else { update::beginning(&party) };
    // A lock without its copies would say that they are missing.
    let new: Vec<(&PathBuf, &String)> =
        copies.iter().filter(|(path, _)| place.root.join(path).symlink_metadata().is_err()).collect();
    terminal.print(&shown(&seen, &text, new.len(), arguments.built_in, terminal))?;
    if arguments.preview {
        terminal.print(&wrap(terminal.width, "", "  ", "Nothing was written."))?;
        return Ok(Exit::Ran);
    }
    if ask::can_ask() && !ask::ask(terminal, "Write this? (yes or no)", Some("yes"), yes_or_no)? {
        terminal.print("Nothing was written.\n")?;
        return Ok(Exit::Ran);
    }
    for (path, text) in &new {
        create(&place.root, path, text)?;
    }
    if !lock.guidelines.is_empty() && place.root.join(LOCK).symlink_metadata().is_err() {
        create(&place.root, Path::new(LOCK), &lock.render())?;
    }
    create(&place.root, Path::new(CONFIG), &text)?;
    let here = base.canonicalize().is_ok_and(|base| base == place.root);
    let name = if here { CONFIG.into() } else { path.to_string_lossy() };
    terminal.print(&next(&escape(&name), &party, &entries, terminal)?)?;
    Ok(Exit::Ran)
}

fn yes_or_no(answer: &str) -> Result<bool, String> {
    match answer.to_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err("yes or no".to_owned()),
    }
}

/// Writes a new file; one that came meanwhile is left as it is.
fn create(root: &Path, path: &Path, text: &str) -> Result<(), Failure> {
    if !is_plain(root, path) {
        return Err(Failure::new(format!(
            "{} is a link, or lies behind one, and is not written",
            path.display()
        ))
        .with_help("what stanchion keeps lies in the repository itself: remove the link"));
    }
    let full = root.join(path);
    files::create(&full, text).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::new(format!("{} is there already", path.display())).with_help("it was left as it is")
        }
        _ => Failure::io("write", path, &error),
    })
}

/// The file to begin with; a folder of guidelines that is there already comes first.
fn contents(seen: &Seen) -> String {
    let text = format::init_config(seen.owner.as_deref());
    if seen.own_guidelines {
        text.replace("follow = [\"starter\"]", "follow = [\"./guidelines\", \"starter\"]")
    } else {
        text
    }
}

/// What was seen, and what is going to be written.
fn shown(seen: &Seen, text: &str, copies: usize, built_in: bool, terminal: &Terminal) -> String {
    let mut out = String::new();
    for sentence in seen.sentences() {
        out.push_str(&wrap(terminal.width, "", "  ", &escape(&sentence)));
    }
    let indented: String =
        text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect();
    out.push_str(&format!("\n{}:\n\n{}\n", terminal.paint().text(Role::Strong, CONFIG), indented));
    if !built_in {
        let text = format!(
            "{copies} guidelines of the starter set are copied into .stanchion/guidelines, with {LOCK}."
        );
        out.push_str(&wrap(terminal.width, "", "  ", &text));
    }
    out
}

/// What to do next.
fn next(
    name: &str,
    party: &Party,
    entries: &[crate::engine::tree::Entry],
    terminal: &Terminal,
) -> Result<String, Failure> {
    let followed = guidelines::load_party(party.clone())?;
    let applies = followed.guidelines.iter().filter(|it| reach(it, entries) != Reach::Nowhere).count();
    let command = |text: &str| terminal.paint().text(Role::Code, text);
    let line = wrap(
        terminal.width,
        "",
        "  ",
        &format!(
            "Wrote {name}. {applies} of {} guidelines have something to say here.",
            followed.guidelines.len()
        ),
    );
    Ok(format!(
        "\n{line}\nNext:\n  {}              what could be better: advice, it fails nothing\n  {}               what \
         applies here\n  {}         make one of them this repository's own word\n  {}       \
         look before each commit; silent where nothing is new\n",
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
    fn what_is_written_can_be_read() {
        for (own_guidelines, owner) in [(true, None), (false, Some("@acme/\"pay\"".to_owned()))] {
            let seen = Seen { own_guidelines, owner: owner.clone(), ..Seen::default() };
            let config = format::parse_config(CONFIG, &contents(&seen)).expect("it can be read");
            assert_eq!((config.follow.len(), config.owner), (1 + usize::from(own_guidelines), owner));
        }
    }
}
