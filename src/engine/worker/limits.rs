//! What the worker may use. Each limit ends it; the parent says which file it was at and goes on.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::engine::budget::process_time;

/// Most memory of a worker that runs alone, in bytes. On Linux the kernel keeps the limit, of all private writable
/// memory; macOS does not keep it, so the worker looks itself (`memory`).
pub(super) const ALONE: u64 = 216 << 20;
/// Most memory of all workers together while several are at work, in bytes.
const TOGETHER: u64 = 192 << 20;
/// What a worker gets however many there are: less would not do for compiling the checks.
const LEAST: u64 = 48 << 20;
/// Processor time beyond what the watching thread allows, in whole seconds as the kernel counts them.
const SPARE_SECONDS: u64 = 2;
/// The same for the parent, which looks as well.
pub(super) const SPARE: Duration = Duration::from_secs(SPARE_SECONDS);

/// The memory of each of `workers` that are at work at the same time, in bytes.
pub(super) fn share(workers: usize) -> u64 {
    (TOGETHER / (workers.max(1) as u64)).max(LEAST)
}

/// Limits this process. What cannot be set stays as it was.
pub(super) fn apply() {
    lower(Resource::Data, ALONE);
    #[cfg(any(target_os = "macos", all(test, unix)))]
    super::memory::MOST.allow(ALONE);
    lower(Resource::Core, 0);
    // It opens nothing and writes nothing but its answers.
    lower(Resource::Fsize, 0);
    lower(Resource::Nofile, 8);
    // A parent that was killed cannot close our input where another child holds a copy of it.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

/// Lets this process use so many bytes from now on, and never more than [`ALONE`]; 0 changes nothing.
pub(super) fn allow_memory(bytes: u64) {
    #[cfg(any(target_os = "macos", all(test, unix)))]
    if bytes > 0 {
        super::memory::MOST.allow(bytes.min(ALONE));
    }
    let limit = getrlimit(Resource::Data);
    let current = Some(limit.maximum.map_or(bytes, |most| most.min(bytes)));
    if bytes > 0 && limit.current != current {
        let _ = setrlimit(Resource::Data, Rlimit { current, maximum: limit.maximum });
    }
}

/// Lets this process use `time` more of processor time and something to spare; the kernel then ends it
/// (SIGXCPU).
pub(super) fn allow_processor_time(time: Duration) {
    let end = (process_time() + time).as_secs() + SPARE_SECONDS;
    let limit = getrlimit(Resource::Cpu);
    if limit.current != Some(end) && limit.maximum.is_none_or(|most| most >= end) {
        let _ = setrlimit(Resource::Cpu, Rlimit { current: Some(end), maximum: limit.maximum });
    }
}

fn lower(resource: Resource, to: u64) {
    let limit = getrlimit(resource);
    let least = |most: Option<u64>| Some(most.map_or(to, |most| most.min(to)));
    // The hard limit too: nothing that runs here may raise it again.
    let _ = setrlimit(resource, Rlimit { current: least(limit.current), maximum: least(limit.maximum) });
}
