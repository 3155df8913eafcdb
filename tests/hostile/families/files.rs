//! Families F1–F13: links, special files, names, sizes, permissions, races.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering;

use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mkdirat, openat};

use super::Build;
use crate::case::{Case, write};

pub const FAMILIES: &[(&str, Build)] = &[
    ("F1-link-loops", link_loops),
    ("F2-links-out", links_out),
    ("F2-linked-folders", linked_folders),
    ("F4-special-files", special_files),
    ("F4-devices", devices),
    ("F5-deep-folders", deep_folders),
    ("F6-many-files", many_files),
    ("F6-empty-folders", empty_folders),
    ("F6-long-names", long_names),
    ("F7-control-names", control_names),
    ("F7-forging-names", forging_names),
    ("F7-byte-names", byte_names),
    ("F7-twin-names", twin_names),
    ("F7-names-that-mean-something", names_that_mean),
    ("F8-no-permission", no_permission),
    ("F9-sizes", sizes),
    ("F9-sparse", sparse),
    ("F10-changing-files", changing_files),
    ("F10-swapped-folders", swapped_folders),
    ("F11-hard-links", hard_links),
    ("F13-odd-roots", odd_roots),
];

fn link_loops(case: &mut Case) {
    let kind = *case.random.pick(&["self", "two", "parent", "root", "chain", "longer"]);
    case.note(kind);
    match kind {
        "self" => case.link("a", "a"),
        "two" => {
            case.link("b.py", "a.py");
            case.link("a.py", "b.py");
        }
        "parent" => {
            for folder in ["x", "x/y", "x/y/z"] {
                case.link("..", format!("{folder}/up"));
                case.link("../..", format!("{folder}/upper"));
            }
        }
        "root" => {
            case.link("/", "slash");
            case.link("/proc", "proc");
            case.link("/sys", "nested/sys");
        }
        "chain" => {
            for number in 0..45 {
                case.link(format!("link-{}", number + 1), format!("link-{number}"));
            }
            case.write("link-45", "BEGIN an end END");
            case.expect.found.push("link-45".to_owned());
        }
        _ => {
            let target = "./".repeat(2_000);
            case.link(target, "long");
            case.link("../repository/../repository/nested", "nested/again");
        }
    }
}

/// Link targets outside the repository.
fn link_targets(case: &mut Case) -> Vec<Vec<u8>> {
    let secret = case.outside.join("secret.txt").as_os_str().as_bytes().to_vec();
    let fixed = [
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/self/cmdline",
        "/proc/self/fd/0",
        "/proc/self/root/etc/passwd",
        "/dev/zero",
        "/dev/random",
        "/dev/stdin",
        "/dev/tty",
        "nowhere",
        "../outside/secret.txt",
        "../../../../../../../../../../etc/hostname",
    ];
    let mut targets: Vec<Vec<u8>> = fixed.iter().map(|target| target.as_bytes().to_vec()).collect();
    targets.push(secret);
    targets
}

fn links_out(case: &mut Case) {
    case.expect.forbidden.push(b"root:x:0".to_vec());
    let canary = case.canary();
    case.environment("SECRET_OF_THE_ENVIRONMENT", canary);
    let targets = link_targets(case);
    for number in 0..4 {
        let target = case.random.pick(&targets).clone();
        let name = *case.random.pick(&[
            "a.txt",
            "b.py",
            "c.yaml",
            "d.json",
            ".env",
            "e.rs",
            "Dockerfile",
            "README.md",
        ]);
        case.note(format!("{name} -> {}", String::from_utf8_lossy(&target)));
        case.link(target, format!("{number}/{name}"));
    }
}

