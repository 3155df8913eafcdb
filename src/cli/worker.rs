//! `stanchion __worker`.

use std::io;

use super::Exit;
use crate::engine::worker;
pub(super) use crate::engine::worker::{is_asked_for, program};

/// Answers requests on standard input until it ends.
pub(super) fn run() -> Exit {
    match worker::serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => Exit::Ran,
        // The parent is gone, or it was no parent: there is nobody to tell.
        Err(_) => Exit::CouldNot,
    }
}
