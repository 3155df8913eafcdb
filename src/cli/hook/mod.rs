//! `stanchion hook`: git hooks of this clone that run stanchion, and nothing that was there before is lost.
//!
//! The one command that asks git itself: only git knows where it looks for hooks (`core.hooksPath`, worktrees,
//! included configuration). No assessment ever does.

mod place;
mod script;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use place::Place;
use script::{HOOKS, Kind, Says};

use super::terminal::Terminal;
use super::{Exit, Failure, files, root};
use crate::report::escape::escape;

/// Set up git hooks that run stanchion
///
/// A hook runs before each commit and each merge: it says which promises of the repository are not kept (then
/// nothing is committed), gives advice on what is new, and is silent where there is nothing new. A hook that is
/// there already is kept, and runs first.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion hook install               promises, and advice on what is new
  stanchion hook install --promises    promises only
  stanchion hook status                what is set up here
  stanchion hook uninstall             as it was before

With the pre-commit framework or prek, put stanchion into its configuration
instead: see docs/hooks.md. `git commit --no-verify` passes a hook.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Set up the hooks, or bring them up to date
    Install {
        /// Say which promises are not kept, and give no advice
        #[arg(long)]
        promises: bool,
    },
    /// Take them away; what was there before comes back
    Uninstall,
    /// Say what is set up
    Status,
}

/// Does what is asked.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = place::find(&base)?;
    let text = match arguments.command {
        Command::Install { promises } => {
            install(&place, if promises { Says::Promises } else { Says::Everything })?
        }
        Command::Uninstall => uninstall(&place)?,
        Command::Status => status(&place)?,
    };
    terminal.print(&text)?;
    Ok(Exit::Ran)
}

fn install(place: &Place, says: Says) -> Result<String, Failure> {
    if place.is_shared {
        return Err(Failure::new(format!(
            "git looks for the hooks of this repository in {}, which is outside of it and may be shared with others",
            place.folder.display()
        ))
        .with_help(format!("add this line to the hooks there yourself: {}", says.command())));
    }
    std::fs::create_dir_all(&place.folder).map_err(|error| Failure::io("create", &place.folder, &error))?;
    let mut out = String::new();
    for hook in HOOKS {
        let path = place.folder.join(hook);
        let aside = place.folder.join(script::aside(hook));
        let was = script::kind(&path).map_err(|error| Failure::io("read", &path, &error))?;
        if was == Kind::Foreign {
            if aside.symlink_metadata().is_ok() {
                return Err(Failure::new(format!(
                    "{} is not ours, and {} is taken, where it would be kept",
                    path.display(),
                    aside.display()
                ))
                .with_help("look at both, and remove the one that nobody needs"));
            }
            std::fs::rename(&path, &aside).map_err(|error| Failure::io("move", &path, &error))?;
        }
        write_hook(&path, &script::text(hook, says)).map_err(|error| {
            // What was there must run on.
            if was == Kind::Foreign {
                let _ = std::fs::rename(&aside, &path);
            }
            Failure::io("write", &path, &error)
        })?;
        let kept = if aside.symlink_metadata().is_ok() {
            format!("; what was there runs first ({})", script::aside(hook))
        } else {
            String::new()
        };
        let verb = if was == Kind::Ours { "brought up to date" } else { "set up" };
        let _ = writeln!(out, "{verb}: {}{kept}", escape(&path.to_string_lossy()));
    }
    if place.is_tracked {
        let _ = writeln!(
            out,
            "note: git looks for hooks in a folder of the repository itself, so these can be committed"
        );
    }
    let _ = writeln!(out, "Before each commit: {}. Try it with: {}", says.words(), says.command());
    Ok(out)
}

fn uninstall(place: &Place) -> Result<String, Failure> {
    let mut out = String::new();
    for hook in HOOKS {
        let path = place.folder.join(hook);
        let aside = place.folder.join(script::aside(hook));
        if script::kind(&path).map_err(|error| Failure::io("read", &path, &error))? != Kind::Ours {
            continue;
        }
        if aside.symlink_metadata().is_ok() {
            // In one step, so that there is a hook at every moment.
            std::fs::rename(&aside, &path).map_err(|error| Failure::io("move", &aside, &error))?;
            let _ = writeln!(out, "as before: {}", escape(&path.to_string_lossy()));
        } else {
            std::fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
            let _ = writeln!(out, "removed: {}", escape(&path.to_string_lossy()));
        }
    }
    if out.is_empty() {
        out.push_str("nothing to do: no hook here is stanchion's\n");
    }
    Ok(out)
}

fn status(place: &Place) -> Result<String, Failure> {
    let mut out = format!("hooks: {}\n", escape(&place.folder.to_string_lossy()));
    let mut any = false;
    for hook in HOOKS {
        let path = place.folder.join(hook);
        let aside = place.folder.join(script::aside(hook));
        let words = match script::kind(&path).map_err(|error| Failure::io("read", &path, &error))? {
            Kind::None => "not set up".to_owned(),
            Kind::Foreign => "another program's; stanchion would run behind it".to_owned(),
            Kind::Ours => {
                any = true;
                let says = script::says(&path).unwrap_or(Says::Everything).words();
                let before =
                    if aside.symlink_metadata().is_ok() { ", behind the one that was there" } else { "" };
                format!("set up: {says}{before}")
            }
        };
        let _ = writeln!(out, "{hook}: {words}");
    }
    if !any {
        out.push_str("set them up with: stanchion hook install\n");
    }
    Ok(out)
}

/// Writes a program, whole or not at all.
fn write_hook(path: &Path, text: &str) -> io::Result<()> {
    // Another program's link must not lead us elsewhere.
    if path.is_symlink() {
        std::fs::remove_file(path)?;
    }
    files::write_whole(path, |out| out.write_all(text.as_bytes()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
