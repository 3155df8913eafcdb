//! Twenty environments, one output.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{is_installed, program, repository};

/// One environment: a name, variables, arguments, and a command prefix.
struct TestEnvironment<'a> {
    name: &'a str,
    variables: &'a [(&'a str, &'a str)],
    arguments: &'a [&'a str],
    before: &'a [&'a str],
}

const PLAIN: TestEnvironment<'static> =
    TestEnvironment { name: "plain", variables: &[], arguments: &[], before: &[] };

fn environments() -> Vec<TestEnvironment<'static>> {
    let with = |name, variables| TestEnvironment { name, variables, ..PLAIN };
    let asked = |name, arguments| TestEnvironment { name, arguments, ..PLAIN };
    let before = |name, before| TestEnvironment { name, before, ..PLAIN };
    vec![
        PLAIN,
        with("German", &[("LANG", "de_DE.UTF-8"), ("LC_ALL", "de_DE.UTF-8")]),
        with("no UTF-8", &[("LANG", "C"), ("LC_ALL", "POSIX")]),
        with("Turkish", &[("LANG", "tr_TR.UTF-8")]),
        with("far east", &[("TZ", "Pacific/Kiritimati")]),
        with("a time zone that is a file", &[("TZ", ":/etc/passwd")]),
        with("no home", &[("HOME", "/nonexistent")]),
        with("a relative home", &[("HOME", "here")]),
        with("a hostile terminal", &[("TERM", "\u{1b}]0;x\u{7}"), ("COLUMNS", "1000000000"), ("LINES", "0")]),
        with("no colour, forced colour", &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("FORCE_COLOR", "3")]),
        with(
            "git's variables",
            &[("GIT_DIR", "/tmp"), ("GIT_INDEX_FILE", "/etc/passwd"), ("GIT_WORK_TREE", "/")],
        ),
        with("git's settings", &[("GIT_CONFIG_GLOBAL", "/etc/passwd"), ("GIT_CONFIG_COUNT", "1")]),
        with("in CI", &[("CI", "true"), ("GITHUB_ACTIONS", "true")]),
        with("no folder for temporary files", &[("TMPDIR", "/dev/null")]),
        with("Rust's switches", &[("RUST_BACKTRACE", "full"), ("RAYON_NUM_THREADS", "1")]),
        asked("one thread", &["--threads", "1"]),
        asked("nine threads", &["--threads", "9"]),
        asked("no cache", &["--no-cache"]),
        asked("no cache, no filter", &["--no-cache", "--no-prefilter"]),
        asked("no worker", &["--no-cache", "--no-worker"]),
        before("another mask", &["sh", "-c", "umask 077; exec \"$0\" \"$@\""]),
        before("a terminal", &["script", "-qec"]),
        before("another user", &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]),
    ]
}

/// Report in one environment; `None` if this machine cannot create the environment.
fn report(environment: &TestEnvironment<'_>, root: &Path, cache: &Path) -> Option<String> {
    let mut words: Vec<String> = environment.before.iter().map(|word| (*word).to_owned()).collect();
    let own = ["check", "--format", "json"].iter().chain(environment.arguments);
    let program = program().to_string_lossy().into_owned();
    match environment.before.first() {
        Some(&"script") => {
            let own: Vec<&str> = own.copied().collect();
            words.push(format!("{program} {}", own.join(" ")));
            words.push("/dev/null".to_owned());
        }
        _ => words.extend([program].into_iter().chain(own.map(|word| (*word).to_owned()))),
    }
    let missing = environment.before.first().is_some_and(|first| !is_installed(first));
    let not_root = environment.name == "another user" && !rustix::process::geteuid().is_root();
    if missing || not_root {
        println!("skipped on this machine: {}", environment.name);
        return None;
    }
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env_clear().current_dir(root);
    command.env("PATH", "/usr/bin:/bin").env("HOME", cache).env("XDG_CACHE_HOME", cache);
    command.envs(environment.variables.iter().copied());
    let output = command.output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}: {}",
        environment.name,
        String::from_utf8_lossy(&output.stderr)
    );
    Some(text)
}

#[test]
fn twenty_environments_give_one_report() {
    let repository = repository();
    let cache = tempfile::tempdir().expect("a folder");
    // Another user must be able to reach the program and the repository.
    fs::set_permissions(repository.path(), fs::Permissions::from_mode(0o755)).expect("set");
    let expected = report(&PLAIN, repository.path(), cache.path()).expect("a report");
    assert!(expected.contains("\"path\": \"app/client.py\"") && expected.contains("requests"), "{expected}");
    let mut made = 0;
    for environment in environments() {
        // Three runs each: with a cold and a warm separate cache, and with a cache that all environments
        // share.
        let own = tempfile::tempdir().expect("a folder");
        for cache in [own.path(), own.path(), cache.path()] {
            let Some(text) = report(&environment, repository.path(), cache) else { continue };
            assert!(text == expected, "{}:\n{text}\nexpected\n{expected}", environment.name);
            made += 1;
        }
    }
    assert!(made >= 60, "only {made} reports could be made");
}
