//! Families F12 and A1: contents of `.git`, and nested repositories.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use super::Build;
use crate::case::{Case, write};

pub const FAMILIES: &[(&str, Build)] = &[
    ("F3-invalid-git-folder", git_kinds),
    ("F12-nested-repositories", nested),
    ("F12-hostile-index", hostile_index),
    ("F12-index-bytes", index_bytes),
    ("A1-git-configuration", git_configuration),
];

fn git_kinds(case: &mut Case) {
    fs::remove_dir(case.at(".git")).expect("removed");
    let kind = *case.random.pick(&[
        "zero",
        "fifo",
        "outside",
        "file to outside",
        "file to nowhere",
        "file to zero",
        "file of bytes",
        "large file",
        "empty",
        "file to itself",
        "file to a secret",
    ]);
    case.note(kind);
    write(&case.outside.join("git/index"), b"CANARY");
    let outside = case.outside.clone();
    let secret = format!("gitdir: {}\n", outside.join("secret.txt").display());
    match kind {
        "zero" => case.link("/dev/zero", ".git"),
        "fifo" => case.fifo(".git"),
        "outside" => case.link(outside.join("git").as_os_str().as_bytes(), ".git"),
        "file to outside" => case.write(".git", "gitdir: ../outside/git\n"),
        "file to nowhere" => case.write(".git", "gitdir: /no/such/place\n"),
        "file to zero" => {
            std::os::unix::fs::symlink("/dev/zero", outside.join("git/zero")).expect("linked");
            case.write(".git", "gitdir: ../outside/git/zero\n");
        }
        "file of bytes" => case.write(".git", b"gitdir: \xff\x00\n"),
        "large file" => case.write(".git", "gitdir: x\n".repeat(100_000)),
        "empty" => case.write(".git", ""),
        "file to itself" => case.write(".git", "gitdir: .git\n"),
        _ => case.write(".git", secret),
    }
    // The index is read only if a file is ignored.
    case.write(".gitignore", "*.no\n");
    case.write("a.no", "x\n");
    case.expect.seen = Some(4);
}

fn nested(case: &mut Case) {
    let kind = *case.random.pick(&["folder", "file", "link", "bare", "fifo", "upper", "modules", "hg"]);
    case.note(kind);
    let canary = case.canary();
    case.write("sub/inner.txt", &canary);
    match kind {
        "folder" => case.write("sub/.git/config", "[core]\nfsmonitor = touch ran\n"),
        "file" => case.write("sub/.git", "gitdir: ../../outside\n"),
        "link" => case.link("/", "sub/.git"),
        "fifo" => case.fifo("sub/.git"),
        "modules" => {
            case.link("/etc/passwd", ".gitmodules");
            case.write("sub/.git", "gitdir: ../.git/modules/../../x\n");
        }
        "bare" | "upper" | "hg" => {
            // Git does not treat these as nested repositories, so their files belong to this one.
            case.write("sub/inner.txt", "PLANTED-60\n");
            case.expect.found.push("sub/inner.txt".to_owned());
            match kind {
                "bare" => {
                    case.write("sub/HEAD", "ref: refs/heads/main\n");
                    case.write("sub/config", "[core]\nbare = true\nfsmonitor = touch ran\n");
                    case.write("sub/objects/x", "");
                    case.write("sub/refs/x", "");
                }
                "upper" => case.write("sub/.GIT/config", "[core]\n"),
                _ => case.write("sub/.hg/hgrc", "[hooks]\n"),
            }
        }
        _ => unreachable!("every kind has its arm"),
    }
}

/// Writes an index and an ignore file, so that the tracked files matter.
fn with_index(case: &mut Case, index: &[u8]) {
    case.write(".git/index", index);
    case.write(".gitignore", "ignored/\n");
    case.write("ignored/x.txt", "ordinary\n");
    case.expect.seen_is_known = false;
}

/// Index entry of version 2 with this name.
fn entry(name: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 60];
    let length = u16::try_from(name.len().min(0xfff)).expect("short");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(name);
    let padding = 8 - bytes.len() % 8;
    bytes.extend(std::iter::repeat_n(0, padding));
    bytes
}

fn index(version: u32, count: u32, entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"DIRC".to_vec();
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes.extend_from_slice(&count.to_be_bytes());
    bytes.extend(entries.concat());
    bytes.extend([0; 20]);
    bytes
}