fn linked_folders(case: &mut Case) {
    let canary = case.canary();
    write(&case.outside.join("folder/deep/inner.txt"), canary.as_bytes());
    let target = case.outside.join("folder");
    case.link(target.as_os_str().as_bytes(), "services/one");
    case.link("../outside/folder/deep", "docs");
    case.link("docs", "docs-again");
    case.write("services/two/Dockerfile", "FROM a\n");
    // A path argument behind the link refers to another repository.
    if case.random.once_in(3) {
        case.argument("docs/inner.txt");
        case.note("given as an argument");
        case.expect.statuses = vec![0, 2];
        case.expect.beacons = false;
        case.expect.seen_is_known = false;
        case.expect.forbidden.clear();
        case.expect.places = false;
    }
}

fn special_files(case: &mut Case) {
    let name = *case.random.pick(&[
        "pipe.txt",
        "pipe.py",
        "deep/er/pipe.yaml",
        "pipe.json",
        "Dockerfile",
        "README.md",
    ]);
    case.note(name);
    case.fifo(name);
    case.expect_not_assessed(name, &["special-file"]);
    if case.random.once_in(2) {
        let socket = std::os::unix::net::UnixListener::bind(case.at("socket.txt"));
        drop(socket.expect("a socket"));
        case.expect_not_assessed("socket.txt", &["special-file"]);
    }
}

fn devices(case: &mut Case) {
    let (major, minor) = *case.random.pick(&[(1, 5), (1, 3), (1, 9), (5, 0), (7, 0)]);
    let kind = if major == 7 { FileType::BlockDevice } else { FileType::CharacterDevice };
    let path = case.at("device.txt");
    let mode = Mode::from_raw_mode(0o666);
    case.note(format!("{major}:{minor}"));
    // Only root can create devices, and not on every system.
    if rustix::fs::mknodat(CWD, &path, kind, mode, makedev(major, minor)).is_ok() {
        case.expect_not_assessed("device.txt", &["special-file"]);
    } else {
        case.note("not permitted here");
    }
}

fn deep_folders(case: &mut Case) {
    let depth = *case.random.pick(&[50, 130, 1_000, 2_040, 2_060, 3_000]);
    case.note(format!("{depth} levels"));
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let mut folder = openat(CWD, &case.repository, flags, Mode::empty()).expect("opened");
    for _ in 0..depth {
        mkdirat(&folder, "d", Mode::from_raw_mode(0o755)).expect("made");
        folder = openat(&folder, "d", flags, Mode::empty()).expect("opened");
    }
    let file = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(&folder, "deep.txt", file, Mode::from_raw_mode(0o644)).expect("opened");
    rustix::io::write(&file, b"PLANTED-2\n").expect("written");
    case.expect.places = depth < 1_000;
    if depth > 2_040 {
        case.expect.seen_is_known = false;
        // The program must report the folder at which it stops.
        let longest = format!("d{}", "/d".repeat(2_047));
        case.note(format!("path of {} bytes", longest.len()));
    } else {
        case.expect.seen = Some(4);
        case.expect.found.push(format!("{}deep.txt", "d/".repeat(depth)));
    }
}

fn many_files(case: &mut Case) {
    let most: &[usize] = if case.large { &[1_000, 10_000, 100_000] } else { &[1_000, 5_000] };
    let count = *case.random.pick(most);
    case.note(format!("{count} files"));
    let extension = *case.random.pick(&["txt", "py", "json", "md", "x"]);
    fs::create_dir(case.at("many")).expect("made");
    for number in 0..count {
        fs::write(case.at(format!("many/f{number}.{extension}")), "[]\n").expect("written");
    }
}

fn empty_folders(case: &mut Case) {
    let most: &[usize] = if case.large { &[1_000, 20_000] } else { &[500, 3_000] };
    let count = *case.random.pick(most);
    case.note(format!("{count} folders"));
    for number in 0..count {
        fs::create_dir_all(case.at(format!("{}/services/{number}", number % 7))).expect("made");
    }
}

fn long_names(case: &mut Case) {
    let letter = *case.random.pick(&["n", "é", "漢", "\u{200b}", " "]);
    let name = letter.repeat(251 / letter.len());
    case.write(format!("{name}.txt"), "PLANTED-3\n");
    let folder = letter.repeat(255 / letter.len());
    let path = vec![folder; 12].join("/");
    case.write(format!("{path}/x.txt"), "PLANTED-4\n");
    case.expect.found.push(format!("{name}.txt"));
    case.expect.found.push(format!("{path}/x.txt"));
    case.note(format!("{letter:?}"));
}

