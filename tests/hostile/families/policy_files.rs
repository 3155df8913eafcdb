//! Families O2 and O3: hostile waivers, baselines, locks and copies.

use std::os::unix::ffi::OsStrExt as _;

use super::Build;
use super::own::write_configuration;
use crate::case::{Case, write};

pub const FAMILIES: &[(&str, Build)] = &[
    ("O3-waivers", waivers),
    ("O3-inline-waivers", inline_waivers),
    ("O3-invalid-policy-files", kinds),
    ("O2-baselines", baselines),
    ("O2-copies-and-locks", copies),
];

const FOLLOW: &str = "schema = 1\nfollow = [\"./guidelines\"]\n";

fn waivers(case: &mut Case) {
    let one = |rest: &str| format!("[[waiver]]\nid = \"w\"\nguideline = \"hostile/beacon\"\n{rest}\n");
    let texts = [
        one(""),
        one("reason = \"\""),
        one("reason = \"   \""),
        one("reason = \"\u{200b}\u{200b}\u{2060}\""),
        one(&format!("reason = \"{}\"", "x".repeat(1 << 20))),
        one("reason = \"<script>alert(1)</script>\""),
        one("reason = \"\\u001b[2Jgone\\u202e\"\nwithdrawn = 2020-01-01"),
        one("reason = \"because it is\"\nuntil = 2020-01-01"),
        one("reason = \"because it is\"\nuntil = 2027-02-30"),
        one("reason = \"because it is\"\nuntil = 2027-05-22T00:00:00+02:00"),
        one("reason = \"because it is\"\nuntil = 2016-12-31T23:59:60Z"),
        one("reason = \"because it is\"\ndeclared = 2027-01-01\nuntil = 2026-01-01"),
        one("reason = \"because it is\"\npaths = [\"[\", \"a**b\", \"../x\", \"/etc/**\"]"),
        one("reason = \"because it is\"\npaths = [\"no/**\"]").repeat(3_000),
        one("reason = \"because it is\"\nunknown = 1"),
        "[[waiver]]\nguideline = \"*\"\nreason = \"because it is\"\nid = \"w\"\n".to_owned(),
        "waiver = 3\n".to_owned(),
        "<<<<<<< ours\n".to_owned(),
        "[[waiver".to_owned(),
        "[a.b]\n[a]\n".repeat(4_000),
        "\n[[waiver]]\n".repeat(if case.large { 5_000_000 } else { 300_000 }),
        "\n[[waiver]]\nid=\"a\"\n".repeat(if case.large { 3_000_000 } else { 150_000 }),
    ];
    let text = case.random.pick(&texts).clone();
    case.note(format!("{:.80}", text.escape_debug().to_string()));
    write_configuration(case, FOLLOW);
    case.write(".stanchion/waivers.toml", format!("schema = 1\n{text}"));
    case.expect.seen_is_known = false;
}

fn inline_waivers(case: &mut Case) {
    // Split, so that no line here is a waiver of this repository.
    let mark = concat!("stanch", "ion:");
    let lines = [
        "# @ waive",
        "# @ waive hostile/beacon",
        "# @ waive * -- all of it",
        "# @ waive hostile/beacon unitl=3 -- because it is",
        "# @ waive hostile/beacon \"--\" -- \u{1b}[2J\u{202e}x",
        "# @ waive-file hostile/beacon until=2020-01-01 -- because it is",
        "# @ waive hostile/other -- because it is",
        "@ waive hostile/beacon -- prose",
        "x = \"# @ waive-file hostile/beacon -- a text\"",
    ];
    let mut text = String::new();
    for _ in 0..case.random.below(2_000) {
        let line: &&str = case.random.pick(&lines);
        text.push_str(&line.replace('@', mark));
        text.push('\n');
    }
    if case.random.below(2) == 0 {
        text.push_str(&format!("# {mark} waive ").repeat(20_000));
    }
    case.note(format!("{} bytes of comments", text.len()));
    write_configuration(case, FOLLOW);
    case.write("many.py", text);
}

