//! The environment does not change a report, and a run changes nothing in its environment.
#![allow(clippy::print_stdout, reason = "a skipped part or a count is reported")]
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "these tests start programs and read what they wrote")]

mod permutations;
mod system_calls;

use std::fs;
use std::path::{Path, PathBuf};

/// Path of the program.
fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_stanchion"))
}

/// Whether a program is installed on `PATH`.
fn is_installed(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|at| at.join(name).exists()))
}

/// Repository in which the starter guidelines have findings in names, text, data and code.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::create_dir(root.join(".git")).expect("made");
    for (path, text) in [
        (
            "app/client.py",
            "import requests\nrequests.get('https://example.com')\n\ndef f(a=[]):\n    try:\n        pass\n    except:\n        pass\n",
        ),
        ("app/Copy of item.txt", "a copy\n"),
        ("conf/a.yaml", "a: 1\nb: [1, 2]\n"),
        ("conf/broken.json", "{\"a\": \n"),
        ("Dockerfile", "FROM debian\nRUN apt-get update\n"),
        (
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-20.04\n    steps:\n      - uses: actions/checkout@v1\n",
        ),
        ("key.pem", concat!("-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE\n")),
        ("ünï/ö.txt", "TODO\n"),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }
    for n in 0..40 {
        let text = format!("import requests\nrequests.post('x{n}')\nprint({n})\n");
        fs::write(root.join(format!("app/m{n}.py")), text).expect("written");
    }
    make_readable_by_all(root);
    folder
}

/// Makes a folder and all files below it readable by other users.
fn make_readable_by_all(root: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mut open = vec![root.to_path_buf()];
    while let Some(at) = open.pop() {
        let directory = at.is_dir();
        let mode = if directory { 0o755 } else { 0o644 };
        fs::set_permissions(&at, fs::Permissions::from_mode(mode)).expect("set");
        if directory {
            open.extend(fs::read_dir(&at).expect("listed").map(|entry| entry.expect("an entry").path()));
        }
    }
}
