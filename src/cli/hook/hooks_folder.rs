//! Where git looks for the hooks of this clone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::Failure;

/// A folder of hooks.
pub(super) struct Place {
    /// Absolute.
    pub(super) folder: PathBuf,
    /// Whether it lies outside the repository: then others may use it, too.
    pub(super) is_shared: bool,
    /// Whether it lies in the work tree.
    pub(super) is_tracked: bool,
}

/// Asks git.
///
/// # Errors
/// Outside a repository, or without git.
pub(super) fn find(base: &Path) -> Result<Place, Failure> {
    let folder = ask(base, &["rev-parse", "--git-path", "hooks"])?;
    let common = ask(base, &["rev-parse", "--git-common-dir"])?;
    let top = ask(base, &["rev-parse", "--show-toplevel"]).ok();
    let absolute = |text: &str| {
        let path = base.join(text);
        path.canonicalize().unwrap_or(path)
    };
    let (folder, common) = (absolute(&folder), absolute(&common));
    let in_git = folder.starts_with(&common);
    let is_tracked = !in_git && top.is_some_and(|top| folder.starts_with(absolute(&top)));
    Ok(Place { is_shared: !in_git && !is_tracked, is_tracked, folder })
}

/// One line from git, without anything that the environment could tell it.
#[expect(
    clippy::disallowed_methods,
    reason = "only git knows where it looks for hooks; nothing is assessed here"
)]
fn ask(base: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let mut git = Command::new("git");
    git.args(["-c", "core.fsmonitor=false"]).args(arguments).current_dir(base).stdin(Stdio::null());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        git.env_remove(name);
    }
    let output = git.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::new("git is not found, and only git knows where its hooks are")
                .with_help("install git, or put it on PATH")
        }
        _ => Failure::new(format!("git cannot be run: {error}")),
    })?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let first =
            words.lines().next().unwrap_or("git says nothing more").trim_start_matches("fatal: ").to_owned();
        return Err(Failure::new(format!("git does not say where the hooks are: {first}"))
            .with_help("change to a folder of a git repository"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned())
}
