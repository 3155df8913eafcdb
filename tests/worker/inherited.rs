//! What a caller left open or set for this program does not reach its workers.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{children, program};

/// The program at work on many files, started by a shell that does `first`.
#[expect(clippy::disallowed_methods, reason = "a test runs the program")]
fn start(folder: &Path, first: &str) -> Child {
    let (guidelines, tree) = (folder.join("guidelines"), folder.join("tree"));
    for path in [&guidelines, &tree] {
        std::fs::create_dir_all(path).expect("made");
    }
    let guideline = super::guideline(super::UNWRAP);
    std::fs::write(guidelines.join("one.md"), guideline.text.as_bytes()).expect("written");
    for n in 0..60 {
        std::fs::write(tree.join(format!("{n:03}.rs")), super::lines(200)).expect("written");
    }
    Command::new("/bin/sh")
        .args(["-c", &format!("{first}; exec \"$@\""), "sh"])
        .arg(program())
        .args(["check", "--no-cache", "--format", "json", "--guidelines"])
        .args([&guidelines, &tree])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started")
}

/// The descriptors of a process that has become a worker.
#[expect(clippy::disallowed_methods, reason = "a test reads /proc")]
fn descriptors_of_worker(pid: u32) -> Option<Vec<u32>> {
    // Before that it is a copy of its parent, with all that is open there.
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    if !command.ends_with(b"\0__worker\0") {
        return None;
    }
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let mut open: Vec<u32> =
        entries.flatten().filter_map(|it| it.file_name().to_str()?.parse().ok()).collect();
    open.sort_unstable();
    // One that ends has none any more.
    (!open.is_empty()).then_some(open)
}

#[test]
fn descriptors_that_the_caller_left_open_stay_in_the_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    // The lowest number that can be inherited, and the highest that every shell can say.
    let mut child = start(folder.path(), "exec 9</dev/null 3</dev/null");
    let (mut seen, mut kept) = (Vec::new(), false);
    while child.try_wait().expect("asked").is_none() {
        kept |= Path::new(&format!("/proc/{}/fd/9", child.id())).exists();
        seen.extend(children(child.id()).into_iter().filter_map(descriptors_of_worker));
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().expect("ended").success());
    assert!(kept, "the shell handed nothing over");
    assert!(!seen.is_empty(), "no worker was seen");
    seen.dedup();
    assert_eq!(seen, [[0, 1, 2]]);
}
