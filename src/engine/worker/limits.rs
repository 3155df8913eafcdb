//! Resource limits of a worker. Exceeding one ends the worker; the parent reports the file and continues.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::engine::budget::process_time;

/// Maximum memory of a worker that runs alone, in bytes. On Linux the kernel limits all private writable
/// memory; macOS ignores the limit, so the worker checks itself (`memory_limit`).
pub(super) const ALONE_BYTES: u64 = 216 << 20;
/// Maximum memory of all workers together while several are working, in bytes.
const TOGETHER_BYTES: u64 = 192 << 20;
/// Minimum memory of a worker, in bytes, independent of the number of workers: compiling the checks needs it.
const MIN_SHARE_BYTES: u64 = 48 << 20;
/// Additional processor time beyond the limit of the watching thread, in whole seconds (the kernel's unit).
const SPARE_SECONDS: u64 = 2;
/// The same for the parent, which also checks.
pub(super) const SPARE_TIME: Duration = Duration::from_secs(SPARE_SECONDS);

/// Returns the memory limit of each of `workers` concurrent workers, in bytes.
pub(super) fn memory_share(workers: usize) -> u64 {
    (TOGETHER_BYTES / (workers.max(1) as u64)).max(MIN_SHARE_BYTES)
}

/// Limits this process. A limit that cannot be set remains unchanged.
pub(super) fn apply_limits() {
    lower_limit(Resource::Data, ALONE_BYTES);
    #[cfg(any(target_os = "macos", all(test, unix)))]
    super::memory_limit::PEAK_MEMORY.allow(ALONE_BYTES);
    lower_limit(Resource::Core, 0);
    // A worker opens no files, and writes only its answers.
    lower_limit(Resource::Fsize, 0);
    lower_limit(Resource::Nofile, 8);
    // If the parent is killed, our input may stay open, because another child may hold a copy of it. The
    // kernel then kills this process, too.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

/// Sets the memory limit of this process to `bytes`, at most [`ALONE_BYTES`]; 0 leaves it unchanged.
pub(super) fn allow_memory(bytes: u64) {
    #[cfg(any(target_os = "macos", all(test, unix)))]
    if bytes > 0 {
        super::memory_limit::PEAK_MEMORY.allow(bytes.min(ALONE_BYTES));
    }
    let limit = getrlimit(Resource::Data);
    let current = Some(limit.maximum.map_or(bytes, |most| most.min(bytes)));
    if bytes > 0 && limit.current != current {
        let _ = setrlimit(Resource::Data, Rlimit { current, maximum: limit.maximum });
    }
}

/// Lets this process use `time` more of processor time, plus [`SPARE_SECONDS`]; then the kernel ends it
/// (SIGXCPU).
pub(super) fn allow_processor_time(time: Duration) {
    let end = (process_time() + time).as_secs() + SPARE_SECONDS;
    let limit = getrlimit(Resource::Cpu);
    if limit.current != Some(end) && limit.maximum.is_none_or(|most| most >= end) {
        let _ = setrlimit(Resource::Cpu, Rlimit { current: Some(end), maximum: limit.maximum });
    }
}

fn lower_limit(resource: Resource, to: u64) {
    let limit = getrlimit(resource);
    let least = |most: Option<u64>| Some(most.map_or(to, |most| most.min(to)));
    // Also lowers the hard limit, so that code in this process cannot raise the limit again.
    let _ = setrlimit(resource, Rlimit { current: least(limit.current), maximum: least(limit.maximum) });
}
