//! `stanchion hook`: installs git hooks of this clone that run stanchion. Existing hooks are kept.
//!
//! This command runs git, because only git knows the location of its hooks (`core.hooksPath`, worktrees,
//! included configuration). An assessment never runs git.

mod hooks_folder;
mod script;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use hooks_folder::HooksFolder;
use script::{HOOKS, HookMode, HookOwner};

use super::terminal::Terminal;
use super::{Exit, Failure, files, root};
use crate::report::escape::escape;

/// Install git hooks that run stanchion
///
/// The hook runs before each commit and merge. It reports promises that are not kept (which stops the commit)
/// and advice on new findings; without new findings it prints nothing. An existing hook is kept and runs
/// first.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion hook install               check promises, advise on new findings
  stanchion hook install --promises    check promises only
  stanchion hook status                show the installed hooks
  stanchion hook uninstall             restore the previous hooks

With the pre-commit framework or prek, add stanchion to its configuration
instead: see docs/how-to/git-hooks.md. `git commit --no-verify` skips all hooks.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: HookCommand,
}

#[derive(clap::Subcommand, Debug)]
enum HookCommand {
    /// Install or update the hooks
    Install {
        /// Report only promises that are not kept, without advice
        #[arg(long)]
        promises: bool,
    },
    /// Remove the hooks and restore the previous ones
    Uninstall,
    /// Show the installed hooks
    Status,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let hooks = hooks_folder::find_hooks_folder(&base)?;
    let text = match arguments.command {
        HookCommand::Install { promises } => {
            install(&hooks, if promises { HookMode::Promises } else { HookMode::Everything })?
        }
        HookCommand::Uninstall => uninstall(&hooks)?,
        HookCommand::Status => status(&hooks)?,
    };
    terminal.print(&text)?;
    Ok(Exit::Ran)
}

fn install(hooks: &HooksFolder, mode: HookMode) -> Result<String, Failure> {
    if hooks.is_shared {
        return Err(Failure::new(format!(
            "the hooks folder of this repository is {}, which is outside the repository and may be shared",
            hooks.folder.display()
        ))
        .with_help(format!("add this line to the hooks there by hand: {}", mode.command())));
    }
    std::fs::create_dir_all(&hooks.folder).map_err(|error| Failure::io("create", &hooks.folder, &error))?;
    let mut out = String::new();
    for hook in HOOKS {
        let path = hooks.folder.join(hook);
        let backup = hooks.folder.join(script::backup_name(hook));
        let was = script::read_owner(&path).map_err(|error| Failure::io("read", &path, &error))?;
        if was == HookOwner::Foreign {
            if backup.symlink_metadata().is_ok() {
                return Err(Failure::new(format!(
                    "{} was not installed by stanchion, and its backup name {} is taken",
                    path.display(),
                    backup.display()
                ))
                .with_help("compare both files, and remove the one that is not needed"));
            }
            std::fs::rename(&path, &backup).map_err(|error| Failure::io("move", &path, &error))?;
        }
        write_hook(&path, &script::render(hook, mode)).map_err(|error| {
            // The previous hook must stay active.
            if was == HookOwner::Foreign {
                let _ = std::fs::rename(&backup, &path);
            }
            Failure::io("write", &path, &error)
        })?;
        let kept = if backup.symlink_metadata().is_ok() {
            format!("; the previous hook runs first ({})", script::backup_name(hook))
        } else {
            String::new()
        };
        let verb = if was == HookOwner::Ours { "updated" } else { "installed" };
        let _ = writeln!(out, "{verb}: {}{kept}", escape(&path.to_string_lossy()));
    }
    if hooks.is_tracked {
        let _ =
            writeln!(out, "note: the hooks folder is inside the work tree, so these hooks can be committed");
    }
    let _ = writeln!(
        out,
        "Before each commit, the hook reports {}. To try it: {}",
        mode.describe(),
        mode.command()
    );
    Ok(out)
}

fn uninstall(hooks: &HooksFolder) -> Result<String, Failure> {
    let mut out = String::new();
    for hook in HOOKS {
        let path = hooks.folder.join(hook);
        let backup = hooks.folder.join(script::backup_name(hook));
        if script::read_owner(&path).map_err(|error| Failure::io("read", &path, &error))? != HookOwner::Ours {
            continue;
        }
        if backup.symlink_metadata().is_ok() {
            // One rename, so that a hook exists at all times.
            std::fs::rename(&backup, &path).map_err(|error| Failure::io("move", &backup, &error))?;
            let _ = writeln!(out, "restored: {}", escape(&path.to_string_lossy()));
        } else {
            std::fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
            let _ = writeln!(out, "removed: {}", escape(&path.to_string_lossy()));
        }
    }
    if out.is_empty() {
        out.push_str("nothing to do: no hook was installed by stanchion\n");
    }
    Ok(out)
}

fn status(hooks: &HooksFolder) -> Result<String, Failure> {
    let mut out = format!("hooks: {}\n", escape(&hooks.folder.to_string_lossy()));
    let mut any = false;
    for hook in HOOKS {
        let path = hooks.folder.join(hook);
        let backup = hooks.folder.join(script::backup_name(hook));
        let status_text = match script::read_owner(&path)
            .map_err(|error| Failure::io("read", &path, &error))?
        {
            HookOwner::None => "not installed".to_owned(),
            HookOwner::Foreign => "installed by another program; stanchion would run after it".to_owned(),
            HookOwner::Ours => {
                any = true;
                let mode = script::read_mode(&path).unwrap_or(HookMode::Everything).describe();
                let before = if backup.symlink_metadata().is_ok() { ", after the previous hook" } else { "" };
                format!("installed{before}; reports {mode}")
            }
        };
        let _ = writeln!(out, "{hook}: {status_text}");
    }
    if !any {
        out.push_str("to install them: stanchion hook install\n");
    }
    Ok(out)
}

/// Writes an executable file atomically.
fn write_hook(path: &Path, text: &str) -> io::Result<()> {
    // A symbolic link of another program is replaced, not followed.
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
