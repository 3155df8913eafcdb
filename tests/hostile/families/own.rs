//! Families F3, M2, O1 and O4: ignore files, configuration and cache.

use std::os::unix::ffi::OsStrExt as _;

use super::Build;
use super::guidelines::guideline;
use crate::case::{Case, Damage, write};

pub const FAMILIES: &[(&str, Build)] = &[
    ("F3-invalid-ignore-files", ignore_kinds),
    ("I1-large-ignore-files", large_ignore_files),
    ("I2-odd-ignore-lines", odd_ignore_lines),
    ("I3-many-ignore-files", many_ignore_files),
    ("F3-invalid-configuration", configuration_kinds),
    ("O1-excessive-configuration", configuration_asks),
    ("O1-follow-elsewhere", follow_elsewhere),
    ("O1-broken-configuration", broken_configuration),
    ("O4-cache-places", cache_places),
    ("O4-damaged-cache", damaged_cache),
];

fn ignore_kinds(case: &mut Case) {
    let folder = *case.random.pick(&["", "nested/", "nested/deeper/"]);
    let name =
        *case.random.pick(&[".gitignore", ".gitignore", ".ignore", ".stanchionignore", ".git/info/exclude"]);
    let kind =
        *case.random.pick(&["zero", "fifo", "folder", "socket", "outside", "inside", "loop", "dangling"]);
    let path = format!("{folder}{name}");
    case.note(format!("{path} as {kind}"));
    write(&case.outside.join("ignore"), b"*\n");
    case.write("elsewhere.txt", "*\n");
    let target = case.outside.join("ignore");
    match kind {
        "zero" => case.link("/dev/zero", &path),
        "fifo" => case.fifo(&path),
        "folder" => case.write(format!("{path}/x"), "*\n"),
        "socket" => {
            write(&case.at(format!("{folder}x")), b"");
            drop(std::os::unix::net::UnixListener::bind(case.at(&path)).ok());
            return;
        }
        "outside" => case.link(target.as_os_str().as_bytes(), &path),
        "inside" => case.link("elsewhere.txt", &path),
        "loop" => case.link(name, &path),
        _ => case.link("nowhere", &path),
    }
    if name == ".gitignore" && kind != "folder" {
        case.expect_not_assessed(path, &["ignore-file"]);
    }
}

fn large_ignore_files(case: &mut Case) {
    let kind = *case.random.pick(&["bytes", "patterns", "stars", "below", "lines"]);
    let (text, told) = match kind {
        "bytes" => (format!("# {}\n*.no\n", "x".repeat(256 << 10)), true),
        "patterns" => ((0..4_097).map(|it| format!("no{it}\n")).collect(), true),
        "stars" => (format!("{}\n", "a*".repeat(200)).repeat(600), false),
        "below" => ((0..4_096).map(|it| format!("no{it}\n")).collect(), false),
        _ => (format!("{}\n", "x".repeat(5_000)).repeat(20), false),
    };
    case.note(kind);
    let folder = *case.random.pick(&["", "nested/"]);
    let path = format!("{folder}.gitignore");
    case.write(&path, text);
    if told {
        case.expect_not_assessed(path, &["ignore-file"]);
    }
    case.write("nested/aaaaaaaaaaaaaaaaaaaa.txt", "PLANTED-40\n");
    case.expect.found.push("nested/aaaaaaaaaaaaaaaaaaaa.txt".to_owned());
}

