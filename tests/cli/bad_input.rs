//! Invalid input in a tree or a guideline is reported, and the rest of the report is complete.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{repository, run};

/// Guideline that finds `needle` in every text file, `boom()` in code and `bad` in data.
const VALID_GUIDELINE: &str = r#"---
schema: 1
guideline: tests/sound
version: 1.0.0
title: No needles
summary: A needle in the hay.
stage: sketch
owner: tests
checks:
  - id: text
    text: { find: needle }
  - id: js
    code: { language: js, rule: { pattern: "boom($A)" } }
  - id: python
    code: { language: python, rule: { pattern: "boom($A)" } }
  - id: yaml
    code: { language: yaml, rule: { kind: block_mapping_pair, regex: "boom" } }
  - id: json
    data: { files: ["**/*.json", "**/*.yaml"], select: "$..bad", assert: false }
---
## Why
x
## How to keep it
x
## When to step over
x
"#;

/// Writes the valid guideline, and `broken` beside it if given, outside the repository.
fn guidelines(broken: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("sound.md"), VALID_GUIDELINE).expect("written");
    if let Some(text) = broken {
        fs::write(folder.path().join("broken.md"), text).expect("written");
    }
    folder
}

fn report(repository: &Path, guidelines: &Path) -> Value {
    let guidelines = guidelines.to_str().expect("UTF-8");
    let (status, out, err) = run(repository, &["check", "--guidelines", guidelines, "--format", "json"]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    serde_json::from_str(&out).expect("JSON")
}

fn paths_found(report: &Value) -> Vec<&str> {
    report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|f| f["path"].as_str().expect("a path"))
        .collect()
}

/// Reasons why checks could not assess `path`: several if they read it in different ways.
fn reasons_for<'r>(report: &'r Value, path: &str) -> Vec<&'r str> {
    let all = report["not_assessed"].as_array().expect("a list");
    all.iter().filter(|n| n["path"].as_str() == Some(path)).filter_map(|n| n["reason"].as_str()).collect()
}

fn assert_path_sums(report: &Value) {
    let paths = &report["summary"]["paths"];
    let of = |key: &str| paths[key].as_u64().expect("a number");
    assert_eq!(of("seen"), of("assessed") + of("not_applicable") + of("cannot_tell"), "{paths}");
}

#[test]
#[cfg(unix)]
fn every_hostile_file_is_reported_and_hides_no_finding() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = repository();
    let root = folder.path();
    let write = |name: &[u8], bytes: &[u8]| {
        fs::write(root.join(std::ffi::OsStr::from_bytes(name)), bytes).expect("written");
    };
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("a\r\nneedle\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    write(b"beacon.txt", b"a needle\n");
    write(b"empty.txt", b"");
    write(b"utf16.txt", &utf16);
    write(b"latin1.txt", b"caf\xe9 needle\n");
    write(b"nul.js", b"boom(1);\0\n");
    write(b"image.png", b"\x89PNG\0needle");
    write(b"crlf.txt", b"one\r\nneedle\r\n");
    write(b"nested.json", "[".repeat(100_000).as_bytes());
    write(b"nested.py", format!("x = {}boom(1){}\n", "(".repeat(100_000), ")".repeat(100_000)).as_bytes());
    write(b"unclosed.js", format!("boom(1);\n{}", "({[".repeat(33_000)).as_bytes());
    write(b"dashes.yaml", "- ".repeat(300).as_bytes());
    write(b"boom.yaml", format!("boom: 1\n{}", "- ".repeat(300)).as_bytes());
    write(b"bomb.yaml", alias_bomb().as_bytes());
    write(b"broken.json", b"{\"bad\": 1, \"x\": [1,, 2]}\n");
    write(b"new\nline\x1b[31m.txt", b"needle\n");
    write(b"not-utf8-\xff.txt", b"needle\n");
    std::os::unix::fs::symlink("loop", root.join("loop")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", root.join(".gitignore")).expect("a link");
    std::os::unix::fs::symlink("/etc/passwd", root.join("secret.txt")).expect("a link");
    let guidelines = guidelines(None);

    let report = report(root, guidelines.path());
    assert_path_sums(&report);
    let paths = &report["summary"]["paths"];
    // 16 files and 3 symbolic links. No check applies to the links and the image; `.git` is ignored.
    assert_eq!((&paths["seen"], &paths["ignored"]), (&Value::from(19), &Value::from(1)), "{paths}");
    let found = paths_found(&report);
    for path in ["beacon.txt", "utf16.txt", "crlf.txt", "new\nline\u{1b}[31m.txt", "not-utf8-\\xff.txt"] {
        assert!(found.contains(&path), "{path} in {found:?}");
    }
    for (path, reason) in [
        ("latin1.txt", "encoding"),
        ("nul.js", "binary"),
        ("nested.json", "too-deep"),
        ("nested.py", "too-deep"),
        ("boom.yaml", "too-deep"),
        ("bomb.yaml", "too-many-nodes"),
        ("broken.json", "parse-error"),
        (".gitignore", "ignore-file"),
    ] {
        assert!(reasons_for(&report, path).contains(&reason), "{path}: {}", report["not_assessed"]);
    }
    for path in ["empty.txt", "image.png", "loop", "secret.txt"] {
        assert_eq!(reasons_for(&report, path), Vec::<&str>::new(), "{path}");
    }
    assert!(!report.to_string().contains("root:"), "a link out of the repository was followed");

    let utf16 = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .find(|f| f["path"] == "utf16.txt")
        .expect("found");
    assert_eq!((utf16["start"]["line"].as_u64(), utf16["start"]["byte"].as_u64()), (Some(2), Some(8)));

    let (status, human, _) =
        run(root, &["check", "--all", "--guidelines", guidelines.path().to_str().expect("UTF-8")]);
    assert_eq!(status, 0);
    assert!(human.chars().all(|c| c == '\n' || !c.is_control()), "a control character reaches the terminal");
}

/// YAML with ten levels of nine aliases each.
fn alias_bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    text
}

