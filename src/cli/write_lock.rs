//! One writer at a time: whoever changes what a repository says reads it again when it is his turn, so that nothing of
//! what others wrote meanwhile is lost.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::Failure;

/// How long one waits for his turn, in tenths of a second: whoever has it only writes a few small files.
const TENTHS: u32 = 100;

/// The right to change what the party in a folder says, until it is dropped.
#[must_use = "it is over when this is dropped"]
pub(super) struct Turn {
    /// `None` where there are no locks: then there is no order.
    _lock: Option<File>,
}

/// Waits for one's turn to change what the party in `root` says.
///
/// # Errors
/// When somebody else has it for more than ten seconds, or the folder cannot be opened.
pub(super) fn take(root: &Path) -> Result<Turn, Failure> {
    let mut denials = 0;
    for _ in 0..TENTHS {
        match system::lock(root, &mut denials) {
            Ok(Some(lock)) => return Ok(Turn { _lock: lock }),
            Ok(None) => std::thread::sleep(Duration::from_millis(100)),
            Err((verb, error)) => return Err(Failure::io(verb, root, &error)),
        }
    }
    Err(Failure::new(format!("somebody else has been changing {} for more than 10 seconds", root.display()))
        .with_help("see whether another `stanchion` still runs, and try again; nothing was written"))
}

/// A lock that is had; a lock that somebody else has is `Ok(None)`, and one that cannot be had `Ok(Some(None))`.
type Locked = Result<Option<Option<File>>, (&'static str, io::Error)>;

/// Nothing is written: the folder itself is locked, where the file system can do that.
#[cfg(unix)]
mod system {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;

    use super::{File, Locked, Path};

    pub(super) fn lock(root: &Path, _: &mut u32) -> Locked {
        #[expect(clippy::disallowed_methods, reason = "a folder of the user's own, which is only locked")]
        let folder = File::open(root).map_err(|error| ("open", error))?;
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Some(folder))),
            // Some network file systems have no locks: then there is no order, as before.
            Err(Errno::NOSYS | Errno::NOTSUP | Errno::NOLCK) => Ok(Some(None)),
            Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(None),
            Err(error) => Err(("lock", error.into())),
        }
    }
}

/// A folder cannot be locked here. A file of the user's own that only one may have open stands for it; the system
/// removes it with the last one who had it.
#[cfg(windows)]
mod system {
    use std::os::windows::fs::OpenOptionsExt as _;

    use super::{File, Locked, Path, io};

    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    /// A link that somebody put there is not followed; it is removed.
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    const ERROR_ACCESS_DENIED: i32 = 5;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    /// How often one is denied, without anything else between, what is just being removed: that is over within moments.
    const MOST_DENIALS: u32 = 5;

    pub(super) fn lock(root: &Path, denials: &mut u32) -> Locked {
        let digest = crate::format::digest(root.as_os_str().as_encoded_bytes());
        let path = std::env::temp_dir().join(format!("stanchion-{}.turn", &digest[..32]));
        let mut options = File::options();
        options
            .write(true)
            .create(true)
            .share_mode(0)
            .custom_flags(FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_OPEN_REPARSE_POINT);
        match options.open(path) {
            Ok(file) => Ok(Some(Some(file))),
            // Denied is what is said of a file that is just being removed, and always of one, or of a folder, that is not
            // ours: nobody has the turn there, and there is no order.
            Err(error) => match error.raw_os_error() {
                Some(ERROR_SHARING_VIOLATION) => {
                    *denials = 0;
                    Ok(None)
                }
                Some(ERROR_ACCESS_DENIED) => {
                    *denials += 1;
                    Ok(if *denials > MOST_DENIALS { Some(None) } else { None })
                }
                _ if error.kind() == io::ErrorKind::NotFound => Ok(Some(None)),
                _ => Err(("lock", error)),
            },
        }
    }
}

/// There is no lock here: the last one who writes is right.
#[cfg(not(any(unix, windows)))]
mod system {
    use super::{Locked, Path};

    pub(super) fn lock(_: &Path, _: &mut u32) -> Locked {
        Ok(Some(None))
    }
}