fn control_names(case: &mut Case) {
    let names = [
        "new\nline.txt",
        "\u{1b}[31mred.txt",
        "return\rx.txt",
        "\u{1b}]52;c;aGk=\u{7}.txt",
        "bell\u{7}.py",
        "tab\tx.txt",
        "\u{9b}31m.txt",
        "\u{202e}txt.exe",
        "zero\u{200b}width.txt",
        "\u{2028}.txt",
        "\u{feff}mark.txt",
        "\u{1b}Pdcs\u{1b}\\.txt",
        "\u{1b}]8;;http:x\u{7}link.txt",
        "del\u{7f}.md",
    ];
    for _ in 0..3 {
        let name = *case.random.pick(&names);
        let folder = *case.random.pick(&["", "deep/", "\u{1b}[2J/"]);
        case.note(format!("{folder}{name}").escape_debug().to_string());
        case.write(format!("{folder}{name}"), "PLANTED-5\n");
        case.expect.found.push(format!("{folder}{name}"));
    }
}

fn forging_names(case: &mut Case) {
    let names = [
        "::error file=x,line=1::forged.txt",
        "##[error]forged.txt",
        "%0A::warning::x.txt",
        "a,b:c.txt",
        "x\n::error::forged.txt",
        "::stop-commands::x.txt",
        "\"quoted\".txt",
        "back\\slash.txt",
        "$(id).txt",
        "`id`.txt",
        "a;b&c|d.txt",
        "<b>x.txt",
        "{{x}}.txt",
        "${{ github.token }}.txt",
        "'.txt",
        "*?[x].txt",
    ];
    for _ in 0..4 {
        let name = *case.random.pick(&names);
        case.note(name.escape_debug().to_string());
        case.write(name, "PLANTED-6\nmark=::error::forged\n");
        case.expect.found.push(name.to_owned());
    }
}

fn byte_names(case: &mut Case) {
    let names: [&[u8]; 7] = [
        b"\xff.txt",
        b"a\\xff.txt",
        b"a\xff\\.txt",
        b"\xc3.txt",
        b"\xed\xa0\x80.txt",
        b"\xf0\x9f.txt",
        b"\xc0\xaf.txt",
    ];
    for _ in 0..3 {
        let name = *case.random.pick(&names);
        case.note(format!("{}", name.escape_ascii()));
        case.write(name, "PLANTED-7\n");
        let shown = stanchion::model::RepoPath::new(name.to_vec()).lossless().into_owned();
        case.expect.found.push(shown);
    }
}

fn twin_names(case: &mut Case) {
    let twins = [
        ("é.txt", "e\u{301}.txt"),
        ("A.txt", "a.txt"),
        ("ß.txt", "ss.txt"),
        ("K.txt", "\u{212a}.txt"),
        ("a .txt", "a\u{a0}.txt"),
    ];
    let (one, two) = *case.random.pick(&twins);
    case.note(format!("{one} {}", two.escape_unicode()));
    for name in [one, two] {
        case.write(name, "PLANTED-8\n");
        case.expect.found.push(name.to_owned());
    }
}

fn names_that_mean(case: &mut Case) {
    let names = [
        "-rf.txt",
        "--help",
        "~.txt",
        " lead.txt",
        "trail .txt",
        "dot.",
        "CON",
        "a:b.txt",
        ".GIT/config",
        ".Git/HEAD",
        "git~1/config",
        ".git./x",
        ".git /x",
        "...",
        ".. /x",
        "nul.txt",
        "COM1.py",
        "$HOME.txt",
        "@{u}.txt",
        "HEAD",
        ".gitmodules",
        ".gitattributes",
        "stanchion.toml.txt",
        // Files in `.stanchion` itself are not assessed.
        ".stanchion-lock.toml",
        "\u{200d}.git/config",
    ];
    for _ in 0..4 {
        let name = *case.random.pick(&names);
        case.note(name.escape_debug().to_string());
        case.write(name, "PLANTED-9\n");
        case.expect.found.push(name.to_owned());
    }
}

