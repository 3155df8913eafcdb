//! `stanchion __worker`, and how the program finds itself to start one.

use std::io;
use std::path::PathBuf;

use super::Exit;
use crate::engine::worker;

/// Whether the arguments ask for a worker. Looked at before anything else: starting one must be cheap.
pub(super) fn is_asked_for() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == worker::COMMAND) && arguments.next().is_none()
}

/// Answers requests on standard input until it ends.
pub(super) fn run() -> Exit {
    match worker::serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => Exit::Ran,
        // The parent is gone, or it was no parent: there is nobody to tell.
        Err(_) => Exit::CouldNot,
    }
}

/// This program, to be started as a worker; `None` where processes cannot be limited: then files are
/// assessed in this one.
pub(super) fn program() -> Option<PathBuf> {
    if !cfg!(unix) {
        return None;
    }
    // The running program itself, even when its file was replaced meanwhile.
    let itself = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && itself.exists() { Some(itself) } else { std::env::current_exe().ok() }
}
