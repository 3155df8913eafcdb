//! The worker: everything that a hostile file or guideline could make abort or hang happens in a child
//! process of the same program, with limits on memory, processor time and files.
//!
//! The parent (`pool`, `process`, `inbox`, `clock`) opens files and never parses; the child (`serve`, `limits`,
//! `watch`, `memory`) parses and never opens. Between them go the frames of `protocol`. No check, no guideline and no report may enter
//! here. Without Unix processes everything happens in the parent (see [`super::stream`]).

#[cfg(unix)]
mod clock;
#[cfg(unix)]
mod ending;
#[cfg(unix)]
mod inbox;
mod itself;
#[cfg(unix)]
mod limits;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod memory;
#[cfg(unix)]
mod pool;
#[cfg(unix)]
mod process;
mod protocol;
mod serve;
#[cfg(unix)]
mod watch;

pub use itself::{is_asked_for, program};
#[cfg(unix)]
pub(super) use pool::{Pool, Progressed};
pub use serve::serve;

/// The hidden command that makes the program a worker.
pub const COMMAND: &str = "__worker";

/// A program that does what a broken worker might.
#[cfg(all(unix, test))]
fn fake(name: &str) -> std::path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/worker/fakes", name].iter().collect()
}