fn no_permission(case: &mut Case) {
    case.call.ordinary_user = true;
    let mode = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
    };
    let kind = *case.random.pick(&["file", "folder", "listed folder", "ignore file"]);
    case.note(kind);
    match kind {
        "file" => {
            case.write("closed.txt", "PLANTED\n");
            mode(&case.at("closed.txt"), 0);
            case.expect_not_assessed("closed.txt", &["unreadable"]);
        }
        "folder" => {
            case.write("closed/x.txt", "PLANTED\n");
            mode(&case.at("closed"), 0);
            case.expect_not_assessed("closed", &["directory"]);
            case.expect.seen_is_known = false;
        }
        "listed folder" => {
            case.write("closed/x.txt", "PLANTED\n");
            mode(&case.at("closed"), 0o444);
            case.expect_not_assessed("closed/x.txt", &["unreadable"]);
        }
        _ => {
            case.write(".gitignore", "*.txt\n");
            mode(&case.at(".gitignore"), 0);
            case.expect_not_assessed(".gitignore", &["ignore-file"]);
        }
    }
}

fn sizes(case: &mut Case) {
    let limits: &[usize] = if case.large { &[4 << 20, 16 << 20] } else { &[1 << 16, 1 << 18] };
    let limit = *case.random.pick(limits);
    let size = match case.random.below(4) {
        0 => 0,
        1 => limit - 1,
        2 => limit,
        _ => limit + 1,
    };
    let name =
        *case.random.pick(&["big.txt", "big.py", "big.json", "big.yaml", "big.rs", "big.min.js", "big.md"]);
    let unit = *case.random.pick(&["x", "x = 1\n", "- x\n", "\n", "[", "\"a\", ", "é", " "]);
    let mut text = unit.repeat(size / unit.len());
    text.truncate(size);
    // Some units do not divide the size evenly.
    let reasons: &[&str] = if text.len() > 16 << 20 { &["too-big"] } else { &[] };
    case.note(format!("{unit:?}"));
    case.plant(name, text, reasons);
}

fn sparse(case: &mut Case) {
    let size = *case.random.pick(&[17 << 20, (2 << 30) + 1, 10 << 30, 1 << 42]);
    let name = *case.random.pick(&["sparse.txt", "sparse.py", "sparse.json", "sparse.yaml", ".gitignore"]);
    case.note(format!("{name} of {size} bytes"));
    let file = fs::File::create(case.at(name)).expect("made");
    let text = case.random.once_in(2);
    if text {
        fs::write(case.at(name), "an ordinary beginning\n".repeat(10_000)).expect("written");
    }
    file.set_len(size).expect("a sparse file");
    if name == ".gitignore" {
        case.expect_not_assessed(name, &["ignore-file"]);
    } else if text {
        case.expect_not_assessed(name, &["too-big"]);
    }
}

