//! What the worker may use. Each limit ends it; the parent says which file it was at and goes on.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Most memory of the worker, in bytes, where the system can limit it (Linux: all private writable
/// memory; macOS has no such limit that it keeps).
const MEMORY: u64 = 208 << 20;
/// Processor time for one request, in whole seconds as the kernel counts them: one more than the
/// cooperative budget of a file, so that this one is only met where nothing asks for the other.
const SECONDS: u64 = 3;

/// Limits this process. What cannot be set stays as it was.
pub(super) fn apply() {
    lower(Resource::Data, MEMORY);
    lower(Resource::Core, 0);
    // It opens nothing and writes nothing but its answers.
    lower(Resource::Fsize, 0);
    lower(Resource::Nofile, 8);
    // A parent that was killed cannot close our input where another child holds a copy of it.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

/// Lets this process use [`SECONDS`] more of processor time; the kernel then ends it (SIGXCPU).
pub(super) fn allow_processor_time() {
    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0);
    let limit = getrlimit(Resource::Cpu);
    let current = Some(used + SECONDS);
    if limit.current != current && limit.maximum.is_none_or(|most| most >= used + SECONDS) {
        let _ = setrlimit(Resource::Cpu, Rlimit { current, maximum: limit.maximum });
    }
}

fn lower(resource: Resource, to: u64) {
    let limit = getrlimit(resource);
    let least = |most: Option<u64>| Some(most.map_or(to, |most| most.min(to)));
    // The hard limit too: nothing that runs here may raise it again.
    let _ = setrlimit(resource, Rlimit { current: least(limit.current), maximum: least(limit.maximum) });
}
