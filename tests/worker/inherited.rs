//! File descriptors that the caller of the program left open do not reach its workers.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{children, program};

/// Starts the program on many files, from a shell that first runs `first`.
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
        .expect("the program should start")
}

/// Open files of a worker process, except its three standard streams. `None` before it became a worker.
#[expect(clippy::disallowed_methods, reason = "a test reads /proc")]
fn open_in_worker(pid: u32) -> Option<Vec<PathBuf>> {
    // Until `exec` the process is a copy of its parent, with the descriptors of the parent.
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    if !command.ends_with(b"\0__worker\0") {
        return None;
    }
    let numbers: Vec<(u32, PathBuf)> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .flatten()
        .filter_map(|it| Some((it.file_name().to_str()?.parse().ok()?, std::fs::read_link(it.path()).ok()?)))
        .collect();
    // A process that is ending has no descriptors.
    let streams = numbers.iter().any(|(number, _)| *number <= 2);
    streams.then(|| numbers.into_iter().filter(|(n, _)| *n > 2).map(|(_, to)| to).collect())
}

/// Whether a worker opens this file briefly itself, with the lowest free descriptor: the dynamic loader reads
/// its cache and libraries, and the standard library reads the memory map.
fn is_opened_by_a_worker(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_library = name.ends_with(".so") || name.contains(".so.");
    path.is_absolute() && (name == "ld.so.cache" || is_library || path.starts_with("/proc") && name == "maps")
}

#[test]
fn descriptors_that_the_caller_left_open_stay_in_the_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().canonicalize().expect("a path");
    let handed = home.join("handed over");
    std::fs::write(&handed, "only for the parent").expect("written");
    // Descriptor 3 is the lowest that can be inherited; 9 is the highest that every shell supports.
    let mut child = start(&home, &format!("exec 9<'{0}' 3<'{0}'", handed.display()));
    let (mut seen, mut kept, mut there) = (0_u32, false, Vec::new());
    while child.try_wait().expect("the state of the child").is_none() {
        kept |= std::fs::read_link(format!("/proc/{}/fd/9", child.id())).is_ok_and(|it| it == handed);
        for open in children(child.id()).into_iter().filter_map(open_in_worker) {
            seen += 1;
            there.extend(open.into_iter().filter(|it| !is_opened_by_a_worker(it)));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().expect("the program should end").success());
    assert!(kept, "the shell passed no descriptor");
    assert!(seen > 0, "no worker was observed");
    assert_eq!(there, Vec::<PathBuf>::new(), "in {seen} observations of workers");
}
