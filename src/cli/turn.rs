//! One writer at a time: whoever changes what a repository says reads it again when it is his turn, so that nothing of
//! what others wrote meanwhile is lost.

use std::path::Path;

use super::Failure;

/// How long one waits for his turn, in tenths of a second: whoever has it only writes a few small files.
const TENTHS: u32 = 100;

/// The right to change what the party in a folder says, until it is dropped.
#[must_use = "it is over when this is dropped"]
pub(super) struct Turn {
    #[cfg(unix)]
    _folder: std::fs::File,
}

/// Waits for one's turn to change what the party in `root` says. Nothing is written for it: the folder itself is locked,
/// where the system can do that.
///
/// # Errors
/// When somebody else has it for more than ten seconds, or the folder cannot be opened.
#[cfg(unix)]
pub(super) fn take(root: &Path) -> Result<Turn, Failure> {
    use rustix::fs::{FlockOperation, flock};
    #[expect(clippy::disallowed_methods, reason = "a folder of the user's own, which is only locked")]
    let folder = std::fs::File::open(root).map_err(|error| Failure::io("open", root, &error))?;
    for _ in 0..TENTHS {
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            // Some network file systems have no locks: then there is no order, as before.
            Ok(()) | Err(rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP | rustix::io::Errno::NOLCK) => {
                return Ok(Turn { _folder: folder });
            }
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            Err(error) => return Err(Failure::io("lock", root, &error.into())),
        }
    }
    Err(Failure::new(format!("somebody else has been changing {} for more than 10 seconds", root.display()))
        .with_help("see whether another `stanchion` still runs, and try again; nothing was written"))
}

/// There is no lock of folders here: the last one who writes is right.
#[cfg(not(unix))]
pub(super) fn take(_root: &Path) -> Result<Turn, Failure> {
    let _ = TENTHS;
    Ok(Turn {})
}
