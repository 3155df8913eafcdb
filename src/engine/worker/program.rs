//! The running program as a worker: detects the worker command, and finds the executable to start.

use std::path::PathBuf;

use super::COMMAND;

/// Whether the process was started as a worker. Checked before anything else, since starting workers must be
/// cheap.
#[must_use]
pub fn is_worker_invocation() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == COMMAND) && arguments.next().is_none()
}

/// Returns the path of this program, to start it as a worker. `None` on systems where processes cannot be
/// limited: then files are assessed in this process.
#[must_use]
pub fn worker_program() -> Option<PathBuf> {
    if !cfg!(unix) {
        return None;
    }
    // `/proc/self/exe` is the running program, even if its file was replaced meanwhile.
    let itself = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && itself.exists() { Some(itself) } else { std::env::current_exe().ok() }
}