#[test]
fn a_line_of_a_hundred_megabytes_is_reported_as_too_big() {
    let folder = repository();
    fs::write(folder.path().join("huge.txt"), vec![b'x'; 100 << 20]).expect("written");
    fs::write(folder.path().join("beacon.txt"), "needle").expect("written");
    let guidelines = guidelines(None);
    let report = report(folder.path(), guidelines.path());
    assert_path_sums(&report);
    assert_eq!(reasons_for(&report, "huge.txt"), ["too-big"]);
    assert_eq!(paths_found(&report), ["beacon.txt"]);
    assert_eq!(report["guidelines"][0]["outcome"], "not_kept");
}

/// Each case breaks one line of the guideline, and expects a location and a message.
#[test]
fn a_problem_in_a_guideline_is_reported_at_its_line_and_hides_no_other_guideline() {
    let folder = repository();
    fs::write(folder.path().join("beacon.txt"), "needle").expect("written");
    fs::write(folder.path().join("a.js"), "boom(1)").expect("written");
    fs::write(folder.path().join("a.json"), "{}").expect("written");
    let sound = VALID_GUIDELINE.replace("tests/sound", "tests/broken");
    for (from, to, place, message) in [
        ("title: No needles", "title: [", "broken.md", "problem"),
        ("title: No needles", "titel: No needles", "broken.md:5:1", "did you mean `title`"),
        ("schema: 1", "schema: one", "broken.md:2:9", "whole number"),
        ("find: needle", "find: 'need(le'", "broken.md:11:", "unclosed group"),
        ("language: js", "language: jss", "broken.md:13:", "jss"),
        (
            "boom($A)\" } }\n  - id: python",
            "boom($A\" } }\n  - id: python",
            "broken.md:13:",
            "does not parse as javascript",
        ),
        (
            "pattern: \"boom($A)\" } }\n  - id: python",
            "kind: call_expresion } }\n  - id: python",
            "broken.md:13:",
            "did you mean `call_expression`",
        ),
        (
            "rule: { pattern: \"boom($A)\" } }\n  - id: python",
            "rule: { matches: a }, utils: { a: { matches: b }, b: { matches: a } } }\n  - id: python",
            "broken.md:13:",
            "refers to itself",
        ),
        ("select: \"$..bad\"", "select: \"$..[\"", "broken.md:19:", "JSONPath"),
        (VALID_GUIDELINE, "", "broken.md", "problem"),
    ] {
        let broken = if from == VALID_GUIDELINE { to.to_owned() } else { sound.replacen(from, to, 1) };
        assert_ne!(broken, sound, "{from} is not in the guideline");
        let guidelines = guidelines(Some(&broken));
        let arguments = ["check", "--guidelines", guidelines.path().to_str().expect("UTF-8")];
        let (status, out, err) = run(folder.path(), &arguments);
        assert_eq!((status, err.as_str()), (0, ""), "{to}: {out}");
        let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(place), "{to}: no {place} in\n{out}");
        assert!(flat.contains(message), "{to}: no {message} in\n{out}");
        assert!(
            flat.contains("beacon.txt:1:1"),
            "{to}: the finding of the valid guideline is missing\n{out}"
        );
    }
}

