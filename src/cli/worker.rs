//! `stanchion __worker`: the child process that assesses files.

use std::io;

use super::Exit;
use crate::engine::worker;
pub(super) use crate::engine::worker::{is_worker_invocation, worker_program};

/// Handles requests from standard input until its end.
pub(super) fn run() -> Exit {
    match worker::serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => Exit::Ran,
        // The parent exited, or the input is not a valid request stream: there is no one to report to.
        Err(_) => Exit::Error,
    }
}
