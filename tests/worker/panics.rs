//! A panic in the program while files stream to workers ends the run, and no thread waits forever.

use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use stanchion::engine::{MemoryTree, Options, Progress, assess};
use stanchion::model::RepoPath;

use super::{UNWRAP, guideline, lines, program};

/// Progress that panics when a file is done: on `thread` only, or on every other thread.
struct Panics {
    thread: ThreadId,
    on_this_thread: bool,
}

impl Progress for Panics {
    fn start(&self, _: usize) {}

    fn step(&self) {
        let is_this_thread = thread::current().id() == self.thread;
        assert!(is_this_thread != self.on_this_thread, "a test panics here");
    }
}

/// Whether a run over more files than the queue holds ends with the panic. Waits at most one minute.
fn run_ends_with_the_panic(on_this_thread: bool) -> bool {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let large = (0..40).map(|n| (format!("{n:02}.rs"), lines(6_000)));
        // Files that need no parser are finished on the reading threads.
        let plain = (0..40).map(|n| (format!("{n:02}.txt"), "plain".to_owned()));
        let files = large.chain(plain).map(|(path, text)| (RepoPath::from(path.as_str()), text.into_bytes()));
        // The text check reads every file.
        let checks = format!("{UNWRAP}  - id: e\n    text: {{ find: never-there }}\n");
        let options = Options { worker: Some(program()), threads: 2, ..Options::default() };
        let panics = Panics { thread: thread::current().id(), on_this_thread };
        let run = || assess(&[guideline(&checks)], &MemoryTree::new(files), &options, &panics);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err();
        let _ = sender.send(panicked);
    });
    receiver.recv_timeout(Duration::from_mins(1)).expect("the run should end within a minute")
}

#[test]
fn a_panic_of_the_worker_communication_thread_ends_the_run() {
    assert!(run_ends_with_the_panic(true));
}

#[test]
fn a_panic_of_a_reading_thread_ends_the_run() {
    assert!(run_ends_with_the_panic(false));
}