#[test]
fn findings_never_fail_a_run() {
    let folder = repository();
    for number in 0..300 {
        fs::write(folder.path().join(format!("{number}.txt")), "needle\n".repeat(5)).expect("written");
    }
    let guidelines = guidelines(None);
    let report = report(folder.path(), guidelines.path());
    assert_eq!(report["summary"]["findings"], 1500);
}

#[test]
fn the_prefilter_and_the_thread_count_do_not_change_the_report() {
    let folder = repository();
    for (name, text) in [
        ("a.js", "boom(1);\nother(2);\n"),
        ("b.py", "def f(:\n  boom(1)\n"),
        ("c.txt", "needle\r\n"),
        ("d.json", "{\"x\": {\"bad\": 1}}"),
        ("e.html", "<script>boom(1)</script>"),
        ("f.yaml", "boom: 1\n"),
        ("g.py", "\u{feff}boom('é')\n"),
    ] {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let guidelines = guidelines(None);
    let guidelines = guidelines.path().to_str().expect("UTF-8");
    let with = |more: &[&str]| {
        let (status, out, err) =
            run(folder.path(), &[&["check", "--guidelines", guidelines, "--format", "json"], more].concat());
        assert_eq!(status, 0, "{err}");
        serde_json::from_str::<Value>(&out).expect("JSON")
    };
    let plain = with(&[]);
    assert_eq!(paths_found(&plain).len(), 7, "{:?}", paths_found(&plain));
    assert_eq!(plain, with(&["--threads", "1"]));
    assert_eq!(plain["findings"], with(&["--no-prefilter"])["findings"]);
}

#[test]
fn a_guideline_for_a_newer_program_fails_no_run() {
    let folder = repository();
    let newer = VALID_GUIDELINE.replace("schema: 1", "schema: 2").replace("tests/sound", "tests/newer");
    let guidelines = guidelines(Some(&newer));
    let report = report(folder.path(), guidelines.path());
    let detail = report["not_assessed"][0]["detail"].as_str().expect("said");
    assert!(detail.ends_with("broken.md: needs a newer stanchion for `tests/newer` (schema 2)"), "{detail}");
    assert_eq!(report["summary"]["guidelines"], 1);

    let path = guidelines.path().to_str().expect("UTF-8");
    for (arguments, expected) in [
        (&["check", "--guidelines", path][..], "invalid guideline · 1 file"),
        (&["check", "--guidelines", path], "1 guideline file not usable"),
        (&["list", "--guidelines", path], "note: needs a newer stanchion"),
    ] {
        let (status, out, err) = run(folder.path(), arguments);
        let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(status == 0 && flat.contains(expected), "{arguments:?}: {status} {out}{err}");
        assert!(!out.contains("problem:"), "{out}");
    }
    let file = guidelines.path().join("broken.md");
    let (status, out, _) = run(folder.path(), &["test", file.to_str().expect("UTF-8")]);
    assert!(status == 0 && out.contains("note: needs a newer stanchion"), "{status} {out}");
}

#[test]
fn a_check_without_a_failing_example_is_reported() {
    let folder = repository();
    let text = VALID_GUIDELINE.replace(
        "## How to keep it\nx\n",
        "## How to keep it\n```text bad\nneedle\n```\n```text good\nx\n```\n",
    );
    let guidelines = guidelines(Some(&text));
    let file = guidelines.path().join("broken.md");
    let (status, out, _) = run(folder.path(), &["test", file.to_str().expect("UTF-8")]);
    assert_eq!(status, 0, "all examples must hold: {out}");
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    for (check, told) in [("text", false), ("js", true), ("json", true)] {
        let words = format!("not proved: the check `{check}` finds nothing in any bad example");
        assert_eq!(out.contains(&words), told, "{check}: {out}");
    }
}

#[test]
fn an_invalid_check_reports_nothing_about_its_examples() {
    let folder = repository();
    let text = VALID_GUIDELINE.replace("find: needle", "find: needle, files: ['{a']").replace(
        "## How to keep it\nx\n",
        "## How to keep it\n```text good check=text\nx\n```\n```text bad check=text\nneedle\n```\n",
    );
    let guidelines = guidelines(Some(&text));
    let file = guidelines.path().join("broken.md");
    let (status, out, _) = run(folder.path(), &["test", file.to_str().expect("UTF-8")]);
    assert_eq!(status, 2, "{out}");
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("a brace that is never closed") && !out.contains("not checked"), "{out}");
    assert!(out.contains("2 not run (invalid check)"), "{out}");
}
