//! The running program as a worker: how it is asked to be one, and how it is started as one.

use std::path::PathBuf;

use super::COMMAND;

/// Whether the arguments of the process ask for a worker. Looked at before anything else: starting one must be cheap.
#[must_use]
pub fn is_asked_for() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == COMMAND) && arguments.next().is_none()
}

/// This program, to be started as a worker; `None` where processes cannot be limited: then files are assessed in this
/// one.
#[must_use]
pub fn program() -> Option<PathBuf> {
    if !cfg!(unix) {
        return None;
    }
    // The running program itself, even when its file was replaced meanwhile.
    let itself = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && itself.exists() { Some(itself) } else { std::env::current_exe().ok() }
}
