//! System calls of a run, recorded by strace: no socket, no other program, no file written outside the cache.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{is_installed, program, repository};

/// System calls of a run with `arguments` in `root`.
fn trace_system_calls(root: &Path, cache: &Path, arguments: &[&str]) -> String {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let status = Command::new("strace")
        .args(["-f", "-qq", "-y", "-e", "trace=%network,execve,execveat,open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,truncate,ftruncate,utimensat,bind,connect", "-o"])
        .arg(log.path())
        .arg(program())
        .args(arguments)
        .env_clear()
        .env("HOME", cache)
        .env("XDG_CACHE_HOME", cache)
        .current_dir(root)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("strace should start");
    assert!(status.success());
    fs::read_to_string(log.path()).expect("strace should write its log")
}

#[test]
fn a_run_opens_no_socket_starts_no_other_program_and_writes_only_its_cache() {
    if !is_installed("strace") {
        println!("skipped on this machine: strace is not installed");
        return;
    }
    let repository = repository();
    let cache = tempfile::tempdir().expect("a folder");
    // Repository configuration with a program that git would start.
    fs::write(
        repository.path().join(".git/config"),
        "[core]\n\tfsmonitor = touch /tmp/stanchion-canary\n\tpager = touch /tmp/stanchion-canary\n\
         [filter \"lfs\"]\n\tclean = touch /tmp/stanchion-canary\n",
    )
    .expect("written");
    // With a cold cache, with a warm cache, and without a cache.
    let runs = [&["check"][..], &["check"], &["check", "--no-cache", "--format", "json"]];
    for (index, arguments) in runs.into_iter().enumerate() {
        let log = trace_system_calls(repository.path(), cache.path(), arguments);
        let place = cache.path().to_string_lossy().into_owned();
        let (mut started, mut wrong) = (0, Vec::new());
        for line in log.lines() {
            let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
            let name = call.split('(').next().unwrap_or_default();
            match name {
                "execve" => {
                    started += 1;
                    let own = call.contains("/proc/self/exe") || call.contains(&*program().to_string_lossy());
                    if !own {
                        wrong.push(line);
                    }
                }
                "open" | "openat" | "openat2" => {
                    let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"];
                    let harmless = call.contains("/dev/null");
                    if writes.iter().any(|flag| call.contains(flag)) && !call.contains(&place) && !harmless {
                        wrong.push(line);
                    }
                }
                // Remarks of strace itself, such as "+++ exited with 0 +++".
                _ if call.starts_with("+++") || call.starts_with("---") => {}
                // The name is missing for a call during which the process ended.
                _ if call.starts_with("<...") || name.is_empty() || name == "???" => {}
                // Every other traced call modifies a file, which must be in the cache.
                _ if call.contains(&place) => {}
                _ => wrong.push(line),
            }
        }
        assert!(wrong.is_empty(), "{arguments:?}: {wrong:#?}");
        // The second run may take every result from the cache; the others need a worker.
        assert!(started >= if index == 1 { 1 } else { 2 }, "{arguments:?}: {log}");
    }
    assert!(!Path::new("/tmp/stanchion-canary").exists());
}