fn kinds(case: &mut Case) {
    let name = *case.random.pick(&[
        ".stanchion/waivers.toml",
        ".stanchion/baseline.toml",
        ".stanchion/lock.toml",
        ".stanchion/guidelines/hostile/named.md",
        ".stanchion/standards/hostile/named.toml",
    ]);
    let kind = *case.random.pick(&["zero", "fifo", "folder", "outside", "loop", "dangling", "bytes"]);
    case.note(format!("{name} as {kind}"));
    let target = case.outside.join("secret.toml");
    write(&target, b"OUTSIDE-SECRET = 1\n");
    case.expect.forbidden.push(b"OUTSIDE-SECRET".to_vec());
    write_configuration(case, "schema = 1\nfollow = [\"./guidelines\", \"hostile/named\"]\n");
    match kind {
        "zero" => case.link("/dev/zero", name),
        "fifo" => case.fifo(name),
        "folder" => case.write(format!("{name}/x"), "x"),
        "outside" => case.link(target.as_os_str().as_bytes(), name),
        "loop" => case.link(name.rsplit('/').next().unwrap_or(name), name),
        "dangling" => case.link("nowhere", name),
        _ => case.write(name, b"\xff\xfe\x00schema = 1\n"),
    }
    case.expect.seen_is_known = false;
}

fn baselines(case: &mut Case) {
    let entry = format!("  \"beacon {} {} - x.txt\",\n", "0".repeat(32), "1".repeat(16));
    let part = |inside: &str| {
        format!("schema = 1\n\n[\"hostile/beacon\"]\nsince = 2026-01-01\nfound = [\n{inside}]\n")
    };
    let texts = [
        part(&entry.repeat(20_000)),
        part(&entry.repeat(if case.large { 600_000 } else { 40_000 })),
        part("  \"beacon x\",\n"),
        part("  3,\n"),
        part(&format!("  \"{}\",\n", "x".repeat(1 << 20))),
        part(&entry.replace("x.txt", "%1b[2J%00%zz")),
        part(&entry).replace("since", "sinse"),
        part(&entry).replace("hostile/beacon", "../../x"),
        "schema = 9\n".to_owned(),
        "[".repeat(50_000),
        "a.b.c = 1\n".repeat(20_000),
    ];
    let text = case.random.pick(&texts).clone();
    case.note(format!("{:.80}", text.escape_debug().to_string()));
    write_configuration(case, FOLLOW);
    case.write(".stanchion/baseline.toml", text);
    case.expect.seen_is_known = false;
}

fn copies(case: &mut Case) {
    let beacon = include_str!("../guidelines/beacon.md");
    let lock = |id: &str, sha: &str| {
        format!(
            "schema = 1\n\n[[guideline]]\nid = \"{id}\"\nversion = \"1.0.0\"\nsha256 = \"{sha}\"\nsource = \"\\u001b]0;x\\u0007\"\n"
        )
    };
    let sha = "0".repeat(64);
    let (lock, copy) = match case.random.below(6) {
        0 => (lock("hostile/named", &sha), beacon.replace("hostile/beacon", "hostile/named")),
        1 => (lock("../../etc/passwd", &sha), String::new()),
        2 => (lock("hostile/named", "short"), "---\nschema: 9\n---\n".to_owned()),
        3 => (lock("hostile/named", &sha).repeat(2), beacon.to_owned()),
        4 => ("schema = 1\n".to_owned() + &"[[guideline]]\n".repeat(30_000), "---\n".to_owned()),
        _ => ("\u{feff}\u{202e}".to_owned(), "---\nschema: 1\nguideline: hostile/named\n".to_owned()),
    };
    case.note(format!("{:.80}", lock.escape_debug().to_string()));
    write_configuration(
        case,
        "schema = 1\nfollow = [\"./guidelines\", \"hostile/named@1\", \"hostile/standard\"]\n",
    );
    case.write(".stanchion/lock.toml", lock);
    case.write(".stanchion/guidelines/hostile/named.md", copy);
    case.write(
        ".stanchion/standards/hostile/standard.toml",
        "schema = 1\nstandard = \"hostile/standard\"\nversion = \"1.0.0\"\ntitle = \"x\"\nowner = \"x\"\n[guidelines]\n\"hostile/standard\" = \"*\"\n",
    );
    case.expect.seen_is_known = false;
}