fn hostile_index(case: &mut Case) {
    let kind = *case.random.pick(&[
        "sound",
        "count",
        "version",
        "names",
        "long",
        "dots",
        "unsorted",
        "extension",
        "split",
        "cut",
        "prefixes",
        "zero",
        "fifo",
        "many",
    ]);
    case.note(kind);
    let plain = vec![entry(b"ignored/x.txt")];
    let bytes = match kind {
        "sound" => index(2, 1, &plain),
        "count" => index(2, u32::MAX, &plain),
        "version" => index(9, 1, &plain),
        "names" => index(2, 3, &[entry(b"\x1b[31m"), entry(b"\xff\xfe"), entry(b"a\nb")]),
        "long" => index(2, 1, &[entry(&vec![b'a'; 70_000])]),
        "dots" => {
            index(2, 3, &[entry(b"../outside/secret.txt"), entry(b"/etc/passwd"), entry(b".git/config")])
        }
        "unsorted" => index(2, 2, &[entry(b"z"), entry(b"ignored/x.txt")]),
        "extension" => [index(2, 1, &plain), b"TREE\xff\xff\xff\xff".to_vec(), vec![0; 20]].concat(),
        "split" => [&index(2, 0, &[])[..12], b"link\0\0\0\x04abcd", &[0; 20]].concat(),
        "cut" => index(2, 5, &plain)[..60].to_vec(),
        "prefixes" => {
            let mut bytes = index(4, 100_000, &[]);
            let mut entry = vec![0; 62];
            entry.extend_from_slice(&[0x80, 0x80, 0x80, 0x01, b'a', 0]);
            bytes.splice(12..12, entry.repeat(1_000));
            bytes
        }
        "many" => {
            let names = (0..20_000).map(|it| entry(format!("ignored/{it:06}").as_bytes()));
            index(2, 20_000, &names.collect::<Vec<_>>())
        }
        _ => vec![],
    };
    with_index(case, &bytes);
    if kind == "zero" || kind == "fifo" {
        fs::remove_file(case.at(".git/index")).expect("removed");
        if kind == "zero" { case.link("/dev/zero", ".git/index") } else { case.fifo(".git/index") }
    }
    if kind == "sound" || kind == "unsorted" {
        case.write("ignored/x.txt", "PLANTED-61\n");
        case.expect.found.push("ignored/x.txt".to_owned());
    }
}

/// Valid index with some bytes changed.
fn index_bytes(case: &mut Case) {
    let names: Vec<Vec<u8>> = (0..30).map(|it| entry(format!("ignored/{it:03}.txt").as_bytes())).collect();
    let mut bytes = index(*case.random.pick(&[2, 3, 4]), 30, &names);
    for _ in 0..*case.random.pick(&[1, 5, 50]) {
        let at = case.random.below(bytes.len());
        bytes[at] = case.random.bytes(1)[0];
    }
    let length = bytes.len() - if case.random.once_in(3) { case.random.below(bytes.len()) } else { 0 };
    bytes.truncate(length);
    with_index(case, &bytes);
}

/// Every key of git's configuration that can start a program.
fn git_configuration(case: &mut Case) {
    let ran = case.outside.join("ran");
    let command = format!("touch {}", ran.display());
    let keys = [
        "[core]\nfsmonitor",
        "[core]\nhooksPath",
        "[core]\npager",
        "[core]\nsshCommand",
        "[core]\neditor",
        "[core]\naskPass",
        "[core]\ngitProxy",
        "[core]\nalternateRefsCommand",
        "[filter \"x\"]\nclean",
        "[filter \"x\"]\nsmudge",
        "[filter \"x\"]\nprocess",
        "[diff \"x\"]\ncommand",
        "[diff \"x\"]\ntextconv",
        "[diff]\nexternal",
        "[merge \"x\"]\ndriver",
        "[alias]\ncheck = !",
        "[credential]\nhelper",
        "[gpg]\nprogram",
        "[uploadpack]\npackObjectsHook",
        "[pager]\nstatus",
        "[sequence]\neditor",
        "[include]\npath",
        "[extensions]\nworktreeConfig",
    ];
    let mut text = String::from("[core]\nrepositoryformatversion = 0\n");
    for _ in 0..6 {
        let key = *case.random.pick(&keys);
        case.note(key.replace('\n', " "));
        text += &format!("{key} = {command}\n");
    }
    case.write(".git/config", text);
    case.write(".git/HEAD", "ref: refs/heads/main\n");
    case.write(".git/objects/x", "");
    case.write(".git/refs/x", "");
    case.write(".gitattributes", "* filter=x diff=x merge=x\n");
    for hook in ["pre-commit", "post-checkout", "fsmonitor-watchman", "post-index-change"] {
        let path = case.at(format!(".git/hooks/{hook}"));
        write(&path, format!("#!/bin/sh\n: > '{}'\n", ran.display()).as_bytes());
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, mode).expect("changed");
    }
}
