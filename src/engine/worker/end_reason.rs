//! Why a worker ended or is ended, in words.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;

use super::watch::OUT_OF_TIME;
use crate::engine::budget::time_words;
use crate::model::Reason;

/// What is said when the memory did not suffice.
pub(super) const NO_MEMORY: &str = "it needs more memory than a file may";

/// Who ends a worker, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It has ended.
    Itself,
    /// It did not answer.
    Silent,
    /// It used more of the processor than it may, and nothing in it ended it.
    Spent,
    /// What it said cannot be so.
    Distrusted,
}

/// Why a worker is ended by its parent, for "cannot tell"; `None`: it has its own reason.
pub(super) fn by_parent(end: End) -> Option<(Reason, String)> {
    let (reason, words) = match end {
        End::Itself => return None,
        End::Silent => (Reason::Budget, "the process that parsed it did not answer"),
        End::Spent => (Reason::Budget, "it used up the processor time that a file may, and did not stop"),
        End::Distrusted => (Reason::Died, "the process that parsed it answered what cannot be so"),
    };
    Some((reason, words.to_owned()))
}

/// Why a worker ended, for "cannot tell": `complaints` is the end of what it wrote to standard error.
pub(super) fn reason(status: Option<ExitStatus>, complaints: &[u8]) -> (Reason, String) {
    let text = String::from_utf8_lossy(complaints);
    if let Some((_, numbers)) = text.rsplit_once(OUT_OF_TIME) {
        let mut numbers = numbers.split_whitespace().map(|number| number.parse::<u32>().unwrap_or(0));
        let (time, earlier) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let time = time_words(Duration::from_millis(time.into()), earlier);
        return (Reason::Budget, format!("it used up the processor time that a file may: {time}"));
    }
    if ["memory allocation of", "failed to allocate", "out of memory", "bad_alloc"]
        .iter()
        .any(|it| text.contains(it))
    {
        return (Reason::Died, NO_MEMORY.to_owned());
    }
    let Some(status) = status else {
        return (Reason::Died, "the process that parsed it ended".to_owned());
    };
    match (status.signal(), status.code()) {
        (Some(signal), _) if signal == Signal::XCPU.as_raw() => {
            (Reason::Budget, "it used up the processor time that a file may".to_owned())
        }
        (Some(signal), _) => (Reason::Died, format!("the process that parsed it ended by {}", name(signal))),
        (None, Some(code)) => (Reason::Died, format!("the process that parsed it ended with status {code}")),
        (None, None) => (Reason::Died, "the process that parsed it ended".to_owned()),
    }
}

fn name(signal: i32) -> String {
    let known = [
        (Signal::ABORT, "SIGABRT (its parser gave up)"),
        (Signal::SEGV, "SIGSEGV (its parser read or wrote where it must not)"),
        (Signal::BUS, "SIGBUS (its parser read or wrote where it must not)"),
        (Signal::ILL, "SIGILL"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL (from outside, or for want of memory)"),
        (Signal::TERM, "SIGTERM (from outside)"),
        (Signal::INT, "SIGINT (from outside)"),
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
    fn endings_are_told_apart() {
        let ended =
            |raw: i32, complaints: &str| reason(Some(ExitStatus::from_raw(raw)), complaints.as_bytes());
        assert_eq!(ended(Signal::XCPU.as_raw(), "").0, Reason::Budget);
        assert!(ended(Signal::ABORT.as_raw(), "memory allocation of 9 bytes failed").1.contains("memory"));
        assert!(ended(Signal::ABORT.as_raw(), "Assertion failed").1.contains("SIGABRT"));
        let (reason, words) = ended(Signal::ABORT.as_raw(), &format!("x\n{OUT_OF_TIME} 62 9\n"));
        assert_eq!(reason, Reason::Budget);
        assert!(words.contains("62 ms") && words.contains("9 files"), "{words}");
        assert!(ended(3 << 8, "").1.contains("status 3"));
    }
}
