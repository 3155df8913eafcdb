//! Ctrl-C: prints one line, removes the temporary file and exits immediately.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Path of the temporary file that is being written, if any.
static TEMPORARY: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Installs a handler that exits with status 130 on Ctrl-C or a termination request.
pub(super) fn install_handler() {
    // If no handler can be installed, the default action of the system remains.
    let _ = ctrlc::set_handler(exit_on_interrupt);
}

/// Creates a temporary file and registers it for removal on Ctrl-C.
///
/// # Errors
/// The error of `make`; then nothing is registered.
pub(super) fn create_temporary<T>(path: &Path, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    // Locked while the file is created, so that the handler runs before or after it.
    let mut temporary = lock_temporary();
    let file = make()?;
    *temporary = Some(path.to_path_buf());
    Ok(file)
}

/// Unregisters the temporary file, after it was renamed or removed.
pub(super) fn forget_temporary() {
    *lock_temporary() = None;
}

fn lock_temporary() -> MutexGuard<'static, Option<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "other threads may be deep in a parser; waiting for them would delay the exit"
)]
fn exit_on_interrupt() {
    // Locked until the exit, so that no new temporary file is created.
    let temporary = lock_temporary();
    if let Some(path) = &*temporary {
        let _ = std::fs::remove_file(path);
    }
    let message = b"\nstanchion: interrupted; the output may be incomplete\n";
    let _ = io::stderr().write_all(message);
    std::process::exit(130)
}
