//! Finds the folder of git hooks for this clone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::Failure;

/// The folder of git hooks.
pub(super) struct HooksFolder {
    /// Absolute path.
    pub(super) folder: PathBuf,
    /// Whether it is outside the repository, and may be shared by several repositories.
    pub(super) is_shared: bool,
    /// Whether it is inside the work tree.
    pub(super) is_tracked: bool,
}

/// Queries git for the hooks folder.
///
/// # Errors
/// The folder is not in a repository, or git is not installed.
pub(super) fn find_hooks_folder(base: &Path) -> Result<HooksFolder, Failure> {
    let folder = git_line(base, &["rev-parse", "--git-path", "hooks"])?;
    let common = git_line(base, &["rev-parse", "--git-common-dir"])?;
    let top = git_line(base, &["rev-parse", "--show-toplevel"]).ok();
    let absolute = |text: &str| {
        let path = base.join(text);
        path.canonicalize().unwrap_or(path)
    };
    let (folder, common) = (absolute(&folder), absolute(&common));
    let in_git = folder.starts_with(&common);
    let is_tracked = !in_git && top.is_some_and(|top| folder.starts_with(absolute(&top)));
    Ok(HooksFolder { is_shared: !in_git && !is_tracked, is_tracked, folder })
}

/// Runs git without its environment variables, and returns its output without the line ending.
#[expect(
    clippy::disallowed_methods,
    reason = "only git knows the location of its hooks; nothing is assessed here"
)]
fn git_line(base: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let mut git = Command::new("git");
    git.args(["-c", "core.fsmonitor=false"]).args(arguments).current_dir(base).stdin(Stdio::null());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        git.env_remove(name);
    }
    let output = git.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::new("git was not found; it is needed to locate the hooks")
            .with_help("install git, or put it on PATH"),
        _ => Failure::new(format!("git cannot be run: {error}")),
    })?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        let first =
            message.lines().next().unwrap_or("no message from git").trim_start_matches("fatal: ").to_owned();
        return Err(Failure::new(format!("git cannot locate the hooks: {first}"))
            .with_help("change to a folder of a git repository"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned())
}
