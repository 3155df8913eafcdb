//! The pool with fake workers: scripts that behave like a worker that a parser has corrupted.

use std::sync::mpsc;

use super::*;
use crate::engine::task::ClassSpec;
use crate::engine::worker::fake_worker;
use crate::model::{Check, CodeCheck, Language, RepoPath};

/// Creates a pool of one fake worker, with one file to assess.
fn pool_of(name: &str) -> Pool {
    let code =
        CodeCheck { language: Language::Rust, rule: None, query: None, files: vec![], ignores: vec![] };
    let check = Check { id: "c".into(), kind: CheckKind::Code(code), message: None, fix: None };
    let limits =
        Limits { file_time: Duration::from_millis(100), mib_time: Duration::ZERO, ..Limits::default() };
    let classes = vec![ClassSpec { numbers: vec![0], language: Some(Language::Rust) }];
    let task = Task { limits, checks: vec![(0, check)], classes, filter: true, timings: false };
    let mut pool = Pool::new(fake_worker(name), 1, &task);
    let path = RepoPath::from("a.rs");
    pool.assign(FileJob { file: 0, class: 0, active: vec![0], path, earlier: 0, memory: 0 }, b"x".to_vec());
    pool
}

/// Returns the reason and detail reported for the file; fails after a minute.
fn reported_reason(name: &'static str) -> (Reason, String) {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut pool = pool_of(name);
        while !pool.is_idle() {
            for done in pool.run_turn(None) {
                if let PoolEvent::File(result) = done {
                    let entry = result.cannot_tell.into_iter().next().expect("a \"cannot tell\" entry");
                    let _ = sender.send((entry.reason, entry.detail));
                }
            }
        }
    });
    receiver.recv_timeout(Duration::from_mins(1)).expect("reported in time")
}

/// Without output, a turn lasts a second.
#[test]
fn a_closed_standard_error_is_not_polled_again() {
    let (mut pool, start, mut turns) = (pool_of("closes.sh"), monotonic_time(), 0);
    while monotonic_time() < start + Duration::from_millis(1500) {
        assert_eq!(pool.run_turn(None).len(), 0);
        turns += 1;
    }
    assert!(turns <= 10, "{turns} turns");
}

/// Neither a thread of its own nor the kernel's signal ends this worker; the limit on silence would take 20
/// s.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_does_not_end_itself_is_ended_by_its_processor_time() {
    let (reason, words) = reported_reason("spins.sh");
    assert_eq!(reason, Reason::Budget);
    assert!(words.contains("processor time") && words.contains("did not stop"), "{words}");
}

#[test]
fn a_worker_that_only_announces_is_terminated() {
    let (reason, words) = reported_reason("floods.sh");
    assert_eq!(reason, Reason::Died);
    assert!(words.contains("invalid answer"), "{words}");
}
