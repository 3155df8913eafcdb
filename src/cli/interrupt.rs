//! Ctrl-C: one line, and gone at once.

use std::io::Write as _;

/// From now on, Ctrl-C (and a request to end) leaves with status 130 within moments.
pub(super) fn answer_at_once() {
    // If no handler can be set, the system's own answer to Ctrl-C stays.
    let _ = ctrlc::set_handler(leave);
}

#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the other threads may be deep in a parser; waiting for them would not be at once"
)]
fn leave() {
    let _ = std::io::stderr().write_all(b"\nstanchion: stopped; no report was written\n");
    std::process::exit(130)
}
