//! The pool with workers that are none: scripts that do what a worker may do once a parser has broken it.

use std::sync::mpsc;

use super::*;
use crate::engine::task::ClassSpec;
use crate::engine::worker::fake;
use crate::model::{Check, CodeCheck, Language, RepoPath};

/// A pool of one such worker, with one file to assess.
fn pool_of(name: &str) -> Pool {
    let code =
        CodeCheck { language: Language::Rust, rule: None, query: None, files: vec![], ignores: vec![] };
    let check = Check { id: "c".into(), kind: CheckKind::Code(code), message: None, fix: None };
    let limits =
        Limits { file_time: Duration::from_millis(100), mib_time: Duration::ZERO, ..Limits::default() };
    let classes = vec![ClassSpec { numbers: vec![0], language: Some(Language::Rust) }];
    let task = Task { limits, checks: vec![(0, check)], classes, filter: true, timings: false };
    let mut pool = Pool::new(fake(name), 1, &task);
    let path = RepoPath::from("a.rs");
    pool.give(Job { file: 0, class: 0, active: vec![0], path, earlier: 0, memory: 0 }, b"x".to_vec());
    pool
}

/// What is told about the file, at the latest after a minute.
fn told(name: &'static str) -> (Reason, String) {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut pool = pool_of(name);
        while !pool.is_idle() {
            for done in pool.turn(None) {
                if let Progressed::File(result) = done {
                    let told = result.cannot_tell.into_iter().next().expect("nothing could be told");
                    let _ = sender.send((told.reason, told.detail));
                }
            }
        }
    });
    receiver.recv_timeout(Duration::from_mins(1)).expect("told in time")
}

/// Without anything to hear, a turn lasts a second.
#[test]
fn a_closed_standard_error_is_not_waited_for_again() {
    let (mut pool, start, mut turns) = (pool_of("closes.sh"), monotonic_time(), 0);
    while monotonic_time() < start + Duration::from_millis(1500) {
        assert_eq!(pool.turn(None).len(), 0);
        turns += 1;
    }
    assert!(turns <= 10, "{turns} turns");
}

/// Nothing in it ends it, neither a thread of its own nor the kernel's signal; the silence would take 20 s.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_does_not_end_itself_is_ended_by_its_processor_time() {
    let (reason, words) = told("spins.sh");
    assert_eq!(reason, Reason::Budget);
    assert!(words.contains("processor time") && words.contains("did not stop"), "{words}");
}

#[test]
fn a_worker_that_only_announces_is_not_listened_to_for_ever() {
    let (reason, words) = told("floods.sh");
    assert_eq!(reason, Reason::Died);
    assert!(words.contains("answered what cannot be so"), "{words}");
}
