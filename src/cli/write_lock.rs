//! A lock for writing policy files: one process at a time. A writer reads the files again under the lock, so
//! that it does not overwrite changes of another process.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::Failure;

/// Maximum number of attempts to acquire the lock, 100 ms apart. Its holder only writes a few small files.
const ATTEMPTS: u32 = 100;

/// Exclusive right to change the policy files of a project, until it is dropped.
#[must_use = "the lock is released when this is dropped"]
pub(super) struct WriteLock {
    /// `None` if the system or file system has no locks; then writers are not serialized.
    _lock: Option<File>,
}

/// Waits for the lock on the policy files of the project in `root`.
///
/// # Errors
/// Another process holds the lock for more than ten seconds, or the folder cannot be opened.
pub(super) fn acquire(root: &Path) -> Result<WriteLock, Failure> {
    let mut denials = 0;
    for _ in 0..ATTEMPTS {
        match system::lock(root, &mut denials) {
            Ok(Some(lock)) => return Ok(WriteLock { _lock: lock }),
            Ok(None) => std::thread::sleep(Duration::from_millis(100)),
            Err((verb, error)) => return Err(Failure::io(verb, root, &error)),
        }
    }
    Err(Failure::new(format!(
        "another process has been changing {} for more than 10 seconds",
        root.display()
    ))
    .with_help("check whether another `stanchion` is still running, then try again; nothing was written"))
}

/// Result of one attempt: `Ok(Some(Some(_)))` is the acquired lock, `Ok(None)` means that another process
/// holds it, and `Ok(Some(None))` that there are no locks here.
type LockAttempt = Result<Option<Option<File>>, (&'static str, io::Error)>;

/// Locks the folder itself, where the file system supports it. Nothing is written.
#[cfg(unix)]
mod system {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;

    use super::{File, LockAttempt, Path};

    pub(super) fn lock(root: &Path, _: &mut u32) -> LockAttempt {
        #[expect(clippy::disallowed_methods, reason = "a folder of the user's own, which is only locked")]
        let folder = File::open(root).map_err(|error| ("open", error))?;
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Some(folder))),
            // Some network file systems have no locks; then writers are not serialized.
            Err(Errno::NOSYS | Errno::NOTSUP | Errno::NOLCK) => Ok(Some(None)),
            Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(None),
            Err(error) => Err(("lock", error.into())),
        }
    }
}

/// Windows cannot lock a folder. Instead, a file in the user's temporary folder is opened without sharing;
/// the system removes it when the last handle is closed.
#[cfg(windows)]
mod system {
    use std::os::windows::fs::OpenOptionsExt as _;

    use super::{File, LockAttempt, Path, io};

    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    /// A symbolic link in its place is not followed; it is removed.
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    const ERROR_ACCESS_DENIED: i32 = 5;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    /// Maximum number of consecutive denials while the file is being removed, which takes only moments.
    const MOST_DENIALS: u32 = 5;

    pub(super) fn lock(root: &Path, denials: &mut u32) -> LockAttempt {
        let digest = crate::format::sha256_hex(root.as_os_str().as_encoded_bytes());
        let path = std::env::temp_dir().join(format!("stanchion-{}.turn", &digest[..32]));
        let mut options = File::options();
        options
            .write(true)
            .create(true)
            .share_mode(0)
            .custom_flags(FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_OPEN_REPARSE_POINT);
        match options.open(path) {
            Ok(file) => Ok(Some(Some(file))),
            // Access is denied temporarily while the file is being removed, and permanently for a file or
            // folder of another user: then there is no lock, and writers are not serialized.
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

/// Other systems have no lock: the last writer wins.
#[cfg(not(any(unix, windows)))]
mod system {
    use super::{LockAttempt, Path};

    pub(super) fn lock(_: &Path, _: &mut u32) -> LockAttempt {
        Ok(Some(None))
    }
}