fn odd_ignore_lines(case: &mut Case) {
    let lines: [&[u8]; 26] = [
        b"[",
        b"[a",
        b"{",
        b"!",
        b"\\",
        b"a\\",
        b"\xff\xfe",
        b"[!]",
        b"[z-a]x",
        b"**a**",
        b"/",
        b"//",
        b"!/",
        b"a{b,c}",
        b"  ",
        b"\t",
        b"#",
        b"\\#x",
        b"**/",
        b"/**",
        b"a**/**b",
        b"***",
        b"[[:alpha:]]no",
        b"\x1b[31m",
        b"{{{{",
        b"no\r",
    ];
    let mut text = b"\xef\xbb\xbf# odd\n".to_vec();
    for _ in 0..12 {
        let line = *case.random.pick(&lines);
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(b"!*beacon*\n!*/\n");
    case.note(format!("{:.100}", text.escape_ascii().to_string()));
    case.write(".gitignore", text);
    case.write("x/no1.txt", "ordinary\n");
    case.write("x/abc", "ordinary\n");
    case.expect.seen_is_known = false;
}

fn many_ignore_files(case: &mut Case) {
    for number in 0..8 {
        let text: String = (0..3_000)
            .map(|it| format!("no-such-file-of-a-long-name-{number}-{it:05}-xxxxxxxxxxxxxx\n"))
            .collect();
        case.write(format!("f{number}/.gitignore"), text);
        case.write(format!("f{number}/x.txt"), "PLANTED-41\n");
        case.expect.found.push(format!("f{number}/x.txt"));
    }
    case.note("over 1 MiB in all");
    case.expect_not_assessed("f7/.gitignore", &["ignore-file"]);
}

/// Makes the repository follow its own copy of the beacon guideline.
pub(super) fn write_configuration(case: &mut Case, config: &str) {
    case.call.guidelines.clear();
    let beacon = include_str!("../guidelines/beacon.md");
    case.write("guidelines/beacon.md", beacon);
    case.write("stanchion.toml", config);
}

/// Allows status 2 (`must`: requires it) with a message that names the file.
fn expect_refusal(case: &mut Case, must: bool) {
    case.expect.statuses = if must { vec![2] } else { vec![0, 2] };
    case.expect.stderr_words.push("stanchion.toml".to_owned());
}

fn configuration_kinds(case: &mut Case) {
    let kind = *case.random.pick(&[
        "zero",
        "fifo",
        "folder",
        "outside",
        "environment",
        "dangling",
        "loop",
        "large",
        "bytes",
        "tty",
    ]);
    case.note(kind);
    write_configuration(case, "");
    std::fs::remove_file(case.at("stanchion.toml")).expect("removed");
    let target = case.outside.join("secret.txt");
    let canary = case.canary();
    case.environment("SECRET_OF_THE_ENVIRONMENT", canary);
    match kind {
        "zero" => case.link("/dev/zero", "stanchion.toml"),
        "fifo" => case.fifo("stanchion.toml"),
        "folder" => case.write("stanchion.toml/x", ""),
        "outside" => case.link(target.as_os_str().as_bytes(), "stanchion.toml"),
        "environment" => case.link("/proc/self/environ", "stanchion.toml"),
        "dangling" => case.link("nowhere", "stanchion.toml"),
        "loop" => case.link("stanchion.toml", "stanchion.toml"),
        "large" => case.write("stanchion.toml", "# x\n".repeat(500_000)),
        "tty" => case.link("/dev/tty", "stanchion.toml"),
        _ => case.write("stanchion.toml", b"schema = 1\nowner = \"caf\xe9\"\n"),
    }
    expect_refusal(case, true);
}

fn configuration_asks(case: &mut Case) {
    let asks = [
        "registry = \"http://127.0.0.1:9\"",
        "registries = [\"http://127.0.0.1:9\"]",
        "token = \"x\"",
        "proxy = \"http://x\"",
        "exec = \"touch ran\"",
        "[env]\nPATH = \"/x\"",
        "include = \"../outside/secret.txt\"",
        "[hooks]\npre-check = \"touch ran\"",
        "plugins = [\"./x.so\"]",
        "extends = \"http://x\"",
        "\"\\u001b[31m\" = 1",
        "schema-url = \"file:///etc/passwd\"",
    ];
    let ask = *case.random.pick(&asks);
    case.note(ask);
    write_configuration(case, &format!("schema = 1\nfollow = [\"./guidelines\"]\n{ask}\n"));
    expect_refusal(case, !ask.starts_with("registries"));
}

fn follow_elsewhere(case: &mut Case) {
    write(
        &case.outside.join("pack/x.md"),
        guideline("outside", "  - id: a\n    text: { find: x }\n").as_bytes(),
    );
    let canary = case.canary();
    write(&case.outside.join("pack/y.md"), format!("---\n{canary}\n---\n").as_bytes());
    let absolute = case.outside.join("pack").display().to_string();
    case.link("../outside/pack", "linked");
    case.link(case.outside.join("pack").as_os_str().as_bytes(), "guidelines/inner");
    case.link("/", "slash");
    let wanted = [
        "../outside/pack",
        "./../outside/pack",
        &absolute,
        "./linked",
        "./slash",
        "/",
        "..",
        "./no",
        "./guidelines/../../outside/pack",
        "./guidelines/inner",
        "~",
        "./\u{1b}[31m",
        "./guidelines",
        "http://127.0.0.1:9/x",
        "file:///etc",
        "acme/ops@2",
        "",
        ".",
    ];
    let wanted = (*case.random.pick(&wanted)).to_owned();
    case.note(wanted.clone());
    let quoted = serde_json::to_string(&wanted).expect("a string");
    write_configuration(case, &format!("schema = 1\nfollow = [\"./guidelines\", {quoted}]\n"));
    expect_refusal(
        case,
        !matches!(wanted.as_str(), "./guidelines" | "." | "./guidelines/inner" | "acme/ops@2"),
    );
    if wanted == "." {
        case.expect.stderr_words.clear();
    }
}

fn broken_configuration(case: &mut Case) {
    let deep = format!("follow = {}", "[".repeat(100_000));
    let keys: String = (0..20_000).map(|it| format!("k{it} = 1\n")).collect();
    let texts = [
        "",
        "schema = 2",
        "schema = \"1\"",
        "schema = 1\nschema = 1",
        "= 1",
        "schema = 1\nfollow = \"starter\"",
        "schema = 1\nfollow = [1]",
        "schema = 1\nowner = \"\"",
        "schema = 1\nowner = \"\\u001b[31m\\u202e\"\nfollow = [\"./guidelines\"]",
        &deep,
        &keys,
        "\u{feff}schema = 1\nfollow = [\"./guidelines\"]",
        "schema = 1\r\nfollow = [\"./guidelines\"]\r\n",
        "\u{0}",
        "\u{1b}[31m = 1",
        "schema = 99999999999999999999",
        "[[schema]]",
        "schema = 1\n[follow]\n",
        "schema.x = 1",
        "# only\n",
    ];
    let text = (*case.random.pick(&texts)).to_owned();
    case.note(format!("{:.40}", text.escape_debug().to_string()));
    write_configuration(case, &text);
    let good = text.contains("schema = 1\nfollow = [\"./") || text.contains("schema = 1\r\n");
    expect_refusal(case, !good && !text.contains("owner = \"\\u001b"));
}

fn cache_places(case: &mut Case) {
    let kind = *case.random.pick(&[
        "file",
        "link",
        "zero",
        "read-only",
        "fifo",
        "missing",
        "relative",
        "unset",
        "empty",
        "inside",
    ]);
    case.note(kind);
    let place = case.base.join("odd-cache");
    match kind {
        "file" => write(&place, b"not a folder"),
        "link" => std::os::unix::fs::symlink(case.outside.join("elsewhere"), &place).expect("linked"),
        "zero" => std::os::unix::fs::symlink("/dev/zero", &place).expect("linked"),
        "fifo" => {
            let mode = rustix::fs::Mode::from_raw_mode(0o644);
            rustix::fs::mknodat(rustix::fs::CWD, &place, rustix::fs::FileType::Fifo, mode, 0).expect("made");
        }
        "read-only" => {
            std::fs::create_dir(&place).expect("made");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o555);
            std::fs::set_permissions(&place, mode).expect("changed");
            case.call.ordinary_user = true;
        }
        _ => {}
    }
    match kind {
        "missing" => case.environment("XDG_CACHE_HOME", "/no/such/place"),
        "relative" => case.environment("XDG_CACHE_HOME", "relative/cache"),
        "unset" => case.environment("HOME", "/no/such/home"),
        "empty" => case.environment("XDG_CACHE_HOME", ""),
        "inside" => {
            // The user configured a cache inside the tree, so the tree changes.
            let inside = case.at(".cache");
            case.environment("XDG_CACHE_HOME", inside.as_os_str().as_bytes());
            case.expect.untouched = false;
            case.expect.seen_is_known = false;
        }
        _ => case.environment("XDG_CACHE_HOME", place.as_os_str().as_bytes()),
    }
    case.write("a.py", "planted(1)\n");
    case.call.again = Some(Damage::Nothing);
    if kind == "inside" {
        case.call.again = None;
    }
}

fn damaged_cache(case: &mut Case) {
    let damage = *case.random.pick(&[
        Damage::Nothing,
        Damage::Flip,
        Damage::Cut,
        Damage::Empty,
        Damage::Garbage,
        Damage::Huge,
    ]);
    case.note(format!("{damage:?}"));
    for number in 0..20 {
        case.write(format!("src/{number}.py"), format!("def f{number}():\n    return planted({number})\n"));
        case.write(format!("src/{number}.yaml"), "bad: 1\n");
        case.write(format!("src/{number}.txt"), "nothing\n");
    }
    case.write("broken.json", "[");
    case.call.again = Some(damage);
}
