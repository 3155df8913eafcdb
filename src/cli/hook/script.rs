//! The hook itself: a few lines of sh that git runs.

use std::io;
use std::path::Path;

/// Hooks that are set up: before a commit, and before the commit of a merge, for which git does not run the first.
pub(super) const HOOKS: [&str; 2] = ["pre-commit", "pre-merge-commit"];
/// By what a hook of ours is known.
const MARK: &str = "# stanchion-hook: 1";

/// What a hook says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// Promises that are not kept.
    Promises,
    /// And advice on what is new.
    Everything,
}

impl Says {
    /// What the hook runs.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Promises => "stanchion check --hook promises",
            Self::Everything => "stanchion check --hook all",
        }
    }

    /// For people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Promises => "promises that are not kept",
            Self::Everything => "promises that are not kept, and advice on what is new",
        }
    }
}

/// Whose a hook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is none.
    None,
    /// Ours.
    Ours,
    /// Somebody else's.
    Foreign,
}

/// The name under which another program's hook is kept.
pub(super) fn aside(hook: &str) -> String {
    format!("{hook}.before-stanchion")
}

/// The text of a hook.
pub(super) fn text(hook: &str, says: Says) -> String {
    let (aside, command) = (aside(hook), says.command());
    format!(
        "#!/bin/sh\n\
         {MARK}\n\
         # Written by `stanchion hook install`; `stanchion hook uninstall` takes it away.\n\
         # What was here before stands beside it and runs first.\n\
         before=$(dirname -- \"$0\")/{aside}\n\
         if [ -x \"$before\" ]; then\n  \
           \"$before\" \"$@\" || exit $?\n\
         fi\n\
         if ! command -v stanchion >/dev/null 2>&1; then\n  \
           echo 'stanchion is not installed here, so nobody looks at promises before this commit' >&2\n  \
           exit 0\n\
         fi\n\
         # Status 1: a promise is not kept. Whatever else goes wrong (it is told) stops nobody.\n\
         {command}\n\
         test $? -ne 1\n"
    )
}

/// Whose the hook at `path` is.
///
/// # Errors
/// When it cannot be read.
pub(super) fn kind(path: &Path) -> io::Result<Kind> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kind::None),
        Err(error) => Err(error),
        Ok(it) if !it.is_file() => Ok(Kind::Foreign),
        Ok(_) => Ok(if content(path)?.lines().any(|line| line == MARK) { Kind::Ours } else { Kind::Foreign }),
    }
}

/// What a hook of ours says.
pub(super) fn says(path: &Path) -> Option<Says> {
    let text = content(path).ok()?;
    [Says::Promises, Says::Everything].into_iter().find(|says| text.contains(says.command()))
}

#[expect(clippy::disallowed_methods, reason = "a hook of this clone, at most a few lines")]
fn content(path: &Path) -> io::Result<String> {
    // A hook may be any program.
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned())
}