fn changing_files(case: &mut Case) {
    for number in 0..20 {
        case.write(format!("busy/{number}.txt"), "an ordinary line\n".repeat(2_000));
    }
    let folder = case.at("busy");
    let secret = case.outside.join("secret.txt");
    let kind = *case.random.pick(&["truncate", "grow", "link", "delete", "fifo", "folder"]);
    case.note(kind);
    case.run_concurrently(move |stop| {
        let mut round = 0usize;
        while !stop.load(Ordering::Relaxed) {
            let path = folder.join(format!("{}.txt", round % 20));
            round += 1;
            let temporary = folder.join("temporary");
            let _ = match kind {
                "truncate" => fs::write(&path, if round.is_multiple_of(2) { "" } else { "line\n" }),
                "grow" => fs::write(&path, "line\n".repeat(round % 5_000)),
                "link" => {
                    let _ = std::os::unix::fs::symlink(&secret, &temporary);
                    fs::rename(&temporary, &path)
                }
                "delete" => fs::remove_file(&path).or_else(|_| fs::write(&path, "back\n")),
                "fifo" => {
                    let mode = Mode::from_raw_mode(0o644);
                    let _ = rustix::fs::mknodat(CWD, &temporary, FileType::Fifo, mode, 0);
                    fs::rename(&temporary, &path)
                }
                _ => fs::remove_file(&path).and_then(|()| fs::create_dir(&path)),
            };
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
    });
}

fn swapped_folders(case: &mut Case) {
    let canary = case.canary();
    for number in 0..20 {
        case.write(format!("swapped/{number}.txt"), "an ordinary line\n");
        write(&case.outside.join(format!("folder/{number}.txt")), canary.as_bytes());
    }
    let (folder, aside) = (case.at("swapped"), case.base.join("aside"));
    let outside = case.outside.join("folder");
    case.run_concurrently(move |stop| {
        while !stop.load(Ordering::Relaxed) {
            let _ = fs::rename(&folder, &aside);
            let _ = std::os::unix::fs::symlink(&outside, &folder);
            std::thread::sleep(std::time::Duration::from_micros(150));
            let _ = fs::remove_file(&folder);
            let _ = fs::rename(&aside, &folder);
            std::thread::sleep(std::time::Duration::from_micros(150));
        }
    });
}

fn hard_links(case: &mut Case) {
    write(&case.outside.join("linked.txt"), b"PLANTED-10\n");
    fs::hard_link(case.outside.join("linked.txt"), case.at("hard.txt")).expect("linked");
    fs::hard_link(case.outside.join("linked.txt"), case.at("harder.txt")).expect("linked");
    case.expect.found.push("hard.txt".to_owned());
}

fn odd_roots(case: &mut Case) {
    let kind = *case.random.pick(&[
        "gone",
        "link",
        "file",
        "missing",
        "unreadable",
        "fifo",
        "device",
        "long",
        "bytes",
    ]);
    case.note(kind);
    let base = case.base.clone();
    let refuse = |case: &mut Case| {
        case.expect.statuses = vec![2];
        case.expect.beacons = false;
    };
    match kind {
        "gone" => {
            fs::create_dir(base.join("gone")).expect("made");
            case.call.directory = Some(base.join("gone"));
            case.call.before =
                Some(format!("rmdir '{}' 2>/dev/null || /bin/rmdir '{0}'", base.join("gone").display()));
            refuse(case);
        }
        "link" => {
            std::os::unix::fs::symlink(&case.repository, base.join("link")).expect("linked");
            case.argument(base.join("link"));
        }
        "file" => {
            case.write("one.txt", "PLANTED-11\n");
            case.argument("one.txt");
            case.expect.beacons = false;
            case.expect.seen = Some(1);
            case.expect.found.push("one.txt".to_owned());
        }
        "missing" => {
            case.argument("no/such/\u{1b}[31mfolder");
            refuse(case);
        }
        "unreadable" => {
            case.call.ordinary_user = true;
            fs::create_dir_all(base.join("closed/.git")).expect("made");
            fs::set_permissions(base.join("closed"), fs::Permissions::from_mode(0o000)).expect("changed");
            case.argument(base.join("closed"));
            refuse(case);
        }
        "fifo" => {
            case.fifo("pipe");
            case.argument("pipe");
            case.expect.beacons = false;
            case.expect.statuses = vec![0, 2];
            case.expect.seen = Some(1);
        }
        "device" => {
            case.argument("/dev/null");
            case.expect.beacons = false;
            case.expect.statuses = vec![0, 2];
            case.expect.seen_is_known = false;
        }
        "long" => {
            case.argument("x/".repeat(5_000));
            refuse(case);
        }
        _ => {
            case.argument(std::ffi::OsStr::from_bytes(b"no-such-\xff\xfe"));
            refuse(case);
        }
    }
}
