//! Ctrl-C: one line, and gone at once, with no temporary file left behind.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The temporary file that is being written, if any.
static TEMPORARY: Mutex<Option<PathBuf>> = Mutex::new(None);

/// From now on, Ctrl-C (and a request to end) leaves with status 130 within moments.
pub(super) fn answer_at_once() {
    // If no handler can be set, the system's own answer to Ctrl-C stays.
    let _ = ctrlc::set_handler(leave);
}

/// Makes a temporary file, and remembers it for Ctrl-C to remove.
///
/// # Errors
/// Those of `make`; then nothing is remembered.
pub(super) fn making_temporary<T>(path: &Path, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    // Held while the file is made: Ctrl-C comes before it or after it.
    let mut temporary = temporary();
    let file = make()?;
    *temporary = Some(path.to_path_buf());
    Ok(file)
}

/// Forgets the temporary file: it was renamed or removed.
pub(super) fn temporary_is_gone() {
    *temporary() = None;
}

fn temporary() -> MutexGuard<'static, Option<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the other threads may be deep in a parser; waiting for them would not be at once"
)]
fn leave() {
    // Held until the end, so that no new temporary file is begun.
    let temporary = temporary();
    if let Some(path) = &*temporary {
        let _ = std::fs::remove_file(path);
    }
    let words = b"\nstanchion: stopped before the end; what was written may not be all\n";
    let _ = io::stderr().write_all(words);
    std::process::exit(130)
}
