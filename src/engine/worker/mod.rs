//! Worker processes: any work that a hostile file or guideline could make abort or hang runs in a child
//! process of the same program, with limits on memory, processor time and files.
//!
//! The parent (`pool`, `process`, `inbox`, `cpu_clock`) opens files and never parses them. The child
//! (`serve`, `limits`, `time_watch`, `memory_limit`) parses and never opens files. They exchange the frames
//! of `protocol`. This module must not depend on concrete checks, guidelines or reports. Without Unix
//! processes all work runs in the parent (see [`super::stream`]).

#[cfg(unix)]
mod cpu_clock;
#[cfg(unix)]
mod end_reason;
#[cfg(unix)]
mod inbox;
#[cfg(unix)]
mod limits;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod memory_limit;
#[cfg(unix)]
mod pool;
#[cfg(unix)]
mod process;
mod program;
mod protocol;
mod serve;
#[cfg(unix)]
mod time_watch;

#[cfg(unix)]
pub(super) use pool::{Pool, PoolEvent};
pub use program::{is_worker_invocation, worker_program};
pub use serve::serve;

/// Hidden command that runs the program as a worker.
pub const COMMAND: &str = "__worker";

/// Path of a test script that behaves like a broken worker.
#[cfg(all(unix, test))]
fn fake_worker(name: &str) -> std::path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/worker/fakes", name].iter().collect()
}
