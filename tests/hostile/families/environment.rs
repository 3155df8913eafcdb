//! Families O5: the environment of the program.

use super::Build;
use crate::case::Case;

pub const FAMILIES: &[(&str, Build)] = &[
    ("O5-git-variables", git_variables),
    ("O5-terminal-variables", terminal_variables),
    ("O5-closed-streams", closed_streams),
    ("O5-few-resources", few_resources),
    ("O5-threads", threads),
];

fn git_variables(case: &mut Case) {
    let secret = case.outside.join("secret.txt").display().to_string();
    let values = ["/nowhere", "", ".", "/dev/zero", "\u{1b}[31m", &secret, "1", "/"];
    let keys = [
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_WORK_TREE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_EXTERNAL_DIFF",
        "GIT_PAGER",
        "GIT_SSH_COMMAND",
        "GIT_EXEC_PATH",
        "GIT_TRACE",
        "GIT_CEILING_DIRECTORIES",
        "GIT_PREFIX",
    ];
    for _ in 0..5 {
        let (key, value) = (*case.random.pick(&keys), (*case.random.pick(&values)).to_owned());
        case.note(format!("{key}={}", value.escape_debug()));
        case.environment(key, value);
    }
    case.write(".gitignore", "*.no\n");
    case.write("a.no", "PLANTED\n");
    case.expect.seen = Some(4);
}

fn terminal_variables(case: &mut Case) {
    let choices = [
        ("TERM", "dumb"),
        ("TERM", "\u{1b}[31m"),
        ("COLUMNS", "0"),
        ("COLUMNS", "1"),
        ("COLUMNS", "1000000000"),
        ("COLUMNS", "-1"),
        ("COLUMNS", "99999999999999999999"),
        ("LANG", "C"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LC_ALL", "zz"),
        ("TZ", ":/etc/shadow"),
        ("TZ", "x"),
        ("TMPDIR", "/dev/null"),
        ("HOME", ""),
        ("HOME", "/dev/zero"),
        ("PATH", ""),
        ("NO_COLOR", ""),
        ("CLICOLOR_FORCE", "0"),
        ("RUST_BACKTRACE", "full"),
        ("RUST_LOG", "trace"),
        ("RAYON_NUM_THREADS", "0"),
        ("RAYON_NUM_THREADS", "x"),
        ("PAGER", "touch ran"),
        ("LD_LIBRARY_PATH", "/no"),
        ("MALLOC_ARENA_MAX", "1"),
        ("SHELL", "/no"),
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
    ];
    for _ in 0..4 {
        let (key, value) = *case.random.pick(&choices);
        case.note(format!("{key}={}", value.escape_debug()));
        case.environment(key, value);
    }
    case.write("a.txt", format!("{}PLANTED-50\n", "wide ".repeat(100)));
    case.expect.found.push("a.txt".to_owned());
}

fn closed_streams(case: &mut Case) {
    let redirect = *case.random.pick(&["<&-", "2>&-", "<&- 2>&-", "</dev/zero", "2>/dev/full", "3<&- 4<&-"]);
    case.note(redirect);
    case.call.before = Some(":".to_owned());
    case.call.redirect = redirect.to_owned();
}

fn few_resources(case: &mut Case) {
    let limit =
        *case.random.pick(&["-n 32", "-n 20", "-s 64", "-s 256", "-s 1024", "-c 0", "-f 20000", "-t 20"]);
    case.note(format!("ulimit {limit}"));
    case.call.before = Some(format!("ulimit {limit}"));
    for number in 0..100 {
        case.write(format!("d{}/e{number}/x.py", number % 9), "planted(1)\n");
    }
    case.expect.statuses = vec![0, 2];
}

fn threads(case: &mut Case) {
    let threads = *case.random.pick(&["1", "2", "3", "16", "64"]);
    case.note(format!("{threads} threads"));
    case.argument("--threads");
    case.argument(threads);
    for number in 0..50 {
        case.write(format!("{number}.py"), "planted(1)\n");
    }
}
