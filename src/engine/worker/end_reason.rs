//! Describes why a worker ended or was terminated.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;

use super::time_watch::OUT_OF_TIME;
use crate::engine::budget::describe_time;
use crate::model::Reason;

/// Detail of "cannot tell" if the memory limit was exceeded.
pub(super) const OUT_OF_MEMORY: &str = "it exceeds the memory limit per file";

/// Cause of the end of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkerEnd {
    /// The process ended by itself.
    Exited,
    /// It did not answer.
    NoAnswer,
    /// It exceeded its processor time, and neither its own thread nor the kernel ended it.
    CpuTimeExceeded,
    /// It sent an invalid answer.
    InvalidAnswer,
}

/// Returns why the parent terminates a worker, for "cannot tell"; `None` if the worker ended by itself.
pub(super) fn reason_by_parent(end: WorkerEnd) -> Option<(Reason, String)> {
    let (reason, words) = match end {
        WorkerEnd::Exited => return None,
        WorkerEnd::NoAnswer => (Reason::Budget, "the worker process did not answer"),
        WorkerEnd::CpuTimeExceeded => {
            (Reason::Budget, "it exceeded the processor time limit per file and did not stop")
        }
        WorkerEnd::InvalidAnswer => (Reason::Died, "the worker process sent an invalid answer"),
    };
    Some((reason, words.to_owned()))
}

/// Returns why a worker ended by itself, for "cannot tell". `stderr` is the end of its standard error output.
pub(super) fn reason_by_status(status: Option<ExitStatus>, stderr: &[u8]) -> (Reason, String) {
    let text = String::from_utf8_lossy(stderr);
    if let Some((_, numbers)) = text.rsplit_once(OUT_OF_TIME) {
        let mut numbers = numbers.split_whitespace().map(|number| number.parse::<u32>().unwrap_or(0));
        let (time, earlier) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let time = describe_time(Duration::from_millis(time.into()), earlier);
        return (Reason::Budget, format!("it exceeded the processor time limit per file: {time}"));
    }
    if ["memory allocation of", "failed to allocate", "out of memory", "bad_alloc"]
        .iter()
        .any(|it| text.contains(it))
    {
        return (Reason::Died, OUT_OF_MEMORY.to_owned());
    }
    let Some(status) = status else {
        return (Reason::Died, "the worker process ended unexpectedly".to_owned());
    };
    match (status.signal(), status.code()) {
        (Some(signal), _) if signal == Signal::XCPU.as_raw() => {
            (Reason::Budget, "it exceeded the processor time limit per file".to_owned())
        }
        (Some(signal), _) => {
            (Reason::Died, format!("the worker process was ended by {}", signal_name(signal)))
        }
        (None, Some(code)) => (Reason::Died, format!("the worker process ended with status {code}")),
        (None, None) => (Reason::Died, "the worker process ended unexpectedly".to_owned()),
    }
}

fn signal_name(signal: i32) -> String {
    let known = [
        (Signal::ABORT, "SIGABRT (the parser aborted)"),
        (Signal::SEGV, "SIGSEGV (invalid memory access in the parser)"),
        (Signal::BUS, "SIGBUS (invalid memory access in the parser)"),
        (Signal::ILL, "SIGILL"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL (sent from outside, or out of memory)"),
        (Signal::TERM, "SIGTERM (sent from outside)"),
        (Signal::INT, "SIGINT (sent from outside)"),
    ];
    known
        .iter()
        .find(|(known, _)| known.as_raw() == signal)
        .map_or_else(|| format!("signal {signal}"), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_distinguished() {
        let ended =
            |raw: i32, stderr: &str| reason_by_status(Some(ExitStatus::from_raw(raw)), stderr.as_bytes());
        assert_eq!(ended(Signal::XCPU.as_raw(), "").0, Reason::Budget);
        assert!(ended(Signal::ABORT.as_raw(), "memory allocation of 9 bytes failed").1.contains("memory"));
        assert!(ended(Signal::ABORT.as_raw(), "Assertion failed").1.contains("SIGABRT"));
        let (reason, words) = ended(Signal::ABORT.as_raw(), &format!("x\n{OUT_OF_TIME} 62 9\n"));
        assert_eq!(reason, Reason::Budget);
        assert!(words.contains("62 ms") && words.contains("9 earlier files"), "{words}");
        assert!(ended(3 << 8, "").1.contains("status 3"));
    }
}
