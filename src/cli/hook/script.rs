//! The hook script: a few lines of sh that git runs.

use std::io;
use std::path::Path;

/// Names of the installed hooks. Git runs `pre-merge-commit` instead of `pre-commit` for merge commits.
pub(super) const HOOKS: [&str; 2] = ["pre-commit", "pre-merge-commit"];
/// Line that identifies a hook of stanchion.
const MARK: &str = "# stanchion-hook: 1";

/// Content of the hook report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HookMode {
    /// Only promises that are not kept.
    Promises,
    /// Promises and advice on new findings.
    Everything,
}

impl HookMode {
    /// Command that the hook runs.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Promises => "stanchion check --hook promises",
            Self::Everything => "stanchion check --hook all",
        }
    }

    /// Description for messages.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Promises => "promises that are not kept",
            Self::Everything => "promises that are not kept, and advice on new findings",
        }
    }
}

/// Program that installed a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HookOwner {
    /// There is no hook.
    None,
    /// Stanchion.
    Ours,
    /// Another program or the user.
    Foreign,
}

/// File name under which the previous hook is kept.
pub(super) fn backup_name(hook: &str) -> String {
    format!("{hook}.before-stanchion")
}

/// Renders the hook script.
pub(super) fn render(hook: &str, mode: HookMode) -> String {
    let (backup, command) = (backup_name(hook), mode.command());
    format!(
        "#!/bin/sh\n\
         {MARK}\n\
         # Written by `stanchion hook install`; `stanchion hook uninstall` removes it.\n\
         # The previous hook is kept in the same folder and runs first.\n\
         before=$(dirname -- \"$0\")/{backup}\n\
         if [ -x \"$before\" ]; then\n  \
           \"$before\" \"$@\" || exit $?\n\
         fi\n\
         if ! command -v stanchion >/dev/null 2>&1; then\n  \
           echo 'stanchion is not installed, so promises are not checked before this commit' >&2\n  \
           exit 0\n\
         fi\n\
         # Status 1: a promise is not kept. Other errors are reported, but do not stop the commit.\n\
         {command}\n\
         test $? -ne 1\n"
    )
}

/// Determines which program installed the hook at `path`.
///
/// # Errors
/// The hook cannot be read.
pub(super) fn read_owner(path: &Path) -> io::Result<HookOwner> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HookOwner::None),
        Err(error) => Err(error),
        Ok(it) if !it.is_file() => Ok(HookOwner::Foreign),
        Ok(_) => Ok(if read_script(path)?.lines().any(|line| line == MARK) {
            HookOwner::Ours
        } else {
            HookOwner::Foreign
        }),
    }
}

/// Reads the mode of an installed hook of stanchion.
pub(super) fn read_mode(path: &Path) -> Option<HookMode> {
    let text = read_script(path).ok()?;
    [HookMode::Promises, HookMode::Everything].into_iter().find(|mode| text.contains(mode.command()))
}

#[expect(clippy::disallowed_methods, reason = "a hook of this clone, at most a few lines")]
fn read_script(path: &Path) -> io::Result<String> {
    // A hook may be a binary program.
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned())
}
