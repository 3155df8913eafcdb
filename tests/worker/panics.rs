//! A panic of this program's own, while files stream to the workers, ends the run: nobody is left waiting.

use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use stanchion::engine::{MemoryTree, Options, Progress, assess};
use stanchion::model::RepoPath;

use super::{UNWRAP, guideline, lines, program};

/// Panics when a file is done: on one thread (`there`), or on every other.
struct Panics {
    thread: ThreadId,
    there: bool,
}

impl Progress for Panics {
    fn start(&self, _: usize) {}

    fn step(&self) {
        let is_here = thread::current().id() == self.thread;
        assert!(is_here != self.there, "a test panics here");
    }
}

/// Whether a run over more than fits in the queue ends by the panic, at the latest after a minute.
fn ends_by_its_panic(there: bool) -> bool {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let large = (0..40).map(|n| (format!("{n:02}.rs"), lines(6_000)));
        // What needs no closer look is done on the threads that read.
        let plain = (0..40).map(|n| (format!("{n:02}.txt"), "plain".to_owned()));
        let files = large.chain(plain).map(|(path, text)| (RepoPath::from(path.as_str()), text.into_bytes()));
        // A text check that looks into every file.
        let checks = format!("{UNWRAP}  - id: e\n    text: {{ find: never-there }}\n");
        let options = Options { worker: Some(program()), threads: 2, ..Options::default() };
        let panics = Panics { thread: thread::current().id(), there };
        let run = || assess(&[guideline(&checks)], &MemoryTree::new(files), &options, &panics);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err();
        let _ = sender.send(panicked);
    });
    receiver.recv_timeout(Duration::from_mins(1)).expect("it ends")
}

#[test]
fn a_panic_of_the_thread_that_talks_to_workers_ends_the_run() {
    assert!(ends_by_its_panic(true));
}

#[test]
fn a_panic_of_a_thread_that_reads_ends_the_run() {
    assert!(ends_by_its_panic(false));
}
